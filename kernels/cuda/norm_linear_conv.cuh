/* norm_linear_conv:  xz <- W rmsnorm(x) + bias, of which some rows go through silu(conv()), one
 * token
 *
 *   Means    kernels/cpu/norm_linear_conv.h, which is the definition
 *   Shapes   xz [1][XS] f32; x [1][S], norm [S], S = PAD(D); W [PAD(M)][S] row-major, bias
 *            [PAD(M)]; rows AT .. AT+I-1, AT a multiple of 16, are convolved: conv [K-1][PAD(I)]
 *            the window, oldest first, taps [K][PAD(I)], conv_bias [PAD(I)]; a NULL bias is none
 *   Grid     of linear_gemv.cuh for M, behind the norm of norm_gemv.cuh. Who owns a row that is
 *            convolved has all that its convolution needs.
 *   Moves    W once, its first vectors and the norm's weight before pdl_wait(); the window in and
 *            out
 *   Order    u and the factor s as in norm_gemv.cuh; sums of W u as in linear_gemv.cuh; * s; +
 *            bias; conv and silu as in kernels/cpu/conv.h
 *   Error    of W rmsnorm(x) + bias: e = (D / 32 + 32) 2^-24 (sum |W||norm x| s + |bias|); of the
 *            convolution e |last tap| + (1.1 K + 9) 2^-24 (sum |taps||its inputs| + |bias|), of its
 *            silu 1.1 times that + 3 ulp (tests/kernels/cuda/decode_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*xz)[XS], const f32 (*x)[S], const f32 *norm, const TYPE *w,
 *             const f32 *bias, f32 (*conv)[PAD(I)], const f32 (*taps)[PAD(I)],
 *             const f32 *conv_bias) */
#ifndef KERNELS_CUDA_NORM_LINEAR_CONV_CUH
#define KERNELS_CUDA_NORM_LINEAR_CONV_CUH

#include "kernels/cuda/norm_gemv.cuh"

enum { CONV_MOST_TAPS = 16 };

struct norm_linear_conv_params {
    const void *w;
    const f32 *norm, *bias, *taps, *conv_bias;
    const f32 *x;
    f32 *xz, *conv;
};

/* What the owner of a channel knows of it besides its row of W. */
struct channel {
    f32 tap[CONV_MOST_TAPS], before[CONV_MOST_TAPS]; /* before: the window */
    f32 bias;
};

DEVICE void channel_weights(u32 S, u32 K, u32 c, const struct norm_linear_conv_params *p,
                            struct channel *of)
{
    UNROLL
    for (u32 j = 0; j < K; j++)
        of->tap[j] = p->taps[(size_t)j * S + c];
    of->bias = p->conv_bias ? p->conv_bias[c] : 0.0f;
}

DEVICE void channel_window(u32 S, u32 K, u32 c, const struct norm_linear_conv_params *p,
                           struct channel *of)
{
    UNROLL
    for (u32 j = 0; j + 1 < K; j++)
        of->before[j] = p->conv[(size_t)j * S + c];
}

/* Shifts `x` into the window; returns the channel's output. */
DEVICE f32 channel_step(u32 S, u32 K, u32 c, const struct norm_linear_conv_params *p,
                        struct channel *of, f32 x)
{
    of->before[K - 1] = x;
    f32 sum = of->tap[0] * of->before[0];
    UNROLL
    for (u32 j = 1; j < K; j++) {
        sum = k_fma(of->tap[j], of->before[j], sum);
        p->conv[(size_t)(j - 1) * S + c] = of->before[j];
    }
    return k_silu(sum + of->bias);
}

template <norm_linear_conv_shape s> struct norm_linear_conv {
    static_assert(gemv_shared_bytes(s.D) <= SHARED_MOST_BYTES, "norm_linear_conv: x is too long");
    static_assert(s.K <= CONV_MOST_TAPS, "norm_linear_conv: too many taps");
    using params = norm_linear_conv_params;
    static constexpr struct gemv_grid grid = gemv_grid_of(s.type, s.M, s.D);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = norm_gemv_shared_bytes(s.D, false);
    static constexpr u32 S = LINE_PAD(s.I);

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const struct product product = gemv_product(g, p->w);
        const u32 row = gemv_row(g), c = row - s.conv_at; /* c: the channel, if it is below S */
        struct vec16 hold[GEMV_AHEAD] = {};
        struct channel channel = {};
        f32 sums[GEMV_MOST_ROWS], bias = 0.0f;
        pdl_trigger();
        product_begin(&product, hold);
        norm_begin(g, {p->norm, NULL}, shared);
        if (p->bias && row != ~0u)
            bias = p->bias[row];
        if (c < S)
            channel_weights(S, s.K, c, p, &channel);
        pdl_wait();
        if (c < S)
            channel_window(S, s.K, c, p, &channel);
        const f32 scale = norm_row(g, s.epsilon, false, p->x, shared);
        product_sums(&product, hold, shared->x, sums);
        const f32 total = gemv_total(g, shared, sums) * scale + bias;
        if (c < S)
            p->xz[row] = channel_step(S, s.K, c, p, &channel, total);
        else if (row != ~0u)
            p->xz[row] = total;
    }
};

template <norm_linear_conv_shape s>
static inline void norm_linear_conv_launch(run *r, u32 op, const struct kernels &kernels, f32 *xz,
                                           const f32 *x, const f32 *norm, const void *w,
                                           const f32 *bias, f32 *conv, const f32 *taps,
                                           const f32 *conv_bias)
{
    kernel_launch<norm_linear_conv<s>>(r, op, kernels.part[0],
                                       {w, norm, bias, taps, conv_bias, x, xz, conv});
}

#define NORM_LINEAR_CONV_KERNELS(name, ...) KERNELS_1(name, kernel, norm_linear_conv)

#endif
