#include "tools/pack/weight_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { HELD_BYTES = 1 << 18 };

/* Bytes that an ordinary user can still write beside the file; UINT64_MAX if unknown. */
static uint64_t free_bytes(const struct weight_writer *w)
{
    struct statvfs status;
    return fstatvfs(w->partial.file, &status) == 0 ? (uint64_t)status.f_bavail * status.f_frsize
                                                   : UINT64_MAX;
}

static void diagnostics_system(struct weight_writer *w, const char *what, int number)
{
    diagnostics_error(&w->diagnostics, 0,
                      "cannot %s: %s (%" PRIu64 " of %" PRIu64 " bytes written, %" PRIu64 " free)",
                      what, strerror(number), w->at - w->held_bytes, w->total, free_bytes(w));
}

/* Creates the file, if there is room for it. */
static bool create(struct weight_writer *w)
{
    if (!partial_open(&w->partial, w->diagnostics.file)) {
        diagnostics_error(&w->diagnostics, 0, "cannot create %s: %s", w->partial.name,
                          strerror(errno));
        return false;
    }
    const uint64_t room = free_bytes(w);
    if (room < w->total) {
        diagnostics_error(&w->diagnostics, 0,
                          "needs %" PRIu64 " bytes, the disk has %" PRIu64 " free", w->total, room);
        partial_abandon(&w->partial);
        return false;
    }
    return true;
}

bool weight_writer_open(struct weight_writer *w, const char *path, uint64_t total, FILE *to)
{
    *w = (struct weight_writer){.diagnostics = {.to = to, .file = path}, .total = total};
    w->held = malloc(HELD_BYTES);
    if (w->held == NULL) {
        diagnostics_error(&w->diagnostics, 0, "no memory to write it");
        return false;
    }
    XXH3_64bits_reset(&w->digest);
    if (create(w))
        return true;
    free(w->held);
    return false;
}

static bool write_out(struct weight_writer *w, const uint8_t *bytes, uint64_t count)
{
    while (count > 0) {
        const ssize_t done = write(w->partial.file, bytes, count);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            diagnostics_system(w, "write", errno);
            return false;
        }
        bytes += done;
        count -= (uint64_t)done;
    }
    return true;
}

static bool flush(struct weight_writer *w)
{
    if (!write_out(w, w->held, w->held_bytes))
        return false;
    w->held_bytes = 0;
    return true;
}

bool weight_writer_append(struct weight_writer *w, const void *bytes, uint64_t count)
{
    if (count == 0)
        return true;
    XXH3_64bits_update(&w->digest, bytes, count);
    if (w->held_bytes + count > HELD_BYTES && !flush(w))
        return false;
    if (count > HELD_BYTES) {
        if (!write_out(w, bytes, count))
            return false;
    } else {
        memcpy(w->held + w->held_bytes, bytes, count);
        w->held_bytes += count;
    }
    w->at += count;
    return true;
}

bool weight_writer_zeros(struct weight_writer *w, uint64_t count)
{
    static const uint8_t zeros[4096];
    for (; count > sizeof zeros; count -= sizeof zeros)
        if (!weight_writer_append(w, zeros, sizeof zeros))
            return false;
    return weight_writer_append(w, zeros, count);
}

uint64_t weight_writer_digest(struct weight_writer *w)
{
    const uint64_t digest = XXH3_64bits_digest(&w->digest);
    XXH3_64bits_reset(&w->digest);
    return digest;
}

bool weight_writer_commit(struct weight_writer *w, const void *head, uint64_t count)
{
    bool written = flush(w);
    if (written && lseek(w->partial.file, 0, SEEK_SET) != 0) {
        diagnostics_system(w, "seek", errno);
        written = false;
    }
    if (!written || !write_out(w, head, count)) {
        weight_writer_abandon(w);
        return false;
    }
    const char *failed = partial_commit(&w->partial);
    if (failed != NULL)
        diagnostics_error(&w->diagnostics, 0, "cannot %s: %s", failed, strerror(errno));
    free(w->held);
    return failed == NULL;
}

void weight_writer_abandon(struct weight_writer *w)
{
    partial_abandon(&w->partial);
    free(w->held);
}
