#include "runtime/engine/cuda/memory_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/model.h"
#include "runtime/base/number_text.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/cuda/memory.h"
#include "runtime/engine/cuda/read.h"

enum { KINDS = 2, LEFT_TIMES = 8 }; /* of one block: the memory that must be left */
static const enum memory_kind kinds[KINDS] = {MEMORY_DEVICE, MEMORY_UNIFIED};

struct probe {
    struct device *device;
    run *r;
    struct launcher launcher; /* `refused`: the first call that CUDA refused */
    uint64_t bytes;           /* of a block */
    void *block[KINDS];
    u32 *sums; /* what is read */
    cudaEvent_t before, after;
    float milliseconds[KINDS][MEMORY_PROBE_ROUNDS];
};

#define DID(p, function, ...) cuda_did(&(p)->launcher, function(__VA_ARGS__), #function)

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool make_block(struct probe *p, u32 i)
{
    const int id = p->device->id;
    const struct cudaMemLocation here = {.type = cudaMemLocationTypeDevice, .id = id};
    cudaStream_t stream = p->launcher.stream;
    if (kinds[i] == MEMORY_DEVICE) {
        if (!DID(p, cudaMalloc, &p->block[i], p->bytes))
            return false;
    } else if (!DID(p, cudaMallocManaged, &p->block[i], p->bytes, cudaMemAttachGlobal) ||
               !DID(p, cudaMemAdvise, p->block[i], p->bytes, cudaMemAdviseSetPreferredLocation,
                    here) ||
               !DID(p, cudaMemPrefetchAsync, p->block[i], p->bytes, here, 0, stream)) {
        return false;
    }
    return DID(p, cudaMemsetAsync, p->block[i], 1, p->bytes, stream);
}

static bool make(struct probe *p)
{
    return DID(p, cudaSetDevice, p->device->id) &&
           DID(p, cudaStreamCreateWithFlags, &p->launcher.stream, cudaStreamNonBlocking) &&
           DID(p, cudaEventCreate, &p->before) && DID(p, cudaEventCreate, &p->after) &&
           DID(p, cudaMalloc, (void **)&p->sums, READ_SUMS_BYTES(p->device->processors)) &&
           make_block(p, 0) && make_block(p, 1) &&
           DID(p, cudaStreamSynchronize, p->launcher.stream);
}

static bool read_block(struct probe *p, u32 i, float *milliseconds)
{
    p->r->weights = p->block[i];
    if (!DID(p, cudaEventRecord, p->before, p->launcher.stream))
        return false;
    read_launch(p->r, model.op_count, p->block[i], p->bytes, p->sums, p->device->processors);
    return DID(p, cudaEventRecord, p->after, p->launcher.stream) &&
           DID(p, cudaEventSynchronize, p->after) &&
           DID(p, cudaEventElapsedTime, milliseconds, p->before, p->after);
}

/* A round that is not counted, in which the kernel is loaded, then the others. Which kind comes
 * first alternates, so that a clock that rises or falls meanwhile favours neither. */
static bool measure(struct probe *p)
{
    for (u32 round = 0; round <= MEMORY_PROBE_ROUNDS; round++)
        for (u32 turn = 0; turn < KINDS; turn++) {
            const u32 i = (turn + round) % KINDS;
            float unused;
            if (!read_block(p, i, round > 0 ? &p->milliseconds[i][round - 1] : &unused))
                return false;
        }
    return true;
}

/* What there is of it; a call that is refused here counts like any other. */
static void give_back(struct probe *p)
{
    *p->r = (run){0};
    for (u32 i = 0; i < KINDS; i++)
        if (p->block[i])
            DID(p, cudaFree, p->block[i]);
    if (p->sums)
        DID(p, cudaFree, p->sums);
    if (p->before)
        DID(p, cudaEventDestroy, p->before);
    if (p->after)
        DID(p, cudaEventDestroy, p->after);
    if (p->launcher.stream)
        DID(p, cudaStreamDestroy, p->launcher.stream);
    (void)cudaGetLastError(); /* what was refused is told; later checks are not to find it again */
}

static int ascending(const void *a, const void *b)
{
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* Bytes per second at which the kind was read. */
static double median_rate(struct probe *p, u32 i)
{
    qsort(p->milliseconds[i], MEMORY_PROBE_ROUNDS, sizeof *p->milliseconds[i], ascending);
    return (double)p->bytes * 1e3 / (double)p->milliseconds[i][MEMORY_PROBE_ROUNDS / 2];
}

static const char *automatic(const struct device *device)
{
    return memory_kind_name(device->auto_unified ? MEMORY_UNIFIED : MEMORY_DEVICE);
}

static void decide(struct probe *p, double began, struct memory_reason *why)
{
    const double device = median_rate(p, 0), unified = median_rate(p, 1);
    p->device->auto_unified = unified * 100 >= device * (double)MEMORY_PROBE_ENOUGH_PERCENT;
    snprintf(why->text, sizeof why->text,
             "%s: the GPU reads unified memory at %.1f GB/s, device memory at %.1f GB/s (%s of "
             "each, in %.2f s)",
             automatic(p->device), unified * 1e-9, device * 1e-9, number_text_bytes(p->bytes).text,
             seconds() - began);
}

static void keep_rule(const struct device *device, const char *reason, struct memory_reason *why)
{
    snprintf(why->text, sizeof why->text, "%s by rule, not measured: %s", automatic(device),
             reason);
}

static void tell_refusal(const struct probe *p, struct memory_reason *why)
{
    char reason[256];
    const struct refusal *refused = &p->launcher.refused;
    snprintf(reason, sizeof reason, "%s%s%s: %s (%s)", refused->kernel ? refused->kernel : "",
             refused->kernel ? ": " : "", refused->call, cudaGetErrorString(refused->error),
             cudaGetErrorName(refused->error));
    keep_rule(p->device, reason, why);
}

/* Whether any arena of the model is `auto`. */
static bool is_asked(void)
{
    const char *const asked[] = {model.weights_memory, model.state_memory, model.scratch_memory,
                                 model.io_memory};
    for (u32 i = 0; i < sizeof asked / sizeof *asked; i++)
        if (strcmp(asked[i], "auto") == 0)
            return true;
    return false;
}

/* Why nothing is to be decided; NULL: there is. */
static const char *settled(const struct device *device)
{
    if (!is_asked())
        return "no arena asks for it";
    if (!device->integrated)
        return "device: the GPU has its own memory";
    if (!device->prefetches)
        return "device: the GPU cannot prefetch unified memory";
    return NULL;
}

bool memory_probe(struct device *device, run *r, struct memory_reason *why)
{
    const char *const known = settled(device);
    const double began = seconds();
    struct probe p = {.device = device,
                      .r = r,
                      .launcher.pass = PASS_TRY,
                      .bytes = MEMORY_PROBE_L2_TIMES * device->l2_bytes};
    if (known) {
        snprintf(why->text, sizeof why->text, "%s", known);
        return false;
    }
    if (p.bytes == 0 || memory_available() / LEFT_TIMES < p.bytes) {
        keep_rule(device, "too little memory is left for two blocks larger than the L2 cache", why);
        return true;
    }
    r->launcher = &p.launcher;
    const bool measured = make(&p) && measure(&p);
    give_back(&p);
    if (measured && !p.launcher.refused.call)
        decide(&p, began, why);
    else
        tell_refusal(&p, why);
    return true;
}
