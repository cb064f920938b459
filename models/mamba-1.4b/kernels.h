/* models/mamba-1.4b/kernels.h: made from config/mamba-1.4b.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x2048(run *r, u32 op, f32 (*x)[2048], const bf16_50288x2048 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_8192x2048x4(run *r, u32 op, f32 (*xz)[8192], const f32 (*x)[2048],
                                     const f32 *norm, const bf16_8192x2048 *w, const f32 *absent_4,
                                     f32 (*conv)[4096], const f32 (*conv_taps)[4096],
                                     const f32 *conv_bias);
void gemv_bf16_160x4096(run *r, u32 op, f32 (*xdb)[160], const bf16_160x4096 *w,
                        const f32 (*xz)[8192]);
void dt_scan_bf16_4096x16x128(run *r, u32 op, f32 (*xz)[8192], f32 (*ssm)[16][16],
                              const f32 (*xdb)[160], const bf16_4096x128 *w, const f32 *dt_bias,
                              const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_2048x4096(run *r, u32 op, f32 (*x)[2048], const bf16_2048x4096 *w,
                             const f32 (*xz)[8192]);
void rmsnorm_2048(run *r, u32 op, f32 (*hidden)[2048], const f32 (*x)[2048], const f32 *norm_f);
void gemv_bf16_50288x2048(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2048 *w,
                          const f32 (*hidden)[2048]);
void embed_bf16_256x50288x2048(run *r, u32 op, f32 (*x)[2048], const bf16_50288x2048 *w,
                               const u32 *tokens);
void rmsnorm_256x2048(run *r, u32 op, f32 (*xn)[2048], const f32 (*x)[2048], const f32 *norm);
void gemm_bf16_256x8192x2048(run *r, u32 op, f32 (*xz)[8192], const bf16_8192x2048 *w,
                             const f32 (*xn)[2048]);
void conv_silu_256x4096x4(run *r, u32 op, f32 (*xz)[8192], f32 (*conv)[4096],
                          const f32 (*conv_taps)[4096], const f32 *conv_bias);
void gemm_bf16_256x160x4096(run *r, u32 op, f32 (*xdb)[160], const bf16_160x4096 *w,
                            const f32 (*xz)[8192]);
void gemm_softplus_bf16_256x4096x128(run *r, u32 op, f32 (*dt)[4096], const bf16_4096x128 *w,
                                     const f32 *dt_bias, const f32 (*xdb)[160]);
void scan_256x4096x16(run *r, u32 op, f32 (*xz)[8192], f32 (*ssm)[16][16], const f32 (*dt)[4096],
                      const f32 (*xdb)[160], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x2048x4096(run *r, u32 op, f32 (*x)[2048], const bf16_2048x4096 *w,
                                 const f32 (*xz)[8192]);
void gemm_bf16_16x50288x2048(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2048 *w,
                             const f32 (*hidden)[2048]);

#endif
