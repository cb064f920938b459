/* The read bandwidth that a team reaches: what the GB/s of decode are compared with. */
#ifndef KERNELS_CPU_BANDWIDTH_H
#define KERNELS_CPU_BANDWIDTH_H

#include <stdint.h>

#include "runtime/base/run.h"

/* Reads `bytes` bytes (whole cache lines, 64-byte aligned) once: every thread its contiguous share,
 * with the widest loads and the prefetch of the matrix kernels, and nothing else but one addition
 * a load. Called by all threads of the team at once; ends in a barrier, so rank 0 may take the time
 * around the call. Returns the share's sum of 32-bit words, modulo 2^32. */
u32 bandwidth_read(const run *r, const void *buffer, uint64_t bytes);

#endif
