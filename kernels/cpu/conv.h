/* conv_silu:  xz.x[count][I] <- silu(conv(xz.x)[count][I] + bias[I]), in place, window carried
 *
 *   Means    y[t][c] = silu(sum over j = 0 .. K-1 of taps[j][c] * x[t - (K-1) + j][c] + bias[c]);
 *            rows before the chunk come from `state`, which then holds the last K-1 raw rows
 *   Shapes   xz [rows][XS] f32, its PAD(I) columns from AT, a multiple of 16, are x; state
 *            [K-1][PAD(I)] oldest first; taps [K][PAD(I)]; bias [PAD(I)]
 *   Split    lines of 16 channels
 *   Moves    x once in and once out (each row is read K times, from L1), state in and out
 *   Order    acc = taps[0] * oldest, then fma over ascending j, then + bias, then silu
 *   Error    |y - exact| <= (1.1 K + 9) 2^-24 (sum |taps||x| + |bias|)
 *            (tests/kernels/cpu/conv_test.c)
 *   Source   Gu and Dao, "Mamba"; torch.nn.Conv1d with groups = channels and K-1 zeros on the left
 *
 * Tokens go from last to first: the inputs of row t are rows t-K+1 .. t, so a row may be
 * overwritten as soon as it is done.
 *
 *   void NAME(run *, u32 op, f32 (*xz)[XS], f32 (*state)[PAD(I)], const f32 (*taps)[PAD(I)])
 *   with BIAS one more argument: const f32 *bias */
#ifndef KERNELS_CPU_CONV_H
#define KERNELS_CPU_CONV_H

#include <stddef.h>

#include "kernels/cpu/math.h"
#include "kernels/cpu/op.h"

/* Channels done together, so that memory is read in runs longer than a cache line. */
enum { CONV_LINES = 8, CONV_LANES = CONV_LINES * LINE_F32 };

/* One output row of `lanes` channels; in[j] is the row that tap j multiplies; in[K-1] is also y. */
KERNEL_INLINE void conv_row(u32 S, u32 K, u32 lanes, f32 *const *in, const f32 *taps,
                            const f32 *bias)
{
    for (u32 c = 0; c < lanes; c += VF_LANES) {
        vf sum = vf_load(taps + c) * vf_load(in[0] + c);
        UNROLL
        for (u32 j = 1; j < K; j++)
            sum = vf_fma(vf_load(taps + (size_t)j * S + c), vf_load(in[j] + c), sum);
        if (bias)
            sum = sum + vf_load(bias + c);
        vf_store(in[K - 1] + c, vf_silu(sum));
    }
}

/* All tokens of `lanes` channels, lanes <= CONV_LANES; every pointer is at the first of them.
 * `old` is room for the window that the chunk starts with. */
KERNEL_INLINE void conv_lanes(u32 S, u32 K, u32 XS, u32 rows, u32 lanes, f32 *x, f32 *state,
                              const f32 *taps, const f32 *bias, f32 (*old)[CONV_LANES], f32 **in)
{
    for (u32 j = 0; j + 1 < K; j++)
        for (u32 c = 0; c < lanes; c += VF_LANES)
            vf_store(old[j] + c, vf_load(state + (size_t)j * S + c));
    for (u32 j = 0; j + 1 < K; j++) {
        const u32 row = rows + j; /* counted from the first row of the old window */
        const f32 *from = row < K - 1 ? old[row] : x + (size_t)(row - (K - 1)) * XS;
        for (u32 c = 0; c < lanes; c += VF_LANES)
            vf_store(state + (size_t)j * S + c, vf_load(from + c));
    }
    for (u32 t = rows; t-- > 0;) {
        UNROLL
        for (u32 j = 0; j < K; j++)
            in[j] = t + j < K - 1 ? old[t + j] : x + (size_t)(t + j - (K - 1)) * XS;
        conv_row(S, K, lanes, in, taps, bias);
    }
}

/* The channels of lines first .. last-1. */
KERNEL_INLINE void conv_span(u32 I, u32 K, u32 XS, u32 rows, u32 first, u32 last, f32 *x,
                             f32 *state, const f32 *taps, const f32 *bias, f32 (*old)[CONV_LANES],
                             f32 **in)
{
    for (u32 c = first * LINE_F32; c < last * LINE_F32; c += CONV_LANES) {
        const u32 left = last * LINE_F32 - c, lanes = left < CONV_LANES ? left : CONV_LANES;
        conv_lanes(LINE_PAD(I), K, XS, rows, lanes, x + c, state + c, taps + c,
                   bias ? bias + c : bias, old, in);
    }
}

/* This thread's share of the channels. */
KERNEL_INLINE void conv_silu(u32 I, u32 K, u32 XS, enum count count, const run *r, f32 *x,
                             f32 *state, const f32 *taps, const f32 *bias, f32 (*old)[CONV_LANES],
                             f32 **in)
{
    u32 first, last;
    team_share(r, LINE_PAD(I) / LINE_F32, &first, &last);
    conv_span(I, K, XS, count_rows(r, count), first, last, x, state, taps, bias, old, in);
}

#define CONV_SILU_PLAIN(name, AT, I, K, XS, COUNT)                                                 \
    void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[LINE_PAD(I)],                              \
              const f32(*taps)[LINE_PAD(I)])                                                       \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 old[K][CONV_LANES];                                               \
        f32 *in[K];                                                                                \
        conv_silu(I, K, XS, COUNT, r, xz[0] + (AT), state[0], taps[0], NULL, old, in);             \
        op_done(r, op); /* x before what dt, B and C come from, and the scan, read it */           \
    }

#define CONV_SILU_BIAS(name, AT, I, K, XS, COUNT)                                                  \
    void name(run *r, u32 op, f32(*xz)[XS], f32(*state)[LINE_PAD(I)],                              \
              const f32(*taps)[LINE_PAD(I)], const f32 *bias)                                      \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 old[K][CONV_LANES];                                               \
        f32 *in[K];                                                                                \
        conv_silu(I, K, XS, COUNT, r, xz[0] + (AT), state[0], taps[0], bias, old, in);             \
        op_done(r, op); /* x before what dt, B and C come from, and the scan, read it */           \
    }

#define CONV_SILU(name, AT, I, K, XS, BIAS_OR_PLAIN, COUNT)                                        \
    CONV_SILU_##BIAS_OR_PLAIN(name, AT, I, K, XS, COUNT_##COUNT)

#endif
