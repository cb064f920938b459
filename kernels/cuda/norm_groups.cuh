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

using rmsnorm_groups_params = rmsnorm_params;

template <rmsnorm_groups_shape s> struct rmsnorm_groups {
    static constexpr u32 group = s.D / s.G;
    static_assert(norm_fits(group), "rmsnorm_groups: a group has at most 32768 floats");
    using params = rmsnorm_groups_params;
    static constexpr u32 blocks = s.rows * s.G, threads = norm_threads(group);
    static constexpr u32 shared_bytes = sizeof(struct norm_shared);

    DEVICE void run(const params *p)
    {
        rmsnorm_block(s.I / s.G, group, s.G, s.x_stride, s.epsilon, s.count, p);
    }
};

template <rmsnorm_groups_shape s>
static inline void rmsnorm_groups_launch(run *r, u32 op, const struct kernels &kernels, f32 *x,
                                         const f32 *weight)
{
    kernel_launch<rmsnorm_groups<s>>(r, op, kernels.part[0], {r->step, weight, x, x});
}

#define RMSNORM_GROUPS_KERNELS(name, ...) KERNELS_1(name, kernel, rmsnorm_groups)

#endif
