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

template <attention_shape s>
static inline void attention_launch(run *r, u32 op, const struct kernels &kernels, f32 *q,
                                    const void *keys, const void *values)
{
    if constexpr (s.count == COUNT_ONE) {
        const struct attention_params params = {r->step, q, keys, values, (f32 *)r->work};
        kernel_launch<attention_spans<s>>(r, op, kernels.part[0], params);
        if constexpr (attention_spans<s>::splits > 1)
            kernel_launch<attention_merge<s>>(r, op, kernels.part[1], params);
    } else {
        kernel_launch<attention_chunk<s>>(r, op, kernels.part[0], {r->step, q, keys, values, NULL});
    }
}

#define ATTENTION_KERNELS_ONE(name)                                                                \
    KERNELS_2(name, spans_kernel, attention_spans, merge_kernel, attention_merge)
#define ATTENTION_KERNELS_CHUNK(name)  KERNELS_1(name, kernel, attention_chunk)
#define ATTENTION_KERNELS(name, COUNT) ATTENTION_KERNELS_##COUNT(name)

#endif
