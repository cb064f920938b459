/* models/mamba2-2.7b/kernels.h: made from config/mamba2-2.7b.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x2560(run *r, u32 op, f32 (*x)[2560], const bf16_50288x2560 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_10576x2560x4(run *r, u32 op, f32 (*zxbcdt)[10576], const f32 (*x)[2560],
                                      const f32 *norm, const bf16_10576x2560 *w,
                                      const f32 *absent_4, f32 (*conv)[5376],
                                      const f32 (*conv_taps)[5376], const f32 *conv_bias);
void ssd_80x64x128(run *r, u32 op, f32 (*zxbcdt)[10576], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias);
void norm_gemv_add_bf16_2560x5120(run *r, u32 op, f32 (*x)[2560], const f32 (*zxbcdt)[10576],
                                  const f32 *y_norm, const bf16_2560x5120 *w, const f32 *absent_4);
void rmsnorm_2560(run *r, u32 op, f32 (*hidden)[2560], const f32 (*x)[2560], const f32 *norm_f);
void gemv_bf16_50288x2560(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2560 *w,
                          const f32 (*hidden)[2560]);
void embed_bf16_256x50288x2560(run *r, u32 op, f32 (*x)[2560], const bf16_50288x2560 *w,
                               const u32 *tokens);
void rmsnorm_256x2560(run *r, u32 op, f32 (*xn)[2560], const f32 (*x)[2560], const f32 *norm);
void gemm_bf16_256x10576x2560(run *r, u32 op, f32 (*zxbcdt)[10576], const bf16_10576x2560 *w,
                              const f32 (*xn)[2560]);
void conv_silu_256x5376x4(run *r, u32 op, f32 (*zxbcdt)[10576], f32 (*conv)[5376],
                          const f32 (*conv_taps)[5376], const f32 *conv_bias);
void ssd_256x80x64x128(run *r, u32 op, f32 (*zxbcdt)[10576], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias);
void rmsnorm_groups_256x5120(run *r, u32 op, f32 (*zxbcdt)[10576], const f32 *y_norm);
void gemm_add_bf16_256x2560x5120(run *r, u32 op, f32 (*x)[2560], const bf16_2560x5120 *w,
                                 const f32 (*zxbcdt)[10576]);
void gemm_bf16_16x50288x2560(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2560 *w,
                             const f32 (*hidden)[2560]);

#endif
