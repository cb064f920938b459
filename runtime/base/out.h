/* Buffered output to a file descriptor, over write(2): stdio allocates its buffers on first use,
 * which may be after sealing. */
#ifndef RUNTIME_BASE_OUT_H
#define RUNTIME_BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUT_BYTES = 64 * 1024 };

struct out {
    int descriptor;
    const char *name;  /* for messages: "standard output" or a path */
    const char *aside; /* the file behind it, removed if writing fails; NULL: leave it alone */
    bool closed;       /* the reader went away (EPIPE): everything written is dropped */
    bool keep_going;   /* a write error does not end the program: it closes, with its errno */
    int error;
    size_t used;
    uint8_t bytes[OUT_BYTES];
};

void out_open(struct out *out, int descriptor, const char *name);

/* Append bytes, a string, or formatted text (at most OUT_BYTES of it). What does not fit is written
 * first. A write error other than EPIPE ends the program with EXIT_FAILED and a message, unless the
 * output has been told to keep going. */
void out_write(struct out *out, const void *bytes, size_t count);
void out_text(struct out *out, const char *text);
void out_print(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `count` bytes, at most OUT_BYTES, to be filled in place; out_filled() appends how many
 * of them were. */
uint8_t *out_room(struct out *out, size_t count);
void out_filled(struct out *out, size_t count);

/* Writes what is buffered. */
void out_flush(struct out *out);

#endif
