/* Checks tokenizer tables once, at open, so that nothing later needs to. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/utf8.h"

static const char *const section_names[SECTION_COUNT] = {
    "token_ends", "token_bytes", "token_flags", "byte_ids",  "pairs",       "pieces",
    "joins",      "added",       "raw_nodes",   "raw_edges", "clean_nodes", "clean_edges",
    "patterns",   "template",    "map",         "steps",
};

static bool refuse(char message[TOKENIZER_MESSAGE], const char *what, uint64_t found,
                   uint64_t expected)
{
    snprintf(message, TOKENIZER_MESSAGE,
             "tokenizer tables: %s: found %" PRIu64 ", expected %" PRIu64
             "; the weight file is damaged, pack it again",
             what, found, expected);
    return false;
}

static bool refuse_entry(char message[TOKENIZER_MESSAGE], enum tokenizer_section section,
                         uint64_t entry)
{
    snprintf(message, TOKENIZER_MESSAGE,
             "tokenizer tables: section %s: entry %" PRIu64
             " is out of range; the weight file is damaged, pack it again",
             section_names[section], entry);
    return false;
}

static uint64_t section_bytes(const struct tokenizer_header *header, enum tokenizer_section section)
{
    return header->section[section].bytes;
}

static const void *section_start(const struct tokenizer_header *header,
                                 enum tokenizer_section section)
{
    return (const uint8_t *)header + header->section[section].at;
}

static bool check_header(const void *block, uint64_t bytes, char message[TOKENIZER_MESSAGE])
{
    const struct tokenizer_header *header = block;
    if ((uintptr_t)block % TOKENIZER_ALIGNMENT != 0)
        return refuse(message, "address modulo 16", (uintptr_t)block % TOKENIZER_ALIGNMENT, 0);
    if (bytes < sizeof *header)
        return refuse(message, "bytes (at least)", bytes, sizeof *header);
    if (memcmp(header->magic, TOKENIZER_MAGIC, sizeof header->magic) != 0) {
        snprintf(
            message, TOKENIZER_MESSAGE,
            "tokenizer tables: do not start with %s; the weight file is damaged, pack it again",
            TOKENIZER_MAGIC);
        return false;
    }
    if (header->version != TOKENIZER_VERSION)
        return refuse(message, "version", header->version, TOKENIZER_VERSION);
    if (header->total_bytes != bytes)
        return refuse(message, "bytes", bytes, header->total_bytes);
    if ((header->flags & ~(uint32_t)TOKENIZER_KNOWN_FLAGS) != 0)
        return refuse(message, "unknown flags", header->flags, TOKENIZER_KNOWN_FLAGS);
    const uint32_t of_chars = TOKENIZER_MARKED | TOKENIZER_MARK | TOKENIZER_PREPEND |
                              TOKENIZER_STRIP | TOKENIZER_STRIP_MARKS | TOKENIZER_SQUEEZE |
                              TOKENIZER_JOIN;
    if ((header->flags & TOKENIZER_CHARS) == 0 && (header->flags & of_chars) != 0)
        return refuse(message, "flags without that of characters", header->flags, TOKENIZER_CHARS);
    if (header->rows == 0 || header->rows > TOKENIZER_MAX_ROWS)
        return refuse(message, "rows (at least 1, at most)", header->rows, TOKENIZER_MAX_ROWS);
    if (header->unknown != TOKENIZER_NONE && header->unknown >= header->rows)
        return refuse(message, "the unknown token (below)", header->unknown, header->rows);
    if (header->prefix_level > header->patterns)
        return refuse(message, "patterns before the prefix (at most)", header->prefix_level,
                      header->patterns);
    return true;
}

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Where the sections lie, and that their sizes agree with the counts. */
static bool check_sections(const struct tokenizer_header *header, char message[TOKENIZER_MESSAGE])
{
    const struct {
        uint64_t unit;
        uint64_t count; /* 0: any */
    } shape[SECTION_COUNT] = {
        [SECTION_TOKEN_ENDS] = {4, (uint64_t)header->rows + 1},
        [SECTION_TOKEN_BYTES] = {1, 0},
        [SECTION_TOKEN_FLAGS] = {1, header->rows},
        [SECTION_BYTE_IDS] = {4, 256},
        [SECTION_PAIRS] = {sizeof(struct token_pair), header->pair_slots},
        [SECTION_PIECES] = {4, header->piece_slots},
        [SECTION_ADDED] = {sizeof(struct added_token), header->added_tokens},
        [SECTION_RAW_NODES] = {sizeof(struct trie_node), 0},
        [SECTION_RAW_EDGES] = {sizeof(struct trie_edge), 0},
        [SECTION_CLEAN_NODES] = {sizeof(struct trie_node), 0},
        [SECTION_CLEAN_EDGES] = {sizeof(struct trie_edge), 0},
        [SECTION_JOINS] = {4, 0},
        [SECTION_PATTERNS] = {1, 0},
        [SECTION_TEMPLATE] = {4, 0},
        [SECTION_MAP] = {1, 0},
        [SECTION_STEPS] = {1, 0},
    };
    for (int i = 0; i < SECTION_COUNT; i++) {
        const struct section_place *place = &header->section[i];
        bool counted = shape[i].count != 0 || i == SECTION_ADDED;
        if (place->at % TOKENIZER_ALIGNMENT != 0 || place->at < sizeof *header ||
            place->at > header->total_bytes || place->bytes > header->total_bytes - place->at ||
            place->bytes % shape[i].unit != 0)
            return refuse(message, section_names[i], place->at, header->total_bytes);
        if (counted && place->bytes != shape[i].unit * shape[i].count)
            return refuse(message, section_names[i], place->bytes, shape[i].unit * shape[i].count);
    }
    if (!is_power_of_two(header->pair_slots) || !is_power_of_two(header->piece_slots))
        return refuse(
            message, "slots that are no power of two",
            is_power_of_two(header->pair_slots) ? header->piece_slots : header->pair_slots, 1);
    return true;
}

/* As many patterns as the header says, each begun by its mode and ended by NUL. */
static bool check_patterns(const struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    uint64_t bytes = section_bytes(tables->header, SECTION_PATTERNS), found = 0;
    if (bytes > TOKENIZER_MAX_PATTERN)
        return refuse(message, "pattern bytes (at most)", bytes, TOKENIZER_MAX_PATTERN);
    bool starts = true;
    for (uint64_t i = 0; i < bytes; i++) {
        const unsigned mode = (unsigned)tables->patterns[i] - '0';
        if (starts && (mode >= 2 * PATTERN_OF_BYTES || mode % PATTERN_OF_BYTES >= PATTERN_MODES))
            return refuse(message, "the mode of a pattern (below)", mode, PATTERN_MODES);
        starts = tables->patterns[i] == '\0';
        found += starts;
    }
    if (found != tables->header->patterns || (bytes > 0 && tables->patterns[bytes - 1] != '\0'))
        return refuse(message, "patterns", found, tables->header->patterns);
    if (found > TOKENIZER_MAX_PATTERNS)
        return refuse(message, "patterns (at most)", found, TOKENIZER_MAX_PATTERNS);
    return true;
}

/* The bits are a power of two where they are used, none elsewhere. */
static bool check_joins(const struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    bool used = (tables->header->flags & TOKENIZER_CHARS) != 0;
    uint64_t bits = 8 * section_bytes(tables->header, SECTION_JOINS);
    if (!used && bits != 0)
        return refuse(message, "bits of joins", bits, 0);
    if (used && (bits > TOKENIZER_MAX_JOINS || !is_power_of_two((uint32_t)bits)))
        return refuse(message, "bits of joins (a power of two, at most)", bits,
                      TOKENIZER_MAX_JOINS);
    return true;
}

static bool check_template(const struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    uint64_t count = section_bytes(tables->header, SECTION_TEMPLATE) / 4;
    if (count > TOKENIZER_MAX_TEMPLATE)
        return refuse(message, "ids of the template (at most)", count, TOKENIZER_MAX_TEMPLATE);
    if (tables->header->ids_before > count)
        return refuse(message, "ids before a text (at most)", tables->header->ids_before, count);
    for (uint64_t i = 0; i < count; i++) {
        if (tables->template[i] >= tables->header->rows)
            return refuse_entry(message, SECTION_TEMPLATE, i);
    }
    return true;
}

/* The map: a double array of whole units, and texts that end. */
bool tables_open_map(struct tokenizer_tables *tables, const uint8_t *map, uint64_t bytes,
                     char message[TOKENIZER_MESSAGE])
{
    uint32_t units = 0;
    if (bytes == 0)
        return true;
    if (bytes >= sizeof units)
        memcpy(&units, map, sizeof units);
    if (units == 0 || units % 4 != 0 || units > bytes - 4)
        return refuse(message, "bytes of the map's array (a multiple of 4 below)", units, bytes);
    tables->map = (const uint32_t *)(const void *)(map + 4);
    tables->map_units = units / 4;
    tables->map_texts = map + 4 + units;
    tables->map_text_bytes = bytes - 4 - units;
    const struct utf8_result texts = utf8_check(tables->map_texts, tables->map_text_bytes);
    if (tables->map_text_bytes == 0 || map[bytes - 1] != '\0' || texts.verdict != UTF8_WHOLE)
        return refuse(message, "texts of the map in UTF-8, ended by NUL, bytes", texts.good,
                      tables->map_text_bytes);
    return true;
}

/* As many steps as the header says, each of a known kind, with a pattern and a text that end. */
static bool check_steps(struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    const uint64_t bytes = section_bytes(tables->header, SECTION_STEPS);
    uint64_t ends = 0;
    if (bytes > TOKENIZER_MAX_PATTERN)
        return refuse(message, "bytes of steps (at most)", bytes, TOKENIZER_MAX_PATTERN);
    bool starts = true;
    for (uint64_t i = 0; i < bytes; i++) {
        const unsigned kind = (unsigned)tables->steps[i] - '0';
        if (starts && kind >= STEP_KINDS)
            return refuse(message, "the kind of a step (below)", kind, STEP_KINDS);
        ends += tables->steps[i] == '\0';
        starts = tables->steps[i] == '\0' && ends % 2 == 0;
    }
    if (ends != 2 * (uint64_t)tables->header->steps ||
        (bytes > 0 && tables->steps[bytes - 1] != '\0'))
        return refuse(message, "texts of steps", ends, 2 * (uint64_t)tables->header->steps);
    if (tables->header->steps > TOKENIZER_MAX_STEPS)
        return refuse(message, "steps (at most)", tables->header->steps, TOKENIZER_MAX_STEPS);
    const struct utf8_result texts = utf8_check(tables->steps, bytes);
    return texts.verdict == UTF8_WHOLE ||
           refuse(message, "steps in UTF-8, bytes", texts.good, bytes);
}

static bool check_tokens(struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    const struct tokenizer_header *header = tables->header;
    tables->longest_token = 0;
    if (tables->token_ends[0] != 0)
        return refuse_entry(message, SECTION_TOKEN_ENDS, 0);
    for (uint32_t i = 0; i < header->rows; i++) {
        if (tables->token_ends[i + 1] < tables->token_ends[i] ||
            tables->token_ends[i + 1] > section_bytes(header, SECTION_TOKEN_BYTES))
            return refuse_entry(message, SECTION_TOKEN_ENDS, (uint64_t)i + 1);
        if ((tables->token_flags[i] & ~TOKEN_KNOWN_FLAGS) != 0)
            return refuse_entry(message, SECTION_TOKEN_FLAGS, i);
        uint64_t bytes = tables->token_ends[i + 1] - tables->token_ends[i];
        const uint64_t cut = (tables->token_flags[i] & TOKEN_ENDS_WORD ? header->word_end : 0u) +
                             (tables->token_flags[i] & TOKEN_CONTINUES ? header->continuation : 0u);
        if (bytes < cut)
            return refuse_entry(message, SECTION_TOKEN_FLAGS, i);
        if (bytes > tables->longest_token)
            tables->longest_token = bytes;
    }
    for (uint32_t i = 0; i < 256; i++) {
        if (tables->byte_ids[i] != TOKENIZER_NONE && tables->byte_ids[i] >= header->rows)
            return refuse_entry(message, SECTION_BYTE_IDS, i);
    }
    return true;
}

/* A piece has an id in range and a token that its form's affixes fit into. */
static bool is_piece(const struct tokenizer_tables *tables, uint32_t entry)
{
    const struct tokenizer_header *header = tables->header;
    const uint32_t form = entry >> PIECE_FORM_SHIFT;
    const uint32_t id = entry & ((1u << PIECE_FORM_SHIFT) - 1);
    return form < PIECE_FORMS && id < header->rows &&
           tables->token_ends[id + 1] - tables->token_ends[id] >=
               (form & PIECE_PREFIX ? header->prefix_bytes : 0u) +
                   (form & PIECE_SUFFIX ? header->suffix_bytes : 0u);
}

/* The hash tables: ids in range, and a free slot that ends every search. */
static bool check_hashes(const struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    const struct tokenizer_header *header = tables->header;
    bool free_pair = false, free_piece = false;
    for (uint32_t i = 0; i < header->pair_slots; i++) {
        const struct token_pair *pair = &tables->pairs[i];
        if (pair->left == TOKENIZER_NONE)
            free_pair = true;
        else if (pair->left >= header->rows || pair->right >= header->rows ||
                 pair->result >= header->rows || pair->rank == TOKENIZER_NONE)
            return refuse_entry(message, SECTION_PAIRS, i);
    }
    for (uint32_t i = 0; i < header->piece_slots; i++) {
        if (tables->pieces[i] == TOKENIZER_NONE)
            free_piece = true;
        else if (!is_piece(tables, tables->pieces[i]))
            return refuse_entry(message, SECTION_PIECES, i);
    }
    if (!free_pair)
        return refuse_entry(message, SECTION_PAIRS, header->pair_slots);
    if (!free_piece)
        return refuse_entry(message, SECTION_PIECES, header->piece_slots);
    return true;
}

/* A trie: edges lead to later nodes, so no walk is endless; no content starts inside a character.
 */
static bool check_trie(const struct tokenizer_header *header, enum tokenizer_section nodes_section,
                       enum tokenizer_section edges_section, char message[TOKENIZER_MESSAGE])
{
    const struct trie_node *nodes = section_start(header, nodes_section);
    const struct trie_edge *edges = section_start(header, edges_section);
    uint64_t node_count = section_bytes(header, nodes_section) / sizeof *nodes;
    uint64_t edge_count = section_bytes(header, edges_section) / sizeof *edges;
    if (node_count == 0)
        return refuse_entry(message, nodes_section, 0);
    for (uint64_t i = 0; i < node_count; i++) {
        if (nodes[i].first_edge > edge_count || nodes[i].edges > edge_count - nodes[i].first_edge ||
            (nodes[i].added != TOKENIZER_NONE && nodes[i].added >= header->added_tokens))
            return refuse_entry(message, nodes_section, i);
        for (uint64_t e = nodes[i].first_edge; e < (uint64_t)nodes[i].first_edge + nodes[i].edges;
             e++) {
            if (edges[e].byte > 255 || edges[e].node <= i || edges[e].node >= node_count ||
                (i == 0 && utf8_length((uint8_t)edges[e].byte) == 0))
                return refuse_entry(message, edges_section, e);
        }
    }
    return true;
}

static bool check_added(const struct tokenizer_tables *tables, char message[TOKENIZER_MESSAGE])
{
    for (uint32_t i = 0; i < tables->header->added_tokens; i++) {
        if (tables->added[i].id >= tables->header->rows ||
            (tables->added[i].flags & ~(uint32_t)ADDED_KNOWN_FLAGS) != 0)
            return refuse_entry(message, SECTION_ADDED, i);
    }
    return check_trie(tables->header, SECTION_RAW_NODES, SECTION_RAW_EDGES, message) &&
           check_trie(tables->header, SECTION_CLEAN_NODES, SECTION_CLEAN_EDGES, message);
}

bool tables_open(struct tokenizer_tables *tables, const void *block, uint64_t bytes,
                 char message[TOKENIZER_MESSAGE])
{
    if (!check_header(block, bytes, message) || !check_sections(block, message))
        return false;
    const struct tokenizer_header *header = block;
    *tables = (struct tokenizer_tables){
        .header = header,
        .token_ends = section_start(header, SECTION_TOKEN_ENDS),
        .token_bytes = section_start(header, SECTION_TOKEN_BYTES),
        .token_flags = section_start(header, SECTION_TOKEN_FLAGS),
        .byte_ids = section_start(header, SECTION_BYTE_IDS),
        .pairs = section_start(header, SECTION_PAIRS),
        .pieces = section_start(header, SECTION_PIECES),
        .added = section_start(header, SECTION_ADDED),
        .joins = section_start(header, SECTION_JOINS),
        .join_bits = (uint32_t)(8 * section_bytes(header, SECTION_JOINS)),
        .patterns = section_start(header, SECTION_PATTERNS),
        .steps = section_start(header, SECTION_STEPS),
        .template = section_start(header, SECTION_TEMPLATE),
        .template_ids = (uint32_t)(section_bytes(header, SECTION_TEMPLATE) / 4),
    };
    return check_tokens(tables, message) && check_hashes(tables, message) &&
           check_added(tables, message) && check_patterns(tables, message) &&
           check_joins(tables, message) && check_template(tables, message) &&
           tables_open_map(tables, section_start(header, SECTION_MAP),
                           section_bytes(header, SECTION_MAP), message) &&
           check_steps(tables, message);
}
