/* models/phi-2/kernels.c: made from config/phi-2.ini; edit that, `make models`.
 *
 * The kernels for the CPU: each is an inlined function of kernels/cpu whose loops see only the
 * constants of its shape (kernels/shapes.h). */
#include "kernels/cpu/embed.h"
#include "kernels/cpu/layernorm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/mlp.h"
#include "kernels.h"

ROPE_TABLE(rope, 16, 1.0f, 0.56234133f, 0.31622776f, 0.17782794f, 0.1f, 0.05623413f, 0.03162278f,
    0.017782794f, 0.01f, 0.0056234132f, 0.0031622779f, 0.0017782794f, 0.001f, 0.0005623413f,
    0.0003162278f, 0.00017782794f)

/* decode, 1 row */

void embed_bf16_51200x2560(run *r, u32 op, f32 (*y)[2560], const bf16_51200x2560 *w,
                           const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 51200, .K = 2560,
        .y_stride = 2560, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void layernorm_2560(run *r, u32 op, f32 (*y)[2560], const f32 (*x)[2560], const f32 *norm,
                    const f32 *norm_bias)
{
    static const struct layernorm_shape shape = {.D = 2560, .x_stride = 2560, .epsilon = 1e-05f,
        .count = COUNT_ONE, .rows = 1};
    layernorm(r, &shape, y[0], x[0], norm, norm_bias);
    op_done(r, op);
}

void gemv_add_bias_bf16_2560x2560(run *r, u32 op, f32 (*y)[2560], const bf16_2560x2560 *w,
                                  const f32 *bias, const f32 (*x)[2560])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2560, .K = 2560,
        .y_stride = 2560, .x_stride = 2560, .epilogue = EPILOGUE_ADD_BIAS, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemv_add_bias_bf16_2560x10240(run *r, u32 op, f32 (*y)[2560], const bf16_2560x10240 *w,
                                   const f32 *bias, const f32 (*x)[10240])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2560, .K = 10240,
        .y_stride = 2560, .x_stride = 10240, .epilogue = EPILOGUE_ADD_BIAS, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemv_bias_bf16_51200x2560(run *r, u32 op, f32 (*y)[51200], const bf16_51200x2560 *w,
                               const f32 *bias, const f32 (*x)[2560])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 51200, .K = 2560,
        .y_stride = 51200, .x_stride = 2560, .epilogue = EPILOGUE_BIAS, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void norm_qkv_bf16_7680x2560(run *r, u32 op, f32 (*q)[2560], const f32 (*x)[2560], const f32 *norm,
                             const f32 *norm_bias, const bf16_2560x2560 *q_proj, const f32 *q_bias,
                             const bf16_2560x2560 *k_proj, const f32 *k_bias,
                             const bf16_2560x2560 *v_proj, const f32 *v_bias,
                             bf16 (*keys)[2048][80], bf16 (*values)[2048][80])
{
    static const struct norm_qkv_shape shape = {.q_type = FORMAT_BF16, .k_type = FORMAT_BF16,
        .v_type = FORMAT_BF16, .D = 2560, .H = 32, .KV = 32, .HD = 80, .R = 32,
        .cache_type = FORMAT_BF16, .C = 2048, .epsilon = 1e-05f};
    norm_qkv(r, &shape, rope, q[0], x[0], norm, norm_bias, q_proj, q_bias, k_proj, k_bias, v_proj,
        v_bias, keys, values);
    op_done(r, op);
}

void attention_bf16_32x32x80(run *r, u32 op, f32 (*q)[2560], const bf16 (*keys)[2048][80],
                             const bf16 (*values)[2048][80])
{
    static const struct attention_shape shape = {.H = 32, .KV = 32, .HD = 80,
        .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.1118034f, .count = COUNT_ONE,
        .rows = 1};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void norm_gemv_gelu_bf16_10240x2560(run *r, u32 op, f32 (*y)[10240], const f32 (*x)[2560],
                                    const f32 *norm, const f32 *norm_bias,
                                    const bf16_10240x2560 *w, const f32 *bias)
{
    static const struct norm_linear_gelu_shape shape = {.type = FORMAT_BF16, .M = 10240, .D = 2560,
        .epsilon = 1e-05f};
    norm_linear_gelu(r, &shape, y[0], x[0], norm, norm_bias, w, bias);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x51200x2560(run *r, u32 op, f32 (*y)[2560], const bf16_51200x2560 *w,
                               const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 51200, .K = 2560,
        .y_stride = 2560, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void layernorm_256x2560(run *r, u32 op, f32 (*y)[2560], const f32 (*x)[2560], const f32 *norm,
                        const f32 *norm_bias)
{
    static const struct layernorm_shape shape = {.D = 2560, .x_stride = 2560, .epsilon = 1e-05f,
        .count = COUNT_CHUNK, .rows = 256};
    layernorm(r, &shape, y[0], x[0], norm, norm_bias);
    op_done(r, op);
}

void gemm_bias_bf16_256x2560x2560(run *r, u32 op, f32 (*y)[2560], const bf16_2560x2560 *w,
                                  const f32 *bias, const f32 (*x)[2560])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2560, .K = 2560,
        .y_stride = 2560, .x_stride = 2560, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemm_add_bias_bf16_256x2560x2560(run *r, u32 op, f32 (*y)[2560], const bf16_2560x2560 *w,
                                      const f32 *bias, const f32 (*x)[2560])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2560, .K = 2560,
        .y_stride = 2560, .x_stride = 2560, .epilogue = EPILOGUE_ADD_BIAS, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemm_gelu_bf16_256x10240x2560(run *r, u32 op, f32 (*y)[10240], const bf16_10240x2560 *w,
                                   const f32 *bias, const f32 (*x)[2560])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 10240, .K = 2560,
        .y_stride = 10240, .x_stride = 2560, .epilogue = EPILOGUE_GELU, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemm_add_bias_bf16_256x2560x10240(run *r, u32 op, f32 (*y)[2560], const bf16_2560x10240 *w,
                                       const f32 *bias, const f32 (*x)[10240])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2560, .K = 10240,
        .y_stride = 2560, .x_stride = 10240, .epilogue = EPILOGUE_ADD_BIAS, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void rope_append_bf16_256x32x80(run *r, u32 op, f32 (*q)[2560], const f32 (*k)[2560],
                                const f32 (*v)[2560], bf16 (*keys)[2048][80],
                                bf16 (*values)[2048][80])
{
    static const struct rope_append_shape shape = {.H = 32, .KV = 32, .HD = 80, .R = 32,
        .cache_type = FORMAT_BF16, .C = 2048, .count = COUNT_CHUNK, .rows = 256};
    rope_append(r, &shape, rope, q[0], k[0], v[0], keys, values);
    op_done(r, op);
}

void attention_bf16_256x32x32x80(run *r, u32 op, f32 (*q)[2560], const bf16 (*keys)[2048][80],
                                 const bf16 (*values)[2048][80])
{
    static const struct attention_shape shape = {.H = 32, .KV = 32, .HD = 80,
        .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.1118034f,
        .count = COUNT_CHUNK, .rows = 256};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bias_bf16_16x51200x2560(run *r, u32 op, f32 (*y)[51200], const bf16_51200x2560 *w,
                                  const f32 *bias, const f32 (*x)[2560])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 51200, .K = 2560,
        .y_stride = 51200, .x_stride = 2560, .epilogue = EPILOGUE_BIAS, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}
