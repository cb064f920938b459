/* models/mixtral-8x7b/kernels.cu: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda makes of it,
 * and the function that launches them, which has the name of its twin in kernels.c. */
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/norm_qkv.cuh"
#include "kernels/cuda/rope_append.cuh"
#include "kernels/cuda/attention.cuh"
#include "kernels/cuda/route.cuh"
#include "kernels/cuda/groups.cuh"
#include "kernels/cuda/experts_rows.cuh"
#include "kernels/cuda/experts.cuh"

extern "C" {
#include "kernels.h"
}

ROPE_TABLE(rope, 64, 1.0f, 0.8058422f, 0.64938164f, 0.52329916f, 0.4216965f, 0.33982083f,
    0.27384198f, 0.2206734f, 0.17782794f, 0.14330126f, 0.1154782f, 0.0930572f, 0.074989416f,
    0.060429644f, 0.048696753f, 0.0392419f, 0.03162278f, 0.025482967f, 0.020535251f, 0.016548172f,
    0.013335215f, 0.010746079f, 0.008659643f, 0.006978306f, 0.0056234132f, 0.0045315837f,
    0.0036517414f, 0.0029427272f, 0.0023713738f, 0.0019109529f, 0.0015399265f, 0.0012409379f,
    0.001f, 0.0008058422f, 0.00064938166f, 0.0005232991f, 0.0004216965f, 0.0003398208f,
    0.00027384196f, 0.00022067342f, 0.00017782794f, 0.00014330127f, 0.00011547819f, 9.3057206e-05f,
    7.4989424e-05f, 6.0429637e-05f, 4.8696755e-05f, 3.92419e-05f, 3.1622774e-05f, 2.5482967e-05f,
    2.053525e-05f, 1.654817e-05f, 1.3335214e-05f, 1.0746078e-05f, 8.659644e-06f, 6.9783064e-06f,
    5.6234135e-06f, 4.5315837e-06f, 3.6517413e-06f, 2.9427272e-06f, 2.3713737e-06f, 1.910953e-06f,
    1.5399265e-06f, 1.2409378e-06f)

/* decode, 1 row */

static constexpr embed_shape embed_bf16_32000x4096_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 4096, .y_stride = 4096, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_32000x4096, ONE)
extern "C" void embed_bf16_32000x4096(run *r, u32 op, f32 (*y)[4096], const bf16_32000x4096 *w,
                                      const u32 *tokens)
{
    embed_launch<embed_bf16_32000x4096_shape>(r, op, embed_bf16_32000x4096_kernels, y[0], w,
        tokens);
}

static constexpr rmsnorm_shape rmsnorm_4096_shape = {.D = 4096, .x_stride = 4096,
    .epsilon = 1e-05f, .count = COUNT_ONE, .rows = 1};
RMSNORM_KERNELS(rmsnorm_4096, ONE)
extern "C" void rmsnorm_4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm)
{
    rmsnorm_launch<rmsnorm_4096_shape>(r, op, rmsnorm_4096_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemv_add_bf16_4096x4096_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 4096, .y_stride = 4096, .x_stride = 4096, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_4096x4096, ADD, ONE)
extern "C" void gemv_add_bf16_4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                                        const f32 (*x)[4096])
{
    linear_launch<gemv_add_bf16_4096x4096_shape>(r, op, gemv_add_bf16_4096x4096_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemv_bf16_32000x4096_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 4096, .y_stride = 32000, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_bf16_32000x4096, PLAIN, ONE)
extern "C" void gemv_bf16_32000x4096(run *r, u32 op, f32 (*y)[32000], const bf16_32000x4096 *w,
                                     const f32 (*x)[4096])
{
    linear_launch<gemv_bf16_32000x4096_shape>(r, op, gemv_bf16_32000x4096_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr norm_qkv_shape norm_qkv_bf16_6144x4096_shape = {.q_type = FORMAT_BF16,
    .k_type = FORMAT_BF16, .v_type = FORMAT_BF16, .D = 4096, .H = 32, .KV = 8, .HD = 128, .R = 128,
    .cache_type = FORMAT_BF16, .C = 32768, .epsilon = 1e-05f};
NORM_QKV_KERNELS(norm_qkv_bf16_6144x4096, rope)
extern "C" void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096],
                                        const f32 *norm, const bf16_4096x4096 *q_proj,
                                        const bf16_1024x4096 *k_proj, const bf16_1024x4096 *v_proj,
                                        bf16 (*keys)[32768][128], bf16 (*values)[32768][128])
{
    norm_qkv_launch<norm_qkv_bf16_6144x4096_shape>(r, op, norm_qkv_bf16_6144x4096_kernels, q[0],
        x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL, keys, values);
}

static constexpr attention_shape attention_bf16_32x8x128_shape = {.H = 32, .KV = 8, .HD = 128,
    .cache_type = FORMAT_BF16, .C = 32768, .window = 0, .scale = 0.088388346f, .count = COUNT_ONE,
    .rows = 1};
ATTENTION_KERNELS(attention_bf16_32x8x128, ONE)
extern "C" void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096],
                                        const bf16 (*keys)[32768][128],
                                        const bf16 (*values)[32768][128])
{
    attention_launch<attention_bf16_32x8x128_shape>(r, op, attention_bf16_32x8x128_kernels, q[0],
        keys, values);
}

static constexpr norm_experts_swiglu_shape norm_experts_swiglu_bf16_8x14336x4096_shape = {
    .router_type = FORMAT_BF16, .type = FORMAT_BF16, .D = 4096, .F = 14336, .epsilon = 1e-05f,
    .E = 8, .K = 2, .weights = ROUTE_RENORM};
NORM_EXPERTS_SWIGLU_KERNELS(norm_experts_swiglu_bf16_8x14336x4096)
extern "C" void norm_experts_swiglu_bf16_8x14336x4096(run *r, u32 op, f32 (*h)[14336],
        f32 (*route)[16], const f32 (*x)[4096], const f32 *norm, const bf16_16x4096 *router,
        const bf16_14336x4096 *gate, const bf16_14336x4096 *up)
{
    norm_experts_swiglu_launch<norm_experts_swiglu_bf16_8x14336x4096_shape>(r, op,
        norm_experts_swiglu_bf16_8x14336x4096_kernels, h[0], route[0], x[0], norm, router, gate,
        up);
}

static constexpr experts_add_shape experts_add_bf16_8x4096x14336_shape = {.type = FORMAT_BF16,
    .F = 14336, .h_stride = 14336, .D = 4096, .E = 8, .K = 2, .count = COUNT_ONE, .rows = 1};
EXPERTS_ADD_KERNELS(experts_add_bf16_8x4096x14336, ONE)
extern "C" void experts_add_bf16_8x4096x14336(run *r, u32 op, f32 (*y)[4096],
        const f32 (*h)[14336], const f32 (*route)[16], const bf16_4096x14336 *w)
{
    experts_add_launch<experts_add_bf16_8x4096x14336_shape>(r, op,
        experts_add_bf16_8x4096x14336_kernels, y[0], h[0], route[0], w);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x32000x4096_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 4096, .y_stride = 4096, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x32000x4096, CHUNK)
extern "C" void embed_bf16_256x32000x4096(run *r, u32 op, f32 (*y)[4096], const bf16_32000x4096 *w,
        const u32 *tokens)
{
    embed_launch<embed_bf16_256x32000x4096_shape>(r, op, embed_bf16_256x32000x4096_kernels, y[0],
        w, tokens);
}

static constexpr rmsnorm_shape rmsnorm_256x4096_shape = {.D = 4096, .x_stride = 4096,
    .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
RMSNORM_KERNELS(rmsnorm_256x4096, CHUNK)
extern "C" void rmsnorm_256x4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096],
                                 const f32 *norm)
{
    rmsnorm_launch<rmsnorm_256x4096_shape>(r, op, rmsnorm_256x4096_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemm_bf16_256x4096x4096_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 4096, .y_stride = 4096, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x4096x4096, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                                        const f32 (*x)[4096])
{
    linear_launch<gemm_bf16_256x4096x4096_shape>(r, op, gemm_bf16_256x4096x4096_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x1024x4096_shape = {.type = FORMAT_BF16, .M = 1024,
    .K = 4096, .y_stride = 1024, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x1024x4096, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x1024x4096(run *r, u32 op, f32 (*y)[1024], const bf16_1024x4096 *w,
                                        const f32 (*x)[4096])
{
    linear_launch<gemm_bf16_256x1024x4096_shape>(r, op, gemm_bf16_256x1024x4096_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x4096x4096_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 4096, .y_stride = 4096, .x_stride = 4096, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x4096x4096, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096],
        const bf16_4096x4096 *w, const f32 (*x)[4096])
{
    linear_launch<gemm_add_bf16_256x4096x4096_shape>(r, op, gemm_add_bf16_256x4096x4096_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr rope_append_shape rope_append_bf16_256x32x128_shape = {.H = 32, .KV = 8,
    .HD = 128, .R = 128, .cache_type = FORMAT_BF16, .C = 32768, .count = COUNT_CHUNK, .rows = 256};
ROPE_APPEND_KERNELS(rope_append_bf16_256x32x128, rope, CHUNK)
extern "C" void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
        const f32 (*v)[1024], bf16 (*keys)[32768][128], bf16 (*values)[32768][128])
{
    rope_append_launch<rope_append_bf16_256x32x128_shape>(r, op,
        rope_append_bf16_256x32x128_kernels, q[0], k[0], v[0], keys, values);
}

static constexpr attention_shape attention_bf16_256x32x8x128_shape = {.H = 32, .KV = 8, .HD = 128,
    .cache_type = FORMAT_BF16, .C = 32768, .window = 0, .scale = 0.088388346f,
    .count = COUNT_CHUNK, .rows = 256};
ATTENTION_KERNELS(attention_bf16_256x32x8x128, CHUNK)
extern "C" void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096],
        const bf16 (*keys)[32768][128], const bf16 (*values)[32768][128])
{
    attention_launch<attention_bf16_256x32x8x128_shape>(r, op, attention_bf16_256x32x8x128_kernels,
        q[0], keys, values);
}

static constexpr route_shape route_bf16_256x8x4096_shape = {.type = FORMAT_BF16, .D = 4096,
    .x_stride = 4096, .E = 8, .K = 2, .weights = ROUTE_RENORM, .count = COUNT_CHUNK, .rows = 256};
ROUTE_KERNELS(route_bf16_256x8x4096, CHUNK)
extern "C" void route_bf16_256x8x4096(run *r, u32 op, f32 (*to)[16], const f32 (*x)[4096],
                                      const bf16_16x4096 *w)
{
    route_launch<route_bf16_256x8x4096_shape>(r, op, route_bf16_256x8x4096_kernels, to[0], x[0], w);
}

static constexpr gather_shape gather_256x4096_shape = {.x_stride = 4096, .E = 8, .K = 2,
    .rows = 256};
GATHER_KERNELS(gather_256x4096)
extern "C" void gather_256x4096(run *r, u32 op, f32 (*xg)[4096], const f32 (*x)[4096],
                                const f32 (*route)[16])
{
    gather_launch<gather_256x4096_shape>(r, op, gather_256x4096_kernels, xg[0], x[0], route[0]);
}

static constexpr experts_swiglu_shape experts_swiglu_bf16_256x8x14336x4096_shape = {
    .type = FORMAT_BF16, .D = 4096, .xg_stride = 4096, .F = 14336, .E = 8, .K = 2, .rows = 256};
EXPERTS_SWIGLU_KERNELS(experts_swiglu_bf16_256x8x14336x4096)
extern "C" void experts_swiglu_bf16_256x8x14336x4096(run *r, u32 op, f32 (*h)[14336],
        const f32 (*xg)[4096], const f32 (*route)[16], const bf16_14336x4096 *gate,
        const bf16_14336x4096 *up)
{
    experts_swiglu_launch<experts_swiglu_bf16_256x8x14336x4096_shape>(r, op,
        experts_swiglu_bf16_256x8x14336x4096_kernels, h[0], xg[0], route[0], gate, up);
}

static constexpr experts_add_shape experts_add_bf16_256x8x4096x14336_shape = {
    .type = FORMAT_BF16, .F = 14336, .h_stride = 14336, .D = 4096, .E = 8, .K = 2,
    .count = COUNT_CHUNK, .rows = 256};
EXPERTS_ADD_KERNELS(experts_add_bf16_256x8x4096x14336, CHUNK)
extern "C" void experts_add_bf16_256x8x4096x14336(run *r, u32 op, f32 (*y)[4096],
        const f32 (*h)[14336], const f32 (*route)[16], const bf16_4096x14336 *w)
{
    experts_add_launch<experts_add_bf16_256x8x4096x14336_shape>(r, op,
        experts_add_bf16_256x8x4096x14336_kernels, y[0], h[0], route[0], w);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bf16_16x32000x4096_shape = {.type = FORMAT_BF16, .M = 32000,
    .K = 4096, .y_stride = 32000, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_LOGITS, .rows = 16};
LINEAR_KERNELS(gemm_bf16_16x32000x4096, PLAIN, LOGITS)
extern "C" void gemm_bf16_16x32000x4096(run *r, u32 op, f32 (*y)[32000], const bf16_32000x4096 *w,
                                        const f32 (*x)[4096])
{
    linear_launch<gemm_bf16_16x32000x4096_shape>(r, op, gemm_bf16_16x32000x4096_kernels, y[0], w,
        NULL, x[0]);
}
