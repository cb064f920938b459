/* embed:  y[count][K] <- E[tokens[t]][K]
 *
 *   Means    kernels/cpu/embed.h, which is the definition
 *   Shapes   y [rows][YS] f32; E [PAD(M)][PAD(K)] row-major; tokens u32 [rows], each below M
 *   Grid     blocks of 128 threads, 16 bytes of the table each; CEIL(vectors of a row / 128) blocks
 *            per row, for the most rows of the instance
 *   Moves    one row of the table and one of y per token; a chain of two latencies in decode, since
 *            the address of the row is in the token
 *   Order    no sums
 *   Error    none (tests/kernels/cuda/decode_rows_test.cc) */
#ifndef KERNELS_CUDA_EMBED_CUH
#define KERNELS_CUDA_EMBED_CUH

#include "kernels/cuda/op.cuh"

enum { EMBED_THREADS = 128 };
#define EMBED_ROW_BLOCKS(T, K) CEIL_DIV(ROW_VECTORS(T, K), EMBED_THREADS)

struct embed_params {
    const struct step *step;
    const u32 *tokens;
    const void *table;
    f32 *y;
};

DEVICE void embed(enum format T, u32 K, u32 YS, enum count count, const struct embed_params *p)
{
    const u32 vectors = ROW_VECTORS(T, K), row_blocks = EMBED_ROW_BLOCKS(T, K);
    const u32 row = block_index() / row_blocks;
    const u32 v = block_index() % row_blocks * EMBED_THREADS + thread_index();
    pdl_trigger();
    pdl_wait();
    if (row >= count_rows(count, p->step) || v >= vectors)
        return;
    const struct vec16 weights =
        load_weights16((const char *)p->table + ((size_t)p->tokens[row] * vectors + v) * 16);
    f32 *const y = p->y + (size_t)row * YS + (size_t)v * VEC_ELEMENTS(T);
    for (u32 i = 0; i < VEC_ELEMENTS(T); i += 4) {
        struct vec16 four;
        UNROLL
        for (u32 j = 0; j < 4; j++)
            four.word[j] = as_u32(weight_element(T, &weights, i + j));
        store16(y + i, four); /* pads of the table are 0, and so become y's */
    }
}

#define EMBED(name, TYPE, T, M, K, YS, COUNT)                                                      \
    KERNEL(name##_kernel, struct embed_params, EMBED_THREADS)                                      \
    {                                                                                              \
        embed(FORMAT_##T, K, YS, COUNT_##COUNT, &p);                                               \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[YS], const TYPE *w, const u32 *tokens)            \
    {                                                                                              \
        struct embed_params p = {r->step, tokens, w->w, y[0]};                                     \
        LAUNCH(r, op, name##_kernel, ROWS_MOST_##COUNT *EMBED_ROW_BLOCKS(FORMAT_##T, K),           \
               EMBED_THREADS, 0, p);                                                               \
    }

#endif
