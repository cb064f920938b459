/* The kernels a generated kernels.c is made of. One line there makes one extern function whose
 * loops see only constants, under the name that a profiler will show.
 *
 *   EMBED    (name, TYPE, T, M, K, YS, COUNT)
 *   RMSNORM  (name, D, S, EPS, COUNT)
 *   LINEAR   (name, TYPE, T, M, K, YS, XS, EPILOGUE, COUNT)
 *   CONV_SILU(name, AT, I, K, XS, BIAS or PLAIN, COUNT)   of the PAD(I) columns from AT
 *   SCAN     (name, I, N, R, XS, DS, COUNT)
 *   NORM_LINEAR_CONV(name, TYPE, T, D, S, M, AT, I, K, EPS, XS)   one row; K taps, matrix [M][D]
 *   DT_SCAN  (name, TYPE, T, I, N, R, XS, DS)              one row
 *   NORM_SELECTION(name, R, N, DS, EPS, COUNT)
 *   NORM_DT_SCAN(name, TYPE, T, I, N, R, XS, DS, EPS)      one row
 *   SSD      (name, H, P, G, N, XS, LOW, HIGH, COUNT)
 *   RMSNORM_GROUPS(name, D, I, G, XS, EPS, COUNT)          in place
 *   NORM_LINEAR_ADD(name, TYPE, T, M, D, I, G, XS, EPS)    one row
 *   LAYERNORM(name, D, S, EPS, COUNT)
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
 * TYPE      the packed matrix's struct, with one member w: bf16_3072x768
 * T         F32, F16 or BF16: what an element of TYPE.w is; RT: of ROUTER_TYPE.w
 * COUNT     ONE, CHUNK or LOGITS: see enum count in kernels/shapes.h
 * EPILOGUE  PLAIN, ADD, BIAS, ADD_BIAS, SOFTPLUS or GELU: see enum epilogue there
 * M, K      output rows and (exact) columns of a matrix; LINEAR pads M to whole lines itself
 * YS XS DS  floats from one row of y, x (xz for conv and scan) or xdb to the next
 *
 * H P G N   of SSD: heads, their width, groups that share B and C, states of a channel
 * H KV HD   query heads, heads of keys and values, width of a head; R of it are rotated
 * E K ROWS  experts, how many of them a token goes through, most tokens
 * WEIGHTS   of the chosen: RENORM or RAW, see enum route_weights there
 * TABLE     the frequencies: ROPE_TABLE(name, R/2, ...) of the same file
 * CACHE KT  type of an element of keys and values, f16, and its T; C positions
 * W         the window: how many positions a row sees, its own among them; 0: all
 *
 * Signatures, shapes and meanings stand at the top of each family's file. Arguments T, COUNT,
 * EPILOGUE and WEIGHTS are names, not values: a model may have an enumerator called CHUNK.
 *
 * Every buffer and tensor starts on 64 bytes; row strides are multiples of 16 floats; the pad
 * elements that end a row are written as 0 by every operation that writes the row. Buffers of one
 * call never overlap, except where conv and scan say that they work in place. */
#ifndef KERNELS_CPU_KERNELS_H
#define KERNELS_CPU_KERNELS_H

#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/conv.h"
#include "kernels/cpu/scan.h"
#include "kernels/cpu/norm_linear_conv.h"
#include "kernels/cpu/dt_scan.h"
#include "kernels/cpu/norm_selection.h"
#include "kernels/cpu/ssd.h"
#include "kernels/cpu/norm_linear_add.h"
#include "kernels/cpu/layernorm.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/mlp.h"
#include "kernels/cpu/experts.h"

#endif
