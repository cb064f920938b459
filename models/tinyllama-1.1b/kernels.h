/* models/tinyllama-1.1b/kernels.h: made from config/tinyllama-1.1b.ini;
 * edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_32000x2048(run *r, u32 op, f32 (*y)[2048], const bf16_32000x2048 *w,
                           const u32 *tokens);
void norm_qkv_bf16_2560x2048(run *r, u32 op, f32 (*q)[2048], const f32 (*x)[2048], const f32 *norm,
                             const bf16_2048x2048 *q_proj, const bf16_256x2048 *k_proj,
                             const bf16_256x2048 *v_proj, bf16 (*keys)[2048][64],
                             bf16 (*values)[2048][64]);
void attention_bf16_32x4x64(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[2048][64],
                            const bf16 (*values)[2048][64]);
void gemv_add_bf16_2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                             const f32 (*x)[2048]);
void norm_gemv_swiglu_bf16_5632x2048(run *r, u32 op, f32 (*y)[5632], const f32 (*x)[2048],
                                     const f32 *norm, const bf16_5632x2048 *gate,
                                     const bf16_5632x2048 *up);
void gemv_add_bf16_2048x5632(run *r, u32 op, f32 (*y)[2048], const bf16_2048x5632 *w,
                             const f32 (*x)[5632]);
void rmsnorm_2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm);
void gemv_bf16_32000x2048(run *r, u32 op, f32 (*y)[32000], const bf16_32000x2048 *w,
                          const f32 (*x)[2048]);
void embed_bf16_256x32000x2048(run *r, u32 op, f32 (*y)[2048], const bf16_32000x2048 *w,
                               const u32 *tokens);
void rmsnorm_256x2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm);
void gemm_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                             const f32 (*x)[2048]);
void gemm_bf16_256x256x2048(run *r, u32 op, f32 (*y)[256], const bf16_256x2048 *w,
                            const f32 (*x)[2048]);
void rope_append_bf16_256x32x64(run *r, u32 op, f32 (*q)[2048], const f32 (*k)[256],
                                const f32 (*v)[256], bf16 (*keys)[2048][64],
                                bf16 (*values)[2048][64]);
void attention_bf16_256x32x4x64(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[2048][64],
                                const bf16 (*values)[2048][64]);
void gemm_add_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                                 const f32 (*x)[2048]);
void gemm_bf16_256x5632x2048(run *r, u32 op, f32 (*y)[5632], const bf16_5632x2048 *w,
                             const f32 (*x)[2048]);
void swiglu_256x5632(run *r, u32 op, f32 (*gate)[5632], const f32 (*up)[5632]);
void gemm_add_bf16_256x2048x5632(run *r, u32 op, f32 (*y)[2048], const bf16_2048x5632 *w,
                                 const f32 (*x)[5632]);
void gemm_bf16_16x32000x2048(run *r, u32 op, f32 (*y)[32000], const bf16_32000x2048 *w,
                             const f32 (*x)[2048]);

#endif
