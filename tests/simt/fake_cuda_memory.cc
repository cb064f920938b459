/* Memory of the fake CUDA runtime. Device, managed and pinned memory are all mappings of this
 * process, filled with NaN when they are made. Each lies between guard pages. Device memory is out
 * of reach (PROT_NONE) except while work executes, so that a host that follows a device pointer
 * stops with a message. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/simt/fake_cuda_inner.h"
#include "tests/simt/simt.h"

enum { POISON = 0xff }; /* NaN in f32, f16 and bf16; the largest index in u32 */

static struct allocation *allocations;
static bool protecting = true;
static uint64_t managed_percent = 100;
static int open_depth;
static struct sigaction signal_before;

/* A literal. */
static const char *type_name(enum cudaMemoryType type)
{
    if (type == cudaMemoryTypeHost)
        return "pinned";
    return type == cudaMemoryTypeManaged ? "managed" : "device";
}

struct allocation *fake_allocation(const void *at, size_t bytes)
{
    const unsigned char *first = (const unsigned char *)at;
    for (struct allocation *a = allocations; a; a = a->next)
        if (first >= a->base && first <= a->base + a->bytes &&
            bytes <= (size_t)(a->base + a->bytes - first) && (bytes || first < a->base + a->bytes))
            return a;
    return nullptr;
}

uint64_t fake_device_bytes(void)
{
    uint64_t bytes = 0;
    for (const struct allocation *a = allocations; a; a = a->next)
        if (a->type != cudaMemoryTypeHost || fake_device_kind() == FAKE_GB10)
            bytes += a->mapped;
    return bytes;
}

void fake_device_managed(uint64_t percent)
{
    fake_configure();
    managed_percent = percent;
}

uint64_t fake_kernel_us(const void *params, size_t bytes)
{
    enum { KERNEL_US = 1000 };
    const unsigned char *const at = (const unsigned char *)params;
    for (size_t i = 0; i + sizeof(void *) <= bytes; i += sizeof(void *)) {
        const void *pointer;
        memcpy(&pointer, at + i, sizeof pointer);
        const struct allocation *const a = pointer ? fake_allocation(pointer, 0) : nullptr;
        if (a && a->type == cudaMemoryTypeManaged)
            return KERNEL_US * 100 / managed_percent;
    }
    return KERNEL_US;
}

/* ---- protection
 * ---------------------------------------------------------------------------------- */

static void reach(struct allocation *a, bool open)
{
    if (a->type == cudaMemoryTypeDevice &&
        mprotect(a->base, a->mapped, open ? PROT_READ | PROT_WRITE : PROT_NONE))
        abort();
}

void fake_memory_open(void)
{
    if (open_depth++ == 0 && protecting)
        for (struct allocation *a = allocations; a; a = a->next)
            reach(a, true);
}

void fake_memory_close(void)
{
    if (--open_depth == 0 && protecting)
        for (struct allocation *a = allocations; a; a = a->next)
            reach(a, false);
}

void fake_protect(bool on)
{
    fake_configure();
    if (on == protecting)
        return;
    for (struct allocation *a = allocations; a; a = a->next)
        reach(a, !on || open_depth);
    protecting = on;
}

/* Names the memory that was touched, then lets the signal do what it did before. */
static void on_fault(int signal_number, siginfo_t *details, void *context)
{
    (void)context;
    const unsigned char *at = (const unsigned char *)details->si_addr;
    for (const struct allocation *a = allocations; a; a = a->next) {
        if (at + MEMORY_GUARD < a->base || at >= a->base + a->mapped + MEMORY_GUARD)
            continue;
        long long offset = at - a->base;
        if (offset >= 0 && offset < (long long)a->mapped && !open_depth)
            fake_found("the host touches device memory: byte %lld of %zu at %p", offset, a->bytes,
                       (const void *)a->base);
        else
            fake_found("touched beyond %s memory: byte %lld of %zu at %p", type_name(a->type),
                       offset, a->bytes, (const void *)a->base);
    }
    sigaction(signal_number, &signal_before, nullptr);
}

static void watch_faults(void)
{
    static bool watching;
    if (watching)
        return;
    watching = true;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, &signal_before);
}

/* ---- allocation
 * ---------------------------------------------------------------------------------- */

static cudaError_t allocate(void **result, size_t bytes, enum cudaMemoryType type)
{
    if (!result)
        return cudaErrorInvalidValue;
    *result = nullptr;
    if (!bytes)
        return cudaSuccess;
    size_t page = MEMORY_GUARD, mapped = (bytes + page - 1) / page * page;
    bool of_device = type != cudaMemoryTypeHost || fake_device_kind() == FAKE_GB10;
    if (mapped < bytes || (of_device && mapped > fake_device_free()))
        return cudaErrorMemoryAllocation;
    void *base = mmap(nullptr, mapped + 2 * page, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return cudaErrorMemoryAllocation;
    struct allocation *a = (struct allocation *)fake_keep(sizeof *a);
    a->base = (unsigned char *)base + page;
    a->bytes = bytes;
    a->mapped = mapped;
    a->type = type;
    a->serial = fake_serial();
    if (mprotect(a->base, mapped, PROT_READ | PROT_WRITE))
        abort();
    memset(a->base, POISON, mapped);
    if (protecting && !open_depth)
        reach(a, false);
    simt_memory_add(a->base, bytes, SIMT_ORDINARY, type_name(type));
    a->next = allocations;
    allocations = a;
    watch_faults();
    *result = a->base;
    return cudaSuccess;
}

static cudaError_t release(void *base, bool host)
{
    if (!base)
        return cudaSuccess;
    for (struct allocation **link = &allocations; *link; link = &(*link)->next) {
        struct allocation *a = *link;
        if (a->base != base || (a->type == cudaMemoryTypeHost) != host)
            continue;
        fake_drain_all(false); /* as CUDA does: what is queued may still use it */
        *link = a->next;
        simt_memory_remove(a->base);
        munmap(a->base - MEMORY_GUARD, a->mapped + (size_t)2 * MEMORY_GUARD);
        fake_drop(a, sizeof *a);
        return cudaSuccess;
    }
    return cudaErrorInvalidValue;
}

cudaError_t cudaMalloc(void **device, size_t bytes)
{
    ENTER(CALL_ALLOCATES | CALL_UNSAFE);
    return fake_result(allocate(device, bytes, cudaMemoryTypeDevice));
}

cudaError_t cudaMallocManaged(void **device, size_t bytes, unsigned int flags)
{
    ENTER(CALL_ALLOCATES | CALL_UNSAFE);
    if (flags != cudaMemAttachGlobal || !bytes)
        return fake_result(cudaErrorInvalidValue);
    return fake_result(allocate(device, bytes, cudaMemoryTypeManaged));
}

cudaError_t cudaHostAlloc(void **host, size_t bytes, unsigned int flags)
{
    ENTER(CALL_ALLOCATES | CALL_UNSAFE);
    const unsigned int known =
        cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
    if (flags & ~known)
        return fake_result(cudaErrorInvalidValue);
    return fake_result(allocate(host, bytes, cudaMemoryTypeHost));
}

cudaError_t cudaMallocHost(void **host, size_t bytes)
{
    ENTER(CALL_ALLOCATES | CALL_UNSAFE);
    return fake_result(allocate(host, bytes, cudaMemoryTypeHost));
}

cudaError_t cudaFree(void *device)
{
    ENTER(CALL_UNSAFE);
    return fake_result(release(device, false));
}

cudaError_t cudaFreeHost(void *host)
{
    ENTER(CALL_UNSAFE);
    return fake_result(release(host, true));
}

/* One address space: the device's address of pinned memory is the host's. */
cudaError_t cudaHostGetDevicePointer(void **device, void *host, unsigned int flags)
{
    ENTER(0);
    const struct allocation *a = fake_allocation(host, 0);
    if (!device || flags || !a || a->type != cudaMemoryTypeHost)
        return fake_result(cudaErrorInvalidValue);
    *device = host;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *attributes, const void *pointer)
{
    ENTER(0);
    if (!attributes)
        return fake_result(cudaErrorInvalidValue);
    const struct allocation *a = fake_allocation(pointer, 0);
    memset(attributes, 0, sizeof *attributes);
    attributes->type = a ? a->type : cudaMemoryTypeUnregistered;
    attributes->device = a ? 0 : -2;
    attributes->devicePointer = a ? const_cast<void *>(pointer) : nullptr;
    attributes->hostPointer =
        a && a->type == cudaMemoryTypeDevice ? nullptr : const_cast<void *>(pointer);
    return cudaSuccess;
}

static bool location_known(struct cudaMemLocation location)
{
    return (location.type == cudaMemLocationTypeDevice && location.id == 0) ||
           location.type == cudaMemLocationTypeHost;
}

static cudaError_t managed_range(const void *device, size_t bytes, struct cudaMemLocation location)
{
    const struct allocation *a = fake_allocation(device, bytes);
    if (!a || a->type != cudaMemoryTypeManaged || !bytes)
        return cudaErrorInvalidValue;
    return location_known(location) ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaMemAdvise(const void *device, size_t bytes, enum cudaMemoryAdvise advice,
                          struct cudaMemLocation location)
{
    ENTER(0);
    if (advice < cudaMemAdviseSetReadMostly || advice > cudaMemAdviseUnsetAccessedBy)
        return fake_result(cudaErrorInvalidValue);
    return fake_result(fake_device_concurrent() ? managed_range(device, bytes, location)
                                                : cudaErrorInvalidDevice);
}

cudaError_t cudaMemPrefetchAsync(const void *device, size_t bytes, struct cudaMemLocation location,
                                 unsigned int flags, cudaStream_t stream)
{
    ENTER(0);
    if (!fake_stream(stream))
        return fake_result(cudaErrorInvalidResourceHandle);
    if (flags)
        return fake_result(cudaErrorInvalidValue);
    if (fake_stream(stream)->capturing)
        return fake_result(
            fake_capture_break(fake_stream(stream), cudaErrorStreamCaptureUnsupported));
    return fake_result(fake_device_concurrent() ? managed_range(device, bytes, location)
                                                : cudaErrorInvalidDevice);
}

void fake_memory_reset(void)
{
    while (allocations) {
        struct allocation *a = allocations;
        allocations = a->next;
        simt_memory_remove(a->base);
        munmap(a->base - MEMORY_GUARD, a->mapped + (size_t)2 * MEMORY_GUARD);
    }
    open_depth = 0;
}

uint64_t fake_memory_leaks(FILE *out)
{
    uint64_t count = 0;
    for (const struct allocation *a = allocations; a; a = a->next, count++)
        if (out)
            fprintf(out, "leak memory %s %zu bytes\n", type_name(a->type), a->bytes);
    return count;
}

void fake_weights(const void *base)
{
    const struct allocation *a = fake_allocation(base, 0);
    if (!a || a->base != base) {
        fake_found("fake_weights: no memory begins at %p", base);
        return;
    }
    simt_memory_remove(base);
    simt_memory_add(base, a->bytes, SIMT_WEIGHTS, "weights");
}
