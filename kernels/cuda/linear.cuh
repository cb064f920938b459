/* linear:  y[count][M] <- W[M][K] x[count][K]
 *
 *   Means    kernels/cpu/linear.h, which is the definition
 *   Shapes   W [PAD(M)][PAD(K)] row-major; x, y, bias as there
 *   Split    COUNT ONE: linear_gemv.cuh. CHUNK and LOGITS: up to three steps,
 *              rows     convert.cuh copies the rows of x to run.work, in the type of the weights
 *              matmul() the library's product, for all rows that the instance can have
 *              finish   BIAS, ADD_BIAS, SOFTPLUS, GELU: a pass over the rows of the step in place
 *   Moves    W and y once; x once in f32 and twice in the type of W; y twice more for finish
 *   Order    that of the library's algorithm, fixed per shape (runtime/engine/cuda/matmul.h); ADD
 *            is the product's own accumulation, + bias comes after it
 *   Error    |y - exact| <= (u + K 2^-24) sum |W||x| + v sum |W| + 2^-24 (|y| + |bias|) before
 *            softplus, which adds 3 ulp, or gelu, which makes 1.13 times that of it and adds its
 *            own (math.cuh); (u, v), the rounding of x, is (2^-8, 0) for BF16, (2^-11, 2^-25) for
 *            F16 and (0, 0) for F32 (tests/kernels/cuda/prefill_kernels_test.cc, with a product in
 *            double)
 *
 * Rows of y beyond those of the step receive products with rows of zeros; nobody reads them. */
#ifndef KERNELS_CUDA_LINEAR_CUH
#define KERNELS_CUDA_LINEAR_CUH

#include "kernels/cuda/convert.cuh"
#include "kernels/cuda/linear_gemv.cuh"
#include "kernels/cuda/math.cuh"

enum { FINISH_THREADS = 256 };

#define FINISH_BLOCKS(M, MOST) CEIL_DIV((MOST) * (LINE_PAD(M) / 4), FINISH_THREADS)

struct finish_params {
    const struct step *step;
    f32 *y;          /* [rows][YS] */
    const f32 *bias; /* [PAD(M)] */
};

/* y = y + bias, or softplus (with pads of 0) or gelu of that. A thread does 4 neighbouring
 * elements. */
DEVICE void linear_finish(u32 M, u32 YS, u32 most, enum epilogue E, enum count count,
                          const struct finish_params *p)
{
    pdl_trigger();
    const u32 quads = LINE_PAD(M) / 4, i = block_index() * FINISH_THREADS + thread_index();
    const u32 row = i / quads, column = i % quads * 4;
    const struct vec16 bias = load_weights16(p->bias + column);
    pdl_wait();
    if (row >= most || row >= count_rows(count, p->step))
        return;
    f32 *const y = p->y + (size_t)row * YS + column;
    struct vec16 four = load16(y);
    UNROLL
    for (u32 w = 0; w < 4; w++) {
        f32 sum = as_f32(four.word[w]) + as_f32(bias.word[w]);
        if (E == EPILOGUE_SOFTPLUS)
            sum = column + w < M ? k_softplus(sum) : 0.0f;
        if (E == EPILOGUE_GELU)
            sum = k_gelu_new(sum);
        four.word[w] = as_u32(sum);
    }
    store16(y, four);
}

/* The product of an instance, from the rows in run.work. Zeros pad K, and M so that y's pads are 0.
 */
static inline void linear_matmul(run *r, u32 op, const char *name, enum format T, u32 most, u32 M,
                                 u32 K, u32 YS, bool add, f32 *y, const void *w)
{
    struct matmul m;
    m.name = name;
    m.type = T;
    m.rows = most;
    m.M = LINE_PAD(M);
    m.K = LINE_PAD(K);
    m.w_stride = LINE_PAD(K);
    m.x_stride = LINE_PAD(K);
    m.y_stride = YS;
    m.w = w;
    m.x = r->work;
    m.y = y;
    m.add = add;
    matmul(r, op, &m);
}

#define LINEAR_PRODUCT_KERNEL(name, T, K, XS, COUNT)                                               \
    KERNEL(name##_rows_kernel, struct convert_params, CONVERT_THREADS)                             \
    {                                                                                              \
        convert_rows(FORMAT_##T, K, XS, ROWS_MOST_##COUNT, 1, COUNT_##COUNT, &p);                  \
    }

#define LINEAR_PRODUCT(name, T, M, K, YS, add, COUNT)                                              \
    do {                                                                                           \
        const struct convert_params rows = {r->step, r->work, x[0]};                               \
        LAUNCH(r, op, name##_rows_kernel, CONVERT_BLOCKS(K, ROWS_MOST_##COUNT), CONVERT_THREADS,   \
               0, rows);                                                                           \
        linear_matmul(r, op, #name, FORMAT_##T, ROWS_MOST_##COUNT, M, K, YS, add, y[0], w->w);     \
    } while (0)

#define LINEAR_MATMUL_WITHOUT_BIAS(name, TYPE, T, M, K, YS, XS, add, COUNT)                        \
    LINEAR_PRODUCT_KERNEL(name, T, K, XS, COUNT)                                                   \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const f32(*x)[XS])            \
    {                                                                                              \
        LINEAR_PRODUCT(name, T, M, K, YS, add, COUNT);                                             \
    }

#define LINEAR_MATMUL_WITH_BIAS(name, TYPE, T, M, K, YS, XS, E, COUNT)                             \
    LINEAR_PRODUCT_KERNEL(name, T, K, XS, COUNT)                                                   \
    KERNEL(name##_finish_kernel, struct finish_params, FINISH_THREADS)                             \
    {                                                                                              \
        linear_finish(M, YS, ROWS_MOST_##COUNT, E, COUNT_##COUNT, &p);                             \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const f32 *bias,              \
                         const f32(*x)[XS])                                                        \
    {                                                                                              \
        LINEAR_PRODUCT(name, T, M, K, YS, (E) == EPILOGUE_ADD_BIAS, COUNT);                        \
        const struct finish_params finish = {r->step, y[0], bias};                                 \
        LAUNCH(r, op, name##_finish_kernel, FINISH_BLOCKS(M, ROWS_MOST_##COUNT), FINISH_THREADS,   \
               0, finish);                                                                         \
    }

#define LINEAR_MATMUL_PLAIN(name, TYPE, T, M, K, YS, XS, COUNT)                                    \
    LINEAR_MATMUL_WITHOUT_BIAS(name, TYPE, T, M, K, YS, XS, false, COUNT)
#define LINEAR_MATMUL_ADD(name, TYPE, T, M, K, YS, XS, COUNT)                                      \
    LINEAR_MATMUL_WITHOUT_BIAS(name, TYPE, T, M, K, YS, XS, true, COUNT)
#define LINEAR_MATMUL_BIAS(name, TYPE, T, M, K, YS, XS, COUNT)                                     \
    LINEAR_MATMUL_WITH_BIAS(name, TYPE, T, M, K, YS, XS, EPILOGUE_BIAS, COUNT)
#define LINEAR_MATMUL_ADD_BIAS(name, TYPE, T, M, K, YS, XS, COUNT)                                 \
    LINEAR_MATMUL_WITH_BIAS(name, TYPE, T, M, K, YS, XS, EPILOGUE_ADD_BIAS, COUNT)
#define LINEAR_MATMUL_SOFTPLUS(name, TYPE, T, M, K, YS, XS, COUNT)                                 \
    LINEAR_MATMUL_WITH_BIAS(name, TYPE, T, M, K, YS, XS, EPILOGUE_SOFTPLUS, COUNT)
#define LINEAR_MATMUL_GELU(name, TYPE, T, M, K, YS, XS, COUNT)                                     \
    LINEAR_MATMUL_WITH_BIAS(name, TYPE, T, M, K, YS, XS, EPILOGUE_GELU, COUNT)

#define LINEAR_ONE(name, TYPE, T, M, K, YS, XS, EPILOGUE)                                          \
    LINEAR_GEMV(name, TYPE, T, M, K, YS, XS, EPILOGUE)
#define LINEAR_CHUNK(name, TYPE, T, M, K, YS, XS, EPILOGUE)                                        \
    LINEAR_MATMUL_##EPILOGUE(name, TYPE, T, M, K, YS, XS, CHUNK)
#define LINEAR_LOGITS(name, TYPE, T, M, K, YS, XS, EPILOGUE)                                       \
    LINEAR_MATMUL_##EPILOGUE(name, TYPE, T, M, K, YS, XS, LOGITS)

#define LINEAR(name, TYPE, T, M, K, YS, XS, EPILOGUE, COUNT)                                       \
    LINEAR_##COUNT(name, TYPE, T, M, K, YS, XS, EPILOGUE)

#endif
