/* linear:  y[count][M] <- W[M][K] x[count][K]
 *
 *   Means    y[t][m] = e(sum over k of W[m][k] x[t][k]), e one of enum epilogue
 *   Shapes   y [rows][y_stride], x [rows][x_stride] f32; W packed as in panels.h; bias f32
 *            [PAD(M)], NULL for PLAIN and ADD
 *            M is padded to PAD(M): rows M .. PAD(M)-1 of W and bias are 0 and so become y's pads
 *   Split    lines of 16 outputs, statically (panel_share)
 *   Moves    W once; x once per thread; y once
 *   Order    f32, acc = 0, then acc = fma(W[m][k], x[t][k], acc) for k = 0 .. K-1, then the
 *            epilogue; the same for any count, vector width and number of threads
 *   Error    |y - exact| <= (K + 2) 2^-24 sum |W||x| (+ |bias|, |y|), before softplus or gelu
 *            (tests/kernels/cpu/linear_test.c)
 *   Source   torch.nn.Linear; weights as stored, widened exactly */
#ifndef KERNELS_CPU_LINEAR_H
#define KERNELS_CPU_LINEAR_H

#include "kernels/cpu/linear_gemm.h"

/* The outputs of lines first .. last-1, for `rows` rows; x and y at their first rows. */
KERNEL_INLINE void linear_lines(const struct linear_shape *s, u32 rows, u32 first, u32 last, f32 *y,
                                const void *w, const f32 *bias, const f32 *x)
{
    for (u32 line = first, step; line < last; line += step) {
        const struct panel_part part = panel_part(s, w, line, last);
        const size_t lane = (size_t)line * LINE_F32;
        const f32 *bias_at = bias ? bias + lane : bias;
        step = part.lines;
        if (s->count == COUNT_ONE)
            gemv_panel(s, part, y + lane, bias_at, x);
        else
            gemm_panel(s, rows, part, y + lane, bias_at, x);
    }
}

/* This thread's share of the outputs. */
KERNEL_INLINE void linear(const run *r, const struct linear_shape *s, f32 *y, const void *w,
                          const f32 *bias, const f32 *x)
{
    const u32 rows = count_rows(r, s->count);
    u32 first, last;
    panel_share(r, LINE_PAD(s->M) / LINE_F32, &first, &last);
    x += (size_t)count_first(r, s->count) * s->x_stride;
    linear_lines(s, rows, first, last, y, w, bias, x);
    for (u32 t = 0; s->epilogue == EPILOGUE_SOFTPLUS && t < rows; t++)
        epilogue_softplus(s->M, y + (size_t)t * s->y_stride, first, last);
}

#endif
