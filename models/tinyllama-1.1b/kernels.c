/* models/tinyllama-1.1b/kernels.c: made from config/tinyllama-1.1b.ini;
 * edit that, `make models`.
 *
 * The kernels for the CPU: each is an inlined function of kernels/cpu whose loops see only the
 * constants of its shape (kernels/shapes.h). */
#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/mlp.h"
#include "kernels.h"

ROPE_TABLE(rope, 32, 1.0f, 0.7498942f, 0.56234133f, 0.4216965f, 0.31622776f, 0.23713736f,
    0.17782794f, 0.13335215f, 0.1f, 0.074989416f, 0.05623413f, 0.04216965f, 0.03162278f,
    0.023713736f, 0.017782794f, 0.013335215f, 0.01f, 0.0074989423f, 0.0056234132f, 0.004216965f,
    0.0031622779f, 0.0023713738f, 0.0017782794f, 0.0013335214f, 0.001f, 0.0007498942f,
    0.0005623413f, 0.0004216965f, 0.0003162278f, 0.00023713738f, 0.00017782794f, 0.00013335215f)

/* decode, 1 row */

void embed_bf16_32000x2048(run *r, u32 op, f32 (*y)[2048], const bf16_32000x2048 *w,
                           const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 2048,
        .y_stride = 2048, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 2048, .x_stride = 2048, .epsilon = 1e-05f,
        .count = COUNT_ONE, .rows = 1};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemv_add_bf16_2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                             const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 2048,
        .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_add_bf16_2048x5632(run *r, u32 op, f32 (*y)[2048], const bf16_2048x5632 *w,
                             const f32 (*x)[5632])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 5632,
        .y_stride = 2048, .x_stride = 5632, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_bf16_32000x2048(run *r, u32 op, f32 (*y)[32000], const bf16_32000x2048 *w,
                          const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 2048,
        .y_stride = 32000, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_qkv_bf16_2560x2048(run *r, u32 op, f32 (*q)[2048], const f32 (*x)[2048], const f32 *norm,
                             const bf16_2048x2048 *q_proj, const bf16_256x2048 *k_proj,
                             const bf16_256x2048 *v_proj, bf16 (*keys)[2048][64],
                             bf16 (*values)[2048][64])
{
    static const struct norm_qkv_shape shape = {.q_type = FORMAT_BF16, .k_type = FORMAT_BF16,
        .v_type = FORMAT_BF16, .D = 2048, .H = 32, .KV = 4, .HD = 64, .R = 64,
        .cache_type = FORMAT_BF16, .C = 2048, .epsilon = 1e-05f};
    norm_qkv(r, &shape, rope, q[0], x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL,
        keys, values);
    op_done(r, op);
}

void attention_bf16_32x4x64(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[2048][64],
                            const bf16 (*values)[2048][64])
{
    static const struct attention_shape shape = {.H = 32, .KV = 4, .HD = 64,
        .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.125f, .count = COUNT_ONE,
        .rows = 1};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void norm_gemv_swiglu_bf16_5632x2048(run *r, u32 op, f32 (*y)[5632], const f32 (*x)[2048],
                                     const f32 *norm, const bf16_5632x2048 *gate,
                                     const bf16_5632x2048 *up)
{
    static const struct norm_linear_swiglu_shape shape = {.type = FORMAT_BF16, .M = 5632,
        .D = 2048, .epsilon = 1e-05f};
    norm_linear_swiglu(r, &shape, y[0], x[0], norm, gate, up);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x32000x2048(run *r, u32 op, f32 (*y)[2048], const bf16_32000x2048 *w,
                               const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 2048,
        .y_stride = 2048, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_256x2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 2048, .x_stride = 2048, .epsilon = 1e-05f,
        .count = COUNT_CHUNK, .rows = 256};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemm_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                             const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 2048,
        .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x256x2048(run *r, u32 op, f32 (*y)[256], const bf16_256x2048 *w,
                            const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 256, .K = 2048,
        .y_stride = 256, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                                 const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 2048,
        .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x5632x2048(run *r, u32 op, f32 (*y)[5632], const bf16_5632x2048 *w,
                             const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 5632, .K = 2048,
        .y_stride = 5632, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x2048x5632(run *r, u32 op, f32 (*y)[2048], const bf16_2048x5632 *w,
                                 const f32 (*x)[5632])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 5632,
        .y_stride = 2048, .x_stride = 5632, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void rope_append_bf16_256x32x64(run *r, u32 op, f32 (*q)[2048], const f32 (*k)[256],
                                const f32 (*v)[256], bf16 (*keys)[2048][64],
                                bf16 (*values)[2048][64])
{
    static const struct rope_append_shape shape = {.H = 32, .KV = 4, .HD = 64, .R = 64,
        .cache_type = FORMAT_BF16, .C = 2048, .count = COUNT_CHUNK, .rows = 256};
    rope_append(r, &shape, rope, q[0], k[0], v[0], keys, values);
    op_done(r, op);
}

void attention_bf16_256x32x4x64(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[2048][64],
                                const bf16 (*values)[2048][64])
{
    static const struct attention_shape shape = {.H = 32, .KV = 4, .HD = 64,
        .cache_type = FORMAT_BF16, .C = 2048, .window = 0, .scale = 0.125f, .count = COUNT_CHUNK,
        .rows = 256};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void swiglu_256x5632(run *r, u32 op, f32 (*gate)[5632], const f32 (*up)[5632])
{
    static const struct swiglu_shape shape = {.gate_stride = 5632, .count = COUNT_CHUNK,
        .rows = 256};
    swiglu(r, &shape, gate[0], up[0]);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bf16_16x32000x2048(run *r, u32 op, f32 (*y)[32000], const bf16_32000x2048 *w,
                             const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 2048,
        .y_stride = 32000, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}
