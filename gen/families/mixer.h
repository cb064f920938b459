/* The mixer of Mamba-1, as the families that have one share it. */
#ifndef GEN_MIXER_H
#define GEN_MIXER_H

#include "gen/families/entrance.h"

/* Where a family keeps the tensors of a layer; NULL: it has none. */
struct mixer_sources {
    struct entrance_sources entrance;
    const char *x_proj, *dt_norm, *b_norm, *c_norm, *dt_proj, *dt_bias, *A, *D;
    const char *out_proj, *out_bias;
};

/* The sources of what every mixer has, behind its name. */
#define MIXER_SOURCES(MIXER)                                                                       \
    .entrance.in_proj = MIXER "in_proj.weight", .entrance.taps = MIXER "conv1d.weight",            \
    .x_proj = MIXER "x_proj.weight", .dt_proj = MIXER "dt_proj.weight",                            \
    .dt_bias = MIXER "dt_proj.bias", .A = MIXER "A_log", .D = MIXER "D",                           \
    .out_proj = MIXER "out_proj.weight"

struct mixer_sizes {
    uint32_t inner, states, taps, rank; /* channels, SSM states, of the convolution, of dt */
};

/* The tensors of one layer; GRAPH_NONE for what the family does not have. */
struct mixer {
    struct entrance entrance;
    uint32_t x_proj, dt_norm, b_norm, c_norm, dt_proj, dt_bias, A, D;
    uint32_t out_proj, out_bias;
    uint32_t ssm; /* the state */
};

void mixer_tensors(struct build *b, const struct mixer_sources *from, struct mixer_sizes sizes,
                   struct mixer *m);

/* Adds the operations of x = x + mixer(norm(x)). Convolution and scan work in place on the x half
 * of xz. */
void mixer_decode(struct build *b, const struct mixer *m, uint32_t x);
void mixer_prefill(struct build *b, const struct mixer *m, uint32_t x);

#endif
