/* linear:  y[count][M] <- W[M][K] x[count][K]
 *
 *   Means    y[t][m] = e(sum over k of W[m][k] x[t][k]), e one of enum epilogue
 *   Shapes   y [rows][YS], x [rows][XS] f32; W packed as in panels.h; bias f32 [PAD(M)]
 *            M is padded to PAD(M): rows M .. PAD(M)-1 of W and bias are 0 and so become y's pads
 *   Split    lines of 16 outputs, statically (panel_share)
 *   Moves    W once; x once per thread; y once
 *   Order    f32, acc = 0, then acc = fma(W[m][k], x[t][k], acc) for k = 0 .. K-1, then the
 *            epilogue; the same for any count, vector width and number of threads
 *   Error    |y - exact| <= (K + 2) 2^-24 sum |W||x| (+ |bias|, |y|), before softplus or gelu
 *            (tests/kernels/cpu/linear_test.c)
 *   Source   torch.nn.Linear; weights as stored, widened exactly
 *
 *   void NAME(run *, u32 op, f32 (*y)[YS], const TYPE *w, const f32 (*x)[XS])
 *   void NAME(run *, u32 op, f32 (*y)[YS], const TYPE *w, const f32 *bias, const f32 (*x)[XS])
 *   the second form for BIAS, ADD_BIAS, SOFTPLUS and GELU */
#ifndef KERNELS_CPU_LINEAR_H
#define KERNELS_CPU_LINEAR_H

#include "kernels/cpu/linear_gemm.h"

/* Outputs of lines first .. last-1 of `lines`; x and y at their first rows. */
KERNEL_INLINE void linear_lines(enum format T, u32 lines, u32 K, u32 YS, u32 XS, enum epilogue E,
                                enum count count, u32 rows, u32 first, u32 last, f32 *y,
                                const void *w, const f32 *bias, const f32 *x)
{
    for (u32 line = first, step; line < last; line += step) {
        const struct panel_part part = panel_part(T, lines, K, w, line, last);
        const size_t lane = (size_t)line * LINE_F32;
        const f32 *bias_at = bias ? bias + lane : bias;
        step = part.lines;
        if (count == COUNT_ONE)
            gemv_panel(T, K, E, step, part.at, part.width, y + lane, bias_at, x);
        else
            gemm_panel(T, K, YS, XS, E, rows, step, part.at, part.width, y + lane, bias_at, x);
    }
}

/* This thread's share of the outputs; x and y at row 0. */
KERNEL_INLINE void linear(enum format T, u32 M, u32 K, u32 YS, u32 XS, enum epilogue E,
                          enum count count, const run *r, f32 *y, const void *w, const f32 *bias,
                          const f32 *x)
{
    const u32 lines = LINE_PAD(M) / LINE_F32, rows = count_rows(r, count);
    u32 first, last;
    panel_share(r, lines, &first, &last);
    x += (size_t)count_first(r, count) * XS;
    linear_lines(T, lines, K, YS, XS, E, count, rows, first, last, y, w, bias, x);
    for (u32 t = 0; E == EPILOGUE_SOFTPLUS && t < rows; t++)
        epilogue_softplus(M, y + (size_t)t * YS, first, last);
}

#define LINEAR_WITHOUT_BIAS(name, TYPE, T, M, K, YS, XS, E, COUNT)                                 \
    void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const f32(*x)[XS])                       \
    {                                                                                              \
        linear(T, M, K, YS, XS, E, COUNT, r, y[0], w->w, NULL, x[0]);                              \
        op_done(r, op); /* y before the operations that read it; x before it is overwritten */     \
    }

#define LINEAR_WITH_BIAS(name, TYPE, T, M, K, YS, XS, E, COUNT)                                    \
    void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const f32 *bias, const f32(*x)[XS])      \
    {                                                                                              \
        linear(T, M, K, YS, XS, E, COUNT, r, y[0], w->w, bias, x[0]);                              \
        op_done(r, op); /* y before the operations that read it; x before it is overwritten */     \
    }

#define LINEAR_PLAIN    LINEAR_WITHOUT_BIAS
#define LINEAR_ADD      LINEAR_WITHOUT_BIAS
#define LINEAR_BIAS     LINEAR_WITH_BIAS
#define LINEAR_ADD_BIAS LINEAR_WITH_BIAS
#define LINEAR_SOFTPLUS LINEAR_WITH_BIAS
#define LINEAR_GELU     LINEAR_WITH_BIAS

#define LINEAR(name, TYPE, T, M, K, YS, XS, EPILOGUE, COUNT)                                       \
    LINEAR_##EPILOGUE(name, TYPE, FORMAT_##T, M, K, YS, XS, EPILOGUE_##EPILOGUE, COUNT_##COUNT)

#endif
