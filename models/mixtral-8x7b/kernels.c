/* models/mixtral-8x7b/kernels.c: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * The kernels for the CPU: each is an inlined function of kernels/cpu whose loops see only the
 * constants of its shape (kernels/shapes.h). */
#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/route.h"
#include "kernels/cpu/experts.h"
#include "kernels.h"

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

void embed_bf16_32000x4096(run *r, u32 op, f32 (*y)[4096], const bf16_32000x4096 *w,
                           const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 4096,
        .y_stride = 4096, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 4096, .x_stride = 4096, .epsilon = 1e-05f,
        .count = COUNT_ONE, .rows = 1};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemv_add_bf16_4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                             const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 4096,
        .y_stride = 4096, .x_stride = 4096, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_bf16_32000x4096(run *r, u32 op, f32 (*y)[32000], const bf16_32000x4096 *w,
                          const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 4096,
        .y_stride = 32000, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096], const f32 *norm,
                             const bf16_4096x4096 *q_proj, const bf16_1024x4096 *k_proj,
                             const bf16_1024x4096 *v_proj, bf16 (*keys)[32768][128],
                             bf16 (*values)[32768][128])
{
    static const struct norm_qkv_shape shape = {.q_type = FORMAT_BF16, .k_type = FORMAT_BF16,
        .v_type = FORMAT_BF16, .D = 4096, .H = 32, .KV = 8, .HD = 128, .R = 128,
        .cache_type = FORMAT_BF16, .C = 32768, .epsilon = 1e-05f};
    norm_qkv(r, &shape, rope, q[0], x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL,
        keys, values);
    op_done(r, op);
}

void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[32768][128],
                             const bf16 (*values)[32768][128])
{
    static const struct attention_shape shape = {.H = 32, .KV = 8, .HD = 128,
        .cache_type = FORMAT_BF16, .C = 32768, .window = 0, .scale = 0.088388346f,
        .count = COUNT_ONE, .rows = 1};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void norm_experts_swiglu_bf16_8x14336x4096(run *r, u32 op, f32 (*h)[14336], f32 (*route)[16],
        const f32 (*x)[4096], const f32 *norm, const bf16_16x4096 *router,
        const bf16_14336x4096 *gate, const bf16_14336x4096 *up)
{
    static const struct norm_experts_swiglu_shape shape = {.router_type = FORMAT_BF16,
        .type = FORMAT_BF16, .D = 4096, .F = 14336, .epsilon = 1e-05f, .E = 8, .K = 2,
        .weights = ROUTE_RENORM};
    norm_experts_swiglu(r, &shape, h[0], route[0], x[0], norm, router, gate, up);
    op_done(r, op);
}

void experts_add_bf16_8x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                   const f32 (*route)[16], const bf16_4096x14336 *w)
{
    static const struct experts_add_shape shape = {.type = FORMAT_BF16, .F = 14336,
        .h_stride = 14336, .D = 4096, .E = 8, .K = 2, .count = COUNT_ONE, .rows = 1};
    experts_add(r, &shape, y[0], h[0], route[0], w);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x32000x4096(run *r, u32 op, f32 (*y)[4096], const bf16_32000x4096 *w,
                               const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 4096,
        .y_stride = 4096, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_256x4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 4096, .x_stride = 4096, .epsilon = 1e-05f,
        .count = COUNT_CHUNK, .rows = 256};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemm_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                             const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 4096,
        .y_stride = 4096, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x1024x4096(run *r, u32 op, f32 (*y)[1024], const bf16_1024x4096 *w,
                             const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 1024, .K = 4096,
        .y_stride = 1024, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                                 const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 4096,
        .y_stride = 4096, .x_stride = 4096, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
                                 const f32 (*v)[1024], bf16 (*keys)[32768][128],
                                 bf16 (*values)[32768][128])
{
    static const struct rope_append_shape shape = {.H = 32, .KV = 8, .HD = 128, .R = 128,
        .cache_type = FORMAT_BF16, .C = 32768, .count = COUNT_CHUNK, .rows = 256};
    rope_append(r, &shape, rope, q[0], k[0], v[0], keys, values);
    op_done(r, op);
}

void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[32768][128],
                                 const bf16 (*values)[32768][128])
{
    static const struct attention_shape shape = {.H = 32, .KV = 8, .HD = 128,
        .cache_type = FORMAT_BF16, .C = 32768, .window = 0, .scale = 0.088388346f,
        .count = COUNT_CHUNK, .rows = 256};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void route_bf16_256x8x4096(run *r, u32 op, f32 (*to)[16], const f32 (*x)[4096],
                           const bf16_16x4096 *w)
{
    static const struct route_shape shape = {.type = FORMAT_BF16, .D = 4096, .x_stride = 4096,
        .E = 8, .K = 2, .weights = ROUTE_RENORM, .count = COUNT_CHUNK, .rows = 256};
    route(r, &shape, to[0], x[0], w);
    op_done(r, op);
}

void gather_256x4096(run *r, u32 op, f32 (*xg)[4096], const f32 (*x)[4096], const f32 (*route)[16])
{
    static const struct gather_shape shape = {.x_stride = 4096, .E = 8, .K = 2, .rows = 256};
    gather(r, &shape, xg[0], x[0], route[0]);
    op_done(r, op);
}

void experts_swiglu_bf16_256x8x14336x4096(run *r, u32 op, f32 (*h)[14336], const f32 (*xg)[4096],
        const f32 (*route)[16], const bf16_14336x4096 *gate, const bf16_14336x4096 *up)
{
    static const struct experts_swiglu_shape shape = {.type = FORMAT_BF16, .D = 4096,
        .xg_stride = 4096, .F = 14336, .E = 8, .K = 2, .rows = 256};
    experts_swiglu(r, &shape, h[0], xg[0], route[0], gate, up);
    op_done(r, op);
}

void experts_add_bf16_256x8x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                       const f32 (*route)[16], const bf16_4096x14336 *w)
{
    static const struct experts_add_shape shape = {.type = FORMAT_BF16, .F = 14336,
        .h_stride = 14336, .D = 4096, .E = 8, .K = 2, .count = COUNT_CHUNK, .rows = 256};
    experts_add(r, &shape, y[0], h[0], route[0], w);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bf16_16x32000x4096(run *r, u32 op, f32 (*y)[32000], const bf16_32000x4096 *w,
                             const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 32000, .K = 4096,
        .y_stride = 32000, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}
