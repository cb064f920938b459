/* What `auto` memory is on this GPU: decided by reading both kinds, where both could serve. */
#ifndef RUNTIME_ENGINE_CUDA_MEMORY_PROBE_H
#define RUNTIME_ENGINE_CUDA_MEMORY_PROBE_H

#include "runtime/engine/cuda/device.h"

enum {
    MEMORY_PROBE_L2_TIMES = 8,        /* a read is so many times as large as the L2 cache */
    MEMORY_PROBE_ROUNDS = 5,          /* reads of each kind whose median counts */
    MEMORY_PROBE_ENOUGH_PERCENT = 97, /* of the rate of device memory: then unified is as good */
};

/* Room for what memory_probe() says. */
struct memory_reason {
    char text[768];
};

/* Sets device->auto_unified and says why, beginning with "unified" or "device". Before the arenas
 * are reserved.
 *
 * On a GPU that shares the host's memory, and that can prefetch unified memory, a kernel reads a
 * block of each kind, advised and prefetched as the arenas are, a few times in turn; `auto` is
 * unified if the median rate of that is at least MEMORY_PROBE_ENOUGH_PERCENT of device memory's.
 * If CUDA refuses any call of it, or the two blocks would be more than a quarter of the memory that
 * is left, device->auto_unified stays as it was. On any other GPU nothing is asked of CUDA, nor
 * where no arena of the model is `auto`.
 *
 * `r` is a run that is not in use: while a block is read, r->weights is that block. Everything that
 * this makes is given back. Costs, on a GPU with 24 MiB of L2 cache that reads 230 GB/s, about
 * 10 ms of reading, and what CUDA takes to make and give back 400 MB; the text has the time that it
 * took. Returns whether there was something to decide. */
bool memory_probe(struct device *device, run *r, struct memory_reason *why);

#endif
