/* models/mamba-2.8b/kernels.c: made from config/mamba-2.8b.ini; edit that, `make models`.
 *
 * One line makes one kernel whose loops see only these constants; the macros are explained in
 * kernels/cpu/kernels.h. */
#include "kernels/cpu/kernels.h"
#include "kernels.h"

/* decode, 1 row */
EMBED(embed_bf16_50288x2560, bf16_50288x2560, BF16, 50288, 2560, 2560, ONE)
RMSNORM(rmsnorm_2560, 2560, 2560, 1e-05f, ONE)
LINEAR(gemv_bf16_192x5120,      bf16_192x5120,   BF16,   192, 5120,   192, 10240, PLAIN, ONE)
LINEAR(gemv_add_bf16_2560x5120, bf16_2560x5120,  BF16,  2560, 5120,  2560, 10240, ADD,   ONE)
LINEAR(gemv_bf16_50288x2560,    bf16_50288x2560, BF16, 50288, 2560, 50288,  2560, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_10240x2560x4, bf16_10240x2560, BF16, 2560, 2560, 10240, 0,
        5120, 4, 1e-05f, 10240)
DT_SCAN(dt_scan_bf16_5120x16x160, bf16_5120x160, BF16, 5120, 16, 160, 10240, 192)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x2560, bf16_50288x2560, BF16, 50288, 2560, 2560, CHUNK)
RMSNORM(rmsnorm_256x2560, 2560, 2560, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x10240x2560, bf16_10240x2560, BF16, 10240, 2560, 10240, 2560, PLAIN, CHUNK)
LINEAR(gemm_bf16_256x192x5120, bf16_192x5120, BF16, 192, 5120, 192, 10240, PLAIN, CHUNK)
LINEAR(gemm_softplus_bf16_256x5120x160, bf16_5120x160, BF16, 5120, 160, 5120, 192, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_256x2560x5120, bf16_2560x5120, BF16, 2560, 5120, 2560, 10240, ADD, CHUNK)
CONV_SILU(conv_silu_256x5120x4, 0, 5120, 4, 10240, BIAS, CHUNK)
SCAN(scan_256x5120x16, 5120, 16, 160, 10240, 192, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x2560, bf16_50288x2560, BF16, 50288, 2560, 50288, 2560, PLAIN, LOGITS)
