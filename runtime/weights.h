/* The weights arena: the image in the weight file, read into huge pages and made read-only. It is
 * used only after every byte of the file has been checked against its digests and against this
 * binary. */
#ifndef RUNTIME_WEIGHTS_H
#define RUNTIME_WEIGHTS_H

#include <stdint.h>

#include "runtime/arena.h"
#include "runtime/model.h"
#include "runtime/team.h"
#include "runtime/weight_file.h"

struct weights_source {
    const char *path;
    int file;
    struct weight_file_header header;
    const uint8_t *map;          /* all in front of the image; NULL before weights_load() */
    struct arena arena;          /* the image, a copy: the file may go */
    const struct weights *image; /* in the arena */
    const void *tokenizer;       /* inside map; tokenizer_bytes of it, NULL if the file has none */
    uint64_t tokenizer_bytes;
};

/* Opens the file and checks its header against the linked model: afterwards the sizes of everything
 * are known. Exits with EXIT_MISMATCH and a message that says what was found, what was expected and
 * what to do; nothing is loaded yet. `path` must outlive the source. */
void weights_open(struct weights_source *source, const char *path);

/* Reads the file and checks the digest of every section and tensor, with all threads of the pool.
 * Costs one read of the file: about 0.1 s for 258 MB that are cached. Exits with EXIT_MISMATCH,
 * naming the damaged section or tensor. Without a pool (NULL) only the sections in front of the
 * image are checked, and image stays NULL: for who needs the tokenizer alone. */
void weights_load(struct weights_source *source, struct pool *pool);

void weights_close(struct weights_source *source);

#endif
