/* kernels/cpu/math.h for one number at a time: what kernels/cuda/math.cuh has to equal. C++ cannot
 * include the one beside the other. */
#ifndef TESTS_SIMT_BED_MATH_H
#define TESTS_SIMT_BED_MATH_H

#include "runtime/run.h"

#ifdef __cplusplus
extern "C" {
#endif

f32 bed_exp2_below(f32 x);
f32 bed_exp(f32 x);
f32 bed_softplus(f32 x);
f32 bed_silu(f32 x);

#ifdef __cplusplus
}
#endif

#endif
