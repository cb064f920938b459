/* Kernels by their handles, and what was found. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simt/simt_inner.h"

/* A race is found again at every element: the first findings of each sort tell what is wrong. A
 * sort is a format, in one kernel. */
enum { SHOWN = 16, SHOWN_OF_SORT = 3, LINE_MOST = 400 };

static struct simt_kernel *kernels;
static uint64_t findings;
static char report[SHOWN * LINE_MOST];
static u32 shown;
static struct {
    const char *format;
    const struct simt_kernel *kernel;
} sorts[SHOWN]; /* of the lines in the report */

static bool is_shown(const char *format)
{
    u32 same = 0;
    for (u32 i = 0; i < shown; i++)
        same += sorts[i].format == format && sorts[i].kernel == simt_now.kernel;
    return shown < SHOWN && same < SHOWN_OF_SORT;
}

void simt_register(struct simt_kernel *kernel)
{
    kernel->next = kernels;
    kernels = kernel;
}

const struct simt_kernel *simt_kernel_of(const void *handle)
{
    for (const struct simt_kernel *k = kernels; k; k = k->next)
        if (k->handle == handle)
            return k;
    return NULL;
}

void simt_find(const char *format, ...)
{
    findings++;
    if (!is_shown(format))
        return;
    sorts[shown].format = format;
    sorts[shown++].kernel = simt_now.kernel;
    char *line = report + strlen(report);
    const struct simt_thread *t = simt_now.self;
    int used = 0;
    if (t)
        used = snprintf(line, LINE_MOST, "%s, block %u, thread %u: ", simt_now.kernel->name,
                        t->block->index, t->index);
    va_list values;
    va_start(values, format);
    used += vsnprintf(line + used, LINE_MOST - (size_t)used, format, values);
    va_end(values);
    const int end = used < LINE_MOST - 2 ? used : LINE_MOST - 2;
    line[end] = '\n';
    line[end + 1] = '\0';
}

uint64_t simt_findings(void)
{
    return findings;
}

const char *simt_report(void)
{
    return report;
}

void simt_forget(void)
{
    findings = 0;
    shown = 0;
    report[0] = '\0';
}

void simt_die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("simt: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    abort();
}
