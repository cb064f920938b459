/* norm_linear_conv:  xz <- W rmsnorm(x) + bias, of which some rows go through silu(conv()), one
 * token
 *
 *   Means    norm.h, linear.h and conv.h one after another, in one operation: the entrance of a
 *            Mamba layer in a decode step
 *   Shapes   xz [1][XS] f32; x [1][S], norm [S], S = PAD(D); W [M][D] packed as in panels.h, bias
 *            [PAD(M)]; rows AT .. AT+I-1, AT a multiple of 16, are convolved: conv [K-1][PAD(I)]
 *            the window, taps [K][PAD(I)], conv_bias [PAD(I)]; a NULL bias is none
 *   Split    lines of 16 channels: who computes a channel also convolves it, and computes as large
 *            a share of the other rows. Every thread normalises the row for itself, which costs
 *            less than a barrier.
 *   Moves    W once, streamed; the window in and out
 *   Order    as the three; the same bits as when they run one by one
 *   Error    as the three
 *   Source   MambaMixer.slow_forward and Mamba2Mixer.torch_forward with a cache
 *
 *   void NAME(run *, u32 op, f32 (*xz)[XS], const f32 (*x)[S], const f32 *norm, const TYPE *w,
 *             const f32 *bias, f32 (*conv)[PAD(I)], const f32 (*taps)[PAD(I)],
 *             const f32 *conv_bias) */
#ifndef KERNELS_CPU_NORM_LINEAR_CONV_H
#define KERNELS_CPU_NORM_LINEAR_CONV_H

#include "kernels/cpu/conv.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm.h"

/* y <- W x + bias for lines first .. last-1 of `lines`. */
KERNEL_INLINE void gemv_span(enum format T, u32 lines, u32 D, u32 first, u32 last, f32 *y,
                             const void *w, const f32 *bias, const f32 *x)
{
    if (bias)
        linear_lines(T, lines, D, 0, 0, EPILOGUE_BIAS, COUNT_ONE, 1, first, last, y, w, bias, x);
    else
        linear_lines(T, lines, D, 0, 0, EPILOGUE_PLAIN, COUNT_ONE, 1, first, last, y, w, bias, x);
}

/* The lines of W that are computed together: [first, last). */
struct line_span {
    u32 first, last;
};

/* This thread's share of the `lines` lines of W: of the `count` from line `at` on, which are
 * convolved, and, in one or two pieces, of the others. */
KERNEL_INLINE void share_spans(const run *r, u32 lines, u32 at, u32 count, struct line_span span[3])
{
    u32 first, last;
    panel_share(r, count, &first, &last);
    span[0] = (struct line_span){at + first, at + last};
    panel_share(r, lines - count, &first, &last);
    span[1] = (struct line_span){first, last < at ? last : at};
    span[2] = (struct line_span){(first > at ? first : at) + count, last + count};
}

#define NORM_LINEAR_CONV(name, TYPE, T, D, S, M, AT, I, K, EPS, XS)                                \
    void name(run *r, u32 op, f32(*xz)[XS], const f32(*x)[S], const f32 *norm, const TYPE *w,      \
              const f32 *bias, f32(*conv)[LINE_PAD(I)], const f32(*taps)[LINE_PAD(I)],             \
              const f32 *conv_bias)                                                                \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[S], old[K][CONV_LANES];                                        \
        f32 *in[K];                                                                                \
        const u32 lines = LINE_PAD(M) / LINE_F32, at = (AT) / LINE_F32;                            \
        struct line_span span[3];                                                                  \
        share_spans(r, lines, at, LINE_PAD(I) / LINE_F32, span);                                   \
        rmsnorm_row(D, S, EPS, xn, x[0], norm);                                                    \
        for (u32 i = 0; i < 3; i++)                                                                \
            gemv_span(FORMAT_##T, lines, D, span[i].first, span[i].last, xz[0], w->w, bias, xn);   \
        conv_span(I, K, XS, 1, span[0].first - at, span[0].last - at, xz[0] + (AT), conv[0],       \
                  taps[0], conv_bias, old, in);                                                    \
        op_done(r, op); /* xz before the operations that read it */                                \
    }

#endif
