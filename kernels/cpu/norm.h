/* rmsnorm:  y[count][D] <- x[count][D] / rms(x) * weight[D]
 *
 *   Means    y[t][i] = (x[t][i] * s) * weight[i], s = 1 / sqrt(mean over i of x[t][i]^2 + epsilon)
 *   Shapes   y, x [rows][x_stride] f32, x_stride = PAD(D); weight f32 [PAD(D)]; x may not be y
 *   Split    tokens
 *   Moves    2 D floats per token, 3 D for a single one
 *   Order    16 partial sums, lane i % 16, each acc = fma(x, x, acc) over ascending i; then
 *            lane l + lane l+8, +4, +2, +1
 *   Error    |y - exact| <= (D / 32 + 8) 2^-24 |exact|  (tests/kernels/cpu/norm_test.c)
 *   Source   Zhang and Sennrich, "Root Mean Square Layer Normalization"; MambaRMSNorm in f32 */
#ifndef KERNELS_CPU_NORM_H
#define KERNELS_CPU_NORM_H

#include <math.h>
#include <stddef.h>

#include "kernels/cpu/op.h"
#include "kernels/cpu/simd.h"

/* The sum of 16 lanes; they are overwritten. */
KERNEL_INLINE f32 lane_sum(f32 *lane)
{
    for (u32 half = LINE_F32 / 2; half > 0; half /= 2)
        for (u32 l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

/* Sum of squares of one row of `size` floats. */
KERNEL_INLINE f32 square_sum(u32 size, const f32 *x)
{
    vf acc[LINE_VF];
    UNROLL
    for (size_t v = 0; v < LINE_VF; v++)
        acc[v] = (vf){0};
    for (u32 i = 0; i < size; i += LINE_F32) {
        UNROLL
        for (size_t v = 0; v < LINE_VF; v++) {
            vf value = vf_load(x + i + v * VF_LANES);
            acc[v] = vf_fma(value, value, acc[v]);
        }
    }
    _Alignas(LINE_BYTES) f32 lane[LINE_F32];
    UNROLL
    for (size_t v = 0; v < LINE_VF; v++)
        vf_store(lane + v * VF_LANES, acc[v]);
    return lane_sum(lane);
}

/* One row of S floats, of which D are no pads. */
KERNEL_INLINE void rmsnorm_row(u32 D, u32 S, f32 epsilon, f32 *to, const f32 *from,
                               const f32 *weight)
{
    const vf scale = vf_splat(1.0f / sqrtf(square_sum(S, from) / (f32)D + epsilon));
    for (u32 i = 0; i < S; i += VF_LANES)
        vf_store(to + i, vf_load(from + i) * scale * vf_load(weight + i));
}

/* This thread's share of the tokens. */
KERNEL_INLINE void rmsnorm(const run *r, const struct rmsnorm_shape *s, f32 *y, const f32 *x,
                           const f32 *weight)
{
    const size_t S = s->x_stride;
    u32 first, last;
    team_share(r, count_rows(r, s->count), &first, &last);
    x += count_first(r, s->count) * S;
    for (size_t t = first; t < last; t++)
        rmsnorm_row(s->D, s->x_stride, s->epsilon, y + t * S, x + t * S, weight);
}

#endif
