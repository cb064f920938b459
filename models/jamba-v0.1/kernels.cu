/* models/jamba-v0.1/kernels.cu: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda makes of it,
 * and the function that launches them, which has the name of its twin in kernels.c. */
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/scan.cuh"
#include "kernels/cuda/norm_linear_conv.cuh"
#include "kernels/cuda/norm_selection.cuh"
#include "kernels/cuda/dt_scan.cuh"
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

/* decode, 1 row */

static constexpr embed_shape embed_bf16_65536x4096_shape = {.type = FORMAT_BF16, .M = 65536,
    .K = 4096, .y_stride = 4096, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_65536x4096, ONE)
extern "C" void embed_bf16_65536x4096(run *r, u32 op, f32 (*y)[4096], const bf16_65536x4096 *w,
                                      const u32 *tokens)
{
    embed_launch<embed_bf16_65536x4096_shape>(r, op, embed_bf16_65536x4096_kernels, y[0], w,
        tokens);
}

static constexpr rmsnorm_shape rmsnorm_4096_shape = {.D = 4096, .x_stride = 4096,
    .epsilon = 1e-06f, .count = COUNT_ONE, .rows = 1};
RMSNORM_KERNELS(rmsnorm_4096, ONE)
extern "C" void rmsnorm_4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm)
{
    rmsnorm_launch<rmsnorm_4096_shape>(r, op, rmsnorm_4096_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemv_bf16_288x8192_shape = {.type = FORMAT_BF16, .M = 288, .K = 8192,
    .y_stride = 288, .x_stride = 16384, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_bf16_288x8192, PLAIN, ONE)
extern "C" void gemv_bf16_288x8192(run *r, u32 op, f32 (*y)[288], const bf16_288x8192 *w,
                                   const f32 (*x)[16384])
{
    linear_launch<gemv_bf16_288x8192_shape>(r, op, gemv_bf16_288x8192_kernels, y[0], w, NULL, x[0]);
}

static constexpr linear_shape gemv_add_bf16_4096x8192_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 8192, .y_stride = 4096, .x_stride = 16384, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_4096x8192, ADD, ONE)
extern "C" void gemv_add_bf16_4096x8192(run *r, u32 op, f32 (*y)[4096], const bf16_4096x8192 *w,
                                        const f32 (*x)[16384])
{
    linear_launch<gemv_add_bf16_4096x8192_shape>(r, op, gemv_add_bf16_4096x8192_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemv_add_bf16_4096x14336_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 14336, .y_stride = 4096, .x_stride = 14336, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_4096x14336, ADD, ONE)
extern "C" void gemv_add_bf16_4096x14336(run *r, u32 op, f32 (*y)[4096], const bf16_4096x14336 *w,
        const f32 (*x)[14336])
{
    linear_launch<gemv_add_bf16_4096x14336_shape>(r, op, gemv_add_bf16_4096x14336_kernels, y[0], w,
        NULL, x[0]);
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

static constexpr linear_shape gemv_bf16_65536x4096_shape = {.type = FORMAT_BF16, .M = 65536,
    .K = 4096, .y_stride = 65536, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_bf16_65536x4096, PLAIN, ONE)
extern "C" void gemv_bf16_65536x4096(run *r, u32 op, f32 (*y)[65536], const bf16_65536x4096 *w,
                                     const f32 (*x)[4096])
{
    linear_launch<gemv_bf16_65536x4096_shape>(r, op, gemv_bf16_65536x4096_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr norm_linear_conv_shape norm_gemv_conv_bf16_16384x4096x4_shape = {
    .type = FORMAT_BF16, .M = 16384, .D = 4096, .conv_at = 0, .I = 8192, .K = 4, .epsilon = 1e-06f};
NORM_LINEAR_CONV_KERNELS(norm_gemv_conv_bf16_16384x4096x4)
extern "C" void norm_gemv_conv_bf16_16384x4096x4(run *r, u32 op, f32 (*xz)[16384],
        const f32 (*x)[4096], const f32 *norm, const bf16_16384x4096 *w, f32 (*conv)[8192],
        const f32 (*taps)[8192], const f32 *conv_bias)
{
    norm_linear_conv_launch<norm_gemv_conv_bf16_16384x4096x4_shape>(r, op,
        norm_gemv_conv_bf16_16384x4096x4_kernels, xz[0], x[0], norm, w, NULL, conv[0], taps[0],
        conv_bias);
}

static constexpr norm_dt_scan_shape norm_dt_scan_bf16_8192x16x256_shape = {.type = FORMAT_BF16,
    .I = 8192, .N = 16, .R = 256, .epsilon = 1e-06f};
NORM_DT_SCAN_KERNELS(norm_dt_scan_bf16_8192x16x256)
extern "C" void norm_dt_scan_bf16_8192x16x256(run *r, u32 op, f32 (*xz)[16384], f32 (*ssm)[16][16],
        const f32 (*xdb)[288], const f32 *dt_norm, const f32 *b_norm, const f32 *c_norm,
        const bf16_8192x256 *w, const f32 *bias, const f32 (*A)[16][16], const f32 *D)
{
    norm_dt_scan_launch<norm_dt_scan_bf16_8192x16x256_shape>(r, op,
        norm_dt_scan_bf16_8192x16x256_kernels, xz[0], ssm[0][0], xdb[0], dt_norm, b_norm, c_norm,
        w, bias, A[0][0], D);
}

static constexpr norm_qkv_shape norm_qkv_bf16_6144x4096_shape = {.q_type = FORMAT_BF16,
    .k_type = FORMAT_BF16, .v_type = FORMAT_BF16, .D = 4096, .H = 32, .KV = 8, .HD = 128, .R = 0,
    .cache_type = FORMAT_BF16, .C = 262144, .epsilon = 1e-06f};
NORM_QKV_KERNELS(norm_qkv_bf16_6144x4096, NULL)
extern "C" void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096],
                                        const f32 *norm, const bf16_4096x4096 *q_proj,
                                        const bf16_1024x4096 *k_proj, const bf16_1024x4096 *v_proj,
                                        bf16 (*keys)[262144][128], bf16 (*values)[262144][128])
{
    norm_qkv_launch<norm_qkv_bf16_6144x4096_shape>(r, op, norm_qkv_bf16_6144x4096_kernels, q[0],
        x[0], norm, NULL, q_proj, NULL, k_proj, NULL, v_proj, NULL, keys, values);
}

static constexpr attention_shape attention_bf16_32x8x128_shape = {.H = 32, .KV = 8, .HD = 128,
    .cache_type = FORMAT_BF16, .C = 262144, .window = 0, .scale = 0.088388346f, .count = COUNT_ONE,
    .rows = 1};
ATTENTION_KERNELS(attention_bf16_32x8x128, ONE)
extern "C" void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096],
                                        const bf16 (*keys)[262144][128],
                                        const bf16 (*values)[262144][128])
{
    attention_launch<attention_bf16_32x8x128_shape>(r, op, attention_bf16_32x8x128_kernels, q[0],
        keys, values);
}

static constexpr norm_linear_swiglu_shape norm_gemv_swiglu_bf16_14336x4096_shape = {
    .type = FORMAT_BF16, .M = 14336, .D = 4096, .epsilon = 1e-06f};
NORM_LINEAR_SWIGLU_KERNELS(norm_gemv_swiglu_bf16_14336x4096)
extern "C" void norm_gemv_swiglu_bf16_14336x4096(run *r, u32 op, f32 (*y)[14336],
        const f32 (*x)[4096], const f32 *norm, const bf16_14336x4096 *gate,
        const bf16_14336x4096 *up)
{
    norm_linear_swiglu_launch<norm_gemv_swiglu_bf16_14336x4096_shape>(r, op,
        norm_gemv_swiglu_bf16_14336x4096_kernels, y[0], x[0], norm, gate, up);
}

static constexpr norm_experts_swiglu_shape norm_experts_swiglu_bf16_16x14336x4096_shape = {
    .router_type = FORMAT_BF16, .type = FORMAT_BF16, .D = 4096, .F = 14336, .epsilon = 1e-06f,
    .E = 16, .K = 2, .weights = ROUTE_RAW};
NORM_EXPERTS_SWIGLU_KERNELS(norm_experts_swiglu_bf16_16x14336x4096)
extern "C" void norm_experts_swiglu_bf16_16x14336x4096(run *r, u32 op, f32 (*h)[14336],
        f32 (*route)[16], const f32 (*x)[4096], const f32 *norm, const bf16_16x4096 *router,
        const bf16_14336x4096 *gate, const bf16_14336x4096 *up)
{
    norm_experts_swiglu_launch<norm_experts_swiglu_bf16_16x14336x4096_shape>(r, op,
        norm_experts_swiglu_bf16_16x14336x4096_kernels, h[0], route[0], x[0], norm, router, gate,
        up);
}

static constexpr experts_add_shape experts_add_bf16_16x4096x14336_shape = {.type = FORMAT_BF16,
    .F = 14336, .h_stride = 14336, .D = 4096, .E = 16, .K = 2, .count = COUNT_ONE, .rows = 1};
EXPERTS_ADD_KERNELS(experts_add_bf16_16x4096x14336, ONE)
extern "C" void experts_add_bf16_16x4096x14336(run *r, u32 op, f32 (*y)[4096],
        const f32 (*h)[14336], const f32 (*route)[16], const bf16_4096x14336 *w)
{
    experts_add_launch<experts_add_bf16_16x4096x14336_shape>(r, op,
        experts_add_bf16_16x4096x14336_kernels, y[0], h[0], route[0], w);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x65536x4096_shape = {.type = FORMAT_BF16, .M = 65536,
    .K = 4096, .y_stride = 4096, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x65536x4096, CHUNK)
extern "C" void embed_bf16_256x65536x4096(run *r, u32 op, f32 (*y)[4096], const bf16_65536x4096 *w,
        const u32 *tokens)
{
    embed_launch<embed_bf16_256x65536x4096_shape>(r, op, embed_bf16_256x65536x4096_kernels, y[0],
        w, tokens);
}

static constexpr rmsnorm_shape rmsnorm_256x4096_shape = {.D = 4096, .x_stride = 4096,
    .epsilon = 1e-06f, .count = COUNT_CHUNK, .rows = 256};
RMSNORM_KERNELS(rmsnorm_256x4096, CHUNK)
extern "C" void rmsnorm_256x4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096],
                                 const f32 *norm)
{
    rmsnorm_launch<rmsnorm_256x4096_shape>(r, op, rmsnorm_256x4096_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemm_bf16_256x16384x4096_shape = {.type = FORMAT_BF16, .M = 16384,
    .K = 4096, .y_stride = 16384, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x16384x4096, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x16384x4096(run *r, u32 op, f32 (*y)[16384], const bf16_16384x4096 *w,
        const f32 (*x)[4096])
{
    linear_launch<gemm_bf16_256x16384x4096_shape>(r, op, gemm_bf16_256x16384x4096_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x288x8192_shape = {.type = FORMAT_BF16, .M = 288,
    .K = 8192, .y_stride = 288, .x_stride = 16384, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x288x8192, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x288x8192(run *r, u32 op, f32 (*y)[288], const bf16_288x8192 *w,
                                       const f32 (*x)[16384])
{
    linear_launch<gemm_bf16_256x288x8192_shape>(r, op, gemm_bf16_256x288x8192_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_softplus_bf16_256x8192x256_shape = {.type = FORMAT_BF16,
    .M = 8192, .K = 256, .y_stride = 8192, .x_stride = 288, .epilogue = EPILOGUE_SOFTPLUS,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_softplus_bf16_256x8192x256, SOFTPLUS, CHUNK)
extern "C" void gemm_softplus_bf16_256x8192x256(run *r, u32 op, f32 (*y)[8192],
        const bf16_8192x256 *w, const f32 *bias, const f32 (*x)[288])
{
    linear_launch<gemm_softplus_bf16_256x8192x256_shape>(r, op,
        gemm_softplus_bf16_256x8192x256_kernels, y[0], w, bias, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x4096x8192_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 8192, .y_stride = 4096, .x_stride = 16384, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x4096x8192, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x4096x8192(run *r, u32 op, f32 (*y)[4096],
        const bf16_4096x8192 *w, const f32 (*x)[16384])
{
    linear_launch<gemm_add_bf16_256x4096x8192_shape>(r, op, gemm_add_bf16_256x4096x8192_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x14336x4096_shape = {.type = FORMAT_BF16, .M = 14336,
    .K = 4096, .y_stride = 14336, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x14336x4096, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x14336x4096(run *r, u32 op, f32 (*y)[14336], const bf16_14336x4096 *w,
        const f32 (*x)[4096])
{
    linear_launch<gemm_bf16_256x14336x4096_shape>(r, op, gemm_bf16_256x14336x4096_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x4096x14336_shape = {.type = FORMAT_BF16, .M = 4096,
    .K = 14336, .y_stride = 4096, .x_stride = 14336, .epilogue = EPILOGUE_ADD,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x4096x14336, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x4096x14336(run *r, u32 op, f32 (*y)[4096],
        const bf16_4096x14336 *w, const f32 (*x)[14336])
{
    linear_launch<gemm_add_bf16_256x4096x14336_shape>(r, op, gemm_add_bf16_256x4096x14336_kernels,
        y[0], w, NULL, x[0]);
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

static constexpr conv_silu_shape conv_silu_256x8192x4_shape = {.conv_at = 0, .I = 8192, .K = 4,
    .xz_stride = 16384, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
CONV_SILU_KERNELS(conv_silu_256x8192x4, BIAS, CHUNK)
extern "C" void conv_silu_256x8192x4(run *r, u32 op, f32 (*xz)[16384], f32 (*conv)[8192],
                                     const f32 (*taps)[8192], const f32 *bias)
{
    conv_silu_launch<conv_silu_256x8192x4_shape>(r, op, conv_silu_256x8192x4_kernels, xz[0],
        conv[0], taps[0], bias);
}

static constexpr scan_shape scan_256x8192x16_shape = {.I = 8192, .N = 16, .R = 256,
    .xz_stride = 16384, .xdb_stride = 288, .count = COUNT_CHUNK, .rows = 256};
SCAN_KERNELS(scan_256x8192x16, CHUNK)
extern "C" void scan_256x8192x16(run *r, u32 op, f32 (*xz)[16384], f32 (*ssm)[16][16],
                                 const f32 (*dt)[8192], const f32 (*xdb)[288],
                                 const f32 (*A)[16][16], const f32 *D)
{
    scan_launch<scan_256x8192x16_shape>(r, op, scan_256x8192x16_kernels, xz[0], ssm[0][0], dt[0],
        xdb[0], A[0][0], D);
}

static constexpr norm_selection_shape norm_selection_256x256x16_shape = {.N = 16, .R = 256,
    .xdb_stride = 288, .epsilon = 1e-06f, .count = COUNT_CHUNK, .rows = 256};
NORM_SELECTION_KERNELS(norm_selection_256x256x16, CHUNK)
extern "C" void norm_selection_256x256x16(run *r, u32 op, f32 (*xdb)[288], const f32 *dt_norm,
        const f32 *b_norm, const f32 *c_norm)
{
    norm_selection_launch<norm_selection_256x256x16_shape>(r, op, norm_selection_256x256x16_kernels,
        xdb[0], dt_norm, b_norm, c_norm);
}

static constexpr rope_append_shape rope_append_bf16_256x32x128_shape = {.H = 32, .KV = 8,
    .HD = 128, .R = 0, .cache_type = FORMAT_BF16, .C = 262144, .count = COUNT_CHUNK, .rows = 256};
ROPE_APPEND_KERNELS(rope_append_bf16_256x32x128, NULL, CHUNK)
extern "C" void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
        const f32 (*v)[1024], bf16 (*keys)[262144][128], bf16 (*values)[262144][128])
{
    rope_append_launch<rope_append_bf16_256x32x128_shape>(r, op,
        rope_append_bf16_256x32x128_kernels, q[0], k[0], v[0], keys, values);
}

static constexpr attention_shape attention_bf16_256x32x8x128_shape = {.H = 32, .KV = 8, .HD = 128,
    .cache_type = FORMAT_BF16, .C = 262144, .window = 0, .scale = 0.088388346f,
    .count = COUNT_CHUNK, .rows = 256};
ATTENTION_KERNELS(attention_bf16_256x32x8x128, CHUNK)
extern "C" void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096],
        const bf16 (*keys)[262144][128], const bf16 (*values)[262144][128])
{
    attention_launch<attention_bf16_256x32x8x128_shape>(r, op, attention_bf16_256x32x8x128_kernels,
        q[0], keys, values);
}

static constexpr swiglu_shape swiglu_256x14336_shape = {.gate_stride = 14336, .count = COUNT_CHUNK,
    .rows = 256};
SWIGLU_KERNELS(swiglu_256x14336, CHUNK)
extern "C" void swiglu_256x14336(run *r, u32 op, f32 (*gate)[14336], const f32 (*up)[14336])
{
    swiglu_launch<swiglu_256x14336_shape>(r, op, swiglu_256x14336_kernels, gate[0], up[0]);
}

static constexpr route_shape route_bf16_256x16x4096_shape = {.type = FORMAT_BF16, .D = 4096,
    .x_stride = 4096, .E = 16, .K = 2, .weights = ROUTE_RAW, .count = COUNT_CHUNK, .rows = 256};
ROUTE_KERNELS(route_bf16_256x16x4096, CHUNK)
extern "C" void route_bf16_256x16x4096(run *r, u32 op, f32 (*to)[16], const f32 (*x)[4096],
                                       const bf16_16x4096 *w)
{
    route_launch<route_bf16_256x16x4096_shape>(r, op, route_bf16_256x16x4096_kernels, to[0], x[0],
        w);
}

static constexpr gather_shape gather_256x4096_shape = {.x_stride = 4096, .E = 16, .K = 2,
    .rows = 256};
GATHER_KERNELS(gather_256x4096)
extern "C" void gather_256x4096(run *r, u32 op, f32 (*xg)[4096], const f32 (*x)[4096],
                                const f32 (*route)[16])
{
    gather_launch<gather_256x4096_shape>(r, op, gather_256x4096_kernels, xg[0], x[0], route[0]);
}

static constexpr experts_swiglu_shape experts_swiglu_bf16_256x16x14336x4096_shape = {
    .type = FORMAT_BF16, .D = 4096, .xg_stride = 4096, .F = 14336, .E = 16, .K = 2, .rows = 256};
EXPERTS_SWIGLU_KERNELS(experts_swiglu_bf16_256x16x14336x4096)
extern "C" void experts_swiglu_bf16_256x16x14336x4096(run *r, u32 op, f32 (*h)[14336],
        const f32 (*xg)[4096], const f32 (*route)[16], const bf16_14336x4096 *gate,
        const bf16_14336x4096 *up)
{
    experts_swiglu_launch<experts_swiglu_bf16_256x16x14336x4096_shape>(r, op,
        experts_swiglu_bf16_256x16x14336x4096_kernels, h[0], xg[0], route[0], gate, up);
}

static constexpr experts_add_shape experts_add_bf16_256x16x4096x14336_shape = {
    .type = FORMAT_BF16, .F = 14336, .h_stride = 14336, .D = 4096, .E = 16, .K = 2,
    .count = COUNT_CHUNK, .rows = 256};
EXPERTS_ADD_KERNELS(experts_add_bf16_256x16x4096x14336, CHUNK)
extern "C" void experts_add_bf16_256x16x4096x14336(run *r, u32 op, f32 (*y)[4096],
        const f32 (*h)[14336], const f32 (*route)[16], const bf16_4096x14336 *w)
{
    experts_add_launch<experts_add_bf16_256x16x4096x14336_shape>(r, op,
        experts_add_bf16_256x16x4096x14336_kernels, y[0], h[0], route[0], w);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bf16_16x65536x4096_shape = {.type = FORMAT_BF16, .M = 65536,
    .K = 4096, .y_stride = 65536, .x_stride = 4096, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_LOGITS, .rows = 16};
LINEAR_KERNELS(gemm_bf16_16x65536x4096, PLAIN, LOGITS)
extern "C" void gemm_bf16_16x65536x4096(run *r, u32 op, f32 (*y)[65536], const bf16_65536x4096 *w,
                                        const f32 (*x)[4096])
{
    linear_launch<gemm_bf16_16x65536x4096_shape>(r, op, gemm_bf16_16x65536x4096_kernels, y[0], w,
        NULL, x[0]);
}
