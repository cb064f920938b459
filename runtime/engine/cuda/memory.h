/* Device memory: the arenas of a run, each of a kind, reserved once before anything is loaded. */
#ifndef RUNTIME_ENGINE_CUDA_MEMORY_H
#define RUNTIME_ENGINE_CUDA_MEMORY_H

#include <cuda_runtime_api.h>

#include "runtime/engine/arena.h"
#include "runtime/engine/cuda/device.h"

enum memory_kind {
    MEMORY_DEVICE,  /* cudaMalloc: out of the host's reach */
    MEMORY_UNIFIED, /* cudaMallocManaged: where the device can, advised to stay and prefetched. No
                       arena is ever touched by the host */
    MEMORY_PINNED,  /* cudaHostAlloc: the host's memory, which the device reads over the bus */
};

/* The kind that a config asks for: "device", "unified", "pinned", or "auto": memory_probe.h.
 * `arena` is for the message. */
enum memory_kind memory_kind(const struct device *device, const char *arena, const char *asked);
const char *memory_kind_name(enum memory_kind kind);

/* The arenas of the device; work has the kind of scratch, a snapshot that of the state. */
struct device_memory {
    void *weights, *state, *scratch, *work, *io, *snapshot; /* NULL where the plan has no bytes */
};

/* The bytes of a plan that lie in the memory of the device. */
uint64_t device_memory_bytes(const struct device *device, const struct memory_plan *plan);

/* Exits with EXIT_MEMORY, with the bytes needed and the bytes left, unless the plan's arenas fit
 * into the memory of a device that has its own, and everything that is the host's, or shared with
 * it, into memory_available(). Managed memory beyond what is free is refused as well: nothing is
 * ever paged out. */
void device_memory_require(const struct device *device, const struct memory_plan *plan);

/* Reserves all of them. Exits with EXIT_MEMORY if CUDA refuses, with EXIT_FAILED after
 * arena_seal(). Their contents are undefined. */
void device_memory_reserve(struct device_memory *memory, const struct device *device,
                           const struct memory_plan *plan, cudaStream_t stream);

void device_memory_release(struct device_memory *memory, const struct device *device);

/* Memory of the host that the device reaches under the same address: `bytes` zero bytes. */
void *pinned_reserve(const char *name, uint64_t bytes);
void pinned_release(void *at);

#endif
