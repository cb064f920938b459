/* What a GPU can give: bandwidths, and what every kernel, meeting and launch costs. The constants
 * that a design is made with, and that a benchmark's numbers are compared with. */
#ifndef TOOLS_BENCH_GPU_PROBE_H
#define TOOLS_BENCH_GPU_PROBE_H

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdbool.h>

#include "runtime/base/run.h"

enum {
    PROBE_ROUNDS_MOST = 101,
    PROBE_MEASURES = 12,
    PROBE_MEMORIES = 3, /* device, managed, mapped */
};

/* Chains of kernels in a graph. */
enum probe_chain {
    CHAIN_FULL,   /* one ends before the next one starts */
    CHAIN_EARLY,  /* the next one starts early: programmatic edges, as in all that follow */
    CHAIN_SHARED, /* they alternate between no shared memory and 48 KiB */
    CHAIN_CARVED, /* the same, and all prefer as much shared memory as there is */
    CHAINS,
};

/* Sizes of what is done: small ones for a test of the program, not for numbers. */
struct probe_sizes {
    uint64_t bytes;        /* of each memory that is read; several times the L2 cache */
    uint64_t bytes_mapped; /* of the host's memory, which is read many times slower */
    u32 matrix;            /* rows, columns and depth of the product */
    u32 chain;             /* kernels of a chain */
    u32 meetings;          /* of all blocks in one kernel */
    u32 blocks;            /* of the kernels that fill the device; 0: its multiprocessors */
};

/* A memory of one kind, all its bytes 1. */
struct probe_memory {
    void *at;
    uint64_t bytes;
    const char *left_out; /* why there is none; NULL: there is */
};

struct probe {
    struct probe_sizes sizes;
    struct cudaDeviceProp device;
    int driver_version, runtime_version; /* 13000: 13.0 */
    int clock_khz, memory_clock_khz;     /* at most; 0: not told */
    cudaStream_t stream;
    struct probe_memory memory[PROBE_MEMORIES];
    u32 *words;                            /* device memory for what the kernels leave */
    cudaGraphExec_t one, chain[CHAINS][2]; /* a tenth of the chain, all of it */
    cublasLtHandle_t library;
    void *matrices, *workspace;
    cublasLtMatmulDescOpaque_t product;
    cublasLtMatrixLayoutOpaque_t layout[2]; /* of the factors, of the product */
    cublasLtMatmulAlgo_t algorithm;
};

struct probe_measure {
    const char *name, *unit, *means;
    /* One sample in `unit`, or a negative number: `left_out` then says why there is none. Ends the
     * program if a kernel's result shows that it did not do its work. */
    double (*sample)(struct probe *probe, const char **left_out);
    bool chosen;
    const char *left_out;
    u32 count;
    double samples[PROBE_ROUNDS_MOST]; /* sorted by probe_run() */
};
extern struct probe_measure probe_measures[PROBE_MEASURES];

/* Sizes for numbers. */
struct probe_sizes probe_sizes_default(void);

/* Finds the first device and makes all that the measures need, the plain device memory first. Ends
 * the program with EXIT_PROCESSOR without a device, with EXIT_MEMORY or EXIT_FAILED otherwise. */
void probe_open(struct probe *probe, const struct probe_sizes *sizes);
void probe_close(struct probe *probe);

/* One round of all chosen measures that is not counted, then `rounds` interleaved ones. */
void probe_run(struct probe *probe, u32 rounds);

/* The median of the sorted samples. */
double probe_median(const struct probe_measure *measure);

#endif
