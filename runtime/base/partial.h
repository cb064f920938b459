/* Files that are whole or not there: written beside their name as NAME.partial.PID, and renamed
 * when they are complete and on the disk. What a killed process has left is removed by the next one
 * that writes the same name. */
#ifndef RUNTIME_BASE_PARTIAL_H
#define RUNTIME_BASE_PARTIAL_H

#include <stdbool.h>

enum { PARTIAL_PATH_BYTES = 4096 + 32 };

struct partial {
    const char *path; /* the name that it will have */
    int file;         /* to be written to */
    bool drop;        /* to be set after opening: once written, out of the page cache */
    char name[PARTIAL_PATH_BYTES]; /* the name until then */
};

/* Creates the partial file of `path`, which must outlive it, and removes those of processes that
 * are gone: there is no such process here, and nobody, wherever it runs, holds the lock on it that
 * every writer has. What is there and no regular file, such as a device, stays. False: errno says
 * why; `name` is what could not be made. Allocates. */
__attribute__((warn_unused_result)) bool partial_open(struct partial *partial, const char *path);

/* Creates it once more, after a commit or an abandon of the same partial: for a file that is
 * written often. Removes nothing of others and allocates nothing. False: errno says why. */
__attribute__((warn_unused_result)) bool partial_reopen(struct partial *partial);

/* Syncs, closes, renames and syncs the folder. NULL, or what could not be done ("sync"), with
 * errno; then the partial file is removed, and `path` holds what it held before, unless it was the
 * folder. */
__attribute__((warn_unused_result)) const char *partial_commit(struct partial *partial);

/* Closes and removes it. */
void partial_abandon(struct partial *partial);

#endif
