#include "tools/fetch/fetch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "tools/fetch/fetch_http.h"

enum {
    WORTHWHILE = 1 << 20, /* bytes of progress that make an attempt no failure */
    WAIT_MOST = 300000,   /* milliseconds */
    DIGEST_SHOWN = 12,
};

static _Noreturn void interrupted(void)
{
    die(EXIT_INTERRUPTED, "interrupted: the same command goes on where this one stopped");
}

void file_path(const struct fetch_place *place, const struct hub_file *file, char path[HUB_PATH])
{
    snprintf(path, HUB_PATH, "%s/%s", place->directory, file->name);
}

void file_part(const struct fetch_place *place, const struct hub_file *file, char path[HUB_PATH])
{
    snprintf(path, HUB_PATH, "%s/%s.%.*s.part", place->directory, file->name, DIGEST_SHOWN,
             file->digest);
}

bool file_is(const char *path, const struct hub_file *file)
{
    struct stat facts;
    char found[DIGEST_TEXT];
    const int opened = open(path, O_RDONLY | O_CLOEXEC);
    if (opened < 0)
        return false;
    bool same = fstat(opened, &facts) == 0 && S_ISREG(facts.st_mode) &&
                (uint64_t)facts.st_size == file->size;
    if (same && file->digest[0] != '\0')
        same = digest_holds(opened, file->digest, found);
    close(opened);
    if (interrupt_asked())
        interrupted();
    return same;
}

uint64_t file_begun(const struct fetch_place *place, const struct hub_file *file)
{
    char path[HUB_PATH];
    struct stat facts;
    file_part(place, file, path);
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || (uint64_t)facts.st_size > file->size)
        return 0;
    return (uint64_t)facts.st_size;
}

/* Its names last beyond a crash only when the directory is on the disk as well. */
static void rename_for_good(const struct fetch_place *place, const char *from, const char *to)
{
    if (rename(from, to) != 0)
        die(EXIT_FAILED, "%s: cannot be renamed to %s: %s", from, to, strerror(errno));
    const int directory = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fsync(directory) != 0)
        die(EXIT_FAILED, "%s: cannot be written to the disk: %s", place->directory,
            strerror(errno));
    close(directory);
}

void file_link(const struct fetch_place *place, const struct hub_file *file, const char *target)
{
    char real[PATH_MAX], path[HUB_PATH], fresh[HUB_PATH];
    file_path(place, file, path);
    file_part(place, file, fresh);
    unlink(fresh);
    if (realpath(target, real) == NULL || symlink(real, fresh) != 0)
        die(EXIT_FAILED, "%s: cannot be made a link to %s: %s", fresh, target, strerror(errno));
    rename_for_good(place, fresh, path);
}

/* ---- attempts ------------------------------------------------------------------------------- */

/* Sleeps, unless an interrupt comes. */
static void pause_for(uint64_t milliseconds)
{
    const struct timespec time = {.tv_sec = (time_t)(milliseconds / 1000),
                                  .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
    if (interrupt_asked())
        interrupted();
}

/* What the refusal of a URL asks the user to do. */
static _Noreturn void give_up(const struct fetch_place *place, const char *url,
                              const struct http_answer *answer)
{
    const struct hub *hub = place->hub;
    const char *repository = place->cfg->repository;
    if (answer->status == 404)
        die(EXIT_FAILED, "%s: %s: there is no %s at revision %s; correct [hub] in config/%s.ini",
            url, answer->reason, repository, place->cfg->revision, place->cfg->name);
    if (answer->status != 401 && answer->status != 403)
        die(EXIT_FAILED, "%s: %s", url, answer->reason);
    if (hub->token[0] == '\0')
        die(EXIT_FAILED,
            "%s: %s: %s is gated, private or not there: accept its licence at %s/%s and set "
            "HF_TOKEN to a token of yours",
            url, answer->reason, repository, hub->endpoint, repository);
    die(EXIT_FAILED,
        "%s: %s: the token of %s does not open %s: accept its licence at %s/%s, or use another "
        "token",
        url, answer->reason, hub->token_source, repository, hub->endpoint, repository);
}

/* One attempt has failed: exits, or says so and waits. `failed` counts those without progress. */
static void wait_or_give_up(const struct fetch_place *place, const char *url,
                            const struct http_answer *answer, struct fetch_patience patience,
                            uint32_t failed)
{
    if (interrupt_asked())
        interrupted();
    if (!answer->again)
        give_up(place, url, answer);
    if (answer->wait > WAIT_MOST / 1000)
        die(EXIT_FAILED, "%s: %s, and asks to wait %" PRIu64 " s: try again then", url,
            answer->reason, answer->wait);
    if (failed >= patience.attempts)
        die(EXIT_FAILED, "%s: %s; gave up after %u attempts", url, answer->reason, failed);
    uint64_t wait = (uint64_t)patience.backoff << (failed < 16 ? failed - 1 : 15);
    if (wait > WAIT_MOST)
        wait = WAIT_MOST;
    if (wait < answer->wait * 1000)
        wait = answer->wait * 1000;
    note("%s: %s; next attempt in %" PRIu64 ".%03" PRIu64 " s", url, answer->reason, wait / 1000,
         wait % 1000);
    pause_for(wait);
}

/* ---- into memory ---------------------------------------------------------------------------- */

struct text {
    char *bytes;
    size_t size, most;
    bool overlong; /* more came than `most` */
};

static bool take_text(void *user, uint64_t at, const void *bytes, size_t count)
{
    struct text *text = user;
    text->overlong = at > text->most || count > text->most - at;
    if (text->overlong)
        return false;
    memcpy(text->bytes + at, bytes, count);
    text->size = at + count;
    return true;
}

char *fetch_text(const struct fetch_place *place, const char *url, size_t most,
                 struct fetch_patience patience, size_t *size)
{
    struct text text = {.bytes = malloc(most), .most = most};
    if (text.bytes == NULL)
        die(EXIT_MEMORY, "no memory for %zu bytes", most);
    struct http_request request = {.url = url,
                                   .endpoint = place->hub->endpoint,
                                   .token = place->hub->token,
                                   .timeout = place->hub->timeout,
                                   .sink = take_text,
                                   .user = &text};
    for (uint32_t failed = 1;; failed++) {
        struct http_answer answer;
        text.size = 0;
        http_get(&request, &answer);
        if (answer.whole && answer.reason[0] == '\0')
            break;
        if (text.overlong)
            die(EXIT_MISMATCH, "%s: answered more than %zu bytes", url, most);
        wait_or_give_up(place, url, &answer, patience, failed);
    }
    *size = text.size;
    return text.bytes;
}

/* ---- into a file ---------------------------------------------------------------------------- */

/* A file that grows. */
struct part {
    int file;
    uint64_t end, size; /* bytes there are, and bytes there must be */
    int error;          /* errno of a failed write */
    bool overlong;      /* more came than the listing says */
    struct progress *progress;
};

static bool take_part(void *user, uint64_t at, const void *bytes, size_t count)
{
    struct part *part = user;
    if (at > part->size || count > part->size - at) {
        part->overlong = true;
        return false;
    }
    if (at != part->end) { /* the server sends all of it again */
        part->progress->done -= part->end - at;
        part->end = at;
    }
    for (size_t done = 0; done < count;) {
        const ssize_t wrote =
            pwrite(part->file, (const char *)bytes + done, count - done, (off_t)(at + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            part->error = wrote < 0 ? errno : EIO;
            return false;
        }
        done += (size_t)wrote;
        part->end += (uint64_t)wrote;
        progress_add(part->progress, (uint64_t)wrote);
    }
    return true;
}

static int open_part(const char *path, struct part *part)
{
    struct stat facts;
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0 || fstat(file, &facts) != 0)
        die(EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) != 0)
        die(EXIT_FAILED, "%s: another fetch is writing it", path);
    if (!S_ISREG(facts.st_mode))
        die(EXIT_FAILED, "%s: is no plain file", path);
    part->end = (uint64_t)facts.st_size <= part->size ? (uint64_t)facts.st_size : 0;
    return file;
}

/* What the bytes themselves forbid to try again; exits. */
static void check_attempt(const struct part *part, const char *path, const char *url)
{
    if (part->error != 0)
        die(EXIT_FAILED,
            "%s: cannot be written: %s; the same command goes on where this one "
            "stopped",
            path, strerror(part->error));
    if (part->overlong) {
        unlink(path);
        die(EXIT_MISMATCH, "%s: sent more than the %" PRIu64 " bytes that the hub lists", url,
            part->size);
    }
}

/* Attempts until all bytes are there. */
static void gather(const struct fetch_place *place, const char *url, const char *path,
                   struct fetch_patience patience, struct part *part)
{
    uint32_t failed = 0;
    while (part->end < part->size) {
        const uint64_t before = part->end;
        struct http_answer answer;
        const struct http_request request = {.url = url,
                                             .endpoint = place->hub->endpoint,
                                             .token = place->hub->token,
                                             .from = before,
                                             .timeout = place->hub->timeout,
                                             .sink = take_part,
                                             .user = part};
        http_get(&request, &answer);
        if (ftruncate(part->file, (off_t)part->end) != 0 && part->error == 0)
            part->error = errno;
        check_attempt(part, path, url);
        if (part->end == part->size)
            return;
        if (answer.whole && answer.reason[0] == '\0') {
            answer.again = true;
            snprintf(answer.reason, sizeof answer.reason,
                     "ended after %" PRIu64 " of %" PRIu64 " bytes", part->end, part->size);
        }
        failed = part->end >= before + WORTHWHILE ? 1 : failed + 1;
        wait_or_give_up(place, url, &answer, patience, failed);
    }
}

void file_download(const struct fetch_place *place, const struct hub_file *file,
                   struct fetch_patience patience, struct progress *progress)
{
    char path[HUB_PATH], part_path[HUB_PATH], url[HTTP_URL], found[DIGEST_TEXT];
    struct part part = {.size = file->size, .progress = progress};
    file_path(place, file, path);
    file_part(place, file, part_path);
    hub_url(place->hub, place->cfg, place->commit, file->name, url, sizeof url);
    part.file = open_part(part_path, &part);
    gather(place, url, part_path, patience, &part);
    if (fsync(part.file) != 0)
        die(EXIT_FAILED, "%s: cannot be written: %s", part_path, strerror(errno));
    if (!digest_holds(part.file, file->digest, found)) {
        if (interrupt_asked())
            interrupted();
        if (found[0] == '\0')
            die(EXIT_FAILED, "%s: cannot be read: %s", part_path, strerror(errno));
        unlink(part_path);
        die(EXIT_MISMATCH,
            "%s: %s of what came is %s, the hub lists %s: removed; run the same command again", url,
            digest_kind(file->digest), found, file->digest);
    }
    rename_for_good(place, part_path, path);
    (void)posix_fadvise(part.file, 0, 0, POSIX_FADV_DONTNEED); /* nothing reads it again soon */
    close(part.file);
}
