#include "runtime/engine/cuda/device.h"

#include <stdio.h>

#include "runtime/base/die.h"
#include "runtime/base/machine.h"
#include "runtime/base/model.h"
#include "runtime/engine/cuda/launcher.h"

#ifndef CUDA_TARGETS
#error "CUDA_TARGETS is to say what the kernels are compiled for: '"sm_90a compute_90"'"
#endif
const char device_targets[] = CUDA_TARGETS;

static _Noreturn void refuse(const char *why)
{
    die(EXIT_PROCESSOR,
        "no suitable GPU: %s; this binary was built for %s. 'info' and 'tokenize' work without a "
        "GPU; 'make MODEL=%s' makes a binary that needs none",
        why, device_targets, model.name);
}

static void describe(struct device *device, int id, const struct cudaDeviceProp *found)
{
    device->id = id;
    snprintf(device->name, sizeof device->name, "%s", found->name);
    snprintf(device->address, sizeof device->address, "%08X:%02X:%02X.0",
             (unsigned)found->pciDomainID & 0xFFFFFFFF, (unsigned)found->pciBusID & 0xFF,
             (unsigned)found->pciDeviceID & 0xFF);
    device->major = found->major;
    device->minor = found->minor;
    device->integrated = found->integrated;
    device->coherent = found->integrated && found->directManagedMemAccessFromHost;
    device->prefetches = found->concurrentManagedAccess;
    device->auto_unified = device->coherent && device->prefetches;
    device->l2_bytes = found->l2CacheSize > 0 ? (uint64_t)found->l2CacheSize : 0;
    device->processors = (u32)found->multiProcessorCount;
    device->shared_bytes_most = (u32)found->sharedMemPerBlockOptin;
}

/* What CUDA says about a call that failed; "" if it did not. */
static bool failed(cudaError_t error, struct device_refusal *refusal)
{
    snprintf(refusal->why, sizeof refusal->why, "%s", cudaGetErrorString(error));
    return error != cudaSuccess;
}

bool device_find(struct device *device, struct device_refusal *refusal)
{
    int count = 0;
    if (failed(cudaGetDeviceCount(&count), refusal))
        return false;
    snprintf(refusal->why, sizeof refusal->why, "CUDA finds none");
    for (int id = 0; id < count; id++) {
        struct cudaDeviceProp found;
        if (failed(cudaGetDeviceProperties(&found, id), refusal))
            return false;
        if (device_suits(device_targets, found.major, found.minor)) {
            describe(device, id, &found);
            return true;
        }
        snprintf(refusal->why, sizeof refusal->why, "%s has compute capability %d.%d", found.name,
                 found.major, found.minor);
    }
    return false;
}

void device_open(struct device *device)
{
    struct device_refusal refusal;
    if (!device_find(device, &refusal))
        refuse(refusal.why);
    CUDA_CHECK(cudaSetDevice(device->id));
}

void device_memory(uint64_t *available, uint64_t *all)
{
    size_t left = 0, total = 0;
    CUDA_CHECK(cudaMemGetInfo(&left, &total));
    *available = left;
    *all = total;
}

uint64_t device_memory_left(const struct device *device)
{
    uint64_t left, all;
    if (device->integrated)
        return machine_field("/proc/meminfo", "MemAvailable:", 0) * 1024;
    device_memory(&left, &all);
    return left;
}
