#include "runtime/engine/cuda/read.h"

#include "runtime/engine/cuda/probe.cuh"

static_assert(PROBE_READ_BLOCKS * PROBE_READ_THREADS / 32 == 4 * 16, "READ_SUMS_BYTES");

extern "C" void read_launch(run *r, u32 op, const void *memory, uint64_t bytes, u32 *sums,
                            u32 processors)
{
    const struct probe_read params = {memory, bytes / 16, sums};
    LAUNCH(r, op, probe_read_kernel, PROBE_READ_BLOCKS * processors, PROBE_READ_THREADS, 0, params);
}
