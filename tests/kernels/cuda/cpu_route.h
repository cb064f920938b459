/* The choice of kernels/cpu/route.h from logits: what kernels/cuda/route.cuh has to equal. C++
 * cannot include the one beside the other. */
#ifndef TESTS_KERNELS_CUDA_CPU_ROUTE_H
#define TESTS_KERNELS_CUDA_CPU_ROUTE_H

#include <stdbool.h>

#include "runtime/base/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* route[PAD(2 K)] <- that of logits[E], E at most 256. */
void cpu_route(u32 E, u32 K, bool renorm, const f32 *logits, f32 *route);

#ifdef __cplusplus
}
#endif

#endif
