/* norm_linear_gelu:  y[M] <- gelu_new(W[M][D] norm(x[D]) + bias[M]), one token
 *
 *   Means    kernels/cpu/mlp.h, which is the definition
 *   Shapes   y [1][PAD(M)] f32; x [1][S], norm and norm_bias [S], S = PAD(D); W [PAD(M)][S]
 *            row-major; bias [PAD(M)]; LayerNorm where there is a norm's bias, else RMSNorm
 *   Grid     of linear_gemv.cuh, behind the norm of norm_gemv.cuh
 *   Moves    W once, its first vectors, the norm's weight and bias before pdl_wait()
 *   Order    u and the factor s as in norm_gemv.cuh; sums of W u as in linear_gemv.cuh; * s; +
 *            bias; gelu_new of math.cuh
 *   Error    e = (D / 64 + 16) 2^-24 (sum |W||u| s + |bias|) + sum |W||error of u|, as there; of y
 *            1.13 e and gelu_new's own (tests/kernels/cuda/norm_linear_gelu_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*y)[PAD(M)], const f32 (*x)[S], const f32 *norm,
 *             const f32 *norm_bias, const TYPE *w, const f32 *bias) */
#ifndef KERNELS_CUDA_NORM_LINEAR_GELU_CUH
#define KERNELS_CUDA_NORM_LINEAR_GELU_CUH

#include "kernels/cuda/norm_gemv.cuh"

struct norm_linear_gelu_params {
    const void *w;
    struct norm_weights norm;
    const f32 *bias, *x;
    f32 *y;
};

DEVICE void norm_linear_gelu(enum format T, u32 D, u32 M, f32 eps,
                             const struct norm_linear_gelu_params *p)
{
    const u32 threads = GEMV_THREADS(T, M, D);
    struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
    const struct product product = gemv_product(T, M, D, p->w);
    const u32 row = gemv_row(T, M, D);
    struct vec16 hold[GEMV_AHEAD] = {};
    f32 sums[GEMV_MOST_ROWS], bias = 0.0f;
    pdl_trigger();
    product_begin(&product, hold);
    norm_begin(T, D, threads, p->norm, shared);
    if (row != ~0u)
        bias = p->bias[row];
    pdl_wait();
    const f32 scale = norm_row(T, D, eps, threads, p->norm.bias != NULL, p->x, shared);
    product_sums(&product, hold, shared->x, sums);
    const f32 total = gemv_total(T, M, D, shared, sums) * scale + bias;
    if (row != ~0u)
        p->y[row] = k_gelu_new(total);
}

#define NORM_LINEAR_GELU(name, TYPE, T, D, S, M, EPS)                                              \
    static_assert(NORM_GEMV_SHARED_BYTES(D, true) <= SHARED_MOST_BYTES,                            \
                  "norm_linear_gelu: x is too long");                                              \
    KERNEL(name##_kernel, struct norm_linear_gelu_params, GEMV_THREADS(FORMAT_##T, M, D))          \
    {                                                                                              \
        norm_linear_gelu(FORMAT_##T, D, M, EPS, &p);                                               \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(M)], const f32(*x)[S], const f32 *norm,  \
                         const f32 *norm_bias, const TYPE *w, const f32 *bias)                     \
    {                                                                                              \
        struct norm_linear_gelu_params p = {w->w, {norm, norm_bias}, bias, x[0], y[0]};            \
        NORM_GEMV_LAUNCH(r, op, name, FORMAT_##T, M, D, norm_bias, p);                             \
    }

#endif
