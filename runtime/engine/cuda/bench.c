/* What the measuring verbs time on a GPU: with the device's own clocks, so that the host does not
 * matter. */
#include "runtime/engine/backend.h"

#include <string.h>

#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/cuda/read.h"
#include "runtime/engine/session.h"

/* Products in a row, so that the time between two of them does not matter. */
enum { PRODUCTS = 8, WIDEST = 4096, NARROWEST = 64 };

static struct {
    cudaEvent_t before, after;
    u32 *sums;             /* device memory: what was read */
    struct matmul product; /* of weights with weights; y is device memory of its own */
} bench;

const u32 backend_bench_ahead = 1;

uint64_t backend_bench_bytes(void)
{
    return backend_generate_bytes();
}

static void launch_read(void)
{
    read_launch(&cuda.run, model.op_count, cuda.memory.weights, model.weights_bytes, bench.sums,
                cuda.device.processors);
}

/* The type of the largest tensor: that of most of the arithmetic. */
static enum format largest_type(void)
{
    enum format type = FORMAT_F32;
    uint64_t most = 0;
    for (u32 i = 0; i < model.weight_count; i++) {
        const uint64_t bytes = model_weight_tensors(&model.weights[i]) * model.weights[i].bytes;
        if (bytes > most && format_find(model.weights[i].type, &type))
            most = bytes;
    }
    return type;
}

/* Both operands are in the first half of the weights, or NARROWEST wide. */
static struct matmul largest_product(void)
{
    const enum format type = largest_type();
    u32 side = WIDEST;
    while (side > NARROWEST && format_bytes(type, side + side / 2, side) > model.weights_bytes / 4)
        side /= 2;
    struct matmul product = {.name = "peak",
                             .type = type,
                             .rows = side / 2,
                             .M = side,
                             .K = side,
                             .w_stride = side,
                             .x_stride = side,
                             .y_stride = side};
    return product;
}

static void open_product(void)
{
    struct matmul *product = &bench.product;
    *product = largest_product();
    const uint64_t w_bytes = format_bytes(product->type, product->M, product->K);
    CUDA_CHECK(cudaMalloc((void **)&product->y,
                          (uint64_t)product->rows * product->y_stride * sizeof(f32)));
    product->w = cuda.memory.weights;
    product->x = (const uint8_t *)cuda.memory.weights + w_bytes;
}

void backend_bench_open(struct session *session, u32 tokens)
{
    const struct generation_options how = {
        .sample = {.top_p = 1.0}, .vocab = model.vocab, .limit = (uint64_t)tokens + 1};
    backend_generate_open(session, &how);
    CUDA_CHECK(cudaEventCreate(&bench.before));
    CUDA_CHECK(cudaEventCreate(&bench.after));
    CUDA_CHECK(cudaMalloc((void **)&bench.sums, READ_SUMS_BYTES(cuda.device.processors)));
    open_product();
    cuda.launcher.pass = PASS_PREPARE;
    launch_read();
    matmul(&cuda.run, model.op_count, &bench.product);
    cuda.launcher.pass = PASS_RUN;
}

void cuda_bench_close(void)
{
    if (!bench.before)
        return;
    CUDA_CHECK(cudaEventDestroy(bench.before));
    CUDA_CHECK(cudaEventDestroy(bench.after));
    CUDA_CHECK(cudaFree(bench.sums));
    CUDA_CHECK(cudaFree(bench.product.y));
    memset(&bench, 0, sizeof bench);
}

static void start_clock(void)
{
    CUDA_CHECK(cudaEventRecord(bench.before, cuda.launcher.stream));
}

/* Seconds of what was launched since. */
static double stop_clock(void)
{
    float milliseconds;
    CUDA_CHECK(cudaEventRecord(bench.after, cuda.launcher.stream));
    CUDA_CHECK(cudaEventSynchronize(bench.after));
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, bench.before, bench.after));
    return (double)milliseconds * 1e-3;
}

/* The weights themselves are read. */
double backend_bench_read(struct session *session)
{
    (void)session;
    start_clock();
    launch_read();
    return stop_clock() / (double)model.weights_bytes;
}

double backend_bench_multiply_adds(struct session *session)
{
    (void)session;
    const struct matmul *product = &bench.product;
    start_clock();
    for (u32 i = 0; i < PRODUCTS; i++)
        matmul(&cuda.run, model.op_count, product);
    return stop_clock() / ((double)PRODUCTS * product->rows * product->M * product->K);
}

bool backend_bench_memory(const struct session *session, uint64_t *planned, uint64_t *taken,
                          bool *shared)
{
    const uint64_t left = device_memory_left(&cuda.device);
    *planned = cuda.device.integrated ? memory_plan_bytes(&session->plan)
                                      : device_memory_bytes(&cuda.device, &session->plan);
    *taken = cuda.available > left ? cuda.available - left : 0;
    *shared = cuda.device.integrated;
    return true;
}

/* By the stamps that sampler steps make. */
double backend_bench_decode(struct session *session, const u32 *ids, u32 tokens, double *each)
{
    backend_generate_begin(session, session_decode(session, ids[0]));
    uint64_t first = 0, last = 0;
    u32 id;
    for (u32 i = 0; i <= tokens && backend_generate_next(session, &id); i++) {
        uint64_t now = backend_token_time();
        if (i == 0)
            first = now;
        else
            each[i - 1] = (double)(now - last) * 1e-9;
        last = now;
    }
    backend_generate_end(session);
    return (double)(last - first) * 1e-9;
}
