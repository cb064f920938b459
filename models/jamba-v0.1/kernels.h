/* models/jamba-v0.1/kernels.h: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * The kernels of this model, each shape once: the symbols that a profiler shows. */
#ifndef KERNELS_H
#define KERNELS_H

#include "model.h"

void embed_bf16_65536x4096(run *r, u32 op, f32 (*y)[4096], const bf16_65536x4096 *w,
                           const u32 *tokens);
void norm_gemv_conv_bf16_16384x4096x4(run *r, u32 op, f32 (*xz)[16384], const f32 (*x)[4096],
                                      const f32 *norm, const bf16_16384x4096 *w, f32 (*conv)[8192],
                                      const f32 (*taps)[8192], const f32 *conv_bias);
void gemv_bf16_288x8192(run *r, u32 op, f32 (*y)[288], const bf16_288x8192 *w,
                        const f32 (*x)[16384]);
void norm_dt_scan_bf16_8192x16x256(run *r, u32 op, f32 (*xz)[16384], f32 (*ssm)[16][16],
                                   const f32 (*xdb)[288], const f32 *dt_norm, const f32 *b_norm,
                                   const f32 *c_norm, const bf16_8192x256 *w, const f32 *bias,
                                   const f32 (*A)[16][16], const f32 *D);
void gemv_add_bf16_4096x8192(run *r, u32 op, f32 (*y)[4096], const bf16_4096x8192 *w,
                             const f32 (*x)[16384]);
void norm_gemv_swiglu_bf16_14336x4096(run *r, u32 op, f32 (*y)[14336], const f32 (*x)[4096],
                                      const f32 *norm, const bf16_14336x4096 *gate,
                                      const bf16_14336x4096 *up);
void gemv_add_bf16_4096x14336(run *r, u32 op, f32 (*y)[4096], const bf16_4096x14336 *w,
                              const f32 (*x)[14336]);
void norm_experts_swiglu_bf16_16x14336x4096(run *r, u32 op, f32 (*h)[14336], f32 (*route)[16],
        const f32 (*x)[4096], const f32 *norm, const bf16_16x4096 *router,
        const bf16_14336x4096 *gate, const bf16_14336x4096 *up);
void experts_add_bf16_16x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                    const f32 (*route)[16], const bf16_4096x14336 *w);
void norm_qkv_bf16_6144x4096(run *r, u32 op, f32 (*q)[4096], const f32 (*x)[4096], const f32 *norm,
                             const bf16_4096x4096 *q_proj, const bf16_1024x4096 *k_proj,
                             const bf16_1024x4096 *v_proj, bf16 (*keys)[262144][128],
                             bf16 (*values)[262144][128]);
void attention_bf16_32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[262144][128],
                             const bf16 (*values)[262144][128]);
void gemv_add_bf16_4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                             const f32 (*x)[4096]);
void rmsnorm_4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm);
void gemv_bf16_65536x4096(run *r, u32 op, f32 (*y)[65536], const bf16_65536x4096 *w,
                          const f32 (*x)[4096]);
void embed_bf16_256x65536x4096(run *r, u32 op, f32 (*y)[4096], const bf16_65536x4096 *w,
                               const u32 *tokens);
void rmsnorm_256x4096(run *r, u32 op, f32 (*y)[4096], const f32 (*x)[4096], const f32 *norm);
void gemm_bf16_256x16384x4096(run *r, u32 op, f32 (*y)[16384], const bf16_16384x4096 *w,
                              const f32 (*x)[4096]);
void conv_silu_256x8192x4(run *r, u32 op, f32 (*xz)[16384], f32 (*conv)[8192],
                          const f32 (*taps)[8192], const f32 *bias);
void gemm_bf16_256x288x8192(run *r, u32 op, f32 (*y)[288], const bf16_288x8192 *w,
                            const f32 (*x)[16384]);
void norm_selection_256x256x16(run *r, u32 op, f32 (*xdb)[288], const f32 *dt_norm,
                               const f32 *b_norm, const f32 *c_norm);
void gemm_softplus_bf16_256x8192x256(run *r, u32 op, f32 (*y)[8192], const bf16_8192x256 *w,
                                     const f32 *bias, const f32 (*x)[288]);
void scan_256x8192x16(run *r, u32 op, f32 (*xz)[16384], f32 (*ssm)[16][16], const f32 (*dt)[8192],
                      const f32 (*xdb)[288], const f32 (*A)[16][16], const f32 *D);
void gemm_add_bf16_256x4096x8192(run *r, u32 op, f32 (*y)[4096], const bf16_4096x8192 *w,
                                 const f32 (*x)[16384]);
void gemm_bf16_256x14336x4096(run *r, u32 op, f32 (*y)[14336], const bf16_14336x4096 *w,
                              const f32 (*x)[4096]);
void swiglu_256x14336(run *r, u32 op, f32 (*gate)[14336], const f32 (*up)[14336]);
void gemm_add_bf16_256x4096x14336(run *r, u32 op, f32 (*y)[4096], const bf16_4096x14336 *w,
                                  const f32 (*x)[14336]);
void route_bf16_256x16x4096(run *r, u32 op, f32 (*to)[16], const f32 (*x)[4096],
                            const bf16_16x4096 *w);
void gather_256x4096(run *r, u32 op, f32 (*xg)[4096], const f32 (*x)[4096], const f32 (*route)[16]);
void experts_swiglu_bf16_256x16x14336x4096(run *r, u32 op, f32 (*h)[14336], const f32 (*xg)[4096],
        const f32 (*route)[16], const bf16_14336x4096 *gate, const bf16_14336x4096 *up);
void experts_add_bf16_256x16x4096x14336(run *r, u32 op, f32 (*y)[4096], const f32 (*h)[14336],
                                        const f32 (*route)[16], const bf16_4096x14336 *w);
void gemm_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                             const f32 (*x)[4096]);
void gemm_bf16_256x1024x4096(run *r, u32 op, f32 (*y)[1024], const bf16_1024x4096 *w,
                             const f32 (*x)[4096]);
void rope_append_bf16_256x32x128(run *r, u32 op, f32 (*q)[4096], const f32 (*k)[1024],
                                 const f32 (*v)[1024], bf16 (*keys)[262144][128],
                                 bf16 (*values)[262144][128]);
void attention_bf16_256x32x8x128(run *r, u32 op, f32 (*q)[4096], const bf16 (*keys)[262144][128],
                                 const bf16 (*values)[262144][128]);
void gemm_add_bf16_256x4096x4096(run *r, u32 op, f32 (*y)[4096], const bf16_4096x4096 *w,
                                 const f32 (*x)[4096]);
void gemm_bf16_16x65536x4096(run *r, u32 op, f32 (*y)[65536], const bf16_65536x4096 *w,
                             const f32 (*x)[4096]);

#endif
