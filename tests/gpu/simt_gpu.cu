/* tests/simt/simt.h on a real GPU: the same tests, with the kernels launched instead of
 * interpreted.
 *
 * Memory is the host's, pinned, under the same address on both sides; a test writes and reads it
 * between launches, which are waited for. What the interpreter would find of its own knowledge
 * (races, unwritten memory, bounds) is compute-sanitizer's to find here; a launch that fails, and a
 * store into the bytes around a test's memory, are findings. Schedules are the GPU's own. */
#include <cuda_runtime.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "tests/simt/simt.h"

enum { MEMORIES_MOST = 256, PAGE = 4096, BAND = 256, NEW = 0xff, REPORT_BYTES = 4096 };

struct memory {
    const char *name;
    unsigned char *at; /* NULL: no memory */
    size_t bytes;
    bool own; /* made here, with its bands */
};

static struct memory memories[MEMORIES_MOST];
static uint64_t findings;
static char report[REPORT_BYTES];

/* A test program on a machine without a GPU is no test. */
__attribute__((constructor)) static void require_device(void)
{
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess || count == 0)
        die(EXIT_PROCESSOR, "no CUDA device: %s", cudaGetErrorString(error));
}

static void check(cudaError_t error, const char *what)
{
    if (error != cudaSuccess)
        die(EXIT_FAILED, "%s: %s (%s)", what, cudaGetErrorString(error), cudaGetErrorName(error));
}

void simt_find(const char *format, ...)
{
    const size_t used = strlen(report);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report + used, sizeof report - used, format, arguments);
    va_end(arguments);
    findings++;
}

uint64_t simt_findings(void)
{
    return findings;
}

const char *simt_report(void)
{
    return report;
}

void simt_forget(void)
{
    findings = 0;
    report[0] = 0;
}

/* ---- memory ------------------------------------------------------------------------------------
 */
static struct memory *find(const void *at)
{
    for (u32 i = 0; i < MEMORIES_MOST; i++)
        if (memories[i].at == at)
            return &memories[i];
    die(EXIT_FAILED, at ? "the GPU fixture was never given this memory"
                        : "the GPU fixture has room for no more than 256 memories at a time");
}

static bool band_intact(const unsigned char *band)
{
    for (u32 i = 0; i < BAND; i++)
        if (band[i] != NEW)
            return false;
    return true;
}

/* Whoever made the memory left BAND bytes of 0xff on both sides of it. */
static void check_bands(const struct memory *m)
{
    if (!band_intact(m->at - BAND))
        simt_find("something wrote in front of '%s'\n", m->name);
    if (!band_intact(m->at + m->bytes))
        simt_find("something wrote behind '%s'\n", m->name);
}

/* Memory of the fixture: whole pages of its own, with bands around. */
void simt_memory_add(const void *memory, size_t bytes, enum simt_kind kind, const char *name)
{
    (void)kind;
    const uintptr_t first = ((uintptr_t)memory - BAND) / PAGE * PAGE;
    const uintptr_t end = ((uintptr_t)memory + bytes + BAND + PAGE - 1) / PAGE * PAGE;
    check(cudaHostRegister((void *)first, end - first, cudaHostRegisterMapped), "cudaHostRegister");
    void *seen;
    check(cudaHostGetDevicePointer(&seen, (void *)first, 0), "cudaHostGetDevicePointer");
    if (seen != (void *)first)
        die(EXIT_FAILED, "this GPU sees the host's memory under another address");
    *find(NULL) = (struct memory){name, (unsigned char *)(uintptr_t)memory, bytes, false};
}

void simt_memory_remove(const void *memory)
{
    struct memory *const m = find(memory);
    check_bands(m);
    check(cudaHostUnregister((void *)(((uintptr_t)memory - BAND) / PAGE * PAGE)),
          "cudaHostUnregister");
    m->at = NULL;
}

void *simt_memory_new(size_t bytes, enum simt_kind kind, const char *name)
{
    (void)kind;
    void *made;
    check(cudaHostAlloc(&made, bytes + 2 * BAND, cudaHostAllocMapped), "cudaHostAlloc");
    memset(made, NEW, bytes + 2 * BAND);
    unsigned char *const at = (unsigned char *)made + BAND;
    *find(NULL) = (struct memory){name, at, bytes, true};
    return at;
}

void simt_memory_free(void *memory)
{
    struct memory *const m = find(memory);
    check_bands(m);
    check(cudaFreeHost(m->at - BAND), "cudaFreeHost");
    m->at = NULL;
}

/* ---- launches ----------------------------------------------------------------------------------
 */
int simt_launch(const void *kernel, u32 blocks, u32 threads, u32 shared_bytes, const void *params)
{
    void *arguments[] = {(void *)(uintptr_t)params};
    cudaError_t error = cudaSuccess;
    if (shared_bytes > 0)
        error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                     (int)shared_bytes);
    if (error == cudaSuccess)
        error = cudaLaunchKernel(kernel, dim3(blocks), dim3(threads), arguments, shared_bytes, 0);
    if (error == cudaSuccess)
        error = cudaDeviceSynchronize();
    if (error != cudaSuccess)
        simt_find("launch: %s (%s)\n", cudaGetErrorString(error), cudaGetErrorName(error));
    for (u32 i = 0; i < MEMORIES_MOST; i++)
        if (memories[i].at)
            check_bands(&memories[i]);
    return error == cudaSuccess;
}

/* The compiler and the driver know a kernel's parameters: no check of a fixture's applies. */
const struct simt_kernel *simt_kernel_of(const void *handle)
{
    (void)handle;
    return NULL;
}

void simt_schedule(uint64_t seed)
{
    (void)seed;
}
