/* rope_append:  turns q in place; keys, values <- the turned k, and v, of every row
 *
 *   Means    rope.h over the heads of q[t] and k[t] at position p = step.position + t, then
 *            K[g][p] = k[t][g] and V[g][p] = v[t][g], rounded to cache_type
 *   Shapes   q [rows][H HD], k, v [rows][KV HD] f32; keys, values [KV][C][HD] as in cache.h;
 *            frequencies [R/2] f32 (rope.h). Where R is 0 nothing is turned, and
 *            frequencies may be NULL
 *   Split    tokens
 *   Moves    q in and out, k and v in, their rounded copies out
 *   Order    see rope.h
 *   Error    that of rope.h, then of one rounding to the type
 *   Source   apply_rotary_pos_emb and DynamicCache.update */
#ifndef KERNELS_CPU_ROPE_APPEND_H
#define KERNELS_CPU_ROPE_APPEND_H

#include "kernels/cpu/cache.h"
#include "kernels/cpu/rope.h"

/* The rotation of one position: room for the cosines and sines. */
struct rotation {
    u32 half;           /* R / 2 */
    f32 *cosine, *sine; /* [half] */
};

/* Stores the key of one head, rotated. */
KERNEL_INLINE void append_key(const struct rope_append_shape *s, struct rotation rotation, u32 head,
                              uint64_t position, const f32 *key, void *keys)
{
    _Alignas(LINE_BYTES) f32 rotated[s->HD];
    for (u32 d = 0; d < s->HD; d += VF_LANES)
        vf_store(rotated + d, vf_load(key + d));
    rope_turn(rotation.half, rotation.cosine, rotation.sine, rotated);
    cache_put_key(s->cache_type, s->HD,
                  (char *)keys + head * cache_bytes(s->cache_type, s->HD, s->C), position % s->C,
                  rotated);
}

/* Stores the value of one head. */
KERNEL_INLINE void append_value(const struct rope_append_shape *s, u32 head, uint64_t position,
                                const f32 *value, void *values)
{
    cache_put_value(s->cache_type, s->HD,
                    (char *)values + head * cache_bytes(s->cache_type, s->HD, s->C),
                    position % s->C, value);
}

/* This thread's share of the tokens. */
KERNEL_INLINE void rope_append(const run *r, const struct rope_append_shape *s,
                               const f32 *frequencies, f32 *q, const f32 *k, const f32 *v,
                               void *keys, void *values)
{
    const u32 H = s->H, KV = s->KV, HD = s->HD;
    f32 cosine[s->R / 2 + 1], sine[s->R / 2 + 1];
    const struct rotation rotation = {s->R / 2, cosine, sine};
    u32 first, last;
    team_share(r, count_rows(r, s->count), &first, &last);
    for (size_t t = first; t < last; t++) {
        const uint64_t position = r->step->position + t;
        rope_angles(rotation.half, frequencies, position, cosine, sine);
        for (u32 h = 0; h < H; h++)
            rope_turn(rotation.half, cosine, sine, q + (t * H + h) * HD);
        for (u32 h = 0; h < KV; h++) {
            append_key(s, rotation, h, position, k + (t * KV + h) * HD, keys);
            append_value(s, h, position, v + (t * KV + h) * HD, values);
        }
    }
}

#endif
