/* The weight file: opened, checked, and read into the weights arena. The image is used only after
 * every byte of the file has been checked against its digests and against this binary. */
#ifndef RUNTIME_ENGINE_WEIGHTS_H
#define RUNTIME_ENGINE_WEIGHTS_H

#include <stdint.h>

#include "runtime/base/model.h"
#include "runtime/engine/arena.h"
#include "runtime/engine/team.h"
#include "runtime/engine/weight_file.h"

struct weights_source {
    const char *path;
    int file;
    struct weight_file_header header;
    const uint8_t *map;          /* all in front of the image; NULL before weights_map() */
    struct arena arena;          /* CPU: the image, a copy: the file may go */
    const struct weights *image; /* CPU: in the arena */
    const void *tokenizer;       /* inside map; tokenizer_bytes of it, NULL if the file has none */
    uint64_t tokenizer_bytes;
};

/* Opens the file and checks its header against the linked model: afterwards the sizes of everything
 * are known. Exits with EXIT_MISMATCH and a message that says what was found, what was expected and
 * what to do; nothing is loaded yet. `path` must outlive the source. */
void weights_open(struct weights_source *source, const char *path);

/* Maps what lies in front of the image and checks the digest of each section, and the table of
 * tensors against this binary's. Exits with EXIT_MISMATCH, naming the damaged section. */
void weights_map(struct weights_source *source);

/* CPU: weights_map(), then reads the image into its arena and checks the digest of every tensor,
 * with all threads of the pool. Costs one read of the file: about 0.1 s for 258 MB that are cached.
 * Exits with EXIT_MISMATCH, naming the damaged section or tensor. */
void weights_load(struct weights_source *source, struct pool *pool);

/* The file's table of model.tensor_count tensors; after weights_map(). */
const struct weight_file_tensor *weights_table(const struct weights_source *source);

/* Reads exactly `count` bytes from offset `from` of a file. Returns 0, or what stopped it: an
 * errno, ENODATA if the file ends before, or EINTR once interrupt_asked(). */
int weights_read(int file, void *bytes, size_t count, uint64_t from);

/* Exit with what stopped weights_read(); with a tensor's digest that is not the table's; if the
 * digest over all tensors is not the header's. */
_Noreturn void weights_refuse_read(const struct weights_source *source, int stopped);
_Noreturn void weights_refuse_tensor(const struct weights_source *source, u32 tensor,
                                     uint64_t digest);
void weights_check_all(const struct weights_source *source);

void weights_close(struct weights_source *source);

#endif
