#include "runtime/engine/cuda/graph.h"

#include <stdio.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"
#include "runtime/engine/arena.h"

/* Only calls of this thread can spoil a capture, and it makes none that could. */
static const enum cudaStreamCaptureMode MODE = cudaStreamCaptureModeThreadLocal;

/* Into the graph that the stream captures; a capture that has begun is ended in any case. */
static bool record_all(struct launcher *launcher, cudaGraph_t *captured, graph_record *record,
                       cudaGraphConditionalHandle loop)
{
    launcher->pass = PASS_CAPTURE;
    record(loop);
    launcher->pass = PASS_RUN;
    return cuda_did(launcher, cudaStreamEndCapture(launcher->stream, captured),
                    "cudaStreamEndCapture") &&
           !launcher->refused.call;
}

static bool capture_once(struct launcher *launcher, struct graph *graph, graph_record *record)
{
    return cuda_did(launcher, cudaStreamBeginCapture(launcher->stream, MODE),
                    "cudaStreamBeginCapture") &&
           record_all(launcher, &graph->source, record, 0);
}

static bool capture_while(struct launcher *launcher, struct graph *graph, graph_record *record)
{
    cudaGraph_t captured;
    cudaGraphNode_t node;
    cudaGraphConditionalHandle loop;
    if (!cuda_did(launcher, cudaGraphCreate(&graph->source, 0), "cudaGraphCreate") ||
        !cuda_did(
            launcher,
            cudaGraphConditionalHandleCreate(&loop, graph->source, 1, cudaGraphCondAssignDefault),
            "cudaGraphConditionalHandleCreate"))
        return false;
    struct cudaGraphNodeParams parameters = {
        .type = cudaGraphNodeTypeConditional,
        .conditional = {.handle = loop, .type = cudaGraphCondTypeWhile, .size = 1},
    };
    if (!cuda_did(launcher, cudaGraphAddNode(&node, graph->source, NULL, NULL, 0, &parameters),
                  "cudaGraphAddNode"))
        return false;
    cudaGraph_t body = parameters.conditional.phGraph_out[0];
    return cuda_did(launcher,
                    cudaStreamBeginCaptureToGraph(launcher->stream, body, NULL, NULL, 0, MODE),
                    "cudaStreamBeginCaptureToGraph") &&
           record_all(launcher, &captured, record, loop);
}

bool graph_capture(struct launcher *launcher, struct graph *graph, enum graph_shape shape,
                   graph_record *record)
{
    if (arena_is_sealed())
        die(EXIT_FAILED, "internal error: a graph is captured after sealing");
    *graph = (struct graph){0};
    launcher->refused = (struct refusal){0};
    if ((shape == GRAPH_WHILE ? capture_while : capture_once)(launcher, graph, record) &&
        cuda_did(launcher, cudaGraphInstantiate(&graph->exec, graph->source, 0),
                 "cudaGraphInstantiate") &&
        cuda_did(launcher, cudaGraphUpload(graph->exec, launcher->stream), "cudaGraphUpload") &&
        cuda_did(launcher, cudaStreamSynchronize(launcher->stream), "cudaStreamSynchronize"))
        return true;
    graph_destroy(graph);
    (void)cudaGetLastError(); /* what was refused is told; later checks are not to find it again */
    return false;
}

void graph_destroy(struct graph *graph)
{
    if (graph->exec)
        CUDA_CHECK(cudaGraphExecDestroy(graph->exec));
    if (graph->source)
        CUDA_CHECK(cudaGraphDestroy(graph->source));
    *graph = (struct graph){0};
}

const char *graph_refusal(const char *name, const struct refusal *refused)
{
    static char text[512];
    const char *error = cudaGetErrorString(refused->error), *of = cudaGetErrorName(refused->error);
    if (refused->kernel)
        snprintf(text, sizeof text, "graph of '%s': operation %s, kernel %s: %s: %s (%s)", name,
                 refused->op < model.op_count ? model.ops[refused->op].name : "TURN",
                 refused->kernel, refused->call, error, of);
    else
        snprintf(text, sizeof text, "graph of '%s': %s: %s (%s)", name, refused->call, error, of);
    return text;
}

void graph_refuse(const char *name, const struct refusal *refused)
{
    die(refused->error == cudaErrorMemoryAllocation ? EXIT_MEMORY : EXIT_FAILED,
        "%s; --no-graph runs without graphs", graph_refusal(name, refused));
}
