/* kernels/cpu/math.h for one number at a time: what kernels/cuda/math.cuh has to equal. C++ cannot
 * include the one beside the other. */
#ifndef TESTS_KERNELS_CUDA_CPU_MATH_H
#define TESTS_KERNELS_CUDA_CPU_MATH_H

#include "runtime/base/run.h"

#ifdef __cplusplus
extern "C" {
#endif

f32 cpu_exp2_below(f32 x);
f32 cpu_exp(f32 x);
f32 cpu_softplus(f32 x);
f32 cpu_silu(f32 x);
f32 cpu_gelu_new(f32 x);

/* gelu_new in double, and how far from it a kernel may be that has x within `error`: the function's
 * slope is at most 1.13, and it has an error of 5 + 8 |u| ulp of its own. */
double cpu_gelu_exact(double x);
double cpu_gelu_bound(double x, double error);

#ifdef __cplusplus
}
#endif

#endif
