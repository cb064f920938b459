/* Layout of the tokenizer tables: one flat, position-independent, little-endian block that the pack
 * tool writes and the runtime reads in place. Every place is a byte offset from the block's start.
 *
 *   header | token_ends | token_bytes | token_flags | byte_ids | pairs | pieces | joins | added |
 *   raw_nodes | raw_edges | clean_nodes | clean_edges | patterns | template
 *
 * Sections start at multiples of 16 bytes, in this order; gaps are zero. */
#ifndef RUNTIME_TOKENIZER_TABLES_H
#define RUNTIME_TOKENIZER_TABLES_H

#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the tables are read in place");

#define TOKENIZER_MAGIC "INGOTTOK"

enum {
    TOKENIZER_VERSION = 2,
    TOKENIZER_ALIGNMENT = 16,
    TOKENIZER_MAX_ROWS = 1 << 24,
    TOKENIZER_MAX_PATTERN = 65536, /* bytes of all patterns */
    TOKENIZER_MAX_PATTERNS = 8,
    TOKENIZER_MAX_TEMPLATE = 16,     /* ids put around a text */
    TOKENIZER_MAX_JOINS = 1 << 28,   /* bits */
    TOKENIZER_MAX_ADDED_BYTES = 4096 /* longest content of an added token */
};

/* In id fields: there is none. */
#define TOKENIZER_NONE UINT32_MAX

/* The mark that stands for ' ' where symbols are characters, U+2581 in UTF-8. */
#define SPACE_MARK "\xE2\x96\x81"
enum { SPACE_MARK_BYTES = 3, SPACE_MARK_CODE = 0x2581 };

/* Two kinds of model. Byte-level: the smallest symbols are bytes. TOKENIZER_CHARS: they are
 * characters, those outside the vocabulary are spelled in tokens of one byte each, and ' ' and the
 * mark U+2581 are the same symbol, written ' ' in these tables. */
enum tokenizer_flag {
    TOKENIZER_NFC = 1,           /* normalise each segment to NFC */
    TOKENIZER_PREFIX_SPACE = 2,  /* a segment that does not start with ' ' (or the mark) gets one */
    TOKENIZER_CHARS = 4,         /* see above */
    TOKENIZER_MARK = 8,          /* normalise: the mark becomes ' ', as ' ' becomes the mark */
    TOKENIZER_PREPEND = 16,      /* normalise: ' ' before each segment, whatever it starts with */
    TOKENIZER_PREFIX_FIRST = 32, /* with PREFIX_SPACE: only at the very start of the text */
    TOKENIZER_STRIP = 64,        /* decode: drop one ' ' at the very start */
    TOKENIZER_KNOWN_FLAGS = 127
};

enum token_flag {
    TOKEN_PRESENT = 1, /* the row has a token; the rows of a padded vocabulary have none */
    TOKEN_ADDED = 2,
    TOKEN_SPECIAL = 4,
    TOKEN_KNOWN_FLAGS = 7
};

enum added_flag {
    ADDED_LSTRIP = 1,      /* takes the white space before it */
    ADDED_RSTRIP = 2,      /* takes the white space behind it */
    ADDED_SINGLE_WORD = 4, /* only where no word character is next to it */
    ADDED_KNOWN_FLAGS = 7
};

enum tokenizer_section {
    SECTION_TOKEN_ENDS,  /* uint32 [rows + 1]: token i is token_bytes[ends[i] .. ends[i + 1]) */
    SECTION_TOKEN_BYTES, /* what each token prints */
    SECTION_TOKEN_FLAGS, /* uint8 [rows] of enum token_flag */
    SECTION_BYTE_IDS,    /* uint32 [256]: the token of one byte, or TOKENIZER_NONE */
    SECTION_PAIRS,       /* struct token_pair [pair_slots]: open addressing, at least one free */
    SECTION_PIECES,      /* uint32 [piece_slots] ids: open addressing, at least one free */
    SECTION_JOINS,       /* uint32 words of bits, of two characters in a row (CHARS only): clear
                            when no merge has them left and right of its seam */
    SECTION_ADDED,       /* struct added_token [added_tokens] */
    SECTION_RAW_NODES,   /* struct trie_node []: contents sought before normalisation */
    SECTION_RAW_EDGES,   /* struct trie_edge [] */
    SECTION_CLEAN_NODES, /* the same for those sought in normalised text */
    SECTION_CLEAN_EDGES,
    SECTION_PATTERNS, /* PCRE2 patterns in UTF-8, each ended by NUL: the text is split by the first,
                         the pieces by the second ... */
    SECTION_TEMPLATE, /* uint32 ids: ids_before that precede a text, then those that follow it */
    SECTION_COUNT
};

struct section_place {
    uint64_t at;
    uint64_t bytes;
};

struct tokenizer_header {
    char magic[8];
    uint32_t version;
    uint32_t flags;
    uint64_t total_bytes;
    uint32_t rows; /* ids are below this: the rows of the model's embedding */
    uint32_t added_tokens;
    uint32_t pair_slots;  /* a power of two */
    uint32_t piece_slots; /* a power of two */
    uint32_t patterns;
    uint32_t ids_before; /* of the template */
    struct section_place section[SECTION_COUNT];
};

/* Merging left and right gives result; the lower the rank the earlier. A free slot has left NONE.
 */
struct token_pair {
    uint32_t left;
    uint32_t right;
    uint32_t rank;
    uint32_t result;
};

struct added_token {
    uint32_t id;
    uint32_t flags;
};

/* Node 0 is the root. `added` is the added token that ends here, or TOKENIZER_NONE. */
struct trie_node {
    uint32_t first_edge;
    uint32_t edges;
    uint32_t added;
};

struct trie_edge {
    uint32_t byte;
    uint32_t node;
};

/* First slot of a pair in a table of slots (a power of two); the next ones follow cyclically. */
static inline uint32_t token_pair_slot(uint32_t left, uint32_t right, uint32_t slots)
{
    uint64_t key = (uint64_t)left << 32 | right;
    return (uint32_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (slots - 1);
}

/* The bit of two characters in a row in bits (a power of two) of SECTION_JOINS. */
static inline uint32_t join_bit(uint32_t left, uint32_t right, uint32_t bits)
{
    return token_pair_slot(left, right, bits);
}

/* First slot of a piece of text. */
static inline uint32_t token_piece_slot(const uint8_t *text, uint64_t bytes, uint32_t slots)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint64_t i = 0; i < bytes; i++)
        hash = (hash ^ text[i]) * 0x100000001B3u;
    return (uint32_t)(hash ^ hash >> 32) & (slots - 1);
}

#endif
