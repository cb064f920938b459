/* What a canary reads on a GPU: the weights on the device, by the device's own clock. */
#include "runtime/engine/backend.h"

#include <string.h>

#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/cuda/read.h"
#include "runtime/engine/session.h"

static struct {
    cudaEvent_t before, after;
    u32 *sums; /* device memory: what was read */
} canary;

static void launch_read(void)
{
    read_launch(&cuda.run, model.op_count, cuda.memory.weights, model.weights_bytes, canary.sums,
                cuda.device.processors);
}

void backend_canary_open(struct session *session)
{
    (void)session;
    CUDA_CHECK(cudaEventCreate(&canary.before));
    CUDA_CHECK(cudaEventCreate(&canary.after));
    CUDA_CHECK(cudaMalloc((void **)&canary.sums, READ_SUMS_BYTES(cuda.device.processors)));
    cuda.launcher.pass = PASS_PREPARE;
    launch_read();
    cuda.launcher.pass = PASS_RUN;
}

void cuda_canary_close(void)
{
    if (!canary.before)
        return;
    CUDA_CHECK(cudaEventDestroy(canary.before));
    CUDA_CHECK(cudaEventDestroy(canary.after));
    CUDA_CHECK(cudaFree(canary.sums));
    memset(&canary, 0, sizeof canary);
}

double backend_canary_read(struct session *session)
{
    (void)session;
    float milliseconds;
    CUDA_CHECK(cudaEventRecord(canary.before, cuda.launcher.stream));
    launch_read();
    CUDA_CHECK(cudaEventRecord(canary.after, cuda.launcher.stream));
    CUDA_CHECK(cudaEventSynchronize(canary.after));
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, canary.before, canary.after));
    return 1e-3 * (double)milliseconds;
}
