/* What the CUDA operations share: rows of a step, elements of weights, sums over a warp.
 *
 * An operation of the host launches kernels whose shapes are constants; which rows there are is
 * read on the device, from the step in the io arena. So kernels are launched for the most rows that
 * the instance can have, and blocks of rows beyond the step's have nothing to do. */
#ifndef KERNELS_CUDA_OP_CUH
#define KERNELS_CUDA_OP_CUH

#include "kernels/cuda/device.h"
#include "kernels/cuda/launch.h"
#include "kernels/shapes.h"

/* The most rows of an instance; CHUNK and LOGIT_ROWS are enumerators of the model's model.h. */
#define ROWS_MOST_ONE    1
#define ROWS_MOST_CHUNK  CHUNK
#define ROWS_MOST_LOGITS LOGIT_ROWS

/* Rows of this step; to be called after pdl_wait(). */
DEVICE u32 count_rows(enum count count, const struct step *step)
{
    if (count == COUNT_ONE)
        return 1;
    return count == COUNT_CHUNK ? step->tokens : step->logit_rows;
}

DEVICE u32 count_first(enum count count, const struct step *step)
{
    return count == COUNT_LOGITS ? step->logit_first : 0;
}

#define CEIL_DIV(a, b) (((a) + (b)-1) / (b))

/* Weights are read 16 bytes at a time: elements in one such vector, vectors in a row of K. */
#define VEC_ELEMENTS(T)   ((T) == FORMAT_F32 ? 4u : 8u)
#define ROW_VECTORS(T, K) (LINE_PAD(K) / VEC_ELEMENTS(T))

/* Shared memory of a block, at most: all that compute capability 12.1 has; on an H200 two kernels
 * that follow each other still fit into one SM. */
#define SHARED_MOST_BYTES (99u * 1024u)

/* Element i of a vector of weights, widened exactly; i is a constant. */
DEVICE f32 weight_element(enum format T, const struct vec16 *v, u32 i)
{
    if (T == FORMAT_F32)
        return as_f32(v->word[i]);
    const u32 bits16 = i % 2 ? v->word[i / 2] >> 16 : v->word[i / 2] & 0xffffu;
    return T == FORMAT_F16 ? widen_f16(bits16) : widen_bf16(bits16);
}

/* Pieces turn by turn: a block of `threads` threads has piece turn * threads + thread_index(), as
 * far as there are `total`. Whether this thread has one is a constant where all have. */
DEVICE u32 turn_piece(u32 threads, u32 turn)
{
    return turn * threads + thread_index();
}

DEVICE bool turn_is_mine(u32 total, u32 threads, u32 turn)
{
    return (turn + 1) * threads <= total || turn_piece(threads, turn) < total;
}

/* The sum over runs of `lanes` lanes (a power of two), in every one of them the same bits: lanes
 * lanes/2 apart first, neighbours last. */
DEVICE f32 lanes_sum(f32 value, u32 lanes)
{
    UNROLL
    for (u32 mask = lanes / 2; mask > 0; mask /= 2)
        value = value + warp_xor(value, mask);
    return value;
}

#endif
