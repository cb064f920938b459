#define _GNU_SOURCE

#include "runtime/base/partial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MARK[] = ".partial.";

/* The folder of `path`, opened; -1 with errno. */
static int open_folder(const char *path)
{
    char folder[PARTIAL_PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The process that wrote this entry of a folder as the partial file of `base`; 0: it is none. */
static pid_t writer_of(const char *entry, const char *base)
{
    const size_t length = strlen(base);
    if (strncmp(entry, base, length) != 0 || strncmp(entry + length, MARK, strlen(MARK)) != 0)
        return 0;
    const char *number = entry + length + strlen(MARK);
    char *end;
    const long pid = strtol(number, &end, 10);
    return number[0] >= '1' && number[0] <= '9' && *end == '\0' && (long)(pid_t)pid == pid
               ? (pid_t)pid
               : 0;
}

static void remove_unlocked(int folder, const char *entry)
{
    const int file = openat(folder, entry, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, entry, 0);
    if (file >= 0)
        close(file);
}

static void remove_dead(const char *path)
{
    const char *slash = strrchr(path, '/');
    const int folder = open_folder(path);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        const pid_t pid = writer_of(entry->d_name, slash == NULL ? path : slash + 1);
        if (pid != 0 && kill(pid, 0) != 0 && errno == ESRCH)
            remove_unlocked(folder, entry->d_name);
    }
    if (entries != NULL)
        closedir(entries);
    else if (folder >= 0)
        close(folder);
}

bool partial_open(struct partial *partial, const char *path)
{
    partial->path = path;
    partial->file = -1;
    partial->drop = false;
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        /* The rename would put a file into the place of a device: root's /dev/null, say. */
        snprintf(partial->name, sizeof partial->name, "%s", path);
        errno = S_ISDIR(there.st_mode) ? EISDIR : EEXIST;
        return false;
    }
    const int length =
        snprintf(partial->name, sizeof partial->name, "%s%s%ld", path, MARK, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof partial->name) {
        errno = ENAMETOOLONG;
        return false;
    }
    remove_dead(path);
    return partial_reopen(partial);
}

bool partial_reopen(struct partial *partial)
{
    partial->file = open(partial->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (partial->file < 0)
        return false;
    flock(partial->file, LOCK_EX | LOCK_NB); /* a file system without locks never gives one */
    return true;
}

static bool sync_folder(const char *path)
{
    const int folder = open_folder(path);
    const bool synced = folder >= 0 && fsync(folder) == 0;
    const int reason = errno;
    if (folder >= 0)
        close(folder);
    errno = reason;
    return synced;
}

const char *partial_commit(struct partial *partial)
{
    const char *failed = NULL;
    if (fsync(partial->file) != 0)
        failed = "sync";
    else if (rename(partial->name, partial->path) != 0)
        failed = "rename the partial file";
    if (failed != NULL) {
        const int reason = errno;
        partial_abandon(partial);
        errno = reason;
        return failed;
    }
    if (partial->drop)
        (void)posix_fadvise(partial->file, 0, 0, POSIX_FADV_DONTNEED);
    const int closed = close(partial->file);
    partial->file = -1;
    if (closed != 0)
        return "close";
    return sync_folder(partial->path) ? NULL : "sync the directory";
}

void partial_abandon(struct partial *partial)
{
    if (partial->file >= 0) {
        unlink(partial->name);
        close(partial->file);
    }
    partial->file = -1;
}
