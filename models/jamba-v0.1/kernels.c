/* models/jamba-v0.1/kernels.c: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * The kernels for the CPU: each is an inlined function of kernels/cpu whose loops see only the
 * constants of its shape (kernels/shapes.h). */
#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/conv.h"
#include "kernels/cpu/scan.h"
#include "kernels/cpu/norm_linear_conv.h"
#include "kernels/cpu/norm_selection.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/mlp.h"
#include "kernels/cpu/route.h"
#include "kernels/cpu/experts.h"
#include "kernels.h"

/* decode, 1 row */

void embed_bf16_65536x4096(run *r, u32 op, f32 (*y)[4096], const bf16_65536x4096 *w,
                           const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 65536, .K = 4096,
        .y_stride = 4096, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 4096, .x_stride = 4096, .epsilon = 1e-06f,
        .count = COUNT_ONE, .rows = 1};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemv_bf16_288x8192(run *r, u32 op, f32 (*y)[288], const bf16_288x8192 *w,
                        const f32 (*x)[16384])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 288, .K = 8192,
        .y_stride = 288, .x_stride = 16384, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_add_bf16_4096x8192(run *r, u32 op, f32 (*y)[4096], const bf16_4096x8192 *w,
                             const f32 (*x)[16384])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 8192,
        .y_stride = 4096, .x_stride = 16384, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_add_bf16_4096x14336(run *r, u32 op, f32 (*y)[4096], const bf16_4096x14336 *w,
                              const f32 (*x)[14336])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 14336,
        .y_stride = 4096, .x_stride = 14336, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
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

void gemv_bf16_65536x4096(run *r, u32 op, f32 (*y)[65536], const bf16_65536x4096 *w,
                          const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 65536, .K = 4096,
        .y_stride = 65536, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_gemv_conv_bf16_16384x4096x4(run *r, u32 op, f32 (*xz)[16384], const f32 (*x)[4096],
                                      const f32 *norm, const bf16_16384x4096 *w, f32 (*conv)[8192],
                                      const f32 (*taps)[8192], const f32 *conv_bias)
{
    static const struct norm_linear_conv_shape shape = {.type = FORMAT_BF16, .M = 16384, .D = 4096,
        .conv_at = 0, .I = 8192, .K = 4, .epsilon = 1e-06f};
    norm_linear_conv(r, &shape, xz[0], x[0], norm, w, NULL, conv[0], taps[0], conv_bias);
    op_done(r, op);
}

void norm_dt_scan_bf16_8192x16x256(run *r, u32 op, f32 (*xz)[16384], f32 (*ssm)[16][16],
                                   const f32 (*xdb)[288], const f32 *dt_norm, const f32 *b_norm,
                                   const f32 *c_norm, const bf16_8192x256 *w, const f32 *bias,
                                   const f32 (*A)[16][16], const f32 *D)
{
    static const struct norm_dt_scan_shape shape = {.type = FORMAT_BF16, .I = 8192, .N = 16,
        .R = 256, .epsilon = 1e-06f};
    norm_dt_scan(r, &shape, xz[0], ssm[0][0], xdb[0], dt_norm, b_norm, c_norm, w, bias, A[0][0], D);
    op_done(r, op);
}

void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096], const f32 *norm,
                             const bf16_4096x4096 *q_proj, const bf16_1024x4096 *k_proj,
                             const bf16_1024x4096 *v_proj, bf16 (*keys)[262144][128],
                             bf16 (*values)[262144][128])
{
    static const struct norm_qkv_shape shape = {.q_type = FORMAT_BF16, .k_type = FORMAT_BF16,
        .v_type = FORMAT_BF16, .D = 4096, .H = 32, .KV = 8, .HD = 128, .R = 0,
        .cache_type = FORMAT_BF16, .C = 262144, .epsilon = 1e-06f};
    norm_qkv(r, &shape, NULL, q[0], x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL,
        keys, values);
    op_done(r, op);
}

void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[262144][128],
                             const bf16 (*values)[262144][128])
{
    static const struct attention_shape shape = {.H = 32, .KV = 8, .HD = 128,
        .cache_type = FORMAT_BF16, .C = 262144, .window = 0, .scale = 0.088388346f,
        .count = COUNT_ONE, .rows = 1};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void norm_gemv_swiglu_bf16_14336x4096(run *r, u32 op, f32 (*y)[14336], const f32 (*x)[4096],
                                      const f32 *norm, const bf16_14336x4096 *gate,
                                      const bf16_14336x4096 *up)
{
    static const struct norm_linear_swiglu_shape shape = {.type = FORMAT_BF16, .M = 14336,
        .D = 4096, .epsilon = 1e-06f};
    norm_linear_swiglu(r, &shape, y[0], x[0], norm, gate, up);
    op_done(r, op);
}

void norm_experts_swiglu_bf16_16x14336x4096(run *r, u32 op, f32 (*h)[14336], f32 (*route)[16],
        const f32 (*x)[4096], const f32 *norm, const bf16_16x4096 *router,
        const bf16_14336x4096 *gate, const bf16_14336x4096 *up)
{
    static const struct norm_experts_swiglu_shape shape = {.router_type = FORMAT_BF16,
        .type = FORMAT_BF16, .D = 4096, .F = 14336, .epsilon = 1e-06f, .E = 16, .K = 2,
        .weights = ROUTE_RAW};
    norm_experts_swiglu(r, &shape, h[0], route[0], x[0], norm, router, gate, up);
    op_done(r, op);
}

void experts_add_bf16_16x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                    const f32 (*route)[16], const bf16_4096x14336 *w)
{
    static const struct experts_add_shape shape = {.type = FORMAT_BF16, .F = 14336,
        .h_stride = 14336, .D = 4096, .E = 16, .K = 2, .count = COUNT_ONE, .rows = 1};
    experts_add(r, &shape, y[0], h[0], route[0], w);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x65536x4096(run *r, u32 op, f32 (*y)[4096], const bf16_65536x4096 *w,
                               const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 65536, .K = 4096,
        .y_stride = 4096, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_256x4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 4096, .x_stride = 4096, .epsilon = 1e-06f,
        .count = COUNT_CHUNK, .rows = 256};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemm_bf16_256x16384x4096(run *r, u32 op, f32 (*y)[16384], const bf16_16384x4096 *w,
                              const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 16384, .K = 4096,
        .y_stride = 16384, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x288x8192(run *r, u32 op, f32 (*y)[288], const bf16_288x8192 *w,
                            const f32 (*x)[16384])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 288, .K = 8192,
        .y_stride = 288, .x_stride = 16384, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_softplus_bf16_256x8192x256(run *r, u32 op, f32 (*y)[8192], const bf16_8192x256 *w,
                                     const f32 *bias, const f32 (*x)[288])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 8192, .K = 256,
        .y_stride = 8192, .x_stride = 288, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x4096x8192(run *r, u32 op, f32 (*y)[4096], const bf16_4096x8192 *w,
                                 const f32 (*x)[16384])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 8192,
        .y_stride = 4096, .x_stride = 16384, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x14336x4096(run *r, u32 op, f32 (*y)[14336], const bf16_14336x4096 *w,
                              const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 14336, .K = 4096,
        .y_stride = 14336, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x4096x14336(run *r, u32 op, f32 (*y)[4096], const bf16_4096x14336 *w,
                                  const f32 (*x)[14336])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 4096, .K = 14336,
        .y_stride = 4096, .x_stride = 14336, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
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

void conv_silu_256x8192x4(run *r, u32 op, f32 (*xz)[16384], f32 (*conv)[8192],
                          const f32 (*taps)[8192], const f32 *bias)
{
    static const struct conv_silu_shape shape = {.conv_at = 0, .I = 8192, .K = 4,
        .xz_stride = 16384, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
    conv_silu(r, &shape, xz[0], conv[0], taps[0], bias);
    op_done(r, op);
}

void scan_256x8192x16(run *r, u32 op, f32 (*xz)[16384], f32 (*ssm)[16][16], const f32 (*dt)[8192],
                      const f32 (*xdb)[288], const f32 (*A)[16][16], const f32 *D)
{
    static const struct scan_shape shape = {.I = 8192, .N = 16, .R = 256, .xz_stride = 16384,
        .xdb_stride = 288, .count = COUNT_CHUNK, .rows = 256};
    scan(r, &shape, xz[0], ssm[0][0], dt[0], xdb[0], A[0][0], D);
    op_done(r, op);
}

void norm_selection_256x256x16(run *r, u32 op, f32 (*xdb)[288], const f32 *dt_norm,
                               const f32 *b_norm, const f32 *c_norm)
{
    static const struct norm_selection_shape shape = {.N = 16, .R = 256, .xdb_stride = 288,
        .epsilon = 1e-06f, .count = COUNT_CHUNK, .rows = 256};
    norm_selection(r, &shape, xdb[0], dt_norm, b_norm, c_norm);
    op_done(r, op);
}

void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
                                 const f32 (*v)[1024], bf16 (*keys)[262144][128],
                                 bf16 (*values)[262144][128])
{
    static const struct rope_append_shape shape = {.H = 32, .KV = 8, .HD = 128, .R = 0,
        .cache_type = FORMAT_BF16, .C = 262144, .count = COUNT_CHUNK, .rows = 256};
    rope_append(r, &shape, NULL, q[0], k[0], v[0], keys, values);
    op_done(r, op);
}

void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[262144][128],
                                 const bf16 (*values)[262144][128])
{
    static const struct attention_shape shape = {.H = 32, .KV = 8, .HD = 128,
        .cache_type = FORMAT_BF16, .C = 262144, .window = 0, .scale = 0.088388346f,
        .count = COUNT_CHUNK, .rows = 256};
    attention(r, &shape, q[0], keys, values);
    op_done(r, op);
}

void swiglu_256x14336(run *r, u32 op, f32 (*gate)[14336], const f32 (*up)[14336])
{
    static const struct swiglu_shape shape = {.gate_stride = 14336, .count = COUNT_CHUNK,
        .rows = 256};
    swiglu(r, &shape, gate[0], up[0]);
    op_done(r, op);
}

void route_bf16_256x16x4096(run *r, u32 op, f32 (*to)[16], const f32 (*x)[4096],
                            const bf16_16x4096 *w)
{
    static const struct route_shape shape = {.type = FORMAT_BF16, .D = 4096, .x_stride = 4096,
        .E = 16, .K = 2, .weights = ROUTE_RAW, .count = COUNT_CHUNK, .rows = 256};
    route(r, &shape, to[0], x[0], w);
    op_done(r, op);
}

void gather_256x4096(run *r, u32 op, f32 (*xg)[4096], const f32 (*x)[4096], const f32 (*route)[16])
{
    static const struct gather_shape shape = {.x_stride = 4096, .E = 16, .K = 2, .rows = 256};
    gather(r, &shape, xg[0], x[0], route[0]);
    op_done(r, op);
}

void experts_swiglu_bf16_256x16x14336x4096(run *r, u32 op, f32 (*h)[14336], const f32 (*xg)[4096],
        const f32 (*route)[16], const bf16_14336x4096 *gate, const bf16_14336x4096 *up)
{
    static const struct experts_swiglu_shape shape = {.type = FORMAT_BF16, .D = 4096,
        .xg_stride = 4096, .F = 14336, .E = 16, .K = 2, .rows = 256};
    experts_swiglu(r, &shape, h[0], xg[0], route[0], gate, up);
    op_done(r, op);
}

void experts_add_bf16_256x16x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                        const f32 (*route)[16], const bf16_4096x14336 *w)
{
    static const struct experts_add_shape shape = {.type = FORMAT_BF16, .F = 14336,
        .h_stride = 14336, .D = 4096, .E = 16, .K = 2, .count = COUNT_CHUNK, .rows = 256};
    experts_add(r, &shape, y[0], h[0], route[0], w);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bf16_16x65536x4096(run *r, u32 op, f32 (*y)[65536], const bf16_65536x4096 *w,
                             const f32 (*x)[4096])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 65536, .K = 4096,
        .y_stride = 65536, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}
