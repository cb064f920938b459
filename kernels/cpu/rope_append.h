/* rope_append:  turns q in place; keys, values <- the turned k, and v, of every row
 *
 *   Means    rope.h over the heads of q[t] and k[t] at position p = step.position + t, then
 *            K[g][p] = k[t][g] and V[g][p] = v[t][g], rounded to the type of the cache
 *   Shapes   q [rows][H HD], k, v [rows][KV HD] f32; keys, values [KV][C][HD] as in cache.h; table
 *            [R/2] the frequencies, NULL: no rotation
 *   Split    tokens
 *   Moves    q in and out, k and v in, their rounded copies out
 *   Order    see rope.h
 *   Error    that of rope.h, then of one rounding to the type
 *   Source   apply_rotary_pos_emb and DynamicCache.update
 *
 *   void NAME(run *, u32 op, f32 (*q)[H HD], const f32 (*k)[KV HD], const f32 (*v)[KV HD],
 *             TYPE (*keys)[C][HD], TYPE (*values)[C][HD]) */
#ifndef KERNELS_CPU_ROPE_APPEND_H
#define KERNELS_CPU_ROPE_APPEND_H

#include "kernels/cpu/cache.h"
#include "kernels/cpu/rope.h"

/* The turn of one position: room for the cosines and sines. */
struct rope_turns {
    u32 half;
    f32 *cosine, *sine; /* [half] */
};

/* Stores the key of one head, turned. */
KERNEL_INLINE void append_key(enum format T, u32 HD, u32 C, struct rope_turns turns, u32 head,
                              uint64_t position, const f32 *key, void *keys)
{
    _Alignas(LINE_BYTES) f32 turned[HD];
    for (u32 d = 0; d < HD; d += VF_LANES)
        vf_store(turned + d, vf_load(key + d));
    rope_turn(turns.half, turns.cosine, turns.sine, turned);
    cache_put_key(T, HD, (char *)keys + head * cache_bytes(T, HD, C), position % C, turned);
}

/* Stores the value of one head. */
KERNEL_INLINE void append_value(enum format T, u32 HD, u32 C, u32 head, uint64_t position,
                                const f32 *value, void *values)
{
    cache_put_value(T, HD, (char *)values + head * cache_bytes(T, HD, C), position % C, value);
}

/* This thread's share of the tokens. */
KERNEL_INLINE void rope_append(u32 H, u32 KV, u32 HD, enum format T, u32 C, const f32 *table,
                               enum count count, const run *r, f32 *q, const f32 *k, const f32 *v,
                               void *keys, void *values, struct rope_turns turns)
{
    u32 first, last;
    team_share(r, count_rows(r, count), &first, &last);
    for (size_t t = first; t < last; t++) {
        const uint64_t position = r->step->position + t;
        rope_angles(turns.half, table, position, turns.cosine, turns.sine);
        for (u32 h = 0; h < H; h++)
            rope_turn(turns.half, turns.cosine, turns.sine, q + (t * H + h) * HD);
        for (u32 h = 0; h < KV; h++) {
            append_key(T, HD, C, turns, h, position, k + (t * KV + h) * HD, keys);
            append_value(T, HD, C, h, position, v + (t * KV + h) * HD, values);
        }
    }
}

#define ROPE_APPEND(name, H, KV, HD, R, TABLE, TYPE, T, C, COUNT)                                  \
    void name(run *r, u32 op, f32(*q)[(H) * (HD)], const f32(*k)[(KV) * (HD)],                     \
              const f32(*v)[(KV) * (HD)], TYPE(*keys)[C][HD], TYPE(*values)[C][HD])                \
    {                                                                                              \
        f32 cosine[(R) / 2 + 1], sine[(R) / 2 + 1];                                                \
        rope_append(H, KV, HD, FORMAT_##T, C, TABLE, COUNT_##COUNT, r, q[0], k[0], v[0], keys,     \
                    values, (struct rope_turns){(R) / 2, cosine, sine});                           \
        op_done(r, op); /* q, keys and values before attention reads them */                       \
    }

#endif
