#include "gen/report.h"

#include <stdarg.h>
#include <stdlib.h>

void report_error(struct report *report, uint32_t line, const char *message, ...)
{
    if (line != 0)
        fprintf(report->to, "%s:%u: ", report->file, line);
    else
        fprintf(report->to, "%s: ", report->file);
    va_list arguments;
    va_start(arguments, message);
    vfprintf(report->to, message, arguments);
    va_end(arguments);
    fputc('\n', report->to);
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
