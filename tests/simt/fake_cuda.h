/* A CUDA runtime without a GPU: what a test sets before, and asks after.
 *
 * The fake_cuda*.cc files are linked in place of the CUDA runtime, fake_cublaslt.cc in place of
 * cuBLASLt; the interpreter executes the kernels. Work that the host queues is executed as late as
 * CUDA allows: at a synchronization, or a few steps at every cudaStreamQuery. A host that forgets
 * to wait reads NaN, a host that overwrites the source of a queued copy sends the new bytes, and a
 * host that watches mapped memory must call cudaStreamQuery now and then for anything to happen.
 * Everything runs on the caller's thread.
 *
 * A program that is run as a child process is set up by the environment variable FAKE_CUDA, a list
 * of KEY=VALUE separated by commas:
 *
 *   device=none|h200|gb10|tegra   free=BYTES of device memory   seed=S of every random choice
 *   managed=PERCENT           of the rate of other memory, at which kernels get managed memory
 *                             (default 100), by the clock of events
 *   cached=BYTES              of the free memory, that cudaMemGetInfo counts as used
 *   fail=CALL:N:ERROR         the N-th call of CALL returns ERROR (a name or a number)
 *   refuse=GRAPHS             which graphs are never instantiated: early, loop, early-loop or all
 *   failkernel=NAME:N:ERROR   the N-th execution of a kernel fails, seen by later calls
 *   protect=0|1               device memory is out of the host's reach (default 1)
 *   report=FILE               calls, findings and leaks, written at exit
 *   trace=FILE                a line for each kernel, copy and fill at its execution; "carved" is
 *                             a kernel that prefers as much shared memory as there is
 *
 * A process that made a finding and wrote it nowhere but here ends with status 99. */
#ifndef TESTS_SIMT_FAKE_CUDA_H
#define TESTS_SIMT_FAKE_CUDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FAKE_TEGRA: shares the host's memory, and can neither advise nor prefetch managed memory. */
enum fake_kind { FAKE_NONE, FAKE_H200, FAKE_GB10, FAKE_TEGRA };

/* A fresh process: an H200 with its own memory, seed 0, protection on, no object, no finding.
 * Memory and objects of before are gone. */
void fake_reset(void);

/* The machine's GPU, and the device memory free on it (0: nearly all there is). */
void fake_device(enum fake_kind kind, uint64_t free_bytes);

/* The system's page cache lies in so much of it: it can be had, but is not called free. */
void fake_device_cached(uint64_t bytes);

/* Kernels get managed memory at so much of the rate of other memory: what events tell of a kernel
 * among whose parameters is an address of it. */
void fake_device_managed(uint64_t percent);

/* Seed of the order of unordered graph nodes, of how far a query gets, and of the interpreter's
 * schedule (simt_schedule). */
void fake_seed(uint64_t seed);

/* The allocation at `base` holds weights: kernels may read it before pdl_wait() and never write it.
 */
void fake_weights(const void *base);

/* Whether the host is kept from device memory between executions. */
void fake_protect(bool on);

/* The n-th use of `call` from now on (1: the next) returns `error` and does nothing. One order for
 * each call; the last one counts. Names are those of the CUDA and cuBLASLt functions, and
 * cublasLtMatmulHeuristicResult_t for the algorithms that the heuristic names: it is the state of
 * the n-th. */
void fake_fail(const char *call, uint64_t n, int error);

/* Graphs of this kind, and of every other one set before, are refused at instantiation with
 * cudaErrorNotSupported, as a driver does that has no such thing. */
enum fake_graphs {
    FAKE_GRAPHS_EARLY = 1,      /* with a programmatic edge anywhere */
    FAKE_GRAPHS_LOOP = 2,       /* with a conditional node */
    FAKE_GRAPHS_EARLY_LOOP = 4, /* with a conditional node whose body has a programmatic edge */
    FAKE_GRAPHS_ALL = 8,
};
void fake_refuse(enum fake_graphs graphs);

/* The n-th execution of the kernel from now on ends in `error`, as a fault on the device does:
 * every later call returns it. */
void fake_fail_kernel(const char *kernel, uint64_t n, int error);

/* How often a CUDA or cuBLASLt function was called. */
uint64_t fake_calls(const char *call);

/* From now on a call that allocates anything is a finding. In a binary of the runtime, arena_seal()
 * does this, and the weights arena is marked, without a word. */
void fake_seal(void);

/* What was done against CUDA's rules. Each is printed to stderr when it is made; taking them
 * empties the list. */
uint64_t fake_findings(void);
const char *fake_finding(uint64_t index);
void fake_findings_take(void);

/* Objects and memory that were made and not given back, one a line on `out` (NULL: only counted).
 */
uint64_t fake_leaks(FILE *out);

/* Kernels, copies and fills executed so far, and bytes of device memory in use. */
uint64_t fake_executed(void);
uint64_t fake_device_bytes(void);

/* Edges of a type (cudaGraphDependencyType) in all instantiated graphs, bodies included. */
uint64_t fake_edges(int type);

/* Every kernel, copy and fill is told to `watch` before its execution; NULL ends it. */
struct fake_step {
    const char *what; /* the kernel's name, "matmul", "copy" or "fill" */
    uint32_t blocks, threads, shared_bytes;
    uint64_t bytes;    /* of a copy or a fill */
    bool programmatic; /* may start before the one before it has ended */
    bool graph;        /* a node of a graph */
    int carveout; /* of a kernel: percent of the memory that it prefers shared, -1: no matter */
};
void fake_watch(void (*watch)(const struct fake_step *step));

/* The device's side of cudaGraphSetConditional. */
void fake_conditional_set(unsigned long long handle, unsigned int value);

#ifdef __cplusplus
}
#endif
#endif
