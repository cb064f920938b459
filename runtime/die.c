#define _GNU_SOURCE

#include "runtime/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 2048 };

/* stdio is avoided: its buffers are allocated on first use, which may be after sealing. */
static void print(const char *format, va_list arguments)
{
    char message[MESSAGE_BYTES];
    int named = snprintf(message, sizeof message, "%s: ", program_invocation_short_name);
    size_t used = named < 0 ? 0 : (size_t)named;
    if (used > sizeof message / 2)
        used = 0;
    int said = vsnprintf(message + used, sizeof message - used - 1, format, arguments);
    if (said > 0)
        used += (size_t)said < sizeof message - used - 1 ? (size_t)said : sizeof message - used - 2;
    message[used++] = '\n';
    for (size_t at = 0; at < used;) {
        ssize_t wrote = write(STDERR_FILENO, message + at, used - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return; /* nobody is left to be told */
        at += (size_t)wrote;
    }
}

void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

void die(enum exit_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    exit((int)code);
}
