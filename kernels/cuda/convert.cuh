/* rows:  to[most][PAD(K)] <- the rows of x that a matrix product reads, in the type of its weights
 *
 *   Means    to[t][k] = x[first + t][k] for the rows of the step, of which a token may have
 *            several; 0 for k >= K and for rows of no token, so that a product over all `most` rows
 *            and PAD(K) columns computes no garbage
 *   Shapes   x [rows][x_stride] f32; `to` lies in run.work
 *   Split    a thread converts 8 neighbouring elements
 *   Moves    x once in, `to` once out, for all `most` rows; bound by bandwidth
 *   Error    rounded to nearest even: 2^-8 |x| for BF16, 2^-11 |x| + 2^-25 for F16, none for F32.
 *            Beyond 65504 f16 becomes infinite: f16 weights need activations that fit f16, as in
 *            the frameworks that run such checkpoints in half precision */
#ifndef KERNELS_CUDA_CONVERT_CUH
#define KERNELS_CUDA_CONVERT_CUH

#include "kernels/cuda/op.cuh"

enum { CONVERT_THREADS = 256, CONVERT_ELEMENTS = 8 };

HOST_DEVICE constexpr u32 convert_blocks(u32 K, u32 most)
{
    return ceil_div(most * (LINE_PAD(K) / CONVERT_ELEMENTS), CONVERT_THREADS);
}

struct convert_params {
    const struct step *step;
    void *to;     /* [most][PAD(K)] */
    const f32 *x; /* [rows][x_stride], from row 0 */
};

/* eight <- x[first + row][column ..], 0 from column K on. */
DEVICE void convert_load(u32 K, const f32 *x, u32 column, f32 *eight)
{
    UNROLL
    for (u32 i = 0; i < CONVERT_ELEMENTS; i += 4) {
        const struct vec16 four = load16(x + column + i);
        UNROLL
        for (u32 w = 0; w < 4; w++)
            eight[i + w] = column + i + w < K ? as_f32(four.word[w]) : 0.0f;
    }
}

DEVICE void convert_store(enum format T, const f32 *eight, void *to, size_t at)
{
    UNROLL
    for (u32 i = 0; i < CONVERT_ELEMENTS; i += vec_elements(T))
        store16((char *)to + format_bytes(T, 1, at + i), vec_narrow(T, eight + i));
}

/* A token has `each` rows, one behind another. */
DEVICE void convert_rows(enum format T, u32 K, u32 x_stride, u32 most, u32 each, enum count count,
                         const struct convert_params *p)
{
    pdl_trigger();
    pdl_wait();
    const u32 groups = LINE_PAD(K) / CONVERT_ELEMENTS;
    const u32 i = block_index() * CONVERT_THREADS + thread_index();
    const u32 row = i / groups, column = i % groups * CONVERT_ELEMENTS;
    if (row >= most)
        return;
    f32 eight[CONVERT_ELEMENTS] = {0};
    if (row < each * count_rows(count, p->step))
        convert_load(K, p->x + (size_t)(count_first(count, p->step) + row) * x_stride, column,
                     eight);
    convert_store(T, eight, p->to, (size_t)row * LINE_PAD(K) + column);
}

#endif
