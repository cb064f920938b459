/* models/mamba-370m/kernels.h: made from config/mamba-370m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x1024(run *r, u32 op, f32 (*x)[1024], const bf16_50288x1024 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_4096x1024x4(run *r, u32 op, f32 (*xz)[4096], const f32 (*x)[1024],
                                     const f32 *norm, const bf16_4096x1024 *w, const f32 *absent_4,
                                     f32 (*conv)[2048], const f32 (*conv_taps)[2048],
                                     const f32 *conv_bias);
void gemv_bf16_96x2048(run *r, u32 op, f32 (*xdb)[96], const bf16_96x2048 *w,
                       const f32 (*xz)[4096]);
void dt_scan_bf16_2048x16x64(run *r, u32 op, f32 (*xz)[4096], f32 (*ssm)[16][16],
                             const f32 (*xdb)[96], const bf16_2048x64 *w, const f32 *dt_bias,
                             const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_1024x2048(run *r, u32 op, f32 (*x)[1024], const bf16_1024x2048 *w,
                             const f32 (*xz)[4096]);
void rmsnorm_1024(run *r, u32 op, f32 (*hidden)[1024], const f32 (*x)[1024], const f32 *norm_f);
void gemv_bf16_50288x1024(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1024 *w,
                          const f32 (*hidden)[1024]);
void embed_bf16_256x50288x1024(run *r, u32 op, f32 (*x)[1024], const bf16_50288x1024 *w,
                               const u32 *tokens);
void rmsnorm_256x1024(run *r, u32 op, f32 (*xn)[1024], const f32 (*x)[1024], const f32 *norm);
void gemm_bf16_256x4096x1024(run *r, u32 op, f32 (*xz)[4096], const bf16_4096x1024 *w,
                             const f32 (*xn)[1024]);
void conv_silu_256x2048x4(run *r, u32 op, f32 (*xz)[4096], f32 (*conv)[2048],
                          const f32 (*conv_taps)[2048], const f32 *conv_bias);
void gemm_bf16_256x96x2048(run *r, u32 op, f32 (*xdb)[96], const bf16_96x2048 *w,
                           const f32 (*xz)[4096]);
void gemm_softplus_bf16_256x2048x64(run *r, u32 op, f32 (*dt)[2048], const bf16_2048x64 *w,
                                    const f32 *dt_bias, const f32 (*xdb)[96]);
void scan_256x2048x16(run *r, u32 op, f32 (*xz)[4096], f32 (*ssm)[16][16], const f32 (*dt)[2048],
                      const f32 (*xdb)[96], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x1024x2048(run *r, u32 op, f32 (*x)[1024], const bf16_1024x2048 *w,
                                 const f32 (*xz)[4096]);
void gemm_bf16_16x50288x1024(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1024 *w,
                             const f32 (*hidden)[1024]);

#endif
