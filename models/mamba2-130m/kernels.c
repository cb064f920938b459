/* models/mamba2-130m/kernels.c: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The kernels for the CPU: each is an inlined function of kernels/cpu whose loops see only the
 * constants of its shape (kernels/shapes.h). */
#include "kernels/cpu/embed.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/conv.h"
#include "kernels/cpu/norm_linear_conv.h"
#include "kernels/cpu/ssd.h"
#include "kernels/cpu/norm_groups.h"
#include "kernels/cpu/norm_linear_add.h"
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

void gemv_bf16_50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                         const f32 (*x)[768])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 50288, .K = 768,
        .y_stride = 50288, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE,
        .rows = 1};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void norm_gemv_conv_bf16_3360x768x4(run *r, u32 op, f32 (*xz)[3360], const f32 (*x)[768],
                                    const f32 *norm, const bf16_3360x768 *w, f32 (*conv)[1792],
                                    const f32 (*taps)[1792], const f32 *conv_bias)
{
    static const struct norm_linear_conv_shape shape = {.type = FORMAT_BF16, .M = 3360, .D = 768,
        .conv_at = 1536, .I = 1792, .K = 4, .epsilon = 1e-05f};
    norm_linear_conv(r, &shape, xz[0], x[0], norm, w, NULL, conv[0], taps[0], conv_bias);
    op_done(r, op);
}

void ssd_24x64x128(run *r, u32 op, f32 (*zx)[3360], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias)
{
    static const struct ssd_shape shape = {.H = 24, .P = 64, .G = 1, .N = 128, .zx_stride = 3360,
        .low = 0.0f, .high = INFINITY, .count = COUNT_ONE, .rows = 1};
    ssd(r, &shape, zx[0], ssm[0][0], A, D, dt_bias);
    op_done(r, op);
}

void norm_gemv_add_bf16_768x1536(run *r, u32 op, f32 (*y)[768], const f32 (*x)[3360],
                                 const f32 *norm, const bf16_768x1536 *w)
{
    static const struct norm_linear_add_shape shape = {.type = FORMAT_BF16, .M = 768, .D = 1536,
        .I = 1536, .G = 1, .epsilon = 1e-05f};
    norm_linear_add(r, &shape, y[0], x[0], norm, w, NULL);
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

void gemm_bf16_256x3360x768(run *r, u32 op, f32 (*y)[3360], const bf16_3360x768 *w,
                            const f32 (*x)[768])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 3360, .K = 768,
        .y_stride = 3360, .x_stride = 768, .epilogue = EPILOGUE_PLAIN, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                                const f32 (*x)[3360])
{
    static const struct linear_shape shape = {.type = FORMAT_BF16, .M = 768, .K = 1536,
        .y_stride = 768, .x_stride = 3360, .epilogue = EPILOGUE_ADD, .count = COUNT_CHUNK,
        .rows = 256};
    linear(r, &shape, y[0], w, NULL, x[0]);
    op_done(r, op);
}

void conv_silu_256x1792x4(run *r, u32 op, f32 (*xz)[3360], f32 (*conv)[1792],
                          const f32 (*taps)[1792], const f32 *bias)
{
    static const struct conv_silu_shape shape = {.conv_at = 1536, .I = 1792, .K = 4,
        .xz_stride = 3360, .epilogue = EPILOGUE_BIAS, .count = COUNT_CHUNK, .rows = 256};
    conv_silu(r, &shape, xz[0], conv[0], taps[0], bias);
    op_done(r, op);
}

void ssd_256x24x64x128(run *r, u32 op, f32 (*zx)[3360], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias)
{
    static const struct ssd_shape shape = {.H = 24, .P = 64, .G = 1, .N = 128, .zx_stride = 3360,
        .low = 0.0f, .high = INFINITY, .count = COUNT_CHUNK, .rows = 256};
    ssd(r, &shape, zx[0], ssm[0][0], A, D, dt_bias);
    op_done(r, op);
}

void rmsnorm_groups_256x1536(run *r, u32 op, f32 (*x)[3360], const f32 *norm)
{
    static const struct rmsnorm_groups_shape shape = {.D = 1536, .I = 1536, .G = 1,
        .x_stride = 3360, .epsilon = 1e-05f, .count = COUNT_CHUNK, .rows = 256};
    rmsnorm_groups(r, &shape, x[0], norm);
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
