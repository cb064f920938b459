/* swiglu:  gate[count][M] <- silu(gate) * up, in place
 *
 *   Means    gate[t][i] = silu(gate[t][i]) * up[t][i]
 *   Shapes   gate, up [rows][gate_stride] f32, gate_stride = PAD(M)
 *   Split    lines of 16 columns of all rows together
 *   Moves    both in, one out
 *   Order    no sums; silu as in math.h, one product
 *   Error    |y - exact| <= 8 * 2^-24 |exact|  (tests/kernels/cpu/mlp_test.c)
 *   Source   Shazeer, "GLU Variants Improve Transformer"; LlamaMLP
 *
 * norm_linear_swiglu, norm_linear_gelu:  how an MLP begins in a decode step, one token
 *
 *   Means    y = silu(G norm(x)) * (U norm(x));  y = gelu_new(W norm(x) + bias)
 *   Shapes   y [PAD(M)] f32; x, norm, norm_bias [PAD(D)]; G, U, W [M][D] packed as in panels.h;
 *            bias [PAD(M)]; LayerNorm where there is a norm's bias, else (NULL) RMSNorm
 *   Split    lines of 16 outputs; every thread normalises the row for itself
 *   Moves    the matrices once, streamed
 *   Order    as norm.h or layernorm.h, linear.h and swiglu; the same bits as one by one
 *   Error    as these
 *   Source   LlamaMLP, PhiMLP */
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

KERNEL_INLINE void swiglu(const run *r, const struct swiglu_shape *s, f32 *gate, const f32 *up)
{
    u32 first, last;
    team_share(r, count_rows(r, s->count) * (s->gate_stride / LINE_F32), &first, &last);
    swiglu_span((size_t)(last - first) * LINE_F32, gate + (size_t)first * LINE_F32,
                up + (size_t)first * LINE_F32);
}

/* This thread's share of the outputs, a panel's part at a time: y <- silu(gate x) * (up x). */
KERNEL_INLINE void linear_swiglu(const run *r, const struct linear_shape *s, f32 *y,
                                 const void *gate, const void *up, const f32 *x)
{
    u32 first, last;
    panel_share(r, LINE_PAD(s->M) / LINE_F32, &first, &last);
    for (u32 line = first, step; line < last; line += step) {
        _Alignas(LINE_BYTES) f32 other[PANEL_ROWS];
        const struct panel_part part = panel_part(s, gate, line, last);
        f32 *to = y + (size_t)line * LINE_F32;
        step = part.lines;
        gemv_panel(s, part, to, NULL, x);
        gemv_panel(s, panel_part(s, up, line, last), other, NULL, x);
        swiglu_span((size_t)step * LINE_F32, to, other);
    }
}

KERNEL_INLINE void norm_linear_swiglu(const run *r, const struct norm_linear_swiglu_shape *s,
                                      f32 *y, const f32 *x, const f32 *norm, const void *gate,
                                      const void *up)
{
    const struct linear_shape product = {
        .type = s->type, .M = s->M, .K = s->D, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE};
    _Alignas(LINE_BYTES) f32 xn[LINE_PAD(s->D)];
    rmsnorm_row(s->D, LINE_PAD(s->D), s->epsilon, xn, x, norm);
    linear_swiglu(r, &product, y, gate, up, xn);
}

KERNEL_INLINE void norm_linear_gelu(const run *r, const struct norm_linear_gelu_shape *s, f32 *y,
                                    const f32 *x, const f32 *norm, const f32 *norm_bias,
                                    const void *w, const f32 *bias)
{
    const struct linear_shape product = {
        .type = s->type, .M = s->M, .K = s->D, .epilogue = EPILOGUE_GELU, .count = COUNT_ONE};
    _Alignas(LINE_BYTES) f32 xn[LINE_PAD(s->D)];
    norm_row(s->D, s->epsilon, xn, x, norm, norm_bias);
    linear(r, &product, y, w, bias, xn);
}

#endif
