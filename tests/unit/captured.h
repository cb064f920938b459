/* Diagnostics whose messages land in memory, for tests of what is said. */
#ifndef TESTS_UNIT_CAPTURED_H
#define TESTS_UNIT_CAPTURED_H

#include <stdlib.h>
#include <string.h>

#include "gen/front/diagnostics.h"

struct captured {
    struct diagnostics diagnostics;
    char *text;
    size_t size;
};

/* Starts listening; messages begin with `file`. */
static inline void captured_open(struct captured *captured, const char *file)
{
    captured->diagnostics =
        (struct diagnostics){.to = open_memstream(&captured->text, &captured->size), .file = file};
}

/* Everything said so far. */
static inline const char *captured_text(struct captured *captured)
{
    fflush(captured->diagnostics.to);
    return captured->text;
}

static inline void captured_close(struct captured *captured)
{
    fclose(captured->diagnostics.to);
    free(captured->text);
}

#endif
