/* norm_linear_add:  y <- y + W n(x) + bias, n the RMSNorm of each of G groups, one token
 *
 *   Means    kernels/cpu/norm_linear_add.h, which is the definition
 *   Shapes   y [1][PAD(M)] f32; x [1][XS], of which columns 0 .. D-1; norm [D]; W [PAD(M)][D]
 *            row-major; bias [PAD(M)]; a NULL bias is none; D, I and G as in norm_groups.cuh
 *   Grid     of linear_gemv.cuh for M
 *   Moves    W once, its first vectors and the norm's weight before pdl_wait(); x once per block,
 *            from L2, twice where there are groups
 *   Order    one group without pads: as in norm_gemv.cuh, the norm's factor at the end. Else a
 *            warp per group, lane l acc = fma(x, x, acc) from 0 over vectors l, l + 32, .., the
 *            tree of lanes_sum(); s = 1 / sqrt(sum G / I + EPS); u = x * s * norm. Sums of W u as
 *            in linear_gemv.cuh; * the factor; + bias; y + that
 *   Error    e = (D / 32 + 32) 2^-24 (sum |W||norm x| s + |bias|), and 2^-24 (|y| + e)
 *            (tests/kernels/cuda/norm_groups_kernel_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*y)[PAD(M)], const f32 (*x)[XS], const f32 *norm, const TYPE *w,
 *             const f32 *bias) */
#ifndef KERNELS_CUDA_NORM_LINEAR_ADD_CUH
#define KERNELS_CUDA_NORM_LINEAR_ADD_CUH

#include "kernels/cuda/norm_gemv.cuh"

/* scales[G] <- 1 / rms of each group. */
DEVICE void group_scales(u32 D, u32 I, u32 G, f32 eps, u32 warps, const f32 *x, f32 *scales)
{
    const u32 vectors = D / G / 4;
    for (u32 g = warp_index(); g < G; g += warps) {
        f32 sum = 0.0f;
        for (u32 v = warp_lane(); v < vectors; v += WARP) {
            const struct vec16 four = load16(x + (size_t)g * (D / G) + (size_t)v * 4);
            sum = vec_squares(&four, sum);
        }
        sum = lanes_sum(sum, WARP);
        if (warp_lane() == 0)
            scales[g] = norm_scale(I / G, eps, 1, &sum);
    }
}

/* Puts x * scale of its group * the weight that lies there to where it is staged. */
DEVICE void groups_stage(struct gemv_grid g, u32 G, const f32 *x, const f32 *scales,
                         struct vec16 *to)
{
    const u32 threads = g.threads, total = g.K / 4, turns = ceil_div(total, threads);
    copy_async_wait(0); /* the norm's weight, read by the thread that asked for it */
    UNROLL
    for (u32 i = 0; i < turns; i++) {
        const u32 q = turn_piece(threads, i);
        if (!turn_is_mine(total, threads, i))
            continue;
        struct vec16 *const at = &to[stage_slot(g.type, g.K, q)];
        const struct vec16 weight = load16(at);
        struct vec16 four = load16(x + (size_t)q * 4);
        UNROLL
        for (u32 j = 0; j < 4; j++)
            four.word[j] = as_u32(as_f32(four.word[j]) * scales[q / (total / G)]);
        store16(at, vec_product(&four, &weight));
    }
}

/* Stages the norm of x for all threads of the block; returns the factor of the finished sums. */
DEVICE f32 norm_row_groups(struct gemv_grid g, u32 I, u32 G, f32 epsilon, const f32 *x,
                           struct gemv_shared *shared)
{
    if (G == 1 && I == g.K)
        return norm_row(g, epsilon, false, x, shared);
    f32 *const scales = (f32 *)(shared->x + g.K / 4); /* behind the row that is staged */
    group_scales(g.K, I, G, epsilon, g.threads / WARP, x, scales);
    block_barrier(); /* scales: written by each warp, read by all threads below */
    groups_stage(g, G, x, scales, shared->x);
    block_barrier(); /* x: written by all threads, read by all in product_sums() */
    return 1.0f;
}

struct norm_linear_add_params {
    const void *w;
    const f32 *norm, *bias, *x;
    f32 *y;
};

template <norm_linear_add_shape s> struct norm_linear_add {
    using params = norm_linear_add_params;
    static constexpr struct gemv_grid grid = gemv_grid_of(s.type, s.M, s.D);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = gemv_shared_bytes(s.D) + LINE_PAD(s.G) * 4;
    static_assert(s.D % (16 * s.G) == 0, "norm_linear_add: groups in lines of 16");
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "norm_linear_add: x is too long");

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const struct product product = gemv_product(g, p->w);
        const u32 row = gemv_row(g);
        struct vec16 hold[GEMV_AHEAD] = {};
        f32 sums[GEMV_MOST_ROWS], bias = 0.0f, before = 0.0f;
        pdl_trigger();
        product_begin(&product, hold);
        norm_begin(g, {p->norm, NULL}, shared);
        if (p->bias && row != ~0u)
            bias = p->bias[row];
        pdl_wait();
        const f32 scale = norm_row_groups(g, s.I, s.G, s.epsilon, p->x, shared);
        if (row != ~0u)
            before = p->y[row];
        product_sums(&product, hold, shared->x, sums);
        const f32 total = gemv_total(g, shared, sums) * scale + bias;
        if (row != ~0u)
            p->y[row] = before + total;
    }
};

template <norm_linear_add_shape s>
static inline void norm_linear_add_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                          const f32 *x, const f32 *norm, const void *w,
                                          const f32 *bias)
{
    kernel_launch<norm_linear_add<s>>(r, op, kernels.part[0], {w, norm, bias, x, y});
}

#define NORM_LINEAR_ADD_KERNELS(name, ...) KERNELS_1(name, kernel, norm_linear_add)

#endif
