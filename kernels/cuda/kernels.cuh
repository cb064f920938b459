/* The kernels a generated kernels.cu is made of. One line there makes one extern "C" function of
 * the host that launches kernels, and those kernels, whose loops see only constants. The function
 * has the name and the signature of its twin in kernels.c, its pointers are device addresses, and
 * its kernels are called NAME_kernel, or NAME_PART_kernel where there are several.
 *
 *   EMBED    (name, TYPE, T, M, K, YS, COUNT)
 *   RMSNORM  (name, D, S, EPS, COUNT)
 *   LAYERNORM(name, D, S, EPS, COUNT)
 *   LINEAR   (name, TYPE, T, M, K, YS, XS, EPILOGUE, COUNT)
 *   CONV_SILU(name, AT, I, K, XS, BIAS or PLAIN, COUNT)   of the PAD(I) columns from AT
 *   SCAN     (name, I, N, R, XS, DS, COUNT)
 *   NORM_LINEAR_CONV(name, TYPE, T, D, S, M, AT, I, K, EPS, XS)   one row; K taps, matrix [M][D]
 *   DT_SCAN  (name, TYPE, T, I, N, R, XS, DS)              one row
 *   SSD      (name, H, P, G, N, XS, LOW, HIGH, COUNT)
 *   RMSNORM_GROUPS(name, D, I, G, XS, EPS, COUNT)          in place
 *   NORM_LINEAR_ADD(name, TYPE, T, M, D, I, G, XS, EPS)    one row
 *   NORM_SELECTION(name, R, N, DS, EPS, COUNT)
 *   NORM_DT_SCAN(name, TYPE, T, I, N, R, XS, DS, EPS)      one row
 *   NORM_QKV (name, Q_TYPE, KV_TYPE, T, D, S, EPS, H, KV, HD, R, TABLE, CACHE, KT, C, W)
 *                                                          one row
 *   ROPE_APPEND(name, H, KV, HD, R, TABLE, CACHE, KT, C, W, COUNT)
 *   ATTENTION(name, H, KV, HD, CACHE, KT, C, W, SCALE, COUNT)
 *   SWIGLU   (name, S, COUNT)
 *   NORM_LINEAR_SWIGLU(name, TYPE, T, D, S, M, EPS)        one row
 *   NORM_LINEAR_GELU(name, TYPE, T, D, S, M, EPS)          one row
 *   ROUTE    (name, TYPE, T, D, XS, E, K, WEIGHTS, COUNT)
 *   GATHER   (name, S, E, K, ROWS)                         the rows of a chunk
 *   EXPERTS_SWIGLU(name, TYPE, T, D, S, F, E, K, ROWS)     the rows of a chunk
 *   NORM_EXPERTS_SWIGLU(name, ROUTER_TYPE, RT, TYPE, T, D, S, F, EPS, E, K, WEIGHTS)   one row
 *   EXPERTS_ADD(name, TYPE, T, F, HS, D, E, K, ROWS, COUNT)
 *
 * TYPE      the matrix's struct, with one member w: bf16_3072x768
 * T         F32, F16 or BF16: what an element of TYPE.w is; RT: of ROUTER_TYPE.w
 * COUNT     ONE, CHUNK or LOGITS: see enum count in kernels/shapes.h
 * EPILOGUE  PLAIN, ADD, BIAS, ADD_BIAS, SOFTPLUS or GELU: see enum epilogue there
 * M, K      output rows and (exact) columns of a matrix; LINEAR pads M to whole lines itself
 * YS XS DS  floats from one row of y, x (xz for conv and scan) or xdb to the next
 * H P G N   of SSD: heads, their width, groups that share B and C, states of a channel
 * H KV HD   query heads, heads of keys and values, width of a head; R of it are rotated
 * TABLE     the frequencies: ROPE_TABLE(name, R/2, ...) of the same file
 * CACHE KT  type of an element of keys and values, f16, and its T; C positions
 * W         the window: how many positions a row sees, its own among them; 0: all
 * E K ROWS  experts, how many of them a token goes through, most tokens
 * WEIGHTS   of the chosen: RENORM or RAW, see enum route_weights there
 *
 * Arguments and meanings are those of kernels/cpu/kernels.h, and the families there are the
 * definition; each file here opens with its own grid, order of sums and error bound. Matrices are
 * plain row-major, [PAD(M)][PAD(K)], their rows zero-padded to 16 elements; everything else lies in
 * memory as it does for the CPU. T, COUNT, EPILOGUE and WEIGHTS are names, not values: a model may
 * have an enumerator called CHUNK.
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
