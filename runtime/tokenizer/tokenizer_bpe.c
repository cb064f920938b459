/* Byte-pair merges of one piece: always the merge of lowest rank, leftmost on ties.
 *
 * Symbols are a linked list; a heap holds the possible merges by rank and place. An entry whose
 * merge is no longer possible is recognised by its rank, since a rank belongs to one pair. Each
 * merge adds at most two entries and takes one, so n symbols need at most 2 n entries: O(n log n).
 */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <string.h>

#include "runtime/base/utf8.h"

static const struct token_pair *find_pair(const struct tokenizer_tables *tables, uint32_t left,
                                          uint32_t right)
{
    uint32_t slots = tables->header->pair_slots;
    uint32_t slot = token_pair_slot(left, right, slots);
    for (;; slot = (slot + 1) & (slots - 1)) {
        const struct token_pair *pair = &tables->pairs[slot];
        if (pair->left == TOKENIZER_NONE)
            return NULL;
        if (pair->left == left && pair->right == right)
            return pair;
    }
}

/* The token of text[bytes] in a form (enum piece_form), or NONE. */
static uint32_t find_piece(const struct tokenizer_tables *tables, const uint8_t *text,
                           uint64_t bytes, uint32_t form)
{
    const struct tokenizer_header *header = tables->header;
    const uint64_t prefix = form & PIECE_PREFIX ? header->prefix_bytes : 0;
    const uint64_t suffix = form & PIECE_SUFFIX ? header->suffix_bytes : 0;
    uint32_t slots = header->piece_slots;
    uint32_t slot = token_piece_slot(text, bytes, form, slots);
    for (;; slot = (slot + 1) & (slots - 1)) {
        const uint32_t entry = tables->pieces[slot];
        const uint32_t id = entry & ((1u << PIECE_FORM_SHIFT) - 1);
        if (entry == TOKENIZER_NONE)
            return entry;
        uint64_t at = tables->token_ends[id];
        if (entry >> PIECE_FORM_SHIFT == form &&
            tables->token_ends[id + 1] - at == prefix + bytes + suffix &&
            memcmp(tables->token_bytes + at + prefix, text, bytes) == 0)
            return id;
    }
}

/* The form of a symbol by its place in the pre-token. */
static uint32_t form_of(const struct tokenizer_header *header, bool first, bool last)
{
    return (header->prefix_bytes > 0 && !first ? PIECE_PREFIX : 0u) |
           (header->suffix_bytes > 0 && last ? PIECE_SUFFIX : 0u);
}

static void queue_push(struct merger *merger, uint64_t entry)
{
    uint32_t at = merger->queued++;
    while (at > 0 && merger->queue[(at - 1) / 2] > entry) {
        merger->queue[at] = merger->queue[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    merger->queue[at] = entry;
}

static uint64_t queue_pop(struct merger *merger)
{
    uint64_t first = merger->queue[0];
    uint64_t last = merger->queue[--merger->queued];
    uint32_t at = 0;
    for (;;) {
        uint32_t least = 2 * at + 1;
        if (least >= merger->queued)
            break;
        if (least + 1 < merger->queued && merger->queue[least + 1] < merger->queue[least])
            least++;
        if (merger->queue[least] >= last)
            break;
        merger->queue[at] = merger->queue[least];
        at = least;
    }
    merger->queue[at] = last;
    return first;
}

/* Looks up the merge of the symbol at `at` with the next one. */
static void rate(struct merger *merger, const struct tokenizer_tables *tables, uint32_t at)
{
    struct symbol *symbol = &merger->symbols[at];
    symbol->rank = TOKENIZER_NONE;
    if (symbol->next == TOKENIZER_NONE)
        return;
    const struct token_pair *pair = find_pair(tables, symbol->id, merger->symbols[symbol->next].id);
    if (pair == NULL)
        return;
    symbol->rank = pair->rank;
    symbol->result = pair->result;
    queue_push(merger, (uint64_t)pair->rank << 32 | at);
}

static void merge_at(struct merger *merger, const struct tokenizer_tables *tables, uint32_t at)
{
    struct symbol *symbol = &merger->symbols[at];
    struct symbol *next = &merger->symbols[symbol->next];
    symbol->id = symbol->result;
    symbol->next = next->next;
    next->rank = TOKENIZER_NONE; /* gone: no entry of the heap counts for it any more */
    if (symbol->next != TOKENIZER_NONE)
        merger->symbols[symbol->next].prev = at;
    rate(merger, tables, at);
    if (symbol->prev != TOKENIZER_NONE)
        rate(merger, tables, symbol->prev);
}

/* The token of a character in a form, or NONE. */
static uint32_t find_character(const struct tokenizer_tables *tables, const uint8_t *text,
                               uint64_t length, uint32_t form)
{
    bool mark = (tables->header->flags & TOKENIZER_MARKED) && length == SPACE_MARK_BYTES &&
                memcmp(text, SPACE_MARK, SPACE_MARK_BYTES) == 0;
    return mark ? find_piece(tables, (const uint8_t *)" ", 1, form)
                : find_piece(tables, text, length, form);
}

/* The smallest symbols of text[bytes]: bytes; or characters, and the bytes of those that are not in
 * the vocabulary. What has no token is the unknown token, or nothing. Returns how many. Symbols
 * with affixes are found as pieces, also those of bytes. */
static uint32_t spell(struct merger *merger, const struct tokenizer_tables *tables,
                      const uint8_t *text, uint64_t bytes)
{
    const struct tokenizer_header *header = tables->header;
    const bool chars = (header->flags & TOKENIZER_CHARS) != 0;
    const bool affixes = header->prefix_bytes > 0 || header->suffix_bytes > 0;
    uint32_t count = 0;
    for (uint64_t i = 0; i < bytes;) {
        const uint64_t length = chars ? utf8_length(text[i]) : 1;
        uint32_t id = TOKENIZER_NONE;
        if (chars || affixes)
            id = find_character(tables, text + i, length,
                                form_of(header, i == 0, i + length == bytes));
        const uint32_t before = count;
        if (id != TOKENIZER_NONE)
            merger->symbols[count++].id = id;
        for (uint64_t k = 0; id == TOKENIZER_NONE && k < length; k++) {
            uint32_t byte_id = tables->byte_ids[text[i + k]];
            if (byte_id != TOKENIZER_NONE)
                merger->symbols[count++].id = byte_id;
        }
        const bool known = count > before;
        const bool fused = merger->after_unknown && (header->flags & TOKENIZER_FUSE_UNKNOWN);
        if (!known && header->unknown != TOKENIZER_NONE && !fused)
            merger->symbols[count++].id = header->unknown;
        merger->after_unknown = !known && (merger->after_unknown || count > before);
        i += length;
    }
    return count;
}

void merge_none(struct merger *merger, const uint32_t *ids, uint32_t count)
{
    merger->at = count > 0 ? 0 : TOKENIZER_NONE;
    for (uint32_t i = 0; i < count; i++) {
        merger->symbols[i].id = ids[i];
        merger->symbols[i].next = i + 1 < count ? i + 1 : TOKENIZER_NONE;
    }
}

static uint32_t marked_code(const struct tokenizer_tables *tables, const uint8_t *text,
                            uint32_t *length)
{
    uint32_t code = utf8_decode(text, length);
    return code == SPACE_MARK_CODE && (tables->header->flags & TOKENIZER_MARKED) ? ' ' : code;
}

/* True when a character is dropped, so that what is before it may be merged with what is behind. */
static bool vanishes(const struct tokenizer_tables *tables, const uint8_t *text, uint32_t length)
{
    return tables->header->unknown == TOKENIZER_NONE &&
           tables->byte_ids[text[0]] == TOKENIZER_NONE &&
           find_character(tables, text, length, 0) == TOKENIZER_NONE;
}

uint64_t merge_bound(const struct tokenizer_tables *tables, const uint8_t *text, uint64_t bytes,
                     bool ended)
{
    uint32_t length, left = 0;
    bool has_left = false;
    for (uint64_t at = 0; at < bytes; at += length) {
        uint32_t code = marked_code(tables, text + at, &length);
        uint32_t bit = join_bit(left, code, tables->join_bits);
        if (vanishes(tables, text + at, length))
            continue;
        if (has_left && !(tables->joins[bit / 32] >> bit % 32 & 1))
            return at;
        left = code;
        has_left = true;
    }
    return ended ? bytes : 0;
}

void merge_piece(struct merger *merger, const struct tokenizer_tables *tables, const uint8_t *text,
                 uint64_t bytes, bool last)
{
    const struct tokenizer_header *header = tables->header;
    merger->at = TOKENIZER_NONE;
    merger->queued = 0;
    const uint32_t form = header->flags & TOKENIZER_WHOLE_WORDS ? 0 : form_of(header, true, true);
    uint32_t whole = find_piece(tables, text, bytes, form);
    uint32_t count = 0;
    if (whole != TOKENIZER_NONE) {
        merger->symbols[count++].id = whole;
        merger->after_unknown = false;
    } else {
        count = spell(merger, tables, text, bytes);
    }
    if (last)
        merger->after_unknown = false;
    if (count == 0)
        return;
    merger->at = 0;
    for (uint32_t i = 0; i < count; i++) {
        merger->symbols[i].prev = i > 0 ? i - 1 : TOKENIZER_NONE;
        merger->symbols[i].next = i + 1 < count ? i + 1 : TOKENIZER_NONE;
    }
    for (uint32_t i = 0; i < count; i++)
        rate(merger, tables, i);
    while (merger->queued > 0) {
        uint64_t entry = queue_pop(merger);
        uint32_t at = (uint32_t)entry;
        if (merger->symbols[at].rank == (uint32_t)(entry >> 32))
            merge_at(merger, tables, at);
    }
}
