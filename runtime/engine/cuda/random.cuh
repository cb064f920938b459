/* random_fill:  a tensor out of a seed, where it lies in the weights arena
 *
 *   Means    tools/pack/random_weights.h and tools/pack/repack.c: the same bits as a weight file
 *            packed with this seed. For measuring with weights of real shapes that nobody has to
 *            carry
 *   Shapes   elements first .. first + elements - 1 of the checkpoint's [rows][cols] tensor, of
 *            whole rows: element first + e is in row e / cols and column e % cols of them. It goes
 *            to element row / line * line_stride + row % line * row_stride + (column / head *
 *            head_stride + column % head) * col_stride of `to`, of `type`. Nothing else is
 *            written: pads are zero before
 *   Grid     RANDOM_BLOCKS(first, elements) blocks; a thread makes the elements that it has of one
 *            Philox block of four
 *   Order    no sums; (middle + u) * spread with both roundings, then one to the element's type
 *   Error    none */
#ifndef RUNTIME_ENGINE_CUDA_RANDOM_CUH
#define RUNTIME_ENGINE_CUDA_RANDOM_CUH

#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/launch.h"
#include "runtime/engine/cuda/philox.cuh"

enum { RANDOM_THREADS = 256, RANDOM_WORDS = 4 };
#define RANDOM_BLOCKS(first, elements)                                                             \
    ((u32)(((first) % RANDOM_WORDS + (elements) + RANDOM_THREADS * RANDOM_WORDS - 1) /             \
           (RANDOM_THREADS * RANDOM_WORDS)))

struct random_fill {
    void *to;
    uint64_t first, elements, seed;
    uint64_t line, line_stride;
    uint64_t row_stride, col_stride;
    u32 cols, head, head_stride;
    u32 tensor; /* its number in the arena */
    enum format type;
    f32 middle, spread; /* spread 0: every element is `middle` */
};

/* In (-1, 1), symmetric about 0; exact. */
DEVICE f32 random_uniform(u32 word)
{
    return (f32)((int32_t)(word >> 8) * 2 - 0xffffff) * 0x1p-24f;
}

DEVICE void random_store(const struct random_fill *p, uint64_t element, f32 value)
{
    const uint64_t row = element / p->cols;
    const u32 col = (u32)(element % p->cols);
    const uint64_t place = (uint64_t)(col / p->head) * p->head_stride + col % p->head;
    const uint64_t at =
        row / p->line * p->line_stride + row % p->line * p->row_stride + place * p->col_stride;
    element_store(p->type, p->to, at, value);
}

KERNEL(random_fill_kernel, struct random_fill, RANDOM_THREADS)
{
    const uint64_t block =
        p.first / RANDOM_WORDS + (uint64_t)block_index() * RANDOM_THREADS + thread_index();
    u32 words[RANDOM_WORDS] = {(u32)block, (u32)(block >> 32), p.tensor, 0};
    philox_rounds(words, (u32)p.seed, (u32)(p.seed >> 32));
    pdl_wait();
    UNROLL
    for (u32 i = 0; i < RANDOM_WORDS; i++) {
        const uint64_t element = block * RANDOM_WORDS + i;
        if (element >= p.first && element - p.first < p.elements)
            random_store(&p, element - p.first,
                         p.spread == 0 ? p.middle
                                       : (p.middle + random_uniform(words[i])) * p.spread);
    }
}

#endif
