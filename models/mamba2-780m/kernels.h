/* models/mamba2-780m/kernels.h: made from config/mamba2-780m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x1536(run *r, u32 op, f32 (*x)[1536], const bf16_50288x1536 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_6448x1536x4(run *r, u32 op, f32 (*zxbcdt)[6448], const f32 (*x)[1536],
                                     const f32 *norm, const bf16_6448x1536 *w, const f32 *absent_4,
                                     f32 (*conv)[3328], const f32 (*conv_taps)[3328],
                                     const f32 *conv_bias);
void ssd_48x64x128(run *r, u32 op, f32 (*zxbcdt)[6448], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias);
void norm_gemv_add_bf16_1536x3072(run *r, u32 op, f32 (*x)[1536], const f32 (*zxbcdt)[6448],
                                  const f32 *y_norm, const bf16_1536x3072 *w, const f32 *absent_4);
void rmsnorm_1536(run *r, u32 op, f32 (*hidden)[1536], const f32 (*x)[1536], const f32 *norm_f);
void gemv_bf16_50288x1536(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1536 *w,
                          const f32 (*hidden)[1536]);
void embed_bf16_256x50288x1536(run *r, u32 op, f32 (*x)[1536], const bf16_50288x1536 *w,
                               const u32 *tokens);
void rmsnorm_256x1536(run *r, u32 op, f32 (*xn)[1536], const f32 (*x)[1536], const f32 *norm);
void gemm_bf16_256x6448x1536(run *r, u32 op, f32 (*zxbcdt)[6448], const bf16_6448x1536 *w,
                             const f32 (*xn)[1536]);
void conv_silu_256x3328x4(run *r, u32 op, f32 (*zxbcdt)[6448], f32 (*conv)[3328],
                          const f32 (*conv_taps)[3328], const f32 *conv_bias);
void ssd_256x48x64x128(run *r, u32 op, f32 (*zxbcdt)[6448], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias);
void rmsnorm_groups_256x3072(run *r, u32 op, f32 (*zxbcdt)[6448], const f32 *y_norm);
void gemm_add_bf16_256x1536x3072(run *r, u32 op, f32 (*x)[1536], const bf16_1536x3072 *w,
                                 const f32 (*zxbcdt)[6448]);
void gemm_bf16_16x50288x1536(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1536 *w,
                             const f32 (*hidden)[1536]);

#endif
