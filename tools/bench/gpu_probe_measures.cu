/* Everything is timed by the host's clock around work that ends in a synchronization: long enough
 * for what starting and waiting takes (6 to 15 us) not to matter, or once short and once long, so
 * that it falls out of the difference. */
#include "tools/bench/gpu_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/die.h"
#include "runtime/engine/cuda/matmul.h"
#include "runtime/engine/cuda/probe.cuh"
#include "runtime/engine/cuda/random.cuh"

extern "C" {
#include "runtime/base/machine.h"
}

enum {
    WORDS = 1 << 20,  /* of probe.words: sums of every warp, or a counter and what blocks met */
    READ_PASSES = 10, /* a pass of 4 GiB takes a millisecond */
    CHAIN_PARTS = 10, /* the short chain is this part of the long one */
    SHARED_BYTES = 48 << 10, /* what a block may have without asking for more */
    WORKSPACE_BYTES = 32 << 20,
};

static void check(cudaError_t error, const char *call)
{
    if (error != cudaSuccess)
        die(error == cudaErrorMemoryAllocation ? EXIT_MEMORY : EXIT_FAILED, "%s: %s (%s)", call,
            cudaGetErrorString(error), cudaGetErrorName(error));
}

static void check_blas(cublasStatus_t status, const char *call)
{
    if (status != CUBLAS_STATUS_SUCCESS)
        die(EXIT_FAILED, "%s: %s (%s)", call, cublasLtGetStatusString(status),
            cublasLtGetStatusName(status));
}

#define CHECK(call)      check((call), #call)
#define CHECK_BLAS(call) check_blas((call), #call)

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- launches ----------------------------------------------------------------------------------
 */
enum edges { EDGES_FULL, EDGES_PROGRAMMATIC, EDGES_COOPERATIVE };

static void start_shared(struct probe *probe, const void *kernel, u32 blocks, u32 threads,
                         u32 shared_bytes, void *params, enum edges edges)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(blocks);
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.stream = probe->stream;
    cudaLaunchAttribute attribute = {};
    if (edges == EDGES_PROGRAMMATIC) {
        attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
        attribute.val.programmaticStreamSerializationAllowed = 1;
    } else {
        attribute.id = cudaLaunchAttributeCooperative;
        attribute.val.cooperative = 1;
    }
    config.attrs = &attribute;
    config.numAttrs = edges == EDGES_FULL ? 0 : 1;
    CHECK(cudaLaunchKernelExC(&config, kernel, &params));
}

static void start(struct probe *probe, const void *kernel, u32 blocks, u32 threads, void *params,
                  enum edges edges)
{
    start_shared(probe, kernel, blocks, threads, 0, params, edges);
}

static void start_chain(struct probe *probe, u32 kernels, enum probe_chain chain)
{
    struct probe_nothing params = {probe->words};
    const void *const kernel = chain == CHAIN_CARVED ? (const void *)probe_carved_kernel
                                                     : (const void *)probe_nothing_kernel;
    const u32 shared_bytes = chain == CHAIN_SHARED || chain == CHAIN_CARVED ? SHARED_BYTES : 0;
    for (u32 i = 0; i < kernels; i++)
        start_shared(probe, kernel, probe->sizes.blocks, PROBE_NOTHING_THREADS,
                     i % 2 ? shared_bytes : 0, &params,
                     i && chain != CHAIN_FULL ? EDGES_PROGRAMMATIC : EDGES_FULL);
}

static void finish(struct probe *probe)
{
    CHECK(cudaStreamSynchronize(probe->stream));
}

static void clear_words(struct probe *probe, u32 count)
{
    CHECK(cudaMemsetAsync(probe->words, 0, count * sizeof(u32), probe->stream));
    finish(probe);
}

static void fetch_words(struct probe *probe, u32 *words, u32 count)
{
    CHECK(cudaMemcpyAsync(words, probe->words, count * sizeof(u32), cudaMemcpyDeviceToHost,
                          probe->stream));
    finish(probe);
}

static cudaGraphExec_t record_chain(struct probe *probe, u32 kernels, enum probe_chain chain)
{
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamBeginCapture(probe->stream, cudaStreamCaptureModeGlobal));
    start_chain(probe, kernels, chain);
    CHECK(cudaStreamEndCapture(probe->stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaGraphUpload(executable, probe->stream));
    finish(probe);
    return executable;
}

/* ---- samples -----------------------------------------------------------------------------------
 */
static double read_memory(struct probe *probe, u32 which, const char **left_out)
{
    static u32 sums[WORDS];
    const struct probe_memory *const memory = &probe->memory[which];
    if (memory->left_out) {
        *left_out = memory->left_out;
        return -1;
    }
    const u32 blocks = probe->sizes.blocks * PROBE_READ_BLOCKS;
    const u32 warps = blocks * PROBE_READ_THREADS / WARP;
    struct probe_read params = {memory->at, memory->bytes / 16, probe->words};
    const double began = seconds();
    for (u32 pass = 0; pass < READ_PASSES; pass++)
        start(probe, (const void *)probe_read_kernel, blocks, PROBE_READ_THREADS, &params,
              EDGES_FULL);
    finish(probe);
    const double took = seconds() - began;
    fetch_words(probe, sums, warps);
    u32 sum = 0;
    for (u32 i = 0; i < warps; i++)
        sum += sums[i];
    const u32 expected = (u32)(memory->bytes / 4) * 0x01010101u;
    if (sum != expected)
        die(EXIT_WRONG, "reading %s memory: the sum of its words is %#x, expected %#x",
            probe_measures[which].name, sum, expected);
    return (double)memory->bytes * (double)READ_PASSES / took * 1e-9;
}

static double read_device(struct probe *probe, const char **left_out)
{
    return read_memory(probe, 0, left_out);
}

static double read_managed(struct probe *probe, const char **left_out)
{
    return read_memory(probe, 1, left_out);
}

static double read_mapped(struct probe *probe, const char **left_out)
{
    return read_memory(probe, 2, left_out);
}

static void require_count(struct probe *probe, u32 expected, const char *what)
{
    u32 count;
    fetch_words(probe, &count, 1);
    if (count != expected)
        die(EXIT_WRONG, "%s: %u kernels left their mark one after another, expected %u", what,
            count, expected);
}

static double launch_once(struct probe *probe, const char **left_out)
{
    (void)left_out;
    const double began = seconds();
    CHECK(cudaGraphLaunch(probe->one, probe->stream));
    finish(probe);
    return (seconds() - began) * 1e6;
}

/* Microseconds per kernel of a chain, from a short and a long one. */
static double gap(struct probe *probe, bool graph, enum probe_chain chain, const char *what)
{
    double took[2];
    u32 kernels[2] = {probe->sizes.chain / CHAIN_PARTS, probe->sizes.chain};
    clear_words(probe, 1);
    for (u32 i = 0; i < 2; i++) {
        const double began = seconds();
        if (graph)
            CHECK(cudaGraphLaunch(probe->chain[chain][i], probe->stream));
        else
            start_chain(probe, kernels[i], chain);
        finish(probe);
        took[i] = seconds() - began;
    }
    require_count(probe, kernels[0] + kernels[1], what);
    return (took[1] - took[0]) / (kernels[1] - kernels[0]) * 1e6;
}

static double gap_stream(struct probe *probe, const char **left_out)
{
    (void)left_out;
    return gap(probe, false, CHAIN_FULL, "kernels in a stream");
}

static double gap_graph(struct probe *probe, const char **left_out)
{
    (void)left_out;
    return gap(probe, true, CHAIN_FULL, "kernels in a graph");
}

static double gap_pdl(struct probe *probe, const char **left_out)
{
    (void)left_out;
    return gap(probe, true, CHAIN_EARLY, "kernels in a graph with programmatic edges");
}

static double gap_shared(struct probe *probe, const char **left_out)
{
    (void)left_out;
    return gap(probe, true, CHAIN_SHARED, "kernels with and without shared memory");
}

static double gap_carved(struct probe *probe, const char **left_out)
{
    (void)left_out;
    return gap(probe, true, CHAIN_CARVED, "kernels that prefer shared memory");
}

static double meet(struct probe *probe, u32 rounds, bool checked)
{
    const u32 blocks = probe->sizes.blocks;
    u32 found[2];
    clear_words(probe, blocks + 2);
    struct probe_meet params = {probe->words, probe->words + 1, probe->words + 2, rounds, checked};
    const double began = seconds();
    start(probe, (const void *)probe_meet_kernel, blocks, PROBE_MEET_THREADS, &params,
          EDGES_COOPERATIVE);
    finish(probe);
    const double took = seconds() - began;
    fetch_words(probe, found, 2);
    if (found[0] != rounds * blocks || found[1] != 0)
        die(EXIT_WRONG, "%u blocks came to %u meetings: %u times in all, %u times a block was late",
            blocks, rounds, found[0], found[1]);
    return took;
}

static double grid_barrier(struct probe *probe, const char **left_out)
{
    if (!probe->device.cooperativeLaunch) {
        *left_out = "the device has no cooperative launch";
        return -1;
    }
    const u32 few = probe->sizes.meetings / CHAIN_PARTS, many = probe->sizes.meetings;
    meet(probe, few, true);
    const double short_one = meet(probe, few, false), long_one = meet(probe, many, false);
    return (long_one - short_one) / (many - few) * 1e6;
}

/* The smallest of many: a thread that was held up sees several ticks as one. */
static double clock_tick(struct probe *probe, const char **left_out)
{
    u32 ticks[PROBE_CLOCK_TICKS];
    (void)left_out;
    struct probe_clock params = {probe->words};
    start(probe, (const void *)probe_clock_kernel, 1, WARP, &params, EDGES_FULL);
    fetch_words(probe, ticks, PROBE_CLOCK_TICKS);
    u32 least = ticks[0];
    for (u32 i = 1; i < PROBE_CLOCK_TICKS; i++)
        least = ticks[i] < least ? ticks[i] : least;
    return least;
}

static double multiply(struct probe *probe, const char **left_out)
{
    enum { PRODUCTS = 10 };
    (void)left_out;
    const u32 n = probe->sizes.matrix;
    const uint64_t bytes = (uint64_t)n * n * sizeof(bf16);
    const f32 one = 1, zero = 0;
    char *const a = (char *)probe->matrices, *const b = a + bytes, *const c = b + bytes;
    const cublasLtMatrixLayout_t in = (cublasLtMatrixLayout_t)&probe->layout[0];
    const cublasLtMatrixLayout_t out = (cublasLtMatrixLayout_t)&probe->layout[1];
    const double began = seconds();
    for (int i = 0; i < PRODUCTS; i++)
        CHECK_BLAS(cublasLtMatmul(probe->library, (cublasLtMatmulDesc_t)&probe->product, &one, a,
                                  in, b, in, &zero, c, out, c, out, &probe->algorithm,
                                  probe->workspace, WORKSPACE_BYTES, probe->stream));
    finish(probe);
    return 2.0 * n * n * n * (double)PRODUCTS / (seconds() - began) * 1e-12;
}

#define MEASURE(name, unit, means, sample)                                                         \
    {                                                                                              \
        name, unit, means, sample, false, NULL, 0,                                                 \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
struct probe_measure probe_measures[PROBE_MEASURES] = {
    MEASURE("read_device", "GB/s", "reading device memory", read_device),
    MEASURE("read_managed", "GB/s", "reading managed memory, prefetched to the device",
            read_managed),
    MEASURE("read_mapped", "GB/s", "reading the host's pinned memory", read_mapped),
    MEASURE("gap_stream", "us", "from kernel to kernel, launched one by one", gap_stream),
    MEASURE("gap_graph", "us", "from kernel to kernel in a graph", gap_graph),
    MEASURE("gap_pdl", "us", "the same with programmatic edges", gap_pdl),
    MEASURE("gap_shared", "us", "gap_pdl, every other kernel with 48 KiB of shared memory",
            gap_shared),
    MEASURE("gap_carved", "us", "the same, all preferring the most shared memory", gap_carved),
    MEASURE("graph_launch", "us", "launching a graph of one kernel and waiting for it",
            launch_once),
    MEASURE("grid_barrier", "us", "all blocks meet at a counter", grid_barrier),
    MEASURE("clock_tick", "ns", "step of the device's clock", clock_tick),
    MEASURE("gemm_bf16", "TFLOP/s", "cuBLASLt, bf16 in, f32 out, random numbers", multiply),
};

/* ---- what samples need -------------------------------------------------------------------------
 */
static bool chosen(double (*sample)(struct probe *, const char **))
{
    for (u32 i = 0; i < PROBE_MEASURES; i++)
        if (probe_measures[i].sample == sample)
            return probe_measures[i].chosen;
    return false;
}

static void open_device(struct probe *probe)
{
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess || count == 0)
        die(EXIT_PROCESSOR, "no CUDA device: %s (%s)",
            error == cudaSuccess ? "there is none" : cudaGetErrorString(error),
            cudaGetErrorName(error));
    CHECK(cudaSetDevice(0));
    CHECK(cudaGetDeviceProperties(&probe->device, 0));
    CHECK(cudaDriverGetVersion(&probe->driver_version));
    CHECK(cudaRuntimeGetVersion(&probe->runtime_version));
    CHECK(cudaDeviceGetAttribute(&probe->clock_khz, cudaDevAttrClockRate, 0));
    CHECK(cudaDeviceGetAttribute(&probe->memory_clock_khz, cudaDevAttrMemoryClockRate, 0));
    if (!probe->sizes.blocks)
        probe->sizes.blocks = (u32)probe->device.multiProcessorCount;
    if ((uint64_t)probe->sizes.blocks * PROBE_READ_BLOCKS * PROBE_READ_THREADS / WARP > WORDS)
        die(EXIT_FAILED, "%u multiprocessors are more than this program has words for",
            probe->sizes.blocks);
}

static void fill(struct probe *probe, struct probe_memory *memory)
{
    CHECK(cudaMemsetAsync(memory->at, 1, memory->bytes, probe->stream));
    finish(probe);
}

/* Managed memory beyond what is free can bring a machine down: half of what is left, at most. */
static void open_managed(struct probe *probe, struct probe_memory *memory)
{
    size_t available, all;
    CHECK(cudaMemGetInfo(&available, &all));
    if (probe->device.integrated) /* the page cache can be had, and is not counted */
        available = machine_field("/proc/meminfo", "MemAvailable:", 0) * 1024;
    if (!probe->device.concurrentManagedAccess)
        memory->left_out = "the device cannot hold managed memory while the host runs";
    else if (available / 2 < memory->bytes)
        memory->left_out = "less than twice as much device memory is free";
    if (memory->left_out)
        return;
    struct cudaMemLocation here = {};
    here.type = cudaMemLocationTypeDevice;
    CHECK(cudaMallocManaged(&memory->at, memory->bytes, cudaMemAttachGlobal));
    CHECK(cudaMemAdvise(memory->at, memory->bytes, cudaMemAdviseSetPreferredLocation, here));
    CHECK(cudaMemPrefetchAsync(memory->at, memory->bytes, here, 0, probe->stream));
    fill(probe, memory);
}

static void open_memories(struct probe *probe)
{
    struct probe_memory *const memory = probe->memory;
    memory[0].bytes = memory[1].bytes = probe->sizes.bytes;
    memory[2].bytes = probe->sizes.bytes_mapped;
    for (u32 i = 0; i < PROBE_MEMORIES; i++)
        if (!probe_measures[i].chosen)
            memory[i].left_out = "not asked for";
    if (!memory[0].left_out) {
        CHECK(cudaMalloc(&memory[0].at, memory[0].bytes));
        fill(probe, &memory[0]);
    }
    if (!memory[1].left_out)
        open_managed(probe, &memory[1]);
    if (!memory[2].left_out) {
        CHECK(cudaHostAlloc(&memory[2].at, memory[2].bytes, cudaHostAllocMapped));
        fill(probe, &memory[2]);
    }
}

static void describe_product(struct probe *probe)
{
    const u32 n = probe->sizes.matrix;
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const uint64_t workspace = WORKSPACE_BYTES;
    cublasLtMatmulPreferenceOpaque_t preference;
    cublasLtMatmulHeuristicResult_t answers[MATMUL_ANSWERS];
    int found = 0;
    CHECK_BLAS(cublasLtCreate(&probe->library));
    CHECK_BLAS(cublasLtMatmulDescInit(&probe->product, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    CHECK_BLAS(cublasLtMatmulDescSetAttribute(&probe->product, CUBLASLT_MATMUL_DESC_TRANSA,
                                              &transposed, sizeof transposed));
    CHECK_BLAS(cublasLtMatrixLayoutInit(&probe->layout[0], CUDA_R_16BF, n, n, n));
    CHECK_BLAS(cublasLtMatrixLayoutInit(&probe->layout[1], CUDA_R_32F, n, n, n));
    CHECK_BLAS(cublasLtMatmulPreferenceInit(&preference));
    CHECK_BLAS(cublasLtMatmulPreferenceSetAttribute(
        &preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));
    CHECK_BLAS(cublasLtMatmulAlgoGetHeuristic(
        probe->library, &probe->product, &probe->layout[0], &probe->layout[0], &probe->layout[1],
        &probe->layout[1], &preference, MATMUL_ANSWERS, answers, &found));
    const cublasLtMatmulHeuristicResult_t *const best = matmul_first(answers, found);
    if (!best)
        die(EXIT_FAILED, "cuBLASLt has no algorithm for a product of %u^3", n);
    probe->algorithm = best->algo;
}

/* Two random matrices: multiplying zeros draws less power, and so runs at a higher clock. */
static void open_product(struct probe *probe)
{
    const u32 n = probe->sizes.matrix;
    const uint64_t elements = (uint64_t)n * n;
    CHECK(cudaMalloc(&probe->workspace, WORKSPACE_BYTES));
    CHECK(cudaMalloc(&probe->matrices, elements * (2 * sizeof(bf16) + sizeof(f32))));
    for (u32 i = 0; i < 2; i++) {
        struct random_fill params = {};
        params.to = (bf16 *)probe->matrices + i * elements;
        params.type = FORMAT_BF16;
        params.elements = elements;
        params.line = params.line_stride = elements;
        params.row_stride = params.cols = params.head = n;
        params.col_stride = 1;
        params.spread = 1;
        params.tensor = i;
        start(probe, (const void *)random_fill_kernel, RANDOM_BLOCKS(0, elements), RANDOM_THREADS,
              &params, EDGES_FULL);
    }
    finish(probe);
    describe_product(probe);
}

static void open_chains(struct probe *probe)
{
    CHECK(cudaFuncSetAttribute((const void *)probe_carved_kernel,
                               cudaFuncAttributePreferredSharedMemoryCarveout,
                               cudaSharedmemCarveoutMaxShared));
    for (u32 chain = 0; chain < CHAINS; chain++)
        for (u32 whole = 0; whole < 2; whole++)
            probe->chain[chain][whole] = record_chain(
                probe, probe->sizes.chain / (whole ? 1 : CHAIN_PARTS), (enum probe_chain)chain);
    probe->one = record_chain(probe, 1, CHAIN_FULL);
}

struct probe_sizes probe_sizes_default(void)
{
    struct probe_sizes sizes = {};
    sizes.bytes = (uint64_t)4 << 30;
    sizes.bytes_mapped = (uint64_t)256 << 20;
    sizes.matrix = 8192;
    sizes.chain = 2000;
    sizes.meetings = 10000;
    return sizes;
}

void probe_open(struct probe *probe, const struct probe_sizes *sizes)
{
    memset(probe, 0, sizeof *probe);
    probe->sizes = *sizes;
    open_device(probe);
    CHECK(cudaStreamCreateWithFlags(&probe->stream, cudaStreamNonBlocking));
    open_memories(probe);
    CHECK(cudaMalloc((void **)&probe->words, WORDS * sizeof(u32)));
    clear_words(probe, WORDS);
    if (chosen(gap_graph) || chosen(gap_pdl) || chosen(gap_shared) || chosen(gap_carved) ||
        chosen(launch_once))
        open_chains(probe);
    if (chosen(multiply))
        open_product(probe);
}

void probe_close(struct probe *probe)
{
    if (probe->library)
        CHECK_BLAS(cublasLtDestroy(probe->library));
    for (u32 i = 0; probe->one && i < 2 * CHAINS; i++)
        CHECK(cudaGraphExecDestroy(probe->chain[i / 2][i % 2]));
    if (probe->one)
        CHECK(cudaGraphExecDestroy(probe->one));
    CHECK(cudaFree(probe->matrices));
    CHECK(cudaFree(probe->workspace));
    CHECK(cudaFree(probe->words));
    CHECK(cudaFree(probe->memory[0].at));
    CHECK(cudaFree(probe->memory[1].at));
    CHECK(cudaFreeHost(probe->memory[2].at));
    CHECK(cudaStreamDestroy(probe->stream));
}

/* ---- rounds ------------------------------------------------------------------------------------
 */
static int ascending(const void *a, const void *b)
{
    const double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

void probe_run(struct probe *probe, u32 rounds)
{
    for (u32 round = 0; round <= rounds; round++)
        for (u32 i = 0; i < PROBE_MEASURES; i++) {
            struct probe_measure *const m = &probe_measures[i];
            if (!m->chosen || m->left_out)
                continue;
            const double sample = m->sample(probe, &m->left_out);
            if (!m->left_out && round > 0)
                m->samples[m->count++] = sample;
        }
    for (u32 i = 0; i < PROBE_MEASURES; i++)
        qsort(probe_measures[i].samples, probe_measures[i].count, sizeof(double), ascending);
}

double probe_median(const struct probe_measure *measure)
{
    const u32 middle = measure->count / 2;
    const double upper = measure->samples[middle];
    return measure->count % 2 ? upper : (measure->samples[middle - 1] + upper) / 2;
}
