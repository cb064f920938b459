/* Lays a validated tokenizer out as flat tables. */
#include "tools/pack/tokenizer_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tokenizer/tokenizer_inner.h"

/* A trie under construction: children of a node are a list, newest first. */
struct twig {
    uint32_t child;
    uint32_t sibling;
    uint32_t added;
    uint8_t byte;
};

struct trie {
    struct twig *twigs;
    uint32_t count;
};

bool pool_add(struct byte_pool *pool, const void *bytes, uint64_t count, struct pool_text *text)
{
    if (pool->capacity - pool->size < count) {
        uint64_t capacity = 2 * pool->capacity + count + 4096;
        uint8_t *grown = realloc(pool->bytes, capacity);
        if (grown == NULL)
            return false;
        pool->bytes = grown;
        pool->capacity = capacity;
    }
    if (count > 0)
        memcpy(pool->bytes + pool->size, bytes, count);
    *text = (struct pool_text){pool->size, count};
    pool->size += count;
    return true;
}

static uint32_t trie_grow(struct trie *trie, uint32_t node, uint8_t byte)
{
    uint32_t child = trie->twigs[node].child;
    while (child != TOKENIZER_NONE && trie->twigs[child].byte != byte)
        child = trie->twigs[child].sibling;
    if (child != TOKENIZER_NONE)
        return child;
    child = trie->count++;
    trie->twigs[child] =
        (struct twig){TOKENIZER_NONE, trie->twigs[node].child, TOKENIZER_NONE, byte};
    trie->twigs[node].child = child;
    return child;
}

/* The contents sought raw, or clean. Returns an exit code. */
static int trie_make(struct trie *trie, const struct tokenizer_source *source, bool clean,
                     const char *name, char message[TOKENIZER_JSON_MESSAGE])
{
    uint64_t most = 1;
    for (uint32_t i = 0; i < source->added_count; i++)
        most += source->added[i].sought.bytes;
    trie->twigs = most < TOKENIZER_NONE ? calloc(most, sizeof *trie->twigs) : NULL;
    if (trie->twigs == NULL)
        return 3;
    trie->twigs[0] = (struct twig){TOKENIZER_NONE, TOKENIZER_NONE, TOKENIZER_NONE, 0};
    trie->count = 1;
    for (uint32_t i = 0; i < source->added_count; i++) {
        const struct source_added *added = &source->added[i];
        if (added->clean != clean)
            continue;
        uint32_t node = 0;
        for (uint64_t b = 0; b < added->sought.bytes; b++)
            node = trie_grow(trie, node, source->pool.bytes[added->sought.at + b]);
        if (trie->twigs[node].added != TOKENIZER_NONE) {
            snprintf(message, TOKENIZER_JSON_MESSAGE,
                     "%s: added_tokens[%" PRIu32 "]: has the same normalised content as "
                     "added_tokens[%" PRIu32 "]",
                     name, i, trie->twigs[node].added);
            return 4;
        }
        trie->twigs[node].added = i;
    }
    return 0;
}

/* Children were made after their parents, so every edge leads to a later node. */
static void trie_write(const struct trie *trie, struct trie_node *nodes, struct trie_edge *edges)
{
    uint32_t written = 0;
    for (uint32_t i = 0; i < trie->count; i++) {
        nodes[i] = (struct trie_node){.first_edge = written, .added = trie->twigs[i].added};
        for (uint32_t c = trie->twigs[i].child; c != TOKENIZER_NONE; c = trie->twigs[c].sibling)
            edges[written++] = (struct trie_edge){trie->twigs[c].byte, c};
        nodes[i].edges = written - nodes[i].first_edge;
    }
}

/* Slots for `count` entries: at least twice as many, a power of two. */
static uint32_t slots_for(uint64_t count)
{
    uint32_t slots = 8;
    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

/* Bits for the seams of `count` merges: 16 for each, so that few of the others are set by chance.
 */
static uint32_t join_bits_for(uint64_t count)
{
    uint32_t bits = 1 << 12;
    while (bits < 16 * count && bits < TOKENIZER_MAX_JOINS)
        bits *= 2;
    return bits;
}

static void place_section(struct tokenizer_header *header, enum tokenizer_section section,
                          uint64_t bytes)
{
    header->section[section] = (struct section_place){header->total_bytes, bytes};
    header->total_bytes +=
        (bytes + TOKENIZER_ALIGNMENT - 1) / TOKENIZER_ALIGNMENT * TOKENIZER_ALIGNMENT;
}

static void place_sections(struct tokenizer_header *header, const struct tokenizer_source *source,
                           const struct trie *raw, const struct trie *clean)
{
    uint64_t token_bytes = 0;
    for (uint32_t i = 0; i < source->rows; i++)
        token_bytes += source->tokens[i].text.bytes;
    *header = (struct tokenizer_header){
        .version = TOKENIZER_VERSION,
        .flags = source->flags,
        .total_bytes =
            (sizeof *header + TOKENIZER_ALIGNMENT - 1) / TOKENIZER_ALIGNMENT * TOKENIZER_ALIGNMENT,
        .rows = source->rows,
        .added_tokens = source->added_count,
        .pair_slots = slots_for(source->merge_count),
        .piece_slots = slots_for(tokenizer_pieces_most(source)),
        .patterns = source->pattern_count,
        .ids_before = source->ids_before,
        .unknown = source->unknown,
        .prefix_level = source->prefix_level,
        .steps = source->step_count,
        .prefix_bytes = (uint8_t)strlen(source->prefix),
        .suffix_bytes = (uint8_t)strlen(source->suffix),
        .word_end = source->word_end,
        .continuation = source->continuation,
    };
    memcpy(header->magic, TOKENIZER_MAGIC, sizeof header->magic);
    place_section(header, SECTION_TOKEN_ENDS, 4 * ((uint64_t)source->rows + 1));
    place_section(header, SECTION_TOKEN_BYTES, token_bytes);
    place_section(header, SECTION_TOKEN_FLAGS, source->rows);
    place_section(header, SECTION_BYTE_IDS, sizeof source->byte_ids);
    place_section(header, SECTION_PAIRS, header->pair_slots * sizeof(struct token_pair));
    place_section(header, SECTION_PIECES, 4 * (uint64_t)header->piece_slots);
    bool chars = (source->flags & TOKENIZER_CHARS) != 0;
    place_section(header, SECTION_JOINS, chars ? join_bits_for(source->merge_count) / 8 : 0);
    place_section(header, SECTION_ADDED, source->added_count * sizeof(struct added_token));
    place_section(header, SECTION_RAW_NODES, raw->count * sizeof(struct trie_node));
    place_section(header, SECTION_RAW_EDGES, (raw->count - 1) * sizeof(struct trie_edge));
    place_section(header, SECTION_CLEAN_NODES, clean->count * sizeof(struct trie_node));
    place_section(header, SECTION_CLEAN_EDGES, (clean->count - 1) * sizeof(struct trie_edge));
    place_section(header, SECTION_PATTERNS, source->patterns.size);
    place_section(header, SECTION_TEMPLATE, 4 * (uint64_t)(source->ids_before + source->ids_after));
    place_section(header, SECTION_MAP, source->map.size);
    place_section(header, SECTION_STEPS, source->steps.size);
}

static void *section_start(struct tokenizer_header *header, enum tokenizer_section section)
{
    return (uint8_t *)header + header->section[section].at;
}

static void write_tokens(struct tokenizer_header *header, const struct tokenizer_source *source)
{
    uint32_t *ends = section_start(header, SECTION_TOKEN_ENDS);
    uint8_t *bytes = section_start(header, SECTION_TOKEN_BYTES);
    uint8_t *flags = section_start(header, SECTION_TOKEN_FLAGS);
    for (uint32_t i = 0; i < source->rows; i++) {
        const struct pool_text *text = &source->tokens[i].text;
        if (text->bytes > 0)
            memcpy(bytes + ends[i], source->pool.bytes + text->at, text->bytes);
        ends[i + 1] = ends[i] + (uint32_t)text->bytes;
        flags[i] = source->tokens[i].flags;
    }
    memcpy(section_start(header, SECTION_BYTE_IDS), source->byte_ids, sizeof source->byte_ids);
}

static void write_pairs(struct tokenizer_header *header, const struct tokenizer_source *source)
{
    struct token_pair *pairs = section_start(header, SECTION_PAIRS);
    for (uint32_t i = 0; i < header->pair_slots; i++)
        pairs[i].left = TOKENIZER_NONE;
    for (uint32_t i = 0; i < source->merge_count; i++) {
        const struct token_pair *merge = &source->merges[i];
        uint32_t slot = token_pair_slot(merge->left, merge->right, header->pair_slots);
        while (pairs[slot].left != TOKENIZER_NONE)
            slot = (slot + 1) & (header->pair_slots - 1);
        pairs[slot] = *merge;
    }
}

static void write_joins(struct tokenizer_header *header, const struct tokenizer_source *source)
{
    uint32_t *words = section_start(header, SECTION_JOINS);
    uint32_t bits = (uint32_t)(8 * header->section[SECTION_JOINS].bytes);
    for (uint32_t i = 0; i < source->merge_count && bits > 0; i++) {
        uint32_t bit = join_bit(source->seams[i].left, source->seams[i].right, bits);
        words[bit / 32] |= 1u << bit % 32;
    }
}

static int write_tables(struct tokenizer_blob *blob, const struct tokenizer_source *source,
                        const struct trie *raw, const struct trie *clean, const char *name,
                        char message[TOKENIZER_JSON_MESSAGE])
{
    struct tokenizer_header places;
    place_sections(&places, source, raw, clean);
    if (places.section[SECTION_TOKEN_BYTES].bytes > UINT32_MAX)
        return 3;
    struct tokenizer_header *header = aligned_alloc(TOKENIZER_ALIGNMENT, places.total_bytes);
    if (header == NULL)
        return 3;
    blob->bytes = header;
    blob->size = places.total_bytes;
    memset(header, 0, places.total_bytes);
    *header = places;
    write_tokens(header, source);
    write_pairs(header, source);
    struct added_token *added = section_start(header, SECTION_ADDED);
    for (uint32_t i = 0; i < source->added_count; i++)
        added[i] = (struct added_token){source->added[i].id, source->added[i].flags};
    trie_write(raw, section_start(header, SECTION_RAW_NODES),
               section_start(header, SECTION_RAW_EDGES));
    trie_write(clean, section_start(header, SECTION_CLEAN_NODES),
               section_start(header, SECTION_CLEAN_EDGES));
    write_joins(header, source);
    if (source->patterns.size > 0)
        memcpy(section_start(header, SECTION_PATTERNS), source->patterns.bytes,
               source->patterns.size);
    if (source->map.size > 0)
        memcpy(section_start(header, SECTION_MAP), source->map.bytes, source->map.size);
    if (source->steps.size > 0)
        memcpy(section_start(header, SECTION_STEPS), source->steps.bytes, source->steps.size);
    memcpy(section_start(header, SECTION_TEMPLATE), source->template,
           header->section[SECTION_TEMPLATE].bytes);
    return tokenizer_write_pieces(header, source, name, message);
}

/* Opens the tables as the runtime will, which compiles the patterns. */
static int try_tables(const struct tokenizer_blob *blob, const char *name,
                      char message[TOKENIZER_JSON_MESSAGE])
{
    char reason[TOKENIZER_MESSAGE];
    uint64_t bytes = tokenizer_scratch_bytes();
    void *block = aligned_alloc(TOKENIZER_ALIGN, bytes);
    if (block == NULL)
        return 3;
    struct tokenizer *opened = tokenizer_open(blob->bytes, blob->size, block, bytes, reason);
    if (opened != NULL)
        tokenizer_close(opened);
    else
        snprintf(message, TOKENIZER_JSON_MESSAGE, "%s: %s", name, reason);
    free(block);
    return opened != NULL ? 0 : 4;
}

int tokenizer_build_normalised(const struct tokenizer_source *source, const char *text,
                               size_t bytes, uint8_t **made, size_t *made_bytes,
                               char message[TOKENIZER_JSON_MESSAGE])
{
    /* a tokenizer of which only the normalizer is there */
    const struct trie_node root = {.added = TOKENIZER_NONE};
    const struct tokenizer_header header = {.flags = source->flags & TOKENIZER_FORM,
                                            .steps = source->step_count};
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    char reason[TOKENIZER_MESSAGE];
    *made = malloc(TOKENIZER_WINDOW);
    if (tokenizer == NULL || *made == NULL) {
        free(tokenizer);
        return 3;
    }
    tokenizer->tables.header = &header;
    tokenizer->tables.steps = source->steps.bytes;
    tokenizer->raw_cut.set.nodes = tokenizer->clean_cut.set.nodes = &root;
    tokenizer->normaliser.form = source->flags & TOKENIZER_FORM;
    int code = 4;
    if (tables_open_map(&tokenizer->tables, source->map.bytes, source->map.size, reason) &&
        pattern_open(&tokenizer->pattern, &tokenizer->tables, reason) &&
        steps_open(tokenizer, reason)) {
        *made_bytes = tokenizer_normalise(tokenizer, text, bytes, *made);
        code = 0;
        steps_close(tokenizer);
    } else {
        snprintf(message, TOKENIZER_JSON_MESSAGE, "%s", reason);
    }
    pattern_close(&tokenizer->pattern);
    free(tokenizer);
    return code;
}

int tokenizer_build(const struct tokenizer_source *source, const char *name,
                    struct tokenizer_blob *blob, char message[TOKENIZER_JSON_MESSAGE])
{
    struct trie raw = {0}, clean = {0};
    int code = trie_make(&raw, source, false, name, message);
    if (code == 0)
        code = trie_make(&clean, source, true, name, message);
    if (code == 0)
        code = write_tables(blob, source, &raw, &clean, name, message);
    if (code == 0)
        code = try_tables(blob, name, message);
    free(raw.twigs);
    free(clean.twigs);
    if (code != 0) {
        free(blob->bytes);
        blob->bytes = NULL;
        blob->size = 0;
    }
    return code;
}
