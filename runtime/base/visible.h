/* Text in messages: what is not seen when printed is spelled out. */
#ifndef RUNTIME_BASE_VISIBLE_H
#define RUNTIME_BASE_VISIBLE_H

#include <stddef.h>

/* Copies text[bytes] to out[room] (at least 1) and ends it with NUL: control characters, a byte
 * order mark, spaces of another kind than ' ' and whatever else prints as nothing become "U+FEFF",
 * bytes that are not UTF-8 "\xFF". What does not fit is left out from the first character on that
 * does not. Returns the length of out. Makes no system call. */
size_t visible_copy(char *out, size_t room, const void *text, size_t bytes);

#endif
