#include "runtime/base/utf8.h"

#include <string.h>

uint32_t utf8_length(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2)
        return 0;
    if (lead < 0xE0)
        return 2;
    if (lead < 0xF0)
        return 3;
    return lead < 0xF5 ? 4 : 0;
}

bool utf8_continues(uint8_t lead, uint32_t index, uint8_t next)
{
    uint8_t low = 0x80, high = 0xBF;
    if (index == 1) {
        if (lead == 0xE0)
            low = 0xA0;
        else if (lead == 0xED)
            high = 0x9F;
        else if (lead == 0xF0)
            low = 0x90;
        else if (lead == 0xF4)
            high = 0x8F;
    }
    return next >= low && next <= high;
}

struct utf8_result utf8_check(const uint8_t *text, uint64_t bytes)
{
    const uint64_t high_bits = 0x8080808080808080u;
    uint64_t at = 0;
    while (at < bytes) {
        uint64_t eight;
        if (bytes - at >= 8 && (memcpy(&eight, text + at, 8), (eight & high_bits) == 0)) {
            at += 8;
            continue;
        }
        uint32_t length = utf8_length(text[at]);
        if (length == 0)
            return (struct utf8_result){UTF8_INVALID, at, 1};
        for (uint32_t i = 1; i < length; i++) {
            if (at + i == bytes)
                return (struct utf8_result){UTF8_INCOMPLETE, at, i};
            if (!utf8_continues(text[at], i, text[at + i]))
                return (struct utf8_result){UTF8_INVALID, at, i + 1};
        }
        at += length;
    }
    return (struct utf8_result){UTF8_WHOLE, bytes, 0};
}

uint32_t utf8_decode(const uint8_t *text, uint32_t *length)
{
    static const uint8_t lead_mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    *length = utf8_length(text[0]);
    uint32_t code = text[0] & (uint32_t)lead_mask[*length];
    for (uint32_t i = 1; i < *length; i++)
        code = code << 6 | (text[i] & 0x3Fu);
    return code;
}

uint64_t utf8_before(const uint8_t *text, uint64_t end)
{
    uint64_t at = end - 1;
    while ((text[at] & 0xC0) == 0x80)
        at--;
    return at;
}

uint64_t utf8_floor(const uint8_t *text, uint64_t at)
{
    while (at > 0 && (text[at] & 0xC0) == 0x80)
        at--;
    return at;
}
