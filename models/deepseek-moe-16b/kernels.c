/* models/deepseek-moe-16b/kernels.c: made from config/deepseek-moe-16b.ini;
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
#include "kernels/cpu/route.h"
#include "kernels/cpu/experts.h"
#include "kernels.h"

ROPE_TABLE(rope, 64, 1.0f, 0.86596435f, 0.7498942f, 0.64938164f, 0.56234133f, 0.48696753f,
    0.4216965f, 0.36517414f, 0.31622776f, 0.27384198f, 0.23713736f, 0.2053525f, 0.17782794f,
    0.15399265f, 0.13335215f, 0.1154782f, 0.1f, 0.08659643f, 0.074989416f, 0.064938165f,
    0.05623413f, 0.048696753f, 0.04216965f, 0.03651741f, 0.03162278f, 0.027384195f, 0.023713736f,
    0.020535251f, 0.017782794f, 0.015399265f, 0.013335215f, 0.01154782f, 0.01f, 0.008659643f,
    0.0074989423f, 0.0064938166f, 0.0056234132f, 0.0048696753f, 0.004216965f, 0.0036517414f,
    0.0031622779f, 0.0027384197f, 0.0023713738f, 0.002053525f, 0.0017782794f, 0.0015399265f,
    0.0013335214f, 0.001154782f, 0.001f, 0.00086596434f, 0.0007498942f, 0.00064938166f,
    0.0005623413f, 0.0004869675f, 0.0004216965f, 0.0003651741f, 0.0003162278f, 0.00027384196f,
    0.00023713738f, 0.0002053525f, 0.00017782794f, 0.00015399265f, 0.00013335215f, 0.00011547819f)

/* decode, 1 row */

void embed_bf16_102400x2048(run *r, u32 op, f32 (*y)[2048], const bf16_102400x2048 *w,
                            const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 102400, .K = 2048,
        .y_stride = 2048, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 2048, .x_stride = 2048, .epsilon = 1e-06f,
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

void gemv_add_bf16_2048x10944(run *r, u32 op, f32 (*y)[2048], const bf16_2048x10944 *w,
                              const f32 (*x)[10944])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 10944,
        .y_stride = 2048, .x_stride = 10944, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_add_bf16_2048x2816(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2816 *w,
                             const f32 (*x)[2816])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 2816,
        .y_stride = 2048, .x_stride = 2816, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_bf16_102400x2048(run *r, u32 op, f32 (*y)[102400], const bf16_102400x2048 *w,
                           const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 102400, .K = 2048,
        .y_stride = 102400, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_qkv_bf16_6144x2048(run *r, u32 op, f32 (*q)[2048], const f32 (*x)[2048], const f32 *norm,
                             const bf16_2048x2048 *q_proj, const bf16_2048x2048 *k_proj,
                             const bf16_2048x2048 *v_proj, bf16 (*keys)[4096][128],
                             bf16 (*values)[4096][128])
{
    static const struct norm_qkv_shape shape = {.q_type = FORMAT_BF16, .k_type = FORMAT_BF16,
        .v_type = FORMAT_BF16, .D = 2048, .H = 16, .KV = 16, .HD = 128, .R = 128,
        .cache_type = FORMAT_BF16, .C = 4096, .epsilon = 1e-06f};
    norm_qkv(r, &shape, rope, q[0], x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL,
        keys, values);
    op_done(r, op);
}

void attention_bf16_16x16x128(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[4096][128],
                              const bf16 (*values)[4096][128])
{
    static const struct attention_shape shape = {.H = 16, .KV = 16, .HD = 128,
        .cache_type = FORMAT_BF16, .C = 4096, .window = 0, .scale = 0.088388346f,
        .count = COUNT_ONE, .rows = 1};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void norm_gemv_swiglu_bf16_10944x2048(run *r, u32 op, f32 (*y)[10944], const f32 (*x)[2048],
                                      const f32 *norm, const bf16_10944x2048 *gate,
                                      const bf16_10944x2048 *up)
{
    static const struct norm_linear_swiglu_shape shape = {.type = FORMAT_BF16, .M = 10944,
        .D = 2048, .epsilon = 1e-06f};
    norm_linear_swiglu(r, &shape, y[0], x[0], norm, gate, up);
    op_done(r, op);
}

void norm_gemv_swiglu_bf16_2816x2048(run *r, u32 op, f32 (*y)[2816], const f32 (*x)[2048],
                                     const f32 *norm, const bf16_2816x2048 *gate,
                                     const bf16_2816x2048 *up)
{
    static const struct norm_linear_swiglu_shape shape = {.type = FORMAT_BF16, .M = 2816,
        .D = 2048, .epsilon = 1e-06f};
    norm_linear_swiglu(r, &shape, y[0], x[0], norm, gate, up);
    op_done(r, op);
}

void norm_experts_swiglu_bf16_64x1408x2048(run *r, u32 op, f32 (*h)[1408], f32 (*route)[16],
        const f32 (*x)[2048], const f32 *norm, const bf16_64x2048 *router,
        const bf16_1408x2048 *gate, const bf16_1408x2048 *up)
{
    static const struct norm_experts_swiglu_shape shape = {.router_type = FORMAT_BF16,
        .type = FORMAT_BF16, .D = 2048, .F = 1408, .epsilon = 1e-06f, .E = 64, .K = 6,
        .weights = ROUTE_RAW};
    norm_experts_swiglu(r, &shape, h[0], route[0], x[0], norm, router, gate, up);
    op_done(r, op);
}

void experts_add_bf16_64x2048x1408(run *r, u32 op, f32 (*y)[2048], const f32 (*h)[1408],
                                   const f32 (*route)[16], const bf16_2048x1408 *w)
{
    static const struct experts_add_shape shape = {.type = FORMAT_BF16, .F = 1408,
        .h_stride = 1408, .D = 2048, .E = 64, .K = 6, .count = COUNT_ONE, .rows = 1};
    experts_add(r, &shape, y[0], h[0], route[0], w);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x102400x2048(run *r, u32 op, f32 (*y)[2048], const bf16_102400x2048 *w,
                                const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 102400, .K = 2048,
        .y_stride = 2048, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_256x2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 2048, .x_stride = 2048, .epsilon = 1e-06f,
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

void gemm_add_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                                 const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 2048,
        .y_stride = 2048, .x_stride = 2048, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x10944x2048(run *r, u32 op, f32 (*y)[10944], const bf16_10944x2048 *w,
                              const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 10944, .K = 2048,
        .y_stride = 10944, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x2048x10944(run *r, u32 op, f32 (*y)[2048], const bf16_2048x10944 *w,
                                  const f32 (*x)[10944])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 10944,
        .y_stride = 2048, .x_stride = 10944, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x2816x2048(run *r, u32 op, f32 (*y)[2816], const bf16_2816x2048 *w,
                             const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2816, .K = 2048,
        .y_stride = 2816, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x2048x2816(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2816 *w,
                                 const f32 (*x)[2816])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 2048, .K = 2816,
        .y_stride = 2048, .x_stride = 2816, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void rope_append_bf16_256x16x128(run *r, u32 op, f32 (*q)[2048], const f32 (*k)[2048],
                                 const f32 (*v)[2048], bf16 (*keys)[4096][128],
                                 bf16 (*values)[4096][128])
{
    static const struct rope_append_shape shape = {.H = 16, .KV = 16, .HD = 128, .R = 128,
        .cache_type = FORMAT_BF16, .C = 4096, .count = COUNT_CHUNK, .rows = 256};
    rope_append(r, &shape, rope, q[0], k[0], v[0], keys, values);
    op_done(r, op);
}

void attention_bf16_256x16x16x128(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[4096][128],
                                  const bf16 (*values)[4096][128])
{
    static const struct attention_shape shape = {.H = 16, .KV = 16, .HD = 128,
        .cache_type = FORMAT_BF16, .C = 4096, .window = 0, .scale = 0.088388346f,
        .count = COUNT_CHUNK, .rows = 256};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void swiglu_256x10944(run *r, u32 op, f32 (*gate)[10944], const f32 (*up)[10944])
{
    static const struct swiglu_shape shape = {.gate_stride = 10944, .count = COUNT_CHUNK,
        .rows = 256};
    swiglu(r, &shape, gate[0], up[0]);
    op_done(r, op);
}

void swiglu_256x2816(run *r, u32 op, f32 (*gate)[2816], const f32 (*up)[2816])
{
    static const struct swiglu_shape shape = {.gate_stride = 2816, .count = COUNT_CHUNK,
        .rows = 256};
    swiglu(r, &shape, gate[0], up[0]);
    op_done(r, op);
}

void route_bf16_256x64x2048(run *r, u32 op, f32 (*to)[16], const f32 (*x)[2048],
                            const bf16_64x2048 *w)
{
    static const struct route_shape shape = {.type = FORMAT_BF16, .D = 2048, .x_stride = 2048,
        .E = 64, .K = 6, .weights = ROUTE_RAW, .count = COUNT_CHUNK, .rows = 256};
    route(r, &shape, to[0], x[0], w);
    op_done(r, op);
}

void gather_256x2048(run *r, u32 op, f32 (*xg)[2048], const f32 (*x)[2048], const f32 (*route)[16])
{
    static const struct gather_shape shape = {.x_stride = 2048, .E = 64, .K = 6, .rows = 256};
    gather(r, &shape, xg[0], x[0], route[0]);
    op_done(r, op);
}

void experts_swiglu_bf16_256x64x1408x2048(run *r, u32 op, f32 (*h)[1408], const f32 (*xg)[2048],
        const f32 (*route)[16], const bf16_1408x2048 *gate, const bf16_1408x2048 *up)
{
    static const struct experts_swiglu_shape shape = {.type = FORMAT_BF16, .D = 2048,
        .xg_stride = 2048, .F = 1408, .E = 64, .K = 6, .rows = 256};
    experts_swiglu(r, &shape, h[0], xg[0], route[0], gate, up);
    op_done(r, op);
}

void experts_add_bf16_256x64x2048x1408(run *r, u32 op, f32 (*y)[2048], const f32 (*h)[1408],
                                       const f32 (*route)[16], const bf16_2048x1408 *w)
{
    static const struct experts_add_shape shape = {.type = FORMAT_BF16, .F = 1408,
        .h_stride = 1408, .D = 2048, .E = 64, .K = 6, .count = COUNT_CHUNK, .rows = 256};
    experts_add(r, &shape, y[0], h[0], route[0], w);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bf16_16x102400x2048(run *r, u32 op, f32 (*y)[102400], const bf16_102400x2048 *w,
                              const f32 (*x)[2048])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 102400, .K = 2048,
        .y_stride = 102400, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}
