/* swiglu:  gate[count][M] <- silu(gate) * up, in place
 *
 *   Means    kernels/cpu/mlp.h, which is the definition
 *   Shapes   gate, up [rows][S] f32, S = PAD(M)
 *   Grid     a thread has 4 neighbouring elements, for the most rows of the kernel
 *   Moves    both in, one out; bound by bandwidth
 *   Order    no sums: the bits of the CPU
 *   Error    as there (tests/kernels/cuda/mlp_kernels_test.cc)
 *
 * norm_linear_swiglu:  how an MLP begins in a decode step, one token
 *
 *   Means    y = silu(G norm(x)) * (U norm(x)): kernels/cpu/mlp.h, which is the definition
 *   Shapes   y [1][PAD(M)]; x [1][S], norm [S], S = PAD(D); G, U [PAD(M)][S] row-major
 *   Grid     that of linear_gemv.cuh for 2 PAD(M) rows, of which row 2 i is row i of G and row 2 i
 *            + 1 that of U, behind the norm of norm_gemv.cuh. A warp has at least 2 rows, so lanes
 *            side by side have the two sums of an output.
 *   Moves    G and U once, their first vectors and the norm's weight before pdl_wait()
 *   Order    x * norm and the factor s as in norm_gemv.cuh; sums as in linear_gemv.cuh; each * s;
 *            silu as in math.cuh; one product
 *   Error    e of a sum as in norm_linear_conv.cuh; 1.1 e (|u| + e) + |silu(g)| e + 8 2^-24 |y|
 *            (tests/kernels/cuda/mlp_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*gate)[S], const f32 (*up)[S])
 *   void NAME(run *, u32 op, f32 (*y)[PAD(M)], const f32 (*x)[S], const f32 *norm,
 *             const TYPE *gate, const TYPE *up) */
#ifndef KERNELS_CUDA_MLP_CUH
#define KERNELS_CUDA_MLP_CUH

#include "kernels/cuda/norm_gemv.cuh"

struct swiglu_params {
    const struct step *step;
    f32 *gate;
    const f32 *up;
};

/* ---- rows ----------------------------------------------------------------------------------- */
template <swiglu_shape s> struct swiglu {
    using params = swiglu_params;
    static constexpr u32 quads = s.gate_stride / 4; /* of a row */
    static constexpr u32 threads = 256, shared_bytes = 0;
    static constexpr u32 blocks = ceil_div(s.rows * quads, threads);

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        const u32 i = block_index() * threads + thread_index();
        if (i / quads >= count_rows(s.count, p->step))
            return;
        struct vec16 gate = load16(p->gate + (size_t)i * 4);
        const struct vec16 up = load16(p->up + (size_t)i * 4);
        UNROLL
        for (u32 w = 0; w < 4; w++)
            gate.word[w] = as_u32(k_silu(as_f32(gate.word[w])) * as_f32(up.word[w]));
        store16(p->gate + (size_t)i * 4, gate);
    }
};

template <swiglu_shape s>
static inline void swiglu_launch(run *r, u32 op, const struct kernels &kernels, f32 *gate,
                                 const f32 *up)
{
    kernel_launch<swiglu<s>>(r, op, kernels.part[0], {r->step, gate, up});
}

#define SWIGLU_KERNELS(name, ...) KERNELS_1(name, kernel, swiglu)

/* ---- one row -------------------------------------------------------------------------------- */
/* The grid of `rows` rows of pairs: that of so many that a warp has both rows of a pair. */
HOST_DEVICE constexpr struct gemv_grid pair_grid_of(enum format type, u32 rows, u32 D)
{
    struct gemv_grid g = gemv_grid_of(type, u32_max(rows, 2 * 384), D);
    g.blocks = rows / g.block_rows;
    return g;
}

/* This lane's part of the rows of a block that begins with row `row` of gate and up as pairs. */
DEVICE struct product pair_product(struct gemv_grid g, u32 row, const void *gate, const void *up)
{
    struct product p = gemv_product(g, gate);
    const u32 own = row + gemv_warp_row(g);
    const size_t at = (size_t)(own / 2) * p.vectors * 16;
    p.w = (const char *)gate + at;
    p.odd = (const char *)up + at;
    p.step = 1;
    return p;
}

/* What the owner of an even row has to store, from the sums of gemv_total(): the lane beside it has
 * that of the odd one. All lanes come here. */
DEVICE f32 pair_swiglu(f32 sum)
{
    const f32 up = warp_xor(sum, 1);
    return k_silu(sum) * up;
}

struct norm_linear_swiglu_params {
    const void *gate, *up;
    const f32 *norm, *x;
    f32 *y;
};

template <norm_linear_swiglu_shape s> struct norm_linear_swiglu {
    using params = norm_linear_swiglu_params;
    static constexpr struct gemv_grid grid = pair_grid_of(s.type, 2 * LINE_PAD(s.M), s.D);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = gemv_shared_bytes(s.D);
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "norm_linear_swiglu: x is too long");

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const struct product product =
            pair_product(g, block_index() * g.block_rows, p->gate, p->up);
        const u32 row = gemv_row(g);
        struct vec16 hold[GEMV_AHEAD] = {};
        f32 sums[GEMV_MOST_ROWS];
        pdl_trigger();
        product_begin(&product, hold);
        norm_begin(g, {p->norm, NULL}, shared);
        pdl_wait();
        const f32 scale = norm_row(g, s.epsilon, false, p->x, shared);
        product_sums(&product, hold, shared->x, sums);
        const f32 y = pair_swiglu(gemv_total(g, shared, sums) * scale);
        if (row != ~0u && row % 2 == 0)
            p->y[row / 2] = y;
    }
};

template <norm_linear_swiglu_shape s>
static inline void norm_linear_swiglu_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                             const f32 *x, const f32 *norm, const void *gate,
                                             const void *up)
{
    kernel_launch<norm_linear_swiglu<s>>(r, op, kernels.part[0], {gate, up, norm, x, y});
}

#define NORM_LINEAR_SWIGLU_KERNELS(name, ...) KERNELS_1(name, kernel, norm_linear_swiglu)

#endif
