/* models/mamba2-370m/kernels.cu: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#include "kernels/cuda/kernels.cuh"

extern "C" {
#include "kernels.h"
}

/* decode, 1 row */
EMBED(embed_bf16_50288x1024, bf16_50288x1024, BF16, 50288, 1024, 1024, ONE)
RMSNORM(rmsnorm_1024, 1024, 1024, 1e-05f, ONE)
LINEAR(gemv_bf16_50288x1024, bf16_50288x1024, BF16, 50288, 1024, 50288, 1024, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_4384x1024x4, bf16_4384x1024, BF16, 1024, 1024, 4384, 2048,
        2304, 4, 1e-05f, 4384)
SSD(ssd_32x64x128, 32, 64, 1, 128, 4384, 0.0f, INFINITY, ONE)
NORM_LINEAR_ADD(norm_gemv_add_bf16_1024x2048, bf16_1024x2048, BF16, 1024, 2048, 2048, 1, 4384,
        1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x1024, bf16_50288x1024, BF16, 50288, 1024, 1024, CHUNK)
RMSNORM(rmsnorm_256x1024, 1024, 1024, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x4384x1024,     bf16_4384x1024, BF16, 4384, 1024, 4384, 1024, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x1024x2048, bf16_1024x2048, BF16, 1024, 2048, 1024, 4384, ADD,   CHUNK)
CONV_SILU(conv_silu_256x2304x4, 2048, 2304, 4, 4384, BIAS, CHUNK)
SSD(ssd_256x32x64x128, 32, 64, 1, 128, 4384, 0.0f, INFINITY, CHUNK)
RMSNORM_GROUPS(rmsnorm_groups_256x2048, 2048, 2048, 1, 4384, 1e-05f, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x1024, bf16_50288x1024, BF16, 50288, 1024, 50288, 1024, PLAIN, LOGITS)
