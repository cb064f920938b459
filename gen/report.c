#include "gen/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "runtime/visible.h"

enum { SHOWN = 8 }; /* bytes that one byte of a message may become */

void report_error(struct report *report, uint32_t line, const char *message, ...)
{
    char *said = NULL;
    va_list arguments;
    va_start(arguments, message);
    const int bytes = vasprintf(&said, message, arguments);
    va_end(arguments);
    char *shown = bytes < 0 ? NULL : malloc(SHOWN * (size_t)bytes + 1);
    if (shown == NULL)
        report_no_memory();
    visible_copy(shown, SHOWN * (size_t)bytes + 1, said, (size_t)bytes);
    if (line != 0)
        fprintf(report->to, "%s:%u: %s\n", report->file, line, shown);
    else
        fprintf(report->to, "%s: %s\n", report->file, shown);
    free(shown);
    free(said);
    report->errors++;
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

void report_note(const struct report *report, const char *message, ...)
{
    fprintf(report->to, "%s: note: ", report->file);
    va_list arguments;
    va_start(arguments, message);
    vfprintf(report->to, message, arguments);
    va_end(arguments);
    fputc('\n', report->to);
}

void report_item(struct report_list *list, const char *message, ...)
{
    list->report->errors++;
    if (list->count++ >= REPORT_LIST)
        return;
    fprintf(list->report->to, "%s: ", list->report->file);
    va_list arguments;
    va_start(arguments, message);
    vfprintf(list->report->to, message, arguments);
    va_end(arguments);
    fputc('\n', list->report->to);
}

void report_rest(const struct report_list *list, const char *what)
{
    if (list->count > REPORT_LIST)
        fprintf(list->report->to, "%s: and %" PRIu32 " more %s\n", list->report->file,
                list->count - REPORT_LIST, what);
}
