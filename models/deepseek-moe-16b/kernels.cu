/* models/deepseek-moe-16b/kernels.cu: made from config/deepseek-moe-16b.ini;
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
#include "kernels/cuda/route.cuh"
#include "kernels/cuda/groups.cuh"
#include "kernels/cuda/experts_rows.cuh"
#include "kernels/cuda/experts.cuh"

extern "C" {
#include "kernels.h"
}

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

static constexpr embed_shape embed_bf16_102400x2048_shape = {.type = FORMAT_BF16, .M = 102400,
    .K = 2048, .y_stride = 2048, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_102400x2048, ONE)
extern "C" void embed_bf16_102400x2048(run *r, u32 op, f32 (*y)[2048], const bf16_102400x2048 *w,
                                       const u32 *tokens)
{
    embed_launch<embed_bf16_102400x2048_shape>(r, op, embed_bf16_102400x2048_kernels, y[0], w,
        tokens);
}

static constexpr rmsnorm_shape rmsnorm_2048_shape = {.D = 2048, .x_stride = 2048,
    .epsilon = 1e-06f, .count = COUNT_ONE, .rows = 1};
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

static constexpr linear_shape gemv_add_bf16_2048x10944_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 10944, .y_stride = 2048, .x_stride = 10944, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_2048x10944, ADD, ONE)
extern "C" void gemv_add_bf16_2048x10944(run *r, u32 op, f32 (*y)[2048], const bf16_2048x10944 *w,
        const f32 (*x)[10944])
{
    linear_launch<gemv_add_bf16_2048x10944_shape>(r, op, gemv_add_bf16_2048x10944_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemv_add_bf16_2048x2816_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 2816, .y_stride = 2048, .x_stride = 2816, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_2048x2816, ADD, ONE)
extern "C" void gemv_add_bf16_2048x2816(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2816 *w,
                                        const f32 (*x)[2816])
{
    linear_launch<gemv_add_bf16_2048x2816_shape>(r, op, gemv_add_bf16_2048x2816_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemv_bf16_102400x2048_shape = {.type = FORMAT_BF16, .M = 102400,
    .K = 2048, .y_stride = 102400, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_bf16_102400x2048, PLAIN, ONE)
extern "C" void gemv_bf16_102400x2048(run *r, u32 op, f32 (*y)[102400], const bf16_102400x2048 *w,
                                      const f32 (*x)[2048])
{
    linear_launch<gemv_bf16_102400x2048_shape>(r, op, gemv_bf16_102400x2048_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr norm_qkv_shape norm_qkv_bf16_6144x2048_shape = {.q_type = FORMAT_BF16,
    .k_type = FORMAT_BF16, .v_type = FORMAT_BF16, .D = 2048, .H = 16, .KV = 16, .HD = 128,
    .R = 128, .cache_type = FORMAT_BF16, .C = 4096, .epsilon = 1e-06f};
NORM_QKV_KERNELS(norm_qkv_bf16_6144x2048, rope)
extern "C" void norm_qkv_bf16_6144x2048(run *r, u32 op, f32 (*q)[2048], const f32 (*x)[2048],
                                        const f32 *norm, const bf16_2048x2048 *q_proj,
                                        const bf16_2048x2048 *k_proj, const bf16_2048x2048 *v_proj,
                                        bf16 (*keys)[4096][128], bf16 (*values)[4096][128])
{
    norm_qkv_launch<norm_qkv_bf16_6144x2048_shape>(r, op, norm_qkv_bf16_6144x2048_kernels, q[0],
        x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL, keys, values);
}

static constexpr attention_shape attention_bf16_16x16x128_shape = {.H = 16, .KV = 16, .HD = 128,
    .cache_type = FORMAT_BF16, .C = 4096, .window = 0, .scale = 0.088388346f, .count = COUNT_ONE,
    .rows = 1};
ATTENTION_KERNELS(attention_bf16_16x16x128, ONE)
extern "C" void attention_bf16_16x16x128(run *r, u32 op, f32 (*q)[2048],
        const bf16 (*keys)[4096][128], const bf16 (*values)[4096][128])
{
    attention_launch<attention_bf16_16x16x128_shape>(r, op, attention_bf16_16x16x128_kernels, q[0],
        keys, values);
}

static constexpr norm_linear_swiglu_shape norm_gemv_swiglu_bf16_10944x2048_shape = {
    .type = FORMAT_BF16, .M = 10944, .D = 2048, .epsilon = 1e-06f};
NORM_LINEAR_SWIGLU_KERNELS(norm_gemv_swiglu_bf16_10944x2048)
extern "C" void norm_gemv_swiglu_bf16_10944x2048(run *r, u32 op, f32 (*y)[10944],
        const f32 (*x)[2048], const f32 *norm, const bf16_10944x2048 *gate,
        const bf16_10944x2048 *up)
{
    norm_linear_swiglu_launch<norm_gemv_swiglu_bf16_10944x2048_shape>(r, op,
        norm_gemv_swiglu_bf16_10944x2048_kernels, y[0], x[0], norm, gate, up);
}

static constexpr norm_linear_swiglu_shape norm_gemv_swiglu_bf16_2816x2048_shape = {
    .type = FORMAT_BF16, .M = 2816, .D = 2048, .epsilon = 1e-06f};
NORM_LINEAR_SWIGLU_KERNELS(norm_gemv_swiglu_bf16_2816x2048)
extern "C" void norm_gemv_swiglu_bf16_2816x2048(run *r, u32 op, f32 (*y)[2816],
        const f32 (*x)[2048], const f32 *norm, const bf16_2816x2048 *gate,
        const bf16_2816x2048 *up)
{
    norm_linear_swiglu_launch<norm_gemv_swiglu_bf16_2816x2048_shape>(r, op,
        norm_gemv_swiglu_bf16_2816x2048_kernels, y[0], x[0], norm, gate, up);
}

static constexpr norm_experts_swiglu_shape norm_experts_swiglu_bf16_64x1408x2048_shape = {
    .router_type = FORMAT_BF16, .type = FORMAT_BF16, .D = 2048, .F = 1408, .epsilon = 1e-06f,
    .E = 64, .K = 6, .weights = ROUTE_RAW};
NORM_EXPERTS_SWIGLU_KERNELS(norm_experts_swiglu_bf16_64x1408x2048)
extern "C" void norm_experts_swiglu_bf16_64x1408x2048(run *r, u32 op, f32 (*h)[1408],
        f32 (*route)[16], const f32 (*x)[2048], const f32 *norm, const bf16_64x2048 *router,
        const bf16_1408x2048 *gate, const bf16_1408x2048 *up)
{
    norm_experts_swiglu_launch<norm_experts_swiglu_bf16_64x1408x2048_shape>(r, op,
        norm_experts_swiglu_bf16_64x1408x2048_kernels, h[0], route[0], x[0], norm, router, gate,
        up);
}

static constexpr experts_add_shape experts_add_bf16_64x2048x1408_shape = {.type = FORMAT_BF16,
    .F = 1408, .h_stride = 1408, .D = 2048, .E = 64, .K = 6, .count = COUNT_ONE, .rows = 1};
EXPERTS_ADD_KERNELS(experts_add_bf16_64x2048x1408, ONE)
extern "C" void experts_add_bf16_64x2048x1408(run *r, u32 op, f32 (*y)[2048], const f32 (*h)[1408],
        const f32 (*route)[16], const bf16_2048x1408 *w)
{
    experts_add_launch<experts_add_bf16_64x2048x1408_shape>(r, op,
        experts_add_bf16_64x2048x1408_kernels, y[0], h[0], route[0], w);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x102400x2048_shape = {.type = FORMAT_BF16, .M = 102400,
    .K = 2048, .y_stride = 2048, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x102400x2048, CHUNK)
extern "C" void embed_bf16_256x102400x2048(run *r, u32 op, f32 (*y)[2048],
        const bf16_102400x2048 *w, const u32 *tokens)
{
    embed_launch<embed_bf16_256x102400x2048_shape>(r, op, embed_bf16_256x102400x2048_kernels, y[0],
        w, tokens);
}

static constexpr rmsnorm_shape rmsnorm_256x2048_shape = {.D = 2048, .x_stride = 2048,
    .epsilon = 1e-06f, .count = COUNT_CHUNK, .rows = 256};
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

static constexpr linear_shape gemm_bf16_256x10944x2048_shape = {.type = FORMAT_BF16, .M = 10944,
    .K = 2048, .y_stride = 10944, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x10944x2048, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x10944x2048(run *r, u32 op, f32 (*y)[10944], const bf16_10944x2048 *w,
        const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_256x10944x2048_shape>(r, op, gemm_bf16_256x10944x2048_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x2048x10944_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 10944, .y_stride = 2048, .x_stride = 10944, .epilogue = EPILOGUE_ADD,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x2048x10944, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x2048x10944(run *r, u32 op, f32 (*y)[2048],
        const bf16_2048x10944 *w, const f32 (*x)[10944])
{
    linear_launch<gemm_add_bf16_256x2048x10944_shape>(r, op, gemm_add_bf16_256x2048x10944_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x2816x2048_shape = {.type = FORMAT_BF16, .M = 2816,
    .K = 2048, .y_stride = 2816, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x2816x2048, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x2816x2048(run *r, u32 op, f32 (*y)[2816], const bf16_2816x2048 *w,
                                        const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_256x2816x2048_shape>(r, op, gemm_bf16_256x2816x2048_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x2048x2816_shape = {.type = FORMAT_BF16, .M = 2048,
    .K = 2816, .y_stride = 2048, .x_stride = 2816, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x2048x2816, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x2048x2816(run *r, u32 op, f32 (*y)[2048],
        const bf16_2048x2816 *w, const f32 (*x)[2816])
{
    linear_launch<gemm_add_bf16_256x2048x2816_shape>(r, op, gemm_add_bf16_256x2048x2816_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr rope_append_shape rope_append_bf16_256x16x128_shape = {.H = 16, .KV = 16,
    .HD = 128, .R = 128, .cache_type = FORMAT_BF16, .C = 4096, .count = COUNT_CHUNK, .rows = 256};
ROPE_APPEND_KERNELS(rope_append_bf16_256x16x128, rope, CHUNK)
extern "C" void rope_append_bf16_256x16x128(run *r, u32 op, f32 (*q)[2048], const f32 (*k)[2048],
        const f32 (*v)[2048], bf16 (*keys)[4096][128], bf16 (*values)[4096][128])
{
    rope_append_launch<rope_append_bf16_256x16x128_shape>(r, op,
        rope_append_bf16_256x16x128_kernels, q[0], k[0], v[0], keys, values);
}

static constexpr attention_shape attention_bf16_256x16x16x128_shape = {.H = 16, .KV = 16,
    .HD = 128, .cache_type = FORMAT_BF16, .C = 4096, .window = 0, .scale = 0.088388346f,
    .count = COUNT_CHUNK, .rows = 256};
ATTENTION_KERNELS(attention_bf16_256x16x16x128, CHUNK)
extern "C" void attention_bf16_256x16x16x128(run *r, u32 op, f32 (*q)[2048],
        const bf16 (*keys)[4096][128], const bf16 (*values)[4096][128])
{
    attention_launch<attention_bf16_256x16x16x128_shape>(r, op,
        attention_bf16_256x16x16x128_kernels, q[0], keys, values);
}

static constexpr swiglu_shape swiglu_256x10944_shape = {.gate_stride = 10944, .count = COUNT_CHUNK,
    .rows = 256};
SWIGLU_KERNELS(swiglu_256x10944, CHUNK)
extern "C" void swiglu_256x10944(run *r, u32 op, f32 (*gate)[10944], const f32 (*up)[10944])
{
    swiglu_launch<swiglu_256x10944_shape>(r, op, swiglu_256x10944_kernels, gate[0], up[0]);
}

static constexpr swiglu_shape swiglu_256x2816_shape = {.gate_stride = 2816, .count = COUNT_CHUNK,
    .rows = 256};
SWIGLU_KERNELS(swiglu_256x2816, CHUNK)
extern "C" void swiglu_256x2816(run *r, u32 op, f32 (*gate)[2816], const f32 (*up)[2816])
{
    swiglu_launch<swiglu_256x2816_shape>(r, op, swiglu_256x2816_kernels, gate[0], up[0]);
}

static constexpr route_shape route_bf16_256x64x2048_shape = {.type = FORMAT_BF16, .D = 2048,
    .x_stride = 2048, .E = 64, .K = 6, .weights = ROUTE_RAW, .count = COUNT_CHUNK, .rows = 256};
ROUTE_KERNELS(route_bf16_256x64x2048, CHUNK)
extern "C" void route_bf16_256x64x2048(run *r, u32 op, f32 (*to)[16], const f32 (*x)[2048],
                                       const bf16_64x2048 *w)
{
    route_launch<route_bf16_256x64x2048_shape>(r, op, route_bf16_256x64x2048_kernels, to[0], x[0],
        w);
}

static constexpr gather_shape gather_256x2048_shape = {.x_stride = 2048, .E = 64, .K = 6,
    .rows = 256};
GATHER_KERNELS(gather_256x2048)
extern "C" void gather_256x2048(run *r, u32 op, f32 (*xg)[2048], const f32 (*x)[2048],
                                const f32 (*route)[16])
{
    gather_launch<gather_256x2048_shape>(r, op, gather_256x2048_kernels, xg[0], x[0], route[0]);
}

static constexpr experts_swiglu_shape experts_swiglu_bf16_256x64x1408x2048_shape = {
    .type = FORMAT_BF16, .D = 2048, .xg_stride = 2048, .F = 1408, .E = 64, .K = 6, .rows = 256};
EXPERTS_SWIGLU_KERNELS(experts_swiglu_bf16_256x64x1408x2048)
extern "C" void experts_swiglu_bf16_256x64x1408x2048(run *r, u32 op, f32 (*h)[1408],
        const f32 (*xg)[2048], const f32 (*route)[16], const bf16_1408x2048 *gate,
        const bf16_1408x2048 *up)
{
    experts_swiglu_launch<experts_swiglu_bf16_256x64x1408x2048_shape>(r, op,
        experts_swiglu_bf16_256x64x1408x2048_kernels, h[0], xg[0], route[0], gate, up);
}

static constexpr experts_add_shape experts_add_bf16_256x64x2048x1408_shape = {
    .type = FORMAT_BF16, .F = 1408, .h_stride = 1408, .D = 2048, .E = 64, .K = 6,
    .count = COUNT_CHUNK, .rows = 256};
EXPERTS_ADD_KERNELS(experts_add_bf16_256x64x2048x1408, CHUNK)
extern "C" void experts_add_bf16_256x64x2048x1408(run *r, u32 op, f32 (*y)[2048],
        const f32 (*h)[1408], const f32 (*route)[16], const bf16_2048x1408 *w)
{
    experts_add_launch<experts_add_bf16_256x64x2048x1408_shape>(r, op,
        experts_add_bf16_256x64x2048x1408_kernels, y[0], h[0], route[0], w);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bf16_16x102400x2048_shape = {.type = FORMAT_BF16, .M = 102400,
    .K = 2048, .y_stride = 102400, .x_stride = 2048, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_LOGITS, .rows = 16};
LINEAR_KERNELS(gemm_bf16_16x102400x2048, PLAIN, LOGITS)
extern "C" void gemm_bf16_16x102400x2048(run *r, u32 op, f32 (*y)[102400],
        const bf16_102400x2048 *w, const f32 (*x)[2048])
{
    linear_launch<gemm_bf16_16x102400x2048_shape>(r, op, gemm_bf16_16x102400x2048_kernels, y[0], w,
        NULL, x[0]);
}
