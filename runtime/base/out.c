#include "runtime/base/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"

void out_open(struct out *out, int descriptor, const char *name)
{
    out->descriptor = descriptor;
    out->name = name;
    out->aside = NULL;
    out->closed = false;
    out->keep_going = false;
    out->error = 0;
    out->used = 0;
}

static void write_all(struct out *out, const uint8_t *bytes, size_t count)
{
    while (count > 0 && !out->closed) {
        ssize_t wrote = write(out->descriptor, bytes, count);
        if (wrote >= 0) {
            bytes += wrote;
            count -= (size_t)wrote;
        } else if (errno == EPIPE) {
            out->closed = true;
        } else if (errno != EINTR && out->keep_going) {
            out->closed = true;
            out->error = errno;
        } else if (errno != EINTR) {
            int reason = errno;
            if (out->aside)
                unlink(out->aside);
            die(EXIT_FAILED, "cannot write to %s: %s", out->name, strerror(reason));
        }
    }
}

void out_flush(struct out *out)
{
    write_all(out, out->bytes, out->used);
    out->used = 0;
}

void out_write(struct out *out, const void *bytes, size_t count)
{
    if (count > sizeof out->bytes - out->used)
        out_flush(out);
    if (count >= sizeof out->bytes) {
        write_all(out, bytes, count);
        return;
    }
    memcpy(out->bytes + out->used, bytes, count);
    out->used += count;
}

void out_text(struct out *out, const char *text)
{
    out_write(out, text, strlen(text));
}

void out_print(struct out *out, const char *format, ...)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        size_t room = sizeof out->bytes - out->used;
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf((char *)out->bytes + out->used, room, format, arguments);
        va_end(arguments);
        if (length >= 0 && (size_t)length < room) {
            out->used += (size_t)length;
            return;
        }
        out_flush(out);
    }
}

uint8_t *out_room(struct out *out, size_t count)
{
    if (count > sizeof out->bytes - out->used)
        out_flush(out);
    return out->bytes + out->used;
}

void out_filled(struct out *out, size_t count)
{
    out->used += count;
}
