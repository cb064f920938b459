/* models/fable-mamba/kernels.c: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * The kernels for the CPU: each is an inlined function of kernels/cpu whose loops see only the
 * constants of its shape (kernels/shapes.h). */
#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/conv.h"
#include "kernels/cpu/scan.h"
#include "kernels/cpu/norm_linear_conv.h"
#include "kernels/cpu/dt_scan.h"
#include "kernels.h"

/* decode, 1 row */

void embed_bf16_1024x160(run *r, u32 op, f32 (*y)[160], const bf16_1024x160 *w, const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 1024, .K = 160,
        .y_stride = 160, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_160(run *r, u32 op, f32 (*y)[160], const f32 (*x)[160], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 160, .x_stride = 160, .epsilon = 1e-05f,
        .count = COUNT_ONE, .rows = 1};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemv_bf16_48x320(run *r, u32 op, f32 (*y)[48], const bf16_48x320 *w, const f32 (*x)[640])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 48, .K = 320,
        .y_stride = 48, .x_stride = 640, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE, .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_add_bf16_160x320(run *r, u32 op, f32 (*y)[160], const bf16_160x320 *w,
                           const f32 (*x)[640])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 160, .K = 320,
        .y_stride = 160, .x_stride = 640, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE, .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_bf16_1024x160(run *r, u32 op, f32 (*y)[1024], const bf16_1024x160 *w,
                        const f32 (*x)[160])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 1024, .K = 160,
        .y_stride = 1024, .x_stride = 160, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_gemv_conv_bf16_640x160x4(run *r, u32 op, f32 (*xz)[640], const f32 (*x)[160],
                                   const f32 *norm, const bf16_640x160 *w, f32 (*conv)[320],
                                   const f32 (*taps)[320], const f32 *conv_bias)
{
    static const struct norm_linear_conv_shape shape = {.type = FORMAT_BF16, .M = 640, .D = 160,
        .conv_at = 0, .I = 320, .K = 4, .epsilon = 1e-05f};
    norm_linear_conv(r, &shape, xz[0], x[0], norm, w, NULL, conv[0], taps[0], conv_bias);
    op_done(r, op);
}

void dt_scan_bf16_320x16x16(run *r, u32 op, f32 (*xz)[640], f32 (*ssm)[16][16],
                            const f32 (*xdb)[48], const bf16_320x16 *w, const f32 *bias,
                            const f32 (*A)[16][16], const f32 *D)
{
    static const struct dt_scan_shape shape = {.type = FORMAT_BF16, .I = 320, .N = 16, .R = 16};
    dt_scan(r, &shape, xz[0], ssm[0][0], xdb[0], w, bias, A[0][0], D);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x1024x160(run *r, u32 op, f32 (*y)[160], const bf16_1024x160 *w,
                             const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 1024, .K = 160,
        .y_stride = 160, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_256x160(run *r, u32 op, f32 (*y)[160], const f32 (*x)[160], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 160, .x_stride = 160, .epsilon = 1e-05f,
        .count = COUNT_CHUNK, .rows = 256};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemm_bf16_256x640x160(run *r, u32 op, f32 (*y)[640], const bf16_640x160 *w,
                           const f32 (*x)[160])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 640, .K = 160,
        .y_stride = 640, .x_stride = 160, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x48x320(run *r, u32 op, f32 (*y)[48], const bf16_48x320 *w, const f32 (*x)[640])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 48, .K = 320,
        .y_stride = 48, .x_stride = 640, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_softplus_bf16_256x320x16(run *r, u32 op, f32 (*y)[320], const bf16_320x16 *w,
                                   const f32 *bias, const f32 (*x)[48])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 320, .K = 16,
        .y_stride = 320, .x_stride = 48, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x160x320(run *r, u32 op, f32 (*y)[160], const bf16_160x320 *w,
                               const f32 (*x)[640])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 160, .K = 320,
        .y_stride = 160, .x_stride = 640, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void conv_silu_256x320x4(run *r, u32 op, f32 (*xz)[640], f32 (*conv)[320], const f32 (*taps)[320],
                         const f32 *bias)
{
    static const struct conv_silu_shape shape = {.conv_at = 0, .I = 320, .K = 4, .xz_stride = 640,
        .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
    conv_silu(r, &shape, xz[0], conv[0], taps[0], bias);
    op_done(r, op);
}

void scan_256x320x16(run *r, u32 op, f32 (*xz)[640], f32 (*ssm)[16][16], const f32 (*dt)[320],
                     const f32 (*xdb)[48], const f32 (*A)[16][16], const f32 *D)
{
    static const struct scan_shape shape = {.I = 320, .N = 16, .R = 16, .xz_stride = 640,
        .xdb_stride = 48, .count = COUNT_CHUNK, .rows = 256};
    scan(r, &shape, xz[0], ssm[0][0], dt[0], xdb[0], A[0][0], D);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bf16_16x1024x160(run *r, u32 op, f32 (*y)[1024], const bf16_1024x160 *w,
                           const f32 (*x)[160])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 1024, .K = 160,
        .y_stride = 1024, .x_stride = 160, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}
