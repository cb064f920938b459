#include "gen/front/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "runtime/base/visible.h"

enum { SHOWN = 8 }; /* bytes that one byte of a message may become */

/* FILE, LINE unless it is 0, and the message, of which what cannot be seen is spelled out. */
static void say(const struct report *report, uint32_t line, const char *kind, const char *message,
                va_list arguments)
{
    char *said = NULL;
    const int bytes = vasprintf(&said, message, arguments);
    char *shown = bytes < 0 ? NULL : malloc(SHOWN * (size_t)bytes + 1);
    if (shown == NULL)
        report_no_memory();
    visible_copy(shown, SHOWN * (size_t)bytes + 1, said, (size_t)bytes);
    if (line != 0)
        fprintf(report->to, "%s:%u: %s%s\n", report->file, line, kind, shown);
    else
        fprintf(report->to, "%s: %s%s\n", report->file, kind, shown);
    free(shown);
    free(said);
}

void report_error(struct report *report, uint32_t line, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    say(report, line, "", message, arguments);
    va_end(arguments);
    report->errors++;
}

void report_note(const struct report *report, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    say(report, 0, "note: ", message, arguments);
    va_end(arguments);
}

void report_fault(const char *what, const char *message, ...)
{
    fprintf(stderr, "gen: %s: ", what);
    va_list arguments;
    va_start(arguments, message);
    vfprintf(stderr, message, arguments);
    va_end(arguments);
    fputs("; this is a fault of the generator\n", stderr);
    abort();
}

void report_no_memory(void)
{
    fputs("gen: no memory\n", stderr);
    abort();
}

void report_item(struct report_list *list, const char *message, ...)
{
    list->report->errors++;
    if (list->count++ >= REPORT_LIST)
        return;
    va_list arguments;
    va_start(arguments, message);
    say(list->report, 0, "", message, arguments);
    va_end(arguments);
}

void report_rest(const struct report_list *list, const char *what)
{
    if (list->count > REPORT_LIST)
        fprintf(list->report->to, "%s: and %" PRIu32 " more %s\n", list->report->file,
                list->count - REPORT_LIST, what);
}
