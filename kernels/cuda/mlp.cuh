/* swiglu:  gate[count][M] <- silu(gate) * up, in place
 *
 *   Means    kernels/cpu/mlp.h, which is the definition
 *   Shapes   gate, up [rows][S] f32, S = PAD(M)
 *   Grid     a thread has 4 neighbouring elements, for the most rows of the instance
 *   Moves    both in, one out; bound by bandwidth
 *   Order    no sums: the bits of the CPU
 *   Error    as there (tests/kernels/cuda/mlp_kernels_test.cc)
 *
 * norm_linear_swiglu:  the entrance of an MLP in a decode step, one token
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

enum { SWIGLU_THREADS = 256 };

#define SWIGLU_BLOCKS(S, MOST) CEIL_DIV((MOST) * ((S) / 4), SWIGLU_THREADS)

/* ---- rows ----------------------------------------------------------------------------------- */
struct swiglu_params {
    const struct step *step;
    f32 *gate;
    const f32 *up;
};

DEVICE void swiglu(u32 S, enum count count, const struct swiglu_params *p)
{
    pdl_trigger();
    pdl_wait();
    const u32 i = block_index() * SWIGLU_THREADS + thread_index();
    if (i / (S / 4) >= count_rows(count, p->step))
        return;
    struct vec16 gate = load16(p->gate + (size_t)i * 4);
    const struct vec16 up = load16(p->up + (size_t)i * 4);
    UNROLL
    for (u32 w = 0; w < 4; w++)
        gate.word[w] = as_u32(k_silu(as_f32(gate.word[w])) * as_f32(up.word[w]));
    store16(p->gate + (size_t)i * 4, gate);
}

#define SWIGLU(name, S, COUNT)                                                                     \
    KERNEL(name##_kernel, struct swiglu_params, SWIGLU_THREADS)                                    \
    {                                                                                              \
        swiglu(S, COUNT_##COUNT, &p);                                                              \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*gate)[S], const f32(*up)[S])                         \
    {                                                                                              \
        const struct swiglu_params params = {r->step, gate[0], up[0]};                             \
        LAUNCH(r, op, name##_kernel, SWIGLU_BLOCKS(S, ROWS_MOST_##COUNT), SWIGLU_THREADS, 0,       \
               params);                                                                            \
    }

/* ---- one row -------------------------------------------------------------------------------- */
/* Rows of pairs for which the rule of linear_gemv.cuh is asked: so many that a warp has both rows
 * of a pair. `rows` is their true count. */
#define PAIR_ROWS(rows)   GEMV_MOST(rows, 2u * 384)
#define PAIR_BLOCKS(rows) ((rows) / GEMV_BLOCK_ROWS(PAIR_ROWS(rows)))

/* This lane's part of the rows of a block that begins with row `row` of gate and up as pairs; the
 * rule is that of M rows. */
DEVICE struct product pair_product(enum format T, u32 M, u32 D, u32 row, const void *gate,
                                   const void *up)
{
    struct product p = gemv_product(T, M, D, gate);
    const u32 own = row + warp_index() / GEMV_SPLIT(T, M, D) * GEMV_ROWS(M);
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

DEVICE void norm_linear_swiglu(enum format T, u32 D, u32 M, f32 eps,
                               const struct norm_linear_swiglu_params *p)
{
    const u32 threads = GEMV_THREADS(T, M, D);
    struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
    const struct product product =
        pair_product(T, M, D, block_index() * GEMV_BLOCK_ROWS(M), p->gate, p->up);
    const u32 row = gemv_row(T, M, D);
    struct vec16 hold[GEMV_AHEAD] = {};
    f32 sums[GEMV_MOST_ROWS];
    pdl_trigger();
    product_begin(&product, hold);
    norm_begin(T, D, threads, {p->norm, NULL}, shared);
    pdl_wait();
    const f32 scale = norm_row(T, D, eps, threads, false, p->x, shared);
    product_sums(&product, hold, shared->x, sums);
    const f32 y = pair_swiglu(gemv_total(T, M, D, shared, sums) * scale);
    if (row != ~0u && row % 2 == 0)
        p->y[row / 2] = y;
}

#define NORM_LINEAR_SWIGLU(name, TYPE, T, D, S, M, EPS)                                            \
    static_assert(GEMV_SHARED_BYTES(D) <= SHARED_MOST_BYTES, "norm_linear_swiglu: x is too long"); \
    KERNEL(name##_kernel, struct norm_linear_swiglu_params,                                        \
           GEMV_THREADS(FORMAT_##T, PAIR_ROWS(2 * LINE_PAD(M)), D))                                \
    {                                                                                              \
        norm_linear_swiglu(FORMAT_##T, D, PAIR_ROWS(2 * LINE_PAD(M)), EPS, &p);                    \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[S], const f32 *norm,  \
                         const TYPE *gate, const TYPE *up)                                         \
    {                                                                                              \
        const struct norm_linear_swiglu_params params = {gate->w, up->w, norm, x[0], y[0]};        \
        LAUNCH(r, op, name##_kernel, PAIR_BLOCKS(2 * LINE_PAD(M)),                                 \
               GEMV_THREADS(FORMAT_##T, PAIR_ROWS(2 * LINE_PAD(M)), D), GEMV_SHARED_BYTES(D),      \
               params);                                                                            \
    }

#endif
