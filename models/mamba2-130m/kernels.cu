/* models/mamba2-130m/kernels.cu: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda makes of it,
 * and the function that launches them, which has the name of its twin in kernels.c. */
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/norm_linear_conv.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/norm_groups.cuh"
#include "kernels/cuda/norm_linear_add.cuh"

extern "C" {
#include "kernels.h"
}

/* decode, 1 row */

static constexpr embed_shape embed_bf16_50288x768_shape = {.type = FORMAT_BF16, .M = 50288,
    .K = 768, .y_stride = 768, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_50288x768, ONE)
extern "C" void embed_bf16_50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                                     const u32 *tokens)
{
    embed_launch<embed_bf16_50288x768_shape>(r, op, embed_bf16_50288x768_kernels, y[0], w, tokens);
}

static constexpr rmsnorm_shape rmsnorm_768_shape = {.D = 768, .x_stride = 768, .epsilon = 1e-05f,
    .count = COUNT_ONE, .rows = 1};
RMSNORM_KERNELS(rmsnorm_768, ONE)
extern "C" void rmsnorm_768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm)
{
    rmsnorm_launch<rmsnorm_768_shape>(r, op, rmsnorm_768_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemv_bf16_50288x768_shape = {.type = FORMAT_BF16, .M = 50288,
    .K = 768, .y_stride = 50288, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_bf16_50288x768, PLAIN, ONE)
extern "C" void gemv_bf16_50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                                    const f32 (*x)[768])
{
    linear_launch<gemv_bf16_50288x768_shape>(r, op, gemv_bf16_50288x768_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr norm_linear_conv_shape norm_gemv_conv_bf16_3360x768x4_shape = {
    .type = FORMAT_BF16, .M = 3360, .D = 768, .conv_at = 1536, .I = 1792, .K = 4,
    .epsilon = 1e-05f};
NORM_LINEAR_CONV_KERNELS(norm_gemv_conv_bf16_3360x768x4)
extern "C" void norm_gemv_conv_bf16_3360x768x4(run *r, u32 op, f32 (*xz)[3360],
        const f32 (*x)[768], const f32 *norm, const bf16_3360x768 *w, f32 (*conv)[1792],
        const f32 (*taps)[1792], const f32 *conv_bias)
{
    norm_linear_conv_launch<norm_gemv_conv_bf16_3360x768x4_shape>(r, op,
        norm_gemv_conv_bf16_3360x768x4_kernels, xz[0], x[0], norm, w, NULL, conv[0], taps[0],
        conv_bias);
}

static constexpr ssd_shape ssd_24x64x128_shape = {.H = 24, .P = 64, .G = 1, .N = 128,
    .zx_stride = 3360, .low = 0.0f, .high = INFINITY, .count = COUNT_ONE, .rows = 1};
SSD_KERNELS(ssd_24x64x128, ONE)
extern "C" void ssd_24x64x128(run *r, u32 op, f32 (*zx)[3360], f32 (*ssm)[128][64], const f32 *A,
                              const f32 *D, const f32 *dt_bias)
{
    ssd_launch<ssd_24x64x128_shape>(r, op, ssd_24x64x128_kernels, zx[0], ssm[0][0], A, D, dt_bias);
}

static constexpr norm_linear_add_shape norm_gemv_add_bf16_768x1536_shape = {.type = FORMAT_BF16,
    .M = 768, .D = 1536, .I = 1536, .G = 1, .epsilon = 1e-05f};
NORM_LINEAR_ADD_KERNELS(norm_gemv_add_bf16_768x1536)
extern "C" void norm_gemv_add_bf16_768x1536(run *r, u32 op, f32 (*y)[768], const f32 (*x)[3360],
        const f32 *norm, const bf16_768x1536 *w)
{
    norm_linear_add_launch<norm_gemv_add_bf16_768x1536_shape>(r, op,
        norm_gemv_add_bf16_768x1536_kernels, y[0], x[0], norm, w, NULL);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x50288x768_shape = {.type = FORMAT_BF16, .M = 50288,
    .K = 768, .y_stride = 768, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x50288x768, CHUNK)
extern "C" void embed_bf16_256x50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
        const u32 *tokens)
{
    embed_launch<embed_bf16_256x50288x768_shape>(r, op, embed_bf16_256x50288x768_kernels, y[0], w,
        tokens);
}

static constexpr rmsnorm_shape rmsnorm_256x768_shape = {.D = 768, .x_stride = 768,
    .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
RMSNORM_KERNELS(rmsnorm_256x768, CHUNK)
extern "C" void rmsnorm_256x768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768],
                                const f32 *norm)
{
    rmsnorm_launch<rmsnorm_256x768_shape>(r, op, rmsnorm_256x768_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemm_bf16_256x3360x768_shape = {.type = FORMAT_BF16, .M = 3360,
    .K = 768, .y_stride = 3360, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x3360x768, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x3360x768(run *r, u32 op, f32 (*y)[3360], const bf16_3360x768 *w,
                                       const f32 (*x)[768])
{
    linear_launch<gemm_bf16_256x3360x768_shape>(r, op, gemm_bf16_256x3360x768_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x768x1536_shape = {.type = FORMAT_BF16, .M = 768,
    .K = 1536, .y_stride = 768, .x_stride = 3360, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x768x1536, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
        const f32 (*x)[3360])
{
    linear_launch<gemm_add_bf16_256x768x1536_shape>(r, op, gemm_add_bf16_256x768x1536_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr conv_silu_shape conv_silu_256x1792x4_shape = {.conv_at = 1536, .I = 1792, .K = 4,
    .xz_stride = 3360, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
CONV_SILU_KERNELS(conv_silu_256x1792x4, BIAS, CHUNK)
extern "C" void conv_silu_256x1792x4(run *r, u32 op, f32 (*xz)[3360], f32 (*conv)[1792],
                                     const f32 (*taps)[1792], const f32 *bias)
{
    conv_silu_launch<conv_silu_256x1792x4_shape>(r, op, conv_silu_256x1792x4_kernels, xz[0],
        conv[0], taps[0], bias);
}

static constexpr ssd_shape ssd_256x24x64x128_shape = {.H = 24, .P = 64, .G = 1, .N = 128,
    .zx_stride = 3360, .low = 0.0f, .high = INFINITY, .count = COUNT_CHUNK, .rows = 256};
SSD_KERNELS(ssd_256x24x64x128, CHUNK)
extern "C" void ssd_256x24x64x128(run *r, u32 op, f32 (*zx)[3360], f32 (*ssm)[128][64],
                                  const f32 *A, const f32 *D, const f32 *dt_bias)
{
    ssd_launch<ssd_256x24x64x128_shape>(r, op, ssd_256x24x64x128_kernels, zx[0], ssm[0][0], A, D,
        dt_bias);
}

static constexpr rmsnorm_groups_shape rmsnorm_groups_256x1536_shape = {.D = 1536, .I = 1536,
    .G = 1, .x_stride = 3360, .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
RMSNORM_GROUPS_KERNELS(rmsnorm_groups_256x1536, CHUNK)
extern "C" void rmsnorm_groups_256x1536(run *r, u32 op, f32 (*x)[3360], const f32 *norm)
{
    rmsnorm_groups_launch<rmsnorm_groups_256x1536_shape>(r, op, rmsnorm_groups_256x1536_kernels,
        x[0], norm);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bf16_16x50288x768_shape = {.type = FORMAT_BF16, .M = 50288,
    .K = 768, .y_stride = 50288, .x_stride = 768, .epilogue = EPILOGUE_PLAIN,
    .count = COUNT_LOGITS, .rows = 16};
LINEAR_KERNELS(gemm_bf16_16x50288x768, PLAIN, LOGITS)
extern "C" void gemm_bf16_16x50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                                       const f32 (*x)[768])
{
    linear_launch<gemm_bf16_16x50288x768_shape>(r, op, gemm_bf16_16x50288x768_kernels, y[0], w,
        NULL, x[0]);
}
