/* gpu_loop: whether CUDA runs a loop on the device, by itself and without a model: a conditional
 * WHILE node with a chain of kernels for a body, with and without programmatic edges between them,
 * the graph that it was made of kept or destroyed first.
 *
 * One way in each run, so that one that fails or hangs leaves the others alone. */
#include <stdio.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/engine/cuda/probe.cuh"

enum { TURNS = 1000, BODY_KERNELS = 8, LAUNCHES = 3 };

static cudaStream_t stream;

static void check(cudaError_t error, const char *call)
{
    if (error != cudaSuccess)
        die(EXIT_FAILED, "%s: %s (%s)", call, cudaGetErrorString(error), cudaGetErrorName(error));
}
#define CHECK(call) check((call), #call)

static void start(const void *kernel, u32 threads, void *params, bool early)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(1);
    config.blockDim = dim3(threads);
    config.stream = stream;
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    config.attrs = &attribute;
    config.numAttrs = early ? 1 : 0;
    CHECK(cudaLaunchKernelExC(&config, kernel, &params));
}

/* A WHILE node whose body counts BODY_KERNELS up, TURNS times. */
static cudaGraph_t record(u32 *count, bool early)
{
    cudaGraph_t graph, captured;
    cudaGraphNode_t node;
    struct probe_nothing one = {count};
    struct probe_again again = {count, TURNS * BODY_KERNELS, 0};
    CHECK(cudaGraphCreate(&graph, 0));
    CHECK(cudaGraphConditionalHandleCreate(&again.loop, graph, 1, cudaGraphCondAssignDefault));
    struct cudaGraphNodeParams params = {};
    params.type = cudaGraphNodeTypeConditional;
    params.conditional.handle = again.loop;
    params.conditional.type = cudaGraphCondTypeWhile;
    params.conditional.size = 1;
    CHECK(cudaGraphAddNode(&node, graph, NULL, NULL, 0, &params));
    CHECK(cudaStreamBeginCaptureToGraph(stream, params.conditional.phGraph_out[0], NULL, NULL, 0,
                                        cudaStreamCaptureModeThreadLocal));
    for (u32 i = 0; i < BODY_KERNELS; i++)
        start((const void *)probe_nothing_kernel, PROBE_NOTHING_THREADS, &one, early && i > 0);
    start((const void *)probe_again_kernel, WARP, &again, early);
    CHECK(cudaStreamEndCapture(stream, &captured));
    return graph;
}

static u32 run_once(cudaGraphExec_t executable, u32 *count)
{
    u32 counted = 0;
    CHECK(cudaMemsetAsync(count, 0, sizeof counted, stream));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaMemcpyAsync(&counted, count, sizeof counted, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    return counted;
}

int main(int argc, char **argv)
{
    const bool early = argc == 3 && strcmp(argv[1], "pdl") == 0;
    const bool kept = argc == 3 && strcmp(argv[2], "kept") == 0;
    if (argc != 3 || (!early && strcmp(argv[1], "no-pdl") != 0) ||
        (!kept && strcmp(argv[2], "destroyed") != 0))
        die(EXIT_USAGE, "usage: gpu_loop pdl|no-pdl kept|destroyed");
    int devices = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    if (error != cudaSuccess || devices == 0)
        die(EXIT_PROCESSOR, "no CUDA device: %s", cudaGetErrorString(error));
    u32 *count;
    cudaGraphExec_t executable;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    CHECK(cudaMalloc((void **)&count, sizeof *count));
    cudaGraph_t graph = record(count, early);
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    if (!kept)
        CHECK(cudaGraphDestroy(graph));
    for (u32 i = 0; i < LAUNCHES; i++) {
        const u32 counted = run_once(executable, count);
        if (counted != TURNS * BODY_KERNELS)
            die(EXIT_WRONG, "launch %u: the loop's kernels counted %u, expected %u", i + 1, counted,
                TURNS * BODY_KERNELS);
    }
    CHECK(cudaGraphExecDestroy(executable));
    if (kept)
        CHECK(cudaGraphDestroy(graph));
    CHECK(cudaFree(count));
    CHECK(cudaStreamDestroy(stream));
    printf("%u turns of %u kernels, %u times, edges %s, source graph %s\n", TURNS, BODY_KERNELS,
           LAUNCHES, early ? "programmatic" : "full", argv[2]);
    return 0;
}
