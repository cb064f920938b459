/* Graphs of the fake CUDA runtime: nodes, edges, bodies of conditional nodes. A node comes after
 * nodes that exist, so a graph has no cycle. */
#include <string.h>

#include "tests/simt/fake_cuda_inner.h"

static cudaGraph_t graphs;

bool fake_graph_known(cudaGraph_t graph)
{
    for (cudaGraph_t g = graphs; g; g = g->next)
        if (g == graph)
            return true;
    return false;
}

cudaGraph_t fake_graph_make(bool owned)
{
    cudaGraph_t graph = (cudaGraph_t)fake_keep(sizeof *graph);
    graph->serial = fake_serial();
    graph->owned = owned;
    graph->next = graphs;
    return graphs = graph;
}

void fake_graph_free(cudaGraph_t graph)
{
    for (cudaGraphNode_t n = graph->first, after; n; n = after) {
        after = n->next;
        if (n->work.kind == WORK_CHILD)
            fake_graph_free(n->work.child);
        if (n->work.kind == WORK_CONDITIONAL) {
            for (unsigned int i = 0; i < n->work.conditional.size; i++)
                fake_graph_free(n->work.conditional.bodies[i]);
            fake_drop(n->work.conditional.bodies,
                      n->work.conditional.size * sizeof *n->work.conditional.bodies);
        }
        fake_drop(n, sizeof *n);
    }
    for (struct edge *e = graph->edges, *after; e; e = after) {
        after = e->next;
        fake_drop(e, sizeof *e);
    }
    for (cudaGraph_t *link = &graphs; *link; link = &(*link)->next)
        if (*link == graph) {
            *link = graph->next;
            break;
        }
    fake_drop(graph, sizeof *graph);
}

static bool node_in(cudaGraphNode_t node, cudaGraph_t graph)
{
    for (cudaGraphNode_t n = graph->first; n; n = n->next)
        if (n == node)
            return true;
    return false;
}

static bool is_kernel(const struct work *work)
{
    return work->kind == WORK_KERNEL || work->kind == WORK_MATMUL;
}

/* An edge is full (all zero), or programmatic and between two kernels. */
static bool edge_allowed(const cudaGraphEdgeData *data, const struct work *from,
                         const struct work *to)
{
    if (!data || data->type == cudaGraphDependencyTypeDefault)
        return !data || (!data->from_port && !data->to_port);
    return data->type == cudaGraphDependencyTypeProgrammatic && is_kernel(from) && is_kernel(to) &&
           !data->to_port &&
           (data->from_port == cudaGraphKernelNodePortProgrammatic ||
            data->from_port == cudaGraphKernelNodePortLaunchCompletion);
}

static void edge_add(cudaGraphNode_t from, cudaGraphNode_t to, const cudaGraphEdgeData *data)
{
    struct edge *e = (struct edge *)fake_keep(sizeof *e);
    e->from = from;
    e->to = to;
    if (data)
        e->data = *data;
    e->next_out = from->out;
    from->out = e;
    if (to->graph->last_edge)
        to->graph->last_edge->next = e;
    else
        to->graph->edges = e;
    to->graph->last_edge = e;
    to->graph->edge_count++;
}

cudaError_t fake_node_add(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after,
                          const cudaGraphEdgeData *data, size_t count, const struct work *work)
{
    if (!node || !fake_graph_known(graph) || (count && !after))
        return cudaErrorInvalidValue;
    for (size_t i = 0; i < count; i++)
        if (!node_in(after[i], graph) ||
            !edge_allowed(data ? &data[i] : nullptr, &after[i]->work, work))
            return cudaErrorInvalidValue;
    cudaGraphNode_t n = (cudaGraphNode_t)fake_keep(sizeof *n);
    n->graph = graph;
    n->work = *work;
    n->work.programmatic = false;
    n->index = graph->nodes++;
    for (size_t i = 0; i < count; i++) {
        edge_add(after[i], n, data ? &data[i] : nullptr);
        if (data && data[i].type == cudaGraphDependencyTypeProgrammatic)
            n->work.programmatic = true;
    }
    if (graph->last)
        graph->last->next = n;
    else
        graph->first = n;
    graph->last = n;
    *node = n;
    return cudaSuccess;
}

/* ---- the calls
 * ------------------------------------------------------------------------------------ */

cudaError_t cudaGraphCreate(cudaGraph_t *graph, unsigned int flags)
{
    ENTER(CALL_ALLOCATES);
    if (!graph || flags)
        return fake_result(cudaErrorInvalidValue);
    *graph = fake_graph_make(false);
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    ENTER(0);
    if (!fake_graph_known(graph) || graph->owned)
        return fake_result(cudaErrorInvalidValue);
    /* CUDA does not say so, but the handle of a condition belongs to this graph. */
    if (fake_graph_conditional(graph) && fake_exec_lives(graph))
        fake_found("a graph with a condition is destroyed before what was instantiated from it");
    fake_graph_free(graph);
    return cudaSuccess;
}

static cudaError_t copy_work(struct work *work, const struct cudaMemcpyNodeParams *params)
{
    const struct cudaMemcpy3DParms *p = &params->copyParams;
    if (params->flags || p->srcArray || p->dstArray || p->extent.height != 1 ||
        p->extent.depth != 1 || p->srcPos.x || p->dstPos.x)
        return cudaErrorNotSupported;
    return fake_copy_work(work, p->dstPtr.ptr, p->srcPtr.ptr, p->extent.width, p->kind);
}

static cudaError_t fill_work(struct work *work, const struct cudaMemsetParamsV2 *p)
{
    if (p->height != 1)
        return cudaErrorNotSupported;
    return fake_fill_work(work, p->dst, p->value, p->elementSize, p->width);
}

bool fake_graph_conditional(cudaGraph_t graph)
{
    for (cudaGraphNode_t n = graph->first; n; n = n->next)
        if (n->work.kind == WORK_CONDITIONAL)
            return true;
    return false;
}

static cudaError_t conditional_work(struct work *work, cudaGraph_t graph,
                                    struct cudaConditionalNodeParams *params)
{
    bool loop = params->type == cudaGraphCondTypeWhile;
    if (!loop && params->type != cudaGraphCondTypeIf)
        return cudaErrorNotSupported;
    if (params->size < 1 || params->size > (loop ? 1 : 2))
        return cudaErrorInvalidValue;
    cudaError_t error = fake_condition_take(params->handle, graph);
    if (error != cudaSuccess)
        return error;
    work->kind = WORK_CONDITIONAL;
    work->name = loop ? "while" : "if";
    work->conditional.handle = params->handle;
    work->conditional.type = params->type;
    work->conditional.size = params->size;
    work->conditional.bodies = (cudaGraph_t *)fake_keep(params->size * sizeof(cudaGraph_t));
    for (unsigned int i = 0; i < params->size; i++)
        work->conditional.bodies[i] = fake_graph_make(true);
    params->phGraph_out = work->conditional.bodies;
    return cudaSuccess;
}

static cudaError_t node_work(struct work *work, cudaGraph_t graph,
                             struct cudaGraphNodeParams *params)
{
    switch (params->type) {
    case cudaGraphNodeTypeKernel:
        return fake_kernel_work(work, params->kernel.func, params->kernel.gridDim,
                                params->kernel.blockDim, params->kernel.sharedMemBytes,
                                params->kernel.kernelParams);
    case cudaGraphNodeTypeMemcpy:
        return copy_work(work, &params->memcpy);
    case cudaGraphNodeTypeMemset:
        return fill_work(work, &params->memset);
    case cudaGraphNodeTypeGraph:
        if (!fake_graph_known(params->graph.graph) || fake_graph_conditional(params->graph.graph))
            return cudaErrorInvalidValue;
        work->kind = WORK_CHILD;
        work->name = "graph";
        work->child = fake_graph_clone(params->graph.graph);
        return cudaSuccess;
    case cudaGraphNodeTypeEmpty:
        work->kind = WORK_EMPTY;
        work->name = "empty";
        return cudaSuccess;
    case cudaGraphNodeTypeConditional:
        return conditional_work(work, graph, &params->conditional);
    default:
        fake_found("the fake does not know graph nodes of type %d", (int)params->type);
        return cudaErrorNotSupported;
    }
}

cudaError_t cudaGraphAddNode(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after,
                             const cudaGraphEdgeData *data, size_t count,
                             struct cudaGraphNodeParams *params)
{
    ENTER(CALL_ALLOCATES);
    if (!params || !fake_graph_known(graph))
        return fake_result(cudaErrorInvalidValue);
    struct work work = {};
    cudaError_t error = node_work(&work, graph, params);
    if (error != cudaSuccess)
        return fake_result(error);
    return fake_result(fake_node_add(node, graph, after, data, count, &work));
}

static enum cudaGraphNodeType node_type(const struct work *work)
{
    switch (work->kind) {
    case WORK_COPY:
        return cudaGraphNodeTypeMemcpy;
    case WORK_FILL:
        return cudaGraphNodeTypeMemset;
    case WORK_CHILD:
        return cudaGraphNodeTypeGraph;
    case WORK_CONDITIONAL:
        return cudaGraphNodeTypeConditional;
    case WORK_EMPTY:
        return cudaGraphNodeTypeEmpty;
    default:
        return cudaGraphNodeTypeKernel;
    }
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, enum cudaGraphNodeType *type)
{
    ENTER(0);
    *type = node_type(&node->work);
    return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count)
{
    ENTER(0);
    if (!fake_graph_known(graph) || !count)
        return fake_result(cudaErrorInvalidValue);
    size_t i = 0;
    for (cudaGraphNode_t n = graph->first; nodes && n && i < *count; n = n->next)
        nodes[i++] = n;
    *count = nodes ? i : graph->nodes;
    return cudaSuccess;
}

cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t *from, cudaGraphNode_t *to,
                              cudaGraphEdgeData *data, size_t *count)
{
    ENTER(0);
    if (!fake_graph_known(graph) || !count || !from != !to)
        return fake_result(cudaErrorInvalidValue);
    size_t i = 0;
    for (const struct edge *e = graph->edges; from && e && i < *count; e = e->next, i++) {
        from[i] = e->from;
        to[i] = e->to;
        if (data)
            data[i] = e->data;
    }
    *count = from ? i : graph->edge_count;
    return cudaSuccess;
}

/* ---- copies of graphs
 * ----------------------------------------------------------------------------- */

static void clone_parts(struct work *work)
{
    if (work->kind == WORK_CHILD)
        work->child = fake_graph_clone(work->child);
    if (work->kind != WORK_CONDITIONAL)
        return;
    cudaGraph_t *bodies = (cudaGraph_t *)fake_keep(work->conditional.size * sizeof *bodies);
    for (unsigned int i = 0; i < work->conditional.size; i++)
        bodies[i] = fake_graph_clone(work->conditional.bodies[i]);
    work->conditional.bodies = bodies;
}

cudaGraph_t fake_graph_clone(cudaGraph_t source)
{
    cudaGraph_t graph = fake_graph_make(true);
    size_t bytes = (source->nodes + 1) * sizeof(cudaGraphNode_t);
    cudaGraphNode_t *nodes = (cudaGraphNode_t *)fake_keep(bytes);
    for (cudaGraphNode_t n = source->first; n; n = n->next) {
        struct work work = n->work;
        clone_parts(&work);
        fake_node_add(&nodes[n->index], graph, nullptr, nullptr, 0, &work);
        nodes[n->index]->work.programmatic = n->work.programmatic;
    }
    for (const struct edge *e = source->edges; e; e = e->next)
        edge_add(nodes[e->from->index], nodes[e->to->index], &e->data);
    fake_drop(nodes, bytes);
    return graph;
}

void fake_graph_reset(void)
{
    graphs = nullptr;
    fake_exec_reset();
}

uint64_t fake_graph_leaks(FILE *out)
{
    uint64_t count = 0;
    for (cudaGraph_t g = graphs; g; g = g->next) {
        if (g->owned)
            continue;
        count++;
        if (out)
            fprintf(out, "leak graph of %llu nodes\n", (unsigned long long)g->nodes);
    }
    return count + fake_exec_leaks(out);
}
