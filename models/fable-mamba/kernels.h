/* models/fable-mamba/kernels.h: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_1024x160(run *r, u32 op, f32 (*y)[160], const bf16_1024x160 *w, const u32 *tokens);
void norm_gemv_conv_bf16_640x160x4(run *r, u32 op, f32 (*xz)[640], const f32 (*x)[160],
                                   const f32 *norm, const bf16_640x160 *w, f32 (*conv)[320],
                                   const f32 (*taps)[320], const f32 *conv_bias);
void gemv_bf16_48x320(run *r, u32 op, f32 (*y)[48], const bf16_48x320 *w, const f32 (*x)[640]);
void dt_scan_bf16_320x16x16(run *r, u32 op, f32 (*xz)[640], f32 (*ssm)[16][16],
                            const f32 (*xdb)[48], const bf16_320x16 *w, const f32 *bias,
                            const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_160x320(run *r, u32 op, f32 (*y)[160], const bf16_160x320 *w,
                           const f32 (*x)[640]);
void rmsnorm_160(run *r, u32 op, f32 (*y)[160], const f32 (*x)[160], const f32 *norm);
void gemv_bf16_1024x160(run *r, u32 op, f32 (*y)[1024], const bf16_1024x160 *w,
                        const f32 (*x)[160]);
void embed_bf16_256x1024x160(run *r, u32 op, f32 (*y)[160], const bf16_1024x160 *w,
                             const u32 *tokens);
void rmsnorm_256x160(run *r, u32 op, f32 (*y)[160], const f32 (*x)[160], const f32 *norm);
void gemm_bf16_256x640x160(run *r, u32 op, f32 (*y)[640], const bf16_640x160 *w,
                           const f32 (*x)[160]);
void conv_silu_256x320x4(run *r, u32 op, f32 (*xz)[640], f32 (*conv)[320], const f32 (*taps)[320],
                         const f32 *bias);
void gemm_bf16_256x48x320(run *r, u32 op, f32 (*y)[48], const bf16_48x320 *w, const f32 (*x)[640]);
void gemm_softplus_bf16_256x320x16(run *r, u32 op, f32 (*y)[320], const bf16_320x16 *w,
                                   const f32 *bias, const f32 (*x)[48]);
void scan_256x320x16(run *r, u32 op, f32 (*xz)[640], f32 (*ssm)[16][16], const f32 (*dt)[320],
                     const f32 (*xdb)[48], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x160x320(run *r, u32 op, f32 (*y)[160], const bf16_160x320 *w,
                               const f32 (*x)[640]);
void gemm_bf16_16x1024x160(run *r, u32 op, f32 (*y)[1024], const bf16_1024x160 *w,
                           const f32 (*x)[160]);

#endif
