/* The state arena of the device, copied on the device and, for files, through pinned memory. */
#include <assert.h>

#include "runtime/base/model.h"
#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/cuda/load.h"

static_assert((int)STATE_PIECE <= (int)STAGING_BYTES, "a piece of the state is staged at once");

void backend_state_out(struct session *session, const struct state_rows *rows, void *memory)
{
    (void)session;
    const uint8_t *from = (const uint8_t *)cuda.memory.state + rows->at;
    for (u32 row = 0; row < rows->rows; row++)
        CUDA_CHECK(cudaMemcpyAsync((uint8_t *)memory + row * rows->bytes, from + row * rows->pitch,
                                   rows->bytes, cudaMemcpyDefault, cuda.launcher.stream));
}

void backend_state_in(struct session *session, const struct state_rows *rows, const void *memory)
{
    (void)session;
    uint8_t *to = (uint8_t *)cuda.memory.state + rows->at;
    for (u32 row = 0; row < rows->rows; row++)
        CUDA_CHECK(cudaMemcpyAsync(to + row * rows->pitch,
                                   (const uint8_t *)memory + row * rows->bytes, rows->bytes,
                                   cudaMemcpyDefault, cuda.launcher.stream));
}

const void *backend_state_read(struct session *session, uint64_t at, uint64_t bytes)
{
    (void)session;
    CUDA_CHECK(cudaMemcpyAsync(cuda.staging, (const uint8_t *)cuda.memory.state + at, bytes,
                               cudaMemcpyDeviceToHost, cuda.launcher.stream));
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    return cuda.staging;
}

void *backend_state_room(struct session *session, uint64_t at)
{
    (void)session, (void)at;
    return cuda.staging;
}

void backend_state_filled(struct session *session, uint64_t at, uint64_t bytes)
{
    (void)session;
    CUDA_CHECK(cudaMemcpyAsync((uint8_t *)cuda.memory.state + at, cuda.staging, bytes,
                               cudaMemcpyHostToDevice, cuda.launcher.stream));
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
}

f32 *backend_logits_room(struct session *session)
{
    (void)session;
    return cuda.exchange.logits;
}

void backend_logits_filled(struct session *session)
{
    (void)session;
    uint8_t *to = (uint8_t *)cuda.memory.io + model.io_logits_at;
    CUDA_CHECK(cudaMemcpyAsync(to, cuda.exchange.logits, model.vocab * sizeof(f32),
                               cudaMemcpyHostToDevice, cuda.launcher.stream));
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
}
