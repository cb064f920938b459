#include "runtime/cuda/graph.h"

#include "runtime/arena.h"
#include "runtime/die.h"

static void check(cudaError_t error, const char *name, const char *call)
{
    if (error != cudaSuccess)
        die(error == cudaErrorMemoryAllocation ? EXIT_MEMORY : EXIT_FAILED,
            "graph of '%s': %s: %s (%s); --no-graph runs without graphs", name, call,
            cudaGetErrorString(error), cudaGetErrorName(error));
}

/* The graph in a form to launch, brought to the device now and not with the first token. */
static cudaGraphExec_t instantiate(struct launcher *launcher, const char *name, cudaGraph_t graph)
{
    cudaGraphExec_t made;
    check(cudaGraphInstantiate(&made, graph, 0), name, "cudaGraphInstantiate");
    check(cudaGraphDestroy(graph), name, "cudaGraphDestroy");
    check(cudaGraphUpload(made, launcher->stream), name, "cudaGraphUpload");
    check(cudaStreamSynchronize(launcher->stream), name, "cudaStreamSynchronize");
    return made;
}

static void require_unsealed(const char *name)
{
    if (arena_is_sealed())
        die(EXIT_FAILED, "internal error: graph of '%s' captured after sealing", name);
}

/* Only calls of this thread can spoil a capture, and it makes none that could. */
static const enum cudaStreamCaptureMode MODE = cudaStreamCaptureModeThreadLocal;

cudaGraphExec_t graph_capture(struct launcher *launcher, const char *name, graph_record *record)
{
    require_unsealed(name);
    cudaGraph_t graph;
    check(cudaStreamBeginCapture(launcher->stream, MODE), name, "cudaStreamBeginCapture");
    launcher->pass = PASS_CAPTURE;
    record(0);
    launcher->pass = PASS_RUN;
    check(cudaStreamEndCapture(launcher->stream, &graph), name, "cudaStreamEndCapture");
    return instantiate(launcher, name, graph);
}

cudaGraphExec_t graph_capture_loop(struct launcher *launcher, const char *name,
                                   graph_record *record)
{
    require_unsealed(name);
    cudaGraph_t graph, captured;
    cudaGraphNode_t node;
    cudaGraphConditionalHandle loop;
    check(cudaGraphCreate(&graph, 0), name, "cudaGraphCreate");
    check(cudaGraphConditionalHandleCreate(&loop, graph, 1, cudaGraphCondAssignDefault), name,
          "cudaGraphConditionalHandleCreate");
    struct cudaGraphNodeParams parameters = {
        .type = cudaGraphNodeTypeConditional,
        .conditional = {.handle = loop, .type = cudaGraphCondTypeWhile, .size = 1},
    };
    check(cudaGraphAddNode(&node, graph, NULL, NULL, 0, &parameters), name, "cudaGraphAddNode");
    cudaGraph_t body = parameters.conditional.phGraph_out[0];
    check(cudaStreamBeginCaptureToGraph(launcher->stream, body, NULL, NULL, 0, MODE), name,
          "cudaStreamBeginCaptureToGraph");
    launcher->pass = PASS_CAPTURE;
    record(loop);
    launcher->pass = PASS_RUN;
    check(cudaStreamEndCapture(launcher->stream, &captured), name, "cudaStreamEndCapture");
    return instantiate(launcher, name, graph);
}
