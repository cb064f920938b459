/* With no constant for the width of a head, compilers doubt that its last lines are all computed.
 */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "kernels/cpu/attention.h"
#include "kernels/cpu/rope_append.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/kernels/cuda/cpu_attention.h"

size_t cpu_cache_bytes(const struct cpu_heads *heads)
{
    return heads->KV * cache_bytes(heads->type, heads->HD, heads->C);
}

void *cpu_cache_new(const struct cpu_heads *heads)
{
    void *cache = aligned_alloc(LINE_BYTES, cpu_cache_bytes(heads));
    if (cache == NULL) {
        perror("fixture");
        exit(EXIT_FAILURE);
    }
    return memset(cache, 0xff, cpu_cache_bytes(heads));
}

u32 cpu_cache_bits(const struct cpu_heads *heads, bool keys, const void *cache, u32 g, u32 slot,
                   u32 d)
{
    const enum format T = heads->type;
    const u32 HD = heads->HD;
    const char *head = (const char *)cache + g * cache_bytes(T, HD, heads->C);
    const size_t panel = (size_t)(slot / 16) * 16 * HD;
    size_t at = keys ? panel + (size_t)d * 16 + slot % 16 : (size_t)slot * HD + d;
    if (T == FORMAT_BF16)
        at = keys ? panel + ((size_t)(d / 2) * 16 + slot % 16) * 2 + d % 2
                  : ((size_t)(slot / 2) * HD + d) * 2 + slot % 2;
    if (T == FORMAT_F32)
        return ((const u32 *)(const void *)head)[at];
    return ((const uint16_t *)(const void *)head)[at];
}

void cpu_rope_append(const struct cpu_heads *heads, u32 R, const f32 *table, u32 rows,
                     uint64_t position, f32 *q, const f32 *k, const f32 *v, void *keys,
                     void *values)
{
    const struct step step = {.tokens = rows, .position = position};
    const run r = {.step = &step, .threads = 1};
    const struct rope_append_shape shape = {.H = heads->H,
                                            .KV = heads->KV,
                                            .HD = heads->HD,
                                            .R = R,
                                            .cache_type = heads->type,
                                            .C = heads->C,
                                            .count = COUNT_CHUNK,
                                            .rows = rows};
    rope_append(&r, &shape, table, q, k, v, keys, values);
}

void cpu_attention(const struct cpu_heads *heads, f32 scale, u32 rows, uint64_t position, f32 *q,
                   const void *keys, const void *values)
{
    const struct step step = {.tokens = rows, .position = position};
    const run r = {.step = &step, .threads = 1};
    const struct attention_shape shape = {.H = heads->H,
                                          .KV = heads->KV,
                                          .HD = heads->HD,
                                          .cache_type = heads->type,
                                          .C = heads->C,
                                          .window = heads->W,
                                          .scale = scale,
                                          .count = COUNT_CHUNK,
                                          .rows = rows};
    attention(&r, &shape, q, keys, values);
}

void cpu_rope_angle(double angle, f32 *cosine, f32 *sine)
{
    rope_angle(angle, cosine, sine);
}
