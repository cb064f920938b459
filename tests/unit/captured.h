/* A report whose messages land in memory, for tests of what is said. */
#ifndef TESTS_UNIT_CAPTURED_H
#define TESTS_UNIT_CAPTURED_H

#include <stdlib.h>
#include <string.h>

#include "gen/front/diagnostics.h"

struct captured {
    struct diagnostics report;
    char *text;
    size_t size;
};

/* Starts listening; messages begin with `file`. */
static inline void captured_open(struct captured *captured, const char *file)
{
    captured->report =
        (struct diagnostics){.to = open_memstream(&captured->text, &captured->size), .file = file};
}

/* Everything said so far. */
static inline const char *captured_text(struct captured *captured)
{
    fflush(captured->report.to);
    return captured->text;
}

static inline void captured_close(struct captured *captured)
{
    fclose(captured->report.to);
    free(captured->text);
}

#endif
