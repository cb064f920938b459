/* models/llama-3-8b/kernels.h: made from config/llama-3-8b.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_128256x4096(run *r, u32 op, f32 (*x)[4096], const bf16_128256x4096 *w,
                            const u32 *tokens);
void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096], const f32 *norm,
                             const f32 *absent_3, const bf16_4096x4096 *q_proj,
                             const f32 *absent_5, const bf16_1024x4096 *k_proj,
                             const f32 *absent_7, const bf16_1024x4096 *v_proj,
                             const f32 *absent_9, bf16 (*keys)[8192][128],
                             bf16 (*values)[8192][128]);
void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[8192][128],
                             const bf16 (*values)[8192][128]);
void gemv_add_bf16_4096x4096(run *r, u32 op, f32 (*x)[4096], const bf16_4096x4096 *w,
                             const f32 (*q)[4096]);
void norm_gemv_swiglu_bf16_14336x4096(run *r, u32 op, f32 (*h)[14336], const f32 (*x)[4096],
                                      const f32 *mlp_norm, const bf16_14336x4096 *gate_proj,
                                      const bf16_14336x4096 *up_proj);
void gemv_add_bf16_4096x14336(run *r, u32 op, f32 (*x)[4096], const bf16_4096x14336 *w,
                              const f32 (*h)[14336]);
void rmsnorm_4096(run *r, u32 op, f32 (*hidden)[4096], const f32 (*x)[4096], const f32 *norm_f);
void gemv_bf16_128256x4096(run *r, u32 op, f32 (*logits)[128256], const bf16_128256x4096 *w,
                           const f32 (*hidden)[4096]);
void embed_bf16_256x128256x4096(run *r, u32 op, f32 (*x)[4096], const bf16_128256x4096 *w,
                                const u32 *tokens);
void rmsnorm_256x4096(run *r, u32 op, f32 (*xn)[4096], const f32 (*x)[4096], const f32 *norm);
void gemm_bf16_256x4096x4096(run *r, u32 op, f32 (*q)[4096], const bf16_4096x4096 *w,
                             const f32 (*xn)[4096]);
void gemm_bf16_256x1024x4096(run *r, u32 op, f32 (*k)[1024], const bf16_1024x4096 *w,
                             const f32 (*xn)[4096]);
void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
                                 const f32 (*v)[1024], bf16 (*keys)[8192][128],
                                 bf16 (*values)[8192][128]);
void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[8192][128],
                                 const bf16 (*values)[8192][128]);
void gemm_add_bf16_256x4096x4096(run *r, u32 op, f32 (*x)[4096], const bf16_4096x4096 *w,
                                 const f32 (*q)[4096]);
void gemm_bf16_256x14336x4096(run *r, u32 op, f32 (*gate)[14336], const bf16_14336x4096 *w,
                              const f32 (*xm)[4096]);
void swiglu_256x14336(run *r, u32 op, f32 (*gate)[14336], const f32 (*up)[14336]);
void gemm_add_bf16_256x4096x14336(run *r, u32 op, f32 (*x)[4096], const bf16_4096x14336 *w,
                                  const f32 (*gate)[14336]);
void gemm_bf16_16x128256x4096(run *r, u32 op, f32 (*logits)[128256], const bf16_128256x4096 *w,
                              const f32 (*hidden)[4096]);

#endif
