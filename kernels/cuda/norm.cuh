/* rmsnorm:  y[count][D] <- x[count][D] / rms(x) * weight[D]
 *
 *   Means    kernels/cpu/norm.h, which is the definition
 *   Shapes   y, x [rows][S] f32, S = PAD(D); weight f32 [S]; x may not be y
 *   Grid     one block per row, for the most rows of the instance; a thread has up to 8 vectors of
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

#define NORM_BLOCK(S)   ((S) / 4 <= 256 * NORM_VECTORS ? 256u : 1024u)
#define NORM_THREADS(S) ((S) / 4 < NORM_BLOCK(S) ? CEIL_DIV((S) / 4, WARP) * WARP : NORM_BLOCK(S))
#define NORM_FITS(S)    ((S) / 4 <= 1024 * NORM_VECTORS)

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

/* A row of XS floats has G groups of D each, S floats apart. */
DEVICE void rmsnorm(u32 D, u32 S, u32 G, u32 XS, f32 eps, enum count count,
                    const struct rmsnorm_params *p)
{
    struct norm_shared *const shared = (struct norm_shared *)shared_memory();
    const u32 threads = NORM_THREADS(S), vectors = CEIL_DIV(S / 4, threads);
    const u32 row = block_index() / G, at = block_index() % G * S;
    struct vec16 x[NORM_VECTORS] = {}, weight[NORM_VECTORS] = {};
    pdl_trigger();
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i))
            weight[i] = load_weights16(p->weight + at + turn_piece(threads, i) * 4);
    pdl_wait();
    if (row >= count_rows(count, p->step))
        return; /* the whole block */
    const f32 *const from = p->x + (size_t)(count_first(count, p->step) + row) * XS + at;
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i))
            x[i] = load16(from + turn_piece(threads, i) * 4);
    f32 sum = 0.0f;
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i))
            sum = vec_squares(&x[i], sum);
    sum = lanes_sum(sum, WARP);
    if (warp_lane() == 0)
        shared->squares[warp_index()] = sum;
    block_barrier(); /* squares: written by each warp, read by all threads below */
    const f32 scale = norm_scale(D, eps, threads / WARP, shared->squares);
    UNROLL
    for (u32 i = 0; i < vectors; i++)
        if (turn_is_mine(S / 4, threads, i)) {
            struct vec16 y;
            UNROLL
            for (u32 j = 0; j < 4; j++)
                y.word[j] = as_u32(as_f32(x[i].word[j]) * scale * as_f32(weight[i].word[j]));
            store16(p->y + (size_t)row * XS + at + turn_piece(threads, i) * 4, y);
        }
}

#define RMSNORM(name, D, S, EPS, COUNT)                                                            \
    static_assert(NORM_FITS(S), "rmsnorm: a row has at most 32768 floats");                        \
    KERNEL(name##_kernel, struct rmsnorm_params, NORM_THREADS(S))                                  \
    {                                                                                              \
        rmsnorm(D, S, 1, S, EPS, COUNT_##COUNT, &p);                                               \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[S], const f32(*x)[S], const f32 *weight)          \
    {                                                                                              \
        struct rmsnorm_params p = {r->step, weight, x[0], y[0]};                                   \
        LAUNCH(r, op, name##_kernel, ROWS_MOST_##COUNT, NORM_THREADS(S),                           \
               sizeof(struct norm_shared), p);                                                     \
    }

#endif
