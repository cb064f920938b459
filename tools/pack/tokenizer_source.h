/* A tokenizer between its two forms: read and validated by tokenizer_json.c, laid out by
 * tokenizer_build.c. */
#ifndef TOOLS_PACK_TOKENIZER_SOURCE_H
#define TOOLS_PACK_TOKENIZER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/tokenizer/tokenizer_tables.h"
#include "tools/pack/tokenizer_json.h"

enum { AFFIX_BYTES = 64 }; /* of a prefix or suffix of symbols, with its NUL */

/* Bytes that grow; places in it are offsets. */
struct byte_pool {
    uint8_t *bytes;
    uint64_t size;
    uint64_t capacity;
};

struct pool_text {
    uint64_t at;
    uint64_t bytes;
};

struct source_token {
    struct pool_text text; /* what it prints */
    uint8_t flags;         /* enum token_flag */
    bool is_piece;         /* in the model's vocabulary, and text can lead to it */
};

struct source_added {
    struct pool_text sought; /* what is looked for in the text, normalised if `clean` */
    uint32_t id;
    uint32_t flags; /* enum added_flag */
    bool clean;     /* looked for in normalised text */
};

/* The characters on both sides of where a merge joins; the mark of a space is ' '. */
struct merge_seam {
    uint32_t left;
    uint32_t right;
};

struct tokenizer_source {
    uint32_t rows;
    uint32_t flags; /* enum tokenizer_flag */
    bool ignore_merges;
    char prefix[AFFIX_BYTES], suffix[AFFIX_BYTES]; /* of the model's symbols, "": none */
    uint8_t word_end, continuation;                /* as in struct tokenizer_header */
    uint32_t unknown;                              /* its token, or TOKENIZER_NONE */
    uint32_t prefix_level;                         /* patterns before the prefix space */
    struct byte_pool patterns;                     /* each begun by its mode, ended by NUL */
    uint32_t pattern_count;
    struct byte_pool steps; /* as SECTION_STEPS */
    uint32_t step_count;
    struct byte_pool pool;
    struct source_token *tokens; /* [rows] */
    struct byte_pool map;        /* SECTION_MAP */
    uint32_t byte_ids[256];
    struct token_pair *merges; /* [merge_count] by rank */
    struct merge_seam *seams;  /* [merge_count] */
    uint32_t merge_count;
    struct source_added *added; /* [added_count] */
    uint32_t added_count;
    uint32_t template[TOKENIZER_MAX_TEMPLATE]; /* ids_before, then ids_after */
    uint32_t ids_before;
    uint32_t ids_after;
};

/* Appends bytes to the pool; false when there is no memory. */
bool pool_add(struct byte_pool *pool, const void *bytes, uint64_t count, struct pool_text *text);

/* Puts text[bytes] through the steps of the source's normalizer, a segment by itself; *made, of
 * *made_bytes, is to be freed. Returns an exit code, with a reason for 4. */
int tokenizer_build_normalised(const struct tokenizer_source *source, const char *text,
                               size_t bytes, uint8_t **made, size_t *made_bytes,
                               char message[TOKENIZER_JSON_MESSAGE]);

/* Entries of SECTION_PIECES at most. */
uint32_t tokenizer_pieces_most(const struct tokenizer_source *source);

/* Fills SECTION_PIECES of tables that are written but for it. The pieces that are one token are all
 * of the vocabulary with ignore_merges, otherwise those that the merges lead to: these are then
 * found without merging, which is what makes encoding fast. Returns an exit code as
 * tokenizer_compile does. */
int tokenizer_write_pieces(struct tokenizer_header *header, const struct tokenizer_source *source,
                           const char *name, char message[TOKENIZER_JSON_MESSAGE]);

/* Lays the tables out in *blob, which holds none yet. Returns an exit code as tokenizer_compile
 * does; `message` begins with `name`. */
int tokenizer_build(const struct tokenizer_source *source, const char *name,
                    struct tokenizer_blob *blob, char message[TOKENIZER_JSON_MESSAGE]);

#endif
