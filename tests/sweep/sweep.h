/* Random models for tests/sweep/sweep.sh: shapes of all families, and weights for them. A case is a
 * pure function of (seed, number). */
#ifndef TESTS_SWEEP_SWEEP_H
#define TESTS_SWEEP_SWEEP_H

#include <stdint.h>

#include "gen/memory/layout.h"

/* Draws of one case, one after the other. */
struct draws {
    uint64_t seed, at;
};

struct draws draws_of(uint64_t seed, uint64_t number);
/* In [0, 1). */
double draw(struct draws *d);
/* From `least` to `most`; small ones as often as large ones, where they are far apart. */
uint32_t draw_count(struct draws *d, uint32_t least, uint32_t most);

/* Writes DIRECTORY/config.json, as transformers would, and DIRECTORY/options: what `gen import`
 * needs beside it, on one line. False: errno says why. */
bool sweep_shape(uint64_t seed, uint64_t number, const char *directory);

/* Writes DIRECTORY/model.safetensors: weights of that layout, all of them numbers of f32, bf16 and
 * f16, stored as one of these. False: errno says why. */
bool sweep_weights(uint64_t seed, uint64_t number, const struct layout *layout,
                   const char *directory);

#endif
