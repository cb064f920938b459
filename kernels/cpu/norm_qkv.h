/* norm_qkv:  q, and the caches at one position, <- the turned heads of W norm(x) + bias, one token
 *
 *   Means    norm.h, or layernorm.h where there is a norm's bias; linear.h with the matrices of
 *            q, k and v; rope_append.h: in one operation, the entrance of attention in a decode
 *            step
 *   Shapes   q [1][H HD] f32; x [1][S], norm, norm_bias [S], S = PAD(D); Wq [H HD][D], Wk and Wv
 *            [KV HD][D] packed as in panels.h; biases f32, one per row; keys, values [KV][C][HD] as
 *            in cache.h; a NULL bias is none
 *   Split    heads: who computes a head also turns it. Every thread normalises the row for itself,
 *            which costs less than a barrier.
 *   Moves    the matrices once, streamed; one position of the caches out
 *   Order    as the three; the same bits as when they run one by one
 *   Error    as the three
 *   Source   LlamaAttention.forward, PhiAttention.forward with a cache
 *
 *   void NAME(run *, u32 op, f32 (*q)[H HD], const f32 (*x)[S], const f32 *norm,
 *             const f32 *norm_bias, const Q_TYPE *wq, const f32 *bq, const KV_TYPE *wk,
 *             const f32 *bk, const KV_TYPE *wv, const f32 *bv, TYPE (*keys)[C][HD],
 *             TYPE (*values)[C][HD]) */
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

/* y[HD] <- head `head` of the product, of `count` heads. */
KERNEL_INLINE void head_product(enum format T, u32 count, u32 HD, u32 D, u32 head, struct heads m,
                                const f32 *x, f32 *y)
{
    const u32 lines = count * HD / LINE_F32, last = (head + 1) * HD / LINE_F32;
    for (u32 line = head * HD / LINE_F32, step; line < last; line += step, y += step * LINE_F32) {
        const struct panel_part part = panel_part(T, lines, D, m.w, line, last);
        step = part.lines;
        if (m.bias)
            gemv_panel(T, D, EPILOGUE_BIAS, step, part.at, part.width, y,
                       m.bias + (size_t)line * LINE_F32, x);
        else
            gemv_panel(T, D, EPILOGUE_PLAIN, step, part.at, part.width, y, NULL, x);
    }
}

/* This thread's share of the heads: those of q, then of k, then of v. */
KERNEL_INLINE void norm_qkv(enum format T, u32 D, u32 H, u32 KV, u32 HD, enum format KT, u32 C,
                            const f32 *table, const run *r, f32 *q, const f32 *xn, struct heads wq,
                            struct heads wk, struct heads wv, void *keys, void *values,
                            struct rope_turns turns, f32 *row)
{
    const uint64_t position = r->step->position;
    u32 first, last;
    team_share(r, H + 2 * KV, &first, &last);
    rope_angles(turns.half, table, position, turns.cosine, turns.sine);
    for (u32 head = first; head < last; head++) {
        if (head < H) {
            head_product(T, H, HD, D, head, wq, xn, q + (size_t)head * HD);
            rope_turn(turns.half, turns.cosine, turns.sine, q + (size_t)head * HD);
        } else if (head < H + KV) {
            head_product(T, KV, HD, D, head - H, wk, xn, row);
            append_key(KT, HD, C, turns, head - H, position, row, keys);
        } else {
            head_product(T, KV, HD, D, head - H - KV, wv, xn, row);
            append_value(KT, HD, C, head - H - KV, position, row, values);
        }
    }
}

#define NORM_QKV(name, Q_TYPE, KV_TYPE, T, D, S, EPS, H, KV, HD, R, TABLE, TYPE, KT, C)            \
    void name(run *r, u32 op, f32(*q)[(H) * (HD)], const f32(*x)[S], const f32 *norm,              \
              const f32 *norm_bias, const Q_TYPE *wq, const f32 *bq, const KV_TYPE *wk,            \
              const f32 *bk, const KV_TYPE *wv, const f32 *bv, TYPE(*keys)[C][HD],                 \
              TYPE(*values)[C][HD])                                                                \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[S], row[HD];                                                   \
        f32 cosine[(R) / 2 + 1], sine[(R) / 2 + 1];                                                \
        norm_row(D, S, EPS, xn, x[0], norm, norm_bias);                                            \
        norm_qkv(FORMAT_##T, D, H, KV, HD, FORMAT_##KT, C, TABLE, r, q[0], xn,                     \
                 (struct heads){wq->w, bq}, (struct heads){wk->w, bk}, (struct heads){wv->w, bv},  \
                 keys, values, (struct rope_turns){(R) / 2, cosine, sine}, row);                   \
        op_done(r, op); /* q, keys and values before attention reads them */                       \
    }

#endif
