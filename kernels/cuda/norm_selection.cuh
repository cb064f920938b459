/* norm_selection:  xdb.dt, xdb.B, xdb.C[count] <- each by itself, x / rms(x) * weight, in place
 *
 *   Means    kernels/cpu/norm_selection.h, which is the definition
 *   Shapes   xdb [rows][DS] f32: dt in columns 0 .. R-1, B in R .. R+N-1, C in R+N .. R+2N-1;
 *            dt_norm [PAD(R)], b_norm and c_norm [PAD(N)]
 *   Grid     a block of three warps per row, a warp for each part
 *   Moves    R + 2 N floats per row in and out; bound by latency
 *   Order    lane l: acc = fma(x, x, acc) from 0 over elements l, l + 32, ..; the tree of
 *            lanes_sum(); then (x * s) * weight as on the CPU
 *   Error    |y - exact| <= (D / 64 + 10) 2^-24 |exact|, D = R or N
 *            (tests/kernels/cuda/norm_selection_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*xdb)[DS], const f32 *dt_norm, const f32 *b_norm,
 *             const f32 *c_norm) */
#ifndef KERNELS_CUDA_NORM_SELECTION_CUH
#define KERNELS_CUDA_NORM_SELECTION_CUH

#include "kernels/cuda/op.cuh"

enum { SELECTION_PARTS = 3 };

/* The weights of the three norms. */
struct selection_norms {
    const f32 *dt, *B, *C;
};

/* to <- from / rms(from) * weight, D elements anywhere, by one warp; `to` may be `from`. */
DEVICE void norm_part(u32 D, f32 eps, const f32 *weight, const f32 *from, f32 *to)
{
    f32 sum = 0.0f;
    for (u32 i = warp_lane(); i < D; i += WARP)
        sum = k_fma(from[i], from[i], sum);
    const f32 scale = k_rsqrt(k_div(lanes_sum(sum, WARP), (f32)D) + eps);
    for (u32 i = warp_lane(); i < D; i += WARP)
        to[i] = from[i] * scale * weight[i];
}

/* One row, by the first three warps of a block. */
DEVICE void norm_selection_row(u32 R, u32 N, f32 eps, const struct selection_norms *norms,
                               const f32 *from, f32 *to)
{
    if (warp_index() == 0)
        norm_part(R, eps, norms->dt, from, to);
    else if (warp_index() == 1)
        norm_part(N, eps, norms->B, from + R, to + R);
    else if (warp_index() == 2)
        norm_part(N, eps, norms->C, from + R + N, to + R + N);
}

struct norm_selection_params {
    const struct step *step;
    struct selection_norms norms;
    f32 *xdb;
};

template <norm_selection_shape s> struct norm_selection {
    using params = norm_selection_params;
    static constexpr u32 blocks = s.rows, threads = SELECTION_PARTS * WARP, shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        f32 *const row = p->xdb + (size_t)block_index() * s.xdb_stride;
        if (block_index() < count_rows(s.count, p->step))
            norm_selection_row(s.R, s.N, s.epsilon, &p->norms, row, row);
    }
};

template <norm_selection_shape s>
static inline void norm_selection_launch(run *r, u32 op, const struct kernels &kernels, f32 *xdb,
                                         const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm)
{
    kernel_launch<norm_selection<s>>(r, op, kernels.part[0],
                                     {r->step, {dt_norm, b_norm, c_norm}, xdb});
}

#define NORM_SELECTION_KERNELS(name, ...) KERNELS_1(name, kernel, norm_selection)

#endif
