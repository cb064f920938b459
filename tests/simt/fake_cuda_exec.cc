/* Instantiated graphs of the fake CUDA runtime and their execution: any order that the edges allow,
 * loops while their condition holds. */
#include <string.h>

#include "tests/simt/fake_cuda_inner.h"
#include "tests/simt/simt.h"

struct condition {
    struct condition *next;
    cudaGraphConditionalHandle handle;
    uint64_t graph; /* its serial */
    unsigned int at_launch, flags, value;
    bool taken, set;
    uint64_t rounds; /* of this launch */
};
enum { ROUNDS_MOST = 1 << 16 };

static cudaGraphExec_t execs;
static struct condition *conditions;
static unsigned int refused; /* enum fake_graphs */

/* ---- conditions
 * ----------------------------------------------------------------------------------- */

static struct condition *condition_of(cudaGraphConditionalHandle handle)
{
    for (struct condition *c = conditions; c; c = c->next)
        if (c->handle == handle)
            return c;
    return nullptr;
}

cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle *handle, cudaGraph_t graph,
                                             unsigned int at_launch, unsigned int flags)
{
    ENTER(CALL_ALLOCATES);
    if (!handle || !fake_graph_known(graph) || flags & ~(unsigned int)cudaGraphCondAssignDefault)
        return fake_result(cudaErrorInvalidValue);
    struct condition *c = (struct condition *)fake_keep(sizeof *c);
    c->handle = 0xc0de000000000000U + fake_serial();
    c->graph = graph->serial;
    c->at_launch = at_launch;
    c->flags = flags;
    c->next = conditions;
    conditions = c;
    *handle = c->handle;
    simt_on_conditional([](uint64_t of, u32 value) { fake_conditional_set(of, value); });
    return cudaSuccess;
}

cudaError_t fake_condition_take(cudaGraphConditionalHandle handle, cudaGraph_t graph)
{
    struct condition *c = condition_of(handle);
    if (!c || c->taken || c->graph != graph->serial)
        return cudaErrorInvalidValue;
    c->taken = true;
    return cudaSuccess;
}

void fake_conditional_set(unsigned long long handle, unsigned int value)
{
    struct condition *c = condition_of(handle);
    if (!c) {
        fake_found("a kernel sets the condition of no graph: handle %llx", handle);
        fake_fault(cudaErrorLaunchFailure);
        return;
    }
    c->value = value;
    c->set = true;
}

void fake_conditions_start(cudaGraph_t graph)
{
    for (cudaGraphNode_t n = graph->first; n; n = n->next) {
        if (n->work.kind == WORK_CHILD)
            fake_conditions_start(n->work.child);
        if (n->work.kind != WORK_CONDITIONAL)
            continue;
        struct condition *c = condition_of(n->work.conditional.handle);
        c->set = (c->flags & cudaGraphCondAssignDefault) != 0;
        c->value = c->at_launch;
        c->rounds = 0;
        for (unsigned int i = 0; i < n->work.conditional.size; i++)
            fake_conditions_start(n->work.conditional.bodies[i]);
    }
}

/* The body to execute now, or NULL. `again`: the body has been executed before. */
static cudaGraph_t body_of(const struct work *work, bool again)
{
    struct condition *c = condition_of(work->conditional.handle);
    if (!c->set)
        fake_found("a condition is read that nothing has set since the launch");
    if (again && work->conditional.type != cudaGraphCondTypeWhile)
        return nullptr;
    if (c->value == 0)
        return !again && work->conditional.size == 2 ? work->conditional.bodies[1] : nullptr;
    if (c->rounds++ < ROUNDS_MOST)
        return work->conditional.bodies[0];
    fake_found("a loop does not end: %d rounds", ROUNDS_MOST);
    fake_fault(cudaErrorLaunchTimeout);
    return nullptr;
}

/* ---- execution
 * ------------------------------------------------------------------------------------ */

void fake_frame_push(cudaStream_t stream, cudaGraph_t graph, cudaGraphNode_t owner)
{
    if (stream->depth == FRAMES_MOST) {
        fake_found("graphs nested deeper than %d", FRAMES_MOST);
        fake_fault(cudaErrorUnknown);
        return;
    }
    struct frame *frame = &stream->frames[stream->depth++];
    frame->owner = owner;
    frame->ready = nullptr;
    for (cudaGraphNode_t n = graph->first; n; n = n->next)
        n->missing = 0;
    for (const struct edge *e = graph->edges; e; e = e->next)
        e->to->missing++;
    for (cudaGraphNode_t n = graph->first; n; n = n->next) {
        if (n->missing)
            continue;
        n->next_ready = frame->ready;
        frame->ready = n;
    }
}

static void node_done(struct frame *frame, cudaGraphNode_t node)
{
    for (const struct edge *e = node->out; e; e = e->next_out) {
        if (--e->to->missing)
            continue;
        e->to->next_ready = frame->ready;
        frame->ready = e->to;
    }
}

static cudaGraphNode_t ready_take(struct frame *frame)
{
    uint64_t count = 0;
    for (cudaGraphNode_t n = frame->ready; n; n = n->next_ready)
        count++;
    cudaGraphNode_t *link = &frame->ready;
    for (uint64_t skip = fake_random(count); skip; skip--)
        link = &(*link)->next_ready;
    cudaGraphNode_t node = *link;
    *link = node->next_ready;
    return node;
}

/* The topmost graph is done: once more, or on with the graph below. */
static void frame_end(cudaStream_t stream)
{
    cudaGraphNode_t owner = stream->frames[--stream->depth].owner;
    if (!owner)
        return;
    cudaGraph_t again =
        owner->work.kind == WORK_CONDITIONAL ? body_of(&owner->work, true) : nullptr;
    if (again)
        fake_frame_push(stream, again, owner);
    else
        node_done(&stream->frames[stream->depth - 1], owner);
}

void fake_frame_step(cudaStream_t stream)
{
    struct frame *frame = &stream->frames[stream->depth - 1];
    if (!frame->ready) {
        frame_end(stream);
    } else {
        cudaGraphNode_t node = ready_take(frame);
        cudaGraph_t inner = nullptr;
        if (node->work.kind == WORK_CONDITIONAL)
            inner = body_of(&node->work, false);
        else if (node->work.kind == WORK_CHILD)
            inner = node->work.child;
        else
            fake_execute(&node->work, true);
        if (inner)
            fake_frame_push(stream, inner, node);
        else
            node_done(frame, node);
    }
    if (fake_fault_now() != cudaSuccess)
        stream->depth = 0; /* nothing after a fault executes */
}

/* ---- the calls
 * ------------------------------------------------------------------------------------ */

bool fake_exec_known(cudaGraphExec_t exec)
{
    for (cudaGraphExec_t e = execs; e; e = e->next)
        if (e == exec)
            return true;
    return false;
}

static uint64_t edges_in(cudaGraph_t graph, int type);

void fake_refuse(enum fake_graphs graphs)
{
    refused |= (unsigned int)graphs;
}

static bool is_refused(cudaGraph_t graph)
{
    const bool early = edges_in(graph, cudaGraphDependencyTypeProgrammatic) > 0;
    const bool loop = fake_graph_conditional(graph);
    return (refused & FAKE_GRAPHS_ALL) || ((refused & FAKE_GRAPHS_EARLY) && early) ||
           ((refused & FAKE_GRAPHS_LOOP) && loop) ||
           ((refused & FAKE_GRAPHS_EARLY_LOOP) && early && loop);
}

bool fake_exec_lives(cudaGraph_t source)
{
    for (cudaGraphExec_t e = execs; e; e = e->next)
        if (e->source == source->serial)
            return true;
    return false;
}

static cudaError_t instantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags)
{
    if (!exec || !fake_graph_known(graph) || graph->owned)
        return cudaErrorInvalidValue;
    if (flags || is_refused(graph))
        return cudaErrorNotSupported;
    bool once = fake_graph_conditional(graph);
    for (cudaGraphExec_t e = execs; once && e; e = e->next)
        if (e->source == graph->serial) /* a graph with a condition has one instance at a time */
            return cudaErrorNotSupported;
    cudaGraphExec_t e = (cudaGraphExec_t)fake_keep(sizeof *e);
    e->serial = fake_serial();
    e->source = graph->serial;
    e->graph = fake_graph_clone(graph);
    e->next = execs;
    *exec = execs = e;
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags)
{
    ENTER(CALL_ALLOCATES);
    return fake_result(instantiate(exec, graph, flags));
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *exec, cudaGraph_t graph,
                                          unsigned long long flags)
{
    ENTER(CALL_ALLOCATES);
    return fake_result(instantiate(exec, graph, flags));
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    ENTER(0);
    for (cudaGraphExec_t *link = &execs; *link; link = &(*link)->next) {
        if (*link != exec)
            continue;
        if (exec->queued)
            fake_found("a graph is destroyed while %llu launches of it are queued",
                       (unsigned long long)exec->queued);
        fake_drain_all(false);
        *link = exec->next;
        fake_graph_free(exec->graph);
        fake_drop(exec, sizeof *exec);
        return cudaSuccess;
    }
    return fake_result(cudaErrorInvalidValue);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream)
{
    ENTER(0);
    if (!fake_exec_known(exec) || !fake_stream(stream))
        return fake_result(cudaErrorInvalidValue);
    if (fake_stream(stream)->capturing)
        return fake_result(
            fake_capture_break(fake_stream(stream), cudaErrorStreamCaptureUnsupported));
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    ENTER(0);
    if (!fake_exec_known(exec))
        return fake_result(cudaErrorInvalidValue);
    struct work work = {};
    work.kind = WORK_GRAPH;
    work.name = "graph";
    work.exec = exec;
    return fake_result(fake_submit(stream, &work));
}

static uint64_t edges_in(cudaGraph_t graph, int type)
{
    uint64_t count = 0;
    for (const struct edge *e = graph->edges; e; e = e->next)
        count += e->data.type == type;
    for (cudaGraphNode_t n = graph->first; n; n = n->next) {
        if (n->work.kind == WORK_CHILD)
            count += edges_in(n->work.child, type);
        for (unsigned int i = 0; n->work.kind == WORK_CONDITIONAL && i < n->work.conditional.size;
             i++)
            count += edges_in(n->work.conditional.bodies[i], type);
    }
    return count;
}

uint64_t fake_edges(int type)
{
    uint64_t count = 0;
    for (cudaGraphExec_t e = execs; e; e = e->next)
        count += edges_in(e->graph, type);
    return count;
}

void fake_exec_reset(void)
{
    execs = nullptr;
    conditions = nullptr;
    refused = 0;
}

uint64_t fake_exec_leaks(FILE *out)
{
    uint64_t count = 0;
    for (cudaGraphExec_t e = execs; e; e = e->next, count++)
        if (out)
            fprintf(out, "leak instantiated graph of %llu nodes\n",
                    (unsigned long long)e->graph->nodes);
    return count;
}
