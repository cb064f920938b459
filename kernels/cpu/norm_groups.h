/* rmsnorm_groups:  x[count][D] <- each of its G groups / rms of the group * weight[D], in place
 *
 *   Means    x[t][i] = (x[t][i] * s) * weight[i], s = 1 / sqrt(mean of x[t][j]^2 over the I / G
 *            columns j of i's group that are no pads + EPS)
 *   Shapes   x [rows][XS] f32, of which columns 0 .. D-1; weight f32 [D]; D / G a multiple of 16;
 *            I of the D columns are no pads, I / G in each group, and pads are zero
 *   Split    tokens
 *   Moves    2 D floats per token, and the weight
 *   Order    that of norm.h, group by group
 *   Error    |y - exact| <= (D / (32 G) + 8) 2^-24 |exact|  (tests/kernels/cpu/ssd_test.c)
 *   Source   Dao and Gu, "Transformers are SSMs", section 7.3; MambaRMSNormGated behind its gate
 *
 *   void NAME(run *, u32 op, f32 (*x)[XS], const f32 *weight) */
#ifndef KERNELS_CPU_NORM_GROUPS_H
#define KERNELS_CPU_NORM_GROUPS_H

#include "kernels/cpu/norm.h"

/* One row; `to` may be `from`. */
KERNEL_INLINE void norm_groups_row(u32 D, u32 I, u32 G, f32 eps, f32 *to, const f32 *from,
                                   const f32 *weight)
{
    for (u32 first = 0; first < D; first += D / G)
        rmsnorm_row(I / G, D / G, eps, to + first, from + first, weight + first);
}

#define RMSNORM_GROUPS(name, D, I, G, XS, EPS, COUNT)                                              \
    void name(run *r, u32 op, f32(*x)[XS], const f32 *weight)                                      \
    {                                                                                              \
        u32 first, last;                                                                           \
        team_share(r, count_rows(r, COUNT_##COUNT), &first, &last);                                \
        for (u32 t = first; t < last; t++)                                                         \
            norm_groups_row(D, I, G, EPS, x[t], x[t], weight);                                     \
        op_done(r, op); /* x before out_proj reads it */                                           \
    }

#endif
