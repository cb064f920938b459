#include "gen/report.h"

#include <stdarg.h>

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
