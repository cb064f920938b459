/* What `bench` measures on a GPU: with the device's own clocks, so that the host does not matter.
 */
#include "runtime/engine/backend.h"

#include <string.h>

#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/cuda/read.h"
#include "runtime/engine/session.h"

static struct {
    cudaEvent_t before, after;
    u32 *sums; /* device memory: what was read */
} bench;

uint64_t backend_bench_bytes(void)
{
    return backend_generate_bytes();
}

static void launch_read(void)
{
    read_launch(&cuda.run, model.op_count, cuda.memory.weights, model.weights_bytes, bench.sums,
                cuda.device.processors);
}

void backend_bench_open(struct session *session, u32 tokens)
{
    const struct generation_options how = {
        .sample = {.top_p = 1.0}, .vocab = model.vocab, .limit = (uint64_t)tokens + 1};
    backend_generate_open(session, &how);
    CUDA_CHECK(cudaEventCreate(&bench.before));
    CUDA_CHECK(cudaEventCreate(&bench.after));
    CUDA_CHECK(cudaMalloc((void **)&bench.sums, READ_SUMS_BYTES(cuda.device.processors)));
    cuda.launcher.pass = PASS_PREPARE;
    launch_read();
    cuda.launcher.pass = PASS_RUN;
}

void cuda_bench_close(void)
{
    if (!bench.before)
        return;
    CUDA_CHECK(cudaEventDestroy(bench.before));
    CUDA_CHECK(cudaEventDestroy(bench.after));
    CUDA_CHECK(cudaFree(bench.sums));
    memset(&bench, 0, sizeof bench);
}

/* The weights themselves are read. */
double backend_bench_read(struct session *session)
{
    (void)session;
    float milliseconds;
    CUDA_CHECK(cudaEventRecord(bench.before, cuda.launcher.stream));
    launch_read();
    CUDA_CHECK(cudaEventRecord(bench.after, cuda.launcher.stream));
    CUDA_CHECK(cudaEventSynchronize(bench.after));
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, bench.before, bench.after));
    return (double)milliseconds * 1e-3 / (double)model.weights_bytes;
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

/* A token lasts from one choice to the next, by the stamps that sampler steps make. */
double backend_bench_decode(struct session *session, u32 tokens, double *each)
{
    session_reset(session);
    backend_generate_begin(session, session_decode(session, 0));
    uint64_t first = 0, last = 0;
    u32 id;
    for (u32 i = 0; i <= tokens && backend_generate_next(session, &id); i++) {
        uint64_t now = cuda_token_time();
        if (i == 0)
            first = now;
        else
            each[i - 1] = (double)(now - last) * 1e-9;
        last = now;
    }
    backend_generate_end(session);
    return (double)(last - first) * 1e-9;
}
