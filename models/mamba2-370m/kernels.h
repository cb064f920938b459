/* models/mamba2-370m/kernels.h: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x1024(run *r, u32 op, f32 (*x)[1024], const bf16_50288x1024 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_4384x1024x4(run *r, u32 op, f32 (*zxbcdt)[4384], const f32 (*x)[1024],
                                     const f32 *norm, const bf16_4384x1024 *w, const f32 *absent_4,
                                     f32 (*conv)[2304], const f32 (*conv_taps)[2304],
                                     const f32 *conv_bias);
void ssd_32x64x128(run *r, u32 op, f32 (*zxbcdt)[4384], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias);
void norm_gemv_add_bf16_1024x2048(run *r, u32 op, f32 (*x)[1024], const f32 (*zxbcdt)[4384],
                                  const f32 *y_norm, const bf16_1024x2048 *w, const f32 *absent_4);
void rmsnorm_1024(run *r, u32 op, f32 (*hidden)[1024], const f32 (*x)[1024], const f32 *norm_f);
void gemv_bf16_50288x1024(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1024 *w,
                          const f32 (*hidden)[1024]);
void embed_bf16_256x50288x1024(run *r, u32 op, f32 (*x)[1024], const bf16_50288x1024 *w,
                               const u32 *tokens);
void rmsnorm_256x1024(run *r, u32 op, f32 (*xn)[1024], const f32 (*x)[1024], const f32 *norm);
void gemm_bf16_256x4384x1024(run *r, u32 op, f32 (*zxbcdt)[4384], const bf16_4384x1024 *w,
                             const f32 (*xn)[1024]);
void conv_silu_256x2304x4(run *r, u32 op, f32 (*zxbcdt)[4384], f32 (*conv)[2304],
                          const f32 (*conv_taps)[2304], const f32 *conv_bias);
void ssd_256x32x64x128(run *r, u32 op, f32 (*zxbcdt)[4384], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias);
void rmsnorm_groups_256x2048(run *r, u32 op, f32 (*zxbcdt)[4384], const f32 *y_norm);
void gemm_add_bf16_256x1024x2048(run *r, u32 op, f32 (*x)[1024], const bf16_1024x2048 *w,
                                 const f32 (*zxbcdt)[4384]);
void gemm_bf16_16x50288x1024(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1024 *w,
                             const f32 (*hidden)[1024]);

#endif
