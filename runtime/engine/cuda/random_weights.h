/* Weights out of a seed, made where they are needed: for measuring a model of the real shapes
 * without a weight file, which may have gigabytes. Their values are those of `pack --random SEED`
 * for the same config, bit for bit; a text that they write means nothing. */
#ifndef RUNTIME_ENGINE_CUDA_RANDOM_WEIGHTS_H
#define RUNTIME_ENGINE_CUDA_RANDOM_WEIGHTS_H

#include <cuda_runtime_api.h>
#include <stdint.h>

struct model;

#ifdef __cplusplus
extern "C" {
#endif

/* Fills `image`, weights_bytes of device memory, behind what `stream` holds. Launches a
 * kernel per tensor, per state for decays. Ends the program with EXIT_FAILED on CUDA's errors, or
 * if the model has a tensor of a role that has no rule here. */
void random_weights_fill(const struct model *of, void *image, uint64_t seed, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
