/* models/phi-2/kernels.cu: made from config/phi-2.ini; edit that, `make models`.
 *
 * The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda makes of it,
 * and the function that launches them, which has the name of its twin in kernels.c. */
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/layernorm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/norm_qkv.cuh"
#include "kernels/cuda/rope_append.cuh"
#include "kernels/cuda/attention.cuh"
#include "kernels/cuda/norm_linear_gelu.cuh"

extern "C" {
#include "kernels.h"
}

ROPE_TABLE(rope, 16, 1.0f, 0.56234133f, 0.31622776f, 0.17782794f, 0.1f, 0.05623413f, 0.03162278f,
    0.017782794f, 0.01f, 0.0056234132f, 0.0031622779f, 0.0017782794f, 0.001f, 0.0005623413f,
    0.0003162278f, 0.00017782794f)

/* decode, 1 row */

static constexpr embed_shape embed_bf16_51200x2560_shape = {.type = FORMAT_BF16, .M = 51200,
    .K = 2560, .y_stride = 2560, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_51200x2560, ONE)
extern "C" void embed_bf16_51200x2560(run *r, u32 op, f32 (*y)[2560], const bf16_51200x2560 *w,
                                      const u32 *tokens)
{
    embed_launch<embed_bf16_51200x2560_shape>(r, op, embed_bf16_51200x2560_kernels, y[0], w,
        tokens);
}

static constexpr layernorm_shape layernorm_2560_shape = {.D = 2560, .x_stride = 2560,
    .epsilon = 1e-05f, .count = COUNT_ONE, .rows = 1};
LAYERNORM_KERNELS(layernorm_2560, ONE)
extern "C" void layernorm_2560(run *r, u32 op, f32 (*y)[2560], const f32 (*x)[2560],
                               const f32 *norm, const f32 *norm_bias)
{
    layernorm_launch<layernorm_2560_shape>(r, op, layernorm_2560_kernels, y[0], x[0], norm,
        norm_bias);
}

static constexpr linear_shape gemv_add_bias_bf16_2560x2560_shape = {.type = FORMAT_BF16, .M = 2560,
    .K = 2560, .y_stride = 2560, .x_stride = 2560, .epilogue = EPILOGUE_ADD_BIAS,
    .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_add_bias_bf16_2560x2560, ADD_BIAS, ONE)
extern "C" void gemv_add_bias_bf16_2560x2560(run *r, u32 op, f32 (*y)[2560],
        const bf16_2560x2560 *w, const f32 *bias, const f32 (*x)[2560])
{
    linear_launch<gemv_add_bias_bf16_2560x2560_shape>(r, op, gemv_add_bias_bf16_2560x2560_kernels,
        y[0], w, bias, x[0]);
}

static constexpr linear_shape gemv_add_bias_bf16_2560x10240_shape = {.type = FORMAT_BF16,
    .M = 2560, .K = 10240, .y_stride = 2560, .x_stride = 10240, .epilogue = EPILOGUE_ADD_BIAS,
    .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_add_bias_bf16_2560x10240, ADD_BIAS, ONE)
extern "C" void gemv_add_bias_bf16_2560x10240(run *r, u32 op, f32 (*y)[2560],
        const bf16_2560x10240 *w, const f32 *bias, const f32 (*x)[10240])
{
    linear_launch<gemv_add_bias_bf16_2560x10240_shape>(r, op, gemv_add_bias_bf16_2560x10240_kernels,
        y[0], w, bias, x[0]);
}

static constexpr linear_shape gemv_bias_bf16_51200x2560_shape = {.type = FORMAT_BF16, .M = 51200,
    .K = 2560, .y_stride = 51200, .x_stride = 2560, .epilogue = EPILOGUE_BIAS, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_bias_bf16_51200x2560, BIAS, ONE)
extern "C" void gemv_bias_bf16_51200x2560(run *r, u32 op, f32 (*y)[51200],
        const bf16_51200x2560 *w, const f32 *bias, const f32 (*x)[2560])
{
    linear_launch<gemv_bias_bf16_51200x2560_shape>(r, op, gemv_bias_bf16_51200x2560_kernels, y[0],
        w, bias, x[0]);
}

static constexpr norm_qkv_shape norm_qkv_bf16_7680x2560_shape = {.q_type = FORMAT_BF16,
    .k_type = FORMAT_BF16, .v_type = FORMAT_BF16, .D = 2560, .H = 32, .KV = 32, .HD = 80, .R = 32,
    .cache_type = FORMAT_BF16, .C = 2048, .epsilon = 1e-05f};
NORM_QKV_KERNELS(norm_qkv_bf16_7680x2560, rope)
extern "C" void norm_qkv_bf16_7680x2560(run *r, u32 op, f32 (*q)[2560], const f32 (*x)[2560],
                                        const f32 *norm, const f32 *norm_bias,
                                        const bf16_2560x2560 *q_proj, const f32 *q_bias,
                                        const bf16_2560x2560 *k_proj, const f32 *k_bias,
                                        const bf16_2560x2560 *v_proj, const f32 *v_bias,
                                        bf16 (*keys)[2048][80], bf16 (*values)[2048][80])
{
    norm_qkv_launch<norm_qkv_bf16_7680x2560_shape>(r, op, norm_qkv_bf16_7680x2560_kernels, q[0],
        x[0], norm, norm_bias, q_proj, q_bias, k_proj, k_bias, v_proj, v_bias, keys, values);
}

static constexpr attention_shape attention_bf16_32x32x80_shape = {.H = 32, .KV = 32, .HD = 80,
    .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.1118034f, .count = COUNT_ONE,
    .rows = 1};
ATTENTION_KERNELS(attention_bf16_32x32x80, ONE)
extern "C" void attention_bf16_32x32x80(run *r, u32 op, f32 (*q)[2560],
                                        const bf16 (*keys)[2048][80],
                                        const bf16 (*values)[2048][80])
{
    attention_launch<attention_bf16_32x32x80_shape>(r, op, attention_bf16_32x32x80_kernels, q[0],
        keys, values);
}

static constexpr norm_linear_gelu_shape norm_gemv_gelu_bf16_10240x2560_shape = {
    .type = FORMAT_BF16, .M = 10240, .D = 2560, .epsilon = 1e-05f};
NORM_LINEAR_GELU_KERNELS(norm_gemv_gelu_bf16_10240x2560)
extern "C" void norm_gemv_gelu_bf16_10240x2560(run *r, u32 op, f32 (*y)[10240],
        const f32 (*x)[2560], const f32 *norm, const f32 *norm_bias, const bf16_10240x2560 *w,
        const f32 *bias)
{
    norm_linear_gelu_launch<norm_gemv_gelu_bf16_10240x2560_shape>(r, op,
        norm_gemv_gelu_bf16_10240x2560_kernels, y[0], x[0], norm, norm_bias, w, bias);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x51200x2560_shape = {.type = FORMAT_BF16, .M = 51200,
    .K = 2560, .y_stride = 2560, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x51200x2560, CHUNK)
extern "C" void embed_bf16_256x51200x2560(run *r, u32 op, f32 (*y)[2560], const bf16_51200x2560 *w,
        const u32 *tokens)
{
    embed_launch<embed_bf16_256x51200x2560_shape>(r, op, embed_bf16_256x51200x2560_kernels, y[0],
        w, tokens);
}

static constexpr layernorm_shape layernorm_256x2560_shape = {.D = 2560, .x_stride = 2560,
    .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
LAYERNORM_KERNELS(layernorm_256x2560, CHUNK)
extern "C" void layernorm_256x2560(run *r, u32 op, f32 (*y)[2560], const f32 (*x)[2560],
                                   const f32 *norm, const f32 *norm_bias)
{
    layernorm_launch<layernorm_256x2560_shape>(r, op, layernorm_256x2560_kernels, y[0], x[0], norm,
        norm_bias);
}

static constexpr linear_shape gemm_bias_bf16_256x2560x2560_shape = {.type = FORMAT_BF16, .M = 2560,
    .K = 2560, .y_stride = 2560, .x_stride = 2560, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_bias_bf16_256x2560x2560, BIAS, CHUNK)
extern "C" void gemm_bias_bf16_256x2560x2560(run *r, u32 op, f32 (*y)[2560],
        const bf16_2560x2560 *w, const f32 *bias, const f32 (*x)[2560])
{
    linear_launch<gemm_bias_bf16_256x2560x2560_shape>(r, op, gemm_bias_bf16_256x2560x2560_kernels,
        y[0], w, bias, x[0]);
}

static constexpr linear_shape gemm_add_bias_bf16_256x2560x2560_shape = {.type = FORMAT_BF16,
    .M = 2560, .K = 2560, .y_stride = 2560, .x_stride = 2560, .epilogue = EPILOGUE_ADD_BIAS,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_add_bias_bf16_256x2560x2560, ADD_BIAS, CHUNK)
extern "C" void gemm_add_bias_bf16_256x2560x2560(run *r, u32 op, f32 (*y)[2560],
        const bf16_2560x2560 *w, const f32 *bias, const f32 (*x)[2560])
{
    linear_launch<gemm_add_bias_bf16_256x2560x2560_shape>(r, op,
        gemm_add_bias_bf16_256x2560x2560_kernels, y[0], w, bias, x[0]);
}

static constexpr linear_shape gemm_gelu_bf16_256x10240x2560_shape = {.type = FORMAT_BF16,
    .M = 10240, .K = 2560, .y_stride = 10240, .x_stride = 2560, .epilogue = EPILOGUE_GELU,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_gelu_bf16_256x10240x2560, GELU, CHUNK)
extern "C" void gemm_gelu_bf16_256x10240x2560(run *r, u32 op, f32 (*y)[10240],
        const bf16_10240x2560 *w, const f32 *bias, const f32 (*x)[2560])
{
    linear_launch<gemm_gelu_bf16_256x10240x2560_shape>(r, op, gemm_gelu_bf16_256x10240x2560_kernels,
        y[0], w, bias, x[0]);
}

static constexpr linear_shape gemm_add_bias_bf16_256x2560x10240_shape = {.type = FORMAT_BF16,
    .M = 2560, .K = 10240, .y_stride = 2560, .x_stride = 10240, .epilogue = EPILOGUE_ADD_BIAS,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_add_bias_bf16_256x2560x10240, ADD_BIAS, CHUNK)
extern "C" void gemm_add_bias_bf16_256x2560x10240(run *r, u32 op, f32 (*y)[2560],
        const bf16_2560x10240 *w, const f32 *bias, const f32 (*x)[10240])
{
    linear_launch<gemm_add_bias_bf16_256x2560x10240_shape>(r, op,
        gemm_add_bias_bf16_256x2560x10240_kernels, y[0], w, bias, x[0]);
}

static constexpr rope_append_shape rope_append_bf16_256x32x80_shape = {.H = 32, .KV = 32, .HD = 80,
    .R = 32, .cache_type = FORMAT_BF16, .C = 2048, .count = COUNT_CHUNK, .rows = 256};
ROPE_APPEND_KERNELS(rope_append_bf16_256x32x80, rope, CHUNK)
extern "C" void rope_append_bf16_256x32x80(run *r, u32 op, f32 (*q)[2560], const f32 (*k)[2560],
        const f32 (*v)[2560], bf16 (*keys)[2048][80], bf16 (*values)[2048][80])
{
    rope_append_launch<rope_append_bf16_256x32x80_shape>(r, op, rope_append_bf16_256x32x80_kernels,
        q[0], k[0], v[0], keys, values);
}

static constexpr attention_shape attention_bf16_256x32x32x80_shape = {.H = 32, .KV = 32, .HD = 80,
    .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.1118034f, .count = COUNT_CHUNK,
    .rows = 256};
ATTENTION_KERNELS(attention_bf16_256x32x32x80, CHUNK)
extern "C" void attention_bf16_256x32x32x80(run *r, u32 op, f32 (*q)[2560],
        const bf16 (*keys)[2048][80], const bf16 (*values)[2048][80])
{
    attention_launch<attention_bf16_256x32x32x80_shape>(r, op, attention_bf16_256x32x32x80_kernels,
        q[0], keys, values);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bias_bf16_16x51200x2560_shape = {.type = FORMAT_BF16,
    .M = 51200, .K = 2560, .y_stride = 51200, .x_stride = 2560, .epilogue = EPILOGUE_BIAS,
    .count = COUNT_LOGITS, .rows = 16};
LINEAR_KERNELS(gemm_bias_bf16_16x51200x2560, BIAS, LOGITS)
extern "C" void gemm_bias_bf16_16x51200x2560(run *r, u32 op, f32 (*y)[51200],
        const bf16_51200x2560 *w, const f32 *bias, const f32 (*x)[2560])
{
    linear_launch<gemm_bias_bf16_16x51200x2560_shape>(r, op, gemm_bias_bf16_16x51200x2560_kernels,
        y[0], w, bias, x[0]);
}
