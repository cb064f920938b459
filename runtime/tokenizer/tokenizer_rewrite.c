/* SentencePiece's normalisation: characters and short texts become others by a map, and of spaces
 * one stays of several and none at the ends. `tokenizers` reads the same map in another way.
 *
 * The map is a double array (Darts-clone's): a unit has the byte that leads to it in its lowest
 * bits, from bit 10 the distance to the units that follow it, bit 8 says that a text ends here, and
 * then the first of those units holds the place of what that text becomes. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <string.h>

#include "runtime/base/utf8.h"

/* What the text at a place becomes; used 0: it stays. */
struct rule {
    uint64_t used; /* bytes of the text */
    const uint8_t *made;
    uint64_t bytes;
};

static uint32_t distance(uint32_t unit)
{
    return (unit >> 10) << ((unit & 0x200) >> 6);
}

/* A rule for the first `used` bytes; not if its text is none of the map's. */
static void set_rule(const struct tokenizer_tables *tables, uint32_t place, uint64_t used,
                     struct rule *rule)
{
    if (place >= tables->map_text_bytes || (place > 0 && tables->map_texts[place - 1] != '\0'))
        return;
    const uint8_t *made = tables->map_texts + place;
    *rule = (struct rule){used, made, strlen((const char *)made)};
}

/* The rule for the longest start of text[bytes], whole characters of it. False when more text,
 * unless it has `ended`, could make it longer. */
static bool find_rule(const struct tokenizer_tables *tables, const uint8_t *text, uint64_t bytes,
                      bool ended, struct rule *rule)
{
    const uint32_t count = tables->map_units;
    *rule = (struct rule){0};
    if (count == 0)
        return true;
    uint32_t node = distance(tables->map[0]);
    for (uint64_t i = 0; i < bytes; i++) {
        node ^= text[i];
        if (text[i] == 0 || node >= count || (tables->map[node] & 0x800000FF) != text[i])
            return true;
        const uint32_t unit = tables->map[node];
        node ^= distance(unit);
        const bool whole = i + 1 == bytes || (text[i + 1] & 0xC0) != 0x80;
        if ((unit & 0x100) && whole && node < count)
            set_rule(tables, tables->map[node] & 0x7FFFFFFF, i + 1, rule);
    }
    return ended;
}

bool map_find(const struct tokenizer_tables *tables, const uint8_t *text, uint64_t bytes,
              const uint8_t **made, uint64_t *made_bytes)
{
    const uint32_t count = tables->map_units;
    uint32_t node = count > 0 ? distance(tables->map[0]) : 0;
    for (uint64_t i = 0; i < bytes && count > 0; i++) {
        node ^= text[i];
        if (text[i] == 0 || node >= count || (tables->map[node] & 0x800000FF) != text[i])
            return false;
        const uint32_t unit = tables->map[node];
        node ^= distance(unit);
        if (!(unit & 0x100) || node >= count)
            continue;
        const uint32_t place = tables->map[node] & 0x7FFFFFFF;
        if (place >= tables->map_text_bytes || (tables->map_texts[place] & 0xC0) == 0x80)
            return false;
        *made = tables->map_texts + place;
        *made_bytes = strlen((const char *)*made);
        return true;
    }
    return false;
}

/* A space, or a mark, which is taken for one where a text ends. */
static uint64_t space_length(const uint8_t *text, uint64_t bytes)
{
    if (bytes >= SPACE_MARK_BYTES && memcmp(text, SPACE_MARK, SPACE_MARK_BYTES) == 0)
        return SPACE_MARK_BYTES;
    return bytes > 0 && text[0] == ' ' ? 1 : 0;
}

/* Puts text[bytes] out; spaces are held back until something follows them. False when there is no
 * room: then nothing of it is out, at most some of the spaces before it. */
static bool put_text(struct tokenizer *tokenizer, const uint8_t *text, uint64_t bytes, uint8_t *out,
                     uint64_t room, uint64_t *moved)
{
    const bool squeeze = (tokenizer->tables.header->flags & TOKENIZER_SQUEEZE) != 0;
    uint64_t spaces = 0;
    while (squeeze && tokenizer->after_space && spaces < bytes && text[spaces] == ' ')
        spaces++;
    text += spaces;
    bytes -= spaces;
    uint64_t length, blank = 0;
    while (squeeze && (length = space_length(text + blank, bytes - blank)) > 0)
        blank += length;
    if (blank < bytes || !squeeze) {
        for (; tokenizer->held_spaces > 0 && *moved < room; tokenizer->held_spaces--)
            out[(*moved)++] = ' ';
        if (tokenizer->held_spaces > 0 || bytes > room - *moved)
            return false;
    }
    for (uint64_t at = 0; at < bytes;) {
        length = squeeze ? space_length(text + at, bytes - at) : 0;
        tokenizer->held_spaces += length > 0;
        if (length == 0) {
            for (; tokenizer->held_spaces > 0; tokenizer->held_spaces--)
                out[(*moved)++] = ' ';
            length = utf8_length(text[at]);
            memcpy(out + *moved, text + at, length);
            *moved += length;
        }
        at += length;
    }
    if (bytes > 0)
        tokenizer->after_space = text[bytes - 1] == ' ';
    return true;
}

void rewrite_begin(struct tokenizer *tokenizer, bool first)
{
    const uint32_t flags = tokenizer->tables.header->flags;
    const bool prepend =
        (flags & TOKENIZER_PREPEND) && (first || !(flags & TOKENIZER_PREFIX_FIRST));
    tokenizer->held_spaces = (flags & TOKENIZER_SQUEEZE) && prepend;
    tokenizer->after_space = true;
}

enum compose_status rewrite(struct tokenizer *tokenizer, bool ended, uint8_t *out, uint64_t room,
                            uint64_t *moved)
{
    struct cutter *cut = &tokenizer->raw_cut;
    const uint64_t start = cut->from;
    enum compose_status status = COMPOSED;
    *moved = 0;
    while (cut->from < cut->limit && status == COMPOSED) {
        const uint8_t *text = tokenizer->raw.bytes + cut->from;
        const uint64_t left = cut->limit - cut->from;
        struct rule rule;
        uint64_t kept; /* tokens stay as they are */
        if (!cut_marked(&tokenizer->clean_cut.set, text, left, ended, &kept) ||
            !find_rule(&tokenizer->tables, text, left, ended, &rule))
            return cut->from > start || *moved > 0 ? COMPOSED : COMPOSE_WAITS;
        if (rule.used == 0 || kept > 0) {
            kept = kept > 0 ? kept : utf8_length(text[0]);
            rule = (struct rule){kept, text, kept};
        }
        if (put_text(tokenizer, rule.made, rule.bytes, out, room, moved))
            cut->from += rule.used;
        else
            status = COMPOSE_FULL;
    }
    return cut->from > start || *moved > 0 ? COMPOSED : status;
}
