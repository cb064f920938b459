#include "runtime/base/visible.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "runtime/base/utf8.h"

/* Characters that print as nothing although they are letters, marks or symbols. */
static bool is_blank(uint32_t code)
{
    return code == 0x34F || code == 0x115F || code == 0x1160 || code == 0x17B4 || code == 0x17B5 ||
           (code >= 0x180B && code <= 0x180F) || code == 0x2800 || code == 0x3164 ||
           (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFFA0 ||
           (code >= 0xE0100 && code <= 0xE01EF);
}

static bool is_visible(uint32_t code)
{
    if (code < 0x80)
        return code >= 0x20 && code != 0x7F;
    switch (utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    default:
        return !is_blank(code);
    }
}

size_t visible_copy(char *out, size_t room, const void *text, size_t bytes)
{
    const uint8_t *from = text;
    size_t used = 0, at = 0;
    while (at < bytes) {
        char spelled[16];
        uint32_t length = utf8_length(from[at]);
        const struct utf8_result whole =
            utf8_check(from + at, length < bytes - at ? length : bytes - at);
        int made;
        if (length == 0 || whole.verdict != UTF8_WHOLE) {
            length = 1;
            made = snprintf(spelled, sizeof spelled, "\\x%02X", from[at]);
        } else {
            uint32_t code = utf8_decode(from + at, &length);
            made = is_visible(code) ? snprintf(spelled, sizeof spelled, "%.*s", (int)length,
                                               (const char *)from + at)
                                    : snprintf(spelled, sizeof spelled, "U+%04X", (unsigned)code);
        }
        if (made < 0 || (size_t)made >= room - used)
            break;
        memcpy(out + used, spelled, (size_t)made);
        used += (size_t)made;
        at += length;
    }
    out[used] = '\0';
    return at;
}
