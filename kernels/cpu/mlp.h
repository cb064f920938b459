/* swiglu:  gate[count][M] <- silu(gate) * up, in place
 *
 *   Means    gate[t][i] = silu(gate[t][i]) * up[t][i]
 *   Shapes   gate, up [rows][S] f32, S = PAD(M)
 *   Split    lines of 16 columns of all rows together
 *   Moves    both in, one out
 *   Order    no sums; silu as in math.h, one product
 *   Error    |y - exact| <= 8 * 2^-24 |exact|  (tests/kernels/cpu/mlp_test.c)
 *   Source   Shazeer, "GLU Variants Improve Transformer"; LlamaMLP
 *
 *   void NAME(run *, u32 op, f32 (*gate)[S], const f32 (*up)[S])
 *
 * norm_linear_swiglu, norm_linear_gelu:  the entrance of an MLP in a decode step, one token
 *
 *   Means    y = silu(G norm(x)) * (U norm(x));  y = gelu_new(W norm(x) + bias)
 *   Shapes   y [1][PAD(M)] f32; x [1][S], norm, norm_bias [S], S = PAD(D); G, U, W [M][D] packed as
 *            in panels.h; bias [PAD(M)]; LayerNorm where there is a norm's bias, else RMSNorm
 *   Split    lines of 16 outputs; every thread normalises the row for itself
 *   Moves    the matrices once, streamed
 *   Order    as norm.h or layernorm.h, linear.h and swiglu; the same bits as one by one
 *   Error    as these
 *   Source   LlamaMLP, PhiMLP
 *
 *   void NAME(run *, u32 op, f32 (*y)[PAD(M)], const f32 (*x)[S], const f32 *norm,
 *             const TYPE *gate, const TYPE *up)
 *   void NAME(run *, u32 op, f32 (*y)[PAD(M)], const f32 (*x)[S], const f32 *norm,
 *             const f32 *norm_bias, const TYPE *w, const f32 *bias) */
#ifndef KERNELS_CPU_MLP_H
#define KERNELS_CPU_MLP_H

#include "kernels/cpu/layernorm.h"
#include "kernels/cpu/linear.h"

/* gate <- silu(gate) * up, `count` floats in whole lines. */
KERNEL_INLINE void swiglu_span(size_t count, f32 *gate, const f32 *up)
{
    for (size_t i = 0; i < count; i += VF_LANES)
        vf_store(gate + i, vf_silu(vf_load(gate + i)) * vf_load(up + i));
}

KERNEL_INLINE void swiglu(u32 S, enum count count, const run *r, f32 *gate, const f32 *up)
{
    u32 first, last;
    team_share(r, count_rows(r, count) * (S / LINE_F32), &first, &last);
    swiglu_span((size_t)(last - first) * LINE_F32, gate + (size_t)first * LINE_F32,
                up + (size_t)first * LINE_F32);
}

/* This thread's share of the outputs, a panel's part at a time. */
KERNEL_INLINE void linear_swiglu(enum format T, u32 M, u32 D, const run *r, f32 *y, const f32 *x,
                                 const void *gate, const void *up)
{
    const u32 lines = LINE_PAD(M) / LINE_F32;
    u32 first, last;
    panel_share(r, lines, &first, &last);
    for (u32 line = first, step; line < last; line += step) {
        _Alignas(LINE_BYTES) f32 other[PANEL_ROWS];
        const struct panel_part g = panel_part(T, lines, D, gate, line, last);
        const struct panel_part u = panel_part(T, lines, D, up, line, last);
        f32 *to = y + (size_t)line * LINE_F32;
        step = g.lines;
        gemv_panel(T, D, EPILOGUE_PLAIN, step, g.at, g.width, to, NULL, x);
        gemv_panel(T, D, EPILOGUE_PLAIN, step, u.at, u.width, other, NULL, x);
        swiglu_span((size_t)step * LINE_F32, to, other);
    }
}

#define SWIGLU(name, S, COUNT)                                                                     \
    void name(run *r, u32 op, f32(*gate)[S], const f32(*up)[S])                                    \
    {                                                                                              \
        swiglu(S, COUNT_##COUNT, r, gate[0], up[0]);                                               \
        op_done(r, op); /* gate before down_proj reads it; up before it is overwritten */          \
    }

#define NORM_LINEAR_SWIGLU(name, TYPE, T, D, S, M, EPS)                                            \
    void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[S], const f32 *norm,             \
              const TYPE *gate, const TYPE *up)                                                    \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[S];                                                            \
        rmsnorm_row(D, S, EPS, xn, x[0], norm);                                                    \
        linear_swiglu(FORMAT_##T, M, D, r, y[0], xn, gate->w, up->w);                              \
        op_done(r, op); /* y before down_proj reads it */                                          \
    }

#define NORM_LINEAR_GELU(name, TYPE, T, D, S, M, EPS)                                              \
    void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[S], const f32 *norm,             \
              const f32 *norm_bias, const TYPE *w, const f32 *bias)                                \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[S];                                                            \
        norm_row(D, S, EPS, xn, x[0], norm, norm_bias);                                            \
        linear(FORMAT_##T, M, D, LINE_PAD(M), S, EPILOGUE_GELU, COUNT_ONE, r, y[0], w->w, bias,    \
               xn);                                                                                \
        op_done(r, op); /* y before fc2 reads it */                                                \
    }

#endif
