/* models/mamba-130m/kernels.c: made from config/mamba-130m.ini; edit that, `make models`.
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

void embed_bf16_50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                          const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 50288, .K = 768,
        .y_stride = 768, .count = COUNT_ONE, .rows = 1};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 768, .x_stride = 768, .epsilon = 1e-05f,
        .count = COUNT_ONE, .rows = 1};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemv_bf16_80x1536(run *r, u32 op, f32 (*y)[80], const bf16_80x1536 *w, const f32 (*x)[3072])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 80, .K = 1536,
        .y_stride = 80, .x_stride = 3072, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_add_bf16_768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                            const f32 (*x)[3072])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 768, .K = 1536,
        .y_stride = 768, .x_stride = 3072, .epilogue = EPILOGUE_ADD, .count = COUNT_ONE, .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemv_bf16_50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                         const f32 (*x)[768])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 50288, .K = 768,
        .y_stride = 50288, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_gemv_conv_bf16_3072x768x4(run *r, u32 op, f32 (*xz)[3072], const f32 (*x)[768],
                                    const f32 *norm, const bf16_3072x768 *w, f32 (*conv)[1536],
                                    const f32 (*taps)[1536], const f32 *conv_bias)
{
    static const struct norm_linear_conv_shape shape = {.type = FORMAT_BF16, .M = 3072, .D = 768,
        .conv_at = 0, .I = 1536, .K = 4, .epsilon = 1e-05f};
    norm_linear_conv(r, &shape, xz[0], x[0], norm, w, NULL, conv[0], taps[0], conv_bias);
    op_done(r, op);
}

void dt_scan_bf16_1536x16x48(run *r, u32 op, f32 (*xz)[3072], f32 (*ssm)[16][16],
                             const f32 (*xdb)[80], const bf16_1536x48 *w, const f32 *bias,
                             const f32 (*A)[16][16], const f32 *D)
{
    static const struct dt_scan_shape shape = {.type = FORMAT_BF16, .I = 1536, .N = 16, .R = 48};
    dt_scan(r, &shape, xz[0], ssm[0][0], xdb[0], w, bias, A[0][0], D);
    op_done(r, op);
}

/* prefill, 256 rows */

void embed_bf16_256x50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                              const u32 *tokens)
{
    static const struct embed_shape shape = {.type = FORMAT_BF16, .M = 50288, .K = 768,
        .y_stride = 768, .count = COUNT_CHUNK, .rows = 256};
    embed(r, &shape, y[0], w, tokens);
    op_done(r, op);
}

void rmsnorm_256x768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm)
{
    static const struct rmsnorm_shape shape = {.D = 768, .x_stride = 768, .epsilon = 1e-05f,
        .count = COUNT_CHUNK, .rows = 256};
    rmsnorm(r, &shape, y[0], x[0], norm);
    op_done(r, op);
}

void gemm_bf16_256x3072x768(run *r, u32 op, f32 (*y)[3072], const bf16_3072x768 *w,
                            const f32 (*x)[768])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 3072, .K = 768,
        .y_stride = 3072, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_bf16_256x80x1536(run *r, u32 op, f32 (*y)[80], const bf16_80x1536 *w,
                           const f32 (*x)[3072])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 80, .K = 1536,
        .y_stride = 80, .x_stride = 3072, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_softplus_bf16_256x1536x48(run *r, u32 op, f32 (*y)[1536], const bf16_1536x48 *w,
                                    const f32 *bias, const f32 (*x)[80])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 1536, .K = 48,
        .y_stride = 1536, .x_stride = 80, .epilogue = EPILOGUE_SOFTPLUS, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, bias, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                                const f32 (*x)[3072])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 768, .K = 1536,
        .y_stride = 768, .x_stride = 3072, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void conv_silu_256x1536x4(run *r, u32 op, f32 (*xz)[3072], f32 (*conv)[1536],
                          const f32 (*taps)[1536], const f32 *bias)
{
    static const struct conv_silu_shape shape = {.conv_at = 0, .I = 1536, .K = 4,
        .xz_stride = 3072, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
    conv_silu(r, &shape, xz[0], conv[0], taps[0], bias);
    op_done(r, op);
}

void scan_256x1536x16(run *r, u32 op, f32 (*xz)[3072], f32 (*ssm)[16][16], const f32 (*dt)[1536],
                      const f32 (*xdb)[80], const f32 (*A)[16][16], const f32 *D)
{
    static const struct scan_shape shape = {.I = 1536, .N = 16, .R = 48, .xz_stride = 3072,
        .xdb_stride = 80, .count = COUNT_CHUNK, .rows = 256};
    scan(r, &shape, xz[0], ssm[0][0], dt[0], xdb[0], A[0][0], D);
    op_done(r, op);
}

/* head, 16 rows */

void gemm_bf16_16x50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                            const f32 (*x)[768])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 50288, .K = 768,
        .y_stride = 50288, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_LOGITS,
        .rows = 16};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}
