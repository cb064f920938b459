/* random_fill:  a tensor out of a seed, where it lies in the weights arena
 *
 *   Means    tools/random_weights.h and tools/repack.c: the same bits as a weight file packed with
 *            this seed. For measuring with weights of real shapes that nobody has to carry
 *   Shapes   element e of the checkpoint's [rows][cols] tensor: row e / cols, column e % cols. It
 *            goes to element row / line * line_stride + row % line * row_stride + column *
 *            col_stride of `to`, of `type`. Nothing else is written: pads are zero before
 *   Grid     RANDOM_BLOCKS(elements) blocks; a thread makes the four elements of one Philox block
 *   Order    no sums; (middle + u) * spread with both roundings, then one to the element's type
 *   Error    none */
#ifndef KERNELS_CUDA_RANDOM_CUH
#define KERNELS_CUDA_RANDOM_CUH

#include "kernels/cuda/launch.h"
#include "kernels/cuda/philox.cuh"

enum { RANDOM_THREADS = 256, RANDOM_WORDS = 4 };
#define RANDOM_BLOCKS(elements)                                                                    \
    ((u32)(((elements) + RANDOM_THREADS * RANDOM_WORDS - 1) / (RANDOM_THREADS * RANDOM_WORDS)))

struct random_fill {
    void *to;
    uint64_t elements, seed;
    uint64_t line, line_stride;
    uint64_t row_stride, col_stride;
    u32 cols;
    u32 tensor; /* its number in the arena */
    enum weight_type type;
    f32 middle, spread; /* spread 0: every element is `middle` */
};

/* In (-1, 1), symmetric about 0; exact. */
DEVICE f32 random_uniform(u32 word)
{
    return (f32)((int32_t)(word >> 8) * 2 - 0xffffff) * 0x1p-24f;
}

DEVICE void random_store(const struct random_fill *p, uint64_t element, f32 value)
{
    const uint64_t row = element / p->cols, col = element % p->cols;
    const uint64_t at =
        row / p->line * p->line_stride + row % p->line * p->row_stride + col * p->col_stride;
    if (p->type == WEIGHT_F32)
        ((f32 *)p->to)[at] = value;
    else
        ((uint16_t *)p->to)[at] =
            (uint16_t)(p->type == WEIGHT_F16 ? narrow_f16(value) : narrow_bf16(value));
}

KERNEL(random_fill_kernel, struct random_fill, RANDOM_THREADS)
{
    const uint64_t block = (uint64_t)block_index() * RANDOM_THREADS + thread_index();
    const uint64_t first = block * RANDOM_WORDS;
    u32 words[RANDOM_WORDS] = {(u32)block, (u32)(block >> 32), p.tensor, 0};
    philox_rounds(words, (u32)p.seed, (u32)(p.seed >> 32));
    pdl_wait();
    UNROLL
    for (u32 i = 0; i < RANDOM_WORDS; i++)
        if (first + i < p.elements)
            random_store(&p, first + i,
                         p.spread == 0 ? p.middle
                                       : (p.middle + random_uniform(words[i])) * p.spread);
}

#endif
