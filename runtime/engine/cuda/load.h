/* The weights arena on the device: the image streamed from the file through one pinned block. */
#ifndef RUNTIME_ENGINE_CUDA_LOAD_H
#define RUNTIME_ENGINE_CUDA_LOAD_H

#include <cuda_runtime_api.h>

#include "runtime/engine/weights.h"

/* Size of the staging block: two halves, one being read into while the other is copied. */
enum { STAGING_BYTES = 16 << 20 };

/* weights_map(), then every tensor to `image` on the device, its digest checked on the way.
 * `staging` is STAGING_BYTES of pinned memory, free again on return. The weights are never on the
 * host as a whole: with `shared`, on a device in whose memory the system keeps its page cache, each
 * piece of the file is dropped from that once it is read. Costs one read of the file. Exits with
 * EXIT_MISMATCH, naming the damaged section or tensor, or with EXIT_FAILED. */
void weights_stream(struct weights_source *source, void *image, void *staging, bool shared,
                    cudaStream_t stream);

#endif
