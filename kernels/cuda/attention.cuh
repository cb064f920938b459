/* attention:  q[count][H][HD] <- softmax(q K^T * SCALE) V, in place, causal
 *
 *   Means    kernels/cpu/attention.h, which is the definition
 *   Split    COUNT ONE: attention_one.cuh; COUNT CHUNK: attention_chunk.cuh
 *
 *   void NAME(run *, u32 op, f32 (*q)[H HD], const TYPE (*keys)[C][HD],
 *             const TYPE (*values)[C][HD]) */
#ifndef KERNELS_CUDA_ATTENTION_CUH
#define KERNELS_CUDA_ATTENTION_CUH

#include "kernels/cuda/attention_chunk.cuh"
#include "kernels/cuda/attention_one.cuh"

#define ATTENTION(name, H, KV, HD, TYPE, T, C, W, SCALE, COUNT)                                    \
    static_assert((HD) <= 512, "attention: a head has at most 512 elements");                      \
    ATTENTION_##COUNT(name, H, KV, HD, TYPE, T, C, W, SCALE)

#endif
