/* What a generated kernels.cu is made of. For every operation
 *
 *   NAME_KERNELS(symbol, ..)   makes the CUDA kernels of symbol_shape, which are symbol_kernel, or
 *                              symbol_PART_kernel where there are several, and symbol_kernels, the
 *                              list of them. Behind the symbol stand the frequencies of an
 *                              operation that rotates, then the words of its epilogue and its
 *                              count, as far as it has them: which kernels there are depends on
 *                              these
 *   name_launch<symbol_shape>(r, op, symbol_kernels, operand, ..)
 *                              launches them, with the operands of the row in kernels/ops.def, as
 *                              for the CPU (kernels/cpu/kernels.h)
 *
 * What operations mean is said in kernels/cpu; each file here opens with its own grid, order of
 * sums and error bound. Pointers are device addresses. Matrices are plain row-major,
 * [PAD(M)][PAD(K)], their rows zero-padded to 16 elements; everything else lies in memory as it
 * does for the CPU. Words are names, not values: a model may have an enumerator called CHUNK.
 *
 * Every kernel waits for its predecessors (pdl_wait) before its first read of anything but weights
 * and before its first write, and lets its successor start at once (pdl_trigger). */
#ifndef KERNELS_CUDA_KERNELS_CUH
#define KERNELS_CUDA_KERNELS_CUH

#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/layernorm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/scan.cuh"
#include "kernels/cuda/norm_linear_conv.cuh"
#include "kernels/cuda/dt_scan.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/norm_groups.cuh"
#include "kernels/cuda/norm_linear_add.cuh"
#include "kernels/cuda/norm_qkv.cuh"
#include "kernels/cuda/rope_append.cuh"
#include "kernels/cuda/attention.cuh"
#include "kernels/cuda/mlp.cuh"
#include "kernels/cuda/norm_linear_gelu.cuh"
#include "kernels/cuda/experts_rows.cuh"

#endif
