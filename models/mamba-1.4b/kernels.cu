/* models/mamba-1.4b/kernels.cu: made from config/mamba-1.4b.ini; edit that, `make models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#include "kernels/cuda/kernels.cuh"

extern "C" {
#include "kernels.h"
}

/* decode, 1 row */
EMBED(embed_bf16_50288x2048, bf16_50288x2048, BF16, 50288, 2048, 2048, ONE)
RMSNORM(rmsnorm_2048, 2048, 2048, 1e-05f, ONE)
LINEAR(gemv_bf16_160x4096,      bf16_160x4096,   BF16,   160, 4096,   160, 8192, PLAIN, ONE)
LINEAR(gemv_add_bf16_2048x4096, bf16_2048x4096,  BF16,  2048, 4096,  2048, 8192, ADD,   ONE)
LINEAR(gemv_bf16_50288x2048,    bf16_50288x2048, BF16, 50288, 2048, 50288, 2048, PLAIN, ONE)
NORM_LINEAR_CONV(norm_gemv_conv_bf16_8192x2048x4, bf16_8192x2048, BF16, 2048, 2048, 8192, 0, 4096,
        4, 1e-05f, 8192)
DT_SCAN(dt_scan_bf16_4096x16x128, bf16_4096x128, BF16, 4096, 16, 128, 8192, 160)

/* prefill, 256 rows */
EMBED(embed_bf16_256x50288x2048, bf16_50288x2048, BF16, 50288, 2048, 2048, CHUNK)
RMSNORM(rmsnorm_256x2048, 2048, 2048, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x8192x2048, bf16_8192x2048, BF16, 8192, 2048, 8192, 2048, PLAIN, CHUNK)
LINEAR(gemm_bf16_256x160x4096, bf16_160x4096, BF16, 160, 4096, 160, 8192, PLAIN, CHUNK)
LINEAR(gemm_softplus_bf16_256x4096x128, bf16_4096x128, BF16, 4096, 128, 4096, 160, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_256x2048x4096, bf16_2048x4096, BF16, 2048, 4096, 2048, 8192, ADD, CHUNK)
CONV_SILU(conv_silu_256x4096x4, 0, 4096, 4, 8192, BIAS, CHUNK)
SCAN(scan_256x4096x16, 4096, 16, 128, 8192, 160, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x50288x2048, bf16_50288x2048, BF16, 50288, 2048, 50288, 2048, PLAIN, LOGITS)
