/* rmsnorm_groups:  x[count][D] <- each of its G groups / rms of the group * weight[D], in place
 *
 *   Means    kernels/cpu/norm_groups.h, which is the definition
 *   Shapes   x [rows][XS] f32, of which columns 0 .. D-1; weight f32 [D]; I and G as there
 *   Grid     that of norm.cuh for rows of D / G, a block for every group of a row
 *   Moves    x once in and once out, in registers meanwhile
 *   Order    that of norm.cuh, group by group
 *   Error    that of norm.cuh for S = D / G (tests/kernels/cuda/norm_groups_kernel_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*x)[XS], const f32 *weight) */
#ifndef KERNELS_CUDA_NORM_GROUPS_CUH
#define KERNELS_CUDA_NORM_GROUPS_CUH

#include "kernels/cuda/norm.cuh"

#define RMSNORM_GROUPS(name, D, I, G, XS, EPS, COUNT)                                              \
    static_assert(NORM_FITS((D) / (G)), "rmsnorm_groups: a group has at most 32768 floats");       \
    KERNEL(name##_kernel, struct rmsnorm_params, NORM_THREADS((D) / (G)))                          \
    {                                                                                              \
        rmsnorm((I) / (G), (D) / (G), G, XS, EPS, COUNT_##COUNT, &p);                              \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*x)[XS], const f32 *weight)                           \
    {                                                                                              \
        struct rmsnorm_params p = {r->step, weight, x[0], x[0]};                                   \
        LAUNCH(r, op, name##_kernel, ROWS_MOST_##COUNT *(G), NORM_THREADS((D) / (G)),              \
               sizeof(struct norm_shared), p);                                                     \
    }

#endif
