/* Kernels, copies and fills of the fake CUDA runtime: checked when they are asked for, executed
 * when their turn comes. */
#include <stdlib.h>
#include <string.h>

#include "tests/simt/fake_cuda_inner.h"
#include "tests/simt/simt.h"

struct function {
    const void *handle;
    size_t shared_most; /* of cudaFuncSetAttribute */
    int carveout;       /* the same */
};
enum { FUNCTIONS_MOST = 4096, SHARED_WITHOUT_ASKING = 49152, THREADS_MOST = 1024 };

static struct function functions[FUNCTIONS_MOST];
static int function_count;
static void (*watcher)(const struct fake_step *step);
static FILE *trace;
static char trace_buffer[1 << 16];
static uint64_t executed;

static struct function *function_of(const void *handle)
{
    for (int i = 0; i < function_count; i++)
        if (functions[i].handle == handle)
            return &functions[i];
    if (function_count == FUNCTIONS_MOST)
        abort();
    struct function *function = &functions[function_count++];
    function->handle = handle;
    function->shared_most = SHARED_WITHOUT_ASKING;
    function->carveout = cudaSharedmemCarveoutDefault;
    return function;
}

/* ---- execution
 * ------------------------------------------------------------------------------------ */

void fake_watch(void (*watch)(const struct fake_step *step))
{
    watcher = watch;
}

void fake_trace_to(const char *path)
{
    trace = fopen(path, "w");
    if (!trace) {
        fprintf(stderr, "fake CUDA: cannot write %s\n", path);
        exit(99);
    }
    setvbuf(trace, trace_buffer, _IOFBF, sizeof trace_buffer);
}

uint64_t fake_executed(void)
{
    return executed;
}

static void tell(const struct work *work, bool graph)
{
    struct fake_step step = {};
    step.what = work->name;
    step.programmatic = work->programmatic;
    step.graph = graph;
    if (work->kind == WORK_KERNEL) {
        step.blocks = work->kernel.blocks;
        step.threads = work->kernel.threads;
        step.shared_bytes = work->kernel.shared_bytes;
        step.carveout = function_of(work->kernel.handle)->carveout;
    }
    if (work->kind == WORK_COPY)
        step.bytes = work->copy.bytes;
    if (work->kind == WORK_FILL)
        step.bytes = work->fill.bytes;
    if (watcher)
        watcher(&step);
    if (trace)
        fprintf(trace, "%s %u %u %u %llu %s %s%s\n", step.what, step.blocks, step.threads,
                step.shared_bytes, (unsigned long long)step.bytes,
                step.programmatic ? "programmatic" : "full", graph ? "graph" : "stream",
                step.carveout == cudaSharedmemCarveoutMaxShared ? " carved" : "");
}

/* The first line of what the interpreter has found since its report was `before` bytes long. */
static void pass_on(const char *kernel, uint64_t found_before, size_t before)
{
    if (simt_findings() == found_before)
        return;
    const char *report = simt_report();
    const char *line = strlen(report) > before ? report + before : "";
    fake_found("kernel %s: %.*s", kernel, (int)strcspn(line, "\n"), line);
}

static void execute_kernel(const struct work *work)
{
    cudaError_t ordered = fake_kernel_order(work->name);
    if (ordered != cudaSuccess) {
        fake_fault(ordered);
        return;
    }
    fake_time_pass(fake_kernel_us(work->params, work->params_bytes));
    uint64_t found = simt_findings();
    size_t length = strlen(simt_report());
    if (!simt_launch(work->kernel.handle, work->kernel.blocks, work->kernel.threads,
                     work->kernel.shared_bytes, work->params))
        fake_fault(cudaErrorLaunchFailure);
    pass_on(work->name, found, length);
}

static void fill(const struct work *work)
{
    unsigned char *to = (unsigned char *)work->fill.to;
    for (size_t i = 0; i < work->fill.bytes; i += work->fill.element)
        memcpy(to + i, &work->fill.value, work->fill.element);
}

void fake_execute(const struct work *work, bool graph)
{
    if (work->kind == WORK_EMPTY || fake_fault_now() != cudaSuccess)
        return;
    executed++;
    tell(work, graph);
    switch (work->kind) {
    case WORK_KERNEL:
        execute_kernel(work);
        break;
    case WORK_MATMUL:
        work->matmul(work->params);
        break;
    case WORK_COPY:
        memmove(work->copy.to, work->copy.from, work->copy.bytes);
        break;
    case WORK_FILL:
        fill(work);
        break;
    default:
        abort();
    }
}

/* ---- kernels
 * -------------------------------------------------------------------------------------- */

cudaError_t fake_kernel_work(struct work *work, const void *handle, dim3 blocks, dim3 threads,
                             size_t shared_bytes, void **params)
{
    const struct simt_kernel *kernel = simt_kernel_of(handle);
    if (!kernel)
        return cudaErrorInvalidDeviceFunction;
    if (!params || !params[0])
        return cudaErrorInvalidValue;
    if (blocks.y != 1 || blocks.z != 1 || threads.y != 1 || threads.z != 1) {
        fake_found("kernel %s: a grid or block of more than one dimension", kernel->name);
        return cudaErrorInvalidConfiguration;
    }
    if (!blocks.x || blocks.x > 2147483647U || !threads.x || threads.x > THREADS_MOST)
        return cudaErrorInvalidConfiguration;
    if (threads.x > kernel->threads)
        return cudaErrorLaunchOutOfResources;
    if (shared_bytes > function_of(handle)->shared_most)
        return cudaErrorInvalidValue;
    if (kernel->params_bytes > PARAMS_MOST) {
        fake_found("kernel %s: parameters of %zu bytes; the fake copies at most %d", kernel->name,
                   kernel->params_bytes, PARAMS_MOST);
        return cudaErrorInvalidValue;
    }
    work->kind = WORK_KERNEL;
    work->name = kernel->name;
    work->kernel.handle = handle;
    work->kernel.blocks = blocks.x;
    work->kernel.threads = threads.x;
    work->kernel.shared_bytes = (uint32_t)shared_bytes;
    work->params_bytes = kernel->params_bytes;
    memcpy(work->params, params[0], kernel->params_bytes);
    return cudaSuccess;
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *function,
                                void **params)
{
    ENTER(0);
    if (!config)
        return fake_result(cudaErrorInvalidValue);
    struct work work = {};
    for (unsigned int i = 0; i < config->numAttrs; i++) {
        const cudaLaunchAttribute *attribute = &config->attrs[i];
        if (attribute->id == cudaLaunchAttributeProgrammaticStreamSerialization) {
            work.programmatic = attribute->val.programmaticStreamSerializationAllowed != 0;
        } else if (attribute->id != cudaLaunchAttributeCooperative && /* blocks always take turns */
                   attribute->id != cudaLaunchAttributeIgnore) {
            fake_found("the fake does not know launch attribute %d", (int)attribute->id);
            return fake_result(cudaErrorNotSupported);
        }
    }
    cudaError_t error = fake_kernel_work(&work, function, config->gridDim, config->blockDim,
                                         config->dynamicSmemBytes, params);
    if (error == cudaSuccess)
        error = fake_submit(config->stream, &work);
    return fake_result(error);
}

cudaError_t cudaLaunchKernel(const void *function, dim3 blocks, dim3 threads, void **params,
                             size_t shared_bytes, cudaStream_t stream)
{
    ENTER(0);
    struct work work = {};
    cudaError_t error = fake_kernel_work(&work, function, blocks, threads, shared_bytes, params);
    if (error == cudaSuccess)
        error = fake_submit(stream, &work);
    return fake_result(error);
}

static cudaError_t carve(struct function *function, int percent)
{
    if (percent < cudaSharedmemCarveoutDefault || percent > cudaSharedmemCarveoutMaxShared)
        return fake_result(cudaErrorInvalidValue);
    function->carveout = percent;
    return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void *handle, enum cudaFuncAttribute attribute, int value)
{
    ENTER(0);
    if (!simt_kernel_of(handle))
        return fake_result(cudaErrorInvalidDeviceFunction);
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout)
        return carve(function_of(handle), value);
    int most = 0;
    fake_device_attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, &most);
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || value > most)
        return fake_result(cudaErrorInvalidValue);
    function_of(handle)->shared_most = (size_t)value;
    return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *handle)
{
    ENTER(0);
    const struct simt_kernel *kernel = simt_kernel_of(handle);
    if (!kernel || !attributes)
        return fake_result(cudaErrorInvalidDeviceFunction);
    memset(attributes, 0, sizeof *attributes);
    attributes->maxThreadsPerBlock = (int)kernel->threads;
    attributes->maxDynamicSharedSizeBytes = (int)function_of(handle)->shared_most;
    return cudaSuccess;
}

/* ---- copies and fills
 * ----------------------------------------------------------------------------- */

/* Whether `bytes` at `at` may be the host's (or device's) end of a copy. Memory that this runtime
 * did not make is the host's, and pageable. */
static bool end_allowed(const void *at, size_t bytes, bool device)
{
    const struct allocation *a = fake_allocation(at, 1);
    if (!a)
        return !device;
    bool kind = device || a->type != cudaMemoryTypeDevice;
    return kind && fake_allocation(at, bytes) == a;
}

static bool is_device(const void *at)
{
    const struct allocation *a = fake_allocation(at, 1);
    return a && a->type != cudaMemoryTypeHost;
}

cudaError_t fake_copy_work(struct work *work, void *to, const void *from, size_t bytes,
                           enum cudaMemcpyKind kind)
{
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (kind == cudaMemcpyDefault) {
        to_device = is_device(to);
        from_device = is_device(from);
    } else if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDeviceToDevice) {
        return cudaErrorInvalidMemcpyDirection;
    }
    if (bytes && (!to || !from || !end_allowed(to, bytes, to_device) ||
                  !end_allowed(from, bytes, from_device)))
        return cudaErrorInvalidValue;
    work->kind = WORK_COPY;
    work->name = "copy";
    work->copy.to = to;
    work->copy.from = from;
    work->copy.bytes = bytes;
    return cudaSuccess;
}

cudaError_t fake_fill_work(struct work *work, void *to, uint32_t value, uint32_t element,
                           size_t count)
{
    if (element != 1 && element != 2 && element != 4)
        return cudaErrorInvalidValue;
    const struct allocation *a = fake_allocation(to, count * element);
    if (count && (!a || (uintptr_t)to % element))
        return cudaErrorInvalidValue;
    work->kind = WORK_FILL;
    work->name = "fill";
    work->fill.to = to;
    work->fill.value = value;
    work->fill.element = element;
    work->fill.bytes = count * element;
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    ENTER(0);
    struct work work = {};
    cudaError_t error = fake_copy_work(&work, to, from, bytes, kind);
    if (error == cudaSuccess)
        error = fake_submit(stream, &work);
    return fake_result(error);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
    ENTER(CALL_UNSAFE);
    struct work work = {};
    cudaError_t error = fake_copy_work(&work, to, from, bytes, kind);
    if (error == cudaSuccess)
        error = fake_submit(nullptr, &work);
    if (error != cudaSuccess)
        return fake_result(error);
    fake_drain(fake_stream(nullptr));
    return fake_result(fake_fault_now());
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream)
{
    ENTER(0);
    struct work work = {};
    cudaError_t error = fake_fill_work(&work, to, (uint32_t)value & 0xff, 1, bytes);
    if (error == cudaSuccess)
        error = fake_submit(stream, &work);
    return fake_result(error);
}

/* Does not wait either, as CUDA's does not. */
cudaError_t cudaMemset(void *to, int value, size_t bytes)
{
    ENTER(CALL_UNSAFE);
    struct work work = {};
    cudaError_t error = fake_fill_work(&work, to, (uint32_t)value & 0xff, 1, bytes);
    if (error == cudaSuccess)
        error = fake_submit(nullptr, &work);
    return fake_result(error);
}

void fake_launch_reset(void)
{
    function_count = 0;
    watcher = nullptr;
    executed = 0;
}
