/* norm_linear_conv:  xz <- (silu(conv(x')), z) with (x', z) = W rmsnorm(x) + bias, one token
 *
 *   Means    rmsnorm.h, linear.h and conv.h one after another, in one operation: the entrance of a
 *            Mamba layer in a decode step
 *   Shapes   xz [1][XS] f32: x in columns 0 .. I-1, z from PAD(I); x [1][S], norm [S], S = PAD(D);
 *            W [2 PAD(I)][D] packed as in panels.h; bias [2 PAD(I)], conv [K-1][PAD(I)] the window,
 *            taps [K][PAD(I)], conv_bias [PAD(I)]; a NULL bias is none
 *   Split    lines of 16 channels: who computes a channel of x' also convolves it, and computes the
 *            same channels of z. Every thread normalises the row for itself, which costs less than
 *            a barrier.
 *   Moves    W once, streamed; the window in and out
 *   Order    as the three; the same bits as when they run one by one
 *   Error    as the three
 *   Source   MambaMixer.slow_forward with a cache
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
KERNEL_INLINE void gemv_span(enum weight_type T, u32 lines, u32 D, u32 first, u32 last, f32 *y,
                             const void *w, const f32 *bias, const f32 *x)
{
    if (bias)
        linear_lines(T, lines, D, 0, 0, EPILOGUE_BIAS, COUNT_ONE, 1, first, last, y, w, bias, x);
    else
        linear_lines(T, lines, D, 0, 0, EPILOGUE_PLAIN, COUNT_ONE, 1, first, last, y, w, bias, x);
}

#define NORM_LINEAR_CONV(name, TYPE, T, D, S, I, K, EPS, XS)                                       \
    void name(run *r, u32 op, f32(*xz)[XS], const f32(*x)[S], const f32 *norm, const TYPE *w,      \
              const f32 *bias, f32(*conv)[LINE_PAD(I)], const f32(*taps)[LINE_PAD(I)],             \
              const f32 *conv_bias)                                                                \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[S], old[K][CONV_LANES];                                        \
        f32 *in[K];                                                                                \
        const u32 lines = LINE_PAD(I) / LINE_F32;                                                  \
        u32 first, last;                                                                           \
        panel_share(r, lines, &first, &last);                                                      \
        rmsnorm_row(D, S, EPS, xn, x[0], norm);                                                    \
        gemv_span(WEIGHT_##T, 2 * lines, D, first, last, xz[0], w->w, bias, xn);                   \
        conv_span(I, K, XS, 1, first, last, xz[0], conv[0], taps[0], conv_bias, old, in);          \
        gemv_span(WEIGHT_##T, 2 * lines, D, lines + first, lines + last, xz[0], w->w, bias, xn);   \
        op_done(r, op); /* xz before x_proj and the scan read it */                                \
    }

#endif
