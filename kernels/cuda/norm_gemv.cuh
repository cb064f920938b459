/* The norm in front of the products of one row: RMSNorm, or LayerNorm where there is a bias.
 *
 *   Means    u = norm(x), rmsnorm of kernels/cpu/norm.h or layernorm of kernels/cpu/layernorm.h,
 *            staged in shared memory where products of linear_gemv.cuh read it
 *   Shapes   x [1][S] f32, weight and bias [S], S = PAD(D)
 *   Grid     that of the products. Every block reads the whole x and normalises it for itself,
 *            which costs less than a kernel of its own.
 *   Moves    x, weight and bias once per block, from L2; weight and bias before pdl_wait()
 *   Order    a sum over the row: thread t acc from 0 over vectors t, t + threads, ..; the tree of
 *            lanes_sum(); warps from 0 upwards. RMSNorm: acc = fma(x, x, acc); u = x * weight is
 *            staged, and 1 / sqrt(sum / D + EPS) is a factor of the finished sums. LayerNorm: m =
 *            sum of x / D; d = x - m; s = 1 / sqrt(sum of d^2 / D + EPS); u = d * s * weight + bias
 *   Error    with h = 2^-24 and n = D / threads: of RMSNorm's factor (n / 2 + 10) h, and h |u|. Of
 *            LayerNorm, a the mean of |x|, as long as a s < 2^10:
 *            ((n / 2 + 14) h |x - m| + (n + 20) h a) s |weight| + 2 h |bias|
 *            (tests/kernels/cuda/decode_kernels_test.cc, tests/kernels/cuda/norm_gemv_test.cc)
 *
 * A kernel calls norm_begin() beside product_begin(), norm_row() after pdl_wait(), product_sums()
 * with shared->x, and multiplies what gemv_total() gives by the factor. */
#ifndef KERNELS_CUDA_NORM_GEMV_CUH
#define KERNELS_CUDA_NORM_GEMV_CUH

#include "kernels/cuda/linear_gemv.cuh"
#include "kernels/cuda/norm.cuh"

enum { NORM_STAGE = 8 }; /* vectors of x that a thread has on the way to shared memory */

/* The weights of a norm; a NULL bias is RMSNorm. */
struct norm_weights {
    const f32 *weight, *bias;
};

/* LayerNorm keeps its weight and bias behind the row that it stages. */
HOST_DEVICE constexpr u32 norm_gemv_shared_bytes(u32 D, bool biased)
{
    return gemv_shared_bytes(D) + (biased ? 2 * LINE_PAD(D) * 4 : 0);
}

/* Begins to bring the norm's weights to shared memory, each to the thread that will use it. */
DEVICE void norm_begin(struct gemv_grid g, struct norm_weights norm, struct gemv_shared *shared)
{
    const u32 total = LINE_PAD(g.K) / 4, turns = ceil_div(total, g.threads);
    UNROLL
    for (u32 i = 0; i < turns; i++) {
        const u32 q = turn_piece(g.threads, i);
        if (!turn_is_mine(total, g.threads, i))
            continue;
        if (norm.bias) {
            copy_async16(&shared->x[total + q], norm.weight + (size_t)q * 4);
            copy_async16(&shared->x[2 * total + q], norm.bias + (size_t)q * 4);
        } else {
            copy_async16(&shared->x[stage_slot(g.type, g.K, q)], norm.weight + (size_t)q * 4);
        }
    }
    copy_async_commit();
}

/* Puts x, or with `times` x times the weight that lies there, to where it is staged; returns this
 * thread's part of the sum of squares or, without `times`, of the plain sum. */
DEVICE f32 norm_stage(struct gemv_grid g, bool times, const f32 *x, struct vec16 *to)
{
    const u32 total = LINE_PAD(g.K) / 4, turns = ceil_div(total, g.threads);
    f32 sum = 0.0f;
    UNROLL
    for (u32 base = 0; base < turns; base += NORM_STAGE) {
        const u32 end = u32_min(turns, base + NORM_STAGE);
        struct vec16 hold[NORM_STAGE] = {};
        UNROLL
        for (u32 i = base; i < end; i++)
            if (turn_is_mine(total, g.threads, i))
                hold[i - base] = load16(x + (size_t)turn_piece(g.threads, i) * 4);
        warp_barrier(); /* keeps the loads in front of the stores: see stage_row() */
        if (base == 0)
            copy_async_wait(0); /* the norm's weights, read by the thread that asked for them */
        UNROLL
        for (u32 i = base; i < end; i++)
            if (turn_is_mine(total, g.threads, i)) {
                struct vec16 *const at = &to[stage_slot(g.type, g.K, turn_piece(g.threads, i))];
                sum = times ? vec_squares(&hold[i - base], sum) : vec_sum(&hold[i - base], sum);
                if (times) {
                    const struct vec16 weight = load16(at);
                    hold[i - base] = vec_product(&hold[i - base], &weight);
                }
                store16(at, hold[i - base]);
            }
    }
    return sum;
}

/* The staged row <- its distance from the mean, 0 in the pads; returns this thread's part of the
 * sum of squares. */
DEVICE f32 norm_center(struct gemv_grid g, f32 mean, struct vec16 *to)
{
    const u32 total = LINE_PAD(g.K) / 4, turns = ceil_div(total, g.threads);
    f32 squares = 0.0f;
    UNROLL
    for (u32 i = 0; i < turns; i++) {
        const u32 q = turn_piece(g.threads, i);
        if (!turn_is_mine(total, g.threads, i))
            continue;
        struct vec16 *const at = &to[stage_slot(g.type, g.K, q)];
        struct vec16 x = load16(at);
        UNROLL
        for (u32 j = 0; j < 4; j++)
            x.word[j] = q * 4 + j < g.K ? as_u32(as_f32(x.word[j]) - mean) : 0;
        squares = vec_squares(&x, squares);
        store16(at, x);
    }
    return squares;
}

/* The staged row <- row * scale * weight + bias. */
DEVICE void norm_apply(struct gemv_grid g, f32 scale, struct vec16 *to)
{
    const u32 total = LINE_PAD(g.K) / 4, turns = ceil_div(total, g.threads);
    UNROLL
    for (u32 i = 0; i < turns; i++) {
        const u32 q = turn_piece(g.threads, i);
        if (!turn_is_mine(total, g.threads, i))
            continue;
        struct vec16 *const at = &to[stage_slot(g.type, g.K, q)];
        const struct vec16 weight = load16(&to[total + q]), bias = load16(&to[2 * total + q]);
        struct vec16 x = load16(at);
        UNROLL
        for (u32 j = 0; j < 4; j++)
            x.word[j] =
                as_u32(as_f32(x.word[j]) * scale * as_f32(weight.word[j]) + as_f32(bias.word[j]));
        store16(at, x);
    }
}

/* Stages the norm of x for all threads of the block; returns the factor of the finished sums. All
 * threads come here; `biased` is the same in all of them. */
DEVICE f32 norm_row(struct gemv_grid g, f32 epsilon, bool biased, const f32 *x,
                    struct gemv_shared *shared)
{
    if (biased) {
        const f32 sum = lanes_sum(norm_stage(g, false, x, shared->x), WARP);
        if (warp_lane() == 0)
            shared->sums[warp_index()] = sum;
        block_barrier(); /* sums: written by each warp, read by all threads below */
        const f32 mean = k_div(warps_sum(g.threads / WARP, shared->sums), (f32)g.K);
        const f32 squares = lanes_sum(norm_center(g, mean, shared->x), WARP);
        if (warp_lane() == 0)
            shared->squares[warp_index()] = squares;
        block_barrier(); /* squares: written by each warp, read by all threads below */
        norm_apply(g, norm_scale(g.K, epsilon, g.threads / WARP, shared->squares), shared->x);
        block_barrier(); /* x: written by all threads, read by all in product_sums() */
        return 1.0f;
    }
    const f32 squares = lanes_sum(norm_stage(g, true, x, shared->x), WARP);
    if (warp_lane() == 0)
        shared->squares[warp_index()] = squares;
    block_barrier(); /* x, squares: written by all threads, read by all threads below */
    return norm_scale(g.K, epsilon, g.threads / WARP, shared->squares);
}

#endif
