/* embed:  y[count][K] <- E[tokens[t]][K]
 *
 *   Means    kernels/cpu/embed.h, which is the definition
 *   Shapes   y [rows][YS] f32; E [PAD(M)][PAD(K)] row-major; tokens u32 [rows], each below M
 *   Grid     blocks of 128 threads, 16 bytes of the table each; CEIL(vectors of a row / 128) blocks
 *            per row, for the most rows of the kernel
 *   Moves    one row of the table and one of y per token; a chain of two latencies in decode, since
 *            the address of the row is in the token
 *   Order    no sums
 *   Error    none (tests/kernels/cuda/decode_rows_test.cc) */
#ifndef KERNELS_CUDA_EMBED_CUH
#define KERNELS_CUDA_EMBED_CUH

#include "kernels/cuda/op.cuh"

struct embed_params {
    const struct step *step;
    const u32 *tokens;
    const void *table;
    f32 *y;
};

template <embed_shape s> struct embed {
    using params = embed_params;
    static constexpr u32 threads = 128, shared_bytes = 0;
    static constexpr u32 vectors = row_vectors(s.type, s.K);
    static constexpr u32 row_blocks = ceil_div(vectors, threads), blocks = s.rows * row_blocks;

    DEVICE void run(const params *p)
    {
        const u32 row = block_index() / row_blocks;
        const u32 v = block_index() % row_blocks * threads + thread_index();
        pdl_trigger();
        pdl_wait();
        if (row >= count_rows(s.count, p->step) || v >= vectors)
            return;
        const struct vec16 weights =
            load_weights16((const char *)p->table + ((size_t)p->tokens[row] * vectors + v) * 16);
        f32 *const y = p->y + (size_t)row * s.y_stride + (size_t)v * vec_elements(s.type);
        for (u32 i = 0; i < vec_elements(s.type); i += 4) {
            struct vec16 four;
            UNROLL
            for (u32 j = 0; j < 4; j++)
                four.word[j] = as_u32(weight_element(s.type, &weights, i + j));
            store16(y + i, four); /* pads of the table are 0, and so become y's */
        }
    }
};

template <embed_shape s>
static inline void embed_launch(run *r, u32 op, const struct kernels &kernels, f32 *y,
                                const void *w, const u32 *tokens)
{
    kernel_launch<embed<s>>(r, op, kernels.part[0], {r->step, tokens, w, y});
}

#define EMBED_KERNELS(name, ...) KERNELS_1(name, kernel, embed)

#endif
