/* Writes the weight file of a layout: runtime/engine/weight_file.h says what it holds.
 *
 * The rows come from a source, a checkpoint or a generator of random numbers, one panel at a time,
 * are packed in a fixed staging, and go out in order. Memory: image_staging_bytes(), whatever the
 * size of the model. */
#ifndef TOOLS_PACK_IMAGE_H
#define TOOLS_PACK_IMAGE_H

#include <stdbool.h>

#include "gen/memory/layout.h"
#include "runtime/base/run.h"
#include "tools/pack/progress.h"

/* values[count][cols] <- rows `first` to `first + count` of weight `index`, as the checkpoint
 * stores them. False: reported. */
typedef bool image_read(const void *context, uint32_t index, uint64_t first, uint64_t count,
                        f32 *values, struct diagnostics *diagnostics);

/* Who will read the file: decides the order inside a matrix, see gen/graph/packing.h. */
enum backend { BACKEND_CPU, BACKEND_CUDA };

struct image {
    const struct layout *layout;
    enum backend backend;
    image_read *read;
    const void *context;
    const void *tokenizer; /* compiled tables, or NULL */
    uint64_t tokenizer_bytes;
    const char *path; /* of the weight file */
    struct progress *progress;
};

struct image_written {
    uint64_t file_bytes;
    uint64_t weights_digest;
};

/* Bytes of the two buffers that packing needs: one panel of the widest matrix as f32 and packed.
 * From 2 MiB to 64 MiB over all configs; 2.6 MB for a Mamba of 2.8 billion parameters. */
uint64_t image_staging_bytes(const struct layout *layout);

/* Writes the file. Returns an exit code: EXIT_SUCCESS; EXIT_FAILED when writing fails; EXIT_MEMORY;
 * EXIT_MISMATCH when the source fails or a value does not fit its type; EXIT_INTERRUPTED after
 * SIGINT. Unless it is EXIT_SUCCESS, errors were reported and a file at `path` is as it was. */
int image_write(const struct image *image, struct image_written *written,
                struct diagnostics *diagnostics);

#endif
