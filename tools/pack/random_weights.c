#include "tools/pack/random_weights.h"

#include <math.h>
#include <string.h>

#include "runtime/base/philox.h"

enum { WORDS = 4 }; /* of one Philox block */

/* (middle + u) * spread for a uniform u in (-1, 1). In this form no compiler can fuse the two. */
struct range {
    f32 middle, spread;
};

static bool ends_with(const char *text, const char *end)
{
    const size_t text_bytes = strlen(text), end_bytes = strlen(end);
    return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

static struct range range_of(const struct layout_weight *weight)
{
    if (weight->packing == PACKING_MATRIX)
        return (struct range){0, (f32)sqrt(3.0 / weight->cols)};
    if (weight->packing == PACKING_TAPS)
        return (struct range){0, (f32)sqrt(1.0 / weight->cols)};
    if (ends_with(weight->source, "dt_proj.bias") || ends_with(weight->source, ".dt_bias"))
        return (struct range){-2, 2.3F};
    if (ends_with(weight->source, ".bias"))
        return (struct range){0, 0.1F};
    return (struct range){0, 0}; /* a constant: norms and D */
}

/* In (-1, 1), symmetric about 0; exact. */
static f32 uniform(uint32_t word)
{
    return (f32)((int32_t)(word >> 8) * 2 - 0xffffff) * 0x1p-24F;
}

static void fill_uniform(f32 *values, uint64_t begin, uint64_t end, struct range range,
                         uint64_t seed, uint32_t index)
{
    uint64_t stop;
    for (uint64_t at = begin; at < end; at = stop) {
        const uint64_t block = at / WORDS;
        uint32_t words[WORDS] = {(uint32_t)block, (uint32_t)(block >> 32), index, 0};
        philox(words, (uint32_t)seed, (uint32_t)(seed >> 32));
        stop = (block + 1) * WORDS < end ? (block + 1) * WORDS : end;
        for (uint64_t e = at; e < stop; e++)
            values[e - begin] = (range.middle + uniform(words[e % WORDS])) * range.spread;
    }
}

bool random_weights_read(const void *context, uint32_t index, uint64_t first, uint64_t count,
                         f32 *values, struct diagnostics *diagnostics)
{
    const struct random_weights *random = context;
    const struct layout_weight *weight = &random->layout->weight[index];
    const uint64_t cols = weight->cols;
    const struct range range = range_of(weight);
    (void)diagnostics;
    if (weight->packing == PACKING_DECAY || weight->packing == PACKING_RATE)
        for (uint64_t i = 0; i < count * cols; i++)
            values[i] = (f32)log((double)(i % cols + 1));
    else if (range.spread == 0)
        for (uint64_t i = 0; i < count * cols; i++)
            values[i] = 1;
    else
        fill_uniform(values, first * cols, (first + count) * cols, range, random->seed, index);
    return true;
}
