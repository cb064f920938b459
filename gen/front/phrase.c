#include "gen/front/phrase.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gen/front/diagnostics.h"

static void add(struct phrase *to, const char *format, va_list arguments)
{
    const size_t used = strlen(to->text), room = PHRASE_MAX - used;
    const int bytes = vsnprintf(to->text + used, room, format, arguments);
    if (bytes < 0 || (size_t)bytes >= room)
        diagnostics_fault(to->text, "more than %d bytes: raise PHRASE_MAX (gen/front/phrase.h)",
                          PHRASE_MAX - 1);
}

struct phrase phrase(const char *format, ...)
{
    struct phrase made = {""};
    va_list arguments;
    va_start(arguments, format);
    add(&made, format, arguments);
    va_end(arguments);
    return made;
}

void phrase_add(struct phrase *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(to, format, arguments);
    va_end(arguments);
}

struct phrase phrase_upper(const char *text)
{
    struct phrase made = phrase("%s", text);
    for (char *c = made.text; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return made;
}

struct phrase phrase_lower(const char *text)
{
    struct phrase made = phrase("%s", text);
    for (char *c = made.text; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return made;
}
