/* What the files of the fake CUDA runtime share. Not for tests; they have fake_cuda.h. */
#ifndef TESTS_SIMT_FAKE_CUDA_INNER_H
#define TESTS_SIMT_FAKE_CUDA_INNER_H

#include <cuda_runtime_api.h>

#include "tests/simt/fake_cuda.h"

/* ---- fake_cuda_call.cc: the beginning and end of every call -------------------------------------
 */

enum {
    CALL_ANYWHERE = 1, /* works without a device, and after a fault */
    CALL_ALLOCATES = 2,
    CALL_UNSAFE = 4, /* refused while a stream captures, unless it captures in relaxed mode */
    CALL_WAITS = 8   /* refused while any stream captures: it waits for the whole device */
};

/* Counts the call. cudaSuccess, or the error with which it must return at once. */
cudaError_t fake_enter(const char *call, int rules);
/* Remembers an error for cudaGetLastError; returns it. */
cudaError_t fake_result(cudaError_t error);
/* A fault on the device: every later call returns it. */
void fake_fault(cudaError_t error);
cudaError_t fake_fault_now(void);
/* Fault of kernel `name`, or cudaSuccess. */
cudaError_t fake_kernel_order(const char *name);
void fake_found(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t fake_random(uint64_t below);
extern "C" void fake_observe(void); /* fake_hooks.c: what the program around says, at every call */
void fake_configure(void);          /* fake_cuda_environment.cc: once, before the first call */
int fake_error_number(const char *text); /* -1: no such error */
void fake_calls_print(FILE *out);
void fake_findings_print(FILE *out);

#define ENTER(rules)                                                                               \
    do {                                                                                           \
        cudaError_t refused_ = fake_enter(__func__, (rules));                                      \
        if (refused_ != cudaSuccess)                                                               \
            return fake_result(refused_);                                                          \
    } while (0)

/* Zeroed storage of the fake's own objects. Lies in one reservation, so that the fake itself works
 * where malloc, mmap and brk are refused. */
void *fake_keep(size_t bytes);
void fake_drop(void *block, size_t bytes);
void fake_keep_reset(void);

/* ---- fake_cuda_device.cc
 * ------------------------------------------------------------------------- */

enum fake_kind fake_device_kind(void);
uint64_t fake_device_free(void);
bool fake_device_concurrent(void); /* managed memory can be advised and prefetched */
int fake_device_attribute(enum cudaDeviceAttr attribute, int *value); /* 0: unknown */

/* ---- fake_cuda_memory.cc
 * ------------------------------------------------------------------------- */

enum { MEMORY_GUARD = 4096 };

struct allocation {
    struct allocation *next;
    unsigned char *base;
    size_t bytes;  /* as asked for */
    size_t mapped; /* whole pages */
    enum cudaMemoryType type;
    uint64_t serial;
};

/* How long a kernel lasts that has these parameters. */
uint64_t fake_kernel_us(const void *params, size_t bytes);
/* The allocation that holds the range, or NULL. */
struct allocation *fake_allocation(const void *at, size_t bytes);
/* Between the two, device memory can be read and written. They nest. */
void fake_memory_open(void);
void fake_memory_close(void);
void fake_memory_reset(void);
uint64_t fake_memory_leaks(FILE *out);

/* ---- work: what streams and graphs execute
 * ------------------------------------------------------- */

enum { PARAMS_MOST = 1024 };
enum work_kind {
    WORK_EMPTY,
    WORK_KERNEL,
    WORK_MATMUL,
    WORK_COPY,
    WORK_FILL,
    WORK_RECORD,     /* of an event; streams only */
    WORK_WAIT,       /* for an event; streams only */
    WORK_GRAPH,      /* an instantiated graph; streams only */
    WORK_CHILD,      /* a graph as a node; graphs only */
    WORK_CONDITIONAL /* graphs only */
};

struct work {
    enum work_kind kind;
    bool programmatic;
    const char *name;
    union {
        struct {
            const void *handle;
            uint32_t blocks, threads, shared_bytes;
        } kernel;
        void (*matmul)(const void *params);
        struct {
            void *to;
            const void *from;
            size_t bytes;
        } copy;
        struct {
            void *to;
            uint32_t value, element;
            size_t bytes;
        } fill;
        struct {
            cudaEvent_t event;
            uint64_t serial;
        } event;
        cudaGraphExec_t exec;
        cudaGraph_t child;
        struct {
            cudaGraphConditionalHandle handle;
            enum cudaGraphConditionalNodeType type;
            unsigned int size;
            cudaGraph_t *bodies;
        } conditional;
    };
    size_t params_bytes;
    alignas(16) unsigned char params[PARAMS_MOST];
};

/* Executes a kernel, product, copy or fill. */
void fake_execute(const struct work *work, bool graph);
/* Puts work behind everything in the stream, or into the graph that the stream captures. */
cudaError_t fake_submit(cudaStream_t stream, const struct work *work);
/* The kernel of a launch, checked, with its parameters copied. */
cudaError_t fake_kernel_work(struct work *work, const void *function, dim3 blocks, dim3 threads,
                             size_t shared_bytes, void **params);
cudaError_t fake_copy_work(struct work *work, void *to, const void *from, size_t bytes,
                           enum cudaMemcpyKind kind);
cudaError_t fake_fill_work(struct work *work, void *to, uint32_t value, uint32_t element,
                           size_t count);
void fake_launch_reset(void);
void fake_trace_to(const char *path);

/* ---- fake_cuda_stream.cc
 * ------------------------------------------------------------------------- */

struct queued {
    struct queued *next;
    uint64_t serial;
    struct work work;
};

/* A graph on its way. */
struct frame {
    cudaGraphNode_t owner; /* the node of the graph below whose body this is; NULL: a launch */
    cudaGraphNode_t ready; /* chain of nodes whose predecessors are done */
};
enum { FRAMES_MOST = 8 };

struct capture {
    bool to_graph; /* into a graph of the caller's */
    bool invalid;
    enum cudaStreamCaptureMode mode;
    uint64_t serial;
    cudaGraph_t graph;
    size_t tails; /* nodes that the next one comes after */
};
enum { TAILS_MOST = 32 };

struct CUstream_st {
    struct CUstream_st *next;
    uint64_t serial;
    unsigned int flags;
    struct queued *first, *last;
    struct frame frames[FRAMES_MOST];
    int depth;
    cudaGraphExec_t running;
    bool capturing;
    struct capture capture;
    cudaGraphNode_t tail[TAILS_MOST];
    cudaGraphEdgeData tail_data[TAILS_MOST];
};

struct CUevent_st {
    struct CUevent_st *next;
    uint64_t serial;
    unsigned int flags;
    cudaStream_t stream;
    uint64_t recorded, done; /* serial numbers of the records asked for and executed */
    uint64_t time_us;
};

/* The clock of events goes on. */
void fake_time_pass(uint64_t us);
/* NULL: no such stream. The default stream is an object of its own. */
cudaStream_t fake_stream(cudaStream_t stream);
/* The next stream that captures after `previous` (NULL: the first), or NULL. */
cudaStream_t fake_capturing(cudaStream_t previous);
/* Executes everything in the stream, or everything that a blocking stream waits for. */
void fake_drain(cudaStream_t stream);
void fake_drain_all(bool blocking_only);
void fake_stream_reset(void);
uint64_t fake_stream_leaks(FILE *out);

/* ---- fake_cuda_graph.cc, fake_cuda_capture.cc, fake_cuda_exec.cc
 * ----------------------------------- */

struct edge {
    struct edge *next;     /* of the graph */
    struct edge *next_out; /* of the node it starts at */
    cudaGraphNode_t from, to;
    cudaGraphEdgeData data;
};

struct CUgraphNode_st {
    struct CUgraphNode_st *next;
    cudaGraph_t graph;
    struct edge *out;
    uint64_t index;
    uint64_t missing; /* predecessors not done yet, while executing */
    cudaGraphNode_t next_ready;
    struct work work;
};

struct CUgraph_st {
    struct CUgraph_st *next; /* of all graphs that the caller owns */
    uint64_t serial;
    bool owned; /* by a node or an instantiation */
    struct CUgraphNode_st *first, *last;
    struct edge *edges, *last_edge;
    uint64_t nodes, edge_count;
};

struct CUgraphExec_st {
    struct CUgraphExec_st *next;
    uint64_t serial;
    cudaGraph_t graph; /* its own copy */
    uint64_t source;   /* serial of the graph it came from; that may be gone */
    uint64_t queued;   /* launches that are not done */
};

cudaError_t fake_node_add(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after,
                          const cudaGraphEdgeData *data, size_t count, const struct work *work);
bool fake_graph_known(cudaGraph_t graph);
cudaGraph_t fake_graph_clone(cudaGraph_t source);
bool fake_graph_conditional(cudaGraph_t graph); /* whether it has a conditional node */
/* Binds the handle to a node of its graph. */
cudaError_t fake_condition_take(cudaGraphConditionalHandle handle, cudaGraph_t graph);
cudaGraph_t fake_graph_make(bool owned);
void fake_graph_free(cudaGraph_t graph);
cudaError_t fake_capture_add(cudaStream_t stream, const struct work *work);
/* A call that a capturing stream does not allow: the capture is broken from here on. */
cudaError_t fake_capture_break(cudaStream_t stream, cudaError_t error);
/* One graph on top of the stream's frames; one step of the topmost frame. */
void fake_frame_push(cudaStream_t stream, cudaGraph_t graph, cudaGraphNode_t owner);
void fake_frame_step(cudaStream_t stream);
/* Sets the conditions of a graph about to be launched to their defaults. */
void fake_conditions_start(cudaGraph_t graph);
bool fake_exec_known(cudaGraphExec_t exec);
bool fake_exec_lives(cudaGraph_t source); /* something instantiated from it */
void fake_graph_reset(void);
void fake_exec_reset(void);
uint64_t fake_exec_leaks(FILE *out);
uint64_t fake_graph_leaks(FILE *out);

/* ---- fake_cublaslt.cc
 * ---------------------------------------------------------------------------- */

void fake_cublaslt_reset(void);
uint64_t fake_cublaslt_leaks(FILE *out);
int fake_status_number(const char *text); /* -1: no such status */

uint64_t fake_serial(void); /* 1, 2, 3, ... */

#endif
