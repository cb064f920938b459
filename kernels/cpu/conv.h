/* conv_silu:  xz.x[count][I] <- silu(conv(xz.x)[count][I] + bias[I]), in place, window carried
 *
 *   Means    y[t][c] = silu(sum over j = 0 .. K-1 of taps[j][c] * x[t - (K-1) + j][c] + bias[c]);
 *            rows before the chunk come from `state`, which then holds the last K-1 raw rows
 *   Shapes   xz [rows][xz_stride] f32, its PAD(I) columns from conv_at, a multiple of 16, are x;
 *            state [K-1][PAD(I)] oldest first; taps [K][PAD(I)]; bias [PAD(I)], NULL for PLAIN
 *   Split    lines of 16 channels
 *   Moves    x once in and once out (each row is read K times, from L1), state in and out
 *   Order    acc = taps[0] * oldest, then fma over ascending j, then + bias, then silu
 *   Error    |y - exact| <= (1.1 K + 9) 2^-24 (sum |taps||x| + |bias|)
 *            (tests/kernels/cpu/conv_test.c)
 *   Source   Gu and Dao, "Mamba"; torch.nn.Conv1d with groups = channels and K-1 zeros on the left
 *
 * Tokens go from last to first: the inputs of row t are rows t-K+1 .. t, so a row may be
 * overwritten as soon as it is done. */
#ifndef KERNELS_CPU_CONV_H
#define KERNELS_CPU_CONV_H

#include <stddef.h>

#include "kernels/cpu/math.h"
#include "kernels/cpu/op.h"

/* Channels done together, so that memory is read in runs longer than a cache line. */
enum { CONV_LINES = 8, CONV_LANES = CONV_LINES * LINE_F32 };

/* Where some channels are: every pointer is at the first of them. */
struct conv_at {
    f32 *x;          /* row 0 */
    f32 *state;      /* the oldest row */
    const f32 *taps; /* tap 0 */
    const f32 *bias; /* NULL: none */
};

/* One output row of `lanes` channels; in[j] is the row that tap j multiplies; in[K-1] is also y. */
KERNEL_INLINE void conv_row(const struct conv_silu_shape *s, u32 lanes, f32 *const *in,
                            const f32 *taps, const f32 *bias)
{
    for (u32 c = 0; c < lanes; c += VF_LANES) {
        vf sum = vf_load(taps + c) * vf_load(in[0] + c);
        UNROLL
        for (u32 j = 1; j < s->K; j++)
            sum = vf_fma(vf_load(taps + (size_t)j * LINE_PAD(s->I) + c), vf_load(in[j] + c), sum);
        if (bias)
            sum = sum + vf_load(bias + c);
        vf_store(in[s->K - 1] + c, vf_silu(sum));
    }
}

/* All tokens of `lanes` channels, lanes <= CONV_LANES. */
KERNEL_INLINE void conv_lanes(const struct conv_silu_shape *s, u32 rows, u32 lanes,
                              struct conv_at at)
{
    const u32 before = s->K - 1, S = LINE_PAD(s->I);
    _Alignas(LINE_BYTES) f32 old[s->K][CONV_LANES]; /* the window that the chunk starts with */
    f32 *in[s->K];
    for (u32 j = 0; j < before; j++)
        for (u32 c = 0; c < lanes; c += VF_LANES)
            vf_store(old[j] + c, vf_load(at.state + (size_t)j * S + c));
    for (u32 j = 0; j < before; j++) {
        const u32 row = rows + j; /* counted from the first row of the old window */
        const f32 *from = row < before ? old[row] : at.x + (size_t)(row - before) * s->xz_stride;
        for (u32 c = 0; c < lanes; c += VF_LANES)
            vf_store(at.state + (size_t)j * S + c, vf_load(from + c));
    }
    for (u32 t = rows; t-- > 0;) {
        UNROLL
        for (u32 j = 0; j <= before; j++)
            in[j] = t + j < before ? old[t + j] : at.x + (size_t)(t + j - before) * s->xz_stride;
        conv_row(s, lanes, in, at.taps, at.bias);
    }
}

/* The channels of lines first .. last-1; `at` is at channel 0. */
KERNEL_INLINE void conv_span(const struct conv_silu_shape *s, u32 rows, u32 first, u32 last,
                             struct conv_at at)
{
    for (u32 c = first * LINE_F32; c < last * LINE_F32; c += CONV_LANES) {
        const u32 left = last * LINE_F32 - c;
        const struct conv_at here = {at.x + c, at.state + c, at.taps + c,
                                     at.bias ? at.bias + c : NULL};
        conv_lanes(s, rows, left < CONV_LANES ? left : CONV_LANES, here);
    }
}

/* This thread's share of the channels. */
KERNEL_INLINE void conv_silu(const run *r, const struct conv_silu_shape *s, f32 *xz, f32 *state,
                             const f32 *taps, const f32 *bias)
{
    const struct conv_at at = {xz + s->conv_at, state, taps,
                               s->epilogue == EPILOGUE_BIAS ? bias : NULL};
    u32 first, last;
    team_share(r, LINE_PAD(s->I) / LINE_F32, &first, &last);
    conv_span(s, count_rows(r, s->count), first, last, at);
}

#endif
