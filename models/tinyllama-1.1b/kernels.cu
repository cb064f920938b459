/* models/tinyllama-1.1b/kernels.cu: made from config/tinyllama-1.1b.ini;
 * edit that, `make models`.
 *
 * The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda makes of it,
 * and the function that launches them, which has the name of its twin in kernels.c. */
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/norm_qkv.cuh"
#include "kernels/cuda/rope_append.cuh"
#include "kernels/cuda/attention.cuh"
#include "kernels/cuda/mlp.cuh"

extern "C" {
#include "kernels.h"
}

ROPE_TABLE(rope, 32, 1.0f, 0.7498942f, 0.56234133f, 0.4216965f, 0.31622776f, 0.23713736f,
    0.17782794f, 0.13335215f, 0.1f, 0.074989416f, 0.05623413f, 0.04216965f, 0.03162278f,
    0.023713736f, 0.017782794f, 0.013335215f, 0.01f, 0.0074989423f, 0.0056234132f, 0.004216965f,
    0.0031622779f, 0.0023713738f, 0.0017782794f, 0.0013335214f, 0.001f, 0.0007498942f,
    0.0005623413f, 0.0004216965f, 0.0003162278f, 0.00023713738f, 0.00017782794f, 0.00013335215f)

/* decode, 1 row */

static constexpr embed_shape embed_bf16_32000x2048_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 2048, .y_stride = 2048, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_32000x2048, ONE)
extern "C" void embed_bf16_32000x2048(run *r, u32 op, f32 (*y)[2048], const bf16_32000x2048 *w,
                                      const u32 *tokens)
{
    embed_launch<embed_bf16_32000x2048_shape>(r, op, embed_bf16_32000x2048_kernels, y[0], w,
        tokens);
}

static constexpr rmsnorm_shape rmsnorm_2048_shape = {.D = 2048, .x_stride = 2048,
    .epsilon = 1e-05f, .count = COUNT_ONE, .rows = 1};
RMSNORM_KERNELS(rmsnorm_2048, ONE)
extern "C" void rmsnorm_2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm)
{
    rmsnorm_launch<rmsnorm_2048_shape>(r, op, rmsnorm_2048_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemv_add_bf16_2048x2048_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 2048, .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_2048x2048, ADD, ONE)
extern "C" void gemv_add_bf16_2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                                        const f32 (*x)[2048])
{
    linear_launch<gemv_add_bf16_2048x2048_shape>(r, op, gemv_add_bf16_2048x2048_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemv_add_bf16_2048x5632_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 5632, .y_stride = 2048, .x_stride = 5632, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_2048x5632, ADD, ONE)
extern "C" void gemv_add_bf16_2048x5632(run *r, u32 op, f32 (*y)[2048], const bf16_2048x5632 *w,
                                        const f32 (*x)[5632])
{
    linear_launch<gemv_add_bf16_2048x5632_shape>(r, op, gemv_add_bf16_2048x5632_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemv_bf16_32000x2048_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 2048, .y_stride = 32000, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_bf16_32000x2048, PLAIN, ONE)
extern "C" void gemv_bf16_32000x2048(run *r, u32 op, f32 (*y)[32000], const bf16_32000x2048 *w,
                                     const f32 (*x)[2048])
{
    linear_launch<gemv_bf16_32000x2048_shape>(r, op, gemv_bf16_32000x2048_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr norm_qkv_shape norm_qkv_bf16_2560x2048_shape = {.q_type = FORMAT_BF16,
    .k_type = FORMAT_BF16, .v_type = FORMAT_BF16, .D = 2048, .H = 32, .KV = 4, .HD = 64, .R = 64,
    .cache_type = FORMAT_BF16, .C = 2048, .epsilon = 1e-05f};
NORM_QKV_KERNELS(norm_qkv_bf16_2560x2048, rope)
extern "C" void norm_qkv_bf16_2560x2048(run *r, u32 op, f32 (*q)[2048], const f32 (*x)[2048],
                                        const f32 *norm, const bf16_2048x2048 *q_proj,
                                        const bf16_256x2048 *k_proj, const bf16_256x2048 *v_proj,
                                        bf16 (*keys)[2048][64], bf16 (*values)[2048][64])
{
    norm_qkv_launch<norm_qkv_bf16_2560x2048_shape>(r, op, norm_qkv_bf16_2560x2048_kernels, q[0],
        x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL, keys, values);
}

static constexpr attention_shape attention_bf16_32x4x64_shape = {.H = 32, .KV = 4, .HD = 64,
    .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.125f, .count = COUNT_ONE,
    .rows = 1};
ATTENTION_KERNELS(attention_bf16_32x4x64, ONE)
extern "C" void attention_bf16_32x4x64(run *r, u32 op, f32 (*q)[2048],
                                       const bf16 (*keys)[2048][64],
                                       const bf16 (*values)[2048][64])
{
    attention_launch<attention_bf16_32x4x64_shape>(r, op, attention_bf16_32x4x64_kernels, q[0],
        keys, values);
}

static constexpr norm_linear_swiglu_shape norm_gemv_swiglu_bf16_5632x2048_shape = {
    .type = FORMAT_BF16, .M = 5632, .D = 2048, .epsilon = 1e-05f};
NORM_LINEAR_SWIGLU_KERNELS(norm_gemv_swiglu_bf16_5632x2048)
extern "C" void norm_gemv_swiglu_bf16_5632x2048(run *r, u32 op, f32 (*y)[5632],
        const f32 (*x)[2048], const f32 *norm, const bf16_5632x2048 *gate,
        const bf16_5632x2048 *up)
{
    norm_linear_swiglu_launch<norm_gemv_swiglu_bf16_5632x2048_shape>(r, op,
        norm_gemv_swiglu_bf16_5632x2048_kernels, y[0], x[0], norm, gate, up);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x32000x2048_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 2048, .y_stride = 2048, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x32000x2048, CHUNK)
extern "C" void embed_bf16_256x32000x2048(run *r, u32 op, f32 (*y)[2048], const bf16_32000x2048 *w,
        const u32 *tokens)
{
    embed_launch<embed_bf16_256x32000x2048_shape>(r, op, embed_bf16_256x32000x2048_kernels, y[0],
        w, tokens);
}

static constexpr rmsnorm_shape rmsnorm_256x2048_shape = {.D = 2048, .x_stride = 2048,
    .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
RMSNORM_KERNELS(rmsnorm_256x2048, CHUNK)
extern "C" void rmsnorm_256x2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048],
                                 const f32 *norm)
{
    rmsnorm_launch<rmsnorm_256x2048_shape>(r, op, rmsnorm_256x2048_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemm_bf16_256x2048x2048_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 2048, .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x2048x2048, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                                        const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_256x2048x2048_shape>(r, op, gemm_bf16_256x2048x2048_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x256x2048_shape = {.type = FORMAT_BF16, .M = 256,
    .K = 2048, .y_stride = 256, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x256x2048, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x256x2048(run *r, u32 op, f32 (*y)[256], const bf16_256x2048 *w,
                                       const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_256x256x2048_shape>(r, op, gemm_bf16_256x256x2048_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x2048x2048_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 2048, .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x2048x2048, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048],
        const bf16_2048x2048 *w, const f32 (*x)[2048])
{
    linear_launch<gemm_add_bf16_256x2048x2048_shape>(r, op, gemm_add_bf16_256x2048x2048_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x5632x2048_shape = {.type = FORMAT_BF16, .M = 5632,
    .K = 2048, .y_stride = 5632, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x5632x2048, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x5632x2048(run *r, u32 op, f32 (*y)[5632], const bf16_5632x2048 *w,
                                        const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_256x5632x2048_shape>(r, op, gemm_bf16_256x5632x2048_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x2048x5632_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 5632, .y_stride = 2048, .x_stride = 5632, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x2048x5632, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x2048x5632(run *r, u32 op, f32 (*y)[2048],
        const bf16_2048x5632 *w, const f32 (*x)[5632])
{
    linear_launch<gemm_add_bf16_256x2048x5632_shape>(r, op, gemm_add_bf16_256x2048x5632_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr rope_append_shape rope_append_bf16_256x32x64_shape = {.H = 32, .KV = 4, .HD = 64,
    .R = 64, .cache_type = FORMAT_BF16, .C = 2048, .count = COUNT_CHUNK, .rows = 256};
ROPE_APPEND_KERNELS(rope_append_bf16_256x32x64, rope, CHUNK)
extern "C" void rope_append_bf16_256x32x64(run *r, u32 op, f32 (*q)[2048], const f32 (*k)[256],
        const f32 (*v)[256], bf16 (*keys)[2048][64], bf16 (*values)[2048][64])
{
    rope_append_launch<rope_append_bf16_256x32x64_shape>(r, op, rope_append_bf16_256x32x64_kernels,
        q[0], k[0], v[0], keys, values);
}

static constexpr attention_shape attention_bf16_256x32x4x64_shape = {.H = 32, .KV = 4, .HD = 64,
    .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.125f, .count = COUNT_CHUNK,
    .rows = 256};
ATTENTION_KERNELS(attention_bf16_256x32x4x64, CHUNK)
extern "C" void attention_bf16_256x32x4x64(run *r, u32 op, f32 (*q)[2048],
        const bf16 (*keys)[2048][64], const bf16 (*values)[2048][64])
{
    attention_launch<attention_bf16_256x32x4x64_shape>(r, op, attention_bf16_256x32x4x64_kernels,
        q[0], keys, values);
}

static constexpr swiglu_shape swiglu_256x5632_shape = {.gate_stride = 5632, .count = COUNT_CHUNK,
    .rows = 256};
SWIGLU_KERNELS(swiglu_256x5632, CHUNK)
extern "C" void swiglu_256x5632(run *r, u32 op, f32 (*gate)[5632], const f32 (*up)[5632])
{
    swiglu_launch<swiglu_256x5632_shape>(r, op, swiglu_256x5632_kernels, gate[0], up[0]);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bf16_16x32000x2048_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 2048, .y_stride = 32000, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_LOGITS, .rows = 16};
LINEAR_KERNELS(gemm_bf16_16x32000x2048, PLAIN, LOGITS)
extern "C" void gemm_bf16_16x32000x2048(run *r, u32 op, f32 (*y)[32000], const bf16_32000x2048 *w,
                                        const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_16x32000x2048_shape>(r, op, gemm_bf16_16x32000x2048_kernels, y[0], w,
        NULL, x[0]);
}
