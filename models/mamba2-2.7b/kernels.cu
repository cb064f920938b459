/* models/mamba2-2.7b/kernels.cu: made from config/mamba2-2.7b.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#include "kernels/cuda/kernels.cuh"

extern "C" {
#include "kernels.h"
}

/* decode, 1 row */
EMBED(embed_bf16_50288x2560, bf16_50288x2560, BF16, 50288, 2560, 2560, ONE)
RMSNORM(rmsnorm_2560, 2560, 2560, 1e-05f, ONE)
LINEAR(gemv_bf16_50288x2560, bf16_50288x2560, BF16, 50288, 2560, 50288, 2560, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_10576x2560x4, bf16_10576x2560, BF16, 2560, 2560, 10576, 5120,
        5376, 4, 1e-05f, 10576)
SSD(ssd_80x64x128, 80, 64, 1, 128, 10576, 0.0f, INFINITY, ONE)
NORM_LINEAR_ADD(norm_gemv_add_bf16_2560x5120, bf16_2560x5120, BF16, 2560, 5120, 5120, 1, 10576,
        1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x2560, bf16_50288x2560, BF16, 50288, 2560, 2560, CHUNK)
RMSNORM(rmsnorm_256x2560, 2560, 2560, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x10576x2560,    bf16_10576x2560, BF16, 10576, 2560, 10576,  2560, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x2560x5120, bf16_2560x5120,  BF16,  2560, 5120,  2560, 10576, ADD,   CHUNK)
CONV_SILU(conv_silu_256x5376x4, 5120, 5376, 4, 10576, BIAS, CHUNK)
SSD(ssd_256x80x64x128, 80, 64, 1, 128, 10576, 0.0f, INFINITY, CHUNK)
RMSNORM_GROUPS(rmsnorm_groups_256x5120, 5120, 5120, 1, 10576, 1e-05f, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x2560, bf16_50288x2560, BF16, 50288, 2560, 50288, 2560, PLAIN, LOGITS)
