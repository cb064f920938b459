/* The normalizer Precompiled: SentencePiece's map of characters, in base64.
 *
 * A uint32, bytes of the double array behind it, then texts, each ended by NUL
 * (runtime/tokenizer/tokenizer_rewrite.c). */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "tools/pack/tokenizer_reader.h"

/* The six bits of a digit, or -1. */
static int digit_bits(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = digit != '\0' ? strchr(digits, digit) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Base64 with its padding, to made[3 * (bytes / 4)]; *made_bytes 0: it is none. */
static void decode(const char *text, size_t bytes, uint8_t *made, size_t *made_bytes)
{
    size_t count = 0, padding = 0;
    *made_bytes = 0;
    while (padding < 2 && padding < bytes && text[bytes - 1 - padding] == '=')
        padding++;
    if (bytes % 4 != 0)
        return;
    for (size_t at = 0; at < bytes; at += 4) {
        uint32_t bits = 0;
        const size_t digits = at + 4 == bytes ? 4 - padding : 4;
        for (size_t i = 0; i < 4; i++) {
            const int six = i < digits ? digit_bits(text[at + i]) : 0;
            if (six < 0)
                return;
            bits = bits << 6 | (uint32_t)six;
        }
        if ((digits == 3 && (bits & 0xFF) != 0) || (digits == 2 && (bits & 0xFFFF) != 0))
            return;
        for (size_t i = 0; i + 1 < digits; i++)
            made[count++] = (uint8_t)(bits >> (16 - 8 * i));
    }
    *made_bytes = count;
}

/* The array must have whole units, and the texts must be UTF-8. */
static bool check_map(struct reader *reader, const char *path, const uint8_t *map, size_t bytes)
{
    uint32_t array = 0;
    if (bytes >= sizeof array)
        memcpy(&array, map, sizeof array);
    if (array == 0 || array % 4 != 0 || bytes < 4 || array >= bytes - 4)
        return reader_refuse(reader,
                             "%s.precompiled_charsmap: found an array of %u bytes in %zu, expected "
                             "a multiple of 4, and texts behind it",
                             path, array, bytes);
    const struct utf8_result texts = utf8_check(map + 4 + array, bytes - 4 - array);
    return texts.verdict == UTF8_WHOLE ||
           reader_refuse(reader, "%s.precompiled_charsmap: the text at byte %zu is not valid UTF-8",
                         path, (size_t)(4 + array + texts.good));
}

bool reader_charsmap(struct reader *reader, const char *path, json_t *node)
{
    struct byte_pool *map = &reader->source.map;
    struct pool_text unused;
    json_t *value = json_object_get(node, "precompiled_charsmap");
    if (map->size > 0)
        return reader_refuse(reader, "%s: a second Precompiled is not supported", path);
    if (!reader_known_keys(reader, path, node, "type, precompiled_charsmap"))
        return false;
    if (!json_is_string(value))
        return reader_refuse(reader, "%s.precompiled_charsmap: found %s, expected a string", path,
                             reader_kind(value));
    const size_t digits = json_string_length(value);
    size_t bytes;
    uint8_t *made = malloc(digits + 1);
    if (made == NULL)
        return reader_no_memory(reader);
    decode(json_string_value(value), digits, made, &bytes);
    bool good =
        bytes > 0 || reader_refuse(reader, "%s.precompiled_charsmap: is no base64 text", path);
    good = good && check_map(reader, path, made, bytes);
    made[bytes] = '\0'; /* the last text may lack its end */
    const bool ended = bytes > 0 && made[bytes - 1] == '\0';
    if (good && !pool_add(map, made, bytes + (ended ? 0 : 1), &unused))
        good = reader_no_memory(reader);
    free(made);
    return good;
}
