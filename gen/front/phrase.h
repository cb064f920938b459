/* Short texts by value: a name, a number, a part of a message. */
#ifndef GEN_FRONT_PHRASE_H
#define GEN_FRONT_PHRASE_H

#include "runtime/base/attributes.h"

enum { PHRASE_MAX = 512 };

struct phrase {
    char text[PHRASE_MAX];
};

/* As printf. A text that is too long is a fault of the generator: aborts. */
PRINTF(1, 2) struct phrase phrase(const char *format, ...);

/* Adds to the end of a phrase. */
PRINTF(2, 3) void phrase_add(struct phrase *to, const char *format, ...);

/* The same letters, large or small. */
struct phrase phrase_upper(const char *text);
struct phrase phrase_lower(const char *text);

#endif
