/* models/mamba-790m/kernels.h: made from config/mamba-790m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x1536(run *r, u32 op, f32 (*x)[1536], const bf16_50288x1536 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_6144x1536x4(run *r, u32 op, f32 (*xz)[6144], const f32 (*x)[1536],
                                     const f32 *norm, const bf16_6144x1536 *w, const f32 *absent_4,
                                     f32 (*conv)[3072], const f32 (*conv_taps)[3072],
                                     const f32 *conv_bias);
void gemv_bf16_128x3072(run *r, u32 op, f32 (*xdb)[128], const bf16_128x3072 *w,
                        const f32 (*xz)[6144]);
void dt_scan_bf16_3072x16x96(run *r, u32 op, f32 (*xz)[6144], f32 (*ssm)[16][16],
                             const f32 (*xdb)[128], const bf16_3072x96 *w, const f32 *dt_bias,
                             const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_1536x3072(run *r, u32 op, f32 (*x)[1536], const bf16_1536x3072 *w,
                             const f32 (*xz)[6144]);
void rmsnorm_1536(run *r, u32 op, f32 (*hidden)[1536], const f32 (*x)[1536], const f32 *norm_f);
void gemv_bf16_50288x1536(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1536 *w,
                          const f32 (*hidden)[1536]);
void embed_bf16_256x50288x1536(run *r, u32 op, f32 (*x)[1536], const bf16_50288x1536 *w,
                               const u32 *tokens);
void rmsnorm_256x1536(run *r, u32 op, f32 (*xn)[1536], const f32 (*x)[1536], const f32 *norm);
void gemm_bf16_256x6144x1536(run *r, u32 op, f32 (*xz)[6144], const bf16_6144x1536 *w,
                             const f32 (*xn)[1536]);
void conv_silu_256x3072x4(run *r, u32 op, f32 (*xz)[6144], f32 (*conv)[3072],
                          const f32 (*conv_taps)[3072], const f32 *conv_bias);
void gemm_bf16_256x128x3072(run *r, u32 op, f32 (*xdb)[128], const bf16_128x3072 *w,
                            const f32 (*xz)[6144]);
void gemm_softplus_bf16_256x3072x96(run *r, u32 op, f32 (*dt)[3072], const bf16_3072x96 *w,
                                    const f32 *dt_bias, const f32 (*xdb)[128]);
void scan_256x3072x16(run *r, u32 op, f32 (*xz)[6144], f32 (*ssm)[16][16], const f32 (*dt)[3072],
                      const f32 (*xdb)[128], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x1536x3072(run *r, u32 op, f32 (*x)[1536], const bf16_1536x3072 *w,
                                 const f32 (*xz)[6144]);
void gemm_bf16_16x50288x1536(run *r, u32 op, f32 (*logits)[50288], const bf16_50288x1536 *w,
                             const f32 (*hidden)[1536]);

#endif
