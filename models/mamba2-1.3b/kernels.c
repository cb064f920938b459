/* models/mamba2-1.3b/kernels.c: made from config/mamba2-1.3b.ini; edit that, `make models`.
 *
 * One line makes one kernel whose loops see only these constants; the macros are explained in
 * kernels/cpu/kernels.h. */
#include "kernels/cpu/kernels.h"
#include "kernels.h"

/* decode, 1 row */
EMBED(embed_bf16_50288x2048, bf16_50288x2048, BF16, 50288, 2048, 2048, ONE)
RMSNORM(rmsnorm_2048, 2048, 2048, 1e-05f, ONE)
LINEAR(gemv_bf16_50288x2048, bf16_50288x2048, BF16, 50288, 2048, 50288, 2048, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_8512x2048x4, bf16_8512x2048, BF16, 2048, 2048, 8512, 4096,
        4352, 4, 1e-05f, 8512)
SSD(ssd_64x64x128, 64, 64, 1, 128, 8512, 0.0f, INFINITY, ONE)
NORM_LINEAR_ADD(norm_gemv_add_bf16_2048x4096, bf16_2048x4096, BF16, 2048, 4096, 4096, 1, 8512,
        1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x2048, bf16_50288x2048, BF16, 50288, 2048, 2048, CHUNK)
RMSNORM(rmsnorm_256x2048, 2048, 2048, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x8512x2048,     bf16_8512x2048, BF16, 8512, 2048, 8512, 2048, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x2048x4096, bf16_2048x4096, BF16, 2048, 4096, 2048, 8512, ADD,   CHUNK)
CONV_SILU(conv_silu_256x4352x4, 4096, 4352, 4, 8512, BIAS, CHUNK)
SSD(ssd_256x64x64x128, 64, 64, 1, 128, 8512, 0.0f, INFINITY, CHUNK)
RMSNORM_GROUPS(rmsnorm_groups_256x4096, 4096, 4096, 1, 8512, 1e-05f, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x2048, bf16_50288x2048, BF16, 50288, 2048, 50288, 2048, PLAIN, LOGITS)
