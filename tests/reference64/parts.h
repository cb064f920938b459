/* What the families are made of; see reference64.h. Vectors are arrays of double, matrices lie row
 * by row as the checkpoint stores them, [out][in]. */
#ifndef TESTS_REFERENCE64_PARTS_H
#define TESTS_REFERENCE64_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "tests/reference64/reference64.h"

enum { NAME64 = 192 };

struct tensor64 {
    char name[NAME64];
    uint64_t rows, cols; /* cols: the product of all dimensions but the first; of a vector 1 */
    double *values;
    bool used;
};

struct model64 {
    const char *directory;
    json_t *config;
    struct tensor64 *tensors; /* sorted by name */
    size_t count;
    double gap;
    size_t tokens; /* most of a text */
};

/* Keys of config.json. */
uint64_t count64(const struct model64 *m, const char *key);
double real64(const struct model64 *m, const char *key);
bool flag64(const struct model64 *m, const char *key);
bool has64(const struct model64 *m, const char *key); /* and is not null */
const char *word64(const struct model64 *m, const char *key);
/* A key of the rotation, in rope_parameters or as releases before 5 had it. NAN: neither. */
double rope64(const struct model64 *m, const char *key);

/* Room for `count` numbers, all 0. */
double *room64(uint64_t count);

/* name[NAME64] <- text and arguments, as printf. */
__attribute__((format(printf, 2, 3))) void name64(char name[NAME64], const char *format, ...);

/* The tensor's values; ends the program unless it is there and has this shape. */
const double *tensor64(struct model64 *m, const char *name, uint64_t rows, uint64_t cols);
/* The same; NULL if there is none. */
const double *maybe64(struct model64 *m, const char *name, uint64_t rows, uint64_t cols);

/* y[rows] <- W x (+ bias), of the tensors PREFIX.weight and, if there is one, PREFIX.bias. */
void linear64(struct model64 *m, const char *prefix, uint64_t rows, uint64_t cols, const double *x,
              double *y);
/* y[size] <- weight * x / sqrt(mean(x^2) + epsilon), of PREFIX.weight; y may be x. */
void rmsnorm64(struct model64 *m, const char *prefix, uint64_t size, double epsilon,
               const double *x, double *y);
/* y[size] <- weight * (x - mean(x)) / sqrt(variance(x) + epsilon) + bias. */
void layernorm64(struct model64 *m, const char *prefix, uint64_t size, double epsilon,
                 const double *x, double *y);
double silu64(double x);
double gelu_new64(double x);
double softplus64(double x);
/* x[count] <- exp(x) / sum(exp(x)). */
void softmax64(double *x, uint64_t count);
/* A causal convolution over time, channel by channel, then silu. x[channels] is replaced;
 * window[taps - 1][channels] holds the inputs before it, oldest first, and moves on by one. */
void conv64(struct model64 *m, const char *prefix, uint64_t channels, uint64_t taps, double *window,
            double *x);

/* Attention of one layer and everything that it has seen. */
struct attention64 {
    const char *q, *k, *v, *o; /* names of the matrices, without ".weight" */
    uint64_t width, heads, kv_heads, head_dim;
    uint64_t rotary; /* leading elements of a head that are turned; 0: none */
    double theta;
    uint64_t window;       /* how many positions are seen; 0: all */
    double *keys, *values; /* [tokens][kv_heads][head_dim] */
    uint64_t seen;
};
void attention64_open(const struct model64 *m, struct attention64 *a);
/* out[width] <- the attention's output for u[width], the next token. */
void attention64_step(struct model64 *m, struct attention64 *a, const double *u, double *out);
void attention64_close(struct attention64 *a);

/* out[width] <- down(silu(gate u) * (up u)), of three matrices. */
void swiglu64(struct model64 *m, const char *gate, const char *up, const char *down, uint64_t width,
              uint64_t inner, const double *u, double *out);

/* A layer of experts. */
struct experts64 {
    const char *router, *expert;  /* name of the router; prefix of an expert, before its number */
    const char *gate, *up, *down; /* the matrices of an expert */
    uint64_t width, inner, experts, chosen;
    bool renormalised; /* the probabilities of the chosen ones are divided by their sum */
};
/* out[width] <- the sum over the chosen experts of probability * expert(u). */
void experts64(struct model64 *m, const struct experts64 *e, const double *u, double *out);

/* The selective state space of Mamba, and of Jamba with norms of dt, B and C. */
struct mamba64 {
    const char *prefix; /* "backbone.layers.3.mixer." */
    uint64_t width, inner, states, taps, rank;
    bool norms;
    double epsilon;         /* of them */
    double *window, *state; /* [taps - 1][inner], [inner][states] */
};
void mamba64_open(struct mamba64 *s);
void mamba64_step(struct model64 *m, struct mamba64 *s, const double *u, double *out);
void mamba64_close(struct mamba64 *s);

/* The families: logits[count][vocab]. */
void transformer64(struct model64 *m, const uint32_t *ids, size_t count, double *logits);
void jamba64(struct model64 *m, const uint32_t *ids, size_t count, double *logits);
void mamba_family64(struct model64 *m, const uint32_t *ids, size_t count, double *logits);

/* Ends the program: 4, with DIRECTORY and a message. */
__attribute__((noreturn, format(printf, 2, 3))) void fail64(const struct model64 *m,
                                                            const char *format, ...);

#endif
