/* What a model needs by its shape alone: parameters, bytes at rest, bytes per token, and the
 * fastest that a memory of known bandwidth can decode. No weights and no machine take part.
 *
 * The generator's table of all models and `info` of one share this arithmetic. */
#ifndef RUNTIME_BASE_BUDGET_H
#define RUNTIME_BASE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BUDGET_CONTEXTS = 4,
    BUDGET_BANDWIDTHS = 4,
    BUDGET_MOST_POSITIONS = 1 << 30, /* every sum below stays under 2^64 up to here */
};

struct budget {
    uint64_t parameters; /* of the checkpoint, tied tensors once */
    uint64_t active;     /* of these, in the computation of a token: only the chosen experts */
    uint64_t read;       /* of these, read for a token: of an untied embedding only one row */

    uint64_t weights;  /* bytes of the weights arena */
    uint64_t streamed; /* of these, read by a decode step */
    uint64_t constant; /* bytes of state that do not grow with the text */
    uint64_t position; /* bytes of keys and values of one position */

    uint64_t context; /* positions that the binary is built for; 0: unbounded */
    uint64_t trained; /* max_position_embeddings; 0: the config has no bound */
    uint64_t window;  /* positions that a token sees, its own among them; 0: all before it */
};

/* The lengths of text that are compared, ascending. */
extern const uint64_t budget_contexts[BUDGET_CONTEXTS];

/* Whether the config promises nothing for texts of so many positions. */
bool budget_beyond(const struct budget *budget, uint64_t positions);

/* Bytes of state, and of the keys and values that are still seen, after so many positions. */
uint64_t budget_state(const struct budget *budget, uint64_t positions);

/* Bytes that the decode step of the last of `positions` tokens cannot avoid to move: its weights
 * read; the constant state read and written; keys and values of all positions read, of one written.
 * Activations and logits, which caches hold, are not counted. */
uint64_t budget_step(const struct budget *budget, uint64_t positions);

/* A memory bandwidth by name. */
struct bandwidth {
    const char *name; /* "gb10" */
    double bytes_per_second;
    const char *source; /* who says so */
};
extern const struct bandwidth budget_bandwidths[BUDGET_BANDWIDTHS];

/* The preset of that name, or NULL. */
const struct bandwidth *budget_bandwidth(const char *name);

/* Seconds below which no decode step can be at this bandwidth. */
double budget_floor(const struct budget *budget, uint64_t positions, double bytes_per_second);

#endif
