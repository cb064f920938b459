/* models/mamba-130m/kernels.cu: made from config/mamba-130m.ini; edit that, `make models`.
 *
 * The kernels for CUDA: a shape (kernels/shapes.h), the kernels that kernels/cuda makes of it,
 * and the function that launches them, which has the name of its twin in kernels.c. */
#include "kernels/cuda/embed.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/linear.cuh"
#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/scan.cuh"
#include "kernels/cuda/norm_linear_conv.cuh"
#include "kernels/cuda/dt_scan.cuh"

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

static constexpr linear_shape gemv_bf16_80x1536_shape = {.type = FORMAT_BF16, .M = 80, .K = 1536,
    .y_stride = 80, .x_stride = 3072, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_bf16_80x1536, PLAIN, ONE)
extern "C" void gemv_bf16_80x1536(run *r, u32 op, f32 (*y)[80], const bf16_80x1536 *w,
                                  const f32 (*x)[3072])
{
    linear_launch<gemv_bf16_80x1536_shape>(r, op, gemv_bf16_80x1536_kernels, y[0], w, NULL, x[0]);
}

static constexpr linear_shape gemv_add_bf16_768x1536_shape = {.type = FORMAT_BF16, .M = 768,
    .K = 1536, .y_stride = 768, .x_stride = 3072, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_768x1536, ADD, ONE)
extern "C" void gemv_add_bf16_768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                                       const f32 (*x)[3072])
{
    linear_launch<gemv_add_bf16_768x1536_shape>(r, op, gemv_add_bf16_768x1536_kernels, y[0], w,
        NULL, x[0]);
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

static constexpr norm_linear_conv_shape norm_gemv_conv_bf16_3072x768x4_shape = {
    .type = FORMAT_BF16, .M = 3072, .D = 768, .conv_at = 0, .I = 1536, .K = 4, .epsilon = 1e-05f};
NORM_LINEAR_CONV_KERNELS(norm_gemv_conv_bf16_3072x768x4)
extern "C" void norm_gemv_conv_bf16_3072x768x4(run *r, u32 op, f32 (*xz)[3072],
        const f32 (*x)[768], const f32 *norm, const bf16_3072x768 *w, f32 (*conv)[1536],
        const f32 (*taps)[1536], const f32 *conv_bias)
{
    norm_linear_conv_launch<norm_gemv_conv_bf16_3072x768x4_shape>(r, op,
        norm_gemv_conv_bf16_3072x768x4_kernels, xz[0], x[0], norm, w, NULL, conv[0], taps[0],
        conv_bias);
}

static constexpr dt_scan_shape dt_scan_bf16_1536x16x48_shape = {.type = FORMAT_BF16, .I = 1536,
    .N = 16, .R = 48};
DT_SCAN_KERNELS(dt_scan_bf16_1536x16x48)
extern "C" void dt_scan_bf16_1536x16x48(run *r, u32 op, f32 (*xz)[3072], f32 (*ssm)[16][16],
                                        const f32 (*xdb)[80], const bf16_1536x48 *w,
                                        const f32 *bias, const f32 (*A)[16][16], const f32 *D)
{
    dt_scan_launch<dt_scan_bf16_1536x16x48_shape>(r, op, dt_scan_bf16_1536x16x48_kernels, xz[0],
        ssm[0][0], xdb[0], w, bias, A[0][0], D);
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

static constexpr linear_shape gemm_bf16_256x3072x768_shape = {.type = FORMAT_BF16, .M = 3072,
    .K = 768, .y_stride = 3072, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x3072x768, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x3072x768(run *r, u32 op, f32 (*y)[3072], const bf16_3072x768 *w,
                                       const f32 (*x)[768])
{
    linear_launch<gemm_bf16_256x3072x768_shape>(r, op, gemm_bf16_256x3072x768_kernels, y[0], w,
        NULL, x[0]);
}

static constexpr linear_shape gemm_bf16_256x80x1536_shape = {.type = FORMAT_BF16, .M = 80,
    .K = 1536, .y_stride = 80, .x_stride = 3072, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x80x1536, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x80x1536(run *r, u32 op, f32 (*y)[80], const bf16_80x1536 *w,
                                      const f32 (*x)[3072])
{
    linear_launch<gemm_bf16_256x80x1536_shape>(r, op, gemm_bf16_256x80x1536_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr linear_shape gemm_softplus_bf16_256x1536x48_shape = {.type = FORMAT_BF16,
    .M = 1536, .K = 48, .y_stride = 1536, .x_stride = 80, .epilogue = EPILOGUE_SOFTPLUS,
    .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_softplus_bf16_256x1536x48, SOFTPLUS, CHUNK)
extern "C" void gemm_softplus_bf16_256x1536x48(run *r, u32 op, f32 (*y)[1536],
        const bf16_1536x48 *w, const f32 *bias, const f32 (*x)[80])
{
    linear_launch<gemm_softplus_bf16_256x1536x48_shape>(r, op,
        gemm_softplus_bf16_256x1536x48_kernels, y[0], w, bias, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x768x1536_shape = {.type = FORMAT_BF16, .M = 768,
    .K = 1536, .y_stride = 768, .x_stride = 3072, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x768x1536, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
        const f32 (*x)[3072])
{
    linear_launch<gemm_add_bf16_256x768x1536_shape>(r, op, gemm_add_bf16_256x768x1536_kernels,
        y[0], w, NULL, x[0]);
}

static constexpr conv_silu_shape conv_silu_256x1536x4_shape = {.conv_at = 0, .I = 1536, .K = 4,
    .xz_stride = 3072, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
CONV_SILU_KERNELS(conv_silu_256x1536x4, BIAS, CHUNK)
extern "C" void conv_silu_256x1536x4(run *r, u32 op, f32 (*xz)[3072], f32 (*conv)[1536],
                                     const f32 (*taps)[1536], const f32 *bias)
{
    conv_silu_launch<conv_silu_256x1536x4_shape>(r, op, conv_silu_256x1536x4_kernels, xz[0],
        conv[0], taps[0], bias);
}

static constexpr scan_shape scan_256x1536x16_shape = {.I = 1536, .N = 16, .R = 48,
    .xz_stride = 3072, .xdb_stride = 80, .count = COUNT_CHUNK, .rows = 256};
SCAN_KERNELS(scan_256x1536x16, CHUNK)
extern "C" void scan_256x1536x16(run *r, u32 op, f32 (*xz)[3072], f32 (*ssm)[16][16],
                                 const f32 (*dt)[1536], const f32 (*xdb)[80],
                                 const f32 (*A)[16][16], const f32 *D)
{
    scan_launch<scan_256x1536x16_shape>(r, op, scan_256x1536x16_kernels, xz[0], ssm[0][0], dt[0],
        xdb[0], A[0][0], D);
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
