/* models/mamba-2.8b/kernels.h: made from config/mamba-2.8b.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x2560(run *r, u32 op, f32 (*x)[2560], const bf16_50288x2560 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_10240x2560x4(run *r, u32 op, f32 (*xz)[10240], const f32 (*x)[2560],
                                      const f32 *norm, const bf16_10240x2560 *w,
                                      const f32 *absent_4, f32 (*conv)[5120],
                                      const f32 (*conv_taps)[5120], const f32 *conv_bias);
void gemv_bf16_192x5120(run *r, u32 op, f32 (*xdb)[192], const bf16_192x5120 *w,
                        const f32 (*xz)[10240]);
void dt_scan_bf16_5120x16x160(run *r, u32 op, f32 (*xz)[10240], f32 (*ssm)[16][16],
                              const f32 (*xdb)[192], const bf16_5120x160 *w, const f32 *dt_bias,
                              const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_2560x5120(run *r, u32 op, f32 (*x)[2560], const bf16_2560x5120 *w,
                             const f32 (*xz)[10240]);
void rmsnorm_2560(run *r, u32 op, f32 (*hidden)[2560], const f32 (*x)[2560], const f32 *norm_f);
void gemv_bf16_50288x2560(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2560 *w,
                          const f32 (*hidden)[2560]);
void embed_bf16_256x50288x2560(run *r, u32 op, f32 (*x)[2560], const bf16_50288x2560 *w,
                               const u32 *tokens);
void rmsnorm_256x2560(run *r, u32 op, f32 (*xn)[2560], const f32 (*x)[2560], const f32 *norm);
void gemm_bf16_256x10240x2560(run *r, u32 op, f32 (*xz)[10240], const bf16_10240x2560 *w,
                              const f32 (*xn)[2560]);
void conv_silu_256x5120x4(run *r, u32 op, f32 (*xz)[10240], f32 (*conv)[5120],
                          const f32 (*conv_taps)[5120], const f32 *conv_bias);
void gemm_bf16_256x192x5120(run *r, u32 op, f32 (*xdb)[192], const bf16_192x5120 *w,
                            const f32 (*xz)[10240]);
void gemm_softplus_bf16_256x5120x160(run *r, u32 op, f32 (*dt)[5120], const bf16_5120x160 *w,
                                     const f32 *dt_bias, const f32 (*xdb)[192]);
void scan_256x5120x16(run *r, u32 op, f32 (*xz)[10240], f32 (*ssm)[16][16], const f32 (*dt)[5120],
                      const f32 (*xdb)[192], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x2560x5120(run *r, u32 op, f32 (*x)[2560], const bf16_2560x5120 *w,
                                 const f32 (*xz)[10240]);
void gemm_bf16_16x50288x2560(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x2560 *w,
                             const f32 (*hidden)[2560]);

#endif
