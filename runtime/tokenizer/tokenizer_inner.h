/* What the files of the tokenizer share, and tools/pack/tokenizer_build.c, which runs the merges.
 * Nobody else includes this.
 *
 * The way of the text: feed -> raw window -> cut at raw added tokens -> normalised -> clean
 * window -> cut at clean added tokens -> pre-tokens by patterns -> byte-pair merges -> ids. Each
 * stage has a position in its window and moves on only when what it decides is final. */
#ifndef RUNTIME_TOKENIZER_TOKENIZER_INNER_H
#define RUNTIME_TOKENIZER_TOKENIZER_INNER_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "runtime/tokenizer/tokenizer.h"
#include "runtime/tokenizer/tokenizer_tables.h"

enum {
    LOOK_BACK = 4 * TOKENIZER_LOOK_BACK, /* bytes before a text that a pattern may look at */
    WINDOW_CAPACITY = 2 * TOKENIZER_WINDOW + 64 + LOOK_BACK, /* moves to the front are rare */
    PIECE_BYTES = TOKENIZER_WINDOW + 1, /* longest pre-token: the window and a prefix ' ' */
    RUN_CODES = 2 * TOKENIZER_RUN, /* 1.5 code points per byte is the most a decomposition gives */
    PATTERN_BYTES = 1 << 19 /* measured for the six patterns of DeepSeek-LLM, with JIT: 171 kB */
};

/* The tables, checked. */
struct tokenizer_tables {
    const struct tokenizer_header *header;
    const uint32_t *token_ends;
    const uint8_t *token_bytes;
    const uint8_t *token_flags;
    const uint32_t *byte_ids;
    const struct token_pair *pairs;
    const uint32_t *pieces;
    const uint32_t *joins;
    uint32_t join_bits;
    const struct added_token *added;
    const uint8_t *patterns;
    const uint32_t *template;
    uint32_t template_ids;
    const uint32_t *map; /* [map_units] */
    uint32_t map_units;
    const uint8_t *map_texts; /* [map_text_bytes] */
    uint64_t map_text_bytes;
    const uint8_t *steps;
    uint64_t longest_token;
};

/* Fills *tables from block[bytes] or says in message what is wrong with it. */
bool tables_open(struct tokenizer_tables *tables, const void *block, uint64_t bytes,
                 char message[TOKENIZER_MESSAGE]);

/* Fills the part of *tables that is about SECTION_MAP from map[bytes]. */
bool tables_open_map(struct tokenizer_tables *tables, const uint8_t *map, uint64_t bytes,
                     char message[TOKENIZER_MESSAGE]);

struct code_range {
    uint32_t first;
    uint32_t last;
};

/* True when one of ranges[count], ascending, holds the code point. */
bool code_in_ranges(uint32_t code, const struct code_range *ranges, size_t count);

/* White space of Unicode. */
bool code_is_space(uint32_t code);

/* Text in flight: bytes[begin .. filled) is needed, bytes[valid .. filled) is the start of a
 * character that is not complete. Before begin lies at least one byte, and what is kept of the text
 * there: LOOK_BACK bytes of it. */
struct text_window {
    uint8_t bytes[WINDOW_CAPACITY];
    uint64_t begin;
    uint64_t valid;
    uint64_t filled;
};

/* Added tokens that are sought at the same stage. */
struct cut_set {
    const struct trie_node *nodes;
    const struct trie_edge *edges;
    const struct added_token *added;
    bool starts[256]; /* some token starts with this byte */
    bool any_lstrip;
    bool any_single_word;
};

/* Cuts a sentence into plain text and added tokens; see tokenizer_cut.c. */
struct cutter {
    struct cut_set set;
    uint64_t from;   /* plain text starts here; whoever consumes it moves this up to limit */
    uint64_t limit;  /* plain text is decided up to here */
    uint64_t scan;   /* tokens are sought from here on */
    uint64_t solid;  /* no later token can take white space from before here */
    uint64_t stop;   /* end of the found token */
    uint32_t found;  /* added token that follows limit, or TOKENIZER_NONE */
    bool after_word; /* the character before scan is a word character */
    bool skipping;   /* white space at from belongs to the last token */
};

void cut_set_open(struct cut_set *set, const struct tokenizer_tables *tables, bool clean);

/* Bytes of the longest token that text[bytes], not normalised yet, starts with, to *length, or 0.
 * Its marks U+2581 are the tokens' ' ', a ' ' of the text is in no token. False when more text,
 * unless it has `ended`, could make it longer. */
bool cut_marked(const struct cut_set *set, const uint8_t *text, uint64_t bytes, bool ended,
                uint64_t *length);

/* A new sentence starts at `at`. */
void cut_begin(struct cutter *cutter, uint64_t at);

/* Moves limit as far as text[.. end) allows, or to the next added token. `ended`: the sentence ends
 * at end. `forced`: white space is given up as plain text although a token might take it. */
void cut_step(struct cutter *cutter, const uint8_t *text, uint64_t end, bool ended, bool forced);

/* Goes past the found token, once the plain text before it is consumed; returns its id. */
uint32_t cut_accept(struct cutter *cutter);

/* First byte that the cutter still needs. */
uint64_t cut_needs(const struct cutter *cutter);

/* All positions move down by `distance`, with the text. */
void cut_shift(struct cutter *cutter, uint64_t distance);

/* The piece of one pattern that the text goes through: how far it is known. */
struct level {
    uint64_t known;  /* bytes that are sure to belong to it; 0: the next one is to be found */
    uint64_t seen;   /* bytes of the level above when it was looked for */
    bool whole;      /* it ends there */
    bool seen_whole; /* the level above ended there */
    bool matched;    /* it starts with a match, not with text between matches */
    bool begun;      /* what starts it has been taken: */
    uint64_t taken;  /* so many bytes of it, at most LOOK_BACK */
};

/* Pre-tokens by PCRE2, with all memory from a fixed region. */
struct pattern {
    pcre2_general_context *memory;
    pcre2_compile_context *compile;
    pcre2_match_context *match;
    pcre2_match_data *result;
    pcre2_jit_stack *stack;
    pcre2_code *codes[TOKENIZER_MAX_PATTERNS];
    uint8_t modes[TOKENIZER_MAX_PATTERNS]; /* enum pattern_mode */
    struct level levels[TOKENIZER_MAX_PATTERNS];
    uint32_t count;
    uint32_t options;
    uint64_t taken; /* bytes of the segment that have been taken, at most LOOK_BACK */
    uint64_t used;  /* bytes of region handed out; nothing is taken back */
    _Alignas(16) uint8_t region[PATTERN_BYTES];
};

bool pattern_open(struct pattern *pattern, const struct tokenizer_tables *tables,
                  char message[TOKENIZER_MESSAGE]);
void pattern_close(struct pattern *pattern);

/* Compiles a pattern of characters, text[bytes]; NULL with the reason in message. */
pcre2_code *pattern_compile(struct pattern *pattern, const uint8_t *text, uint64_t bytes,
                            char message[TOKENIZER_MESSAGE]);

/* A match at text[start .. stop), as much of one as there is text (`partial`), or none (start and
 * stop are where the text ends). */
struct match {
    uint64_t start;
    uint64_t stop;
    bool found;
    bool partial;
};

/* Looks in text[bytes] from `from` on; unless the text has `ended`, a match that more text could
 * change is partial. A pattern that looks back also sees the `behind` bytes before text. False when
 * PCRE2 gives up. */
bool pattern_search(struct pattern *pattern, const pcre2_code *code, const uint8_t *text,
                    uint64_t behind, uint64_t bytes, uint64_t from, bool ended, struct match *match,
                    char message[TOKENIZER_MESSAGE]);

/* A new segment starts, or, `begun`, one goes on: nothing is known about its pieces. */
void pattern_begin(struct pattern *pattern, bool begun);

/* A piece at the start of a text, as far as the patterns say. */
struct piece {
    uint64_t bytes; /* that are sure to belong to it */
    bool whole;     /* it ends there */
    bool dropped;   /* a pattern takes it out of the text */
};

/* Cuts a piece of text further: by the patterns from number `first` up to `end`, whose first piece
 * becomes *piece; `end` may be the count of patterns or more. The LOOK_BACK bytes of the segment
 * that were taken last, or as many as there were, lie before text. Remembers what it found out
 * about text behind the piece, so the calls of one segment must see the same text, moved on by
 * pattern_taken. False when PCRE2 gives up. */
bool pattern_piece(struct pattern *pattern, uint32_t first, uint32_t end, const uint8_t *text,
                   struct piece *piece, char message[TOKENIZER_MESSAGE]);

/* True when text[0] starts a piece of pattern number `index`. */
bool pattern_starts(const struct pattern *pattern, uint32_t index);

/* A byte has been put before the text; it belongs to the pieces of the first `count` patterns. */
void pattern_prefixed(struct pattern *pattern, uint32_t count);

/* The first `bytes` of the text, no more than the piece found, are done with. */
void pattern_taken(struct pattern *pattern, uint64_t bytes);

/* One pre-token on its way from bytes to ids: a list of symbols, linked in order. */
struct symbol {
    uint32_t id;
    uint32_t prev;
    uint32_t next;   /* TOKENIZER_NONE behind the last */
    uint32_t rank;   /* of the merge with next, TOKENIZER_NONE when there is none */
    uint32_t result; /* of that merge */
};

struct merger {
    struct symbol symbols[PIECE_BYTES];
    uint64_t queue[2 * PIECE_BYTES]; /* binary heap of rank << 32 | position, smallest first */
    uint32_t queued;
    uint32_t at;        /* next symbol to give out, or TOKENIZER_NONE */
    bool after_unknown; /* the last symbol of the pre-token so far was unknown */
};

/* Turns text[bytes] (1 .. PIECE_BYTES) into symbols; merger->at is then the first, or NONE if all
 * of them are dropped. `last`: the pre-token ends there. */
void merge_piece(struct merger *merger, const struct tokenizer_tables *tables, const uint8_t *text,
                 uint64_t bytes, bool last);

/* Bytes of text[bytes], more than 0, up to the first place that no merge crosses, so that what is
 * before it and what is behind it merge by themselves. Without such a place: all when `ended`,
 * otherwise 0. Only for TOKENIZER_CHARS without affixes. */
uint64_t merge_bound(const struct tokenizer_tables *tables, const uint8_t *text, uint64_t bytes,
                     bool ended);

/* Gives ids[count] out next, as they are. */
void merge_none(struct merger *merger, const uint32_t *ids, uint32_t count);

/* Normalises runs of text, to NFC or another form. */
struct normaliser {
    uint32_t form;      /* the flags NORMALISE, COMPATIBLE and DECOMPOSED */
    uint64_t looked_at; /* bytes of the next run that were not enough to see its end */
    int32_t codes[RUN_CODES + 1];
    int32_t marks[RUN_CODES];
    uint8_t classes[RUN_CODES];
};

enum compose_status {
    COMPOSED,      /* some text moved */
    COMPOSE_WAITS, /* nothing is final: more text could still change the first run */
    COMPOSE_FULL   /* the first run does not fit into room */
};

/* Normalises as much of text[at .. limit) as is final into out[room]. Text up to end >= limit may
 * be looked at; `ended`: the segment ends at limit. Moves *at, sets *bytes. */
enum compose_status compose(struct normaliser *normaliser, const uint8_t *text, uint64_t *at,
                            uint64_t limit, uint64_t end, bool ended, uint8_t *out, uint64_t room,
                            uint64_t *bytes);

/* An Indic conjunct: a consonant, then marks of which one links it to the next consonant. */
enum conjunct { CONJUNCT_NONE, CONJUNCT_STARTED, CONJUNCT_LINKED };

/* Where a grapheme cluster is. */
struct grapheme {
    int32_t last;  /* character, or one of its class */
    int32_t state; /* utf8proc's */
    enum conjunct conjunct;
};

/* A cluster starts with this character. */
void grapheme_begin(struct grapheme *grapheme, uint32_t code);

/* True when a cluster ends before this character, which follows the last one. */
bool grapheme_ends(struct grapheme *grapheme, uint32_t code);

/* A step of a normalizer and the text that waits for it, bytes[at .. filled). Before it lie the
 * last LOOK_BACK bytes of the segment, or all. */
struct step {
    enum step_kind kind;
    pcre2_code *code;       /* REPLACE: what is replaced */
    const uint8_t *content; /* and by what */
    uint64_t content_bytes;
    uint64_t at;
    uint64_t filled;
    uint64_t retry;          /* less text than this is not looked at again */
    uint64_t looked_at;      /* FORM: as in struct normaliser */
    bool started;            /* STEP_STRIP_START: the segment has begun with something else */
    bool inside;             /* MAP: within a cluster that goes character by character; */
    struct grapheme cluster; /* what of it has moved */
    uint8_t bytes[WINDOW_CAPACITY];
};

struct tokenizer {
    struct tokenizer_tables tables;
    struct pattern pattern;
    struct text_window raw;
    struct text_window clean;
    struct cutter raw_cut;
    struct cutter clean_cut;
    struct merger merger;
    struct normaliser normaliser;
    struct step steps[TOKENIZER_MAX_STEPS]; /* [tables.header->steps] */
    uint64_t fed;                           /* bytes of the stream so far */
    uint64_t retry;       /* do not look for a pre-token in less plain text than this */
    bool finished;        /* no more input */
    bool segment_starts;  /* the next pre-token is the first of its segment */
    bool text_starts;     /* no added token has come yet */
    bool prefixed;        /* the first byte of the clean text is a ' ' put before it */
    bool raw_starts;      /* the next text is the first between two raw added tokens */
    bool ids_follow;      /* the template's ids behind the text are still to come */
    bool after_space;     /* SQUEEZE: no space is wanted now */
    uint64_t held_spaces; /* SQUEEZE: dropped if nothing follows them */
};

/* Compiles the steps; false with the reason in message. */
bool steps_open(struct tokenizer *tokenizer, char message[TOKENIZER_MESSAGE]);
void steps_close(struct tokenizer *tokenizer);

/* A segment starts. */
void steps_begin(struct tokenizer *tokenizer);

/* True when no text waits in the steps. */
bool steps_empty(const struct tokenizer *tokenizer);

/* Moves decided raw text through the steps to out[room]; `ended`: the segment ends with it. Sets
 * *moved, and *status: COMPOSED also when text moved only within. False when PCRE2 gives up. */
bool steps_move(struct tokenizer *tokenizer, bool ended, uint8_t *out, uint64_t room,
                uint64_t *moved, enum compose_status *status, char message[TOKENIZER_MESSAGE]);

/* Puts a text through the whole normalizer, as a segment by itself, to out[TOKENIZER_WINDOW] and
 * returns its bytes. The tokenizer may have no more than its header's flags and steps. */
uint64_t tokenizer_normalise(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                             uint8_t *out);

/* What the map makes of text[bytes]: all of it becomes *made, of *made_bytes, when a rule's text
 * starts it, the shortest one counting. False: it stays. */
bool map_find(const struct tokenizer_tables *tables, const uint8_t *text, uint64_t bytes,
              const uint8_t **made, uint64_t *made_bytes);

/* A segment starts; `first`: at the start of the text. */
void rewrite_begin(struct tokenizer *tokenizer, bool first);

/* Moves decided raw text by the map, and with SQUEEZE, to out[room]. `ended`: the segment ends with
 * it. Sets *moved; COMPOSED also when only spaces went. */
enum compose_status rewrite(struct tokenizer *tokenizer, bool ended, uint8_t *out, uint64_t room,
                            uint64_t *moved);

#endif
