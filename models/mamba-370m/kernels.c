/* models/mamba-370m/kernels.c: made from config/mamba-370m.ini; edit that, `make models`.
 *
 * One line makes one kernel whose loops see only these constants; the macros are explained in
 * kernels/cpu/kernels.h. */
#include "kernels/cpu/kernels.h"
#include "kernels.h"

/* decode, 1 row */
EMBED(embed_bf16_50288x1024, bf16_50288x1024, BF16, 50288, 1024, 1024, ONE)
RMSNORM(rmsnorm_1024, 1024, 1024, 1e-05f, ONE)
LINEAR(gemv_bf16_96x2048,       bf16_96x2048,    BF16,    96, 2048,    96, 4096, PLAIN, ONE)
LINEAR(gemv_add_bf16_1024x2048, bf16_1024x2048,  BF16,  1024, 2048,  1024, 4096, ADD,   ONE)
LINEAR(gemv_bf16_50288x1024,    bf16_50288x1024, BF16, 50288, 1024, 50288, 1024, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_4096x1024x4, bf16_4096x1024, BF16, 1024, 1024, 4096, 0, 2048,
        4, 1e-05f, 4096)
DT_SCAN(dt_scan_bf16_2048x16x64, bf16_2048x64, BF16, 2048, 16, 64, 4096, 96)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x1024, bf16_50288x1024, BF16, 50288, 1024, 1024, CHUNK)
RMSNORM(rmsnorm_256x1024, 1024, 1024, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x4096x1024, bf16_4096x1024, BF16, 4096, 1024, 4096, 1024, PLAIN, CHUNK)
LINEAR(gemm_bf16_256x96x2048, bf16_96x2048, BF16, 96, 2048, 96, 4096, PLAIN, CHUNK)
LINEAR(gemm_softplus_bf16_256x2048x64, bf16_2048x64, BF16, 2048, 64, 2048, 96, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_256x1024x2048, bf16_1024x2048, BF16, 1024, 2048, 1024, 4096, ADD, CHUNK)
CONV_SILU(conv_silu_256x2048x4, 0, 2048, 4, 4096, BIAS, CHUNK)
SCAN(scan_256x2048x16, 2048, 16, 64, 4096, 96, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x1024, bf16_50288x1024, BF16, 50288, 1024, 50288, 1024, PLAIN, LOGITS)
