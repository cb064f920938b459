/* The rate at which the device reads memory: what a benchmark's numbers are compared with. */
#ifndef RUNTIME_ENGINE_CUDA_READ_H
#define RUNTIME_ENGINE_CUDA_READ_H

#include "kernels/cuda/launch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Launches one read of `bytes` at `memory`, which nobody writes meanwhile, by
 * runtime/engine/cuda/probe.cuh. `sums` is READ_SUMS_BYTES(processors) of device memory; `op` is
 * for messages. */
void read_launch(run *r, u32 op, const void *memory, uint64_t bytes, u32 *sums, u32 processors);

#ifdef __cplusplus
}
#endif

/* A sum per warp of 4 blocks of 16 warps on each multiprocessor. */
#define READ_SUMS_BYTES(processors) ((uint64_t)(processors)*4 * 16 * sizeof(u32))

#endif
