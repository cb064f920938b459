#include "tools/weight_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { HELD_BYTES = 1 << 18 };

/* The directory of `path` in new memory, or NULL. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Bytes that an ordinary user can still write where `path` will be; UINT64_MAX if unknown. */
static uint64_t free_bytes(const char *path)
{
    struct statvfs status;
    char *directory = directory_of(path);
    uint64_t bytes = UINT64_MAX;
    if (directory != NULL && statvfs(directory, &status) == 0)
        bytes = (uint64_t)status.f_bavail * status.f_frsize;
    free(directory);
    return bytes;
}

static void report_system(struct weight_writer *w, const char *what, int number)
{
    report_error(&w->report, 0,
                 "cannot %s: %s (%" PRIu64 " of %" PRIu64 " bytes written, %" PRIu64 " free)", what,
                 strerror(number), w->at - w->held_bytes, w->total, free_bytes(w->report.file));
}

static void release(struct weight_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    free(w->held);
    free(w->partial);
    w->fd = -1;
    w->held = NULL;
    w->partial = NULL;
}

/* Creates the file; the buffer is there. */
static bool create(struct weight_writer *w)
{
    const char *path = w->report.file;
    const uint64_t room = free_bytes(path);
    if (room < w->total) {
        report_error(&w->report, 0, "needs %" PRIu64 " bytes, the disk has %" PRIu64 " free",
                     w->total, room);
        return false;
    }
    w->fd = open(w->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0) {
        report_error(&w->report, 0, "cannot create %s: %s", w->partial, strerror(errno));
        return false;
    }
    return true;
}

bool weight_writer_open(struct weight_writer *w, const char *path, uint64_t total, FILE *to)
{
    *w = (struct weight_writer){.report = {.to = to, .file = path}, .fd = -1, .total = total};
    const size_t name_bytes = strlen(path) + 32;
    w->partial = malloc(name_bytes);
    w->held = malloc(HELD_BYTES);
    bool ready = w->partial != NULL && w->held != NULL;
    if (!ready) {
        report_error(&w->report, 0, "no memory to write it");
    } else {
        snprintf(w->partial, name_bytes, "%s.partial.%ld", path, (long)getpid());
        XXH3_64bits_reset(&w->digest);
        ready = create(w);
    }
    if (!ready)
        release(w);
    return ready;
}

static bool write_out(struct weight_writer *w, const uint8_t *bytes, uint64_t count)
{
    while (count > 0) {
        const ssize_t done = write(w->fd, bytes, count);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            report_system(w, "write", errno);
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

/* Makes the name durable; the file itself already is. */
static bool sync_directory(const char *path)
{
    char *directory = directory_of(path);
    const int fd = directory == NULL ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    const int number = errno;
    if (fd >= 0)
        close(fd);
    free(directory);
    errno = number;
    return synced;
}

bool weight_writer_commit(struct weight_writer *w, const void *head, uint64_t count)
{
    bool written = flush(w);
    if (written && lseek(w->fd, 0, SEEK_SET) != 0) {
        report_system(w, "seek", errno);
        written = false;
    }
    written = written && write_out(w, head, count);
    if (written && fsync(w->fd) != 0) {
        report_system(w, "sync", errno);
        written = false;
    }
    if (written && rename(w->partial, w->report.file) != 0) {
        report_system(w, "rename the partial file", errno);
        written = false;
    }
    if (!written) {
        weight_writer_abandon(w);
        return false;
    }
    written = sync_directory(w->report.file);
    if (!written)
        report_system(w, "sync the directory", errno);
    release(w);
    return written;
}

void weight_writer_abandon(struct weight_writer *w)
{
    unlink(w->partial);
    release(w);
}
