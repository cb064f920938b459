/* layernorm:  y[count][D] <- (x - mean(x)) / sqrt(variance(x) + epsilon) * weight[D] + bias[D]
 *
 *   Means    y[t][i] = ((x[t][i] - m) * s) * weight[i] + bias[i], m the mean of the row, s = 1 /
 *            sqrt(mean over i of (x[t][i] - m)^2 + epsilon)
 *   Shapes   y, x [rows][x_stride] f32, x_stride = PAD(D); weight, bias f32 [PAD(D)]; x may
 *            not be y
 *   Split    tokens
 *   Moves    2 D floats per token, 4 D for a single one
 *   Order    both sums as in norm.h: 16 partial sums, then a tree
 *   Error    with h = 2^-24 and a the mean of |x|: |y - exact| <=
 *            ((D / 16 + 14) h |x - m| + (D / 8 + 8) h a) s |weight| + 2 h |bias|
 *            (tests/kernels/cpu/mlp_test.c)
 *   Source   Ba, Kiros and Hinton, "Layer Normalization"; torch.nn.LayerNorm in f32 */
#ifndef KERNELS_CPU_LAYERNORM_H
#define KERNELS_CPU_LAYERNORM_H

#include "kernels/cpu/norm.h"

/* Sum of one row of `size` floats, in the order of square_sum(). */
KERNEL_INLINE f32 row_sum(u32 size, const f32 *x)
{
    _Alignas(LINE_BYTES) f32 lane[LINE_F32] = {0};
    for (u32 i = 0; i < size; i += VF_LANES)
        vf_store(lane + i % LINE_F32, vf_load(lane + i % LINE_F32) + vf_load(x + i));
    return lane_sum(lane);
}

/* One row of S floats, of which D are no pads. */
KERNEL_INLINE void layernorm_row(u32 D, u32 S, f32 epsilon, f32 *to, const f32 *from,
                                 const f32 *weight, const f32 *bias)
{
    const vf mean = vf_splat(row_sum(S, from) / (f32)D);
    for (u32 i = 0; i < S; i += VF_LANES)
        vf_store(to + i, vf_load(from + i) - mean);
    for (u32 i = D; i < S; i++)
        to[i] = 0.0f; /* a pad has no distance from the mean */
    const vf scale = vf_splat(1.0f / sqrtf(square_sum(S, to) / (f32)D + epsilon));
    for (u32 i = 0; i < S; i += VF_LANES)
        vf_store(to + i, vf_load(to + i) * scale * vf_load(weight + i) + vf_load(bias + i));
}

/* This thread's share of the tokens. */
KERNEL_INLINE void layernorm(const run *r, const struct layernorm_shape *s, f32 *y, const f32 *x,
                             const f32 *weight, const f32 *bias)
{
    const size_t S = s->x_stride;
    u32 first, last;
    team_share(r, count_rows(r, s->count), &first, &last);
    x += count_first(r, s->count) * S;
    for (size_t t = first; t < last; t++)
        layernorm_row(s->D, s->x_stride, s->epsilon, y + t * S, x + t * S, weight, bias);
}

/* One row of D elements by either norm; RMSNorm is the one without a bias. */
KERNEL_INLINE void norm_row(u32 D, f32 epsilon, f32 *to, const f32 *from, const f32 *weight,
                            const f32 *bias)
{
    if (bias)
        layernorm_row(D, LINE_PAD(D), epsilon, to, from, weight, bias);
    else
        rmsnorm_row(D, LINE_PAD(D), epsilon, to, from, weight);
}

#endif
