/* norm_linear_add:  y <- y + W n(x) + bias, n the RMSNorm of each of G groups, one token
 *
 *   Means    norm_groups.h and linear.h one after another, in one operation: the exit of a Mamba-2
 *            layer in a decode step
 *   Shapes   y [1][PAD(M)] f32; x [1][XS], of which columns 0 .. D-1; norm [D]; W [M][D] packed as
 *            in panels.h; bias [PAD(M)]; a NULL bias is none; D, I and G as in
 *            norm_groups.h
 *   Split    lines of 16 outputs. Every thread normalises the row for itself, which costs less than
 *            a barrier.
 *   Moves    W once, streamed
 *   Order    as the two; the same bits as when they run one by one
 *   Error    as the two
 *   Source   Mamba2Mixer.torch_forward with a cache
 *
 *   void NAME(run *, u32 op, f32 (*y)[PAD(M)], const f32 (*x)[XS], const f32 *norm, const TYPE *w,
 *             const f32 *bias) */
#ifndef KERNELS_CPU_NORM_LINEAR_ADD_H
#define KERNELS_CPU_NORM_LINEAR_ADD_H

#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm_groups.h"

/* This thread's share of the outputs; x is normalised. */
KERNEL_INLINE void linear_add(enum format T, u32 M, u32 D, const run *r, f32 *y, const void *w,
                              const f32 *bias, const f32 *x)
{
    if (bias)
        linear(T, M, D, 0, 0, EPILOGUE_ADD_BIAS, COUNT_ONE, r, y, w, bias, x);
    else
        linear(T, M, D, 0, 0, EPILOGUE_ADD, COUNT_ONE, r, y, w, bias, x);
}

#define NORM_LINEAR_ADD(name, TYPE, T, M, D, I, G, XS, EPS)                                        \
    void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[XS], const f32 *norm,            \
              const TYPE *w, const f32 *bias)                                                      \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[D];                                                            \
        norm_groups_row(D, I, G, EPS, xn, x[0], norm);                                             \
        linear_add(FORMAT_##T, M, D, r, y[0], w->w, bias, xn);                                     \
        op_done(r, op); /* y before the next norm reads it; x before it is overwritten */          \
    }

#endif
