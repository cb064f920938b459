#include "runtime/measure/words.h"

#include "runtime/base/utf8.h"

static bool is_space(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0x09, 0x0D},     {0x1C, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
                  {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                  {0x205F, 0x205F}, {0x3000, 0x3000}};
    for (uint32_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

void words_count(struct words *words, const uint8_t *text, uint64_t bytes)
{
    words->bytes += bytes;
    for (uint64_t at = 0; at < bytes; at++) {
        const uint8_t byte = text[at];
        if (words->follow > 0 && (byte & 0xC0) == 0x80) {
            words->code = words->code << 6 | (byte & 0x3Fu);
            words->follow--;
        } else {
            const uint32_t length = utf8_length(byte);
            words->follow = length > 1 ? length - 1 : 0;
            words->code = length > 1 ? byte & (0x7Fu >> length) : length == 1 ? byte : UINT32_MAX;
        }
        if (words->follow > 0)
            continue;
        const bool space = is_space(words->code);
        words->runs += space && !words->after_space;
        words->after_space = space;
    }
}
