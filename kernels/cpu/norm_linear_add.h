/* norm_linear_add:  y <- y + W n(x) + bias, n the RMSNorm of each of G groups, one token
 *
 *   Means    norm_groups.h and linear.h one after another, in one operation: the exit of a Mamba-2
 *            layer in a decode step
 *   Shapes   y [PAD(M)] f32; x, of which columns 0 .. D-1; norm [D]; W [M][D] packed as in
 *            panels.h; bias [PAD(M)]; a NULL bias is none; D, I and G as in norm_groups.h
 *   Split    lines of 16 outputs. Every thread normalises the row for itself, which costs less than
 *            a barrier.
 *   Moves    W once, streamed
 *   Order    as the two; the same bits as when they run one by one
 *   Error    as the two
 *   Source   Mamba2Mixer.torch_forward with a cache */
#ifndef KERNELS_CPU_NORM_LINEAR_ADD_H
#define KERNELS_CPU_NORM_LINEAR_ADD_H

#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm_groups.h"

/* This thread's share of the outputs. */
KERNEL_INLINE void norm_linear_add(const run *r, const struct norm_linear_add_shape *s, f32 *y,
                                   const f32 *x, const f32 *norm, const void *w, const f32 *bias)
{
    const struct rmsnorm_groups_shape groups = {
        .D = s->D, .I = s->I, .G = s->G, .epsilon = s->epsilon};
    const struct linear_shape add = {
        .type = s->type, .M = s->M, .K = s->D, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE};
    struct linear_shape add_bias = add;
    add_bias.epilogue = EPILOGUE_ADD_BIAS;
    _Alignas(LINE_BYTES) f32 xn[s->D];
    norm_groups_row(&groups, xn, x, norm);
    if (bias)
        linear(r, &add_bias, y, w, bias, xn);
    else
        linear(r, &add, y, w, NULL, xn);
}

#endif
