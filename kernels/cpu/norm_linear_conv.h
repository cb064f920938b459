/* norm_linear_conv:  xz <- W rmsnorm(x) + bias, of which some rows go through silu(conv()), one
 * token
 *
 *   Means    norm.h, linear.h and conv.h one after another, in one operation: how a layer of
 *            Mamba begins in a decode step
 *   Shapes   xz [PAD(M)] f32; x, norm [PAD(D)]; W [M][D] packed as in panels.h, bias [PAD(M)]; the
 *            I rows from conv_at, a multiple of 16, are convolved: conv [K-1][PAD(I)] the window,
 *            taps [K][PAD(I)], conv_bias [PAD(I)]; a NULL bias is none
 *   Split    lines of 16 channels: who computes a channel also convolves it, and computes as large
 *            a share of the other rows. Every thread normalises the row for itself, which costs
 *            less than a barrier.
 *   Moves    W once, streamed; the window in and out
 *   Order    as the three; the same bits as when they run one by one
 *   Error    as the three
 *   Source   MambaMixer.slow_forward and Mamba2Mixer.torch_forward with a cache */
#ifndef KERNELS_CPU_NORM_LINEAR_CONV_H
#define KERNELS_CPU_NORM_LINEAR_CONV_H

#include "kernels/cpu/conv.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm.h"

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

/* y <- W x + bias for the lines of `span`. */
KERNEL_INLINE void gemv_span(const struct linear_shape *plain, struct line_span span, f32 *y,
                             const void *w, const f32 *bias, const f32 *x)
{
    struct linear_shape biased = *plain;
    biased.epilogue = EPILOGUE_BIAS;
    if (bias)
        linear_lines(&biased, 1, span.first, span.last, y, w, bias, x);
    else
        linear_lines(plain, 1, span.first, span.last, y, w, NULL, x);
}

/* This thread's share of the lines. */
KERNEL_INLINE void norm_linear_conv(const run *r, const struct norm_linear_conv_shape *s, f32 *xz,
                                    const f32 *x, const f32 *norm, const void *w, const f32 *bias,
                                    f32 *conv, const f32 *taps, const f32 *conv_bias)
{
    const struct linear_shape product = {
        .type = s->type, .M = s->M, .K = s->D, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE};
    const struct conv_silu_shape convolved = {.I = s->I, .K = s->K, .count = COUNT_ONE};
    const struct conv_at at = {xz + s->conv_at, conv, taps, conv_bias};
    const u32 before = s->conv_at / LINE_F32;
    _Alignas(LINE_BYTES) f32 xn[LINE_PAD(s->D)];
    struct line_span span[3];
    share_spans(r, LINE_PAD(s->M) / LINE_F32, before, LINE_PAD(s->I) / LINE_F32, span);
    rmsnorm_row(s->D, LINE_PAD(s->D), s->epsilon, xn, x, norm);
    for (u32 i = 0; i < 3; i++)
        gemv_span(&product, span[i], xz, w, bias, xn);
    conv_span(&convolved, 1, span[0].first - before, span[0].last - before, at);
}

#endif
