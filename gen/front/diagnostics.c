#include "gen/front/diagnostics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "runtime/base/visible.h"

enum { SHOWN = 8 }; /* bytes that one byte of a message may become */

/* FILE, LINE unless it is 0, and the message, of which what cannot be seen is spelled out. */
static void say(const struct diagnostics *diagnostics, uint32_t line, const char *kind,
                const char *message, va_list arguments)
{
    char *said = NULL;
    const int bytes = vasprintf(&said, message, arguments);
    char *shown = bytes < 0 ? NULL : malloc(SHOWN * (size_t)bytes + 1);
    if (shown == NULL)
        diagnostics_no_memory();
    visible_copy(shown, SHOWN * (size_t)bytes + 1, said, (size_t)bytes);
    if (line != 0)
        fprintf(diagnostics->to, "%s:%u: %s%s\n", diagnostics->file, line, kind, shown);
    else
        fprintf(diagnostics->to, "%s: %s%s\n", diagnostics->file, kind, shown);
    free(shown);
    free(said);
}

bool diagnostics_error(struct diagnostics *diagnostics, uint32_t line, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    say(diagnostics, line, "", message, arguments);
    va_end(arguments);
    diagnostics->errors++;
    return false;
}

void diagnostics_note(const struct diagnostics *diagnostics, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    say(diagnostics, 0, "note: ", message, arguments);
    va_end(arguments);
}

void diagnostics_fault(const char *what, const char *message, ...)
{
    fprintf(stderr, "gen: %s: ", what);
    va_list arguments;
    va_start(arguments, message);
    vfprintf(stderr, message, arguments);
    va_end(arguments);
    fputs("; this is a fault of the generator\n", stderr);
    abort();
}

void diagnostics_no_memory(void)
{
    fputs("gen: no memory\n", stderr);
    abort();
}

void diagnostics_rest(const struct diagnostics_list *list, const char *what)
{
    if (list->count > DIAGNOSTICS_LIST)
        fprintf(list->diagnostics->to, "%s: and %" PRIu32 " more %s\n", list->diagnostics->file,
                list->count - DIAGNOSTICS_LIST, what);
}
