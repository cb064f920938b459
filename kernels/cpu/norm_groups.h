/* rmsnorm_groups:  x[count][D] <- each of its G groups / rms of the group * weight[D], in place
 *
 *   Means    x[t][i] = (x[t][i] * s) * weight[i], s = 1 / sqrt(mean of x[t][j]^2 over the I / G
 *            columns j of i's group that are no pads + epsilon)
 *   Shapes   x [rows][x_stride] f32, of which columns 0 .. D-1; weight f32 [D]; D / G a
 *            multiple of 16; I of the D columns are no pads, I / G in each group, pads are zero
 *   Split    tokens
 *   Moves    2 D floats per token, and the weight
 *   Order    that of norm.h, group by group
 *   Error    |y - exact| <= (D / (32 G) + 8) 2^-24 |exact|  (tests/kernels/cpu/ssd_test.c)
 *   Source   Dao and Gu, "Transformers are SSMs", section 7.3; MambaRMSNormGated behind its gate */
#ifndef KERNELS_CPU_NORM_GROUPS_H
#define KERNELS_CPU_NORM_GROUPS_H

#include "kernels/cpu/norm.h"

/* One row; `to` may be `from`. */
KERNEL_INLINE void norm_groups_row(const struct rmsnorm_groups_shape *s, f32 *to, const f32 *from,
                                   const f32 *weight)
{
    const u32 width = s->D / s->G;
    for (u32 first = 0; first < s->D; first += width)
        rmsnorm_row(s->I / s->G, width, s->epsilon, to + first, from + first, weight + first);
}

/* This thread's share of the tokens. */
KERNEL_INLINE void rmsnorm_groups(const run *r, const struct rmsnorm_groups_shape *s, f32 *x,
                                  const f32 *weight)
{
    u32 first, last;
    team_share(r, count_rows(r, s->count), &first, &last);
    for (size_t t = first; t < last; t++)
        norm_groups_row(s, x + t * s->x_stride, x + t * s->x_stride, weight);
}

#endif
