/* The GPU of this process, and what it has. */
#ifndef RUNTIME_ENGINE_CUDA_DEVICE_H
#define RUNTIME_ENGINE_CUDA_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/run.h"

struct device {
    int id;
    char name[256];
    char address[24];      /* on the PCI bus: "00000000:3B:00.0" */
    int major, minor;      /* compute capability */
    bool integrated;       /* shares its memory with the host */
    bool coherent;         /* and sees the host's writes, as the host sees its own, at no cost */
    bool prefetches;       /* managed memory can be advised and brought to it */
    bool auto_unified;     /* `auto` memory is unified: at first by rule, where it is coherent and
                              prefetches; then by memory_probe() */
    uint64_t l2_bytes;     /* 0: not known */
    u32 processors;        /* streaming multiprocessors */
    u32 shared_bytes_most; /* dynamic shared memory of a block */
};

/* What this binary holds kernels for, in words parted by blanks: "sm_90a" for exactly that compute
 * capability, "sm_80" for it and later minor ones, "compute_90" (PTX) for it and everything later.
 */
extern const char device_targets[];

/* Whether kernels for `targets` run on compute capability major.minor. */
bool device_suits(const char *targets, int major, int minor);

/* Describes the first GPU that suits, of which nothing is taken; or says why there is none. */
struct device_refusal {
    char why[512];
};
bool device_find(struct device *device, struct device_refusal *refusal);

/* Takes that GPU. Exits with EXIT_PROCESSOR if there is none, with CUDA's text or with what was
 * found and what this binary was built for. */
void device_open(struct device *device);

/* Bytes of its memory that nobody has, and of all of it. CUDA counts the system's page cache as had
 * by somebody, which a GPU that shares its memory with the host could be given at any time. */
void device_memory(uint64_t *available, uint64_t *all);

/* Bytes that can still be taken: of its own memory, or of the host's where it has none; for a
 * difference between two times. Allocates nothing. */
uint64_t device_memory_left(const struct device *device);

#endif
