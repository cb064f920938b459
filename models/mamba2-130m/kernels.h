/* models/mamba2-130m/kernels.h: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x768(run *r, u32 op, f32 (*x)[768], const bf16_50288x768 *w,
                          const u32 *tokens);
void norm_gemv_conv_bf16_3360x768x4(run *r, u32 op, f32 (*zxbcdt)[3360], const f32 (*x)[768],
                                    const f32 *norm, const bf16_3360x768 *w, const f32 *absent_4,
                                    f32 (*conv)[1792], const f32 (*conv_taps)[1792],
                                    const f32 *conv_bias);
void ssd_24x64x128(run *r, u32 op, f32 (*zxbcdt)[3360], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias);
void norm_gemv_add_bf16_768x1536(run *r, u32 op, f32 (*x)[768], const f32 (*zxbcdt)[3360],
                                 const f32 *y_norm, const bf16_768x1536 *w, const f32 *absent_4);
void rmsnorm_768(run *r, u32 op, f32 (*hidden)[768], const f32 (*x)[768], const f32 *norm_f);
void gemv_bf16_50288x768(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x768 *w,
                         const f32 (*hidden)[768]);
void embed_bf16_256x50288x768(run *r, u32 op, f32 (*x)[768], const bf16_50288x768 *w,
                              const u32 *tokens);
void rmsnorm_256x768(run *r, u32 op, f32 (*xn)[768], const f32 (*x)[768], const f32 *norm);
void gemm_bf16_256x3360x768(run *r, u32 op, f32 (*zxbcdt)[3360], const bf16_3360x768 *w,
                            const f32 (*xn)[768]);
void conv_silu_256x1792x4(run *r, u32 op, f32 (*zxbcdt)[3360], f32 (*conv)[1792],
                          const f32 (*conv_taps)[1792], const f32 *conv_bias);
void ssd_256x24x64x128(run *r, u32 op, f32 (*zxbcdt)[3360], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias);
void rmsnorm_groups_256x1536(run *r, u32 op, f32 (*zxbcdt)[3360], const f32 *y_norm);
void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*x)[768], const bf16_768x1536 *w,
                                const f32 (*zxbcdt)[3360]);
void gemm_bf16_16x50288x768(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x768 *w,
                            const f32 (*hidden)[768]);

#endif
