/* models/mamba2-780m/kernels.cu: made from config/mamba2-780m.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#include "kernels/cuda/kernels.cuh"

extern "C" {
#include "kernels.h"
}

/* decode, 1 row */
EMBED(embed_bf16_50288x1536, bf16_50288x1536, BF16, 50288, 1536, 1536, ONE)
RMSNORM(rmsnorm_1536, 1536, 1536, 1e-05f, ONE)
LINEAR(gemv_bf16_50288x1536, bf16_50288x1536, BF16, 50288, 1536, 50288, 1536, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_6448x1536x4, bf16_6448x1536, BF16, 1536, 1536, 6448, 3072,
        3328, 4, 1e-05f, 6448)
SSD(ssd_48x64x128, 48, 64, 1, 128, 6448, 0.0f, INFINITY, ONE)
NORM_LINEAR_ADD(norm_gemv_add_bf16_1536x3072, bf16_1536x3072, BF16, 1536, 3072, 3072, 1, 6448,
        1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x1536, bf16_50288x1536, BF16, 50288, 1536, 1536, CHUNK)
RMSNORM(rmsnorm_256x1536, 1536, 1536, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x6448x1536,     bf16_6448x1536, BF16, 6448, 1536, 6448, 1536, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x1536x3072, bf16_1536x3072, BF16, 1536, 3072, 1536, 6448, ADD,   CHUNK)
CONV_SILU(conv_silu_256x3328x4, 3072, 3328, 4, 6448, BIAS, CHUNK)
SSD(ssd_256x48x64x128, 48, 64, 1, 128, 6448, 0.0f, INFINITY, CHUNK)
RMSNORM_GROUPS(rmsnorm_groups_256x3072, 3072, 3072, 1, 6448, 1e-05f, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x1536, bf16_50288x1536, BF16, 50288, 1536, 50288, 1536, PLAIN, LOGITS)
