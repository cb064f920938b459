/* models/mamba-130m/kernels.cu: made from config/mamba-130m.ini; edit that, `make models`.
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
LINEAR(gemv_bf16_80x1536,      bf16_80x1536,   BF16,    80, 1536,    80, 3072, PLAIN, ONE)
LINEAR(gemv_add_bf16_768x1536, bf16_768x1536,  BF16,   768, 1536,   768, 3072, ADD,   ONE)
LINEAR(gemv_bf16_50288x768,    bf16_50288x768, BF16, 50288,  768, 50288,  768, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_3072x768x4, bf16_3072x768, BF16, 768, 768, 3072, 0, 1536, 4,
        1e-05f, 3072)
DT_SCAN(dt_scan_bf16_1536x16x48, bf16_1536x48, BF16, 1536, 16, 48, 3072, 80)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x768, bf16_50288x768, BF16, 50288, 768, 768, CHUNK)
RMSNORM(rmsnorm_256x768, 768, 768, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x3072x768,         bf16_3072x768, BF16, 3072,  768, 3072,  768, PLAIN,    CHUNK)
LINEAR(gemm_bf16_256x80x1536,          bf16_80x1536,  BF16,   80, 1536,   80, 3072, PLAIN,    CHUNK)
LINEAR(gemm_softplus_bf16_256x1536x48, bf16_1536x48,  BF16, 1536,   48, 1536,   80, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_256x768x1536,     bf16_768x1536, BF16,  768, 1536,  768, 3072, ADD,      CHUNK)
CONV_SILU(conv_silu_256x1536x4, 0, 1536, 4, 3072, BIAS, CHUNK)
SCAN(scan_256x1536x16, 1536, 16, 48, 3072, 80, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x768, bf16_50288x768, BF16, 50288, 768, 50288, 768, PLAIN, LOGITS)
