/* A report whose messages land in memory, for tests of what is said. */
#ifndef TESTS_UNIT_CAPTURED_H
#define TESTS_UNIT_CAPTURED_H

#include <stdlib.h>
#include <string.h>

#include "gen/front/report.h"

struct heard {
    struct report report;
    char *text;
    size_t size;
};

/* Starts listening; messages begin with `file`. */
static inline void heard_open(struct heard *heard, const char *file)
{
    heard->report = (struct report){.to = open_memstream(&heard->text, &heard->size), .file = file};
}

/* Everything said so far. */
static inline const char *heard_text(struct heard *heard)
{
    fflush(heard->report.to);
    return heard->text;
}

static inline void heard_close(struct heard *heard)
{
    fclose(heard->report.to);
    free(heard->text);
}

#endif
