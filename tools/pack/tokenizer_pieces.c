/* The hash table of pieces: symbols, and texts of several that are one token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "runtime/tokenizer/tokenizer_inner.h"
#include "tools/pack/tokenizer_source.h"

struct pieces {
    const struct tokenizer_source *source;
    struct tokenizer_tables tables; /* of what is written so far */
    uint32_t *entries;              /* [slots] */
    uint32_t slots;
    bool affixes;
    uint32_t whole; /* the form of a pre-token that is one token */
};

/* The part of a token's text that stands for text in a form; false: it has no such form. */
static bool find_core(const struct pieces *pieces, uint32_t id, uint32_t form,
                      struct pool_text *core)
{
    const struct tokenizer_source *source = pieces->source;
    const uint64_t prefix = form & PIECE_PREFIX ? strlen(source->prefix) : 0;
    const uint64_t suffix = form & PIECE_SUFFIX ? strlen(source->suffix) : 0;
    const struct pool_text *text = &source->tokens[id].text;
    if ((form & PIECE_PREFIX && prefix == 0) || (form & PIECE_SUFFIX && suffix == 0) ||
        text->bytes <= prefix + suffix)
        return false;
    *core = (struct pool_text){text->at + prefix, text->bytes - prefix - suffix};
    const uint8_t *bytes = source->pool.bytes;
    return memcmp(bytes + text->at, source->prefix, prefix) == 0 &&
           memcmp(bytes + core->at + core->bytes, source->suffix, suffix) == 0;
}

/* Whether merging starts from this: a character where symbols are characters. Bytes are found by
 * value, unless they have affixes. */
static bool is_symbol(const struct pieces *pieces, const struct pool_text *core)
{
    const struct tokenizer_source *source = pieces->source;
    return source->flags & TOKENIZER_CHARS
               ? utf8_length(source->pool.bytes[core->at]) == core->bytes
               : pieces->affixes && core->bytes == 1;
}

static void insert(struct pieces *pieces, const struct pool_text *core, uint32_t form, uint32_t id)
{
    uint32_t slot =
        token_piece_slot(pieces->source->pool.bytes + core->at, core->bytes, form, pieces->slots);
    while (pieces->entries[slot] != TOKENIZER_NONE)
        slot = (slot + 1) & (pieces->slots - 1);
    pieces->entries[slot] = form << PIECE_FORM_SHIFT | id;
}

static void insert_symbols(struct pieces *pieces)
{
    for (uint32_t id = 0; id < pieces->source->rows; id++) {
        struct pool_text core;
        for (uint32_t form = 0; form < PIECE_FORMS && pieces->source->tokens[id].is_piece; form++)
            if (find_core(pieces, id, form, &core) && is_symbol(pieces, &core))
                insert(pieces, &core, form, id);
    }
}

/* Whether merging the token's text gives the token. */
static bool is_reached(struct merger *merger, const struct pieces *pieces,
                       const struct pool_text *core, uint32_t id)
{
    merger->after_unknown = false;
    merge_piece(merger, &pieces->tables, pieces->source->pool.bytes + core->at, core->bytes, true);
    const struct symbol *first = &merger->symbols[0];
    return merger->at == 0 && first->id == id && first->next == TOKENIZER_NONE;
}

static void insert_words(struct pieces *pieces, struct merger *merger)
{
    const struct tokenizer_source *source = pieces->source;
    for (uint32_t id = 0; id < source->rows; id++) {
        struct pool_text core;
        if (source->tokens[id].is_piece && find_core(pieces, id, pieces->whole, &core) &&
            core.bytes <= TOKENIZER_WINDOW && !is_symbol(pieces, &core) &&
            (source->ignore_merges || is_reached(merger, pieces, &core, id)))
            insert(pieces, &core, pieces->whole, id);
    }
}

uint32_t tokenizer_pieces_most(const struct tokenizer_source *source)
{
    const bool affixes = source->prefix[0] != '\0' || source->suffix[0] != '\0';
    uint32_t most = 0;
    for (uint32_t i = 0; i < source->rows; i++)
        most += source->tokens[i].is_piece ? (affixes ? PIECE_FORMS + 1 : 1) : 0;
    return most;
}

int tokenizer_write_pieces(struct tokenizer_header *header, const struct tokenizer_source *source,
                           const char *name, char message[TOKENIZER_JSON_MESSAGE])
{
    struct pieces pieces = {
        .source = source,
        .entries = (uint32_t *)(void *)((uint8_t *)header + header->section[SECTION_PIECES].at),
        .slots = header->piece_slots,
        .affixes = header->prefix_bytes > 0 || header->suffix_bytes > 0,
        .whole = header->suffix_bytes > 0 && !source->ignore_merges ? PIECE_SUFFIX : 0};
    struct merger *merger = malloc(sizeof *merger);
    char reason[TOKENIZER_MESSAGE];
    if (merger == NULL)
        return 3;
    memset(pieces.entries, 0xFF, header->section[SECTION_PIECES].bytes);
    const bool good = tables_open(&pieces.tables, header, header->total_bytes, reason);
    if (good) {
        insert_symbols(&pieces);
        insert_words(&pieces, merger);
    } else {
        snprintf(message, TOKENIZER_JSON_MESSAGE, "%s: %s", name, reason);
    }
    free(merger);
    return good ? 0 : 4;
}
