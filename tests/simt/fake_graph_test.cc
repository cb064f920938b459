/* The fake CUDA runtime: capture, graphs, loops. */
#include <math.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"
#include "tests/simt/fake_test_kernels.h"

enum { COUNT = 100, BYTES = COUNT * sizeof(f32) };

#define OK(call)           ck_assert_int_eq((call), cudaSuccess)
#define FAILS(error, call) ck_assert_int_eq((call), (error))

static cudaStream_t stream;
static f32 *x, *y, *in, *out; /* x, y: the device's; in, out: pinned */

static void start(void)
{
    fake_reset();
    OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    OK(cudaMalloc((void **)&x, BYTES));
    OK(cudaMalloc((void **)&y, BYTES));
    OK(cudaHostAlloc((void **)&in, BYTES, cudaHostAllocDefault));
    OK(cudaHostAlloc((void **)&out, BYTES, cudaHostAllocDefault));
}

static cudaError_t scale(f32 *to, const f32 *from, f32 factor, f32 add, bool pdl)
{
    struct test_scale params = {to, from, factor, add, COUNT};
    void *args[] = {&params};
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = pdl;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(2);
    config.blockDim = dim3(TEST_THREADS);
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = 1;
    return cudaLaunchKernelExC(&config, (const void *)test_scale_kernel, args);
}

/* y = 3 (2 in + 1), copied to out: copy, kernel, kernel, copy. */
static void chain(bool pdl)
{
    OK(cudaMemcpyAsync(x, in, BYTES, cudaMemcpyHostToDevice, stream));
    OK(scale(x, x, 2, 1, pdl));
    OK(scale(y, x, 3, 0, pdl));
    OK(cudaMemcpyAsync(out, y, BYTES, cudaMemcpyDeviceToHost, stream));
}

static cudaGraph_t captured(bool pdl)
{
    cudaGraph_t graph;
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    chain(pdl);
    OK(cudaStreamEndCapture(stream, &graph));
    return graph;
}

static cudaGraphExec_t instantiated(cudaGraph_t graph)
{
    cudaGraphExec_t exec;
    OK(cudaGraphInstantiate(&exec, graph, 0));
    OK(cudaGraphUpload(exec, stream));
    return exec;
}

/* ---- capture
 * --------------------------------------------------------------------------------------- */

START_TEST(capture_records_and_replay_executes)
{
    cudaGraph_t graph = captured(false);
    OK(cudaStreamSynchronize(stream));
    ck_assert_uint_eq(fake_executed(), 0);
    size_t nodes = 0;
    OK(cudaGraphGetNodes(graph, nullptr, &nodes));
    ck_assert_uint_eq(nodes, 4);
    cudaGraphExec_t exec = instantiated(graph);
    OK(cudaGraphDestroy(graph)); /* the instance has its own nodes */
    for (int turn = 1; turn <= 3; turn++) {
        for (int i = 0; i < COUNT; i++)
            in[i] = (f32)(i * turn);
        OK(cudaGraphLaunch(exec, stream));
        OK(cudaStreamSynchronize(stream));
        for (int i = 0; i < COUNT; i++)
            ck_assert_float_eq(out[i], (f32)(3 * (2 * i * turn + 1)));
    }
    ck_assert_uint_eq(fake_executed(), 12);
    ck_assert_uint_eq(fake_calls("cudaGraphLaunch"), 3);
    OK(cudaGraphExecDestroy(exec));
    FAILS(cudaErrorInvalidValue, cudaGraphLaunch(exec, stream));
}
END_TEST

START_TEST(a_launched_graph_executes_late)
{
    cudaGraphExec_t exec = instantiated(captured(false));
    OK(cudaGraphLaunch(exec, stream));
    ck_assert(isnan(out[0]));
    ck_assert_uint_eq(fake_executed(), 0);
    int not_ready = 0;
    while (cudaStreamQuery(stream) == cudaErrorNotReady)
        ck_assert_int_lt(not_ready++, 100);
    ck_assert_uint_eq(fake_executed(), 4);
    OK(cudaGraphLaunch(exec, stream));
    OK(cudaGraphExecDestroy(exec));
    ck_assert_uint_eq(fake_findings(), 1); /* a launch of it was queued */
    fake_findings_take();
}
END_TEST

START_TEST(edges_say_what_is_programmatic)
{
    cudaGraph_t graph = captured(true);
    cudaGraphNode_t from[8], to[8];
    cudaGraphEdgeData data[8];
    size_t count = 8;
    OK(cudaGraphGetEdges(graph, from, to, data, &count));
    ck_assert_uint_eq(count, 3);
    /* Only between two kernels. */
    ck_assert_int_eq(data[0].type, cudaGraphDependencyTypeDefault);
    ck_assert_int_eq(data[1].type, cudaGraphDependencyTypeProgrammatic);
    ck_assert_int_eq(data[1].from_port, cudaGraphKernelNodePortProgrammatic);
    ck_assert_int_eq(data[2].type, cudaGraphDependencyTypeDefault);
    enum cudaGraphNodeType type;
    OK(cudaGraphNodeGetType(from[1], &type));
    ck_assert_int_eq(type, cudaGraphNodeTypeKernel);
    OK(cudaGraphNodeGetType(from[0], &type));
    ck_assert_int_eq(type, cudaGraphNodeTypeMemcpy);
    instantiated(graph);
    ck_assert_uint_eq(fake_edges(cudaGraphDependencyTypeProgrammatic), 1);
    instantiated(captured(false));
    ck_assert_uint_eq(fake_edges(cudaGraphDependencyTypeProgrammatic), 1);
    ck_assert_uint_eq(fake_edges(cudaGraphDependencyTypeDefault), 5);
}
END_TEST

static bool seen_graph[8], seen_programmatic[8];
static int seen_count;
static void watch(const struct fake_step *step)
{
    ck_assert_int_lt(seen_count, 8);
    seen_graph[seen_count] = step->graph;
    seen_programmatic[seen_count++] = step->programmatic;
}

START_TEST(an_execution_knows_its_edges)
{
    cudaGraphExec_t exec = instantiated(captured(true));
    fake_watch(watch);
    OK(cudaGraphLaunch(exec, stream));
    OK(scale(x, x, 1, 0, true));
    OK(cudaStreamSynchronize(stream));
    ck_assert_int_eq(seen_count, 5);
    const bool programmatic[] = {false, false, true, false, true};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(seen_programmatic[i], programmatic[i]);
        ck_assert_int_eq(seen_graph[i], i < 4);
    }
}
END_TEST

static void malloc_in_capture(void)
{
    void *at;
    FAILS(cudaErrorStreamCaptureUnsupported, cudaMalloc(&at, 16));
}
static void synchronize_in_capture(void)
{
    FAILS(cudaErrorStreamCaptureUnsupported, cudaStreamSynchronize(stream));
}
static void device_synchronize_in_capture(void)
{
    FAILS(cudaErrorStreamCaptureUnsupported, cudaDeviceSynchronize());
}
static void query_in_capture(void)
{
    FAILS(cudaErrorStreamCaptureUnsupported, cudaStreamQuery(stream));
}
static void copy_in_capture(void)
{
    FAILS(cudaErrorStreamCaptureUnsupported, cudaMemcpy(x, in, BYTES, cudaMemcpyHostToDevice));
}

static void (*const forbidden[])(void) = {malloc_in_capture, synchronize_in_capture,
                                          device_synchronize_in_capture, query_in_capture,
                                          copy_in_capture};
enum { FORBIDDEN = sizeof forbidden / sizeof *forbidden };

START_TEST(what_capture_forbids_breaks_it)
{
    cudaGraph_t graph = (cudaGraph_t)x;
    enum cudaStreamCaptureStatus status;
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    OK(scale(x, x, 2, 1, false));
    OK(cudaStreamIsCapturing(stream, &status));
    ck_assert_int_eq(status, cudaStreamCaptureStatusActive);
    forbidden[_i]();
    OK(cudaStreamIsCapturing(stream, &status));
    ck_assert_int_eq(status, cudaStreamCaptureStatusInvalidated);
    FAILS(cudaErrorStreamCaptureInvalidated, scale(x, x, 2, 1, false));
    FAILS(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(stream, &graph));
    ck_assert_ptr_null(graph);
    OK(cudaStreamSynchronize(stream)); /* the stream itself is as before */
}
END_TEST

START_TEST(other_mistakes_of_capture)
{
    cudaGraph_t graph;
    FAILS(cudaErrorIllegalState, cudaStreamEndCapture(stream, &graph));
    FAILS(cudaErrorStreamCaptureUnsupported,
          cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal));
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    FAILS(cudaErrorIllegalState, cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    void *at;
    OK(cudaMalloc(&at, 16)); /* relaxed */
    OK(cudaStreamEndCapture(stream, &graph));
    /* A blocking stream must not meet the default stream. */
    cudaStream_t blocking;
    OK(cudaStreamCreate(&blocking));
    OK(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
    FAILS(cudaErrorStreamCaptureImplicit, cudaMemset(x, 0, 4));
    FAILS(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(blocking, &graph));
}
END_TEST

START_TEST(instantiation_fails_on_order)
{
    cudaGraph_t graph = captured(false);
    cudaGraphExec_t exec;
    fake_fail("cudaGraphInstantiate", 1, cudaErrorMemoryAllocation);
    FAILS(cudaErrorMemoryAllocation, cudaGraphInstantiate(&exec, graph, 0));
    OK(cudaGraphInstantiate(&exec, graph, 0));
    ck_assert_uint_eq(fake_leaks(nullptr), 7); /* 4 of memory, a stream, a graph, an instance */
}
END_TEST

/* ---- graphs by hand
 * -------------------------------------------------------------------------------- */

static cudaGraphNode_t scale_node(cudaGraph_t graph, const cudaGraphNode_t *after, size_t count,
                                  f32 *to, const f32 *from, f32 factor)
{
    struct test_scale params = {to, from, factor, 0, COUNT};
    void *args[] = {&params};
    struct cudaGraphNodeParams node_params = {};
    node_params.type = cudaGraphNodeTypeKernel;
    node_params.kernel.func = (void *)test_scale_kernel;
    node_params.kernel.gridDim = dim3(1);
    node_params.kernel.blockDim = dim3(TEST_THREADS);
    node_params.kernel.kernelParams = args;
    cudaGraphNode_t node;
    OK(cudaGraphAddNode(&node, graph, after, nullptr, count, &node_params));
    return node;
}

/* Without an edge two nodes execute in either order, some seed shows it. */
START_TEST(a_missing_edge_shows)
{
    cudaGraph_t graph;
    OK(cudaGraphCreate(&graph, 0));
    cudaGraphNode_t first = scale_node(graph, nullptr, 0, x, x, 2);
    scale_node(graph, _i ? &first : nullptr, (size_t)_i, y, x, 1);
    cudaGraphExec_t exec = instantiated(graph);
    int early = 0;
    for (u32 turn = 0; turn < 20; turn++) {
        for (int i = 0; i < COUNT; i++)
            in[i] = 1;
        OK(cudaMemcpyAsync(x, in, BYTES, cudaMemcpyHostToDevice, stream));
        OK(cudaGraphLaunch(exec, stream));
        OK(cudaMemcpyAsync(out, y, BYTES, cudaMemcpyDeviceToHost, stream));
        OK(cudaStreamSynchronize(stream));
        early += out[0] == 1;
    }
    if (_i)
        ck_assert_int_eq(early, 0);
    else
        ck_assert(early > 0 && early < 20);
}
END_TEST

START_TEST(nodes_are_checked)
{
    cudaGraph_t graph, other;
    OK(cudaGraphCreate(&graph, 0));
    OK(cudaGraphCreate(&other, 0));
    cudaGraphNode_t first = scale_node(graph, nullptr, 0, x, x, 2), node;
    struct cudaGraphNodeParams params = {};
    params.type = cudaGraphNodeTypeEmpty;
    FAILS(cudaErrorInvalidValue, cudaGraphAddNode(&node, other, &first, nullptr, 1, &params));
    /* A programmatic edge ends at a kernel. */
    cudaGraphEdgeData data = {};
    data.type = cudaGraphDependencyTypeProgrammatic;
    data.from_port = cudaGraphKernelNodePortProgrammatic;
    FAILS(cudaErrorInvalidValue, cudaGraphAddNode(&node, graph, &first, &data, 1, &params));
    OK(cudaGraphAddNode(&node, graph, &first, nullptr, 1, &params));
    params.type = cudaGraphNodeTypeGraph;
    params.graph.graph = graph;
    OK(cudaGraphAddNode(&node, other, nullptr, nullptr, 0, &params));
    OK(cudaMemsetAsync(x, 0, BYTES, stream));
    OK(cudaGraphLaunch(instantiated(other), stream)); /* the child was copied */
    OK(cudaStreamSynchronize(stream));
    ck_assert_uint_eq(fake_executed(), 2);
    params.type = cudaGraphNodeTypeHost;
    FAILS(cudaErrorNotSupported, cudaGraphAddNode(&node, graph, nullptr, nullptr, 0, &params));
    ck_assert_uint_eq(fake_findings(), 1);
    fake_findings_take();
}
END_TEST

/* ---- loops
 * ----------------------------------------------------------------------------------------- */

static u32 *left, *ring; /* left: the device's; ring: pinned */

struct loop {
    cudaGraph_t graph, body;
    cudaGraphConditionalHandle handle;
};

/* A graph of one WHILE node with an empty body. */
static struct loop loop_new(unsigned int at_launch, unsigned int flags)
{
    struct loop loop;
    OK(cudaMalloc((void **)&left, sizeof *left));
    OK(cudaHostAlloc((void **)&ring, sizeof *ring, cudaHostAllocMapped));
    *ring = 0;
    OK(cudaGraphCreate(&loop.graph, 0));
    OK(cudaGraphConditionalHandleCreate(&loop.handle, loop.graph, at_launch, flags));
    struct cudaGraphNodeParams params = {};
    params.type = cudaGraphNodeTypeConditional;
    params.conditional.handle = loop.handle;
    params.conditional.type = cudaGraphCondTypeWhile;
    params.conditional.size = 1;
    cudaGraphNode_t node;
    OK(cudaGraphAddNode(&node, loop.graph, nullptr, nullptr, 0, &params));
    loop.body = params.conditional.phGraph_out[0];
    return loop;
}

static void capture_turn(struct loop *loop, cudaGraphConditionalHandle handle)
{
    struct test_turn params = {left, ring, handle};
    void *args[] = {&params};
    OK(cudaStreamBeginCaptureToGraph(stream, loop->body, nullptr, nullptr, 0,
                                     cudaStreamCaptureModeGlobal));
    OK(scale(x, x, 1, 1, true));
    OK(scale(x, x, 1, 1, true));
    OK(cudaLaunchKernel((const void *)test_turn_kernel, dim3(1), dim3(32), args, 0, stream));
    cudaGraph_t ended;
    OK(cudaStreamEndCapture(stream, &ended));
    ck_assert_ptr_eq(ended, loop->body);
}

static void launch_turns(cudaGraphExec_t exec, u32 turns)
{
    *(u32 *)in = turns;
    OK(cudaMemcpyAsync(left, in, sizeof turns, cudaMemcpyHostToDevice, stream));
    OK(cudaMemsetAsync(x, 0, BYTES, stream));
    OK(cudaGraphLaunch(exec, stream));
    OK(cudaMemcpyAsync(out, x, BYTES, cudaMemcpyDeviceToHost, stream));
}

START_TEST(a_loop_ends_when_its_kernel_says)
{
    struct loop loop = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&loop, loop.handle);
    cudaGraphExec_t exec = instantiated(loop.graph);
    ck_assert_uint_eq(fake_edges(cudaGraphDependencyTypeProgrammatic), 1);
    for (u32 turns = 1; turns < 50; turns += 7) {
        *ring = 0;
        launch_turns(exec, turns);
        OK(cudaStreamSynchronize(stream));
        ck_assert_uint_eq(*ring, turns);
        ck_assert_float_eq(out[COUNT - 1], (f32)(2 * turns));
    }
    cudaGraphExec_t second;
    FAILS(cudaErrorNotSupported, cudaGraphInstantiate(&second, loop.graph, 0));
}
END_TEST

/* Another graph in the memory of one that is gone is not that one. */
START_TEST(a_graph_is_gone_when_it_is_destroyed)
{
    struct loop first = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&first, first.handle);
    OK(cudaGraphExecDestroy(instantiated(first.graph)));
    OK(cudaGraphDestroy(first.graph));
    struct loop second = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&second, second.handle);
    launch_turns(instantiated(second.graph), 3);
    OK(cudaStreamSynchronize(stream));
    ck_assert_uint_eq(*ring, 3);
}
END_TEST

START_TEST(a_loop_keeps_what_it_came_from)
{
    struct loop loop = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&loop, loop.handle);
    instantiated(loop.graph);
    OK(cudaGraphDestroy(loop.graph));
    ck_assert_ptr_nonnull(strstr(fake_finding(0), "destroyed before what was instantiated"));
    fake_findings_take();
}
END_TEST

/* Without edges of the kind and without a loop, with edges, with a loop whose body has such edges
 * and in a loop whose body has none. */
START_TEST(graphs_of_a_kind_are_refused)
{
    static const struct {
        enum fake_graphs kind;
        bool refused[4];
    } kinds[] = {{FAKE_GRAPHS_EARLY, {false, true, true, false}},
                 {FAKE_GRAPHS_LOOP, {false, false, true, true}},
                 {FAKE_GRAPHS_EARLY_LOOP, {false, false, true, false}},
                 {FAKE_GRAPHS_ALL, {true, true, true, true}}};
    cudaGraph_t graphs[4] = {captured(false), captured(true)};
    struct loop early = loop_new(1, cudaGraphCondAssignDefault), none = early;
    capture_turn(&early, early.handle);
    none = loop_new(1, cudaGraphCondAssignDefault);
    graphs[2] = early.graph, graphs[3] = none.graph;
    fake_refuse(kinds[_i].kind);
    for (int i = 0; i < 4; i++) {
        cudaGraphExec_t exec;
        FAILS(kinds[_i].refused[i] ? cudaErrorNotSupported : cudaSuccess,
              cudaGraphInstantiate(&exec, graphs[i], 0));
    }
}
END_TEST

/* The host sees the ring fill while it asks, and not all at once. */
START_TEST(a_loop_is_watched_from_the_host)
{
    struct loop loop = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&loop, loop.handle);
    cudaGraphExec_t exec = instantiated(loop.graph);
    launch_turns(exec, 10);
    u32 seen = 0, changes = 0;
    while (cudaStreamQuery(stream) == cudaErrorNotReady) {
        changes += *ring != seen;
        seen = *ring;
    }
    ck_assert_uint_ge(changes, 8);
    ck_assert_uint_eq(*ring, 10);
}
END_TEST

START_TEST(a_loop_whose_condition_starts_at_zero_does_nothing)
{
    struct loop loop = loop_new(0, cudaGraphCondAssignDefault);
    capture_turn(&loop, loop.handle);
    launch_turns(instantiated(loop.graph), 3);
    OK(cudaStreamSynchronize(stream));
    ck_assert_uint_eq(*ring, 0);
}
END_TEST

START_TEST(a_condition_that_nothing_set_is_found)
{
    struct loop loop = loop_new(1, 0);
    capture_turn(&loop, loop.handle);
    launch_turns(instantiated(loop.graph), 3);
    OK(cudaStreamSynchronize(stream));
    ck_assert_uint_eq(fake_findings(), 1);
    fake_findings_take();
}
END_TEST

START_TEST(a_handle_is_for_one_node)
{
    struct loop loop = loop_new(1, cudaGraphCondAssignDefault);
    struct cudaGraphNodeParams params = {};
    params.type = cudaGraphNodeTypeConditional;
    params.conditional.handle = loop.handle;
    params.conditional.type = cudaGraphCondTypeWhile;
    params.conditional.size = 1;
    cudaGraphNode_t node;
    FAILS(cudaErrorInvalidValue, cudaGraphAddNode(&node, loop.graph, nullptr, nullptr, 0, &params));
    capture_turn(&loop, loop.handle + 1); /* a kernel that sets another one than the loop's */
    launch_turns(instantiated(loop.graph), 3);
    FAILS(cudaErrorLaunchFailure, cudaStreamSynchronize(stream));
    ck_assert_ptr_nonnull(strstr(fake_finding(0), "condition of no graph"));
    fake_findings_take();
}
END_TEST

START_TEST(a_loop_without_end_is_found)
{
    struct loop loop = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&loop, loop.handle);
    launch_turns(instantiated(loop.graph), 0); /* 2^32 turns */
    FAILS(cudaErrorLaunchTimeout, cudaStreamSynchronize(stream));
    ck_assert_uint_eq(fake_findings(), 1);
    fake_findings_take();
}
END_TEST

START_TEST(a_fault_ends_a_loop)
{
    struct loop loop = loop_new(1, cudaGraphCondAssignDefault);
    capture_turn(&loop, loop.handle);
    fake_fail_kernel("test_turn_kernel", 3, cudaErrorLaunchFailure);
    launch_turns(instantiated(loop.graph), 10);
    FAILS(cudaErrorLaunchFailure, cudaStreamSynchronize(stream));
    ck_assert_uint_eq(*ring, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fake_graph");
    TCase *cases = tcase_create("graphs");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, start, nullptr);
    tcase_add_test(cases, capture_records_and_replay_executes);
    tcase_add_test(cases, a_launched_graph_executes_late);
    tcase_add_test(cases, edges_say_what_is_programmatic);
    tcase_add_test(cases, an_execution_knows_its_edges);
    tcase_add_loop_test(cases, what_capture_forbids_breaks_it, 0, FORBIDDEN);
    tcase_add_test(cases, other_mistakes_of_capture);
    tcase_add_test(cases, instantiation_fails_on_order);
    tcase_add_loop_test(cases, a_missing_edge_shows, 0, 2);
    tcase_add_test(cases, nodes_are_checked);
    tcase_add_test(cases, a_loop_ends_when_its_kernel_says);
    tcase_add_test(cases, a_graph_is_gone_when_it_is_destroyed);
    tcase_add_test(cases, a_loop_keeps_what_it_came_from);
    tcase_add_loop_test(cases, graphs_of_a_kind_are_refused, 0, 4);
    tcase_add_test(cases, a_loop_is_watched_from_the_host);
    tcase_add_test(cases, a_loop_whose_condition_starts_at_zero_does_nothing);
    tcase_add_test(cases, a_condition_that_nothing_set_is_found);
    tcase_add_test(cases, a_handle_is_for_one_node);
    tcase_add_test(cases, a_loop_without_end_is_found);
    tcase_add_test(cases, a_fault_ends_a_loop);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
