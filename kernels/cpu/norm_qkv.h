/* norm_qkv:  q, and the caches at one position, <- the turned heads of W norm(x) + bias, one token
 *
 *   Means    norm.h, or layernorm.h where there is a norm's bias; linear.h with the matrices of
 *            q, k and v; rope_append.h: in one operation, how attention begins in a decode step
 *   Shapes   q [H HD] f32; x, norm, norm_bias [PAD(D)]; Wq [H HD][D], Wk and Wv [KV HD][D] packed
 *            as in panels.h; biases f32, one per row; keys, values [KV][C][HD] as in cache.h; a
 *            NULL bias is none; frequencies as in rope_append.h
 *   Split    heads: who computes a head also turns it. Every thread normalises the row for itself,
 *            which costs less than a barrier.
 *   Moves    the matrices once, streamed; one position of the caches out
 *   Order    as the three; the same bits as when they run one by one
 *   Error    as the three
 *   Source   LlamaAttention.forward, PhiAttention.forward with a cache */
#ifndef KERNELS_CPU_NORM_QKV_H
#define KERNELS_CPU_NORM_QKV_H

#include "kernels/cpu/layernorm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/rope_append.h"

/* A matrix of heads. */
struct heads {
    const void *w;
    const f32 *bias; /* NULL: none */
};

/* y[HD] <- head `head` of the product. */
KERNEL_INLINE void head_product(const struct linear_shape *plain, u32 HD, u32 head, struct heads m,
                                const f32 *x, f32 *y)
{
    const u32 last = (head + 1) * HD / LINE_F32;
    struct linear_shape biased = *plain;
    biased.epilogue = EPILOGUE_BIAS;
    for (u32 line = head * HD / LINE_F32, step; line < last; line += step, y += step * LINE_F32) {
        const struct panel_part part = panel_part(plain, m.w, line, last);
        step = part.lines;
        if (m.bias)
            gemv_panel(&biased, part, y, m.bias + (size_t)line * LINE_F32, x);
        else
            gemv_panel(plain, part, y, NULL, x);
    }
}

/* The product of `heads` heads. */
KERNEL_INLINE struct linear_shape heads_shape(const struct norm_qkv_shape *s, enum format type,
                                              u32 heads)
{
    return (struct linear_shape){.type = type,
                                 .M = heads * s->HD,
                                 .K = s->D,
                                 .epilogue = EPILOGUE_PLAIN,
                                 .count = COUNT_ONE};
}

/* This thread's share of the heads: those of q, then of k, then of v. xn is the normalised row. */
KERNEL_INLINE void qkv_heads(const run *r, const struct norm_qkv_shape *s, const f32 *frequencies,
                             f32 *q, const f32 *xn, const struct heads m[3], void *keys,
                             void *values)
{
    const u32 H = s->H, KV = s->KV, HD = s->HD;
    const struct linear_shape of_q = heads_shape(s, s->q_type, H);
    const struct linear_shape of_k = heads_shape(s, s->k_type, KV);
    const struct linear_shape of_v = heads_shape(s, s->v_type, KV);
    const struct rope_append_shape append = {
        .H = H, .KV = KV, .HD = HD, .R = s->R, .cache_type = s->cache_type, .C = s->C};
    _Alignas(LINE_BYTES) f32 row[HD];
    f32 cosine[s->R / 2 + 1], sine[s->R / 2 + 1];
    const struct rotation rotation = {s->R / 2, cosine, sine};
    const uint64_t position = r->step->position;
    u32 first, last;
    team_share(r, H + 2 * KV, &first, &last);
    rope_angles(rotation.half, frequencies, position, cosine, sine);
    for (u32 head = first; head < last; head++) {
        if (head < H) {
            head_product(&of_q, HD, head, m[0], xn, q + (size_t)head * HD);
            rope_turn(rotation.half, cosine, sine, q + (size_t)head * HD);
        } else if (head < H + KV) {
            head_product(&of_k, HD, head - H, m[1], xn, row);
            append_key(&append, rotation, head - H, position, row, keys);
        } else {
            head_product(&of_v, HD, head - H - KV, m[2], xn, row);
            append_value(&append, head - H - KV, position, row, values);
        }
    }
}

KERNEL_INLINE void norm_qkv(const run *r, const struct norm_qkv_shape *s, const f32 *frequencies,
                            f32 *q, const f32 *x, const f32 *norm, const f32 *norm_bias,
                            const void *wq, const f32 *bq, const void *wk, const f32 *bk,
                            const void *wv, const f32 *bv, void *keys, void *values)
{
    const struct heads m[3] = {{wq, bq}, {wk, bk}, {wv, bv}};
    _Alignas(LINE_BYTES) f32 xn[LINE_PAD(s->D)];
    norm_row(s->D, s->epsilon, xn, x, norm, norm_bias);
    qkv_heads(r, s, frequencies, q, xn, m, keys, values);
}

#endif
