/* Byte-pair merges of one pre-token: always the merge of lowest rank, leftmost on ties.
 *
 * Symbols are a linked list; a heap holds the possible merges by rank and place. An entry whose
 * merge is no longer possible is recognised by its rank, since a rank belongs to one pair. Each
 * merge adds at most two entries and takes one, so n symbols need at most 2 n entries: O(n log n).
 */
#include "runtime/tokenizer_inner.h"

#include <string.h>

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

static uint32_t find_piece(const struct tokenizer_tables *tables, const uint8_t *text,
                           uint64_t bytes)
{
    uint32_t slots = tables->header->piece_slots;
    uint32_t slot = token_piece_slot(text, bytes, slots);
    for (;; slot = (slot + 1) & (slots - 1)) {
        uint32_t id = tables->pieces[slot];
        if (id == TOKENIZER_NONE)
            return id;
        uint64_t at = tables->token_ends[id];
        if (tables->token_ends[id + 1] - at == bytes &&
            memcmp(tables->token_bytes + at, text, bytes) == 0)
            return id;
    }
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

void merge_piece(struct merger *merger, const struct tokenizer_tables *tables, const uint8_t *text,
                 uint64_t bytes)
{
    merger->at = TOKENIZER_NONE;
    merger->queued = 0;
    uint32_t whole = find_piece(tables, text, bytes);
    uint32_t count = 0;
    if (whole != TOKENIZER_NONE) {
        merger->symbols[count++].id = whole;
    } else {
        for (uint64_t i = 0; i < bytes; i++) {
            if (tables->byte_ids[text[i]] != TOKENIZER_NONE)
                merger->symbols[count++].id = tables->byte_ids[text[i]];
        }
    }
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
