/* The weight file on its way to disk.
 *
 * Everything goes to OUT.partial.PID beside the target and takes its name only when it is complete
 * and on disk, so a weight file is either whole or not there, and an older one survives a failure.
 */
#ifndef TOOLS_PACK_WEIGHT_WRITER_H
#define TOOLS_PACK_WEIGHT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/front/diagnostics.h"
#include "runtime/base/digest.h"
#include "runtime/base/partial.h"

struct weight_writer {
    XXH3_state_t digest;
    struct diagnostics diagnostics; /* of errors; its file is the target's path */
    struct partial partial;
    uint64_t total; /* bytes that the file will have */
    uint64_t at;    /* bytes appended so far */
    uint8_t *held;  /* small appends, not yet written */
    uint64_t held_bytes;
};

/* Creates the partial file for `total` bytes, if the disk has room for them. False: reported to
 * `to`, and nothing is left behind. `path` must outlive the writer. */
__attribute__((warn_unused_result)) bool
weight_writer_open(struct weight_writer *w, const char *path, uint64_t total, FILE *to);

/* Appends bytes, or zeros. False: reported. */
__attribute__((warn_unused_result)) bool weight_writer_append(struct weight_writer *w,
                                                              const void *bytes, uint64_t count);
__attribute__((warn_unused_result)) bool weight_writer_zeros(struct weight_writer *w,
                                                             uint64_t count);

/* XXH3-64 of what was appended since the start or the last call. */
uint64_t weight_writer_digest(struct weight_writer *w);

/* Writes the first `count` bytes of the file anew, syncs, and gives the file its name. False:
 * reported, the partial file is removed. Either way the writer is closed. */
__attribute__((warn_unused_result)) bool weight_writer_commit(struct weight_writer *w,
                                                              const void *head, uint64_t count);

/* Removes the partial file and closes the writer. */
void weight_writer_abandon(struct weight_writer *w);

#endif
