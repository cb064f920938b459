/* Finds added tokens in a text that may go on.
 *
 * Rules, as in Hugging Face `tokenizers`: matches are leftmost, then longest, and do not overlap.
 * A match of a single_word token next to a word character is dropped, as is any of a special token
 * that is plain text here, and the search goes on behind it. lstrip and rstrip take white space
 * around the match; the search still goes on directly behind the match, so a token of white space
 * may take back what rstrip took. */
#include "runtime/tokenizer/tokenizer_inner.h"

#include <string.h>
#include <utf8proc.h>

#include "runtime/base/utf8.h"

bool code_is_space(uint32_t code)
{
    if (code < 0x80)
        return (code >= 9 && code <= 13) || code == ' ';
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* Word characters that Unicode 16 has and utf8proc's Unicode 15 has not, and letters in circles and
 * squares, which are alphabetic by property but symbols by category. */
static const struct code_range more_word[] = {
    {0x200C, 0x200D}, {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
};
static const struct code_range newer_word[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
    {0x10D40, 0x10D65}, {0x10D69, 0x10D6D}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4},
    {0x10EFC, 0x10EFC}, {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E},
    {0x11390, 0x113B5}, {0x113B7, 0x113C0}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5},
    {0x113C7, 0x113CA}, {0x113CC, 0x113D3}, {0x113E1, 0x113E2}, {0x116D0, 0x116E3},
    {0x11BC0, 0x11BE0}, {0x11BF0, 0x11BF9}, {0x11F5A, 0x11F5A}, {0x13460, 0x143FA},
    {0x16100, 0x16139}, {0x16D40, 0x16D6C}, {0x16D70, 0x16D79}, {0x18CFF, 0x18CFF},
    {0x1CCF0, 0x1CCF9}, {0x1E5D0, 0x1E5FA}, {0x2EBF0, 0x2EE5D}};

/* \w of Unicode 16: alphabetic, marks, decimal numbers, connector punctuation, the two joiners. */
static bool is_word(uint32_t code)
{
    switch (utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
        return true;
    default:
        return code_in_ranges(code, more_word, sizeof more_word / sizeof more_word[0]) ||
               code_in_ranges(code, newer_word, sizeof newer_word / sizeof newer_word[0]);
    }
}

static bool word_at(const uint8_t *text, uint64_t at)
{
    uint32_t length;
    return is_word(utf8_decode(text + at, &length));
}

void cut_set_open(struct cut_set *set, const struct tokenizer_tables *tables, bool clean)
{
    const struct tokenizer_header *header = tables->header;
    enum tokenizer_section nodes = clean ? SECTION_CLEAN_NODES : SECTION_RAW_NODES;
    enum tokenizer_section edges = clean ? SECTION_CLEAN_EDGES : SECTION_RAW_EDGES;
    const uint8_t *start = (const uint8_t *)header;
    *set = (struct cut_set){
        .nodes = (const struct trie_node *)(start + header->section[nodes].at),
        .edges = (const struct trie_edge *)(start + header->section[edges].at),
        .added = tables->added,
    };
    for (uint32_t i = 0; i < set->nodes[0].edges; i++)
        set->starts[set->edges[set->nodes[0].first_edge + i].byte] = true;
    uint64_t count = header->section[nodes].bytes / sizeof(struct trie_node);
    for (uint64_t i = 0; i < count; i++) {
        if (set->nodes[i].added == TOKENIZER_NONE)
            continue;
        uint32_t flags = set->added[set->nodes[i].added].flags;
        set->any_lstrip |= (flags & ADDED_LSTRIP) != 0;
        set->any_single_word |= (flags & ADDED_SINGLE_WORD) != 0;
    }
}

void cut_begin(struct cutter *cutter, uint64_t at)
{
    cutter->from = cutter->limit = cutter->scan = cutter->solid = cutter->stop = at;
    cutter->found = TOKENIZER_NONE;
    cutter->after_word = cutter->skipping = false;
}

uint64_t cut_needs(const struct cutter *cutter)
{
    return cutter->from < cutter->scan ? cutter->from : cutter->scan;
}

void cut_shift(struct cutter *cutter, uint64_t distance)
{
    cutter->from -= distance;
    cutter->limit -= distance;
    cutter->scan -= distance;
    cutter->solid -= cutter->solid < distance ? cutter->solid : distance;
    cutter->stop -= cutter->stop < distance ? cutter->stop : distance;
}

static const struct trie_node *child(const struct cut_set *set, const struct trie_node *node,
                                     uint8_t byte)
{
    const struct trie_edge *edge = set->edges + node->first_edge;
    for (uint32_t i = 0; i < node->edges; i++) {
        if (edge[i].byte == byte)
            return set->nodes + edge[i].node;
    }
    return NULL;
}

/* The longest token that starts text[bytes] and ends with a whole character, its length to *length
 * (0: none). True when more text could make it longer. */
static bool longest_match(const struct cut_set *set, const uint8_t *text, uint64_t bytes,
                          uint64_t *length, uint32_t *found)
{
    const struct trie_node *node = set->nodes;
    *length = 0;
    for (uint64_t i = 0; i < TOKENIZER_MAX_ADDED_BYTES; i++) {
        if (node->edges == 0)
            return false;
        if (i == bytes)
            return true;
        node = child(set, node, text[i]);
        if (node == NULL)
            return false;
        if (node->added != TOKENIZER_NONE && (i + 1 == bytes || (text[i + 1] & 0xC0) != 0x80)) {
            *length = i + 1;
            *found = node->added;
        }
    }
    return false;
}

bool cut_marked(const struct cut_set *set, const uint8_t *text, uint64_t bytes, bool ended,
                uint64_t *length)
{
    const struct trie_node *node = set->nodes;
    *length = 0;
    for (uint64_t at = 0; node != NULL && node->edges > 0;) {
        if (at == bytes)
            return ended;
        const bool mark =
            bytes - at >= SPACE_MARK_BYTES && memcmp(text + at, SPACE_MARK, SPACE_MARK_BYTES) == 0;
        node = !mark && text[at] == ' ' ? NULL : child(set, node, mark ? ' ' : text[at]);
        at += mark ? SPACE_MARK_BYTES : 1;
        if (node != NULL && node->added != TOKENIZER_NONE)
            *length = at;
    }
    return true;
}

/* Moves scan up to `to` and keeps what a later match asks about the text before it. */
static void pass_over(struct cutter *cutter, const uint8_t *text, uint64_t to)
{
    if (to == cutter->scan)
        return;
    if (cutter->set.any_single_word)
        cutter->after_word = word_at(text, utf8_before(text, to));
    if (cutter->set.any_lstrip) {
        uint64_t solid = to;
        while (solid > cutter->scan) {
            uint32_t length;
            uint64_t before = utf8_before(text, solid);
            if (!code_is_space(utf8_decode(text + before, &length)))
                break;
            solid = before;
        }
        if (solid > cutter->scan)
            cutter->solid = solid;
    }
    cutter->scan = to;
}

static void skip_space(struct cutter *cutter, const uint8_t *text, uint64_t end, bool ended)
{
    while (cutter->skipping && cutter->from < end) {
        uint32_t length;
        if (code_is_space(utf8_decode(text + cutter->from, &length)))
            cutter->from += length;
        else
            cutter->skipping = false;
    }
    if (ended)
        cutter->skipping = false;
    if (cutter->limit < cutter->from)
        cutter->limit = cutter->from;
}

/* The match text[at .. stop) counts: plain text ends before it. */
static void take_match(struct cutter *cutter, const uint8_t *text, uint64_t at, uint64_t stop,
                       uint32_t found)
{
    pass_over(cutter, text, at);
    uint64_t start = cutter->set.added[found].flags & ADDED_LSTRIP ? cutter->solid : at;
    cutter->limit = start > cutter->from ? start : cutter->from;
    pass_over(cutter, text, stop);
    cutter->stop = stop;
    cutter->found = found;
}

void cut_step(struct cutter *cutter, const uint8_t *text, uint64_t end, bool ended, bool forced)
{
    if (cutter->found != TOKENIZER_NONE)
        return;
    skip_space(cutter, text, end, ended);
    const struct cut_set *set = &cutter->set;
    uint64_t at = cutter->scan;
    while (at < end) {
        if (!set->starts[text[at]]) {
            at++;
            continue;
        }
        uint64_t length;
        uint32_t found = TOKENIZER_NONE;
        if (longest_match(set, text + at, end - at, &length, &found) && !ended)
            break;
        if (length == 0) {
            at++;
            continue;
        }
        if (set->added[found].flags & ADDED_PLAIN) {
            at += length;
            continue;
        }
        if (set->added[found].flags & ADDED_SINGLE_WORD) {
            uint64_t stop = at + length;
            if (stop == end && !ended)
                break;
            bool after_word =
                at == cutter->scan ? cutter->after_word : word_at(text, utf8_before(text, at));
            if (after_word || (stop < end && word_at(text, stop))) {
                at = stop;
                continue;
            }
        }
        take_match(cutter, text, at, at + length, found);
        return;
    }
    pass_over(cutter, text, at);
    uint64_t decided = set->any_lstrip && !ended && !forced ? cutter->solid : cutter->scan;
    if (decided > cutter->limit)
        cutter->limit = decided;
}

uint32_t cut_accept(struct cutter *cutter)
{
    const struct added_token *added = &cutter->set.added[cutter->found];
    cutter->found = TOKENIZER_NONE;
    cutter->from = cutter->limit = cutter->stop;
    cutter->skipping = (added->flags & ADDED_RSTRIP) != 0;
    return added->id;
}
