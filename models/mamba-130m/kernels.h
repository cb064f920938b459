/* models/mamba-130m/kernels.h: made from config/mamba-130m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                          const u32 *tokens);
void norm_gemv_conv_bf16_3072x768x4(run *r, u32 op, f32 (*xz)[3072], const f32 (*x)[768],
                                    const f32 *norm, const bf16_3072x768 *w, f32 (*conv)[1536],
                                    const f32 (*taps)[1536], const f32 *conv_bias);
void gemv_bf16_80x1536(run *r, u32 op, f32 (*y)[80], const bf16_80x1536 *w, const f32 (*x)[3072]);
void dt_scan_bf16_1536x16x48(run *r, u32 op, f32 (*xz)[3072], f32 (*ssm)[16][16],
                             const f32 (*xdb)[80], const bf16_1536x48 *w, const f32 *bias,
                             const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                            const f32 (*x)[3072]);
void rmsnorm_768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm);
void gemv_bf16_50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                         const f32 (*x)[768]);
void embed_bf16_256x50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                              const u32 *tokens);
void rmsnorm_256x768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm);
void gemm_bf16_256x3072x768(run *r, u32 op, f32 (*y)[3072], const bf16_3072x768 *w,
                            const f32 (*x)[768]);
void conv_silu_256x1536x4(run *r, u32 op, f32 (*xz)[3072], f32 (*conv)[1536],
                          const f32 (*taps)[1536], const f32 *bias);
void gemm_bf16_256x80x1536(run *r, u32 op, f32 (*y)[80], const bf16_80x1536 *w,
                           const f32 (*x)[3072]);
void gemm_softplus_bf16_256x1536x48(run *r, u32 op, f32 (*y)[1536], const bf16_1536x48 *w,
                                    const f32 *bias, const f32 (*x)[80]);
void scan_256x1536x16(run *r, u32 op, f32 (*xz)[3072], f32 (*ssm)[16][16], const f32 (*dt)[1536],
                      const f32 (*xdb)[80], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                                const f32 (*x)[3072]);
void gemm_bf16_16x50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                            const f32 (*x)[768]);

#endif
