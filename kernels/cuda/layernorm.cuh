/* layernorm:  y[count][D] <- (x[count][D] - mean(x)) / sqrt(variance(x) + EPS) * weight[D] +
 * bias[D]
 *
 *   Means    kernels/cpu/layernorm.h, which is the definition
 *   Shapes   y, x [rows][S] f32, S = PAD(D); weight, bias f32 [S]; x may not be y
 *   Grid     that of norm.cuh: one block per row, for the most rows of the kernel
 *   Moves    x once (it stays in registers), weight, bias and y once; weight and bias before
 *            pdl_wait(); bound by latency in decode
 *   Order    both sums over the row: thread t acc from 0 over vectors t, t + threads, ..; the tree
 *            of lanes_sum(); warps from 0 upwards. m = sum of x / D; d = x - m, 0 in the pads; acc
 *            = fma(d, d, acc); then (d * s) * weight + bias as on the CPU
 *   Error    with h = 2^-24, n = S / threads, w = warps / 2 + 12 and a the mean of |x|, as long as
 *            a s < 2^10:
 *            |y - exact| <= ((n / 2 + w) h |x - m| + (n + 2 w) h a) s |weight| + 2 h |bias|
 *            (tests/kernels/cuda/layernorm_test.cc) */
#ifndef KERNELS_CUDA_LAYERNORM_CUH
#define KERNELS_CUDA_LAYERNORM_CUH

#include "kernels/cuda/norm.cuh"

struct layernorm_shared {
    f32 sums[NORM_MOST_WARPS], squares[NORM_MOST_WARPS];
};

/* A vector <- its distance from the mean; elements from column D on become 0. */
DEVICE struct vec16 vec_centered(const struct vec16 *x, f32 mean, u32 column, u32 D)
{
    struct vec16 apart;
    UNROLL
    for (u32 i = 0; i < 4; i++)
        apart.word[i] = column + i < D ? as_u32(as_f32(x->word[i]) - mean) : 0;
    return apart;
}

DEVICE struct vec16 vec_normed(const struct vec16 *apart, f32 scale, const struct vec16 *weight,
                               const struct vec16 *bias)
{
    struct vec16 y;
    UNROLL
    for (u32 i = 0; i < 4; i++)
        y.word[i] = as_u32(as_f32(apart->word[i]) * scale * as_f32(weight->word[i]) +
                           as_f32(bias->word[i]));
    return y;
}

struct layernorm_params {
    const struct step *step;
    const f32 *weight, *bias, *x;
    f32 *y;
};

template <layernorm_shape s> struct layernorm {
    static_assert(norm_fits(s.x_stride), "layernorm: a row has at most 32768 floats");
    using params = layernorm_params;
    static constexpr u32 blocks = s.rows, threads = norm_threads(s.x_stride);
    static constexpr u32 shared_bytes = sizeof(struct layernorm_shared);
    static constexpr u32 total = s.x_stride / 4, vectors = ceil_div(total, threads);

    DEVICE void run(const params *p)
    {
        struct layernorm_shared *const shared = (struct layernorm_shared *)shared_memory();
        const u32 row = block_index();
        struct vec16 x[NORM_VECTORS] = {}, weight[NORM_VECTORS] = {}, bias[NORM_VECTORS] = {};
        pdl_trigger();
        UNROLL
        for (u32 i = 0; i < vectors; i++)
            if (turn_is_mine(total, threads, i)) {
                weight[i] = load_weights16(p->weight + turn_piece(threads, i) * 4);
                bias[i] = load_weights16(p->bias + turn_piece(threads, i) * 4);
            }
        pdl_wait();
        if (row >= count_rows(s.count, p->step))
            return; /* the whole block */
        const f32 *const from = p->x + (size_t)(count_first(s.count, p->step) + row) * s.x_stride;
        UNROLL
        for (u32 i = 0; i < vectors; i++)
            if (turn_is_mine(total, threads, i))
                x[i] = load16(from + turn_piece(threads, i) * 4);
        f32 sum = 0.0f, squares = 0.0f;
        UNROLL
        for (u32 i = 0; i < vectors; i++)
            sum = vec_sum(&x[i], sum);
        sum = lanes_sum(sum, WARP);
        if (warp_lane() == 0)
            shared->sums[warp_index()] = sum;
        block_barrier(); /* sums: written by each warp, read by all threads below */
        const f32 mean = k_div(warps_sum(threads / WARP, shared->sums), (f32)s.D);
        UNROLL
        for (u32 i = 0; i < vectors; i++) {
            x[i] = vec_centered(&x[i], mean, turn_piece(threads, i) * 4, s.D);
            squares = vec_squares(&x[i], squares);
        }
        squares = lanes_sum(squares, WARP);
        if (warp_lane() == 0)
            shared->squares[warp_index()] = squares;
        block_barrier(); /* squares: written by each warp, read by all threads below */
        const f32 scale = norm_scale(s.D, s.epsilon, threads / WARP, shared->squares);
        UNROLL
        for (u32 i = 0; i < vectors; i++)
            if (turn_is_mine(total, threads, i))
                store16(p->y + (size_t)row * s.x_stride + turn_piece(threads, i) * 4,
                        vec_normed(&x[i], scale, &weight[i], &bias[i]));
    }
};

template <layernorm_shape s>
static inline void layernorm_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                    const f32 *x, const f32 *weight, const f32 *bias)
{
    kernel_launch<layernorm<s>>(r, op, kernels.part[0], {r->step, weight, bias, x, y});
}

#define LAYERNORM_KERNELS(name, ...) KERNELS_1(name, kernel, layernorm)

#endif
