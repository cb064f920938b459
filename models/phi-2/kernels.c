/* models/phi-2/kernels.c: made from config/phi-2.ini; edit that, `make models`.
 *
 * One line makes one kernel whose loops see only these constants; the macros are explained in
 * kernels/cpu/kernels.h. */
#include "kernels/cpu/kernels.h"
#include "kernels.h"

ROPE_TABLE(rope, 16, 1.0f, 0.56234133f, 0.31622776f, 0.17782794f, 0.1f, 0.05623413f, 0.03162278f,
    0.017782794f, 0.01f, 0.0056234132f, 0.0031622779f, 0.0017782794f, 0.001f, 0.0005623413f,
    0.0003162278f, 0.00017782794f)

/* decode, 1 row */
EMBED(embed_bf16_51200x2560, bf16_51200x2560, BF16, 51200, 2560, 2560, ONE)
LAYERNORM(layernorm_2560, 2560, 2560, 1e-05f, ONE)
LINEAR(gemv_add_bias_bf16_2560x2560, bf16_2560x2560, BF16, 2560, 2560, 2560, 2560, ADD_BIAS, ONE)
LINEAR(gemv_add_bias_bf16_2560x10240, bf16_2560x10240, BF16, 2560, 10240, 2560, 10240, ADD_BIAS,
        ONE)
LINEAR(gemv_bias_bf16_51200x2560, bf16_51200x2560, BF16, 51200, 2560, 51200, 2560, BIAS, ONE)
NORM_QKV(norm_qkv_bf16_7680x2560, bf16_2560x2560, bf16_2560x2560, BF16, 2560, 2560, 1e-05f, 32, 32,
        80, 32, rope, bf16, BF16, 2048)
ATTENTION(attention_bf16_32x32x80, 32, 32, 80, bf16, BF16, 2048, 0, 0.1118034f, ONE)
NORM_LINEAR_GELU(norm_gemv_gelu_bf16_10240x2560, bf16_10240x2560, BF16, 2560, 2560, 10240, 1e-05f)

/* prefill, 256 rows */
EMBED(embed_bf16_256x51200x2560, bf16_51200x2560, BF16, 51200, 2560, 2560, CHUNK)
LAYERNORM(layernorm_256x2560, 2560, 2560, 1e-05f, CHUNK)
LINEAR(gemm_bias_bf16_256x2560x2560, bf16_2560x2560, BF16, 2560, 2560, 2560, 2560, BIAS, CHUNK)
LINEAR(gemm_add_bias_bf16_256x2560x2560, bf16_2560x2560, BF16, 2560, 2560, 2560, 2560, ADD_BIAS,
        CHUNK)
LINEAR(gemm_gelu_bf16_256x10240x2560, bf16_10240x2560, BF16, 10240, 2560, 10240, 2560, GELU, CHUNK)
LINEAR(gemm_add_bias_bf16_256x2560x10240, bf16_2560x10240, BF16, 2560, 10240, 2560, 10240, ADD_BIAS,
        CHUNK)
ROPE_APPEND(rope_append_bf16_256x32x80, 32, 32, 80, 32, rope, bf16, BF16, 2048, CHUNK)
ATTENTION(attention_bf16_256x32x32x80, 32, 32, 80, bf16, BF16, 2048, 0, 0.1118034f, CHUNK)

/* head, 16 rows */
LINEAR(gemm_bias_bf16_16x51200x2560, bf16_51200x2560, BF16, 51200, 2560, 51200, 2560, BIAS, LOGITS)
