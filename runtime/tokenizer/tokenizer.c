/* Opening the tables, and what can be asked about single tokens. */
#include "runtime/tokenizer/tokenizer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/tokenizer/tokenizer_inner.h"

uint64_t tokenizer_scratch_bytes(void)
{
    return (sizeof(struct tokenizer) + TOKENIZER_ALIGN - 1) / TOKENIZER_ALIGN * TOKENIZER_ALIGN;
}

struct tokenizer *tokenizer_open(const void *tables, uint64_t bytes, void *block,
                                 uint64_t block_bytes, char message[TOKENIZER_MESSAGE])
{
    struct tokenizer *tokenizer = block;
    if (block_bytes < tokenizer_scratch_bytes() || (uintptr_t)block % TOKENIZER_ALIGN != 0) {
        snprintf(message, TOKENIZER_MESSAGE,
                 "the tokenizer's block: found %" PRIu64 " bytes, expected %" PRIu64
                 " that start at a multiple of %d",
                 block_bytes, tokenizer_scratch_bytes(), TOKENIZER_ALIGN);
        return NULL;
    }
    if (!tables_open(&tokenizer->tables, tables, bytes, message) ||
        !pattern_open(&tokenizer->pattern, &tokenizer->tables, message))
        return NULL;
    if (!steps_open(tokenizer, message)) {
        pattern_close(&tokenizer->pattern);
        return NULL;
    }
    tokenizer->normaliser.form = tokenizer->tables.header->flags & TOKENIZER_FORM;
    cut_set_open(&tokenizer->raw_cut.set, &tokenizer->tables, false);
    cut_set_open(&tokenizer->clean_cut.set, &tokenizer->tables, true);
    tokenizer_begin(tokenizer, false);
    return tokenizer;
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    steps_close(tokenizer);
    pattern_close(&tokenizer->pattern);
}

void tokenizer_interpret(struct tokenizer *tokenizer)
{
    tokenizer->pattern.options |= PCRE2_NO_JIT;
}

uint32_t tokenizer_rows(const struct tokenizer *tokenizer)
{
    return tokenizer->tables.header->rows;
}

uint32_t tokenizer_ids_before(const struct tokenizer *tokenizer)
{
    return tokenizer->tables.header->ids_before;
}

const uint8_t *tokenizer_text(const struct tokenizer *tokenizer, uint32_t id, uint64_t *bytes)
{
    const struct tokenizer_tables *tables = &tokenizer->tables;
    *bytes = 0;
    if (id >= tables->header->rows || !(tables->token_flags[id] & TOKEN_PRESENT))
        return NULL;
    *bytes = tables->token_ends[id + 1] - tables->token_ends[id];
    return tables->token_bytes + tables->token_ends[id];
}

bool tokenizer_find(const struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                    uint32_t *id)
{
    bool found = false;
    for (uint32_t i = 0; i < tokenizer_rows(tokenizer); i++) {
        uint64_t token_bytes;
        const uint8_t *token = tokenizer_text(tokenizer, i, &token_bytes);
        if (token == NULL || token_bytes != bytes || memcmp(token, text, bytes) != 0)
            continue;
        if (!found)
            *id = i;
        found = true;
        if (tokenizer->tables.token_flags[i] & TOKEN_ADDED) {
            *id = i;
            break;
        }
    }
    return found;
}

bool tokenizer_special(const struct tokenizer *tokenizer, uint32_t id)
{
    const struct tokenizer_tables *tables = &tokenizer->tables;
    return id < tables->header->rows && (tables->token_flags[id] & TOKEN_SPECIAL) != 0;
}
