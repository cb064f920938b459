/* Weights of any layout out of a seed, for measuring and testing without a checkpoint.
 *
 * Element e of weight w is a pure function of (seed, w, e): Philox4x32-10 with the seed as key and
 * (e / 4, w) as counter. So packs of one seed hold the same values, rounded, whatever their types.
 * The scales keep activations near 1 at any depth:
 *   matrices      uniform with variance 1 / cols
 *   norm, D       1
 *   A_log         log(1), log(2), ... log(states); of a head 0
 *   dt bias       uniform in [-6.9, -2.3]: softplus of it lies in [0.001, 0.1]
 *   conv taps     uniform in +-1 / sqrt(taps)
 *   other biases  uniform in +-0.1 */
#ifndef TOOLS_PACK_RANDOM_WEIGHTS_H
#define TOOLS_PACK_RANDOM_WEIGHTS_H

#include <stdbool.h>

#include "gen/memory/layout.h"
#include "runtime/base/run.h"

struct random_weights {
    const struct layout *layout;
    uint64_t seed;
};

/* values[count][cols] <- rows of weight `index`; `context` is a struct random_weights. An
 * image_read that never fails. */
bool random_weights_read(const void *context, uint32_t index, uint64_t first, uint64_t count,
                         f32 *values, struct diagnostics *diagnostics);

#endif
