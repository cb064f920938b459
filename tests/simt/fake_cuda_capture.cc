/* Stream capture of the fake CUDA runtime: what is put into a capturing stream becomes nodes, one
 * after another. The fake follows one stream; work that would join a second one is refused. */
#include <string.h>

#include "tests/simt/fake_cuda_inner.h"

cudaError_t fake_capture_break(cudaStream_t stream, cudaError_t error)
{
    stream->capture.invalid = true;
    return error;
}

static void tail_set(cudaStream_t stream, const cudaGraphNode_t *nodes,
                     const cudaGraphEdgeData *data, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        stream->tail[i] = nodes[i];
        memset(&stream->tail_data[i], 0, sizeof *stream->tail_data);
        if (data)
            stream->tail_data[i] = data[i];
    }
    stream->capture.tails = count;
}

cudaError_t fake_capture_add(cudaStream_t stream, const struct work *work)
{
    struct capture *capture = &stream->capture;
    if (capture->invalid)
        return cudaErrorStreamCaptureInvalidated;
    if (work->kind == WORK_RECORD || work->kind == WORK_WAIT || work->kind == WORK_GRAPH) {
        fake_found("the fake captures no events and no launches of graphs");
        return fake_capture_break(stream, cudaErrorStreamCaptureUnsupported);
    }
    /* As the attribute of the launch says, where both ends are kernels. */
    for (size_t i = 0; i < capture->tails; i++) {
        enum work_kind before = stream->tail[i]->work.kind;
        bool kernels =
            work->kind == WORK_KERNEL && (before == WORK_KERNEL || before == WORK_MATMUL);
        memset(&stream->tail_data[i], 0, sizeof *stream->tail_data);
        if (!work->programmatic || !kernels)
            continue;
        stream->tail_data[i].type = cudaGraphDependencyTypeProgrammatic;
        stream->tail_data[i].from_port = cudaGraphKernelNodePortProgrammatic;
    }
    cudaGraphNode_t node;
    cudaError_t error =
        fake_node_add(&node, capture->graph, stream->tail, stream->tail_data, capture->tails, work);
    if (error != cudaSuccess)
        return fake_capture_break(stream, error);
    tail_set(stream, &node, nullptr, 1);
    return cudaSuccess;
}

static cudaError_t begin(cudaStream_t stream, cudaGraph_t graph, const cudaGraphNode_t *nodes,
                         const cudaGraphEdgeData *data, size_t count,
                         enum cudaStreamCaptureMode mode)
{
    if (!stream || stream == cudaStreamLegacy)
        return cudaErrorStreamCaptureUnsupported;
    cudaStream_t s = fake_stream(stream);
    if (!s)
        return cudaErrorInvalidResourceHandle;
    if (s->capturing)
        return cudaErrorIllegalState;
    if ((graph && !fake_graph_known(graph)) || count > TAILS_MOST || (count && !nodes))
        return cudaErrorInvalidValue;
    s->capturing = true;
    memset(&s->capture, 0, sizeof s->capture);
    s->capture.to_graph = graph != nullptr;
    s->capture.graph = graph ? graph : fake_graph_make(false);
    s->capture.mode = mode;
    s->capture.serial = fake_serial();
    tail_set(s, nodes, data, count);
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    ENTER(CALL_ALLOCATES);
    return fake_result(begin(stream, nullptr, nullptr, nullptr, 0, mode));
}

cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph,
                                          const cudaGraphNode_t *nodes,
                                          const cudaGraphEdgeData *data, size_t count,
                                          enum cudaStreamCaptureMode mode)
{
    ENTER(CALL_ALLOCATES);
    if (!graph)
        return fake_result(cudaErrorInvalidValue);
    return fake_result(begin(stream, graph, nodes, data, count, mode));
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    if (!s || !graph)
        return fake_result(cudaErrorInvalidValue);
    *graph = nullptr;
    if (!s->capturing)
        return fake_result(cudaErrorIllegalState);
    s->capturing = false;
    if (s->capture.invalid) {
        if (!s->capture.to_graph)
            fake_graph_free(s->capture.graph);
        return fake_result(cudaErrorStreamCaptureInvalidated);
    }
    *graph = s->capture.graph;
    return cudaSuccess;
}

static enum cudaStreamCaptureStatus status_of(cudaStream_t stream)
{
    if (!stream->capturing)
        return cudaStreamCaptureStatusNone;
    return stream->capture.invalid ? cudaStreamCaptureStatusInvalidated
                                   : cudaStreamCaptureStatusActive;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    if (!s || !status)
        return fake_result(cudaErrorInvalidValue);
    *status = status_of(s);
    return cudaSuccess;
}

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, enum cudaStreamCaptureStatus *status,
                                     unsigned long long *id, cudaGraph_t *graph,
                                     const cudaGraphNode_t **nodes, const cudaGraphEdgeData **data,
                                     size_t *count)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    if (!s || !status)
        return fake_result(cudaErrorInvalidValue);
    *status = status_of(s);
    if (*status != cudaStreamCaptureStatusActive)
        return cudaSuccess;
    if (id)
        *id = s->capture.serial;
    if (graph)
        *graph = s->capture.graph;
    if (nodes)
        *nodes = s->tail;
    if (data)
        *data = s->tail_data;
    if (count)
        *count = s->capture.tails;
    return cudaSuccess;
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t *nodes,
                                                const cudaGraphEdgeData *data, size_t count,
                                                unsigned int flags)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    if (!s || !s->capturing)
        return fake_result(cudaErrorIllegalState);
    if (flags == cudaStreamSetCaptureDependencies && count <= TAILS_MOST) {
        tail_set(s, nodes, data, count);
        return cudaSuccess;
    }
    size_t had = s->capture.tails;
    if (flags != cudaStreamAddCaptureDependencies || had + count > TAILS_MOST)
        return fake_result(cudaErrorInvalidValue);
    for (size_t i = 0; i < count; i++) {
        s->tail[had + i] = nodes[i];
        memset(&s->tail_data[had + i], 0, sizeof *s->tail_data);
    }
    s->capture.tails = had + count;
    return cudaSuccess;
}
