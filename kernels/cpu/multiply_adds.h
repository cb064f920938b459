/* The rate of fused multiply-adds that a team reaches: what the arithmetic of prefill is compared
 * with. */
#ifndef KERNELS_CPU_MULTIPLY_ADDS_H
#define KERNELS_CPU_MULTIPLY_ADDS_H

#include <stdint.h>

#include "runtime/base/run.h"

/* Multiply-adds of f32 that each thread does in a step. */
extern const u32 multiply_adds_step;

/* Nothing but fused multiply-adds of whole vectors, in registers: every thread does `steps` steps.
 * Called by all threads of the team at once; ends in a barrier, so rank 0 may take the time around
 * the call. Returns a number made of the results, so that they are computed. */
u32 multiply_adds(const run *r, u32 steps);

#endif
