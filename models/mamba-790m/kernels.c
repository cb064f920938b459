/* models/mamba-790m/kernels.c: made from config/mamba-790m.ini; edit that, `make models`.
 *
 * One line makes one kernel whose loops see only these constants; the macros are explained in
 * kernels/cpu/kernels.h. */
#include "kernels/cpu/kernels.h"
#include "kernels.h"

/* decode, 1 row */
EMBED(embed_bf16_50288x1536, bf16_50288x1536, BF16, 50288, 1536, 1536, ONE)
RMSNORM(rmsnorm_1536, 1536, 1536, 1e-05f, ONE)
LINEAR(gemv_bf16_128x3072,      bf16_128x3072,   BF16,   128, 3072,   128, 6144, PLAIN, ONE)
LINEAR(gemv_add_bf16_1536x3072, bf16_1536x3072,  BF16,  1536, 3072,  1536, 6144, ADD,   ONE)
LINEAR(gemv_bf16_50288x1536,    bf16_50288x1536, BF16, 50288, 1536, 50288, 1536, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_6144x1536x4, bf16_6144x1536, BF16, 1536, 1536, 6144, 0, 3072,
        4, 1e-05f, 6144)
DT_SCAN(dt_scan_bf16_3072x16x96, bf16_3072x96, BF16, 3072, 16, 96, 6144, 128)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x1536, bf16_50288x1536, BF16, 50288, 1536, 1536, CHUNK)
RMSNORM(rmsnorm_256x1536, 1536, 1536, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x6144x1536, bf16_6144x1536, BF16, 6144, 1536, 6144, 1536, PLAIN, CHUNK)
LINEAR(gemm_bf16_256x128x3072, bf16_128x3072, BF16, 128, 3072, 128, 6144, PLAIN, CHUNK)
LINEAR(gemm_softplus_bf16_256x3072x96, bf16_3072x96, BF16, 3072, 96, 3072, 128, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_256x1536x3072, bf16_1536x3072, BF16, 1536, 3072, 1536, 6144, ADD, CHUNK)
CONV_SILU(conv_silu_256x3072x4, 0, 3072, 4, 6144, BIAS, CHUNK)
SCAN(scan_256x3072x16, 3072, 16, 96, 6144, 128, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x1536, bf16_50288x1536, BF16, 50288, 1536, 50288, 1536, PLAIN, LOGITS)
