/* models/mamba2-130m/kernels.cu: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#include "kernels/cuda/kernels.cuh"

extern "C" {
#include "kernels.h"
}

/* decode, 1 row */
EMBED(embed_bf16_50288x768, bf16_50288x768, BF16, 50288, 768, 768, ONE)
RMSNORM(rmsnorm_768, 768, 768, 1e-05f, ONE)
LINEAR(gemv_bf16_50288x768, bf16_50288x768, BF16, 50288, 768, 50288, 768, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_3360x768x4, bf16_3360x768, BF16, 768, 768, 3360, 1536, 1792, 4,
        1e-05f, 3360)
SSD(ssd_24x64x128, 24, 64, 1, 128, 3360, 0.0f, INFINITY, ONE)
NORM_LINEAR_ADD(norm_gemv_add_bf16_768x1536, bf16_768x1536, BF16, 768, 1536, 1536, 1, 3360, 1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x768, bf16_50288x768, BF16, 50288, 768, 768, CHUNK)
RMSNORM(rmsnorm_256x768, 768, 768, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x3360x768,     bf16_3360x768, BF16, 3360,  768, 3360,  768, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x768x1536, bf16_768x1536, BF16,  768, 1536,  768, 3360, ADD,   CHUNK)
CONV_SILU(conv_silu_256x1792x4, 1536, 1792, 4, 3360, BIAS, CHUNK)
SSD(ssd_256x24x64x128, 24, 64, 1, 128, 3360, 0.0f, INFINITY, CHUNK)
RMSNORM_GROUPS(rmsnorm_groups_256x1536, 1536, 1536, 1, 3360, 1e-05f, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x768, bf16_50288x768, BF16, 50288, 768, 50288, 768, PLAIN, LOGITS)
