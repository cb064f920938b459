/* models/mamba2-1.3b/kernels.h: made from config/mamba2-1.3b.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x2048(run *r, u32 op, f32 (*x)[2048], const bf16_50288x2048 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_8512x2048x4(run *r, u32 op, f32 (*zxbcdt)[8512], const f32 (*x)[2048],
                                     const f32 *norm, const bf16_8512x2048 *w, const f32 *absent_4,
                                     f32 (*conv)[4352], const f32 (*conv_taps)[4352],
                                     const f32 *conv_bias);
void ssd_64x64x128(run *r, u32 op, f32 (*zxbcdt)[8512], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias);
void norm_gemv_add_bf16_2048x4096(run *r, u32 op, f32 (*x)[2048], const f32 (*zxbcdt)[8512],
                                  const f32 *y_norm, const bf16_2048x4096 *w, const f32 *absent_4);
void rmsnorm_2048(run *r, u32 op, f32 (*hidden)[2048], const f32 (*x)[2048], const f32 *norm_f);
void gemv_bf16_50288x2048(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2048 *w,
                          const f32 (*hidden)[2048]);
void embed_bf16_256x50288x2048(run *r, u32 op, f32 (*x)[2048], const bf16_50288x2048 *w,
                               const u32 *tokens);
void rmsnorm_256x2048(run *r, u32 op, f32 (*xn)[2048], const f32 (*x)[2048], const f32 *norm);
void gemm_bf16_256x8512x2048(run *r, u32 op, f32 (*zxbcdt)[8512], const bf16_8512x2048 *w,
                             const f32 (*xn)[2048]);
void conv_silu_256x4352x4(run *r, u32 op, f32 (*zxbcdt)[8512], f32 (*conv)[4352],
                          const f32 (*conv_taps)[4352], const f32 *conv_bias);
void ssd_256x64x64x128(run *r, u32 op, f32 (*zxbcdt)[8512], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias);
void rmsnorm_groups_256x4096(run *r, u32 op, f32 (*zxbcdt)[8512], const f32 *y_norm);
void gemm_add_bf16_256x2048x4096(run *r, u32 op, f32 (*x)[2048], const bf16_2048x4096 *w,
                                 const f32 (*zxbcdt)[8512]);
void gemm_bf16_16x50288x2048(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2048 *w,
                             const f32 (*hidden)[2048]);

#endif
