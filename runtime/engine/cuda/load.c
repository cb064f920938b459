#include "runtime/engine/cuda/load.h"

#include <fcntl.h>

#include "runtime/base/digest.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/trace.h"

enum { HALF_BYTES = STAGING_BYTES / 2 };

/* The half that is read into next, and when each was copied last. */
struct staging {
    uint8_t *half[2];
    cudaEvent_t copied[2];
    u32 next;
    bool shared;
    cudaStream_t stream;
};

/* Bytes [from, from + bytes) of the file to `to` on the device; into the digest as they pass. */
static void stream_piece(const struct weights_source *source, struct staging *staging,
                         uint64_t from, size_t bytes, uint8_t *to, XXH3_state_t *digest)
{
    u32 half = staging->next;
    staging->next ^= 1;
    CUDA_CHECK(cudaEventSynchronize(staging->copied[half])); /* the copy before the next read */
    int stopped = weights_read(source->file, staging->half[half], bytes, from);
    if (stopped)
        weights_refuse_read(source, stopped);
    if (staging->shared) /* a hint, so nothing is made of a failure */
        (void)posix_fadvise(source->file, (off_t)from, (off_t)bytes, POSIX_FADV_DONTNEED);
    XXH3_64bits_update(digest, staging->half[half], bytes);
    CUDA_CHECK(
        cudaMemcpyAsync(to, staging->half[half], bytes, cudaMemcpyHostToDevice, staging->stream));
    CUDA_CHECK(cudaEventRecord(staging->copied[half], staging->stream));
}

static void stream_tensor(const struct weights_source *source, struct staging *staging, u32 index,
                          uint8_t *image)
{
    const struct weight_file_tensor *tensor = &weights_table(source)[index];
    XXH3_state_t digest;
    XXH3_64bits_reset(&digest);
    for (uint64_t at = 0; at < tensor->bytes; at += HALF_BYTES) {
        uint64_t left = tensor->bytes - at;
        stream_piece(source, staging, source->header.weights_at + tensor->at + at,
                     left < HALF_BYTES ? left : HALF_BYTES, image + tensor->at + at, &digest);
    }
    uint64_t found = XXH3_64bits_digest(&digest);
    if (found != tensor->digest)
        weights_refuse_tensor(source, index, found);
}

void weights_stream(struct weights_source *source, void *image, void *staging, bool shared,
                    cudaStream_t stream)
{
    weights_map(source);
    struct staging halves = {
        .half = {staging, (uint8_t *)staging + HALF_BYTES}, .shared = shared, .stream = stream};
    for (u32 i = 0; i < 2; i++)
        CUDA_CHECK(cudaEventCreateWithFlags(&halves.copied[i], cudaEventDisableTiming));
    trace_begin(TRACE_DIGESTS, 0);
    for (u32 i = 0; i < model.tensor_count; i++)
        stream_tensor(source, &halves, i, image);
    trace_end();
    CUDA_CHECK(cudaStreamSynchronize(stream));
    for (u32 i = 0; i < 2; i++)
        CUDA_CHECK(cudaEventDestroy(halves.copied[i]));
    weights_check_all(source);
}
