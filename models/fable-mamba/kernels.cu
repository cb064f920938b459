/* models/fable-mamba/kernels.cu: made from config/fable-mamba.ini; edit that, `make models`.
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

static constexpr embed_shape embed_bf16_1024x160_shape = {.type = FORMAT_BF16, .M = 1024, .K = 160,
    .y_stride = 160, .count = COUNT_ONE, .rows = 1};
EMBED_KERNELS(embed_bf16_1024x160, ONE)
extern "C" void embed_bf16_1024x160(run *r, u32 op, f32 (*y)[160], const bf16_1024x160 *w,
                                    const u32 *tokens)
{
    embed_launch<embed_bf16_1024x160_shape>(r, op, embed_bf16_1024x160_kernels, y[0], w, tokens);
}

static constexpr rmsnorm_shape rmsnorm_160_shape = {.D = 160, .x_stride = 160, .epsilon = 1e-05f,
    .count = COUNT_ONE, .rows = 1};
RMSNORM_KERNELS(rmsnorm_160, ONE)
extern "C" void rmsnorm_160(run *r, u32 op, f32 (*y)[160], const f32 (*x)[160], const f32 *norm)
{
    rmsnorm_launch<rmsnorm_160_shape>(r, op, rmsnorm_160_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemv_bf16_48x320_shape = {.type = FORMAT_BF16, .M = 48, .K = 320,
    .y_stride = 48, .x_stride = 640, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_bf16_48x320, PLAIN, ONE)
extern "C" void gemv_bf16_48x320(run *r, u32 op, f32 (*y)[48], const bf16_48x320 *w,
                                 const f32 (*x)[640])
{
    linear_launch<gemv_bf16_48x320_shape>(r, op, gemv_bf16_48x320_kernels, y[0], w, NULL, x[0]);
}

static constexpr linear_shape gemv_add_bf16_160x320_shape = {.type = FORMAT_BF16, .M = 160,
    .K = 320, .y_stride = 160, .x_stride = 640, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE,
    .rows = 1};
LINEAR_KERNELS(gemv_add_bf16_160x320, ADD, ONE)
extern "C" void gemv_add_bf16_160x320(run *r, u32 op, f32 (*y)[160], const bf16_160x320 *w,
                                      const f32 (*x)[640])
{
    linear_launch<gemv_add_bf16_160x320_shape>(r, op, gemv_add_bf16_160x320_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr linear_shape gemv_bf16_1024x160_shape = {.type = FORMAT_BF16, .M = 1024, .K = 160,
    .y_stride = 1024, .x_stride = 160, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE, .rows = 1};
LINEAR_KERNELS(gemv_bf16_1024x160, PLAIN, ONE)
extern "C" void gemv_bf16_1024x160(run *r, u32 op, f32 (*y)[1024], const bf16_1024x160 *w,
                                   const f32 (*x)[160])
{
    linear_launch<gemv_bf16_1024x160_shape>(r, op, gemv_bf16_1024x160_kernels, y[0], w, NULL, x[0]);
}

static constexpr norm_linear_conv_shape norm_gemv_conv_bf16_640x160x4_shape = {
    .type = FORMAT_BF16, .M = 640, .D = 160, .conv_at = 0, .I = 320, .K = 4, .epsilon = 1e-05f};
NORM_LINEAR_CONV_KERNELS(norm_gemv_conv_bf16_640x160x4)
extern "C" void norm_gemv_conv_bf16_640x160x4(run *r, u32 op, f32 (*xz)[640], const f32 (*x)[160],
        const f32 *norm, const bf16_640x160 *w, f32 (*conv)[320], const f32 (*taps)[320],
        const f32 *conv_bias)
{
    norm_linear_conv_launch<norm_gemv_conv_bf16_640x160x4_shape>(r, op,
        norm_gemv_conv_bf16_640x160x4_kernels, xz[0], x[0], norm, w, NULL, conv[0], taps[0],
        conv_bias);
}

static constexpr dt_scan_shape dt_scan_bf16_320x16x16_shape = {.type = FORMAT_BF16, .I = 320,
    .N = 16, .R = 16};
DT_SCAN_KERNELS(dt_scan_bf16_320x16x16)
extern "C" void dt_scan_bf16_320x16x16(run *r, u32 op, f32 (*xz)[640], f32 (*ssm)[16][16],
                                       const f32 (*xdb)[48], const bf16_320x16 *w, const f32 *bias,
                                       const f32 (*A)[16][16], const f32 *D)
{
    dt_scan_launch<dt_scan_bf16_320x16x16_shape>(r, op, dt_scan_bf16_320x16x16_kernels, xz[0],
        ssm[0][0], xdb[0], w, bias, A[0][0], D);
}

/* prefill, 256 rows */

static constexpr embed_shape embed_bf16_256x1024x160_shape = {.type = FORMAT_BF16, .M = 1024,
    .K = 160, .y_stride = 160, .count = COUNT_CHUNK, .rows = 256};
EMBED_KERNELS(embed_bf16_256x1024x160, CHUNK)
extern "C" void embed_bf16_256x1024x160(run *r, u32 op, f32 (*y)[160], const bf16_1024x160 *w,
                                        const u32 *tokens)
{
    embed_launch<embed_bf16_256x1024x160_shape>(r, op, embed_bf16_256x1024x160_kernels, y[0], w,
        tokens);
}

static constexpr rmsnorm_shape rmsnorm_256x160_shape = {.D = 160, .x_stride = 160,
    .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
RMSNORM_KERNELS(rmsnorm_256x160, CHUNK)
extern "C" void rmsnorm_256x160(run *r, u32 op, f32 (*y)[160], const f32 (*x)[160],
                                const f32 *norm)
{
    rmsnorm_launch<rmsnorm_256x160_shape>(r, op, rmsnorm_256x160_kernels, y[0], x[0], norm);
}

static constexpr linear_shape gemm_bf16_256x640x160_shape = {.type = FORMAT_BF16, .M = 640,
    .K = 160, .y_stride = 640, .x_stride = 160, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x640x160, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x640x160(run *r, u32 op, f32 (*y)[640], const bf16_640x160 *w,
                                      const f32 (*x)[160])
{
    linear_launch<gemm_bf16_256x640x160_shape>(r, op, gemm_bf16_256x640x160_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr linear_shape gemm_bf16_256x48x320_shape = {.type = FORMAT_BF16, .M = 48, .K = 320,
    .y_stride = 48, .x_stride = 640, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK, .rows = 256};
LINEAR_KERNELS(gemm_bf16_256x48x320, PLAIN, CHUNK)
extern "C" void gemm_bf16_256x48x320(run *r, u32 op, f32 (*y)[48], const bf16_48x320 *w,
                                     const f32 (*x)[640])
{
    linear_launch<gemm_bf16_256x48x320_shape>(r, op, gemm_bf16_256x48x320_kernels, y[0], w, NULL,
        x[0]);
}

static constexpr linear_shape gemm_softplus_bf16_256x320x16_shape = {.type = FORMAT_BF16, .M = 320,
    .K = 16, .y_stride = 320, .x_stride = 48, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_softplus_bf16_256x320x16, SOFTPLUS, CHUNK)
extern "C" void gemm_softplus_bf16_256x320x16(run *r, u32 op, f32 (*y)[320], const bf16_320x16 *w,
        const f32 *bias, const f32 (*x)[48])
{
    linear_launch<gemm_softplus_bf16_256x320x16_shape>(r, op, gemm_softplus_bf16_256x320x16_kernels,
        y[0], w, bias, x[0]);
}

static constexpr linear_shape gemm_add_bf16_256x160x320_shape = {.type = FORMAT_BF16, .M = 160,
    .K = 320, .y_stride = 160, .x_stride = 640, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
    .rows = 256};
LINEAR_KERNELS(gemm_add_bf16_256x160x320, ADD, CHUNK)
extern "C" void gemm_add_bf16_256x160x320(run *r, u32 op, f32 (*y)[160], const bf16_160x320 *w,
        const f32 (*x)[640])
{
    linear_launch<gemm_add_bf16_256x160x320_shape>(r, op, gemm_add_bf16_256x160x320_kernels, y[0],
        w, NULL, x[0]);
}

static constexpr conv_silu_shape conv_silu_256x320x4_shape = {.conv_at = 0, .I = 320, .K = 4,
    .xz_stride = 640, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
CONV_SILU_KERNELS(conv_silu_256x320x4, BIAS, CHUNK)
extern "C" void conv_silu_256x320x4(run *r, u32 op, f32 (*xz)[640], f32 (*conv)[320],
                                    const f32 (*taps)[320], const f32 *bias)
{
    conv_silu_launch<conv_silu_256x320x4_shape>(r, op, conv_silu_256x320x4_kernels, xz[0], conv[0],
        taps[0], bias);
}

static constexpr scan_shape scan_256x320x16_shape = {.I = 320, .N = 16, .R = 16, .xz_stride = 640,
    .xdb_stride = 48, .count = COUNT_CHUNK, .rows = 256};
SCAN_KERNELS(scan_256x320x16, CHUNK)
extern "C" void scan_256x320x16(run *r, u32 op, f32 (*xz)[640], f32 (*ssm)[16][16],
                                const f32 (*dt)[320], const f32 (*xdb)[48], const f32 (*A)[16][16],
                                const f32 *D)
{
    scan_launch<scan_256x320x16_shape>(r, op, scan_256x320x16_kernels, xz[0], ssm[0][0], dt[0],
        xdb[0], A[0][0], D);
}

/* head, 16 rows */

static constexpr linear_shape gemm_bf16_16x1024x160_shape = {.type = FORMAT_BF16, .M = 1024,
    .K = 160, .y_stride = 1024, .x_stride = 160, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
    .rows = 16};
LINEAR_KERNELS(gemm_bf16_16x1024x160, PLAIN, LOGITS)
extern "C" void gemm_bf16_16x1024x160(run *r, u32 op, f32 (*y)[1024], const bf16_1024x160 *w,
                                      const f32 (*x)[160])
{
    linear_launch<gemm_bf16_16x1024x160_shape>(r, op, gemm_bf16_16x1024x160_kernels, y[0], w, NULL,
        x[0]);
}
