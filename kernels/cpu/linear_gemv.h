/* gemv: one row of y from one row of x, for the shapes and epilogues of linear.h
 *
 *   Means    linear.h, which is the definition
 *   Moves    the matrix once, streamed past the caches with software prefetch; x (a few kB) comes
 *            from L1; bound by memory bandwidth
 *   Order    k = 0 .. K-1, one accumulator per output: all of a panel's outputs advance together,
 *            so the latency of an fma is hidden by the other vectors of the panel */
#ifndef KERNELS_CPU_LINEAR_GEMV_H
#define KERNELS_CPU_LINEAR_GEMV_H

#include "kernels/cpu/linear_epilogue.h"
#include "kernels/cpu/panels.h"

/* How far ahead of its use a cache line is asked for, into L2: about the latency of memory times
 * the rate at which one core consumes. It may lie past the matrix; a prefetch never faults. */
enum { PREFETCH_BYTES = 4096 };

KERNEL_INLINE void prefetch_lines(const char *at, size_t bytes)
{
    UNROLL
    for (size_t i = 0; i < bytes; i += LINE_BYTES)
        __builtin_prefetch(at + i, 0, 2);
}

/* `lines` lines of `part`. */
KERNEL_INLINE void gemv_lines(const struct linear_shape *s, u32 lines, struct panel_part part,
                              f32 *y, const f32 *bias, const f32 *x)
{
    vf acc[PANEL_ROWS / VF_LANES];
    const size_t vectors = (size_t)lines * LINE_VF, step = pair_bytes(s->type) * part.width;
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        acc[v] = (vf){0};
    const char *w = part.at, *const end = w + s->K / 2 * step;
    /* A thread that reads a part of a panel passes it faster, so it looks further ahead. */
    const size_t ahead = PREFETCH_BYTES * (part.width / LINE_F32) / lines;
    for (; w != end; w += step, x += 2) {
        prefetch_lines(w + ahead, pair_bytes(s->type) * lines * LINE_F32);
        vf even = vf_splat(x[0]), odd = vf_splat(x[1]);
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            acc[v] = vf_fma(panel_load(s->type, w, part.width, 0, v * VF_LANES), even, acc[v]);
            acc[v] = vf_fma(panel_load(s->type, w, part.width, 1, v * VF_LANES), odd, acc[v]);
        }
    }
    if (s->K % 2 == 1) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            acc[v] =
                vf_fma(panel_load(s->type, w, part.width, 0, v * VF_LANES), vf_splat(x[0]), acc[v]);
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        epilogue_store(s->epilogue, y, bias, v * VF_LANES, acc[v]);
}

/* The lines of `part`; y and bias are at the first of them. */
KERNEL_INLINE void gemv_panel(const struct linear_shape *s, struct panel_part part, f32 *y,
                              const f32 *bias, const f32 *x)
{
    if (part.lines == 4)
        gemv_lines(s, 4, part, y, bias, x);
    else if (part.lines == 3)
        gemv_lines(s, 3, part, y, bias, x);
    else if (part.lines == 2)
        gemv_lines(s, 2, part, y, bias, x);
    else
        gemv_lines(s, 1, part, y, bias, x);
}

#endif
