/* Layout of the tokenizer tables: one flat, position-independent, little-endian block that the pack
 * tool writes and the runtime reads in place. Every place is a byte offset from the block's start.
 *
 *   header | token_ends | token_bytes | token_flags | byte_ids | pairs | pieces | joins | added |
 *   raw_nodes | raw_edges | clean_nodes | clean_edges | patterns | template | map | steps
 *
 * Sections start at multiples of 16 bytes, in this order; gaps are zero. */
#ifndef RUNTIME_TOKENIZER_TOKENIZER_TABLES_H
#define RUNTIME_TOKENIZER_TOKENIZER_TABLES_H

#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the tables are read in place");

#define TOKENIZER_MAGIC "INGOTTOK"

enum {
    TOKENIZER_VERSION = 5,
    TOKENIZER_ALIGNMENT = 16,
    TOKENIZER_MAX_ROWS = 1 << 24,
    TOKENIZER_MAX_PATTERN = 65536, /* bytes of all patterns */
    TOKENIZER_MAX_PATTERNS = 8,
    TOKENIZER_LOOK_BACK = 16, /* characters before a match that a pattern may look at */
    TOKENIZER_MAX_STEPS = 8,
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
 * characters; those outside the vocabulary are spelled in tokens of one byte each, or are unknown.
 * TOKENIZER_MARKED, with it: ' ' and the mark U+2581 are the same symbol, written ' ' in these
 * tables. */
enum tokenizer_flag {
    TOKENIZER_NORMALISE = 1,       /* each segment to NFC, or as the next two say */
    TOKENIZER_COMPATIBLE = 2,      /* with NORMALISE: to NFKC or NFKD */
    TOKENIZER_DECOMPOSED = 4,      /* with NORMALISE: to NFD or NFKD */
    TOKENIZER_PREFIX_SPACE = 8,    /* what does not start with ' ' (or the mark) gets one: see
                                     prefix_level */
    TOKENIZER_PREFIX_FIRST = 16,   /* with PREFIX_SPACE or PREPEND: only at the start of the text */
    TOKENIZER_CHARS = 32,          /* see above */
    TOKENIZER_MARKED = 64,         /* see above */
    TOKENIZER_MARK = 128,          /* normalise: the mark becomes ' ', as ' ' becomes the mark */
    TOKENIZER_PREPEND = 256,       /* normalise: ' ' before each segment, whatever it starts with */
    TOKENIZER_WHOLE_WORDS = 512,   /* a pre-token that is a token is not merged */
    TOKENIZER_FUSE_UNKNOWN = 1024, /* one unknown token for all unknown symbols in a row */
    TOKENIZER_STRIP = 2048,        /* decode: drop one ' ' at the very start */
    TOKENIZER_STRIP_MARKS = 8192,  /* decode: drop every ' ' of the first token */
    TOKENIZER_JOIN = 4096,     /* decode: ' ' between tokens, unless their flags say otherwise */
    TOKENIZER_SQUEEZE = 16384, /* normalise: no spaces at the ends, one of several in a row */
    TOKENIZER_KNOWN_FLAGS = 32767,
    TOKENIZER_FORM = TOKENIZER_NORMALISE | TOKENIZER_COMPATIBLE | TOKENIZER_DECOMPOSED
};

/* What becomes of the matches of a pattern, and of the text between two of them. */
enum pattern_mode {
    PATTERN_ISOLATED,      /* each is a piece */
    PATTERN_CONTIGUOUS,    /* matches in a row are one piece */
    PATTERN_WITH_PREVIOUS, /* a match ends the piece of the text before it */
    PATTERN_WITH_NEXT,     /* a match begins the piece of the text behind it */
    PATTERN_REMOVED,       /* matches are dropped */
    PATTERN_KEPT,          /* all but matches is dropped */
    PATTERN_MODES,
    PATTERN_OF_BYTES = 8 /* added to a mode: matches bytes, not characters */
};

enum token_flag {
    TOKEN_PRESENT = 1, /* the row has a token; the rows of a padded vocabulary have none */
    TOKEN_ADDED = 2,
    TOKEN_SPECIAL = 4,
    TOKEN_ENDS_WORD = 8,  /* decode: its last word_end bytes are ' ', nothing at the end of all */
    TOKEN_CONTINUES = 16, /* decode: but at the start of a text without its first `continuation`
                              bytes, and without JOIN's ' ' */
    TOKEN_CLOSE = 32,     /* decode: without JOIN's ' ' */
    TOKEN_KNOWN_FLAGS = 63
};

/* What a token of the model's vocabulary is spelled with beside the text that it stands for. */
enum piece_form {
    PIECE_PREFIX = 1, /* all but the first symbol of a pre-token, if prefix_bytes is not 0 */
    PIECE_SUFFIX = 2, /* the last one, if suffix_bytes is not 0 */
    PIECE_FORMS = 4,
    PIECE_FORM_SHIFT = 24 /* in an entry of SECTION_PIECES; the id is below */
};

/* One step of a normalizer: text goes through all of them, in order. With steps the flag NORMALISE
 * says which form STEP_FORM is. */
enum step_kind {
    STEP_FORM,
    STEP_LOWER,       /* characters in lower case, each by itself */
    STEP_MARKLESS,    /* without combining marks */
    STEP_STRIP_START, /* without white space at the start of a segment */
    STEP_STRIP_END,   /* and at its end */
    STEP_REPLACE,     /* what the pattern matches becomes the text */
    STEP_MAP,         /* by SECTION_MAP, as `tokenizers` reads it */
    STEP_SPACED,      /* a space on each side of Chinese characters */
    STEP_UNACCENTED,  /* without the marks that BertNormalizer takes for accents */
    STEP_KINDS
};

enum added_flag {
    ADDED_LSTRIP = 1,      /* takes the white space before it */
    ADDED_RSTRIP = 2,      /* takes the white space behind it */
    ADDED_SINGLE_WORD = 4, /* only where no word character is next to it */
    ADDED_PLAIN = 8,       /* is text like any other; only, no other token is sought inside it */
    ADDED_KNOWN_FLAGS = 15
};

enum tokenizer_section {
    SECTION_TOKEN_ENDS,  /* uint32 [rows + 1]: token i is token_bytes[ends[i] .. ends[i + 1]) */
    SECTION_TOKEN_BYTES, /* what each token prints */
    SECTION_TOKEN_FLAGS, /* uint8 [rows] of enum token_flag */
    SECTION_BYTE_IDS,    /* uint32 [256]: the token of one byte, or TOKENIZER_NONE */
    SECTION_PAIRS,       /* struct token_pair [pair_slots]: open addressing, at least one free */
    SECTION_PIECES,      /* uint32 [piece_slots], ids, and above them the enum piece_form of the
                            token: open addressing, at least one free */
    SECTION_JOINS,       /* uint32 words of bits, of two characters in a row (CHARS only): clear
                            when no merge has them left and right of its seam */
    SECTION_ADDED,       /* struct added_token [added_tokens] */
    SECTION_RAW_NODES,   /* struct trie_node []: contents sought before normalisation */
    SECTION_RAW_EDGES,   /* struct trie_edge [] */
    SECTION_CLEAN_NODES, /* the same for those sought in normalised text */
    SECTION_CLEAN_EDGES,
    SECTION_PATTERNS, /* PCRE2 patterns in UTF-8, each a byte of enum pattern_mode + '0', then the
                         pattern, then NUL: the text is split by the first, the pieces by the
                         second ... */
    SECTION_TEMPLATE, /* uint32 ids: ids_before that precede a text, then those that follow it */
    SECTION_MAP,   /* normalise: SentencePiece's map of characters, or nothing: a uint32, bytes of
                         the double array behind it, then texts, each ended by NUL; used by
                         STEP_MAP, or where there are no steps */
    SECTION_STEPS, /* normalise, before all the flags above do: for each step a byte of enum
                      step_kind + '0', a PCRE2 pattern, NUL, a text, NUL */
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
    uint32_t ids_before;   /* of the template */
    uint32_t unknown;      /* the token of unknown symbols, or TOKENIZER_NONE: they are dropped */
    uint32_t prefix_level; /* the pieces of so many patterns, 0: segments, get the prefix space */
    uint32_t steps;
    /* Bytes that are not text: the prefix and suffix of symbols (enum piece_form), and what the
     * decoder takes for the end of a word and the start of what continues one (enum token_flag). */
    uint8_t prefix_bytes, suffix_bytes, word_end, continuation;
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

/* First slot of a piece of text in a form. */
static inline uint32_t token_piece_slot(const uint8_t *text, uint64_t bytes, uint32_t form,
                                        uint32_t slots)
{
    uint64_t hash = 0xCBF29CE484222325u ^ form;
    for (uint64_t i = 0; i < bytes; i++)
        hash = (hash ^ text[i]) * 0x100000001B3u;
    return (uint32_t)(hash ^ hash >> 32) & (slots - 1);
}

#endif
