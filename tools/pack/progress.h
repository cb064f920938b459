/* A strip that shows progress on stderr, for a person who waits: nothing is drawn unless stderr is
 * a terminal.
 */
#ifndef TOOLS_PACK_PROGRESS_H
#define TOOLS_PACK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    uint64_t total, done; /* bytes */
    double started;       /* seconds of the monotonic clock */
    double drawn;         /* when the strip was last drawn */
    bool shown;
};

void progress_start(struct progress *p, uint64_t total);
void progress_add(struct progress *p, uint64_t bytes);

/* Erases the strip. */
void progress_end(struct progress *p);

/* Seconds since the start. */
double progress_seconds(const struct progress *p);

#endif
