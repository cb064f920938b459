#define _GNU_SOURCE

#include "runtime/base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/visible.h"

enum { MESSAGE_BYTES = 2048 };

/* stdio is avoided: its buffers are allocated on first use, which may be after sealing. */
static void print(const char *format, va_list arguments)
{
    char said[MESSAGE_BYTES], message[MESSAGE_BYTES + 1];
    int named = snprintf(message, sizeof message, "%s: ", program_invocation_short_name);
    size_t used = named < 0 ? 0 : (size_t)named;
    if (used > sizeof message / 2)
        used = 0;
    if (vsnprintf(said, sizeof said, format, arguments) > 0) {
        visible_copy(message + used, MESSAGE_BYTES - used, said, strlen(said));
        used += strlen(message + used);
    }
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
