/* models/tinyllama-1.1b/kernels.cu: made from config/tinyllama-1.1b.ini; edit that, `make
 * models`.
 *
 * One line makes one operation: its CUDA kernels, whose loops see only these constants, and the
 * function that launches them; the macros are explained in kernels/cuda/kernels.cuh. */
#include "kernels/cuda/kernels.cuh"

extern "C" {
#include "kernels.h"
}

ROPE_TABLE(rope, 32, 1.0f, 0.7498942f, 0.56234133f, 0.4216965f, 0.31622776f, 0.23713736f,
    0.17782794f, 0.13335215f, 0.1f, 0.074989416f, 0.05623413f, 0.04216965f, 0.03162278f,
    0.023713736f, 0.017782794f, 0.013335215f, 0.01f, 0.0074989423f, 0.0056234132f, 0.004216965f,
    0.0031622779f, 0.0023713738f, 0.0017782794f, 0.0013335214f, 0.001f, 0.0007498942f,
    0.0005623413f, 0.0004216965f, 0.0003162278f, 0.00023713738f, 0.00017782794f, 0.00013335215f)

/* decode, 1 row */
EMBED(embed_bf16_32000x2048, bf16_32000x2048, BF16, 32000, 2048, 2048, ONE)
RMSNORM(rmsnorm_2048, 2048, 2048, 1e-05f, ONE)
LINEAR(gemv_add_bf16_2048x2048, bf16_2048x2048,  BF16,  2048, 2048,  2048, 2048, ADD,   ONE)
LINEAR(gemv_add_bf16_2048x5632, bf16_2048x5632,  BF16,  2048, 5632,  2048, 5632, ADD,   ONE)
LINEAR(gemv_bf16_32000x2048,    bf16_32000x2048, BF16, 32000, 2048, 32000, 2048, PLAIN, ONE)
NORM_QKV(norm_qkv_bf16_2560x2048, bf16_2048x2048, bf16_256x2048, BF16, 2048, 2048, 1e-05f, 32, 4,
        64, 64, rope, bf16, BF16, 2048)
ATTENTION(attention_bf16_32x4x64, 32, 4, 64, bf16, BF16, 2048, 0, 0.125f, ONE)
NORM_LINEAR_SWIGLU(norm_gemv_swiglu_bf16_5632x2048, bf16_5632x2048, BF16, 2048, 2048, 5632, 1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x32000x2048, bf16_32000x2048, BF16, 32000, 2048, 2048, CHUNK)
RMSNORM(rmsnorm_256x2048, 2048, 2048, 1e-05f, CHUNK)
LINEAR(gemm_bf16_256x2048x2048,     bf16_2048x2048, BF16, 2048, 2048, 2048, 2048, PLAIN, CHUNK)
LINEAR(gemm_bf16_256x256x2048,      bf16_256x2048,  BF16,  256, 2048,  256, 2048, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x2048x2048, bf16_2048x2048, BF16, 2048, 2048, 2048, 2048, ADD,   CHUNK)
LINEAR(gemm_bf16_256x5632x2048,     bf16_5632x2048, BF16, 5632, 2048, 5632, 2048, PLAIN, CHUNK)
LINEAR(gemm_add_bf16_256x2048x5632, bf16_2048x5632, BF16, 2048, 5632, 2048, 5632, ADD,   CHUNK)
ROPE_APPEND(rope_append_bf16_256x32x64, 32, 4, 64, 64, rope, bf16, BF16, 2048, CHUNK)
ATTENTION(attention_bf16_256x32x4x64, 32, 4, 64, bf16, BF16, 2048, 0, 0.125f, CHUNK)
SWIGLU(swiglu_256x5632, 5632, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bf16_16x32000x2048, bf16_32000x2048, BF16, 32000, 2048, 32000, 2048, PLAIN, LOGITS)
