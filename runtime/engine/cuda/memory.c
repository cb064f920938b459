#include "runtime/engine/cuda/memory.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"
#include "runtime/engine/backend.h"
#include "runtime/engine/cuda/launcher.h"

const char *memory_kind_name(enum memory_kind kind)
{
    static const char *const names[] = {
        [MEMORY_DEVICE] = "device", [MEMORY_UNIFIED] = "unified", [MEMORY_PINNED] = "pinned"};
    return names[kind];
}

enum memory_kind memory_kind(const struct device *device, const char *arena, const char *asked)
{
    if (strcmp(asked, "device") == 0)
        return MEMORY_DEVICE;
    if (strcmp(asked, "unified") == 0)
        return MEMORY_UNIFIED;
    if (strcmp(asked, "pinned") == 0)
        return MEMORY_PINNED;
    if (strcmp(asked, "auto") != 0)
        die(EXIT_FAILED, "internal error: the %s arena is to be of kind '%s'", arena, asked);
    return device->auto_unified ? MEMORY_UNIFIED : MEMORY_DEVICE;
}

/* One arena of a plan. */
struct part {
    const char *name, *kind;
    uint64_t bytes;
    void **at; /* of a struct device_memory */
};
enum { PARTS = 6 };

/* The order of reservation: the large one first. */
static void list_parts(struct part parts[PARTS], const struct memory_plan *plan,
                       struct device_memory *memory)
{
    const struct part all[PARTS] = {
        {"weights", model.weights_memory, plan->weights, &memory->weights},
        {"state", model.state_memory, plan->state, &memory->state},
        {"scratch", model.scratch_memory, plan->scratch, &memory->scratch},
        {"work", model.scratch_memory, plan->work, &memory->work},
        {"io", model.io_memory, plan->io, &memory->io},
        {"snapshot", model.state_memory, plan->snapshot, &memory->snapshot},
    };
    memcpy(parts, all, sizeof all);
}

uint64_t device_memory_bytes(const struct device *device, const struct memory_plan *plan)
{
    struct device_memory none;
    struct part parts[PARTS];
    list_parts(parts, plan, &none);
    uint64_t bytes = 0;
    for (u32 i = 0; i < PARTS; i++)
        if (memory_kind(device, parts[i].name, parts[i].kind) != MEMORY_PINNED)
            bytes += parts[i].bytes;
    return bytes;
}

void device_memory_require(const struct device *device, const struct memory_plan *plan)
{
    struct device_memory none;
    struct part parts[PARTS];
    list_parts(parts, plan, &none);
    uint64_t on_device = device_memory_bytes(device, plan);
    uint64_t on_host = plan->tokenizer + plan->host + plan->threads;
    for (u32 i = 0; i < PARTS; i++)
        if (device->integrated ||
            memory_kind(device, parts[i].name, parts[i].kind) == MEMORY_PINNED)
            on_host += parts[i].bytes;
    uint64_t left = UINT64_MAX, all = 0, available = memory_available();
    if (!device->integrated)
        device_memory(&left, &all);
    if (on_device > left)
        die(EXIT_MEMORY,
            "not enough memory on %s: %" PRIu64 " bytes needed (weights %" PRIu64 ", state %" PRIu64
            ", scratch %" PRIu64 ", work %" PRIu64 ", io %" PRIu64 "%s), %" PRIu64
            " bytes free of %" PRIu64
            "; end other programs on it, or build a smaller model or a smaller prefill_chunk",
            device->name, on_device, plan->weights, plan->state, plan->scratch, plan->work,
            plan->io, memory_note_snapshot(plan).text, left, all);
    if (on_host > available)
        die(EXIT_MEMORY,
            "not enough memory on the host%s: %" PRIu64 " bytes needed, %" PRIu64
            " bytes available; end other programs, or build a smaller model or a smaller "
            "prefill_chunk",
            device->integrated ? ", whose memory the GPU shares" : "", on_host, available);
}

static void *reserve(const struct part *part, enum memory_kind kind, const struct device *device,
                     cudaStream_t stream)
{
    if (arena_is_sealed())
        die(EXIT_FAILED, "internal error: arena %s reserved after sealing", part->name);
    void *at = NULL;
    if (part->bytes == 0)
        return NULL;
    if (kind == MEMORY_PINNED)
        return pinned_reserve(part->name, part->bytes);
    cudaError_t error = kind == MEMORY_DEVICE
                            ? cudaMalloc(&at, part->bytes)
                            : cudaMallocManaged(&at, part->bytes, cudaMemAttachGlobal);
    if (error != cudaSuccess)
        die(EXIT_MEMORY, "cannot reserve %" PRIu64 " bytes for the %s arena on %s: %s (%s)",
            part->bytes, part->name, device->name, cudaGetErrorString(error),
            cudaGetErrorName(error));
    if (kind == MEMORY_UNIFIED && device->prefetches) {
        struct cudaMemLocation here = {.type = cudaMemLocationTypeDevice, .id = device->id};
        CUDA_CHECK(cudaMemAdvise(at, part->bytes, cudaMemAdviseSetPreferredLocation, here));
        CUDA_CHECK(cudaMemPrefetchAsync(at, part->bytes, here, 0, stream));
    }
    return at;
}

void device_memory_reserve(struct device_memory *memory, const struct device *device,
                           const struct memory_plan *plan, cudaStream_t stream)
{
    struct part parts[PARTS];
    list_parts(parts, plan, memory);
    for (u32 i = 0; i < PARTS; i++)
        *parts[i].at =
            reserve(&parts[i], memory_kind(device, parts[i].name, parts[i].kind), device, stream);
}

void device_memory_release(struct device_memory *memory, const struct device *device)
{
    static const struct memory_plan none;
    struct part parts[PARTS];
    list_parts(parts, &none, memory);
    for (u32 i = 0; i < PARTS; i++)
        if (memory_kind(device, parts[i].name, parts[i].kind) == MEMORY_PINNED)
            pinned_release(*parts[i].at);
        else
            CUDA_CHECK(cudaFree(*parts[i].at));
}

void *pinned_reserve(const char *name, uint64_t bytes)
{
    if (arena_is_sealed())
        die(EXIT_FAILED, "internal error: arena %s reserved after sealing", name);
    void *at = NULL, *on_device = NULL;
    cudaError_t error = cudaHostAlloc(&at, bytes, cudaHostAllocMapped);
    if (error != cudaSuccess)
        die(EXIT_MEMORY, "cannot reserve %" PRIu64 " pinned bytes for the %s arena: %s (%s)", bytes,
            name, cudaGetErrorString(error), cudaGetErrorName(error));
    CUDA_CHECK(cudaHostGetDevicePointer(&on_device, at, 0));
    if (on_device != at)
        die(EXIT_PROCESSOR, "the GPU has another address than the host for pinned memory; a 64-bit "
                            "system with unified addressing is needed");
    memset(at, 0, bytes);
    return at;
}

void pinned_release(void *at)
{
    CUDA_CHECK(cudaFreeHost(at));
}
