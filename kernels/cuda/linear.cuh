/* linear:  y[count][M] <- W[M][K] x[count][K]
 *
 *   Means    kernels/cpu/linear.h, which is the definition
 *   Shapes   W [PAD(M)][PAD(K)] row-major; x, y, bias as there
 *   Split    COUNT ONE: linear_gemv.cuh. CHUNK and LOGITS: up to three steps,
 *              rows     convert.cuh copies the rows of x to run.work, in the type of the weights
 *              matmul() the library's product, for all rows that the kernel can have
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

using linear_rows_params = convert_params;

/* The rows of x that the product reads. */
template <linear_shape s> struct linear_rows {
    using params = linear_rows_params;
    static constexpr u32 blocks = convert_blocks(s.K, s.rows), threads = CONVERT_THREADS;
    static constexpr u32 shared_bytes = 0;

    DEVICE void run(const params *p)
    {
        convert_rows(s.type, s.K, s.x_stride, s.rows, 1, s.count, p);
    }
};

struct linear_finish_params {
    const struct step *step;
    f32 *y;          /* [rows][y_stride] */
    const f32 *bias; /* [PAD(M)] */
};

/* y = y + bias, or softplus (with pads of 0) or gelu of that. A thread does 4 neighbouring
 * elements. */
template <linear_shape s> struct linear_finish {
    using params = linear_finish_params;
    static constexpr u32 threads = 256, shared_bytes = 0;
    static constexpr u32 quads = LINE_PAD(s.M) / 4; /* of a row */
    static constexpr u32 blocks = ceil_div(s.rows * quads, threads);

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        const u32 i = block_index() * threads + thread_index();
        const u32 row = i / quads, column = i % quads * 4;
        const struct vec16 bias = load_weights16(p->bias + column);
        pdl_wait();
        if (row >= s.rows || row >= count_rows(s.count, p->step))
            return;
        f32 *const y = p->y + (size_t)row * s.y_stride + column;
        struct vec16 four = load16(y);
        UNROLL
        for (u32 w = 0; w < 4; w++) {
            f32 sum = as_f32(four.word[w]) + as_f32(bias.word[w]);
            if constexpr (s.epilogue == EPILOGUE_SOFTPLUS)
                sum = column + w < s.M ? k_softplus(sum) : 0.0f;
            if constexpr (s.epilogue == EPILOGUE_GELU)
                sum = k_gelu_new(sum);
            four.word[w] = as_u32(sum);
        }
        store16(y, four);
    }
};

/* The product of a kernel, from the rows in run.work. Zeros pad K, and M so that y's pads are 0.
 */
template <linear_shape s>
static inline void linear_matmul(run *r, u32 op, const char *name, f32 *y, const void *w)
{
    struct matmul m;
    m.name = name;
    m.type = s.type;
    m.rows = s.rows;
    m.M = LINE_PAD(s.M);
    m.K = LINE_PAD(s.K);
    m.w_stride = LINE_PAD(s.K);
    m.x_stride = LINE_PAD(s.K);
    m.y_stride = s.y_stride;
    m.w = w;
    m.x = r->work;
    m.y = y;
    m.add = epilogue_adds(s.epilogue);
    matmul(r, op, &m);
}

template <linear_shape s>
static inline void linear_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                 const void *w, const f32 *bias, const f32 *x)
{
    if constexpr (s.count == COUNT_ONE) {
        kernel_launch<linear_gemv<s>>(r, op, kernels.part[0], {w, bias, x, y});
    } else {
        kernel_launch<linear_rows<s>>(r, op, kernels.part[0], {r->step, r->work, x});
        linear_matmul<s>(r, op, kernels.name, y, w);
        if constexpr (epilogue_biased(s.epilogue))
            kernel_launch<linear_finish<s>>(r, op, kernels.part[1], {r->step, y, bias});
    }
}

/* Which kernels there are: of one row one; of more a second one where there is a bias. */
#define LINEAR_ROWS_PLAIN(name) KERNELS_1(name, rows_kernel, linear_rows)
#define LINEAR_ROWS_BIAS(name)                                                                     \
    KERNELS_2(name, rows_kernel, linear_rows, finish_kernel, linear_finish)
#define LINEAR_ROWS_ADD                       LINEAR_ROWS_PLAIN
#define LINEAR_ROWS_ADD_BIAS                  LINEAR_ROWS_BIAS
#define LINEAR_ROWS_SOFTPLUS                  LINEAR_ROWS_BIAS
#define LINEAR_ROWS_GELU                      LINEAR_ROWS_BIAS
#define LINEAR_ONE(name, EPILOGUE)            KERNELS_1(name, kernel, linear_gemv)
#define LINEAR_CHUNK(name, EPILOGUE)          LINEAR_ROWS_##EPILOGUE(name)
#define LINEAR_LOGITS(name, EPILOGUE)         LINEAR_ROWS_##EPILOGUE(name)
#define LINEAR_KERNELS(name, EPILOGUE, COUNT) LINEAR_##COUNT(name, EPILOGUE)

#endif
