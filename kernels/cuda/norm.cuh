/* rmsnorm:  y[count][D] <- x[count][D] / rms(x) * weight[D]
 *
 *   Means    kernels/cpu/norm.h, which is the definition
 *   Shapes   y, x [rows][S] f32, S = PAD(D); weight f32 [S]; x may not be y
 *   Grid     one block per row, for the most rows of the kernel; a thread has up to 8 vectors of
 *            4 floats, in blocks of up to 256 threads where that is enough and 1024 where not
 *   Moves    x once (it stays in registers), weight and y once; bound by latency in decode
 *   Order    thread t: acc = fma(x, x, acc) from 0 over vectors t, t + threads, ..; the tree of
 *            lanes_sum(); warps from 0 upwards. Then (x * s) * weight as on the CPU.
 *   Error    |y - exact| <= (S / (2 threads) + warps / 2 + 9) 2^-24 |exact|: at most 41 2^-24
 *            (tests/kernels/cuda/decode_rows_test.cc) */
#ifndef KERNELS_CUDA_NORM_CUH
#define KERNELS_CUDA_NORM_CUH

#include "kernels/cuda/op.cuh"

enum { NORM_VECTORS = 8, NORM_MOST_WARPS = 32 };

/* Threads for rows of S floats, which have to fit. */
HOST_DEVICE constexpr u32 norm_threads(u32 S)
{
    const u32 block = S / 4 <= 256 * NORM_VECTORS ? 256 : 1024;
    return S / 4 < block ? ceil_div(S / 4, WARP) * WARP : block;
}

HOST_DEVICE constexpr bool norm_fits(u32 S)
{
    return S / 4 <= 1024 * NORM_VECTORS;
}

struct rmsnorm_params {
    const struct step *step;
    const f32 *weight, *x;
    f32 *y;
};

struct norm_shared {
    f32 squares[NORM_MOST_WARPS];
};

/* One vector of x, and its part of the sum of squares. */
DEVICE f32 vec_squares(const struct vec16 *x, f32 sum)
{
    UNROLL
    for (u32 i = 0; i < 4; i++)
        sum = k_fma(as_f32(x->word[i]), as_f32(x->word[i]), sum);
    return sum;
}

/* The same for the plain sum. */
DEVICE f32 vec_sum(const struct vec16 *x, f32 sum)
{
    UNROLL
    for (u32 i = 0; i < 4; i++)
        sum = sum + as_f32(x->word[i]);
    return sum;
}

DEVICE struct vec16 vec_product(const struct vec16 *a, const struct vec16 *b)
{
    struct vec16 product;
    UNROLL
    for (u32 i = 0; i < 4; i++)
        product.word[i] = as_u32(as_f32(a->word[i]) * as_f32(b->word[i]));
    return product;
}

/* The sum over `warps` warps of what each of them has summed. */
DEVICE f32 warps_sum(u32 warps, const f32 *part)
{
    f32 sum = part[0];
    UNROLL
    for (u32 i = 1; i < warps; i++)
        sum = sum + part[i];
    return sum;
}

/* 1 / rms from the sums of squares of `warps` warps. */
DEVICE f32 norm_scale(u32 D, f32 eps, u32 warps, const f32 *squares)
{
    return k_rsqrt(k_div(warps_sum(warps, squares), (f32)D) + eps);
}

/* A row of x_stride floats has G groups of D each, S floats apart: one of them, by a block. */
DEVICE void rmsnorm_block(u32 D, u32 S, u32 G, u32 x_stride, f32 epsilon, enum count count,
                          const struct rmsnorm_params *p)
{
    struct norm_shared *const shared = (struct norm_shared *)shared_memory();
    const u32 threads = norm_threads(S), total = S / 4, vectors = ceil_div(total, threads);
    const u32 row = block_index() / G, at = block_index() % G * S;
    struct vec16 x[NORM_VECTORS] = {}, weight[NORM_VECTORS] = {};
    pdl_trigger();
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(total, threads, i))
            weight[i] = load_weights16(p->weight + at + turn_piece(threads, i) * 4);
    pdl_wait();
    if (row >= count_rows(count, p->step))
        return; /* the whole block */
    const f32 *const from = p->x + (size_t)(count_first(count, p->step) + row) * x_stride + at;
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(total, threads, i))
            x[i] = load16(from + turn_piece(threads, i) * 4);
    f32 sum = 0.0f;
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(total, threads, i))
            sum = vec_squares(&x[i], sum);
    sum = lanes_sum(sum, WARP);
    if (warp_lane() == 0)
        shared->squares[warp_index()] = sum;
    block_barrier(); /* squares: written by each warp, read by all threads below */
    const f32 scale = norm_scale(D, epsilon, threads / WARP, shared->squares);
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(total, threads, i)) {
            struct vec16 y;
            UNROLL
            for (u32 j = 0; j < 4; j++)
                y.word[j] = as_u32(as_f32(x[i].word[j]) * scale * as_f32(weight[i].word[j]));
            store16(p->y + (size_t)row * x_stride + at + turn_piece(threads, i) * 4, y);
        }
}

template <rmsnorm_shape s> struct rmsnorm {
    static_assert(norm_fits(s.x_stride), "rmsnorm: a row has at most 32768 floats");
    using params = rmsnorm_params;
    static constexpr u32 blocks = s.rows, threads = norm_threads(s.x_stride);
    static constexpr u32 shared_bytes = sizeof(struct norm_shared);

    DEVICE void run(const params *p)
    {
        rmsnorm_block(s.D, s.x_stride, 1, s.x_stride, s.epsilon, s.count, p);
    }
};

template <rmsnorm_shape s>
static inline void rmsnorm_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                  const f32 *x, const f32 *weight)
{
    kernel_launch<rmsnorm<s>>(r, op, kernels.part[0], {r->step, weight, x, y});
}

#define RMSNORM_KERNELS(name, ...) KERNELS_1(name, kernel, rmsnorm)

#endif
