/* models/deepseek-moe-16b/kernels.h: made from config/deepseek-moe-16b.ini;
 * edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_102400x2048(run *r, u32 op, f32 (*y)[2048], const bf16_102400x2048 *w,
                            const u32 *tokens);
void norm_qkv_bf16_6144x2048(run *r, u32 op, f32 (*q)[2048], const f32 (*x)[2048], const f32 *norm,
                             const bf16_2048x2048 *q_proj, const bf16_2048x2048 *k_proj,
                             const bf16_2048x2048 *v_proj, bf16 (*keys)[4096][128],
                             bf16 (*values)[4096][128]);
void attention_bf16_16x16x128(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[4096][128],
                              const bf16 (*values)[4096][128]);
void gemv_add_bf16_2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                             const f32 (*x)[2048]);
void norm_gemv_swiglu_bf16_10944x2048(run *r, u32 op, f32 (*y)[10944], const f32 (*x)[2048],
                                      const f32 *norm, const bf16_10944x2048 *gate,
                                      const bf16_10944x2048 *up);
void gemv_add_bf16_2048x10944(run *r, u32 op, f32 (*y)[2048], const bf16_2048x10944 *w,
                              const f32 (*x)[10944]);
void norm_experts_swiglu_bf16_64x1408x2048(run *r, u32 op, f32 (*h)[1408], f32 (*route)[16],
        const f32 (*x)[2048], const f32 *norm, const bf16_64x2048 *router,
        const bf16_1408x2048 *gate, const bf16_1408x2048 *up);
void norm_gemv_swiglu_bf16_2816x2048(run *r, u32 op, f32 (*y)[2816], const f32 (*x)[2048],
                                     const f32 *norm, const bf16_2816x2048 *gate,
                                     const bf16_2816x2048 *up);
void gemv_add_bf16_2048x2816(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2816 *w,
                             const f32 (*x)[2816]);
void experts_add_bf16_64x2048x1408(run *r, u32 op, f32 (*y)[2048], const f32 (*h)[1408],
                                   const f32 (*route)[16], const bf16_2048x1408 *w);
void rmsnorm_2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm);
void gemv_bf16_102400x2048(run *r, u32 op, f32 (*y)[102400], const bf16_102400x2048 *w,
                           const f32 (*x)[2048]);
void embed_bf16_256x102400x2048(run *r, u32 op, f32 (*y)[2048], const bf16_102400x2048 *w,
                                const u32 *tokens);
void rmsnorm_256x2048(run *r, u32 op, f32 (*y)[2048], const f32 (*x)[2048], const f32 *norm);
void gemm_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                             const f32 (*x)[2048]);
void rope_append_bf16_256x16x128(run *r, u32 op, f32 (*q)[2048], const f32 (*k)[2048],
                                 const f32 (*v)[2048], bf16 (*keys)[4096][128],
                                 bf16 (*values)[4096][128]);
void attention_bf16_256x16x16x128(run *r, u32 op, f32 (*q)[2048], const bf16 (*keys)[4096][128],
                                  const bf16 (*values)[4096][128]);
void gemm_add_bf16_256x2048x2048(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2048 *w,
                                 const f32 (*x)[2048]);
void gemm_bf16_256x10944x2048(run *r, u32 op, f32 (*y)[10944], const bf16_10944x2048 *w,
                              const f32 (*x)[2048]);
void swiglu_256x10944(run *r, u32 op, f32 (*gate)[10944], const f32 (*up)[10944]);
void gemm_add_bf16_256x2048x10944(run *r, u32 op, f32 (*y)[2048], const bf16_2048x10944 *w,
                                  const f32 (*x)[10944]);
void gemm_bf16_256x2816x2048(run *r, u32 op, f32 (*y)[2816], const bf16_2816x2048 *w,
                             const f32 (*x)[2048]);
void swiglu_256x2816(run *r, u32 op, f32 (*gate)[2816], const f32 (*up)[2816]);
void gemm_add_bf16_256x2048x2816(run *r, u32 op, f32 (*y)[2048], const bf16_2048x2816 *w,
                                 const f32 (*x)[2816]);
void route_bf16_256x64x2048(run *r, u32 op, f32 (*to)[16], const f32 (*x)[2048],
                            const bf16_64x2048 *w);
void gather_256x2048(run *r, u32 op, f32 (*xg)[2048], const f32 (*x)[2048], const f32 (*route)[16]);
void experts_swiglu_bf16_256x64x1408x2048(run *r, u32 op, f32 (*h)[1408], const f32 (*xg)[2048],
        const f32 (*route)[16], const bf16_1408x2048 *gate, const bf16_1408x2048 *up);
void experts_add_bf16_256x64x2048x1408(run *r, u32 op, f32 (*y)[2048], const f32 (*h)[1408],
                                       const f32 (*route)[16], const bf16_2048x1408 *w);
void gemm_bf16_16x102400x2048(run *r, u32 op, f32 (*y)[102400], const bf16_102400x2048 *w,
                              const f32 (*x)[2048]);

#endif
