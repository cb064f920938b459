/* The fake's GPUs: what a program is told about an H200, a GB10, or no GPU at all. Figures that
 * decide how a program behaves are those of the real parts; the rest is zero. The L2 caches are a
 * 256th of the real ones: the interpreter would read memory of several times that for minutes. */
#include <string.h>

#include "tests/simt/fake_cuda_inner.h"

#include <cuda_profiler_api.h>

struct gpu {
    const char *name;
    int major, minor, processors, integrated, pageable, host_tables, direct_managed, concurrent;
    size_t memory, shared_optin, shared_processor, l2;
    int threads_processor, bus_bits;
};

static const struct gpu gpus[] = {
    [FAKE_NONE] = {},
    [FAKE_H200] = {"fake NVIDIA H200", 9, 0, 132, 0, 0, 0, 0, 1, 150754820096, 232448, 233472,
                   245760, 2048, 6144},
    [FAKE_GB10] = {"fake NVIDIA GB10", 12, 1, 48, 1, 1, 1, 1, 1, 128453148672, 101376, 102400,
                   98304, 1536, 256},
    [FAKE_TEGRA] = {"fake NVIDIA Tegra", 11, 0, 20, 1, 0, 0, 0, 0, 128453148672, 232448, 233472,
                    131072, 1536, 256},
};

static enum fake_kind kind = FAKE_H200;
static uint64_t free_at_start, cached;

void fake_device_cached(uint64_t bytes)
{
    cached = bytes;
}

bool fake_device_concurrent(void)
{
    return gpus[kind].concurrent;
}

void fake_device(enum fake_kind new_kind, uint64_t free_bytes)
{
    fake_configure();
    kind = new_kind;
    free_at_start = free_bytes ? free_bytes : gpus[kind].memory - gpus[kind].memory / 64;
}

enum fake_kind fake_device_kind(void)
{
    return kind;
}

uint64_t fake_device_free(void)
{
    uint64_t used = fake_device_bytes();
    return used < free_at_start ? free_at_start - used : 0;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 0;
    ENTER(0);
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    ENTER(0);
    return fake_result(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaInitDevice(int device, unsigned int device_flags, unsigned int flags)
{
    (void)device_flags, (void)flags;
    ENTER(0);
    return fake_result(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int *device)
{
    ENTER(0);
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaSetDeviceFlags(unsigned int flags)
{
    (void)flags;
    ENTER(0);
    return cudaSuccess;
}

cudaError_t cudaDeviceReset(void)
{
    ENTER(CALL_WAITS);
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *prop, int device)
{
    ENTER(0);
    if (!prop || device != 0)
        return fake_result(prop ? cudaErrorInvalidDevice : cudaErrorInvalidValue);
    const struct gpu *gpu = &gpus[kind];
    memset(prop, 0, sizeof *prop);
    snprintf(prop->name, sizeof prop->name, "%s", gpu->name);
    prop->totalGlobalMem = gpu->memory;
    prop->sharedMemPerBlock = 49152;
    prop->sharedMemPerBlockOptin = gpu->shared_optin;
    prop->sharedMemPerMultiprocessor = gpu->shared_processor;
    prop->reservedSharedMemPerBlock = 1024;
    prop->regsPerBlock = prop->regsPerMultiprocessor = 65536;
    prop->warpSize = 32;
    prop->maxThreadsPerBlock = 1024;
    prop->maxThreadsPerMultiProcessor = gpu->threads_processor;
    prop->maxGridSize[0] = 2147483647;
    prop->maxGridSize[1] = prop->maxGridSize[2] = 65535;
    prop->maxThreadsDim[0] = prop->maxThreadsDim[1] = 1024;
    prop->maxThreadsDim[2] = 64;
    prop->major = gpu->major;
    prop->minor = gpu->minor;
    prop->multiProcessorCount = gpu->processors;
    prop->integrated = gpu->integrated;
    prop->canMapHostMemory = prop->unifiedAddressing = prop->managedMemory = 1;
    prop->concurrentKernels = prop->cooperativeLaunch = 1;
    prop->concurrentManagedAccess = gpu->concurrent;
    prop->pageableMemoryAccess = gpu->pageable;
    prop->pageableMemoryAccessUsesHostPageTables = gpu->host_tables;
    prop->directManagedMemAccessFromHost = gpu->direct_managed;
    prop->hostNativeAtomicSupported = gpu->integrated;
    prop->l2CacheSize = (int)gpu->l2;
    prop->memoryBusWidth = gpu->bus_bits;
    prop->asyncEngineCount = 3;
    prop->ECCEnabled = !gpu->integrated;
    return cudaSuccess;
}

int fake_device_attribute(enum cudaDeviceAttr attribute, int *value)
{
    const struct gpu *gpu = &gpus[kind];
    switch ((int)attribute) {
    case cudaDevAttrComputeCapabilityMajor:
        return *value = gpu->major, 1;
    case cudaDevAttrComputeCapabilityMinor:
        return *value = gpu->minor, 1;
    case cudaDevAttrMultiProcessorCount:
        return *value = gpu->processors, 1;
    case cudaDevAttrIntegrated:
        return *value = gpu->integrated, 1;
    case cudaDevAttrPageableMemoryAccess:
        return *value = gpu->pageable, 1;
    case cudaDevAttrPageableMemoryAccessUsesHostPageTables:
        return *value = gpu->host_tables, 1;
    case cudaDevAttrDirectManagedMemAccessFromHost:
        return *value = gpu->direct_managed, 1;
    case cudaDevAttrConcurrentManagedAccess:
        return *value = gpu->concurrent, 1;
    case cudaDevAttrHostNativeAtomicSupported:
        return *value = gpu->integrated, 1;
    case cudaDevAttrManagedMemory:
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrCooperativeLaunch:
        return *value = 1, 1;
    case cudaDevAttrMaxThreadsPerBlock:
        return *value = 1024, 1;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
        return *value = gpu->threads_processor, 1;
    case cudaDevAttrMaxSharedMemoryPerBlock:
        return *value = 49152, 1;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        return *value = (int)gpu->shared_optin, 1;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
        return *value = (int)gpu->shared_processor, 1;
    case cudaDevAttrL2CacheSize:
        return *value = (int)gpu->l2, 1;
    case cudaDevAttrGlobalMemoryBusWidth:
        return *value = gpu->bus_bits, 1;
    case cudaDevAttrMemoryClockRate:
        return *value = gpu->integrated ? 4266000 : 3201000, 1;
    case cudaDevAttrClockRate:
        return *value = gpu->integrated ? 2418000 : 1980000, 1;
    case cudaDevAttrWarpSize:
        return *value = 32, 1;
    case cudaDevAttrKernelExecTimeout:
        return *value = 0, 1;
    default:
        return 0;
    }
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device)
{
    ENTER(0);
    if (!value || device != 0)
        return fake_result(value ? cudaErrorInvalidDevice : cudaErrorInvalidValue);
    if (fake_device_attribute(attribute, value))
        return cudaSuccess;
    fake_found("the fake does not know device attribute %d", (int)attribute);
    return fake_result(cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total)
{
    ENTER(0);
    *free_bytes = fake_device_free() > cached ? fake_device_free() - cached : 0;
    *total = gpus[kind].memory;
    return cudaSuccess;
}

/* Without a GPU there is no driver either: version 0. */
cudaError_t cudaDriverGetVersion(int *version)
{
    *version = 0;
    ENTER(CALL_ANYWHERE);
    *version = kind == FAKE_NONE ? 0 : CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    ENTER(CALL_ANYWHERE);
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaProfilerStart(void)
{
    ENTER(0);
    return cudaSuccess;
}

cudaError_t cudaProfilerStop(void)
{
    ENTER(0);
    return cudaSuccess;
}
