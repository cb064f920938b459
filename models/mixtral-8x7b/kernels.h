/* models/mixtral-8x7b/kernels.h: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_32000x4096(run *r, u32 op, f32 (*y)[4096], const bf16_32000x4096 *w,
                           const u32 *tokens);
void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096], const f32 *norm,
                             const bf16_4096x4096 *q_proj, const bf16_1024x4096 *k_proj,
                             const bf16_1024x4096 *v_proj, bf16 (*keys)[32768][128],
                             bf16 (*values)[32768][128]);
void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[32768][128],
                             const bf16 (*values)[32768][128]);
void gemv_add_bf16_4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                             const f32 (*x)[4096]);
void norm_experts_swiglu_bf16_8x14336x4096(run *r, u32 op, f32 (*h)[14336], f32 (*route)[16],
        const f32 (*x)[4096], const f32 *norm, const bf16_16x4096 *router,
        const bf16_14336x4096 *gate, const bf16_14336x4096 *up);
void experts_add_bf16_8x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                   const f32 (*route)[16], const bf16_4096x14336 *w);
void rmsnorm_4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm);
void gemv_bf16_32000x4096(run *r, u32 op, f32 (*y)[32000], const bf16_32000x4096 *w,
                          const f32 (*x)[4096]);
void embed_bf16_256x32000x4096(run *r, u32 op, f32 (*y)[4096], const bf16_32000x4096 *w,
                               const u32 *tokens);
void rmsnorm_256x4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm);
void gemm_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                             const f32 (*x)[4096]);
void gemm_bf16_256x1024x4096(run *r, u32 op, f32 (*y)[1024], const bf16_1024x4096 *w,
                             const f32 (*x)[4096]);
void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
                                 const f32 (*v)[1024], bf16 (*keys)[32768][128],
                                 bf16 (*values)[32768][128]);
void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[32768][128],
                                 const bf16 (*values)[32768][128]);
void gemm_add_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                                 const f32 (*x)[4096]);
void route_bf16_256x8x4096(run *r, u32 op, f32 (*to)[16], const f32 (*x)[4096],
                           const bf16_16x4096 *w);
void gather_256x4096(run *r, u32 op, f32 (*xg)[4096], const f32 (*x)[4096], const f32 (*route)[16]);
void experts_swiglu_bf16_256x8x14336x4096(run *r, u32 op, f32 (*h)[14336], const f32 (*xg)[4096],
        const f32 (*route)[16], const bf16_14336x4096 *gate, const bf16_14336x4096 *up);
void experts_add_bf16_256x8x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                       const f32 (*route)[16], const bf16_4096x14336 *w);
void gemm_bf16_16x32000x4096(run *r, u32 op, f32 (*y)[32000], const bf16_32000x4096 *w,
                             const f32 (*x)[4096]);

#endif
