/* layernorm:  y[count][D] <- (x[count][D] - mean(x)) / sqrt(variance(x) + EPS) * weight[D] +
 * bias[D]
 *
 *   Means    kernels/cpu/layernorm.h, which is the definition
 *   Shapes   y, x [rows][S] f32, S = PAD(D); weight, bias f32 [S]; x may not be y
 *   Grid     that of norm.cuh: one block per row, for the most rows of the instance
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

struct layernorm_params {
    const struct step *step;
    const f32 *weight, *bias, *x;
    f32 *y;
};

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

DEVICE void layernorm(u32 D, u32 S, f32 eps, enum count count, const struct layernorm_params *p)
{
    struct layernorm_shared *const shared = (struct layernorm_shared *)shared_memory();
    const u32 threads = NORM_THREADS(S), vectors = CEIL_DIV(S / 4, threads), row = block_index();
    struct vec16 x[NORM_VECTORS] = {}, weight[NORM_VECTORS] = {}, bias[NORM_VECTORS] = {};
    pdl_trigger();
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i)) {
            weight[i] = load_weights16(p->weight + turn_piece(threads, i) * 4);
            bias[i] = load_weights16(p->bias + turn_piece(threads, i) * 4);
        }
    pdl_wait();
    if (row >= count_rows(count, p->step))
        return; /* the whole block */
    const f32 *const from = p->x + (size_t)(count_first(count, p->step) + row) * S;
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i))
            x[i] = load16(from + turn_piece(threads, i) * 4);
    f32 sum = 0.0f, squares = 0.0f;
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        sum = vec_sum(&x[i], sum);
    sum = lanes_sum(sum, WARP);
    if (warp_lane() == 0)
        shared->sums[warp_index()] = sum;
    block_barrier(); /* sums: written by each warp, read by all threads below */
    const f32 mean = k_div(warps_sum(threads / WARP, shared->sums), (f32)D);
    UNROLL
    for (u32 i = 0; i < vectors; i++) {
        x[i] = vec_centered(&x[i], mean, turn_piece(threads, i) * 4, D);
        squares = vec_squares(&x[i], squares);
    }
    squares = lanes_sum(squares, WARP);
    if (warp_lane() == 0)
        shared->squares[warp_index()] = squares;
    block_barrier(); /* squares: written by each warp, read by all threads below */
    const f32 scale = norm_scale(D, eps, threads / WARP, shared->squares);
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i))
            store16(p->y + (size_t)row * S + turn_piece(threads, i) * 4,
                    vec_normed(&x[i], scale, &weight[i], &bias[i]));
}

#define LAYERNORM(name, D, S, EPS, COUNT)                                                          \
    static_assert(NORM_FITS(S), "layernorm: a row has at most 32768 floats");                      \
    KERNEL(name##_kernel, struct layernorm_params, NORM_THREADS(S))                                \
    {                                                                                              \
        layernorm(D, S, EPS, COUNT_##COUNT, &p);                                                   \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[S], const f32(*x)[S], const f32 *weight,          \
                         const f32 *bias)                                                          \
    {                                                                                              \
        struct layernorm_params p = {r->step, weight, bias, x[0], y[0]};                           \
        LAUNCH(r, op, name##_kernel, ROWS_MOST_##COUNT, NORM_THREADS(S),                           \
               sizeof(struct layernorm_shared), p);                                                \
    }

#endif
