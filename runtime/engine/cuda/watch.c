/* --check on CUDA: the host launches every kernel, and before the first of an operation reads what
 * the operation before it left. */
#include "runtime/base/model.h"
#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/finite.h"

static struct {
    struct finite_view view; /* of the step that runs */
    bool stepping;           /* one does */
    u32 op;                  /* whose kernels were launched last; model.op_count: none */
    _Alignas(LINE_BYTES) f32 staging[FINITE_FETCH];
} watch;

static const f32 *fetch(const void *at, uint64_t bytes)
{
    CUDA_CHECK(
        cudaMemcpyAsync(watch.staging, at, bytes, cudaMemcpyDeviceToHost, cuda.launcher.stream));
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    return watch.staging;
}

static void enter(u32 op)
{
    if (watch.stepping && op != watch.op && watch.op < model.op_count)
        finite_check(&watch.view, watch.op);
    watch.op = op;
}

void cuda_watch_open(void)
{
    cuda.launcher.enter = enter;
}

/* A warm-up and the step behind the end of a text, which nobody looks at, leave anything. */
void cuda_watch_reset(void)
{
    if (!cuda.launcher.enter)
        return;
    CUDA_CHECK(cudaMemsetAsync(cuda.memory.scratch, 0, model.scratch_bytes, cuda.launcher.stream));
    CUDA_CHECK(cudaMemsetAsync(cuda.memory.io, 0, model.io_bytes, cuda.launcher.stream));
}

void cuda_watch_begin(const struct step *step)
{
    watch.view = (struct finite_view){
        .scratch = cuda.memory.scratch,
        .io = cuda.memory.io,
        .position = step->position,
        .tokens = step->tokens,
        .logit_rows = step->logit_rows,
        .fetch = fetch,
    };
    watch.op = model.op_count;
    watch.stepping = cuda.launcher.enter != NULL;
}

void cuda_watch_end(void)
{
    if (watch.stepping)
        enter(model.op_count);
    watch.stepping = false;
}
