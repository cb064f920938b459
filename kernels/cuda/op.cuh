/* What the CUDA operations share: rows of a step, elements of weights, sums over a warp.
 *
 * An operation of the host launches kernels whose shapes are constants; which rows there are is
 * read on the device, from the step in the io arena. So kernels are launched for the most rows that
 * they can have, and blocks of rows beyond the step's have nothing to do.
 *
 * For every operation the file that its row in kernels/ops.def names has
 *
 *   NAME_KERNELS(symbol, ..)   makes the CUDA kernels of symbol_shape, which are symbol_kernel, or
 *                              symbol_PART_kernel where there are several, and symbol_kernels, the
 *                              list of them. Behind the symbol stand the frequencies of an
 *                              operation that rotates, then the words of its epilogue and its
 *                              count, as far as it has them: which kernels there are depends on
 *                              these
 *   name_launch<symbol_shape>(r, op, symbol_kernels, operand, ..)
 *                              launches them, with the operands of the row in kernels/ops.def, as
 *                              for the CPU (kernels/cpu/op.h)
 *
 * What operations mean is said in kernels/cpu; each file here opens with its own grid, order of
 * sums and error bound. Pointers are device addresses. Matrices are plain row-major,
 * [PAD(M)][PAD(K)], their rows zero-padded to 16 elements; everything else lies in memory as it
 * does for the CPU. Words are names, not values: a model may have an enumerator called CHUNK.
 *
 * Every kernel waits for its predecessors (pdl_wait) before its first read of anything but weights
 * and before its first write, and lets its successor start at once (pdl_trigger). */
#ifndef KERNELS_CUDA_OP_CUH
#define KERNELS_CUDA_OP_CUH

#include "kernels/cuda/device.h"
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/shapes.h"

/* ---- a kernel and its launch ---------------------------------------------------------------- */
/* A kernel is a struct template over its constant shape (kernels/shapes.h):
 *
 *   struct embed_params { .. };             what a launch hands over
 *   template <embed_shape s> struct embed {
 *       using params = embed_params;
 *       static constexpr u32 blocks, threads, shared_bytes = ..;
 *       DEVICE void run(const params *p)    the body
 *   };
 *
 * KERNEL_OF(symbol, embed, shape) gives it the symbol that launches and profilers name; what stands
 * behind the shape, if anything does, goes to run() as well. nvcc spells the type of a kernel's
 * parameter out for the host, and not in C++ where a shape has an infinite number: so the
 * parameters are of no template. */
#define KERNEL_OF(symbol, body, shape, ...)                                                        \
    KERNEL(symbol, body##_params, body<shape>::threads)                                            \
    {                                                                                              \
        body<shape>::run(&p __VA_OPT__(, ) __VA_ARGS__);                                           \
    }

/* The same of a grid of hardly more blocks than there are multiprocessors (device.h). */
#define KERNEL_OF_FEW_BLOCKS(symbol, body, shape)                                                  \
    KERNEL_FEW_BLOCKS(symbol, body##_params, body<shape>::threads)                                 \
    {                                                                                              \
        body<shape>::run(&p);                                                                      \
    }

/* A kernel as it is launched. */
struct kernel {
    const void *function;
    const char *symbol;
};

#define KERNEL_NAMED(symbol)                                                                       \
    {                                                                                              \
        (const void *)(symbol), #symbol                                                            \
    }

/* The CUDA kernels of one symbol of kernels.h, for the function that launches them. */
struct kernels {
    const char *name; /* the symbol, for messages */
    struct kernel part[4];
};

/* Makes one to four kernels NAME_PART of NAME_shape, and NAME_kernels. */
#define KERNELS_1(name, part, body, ...)                                                           \
    KERNEL_OF(name##_##part, body, name##_shape __VA_OPT__(, ) __VA_ARGS__)                        \
    static const struct kernels name##_kernels = {#name, {KERNEL_NAMED(name##_##part)}};
#define KERNELS_2(name, part1, body1, part2, body2)                                                \
    KERNEL_OF(name##_##part1, body1, name##_shape)                                                 \
    KERNEL_OF(name##_##part2, body2, name##_shape)                                                 \
    static const struct kernels name##_kernels = {                                                 \
        #name, {KERNEL_NAMED(name##_##part1), KERNEL_NAMED(name##_##part2)}};
#define KERNELS_3(name, part1, body1, part2, body2, part3, body3)                                  \
    KERNEL_OF(name##_##part1, body1, name##_shape)                                                 \
    KERNEL_OF(name##_##part2, body2, name##_shape)                                                 \
    KERNEL_OF(name##_##part3, body3, name##_shape)                                                 \
    static const struct kernels name##_kernels = {#name,                                           \
                                                  {KERNEL_NAMED(name##_##part1),                   \
                                                   KERNEL_NAMED(name##_##part2),                   \
                                                   KERNEL_NAMED(name##_##part3)}};
#define KERNELS_4(name, part1, body1, part2, body2, part3, body3, part4, body4)                    \
    KERNEL_OF(name##_##part1, body1, name##_shape)                                                 \
    KERNEL_OF(name##_##part2, body2, name##_shape)                                                 \
    KERNEL_OF(name##_##part3, body3, name##_shape)                                                 \
    KERNEL_OF(name##_##part4, body4, name##_shape)                                                 \
    static const struct kernels name##_kernels = {                                                 \
        #name,                                                                                     \
        {KERNEL_NAMED(name##_##part1), KERNEL_NAMED(name##_##part2), KERNEL_NAMED(name##_##part3), \
         KERNEL_NAMED(name##_##part4)}};

/* Puts kernel K, as `kernel`, behind everything that was asked for before. */
template <class K>
static inline void kernel_launch(run *r, u32 op, const struct kernel &kernel,
                                 const typename K::params &params,
                                 u32 shared_bytes = K::shared_bytes)
{
    const struct launch l = {kernel.function, kernel.symbol, K::blocks,    K::threads,
                             shared_bytes,    &params,       sizeof params};
    launch(r, op, &l);
}

/* ---- rows of a step ------------------------------------------------------------------------- */
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

/* ---- constants of shapes --------------------------------------------------------------------- */
HOST_DEVICE constexpr u32 ceil_div(u32 a, u32 b)
{
    return (a + b - 1) / b;
}

HOST_DEVICE constexpr u32 u32_min(u32 a, u32 b)
{
    return a < b ? a : b;
}

HOST_DEVICE constexpr u32 u32_max(u32 a, u32 b)
{
    return a > b ? a : b;
}

/* Shared memory of a block, at most: all that compute capability 12.1 has; on an H200 two kernels
 * that follow each other still fit into one SM. */
enum : u32 { SHARED_MOST_BYTES = 99 * 1024 };

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
