/* kernels/cpu/attention.h and rope_append.h with the caches between them, for any shape: what the
 * kernels of the same names have to equal. C++ cannot include the one beside the other. */
#ifndef TESTS_KERNELS_CUDA_CPU_ATTENTION_H
#define TESTS_KERNELS_CUDA_CPU_ATTENTION_H

#include "kernels/shapes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An attention: C positions in the cache, window W. */
struct cpu_heads {
    enum format type; /* of the cache */
    u32 H, KV, HD, C, W;
};

/* Bytes of the keys, or of the values, and room for them; NaN. Ends the program without memory. */
size_t cpu_cache_bytes(const struct cpu_heads *heads);
void *cpu_cache_new(const struct cpu_heads *heads);

/* The element d that the CPU's keys, or values, have of position `slot` of head g: its bits. */
u32 cpu_cache_bits(const struct cpu_heads *heads, bool keys, const void *cache, u32 g, u32 slot,
                   u32 d);

/* Turns and appends `rows` rows from `position` on, by one thread of the CPU. Frequencies [R/2]. */
void cpu_rope_append(const struct cpu_heads *heads, u32 R, const f32 *table, u32 rows,
                     uint64_t position, f32 *q, const f32 *k, const f32 *v, void *keys,
                     void *values);

/* Attention of `rows` rows from `position` on, the same way. */
void cpu_attention(const struct cpu_heads *heads, f32 scale, u32 rows, uint64_t position, f32 *q,
                   const void *keys, const void *values);

/* cos and sin of one angle, as the CPU turns by it. */
void cpu_rope_angle(double angle, f32 *cosine, f32 *sine);

#ifdef __cplusplus
}
#endif

#endif
