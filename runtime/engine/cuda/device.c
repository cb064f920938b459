#include "runtime/engine/cuda/device.h"

#include <stdio.h>

#include "runtime/engine/cuda/launcher.h"
#include "runtime/base/die.h"
#include "runtime/base/machine.h"
#include "runtime/base/model.h"

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
    device->major = found->major;
    device->minor = found->minor;
    device->integrated = found->integrated;
    device->coherent = found->integrated && found->directManagedMemAccessFromHost;
    device->prefetches = found->concurrentManagedAccess;
    device->processors = (u32)found->multiProcessorCount;
    device->shared_bytes_most = (u32)found->sharedMemPerBlockOptin;
}

void device_open(struct device *device)
{
    int count = 0;
    cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess)
        refuse(cudaGetErrorString(error));
    char why[512] = "CUDA finds none";
    for (int id = 0; id < count; id++) {
        struct cudaDeviceProp found;
        CUDA_CHECK(cudaGetDeviceProperties(&found, id));
        if (device_suits(device_targets, found.major, found.minor)) {
            describe(device, id, &found);
            CUDA_CHECK(cudaSetDevice(id));
            return;
        }
        snprintf(why, sizeof why, "%s has compute capability %d.%d", found.name, found.major,
                 found.minor);
    }
    refuse(why);
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
