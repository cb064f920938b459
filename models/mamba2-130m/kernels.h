/* models/mamba2-130m/kernels.h: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                          const u32 *tokens);
void norm_gemv_conv_bf16_3360x768x4(run *r, u32 op, f32 (*xz)[3360], const f32 (*x)[768],
                                    const f32 *norm, const bf16_3360x768 *w, f32 (*conv)[1792],
                                    const f32 (*taps)[1792], const f32 *conv_bias);
void ssd_24x64x128(run *r, u32 op, f32 (*zx)[3360], f32 (*ssm)[128][64], const f32 *A,
                   const f32 *D, const f32 *dt_bias);
void norm_gemv_add_bf16_768x1536(run *r, u32 op, f32 (*y)[768], const f32 (*x)[3360],
                                 const f32 *norm, const bf16_768x1536 *w);
void rmsnorm_768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm);
void gemv_bf16_50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                         const f32 (*x)[768]);
void embed_bf16_256x50288x768(run *r, u32 op, f32 (*y)[768], const bf16_50288x768 *w,
                              const u32 *tokens);
void rmsnorm_256x768(run *r, u32 op, f32 (*y)[768], const f32 (*x)[768], const f32 *norm);
void gemm_bf16_256x3360x768(run *r, u32 op, f32 (*y)[3360], const bf16_3360x768 *w,
                            const f32 (*x)[768]);
void conv_silu_256x1792x4(run *r, u32 op, f32 (*xz)[3360], f32 (*conv)[1792],
                          const f32 (*taps)[1792], const f32 *bias);
void ssd_256x24x64x128(run *r, u32 op, f32 (*zx)[3360], f32 (*ssm)[128][64], const f32 *A,
                       const f32 *D, const f32 *dt_bias);
void rmsnorm_groups_256x1536(run *r, u32 op, f32 (*x)[3360], const f32 *norm);
void gemm_add_bf16_256x768x1536(run *r, u32 op, f32 (*y)[768], const bf16_768x1536 *w,
                                const f32 (*x)[3360]);
void gemm_bf16_16x50288x768(run *r, u32 op, f32 (*y)[50288], const bf16_50288x768 *w,
                            const f32 (*x)[768]);

#endif
