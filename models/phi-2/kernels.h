/* models/phi-2/kernels.h: made from config/phi-2.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_51200x2560(run *r, u32 op, f32 (*y)[2560], const bf16_51200x2560 *w,
                           const u32 *tokens);
void norm_qkv_bf16_7680x2560(run *r, u32 op, f32 (*q)[2560], const f32 (*x)[2560], const f32 *norm,
                             const f32 *norm_bias, const bf16_2560x2560 *q_proj, const f32 *q_bias,
                             const bf16_2560x2560 *k_proj, const f32 *k_bias,
                             const bf16_2560x2560 *v_proj, const f32 *v_bias,
                             bf16 (*keys)[2048][80], bf16 (*values)[2048][80]);
void attention_bf16_32x32x80(run *r, u32 op, f32 (*q)[2560], const bf16 (*keys)[2048][80],
                             const bf16 (*values)[2048][80]);
void norm_gemv_gelu_bf16_10240x2560(run *r, u32 op, f32 (*y)[10240], const f32 (*x)[2560],
                                    const f32 *norm, const f32 *norm_bias,
                                    const bf16_10240x2560 *w, const f32 *bias);
void gemv_add_bias_bf16_2560x2560(run *r, u32 op, f32 (*y)[2560], const bf16_2560x2560 *w,
                                  const f32 *bias, const f32 (*x)[2560]);
void gemv_add_bias_bf16_2560x10240(run *r, u32 op, f32 (*y)[2560], const bf16_2560x10240 *w,
                                   const f32 *bias, const f32 (*x)[10240]);
void layernorm_2560(run *r, u32 op, f32 (*y)[2560], const f32 (*x)[2560], const f32 *norm,
                    const f32 *norm_bias);
void gemv_bias_bf16_51200x2560(run *r, u32 op, f32 (*y)[51200], const bf16_51200x2560 *w,
                               const f32 *bias, const f32 (*x)[2560]);
void embed_bf16_256x51200x2560(run *r, u32 op, f32 (*y)[2560], const bf16_51200x2560 *w,
                               const u32 *tokens);
void layernorm_256x2560(run *r, u32 op, f32 (*y)[2560], const f32 (*x)[2560], const f32 *norm,
                        const f32 *norm_bias);
void gemm_bias_bf16_256x2560x2560(run *r, u32 op, f32 (*y)[2560], const bf16_2560x2560 *w,
                                  const f32 *bias, const f32 (*x)[2560]);
void rope_append_bf16_256x32x80(run *r, u32 op, f32 (*q)[2560], const f32 (*k)[2560],
                                const f32 (*v)[2560], bf16 (*keys)[2048][80],
                                bf16 (*values)[2048][80]);
void attention_bf16_256x32x32x80(run *r, u32 op, f32 (*q)[2560], const bf16 (*keys)[2048][80],
                                 const bf16 (*values)[2048][80]);
void gemm_add_bias_bf16_256x2560x2560(run *r, u32 op, f32 (*y)[2560], const bf16_2560x2560 *w,
                                      const f32 *bias, const f32 (*x)[2560]);
void gemm_gelu_bf16_256x10240x2560(run *r, u32 op, f32 (*y)[10240], const bf16_10240x2560 *w,
                                   const f32 *bias, const f32 (*x)[2560]);
void gemm_add_bias_bf16_256x2560x10240(run *r, u32 op, f32 (*y)[2560], const bf16_2560x10240 *w,
                                       const f32 *bias, const f32 (*x)[10240]);
void gemm_bias_bf16_16x51200x2560(run *r, u32 op, f32 (*y)[51200], const bf16_51200x2560 *w,
                                  const f32 *bias, const f32 (*x)[2560]);

#endif
