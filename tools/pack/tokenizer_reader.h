/* Reading tokenizer.json: what its parts share. The first complaint ends the reading. */
#ifndef TOOLS_PACK_TOKENIZER_READER_H
#define TOOLS_PACK_TOKENIZER_READER_H

#include "gen/front/json_text.h"
#include "tools/pack/tokenizer_source.h"

enum { QUOTE_BYTES = 96 };

struct reader {
    const char *name; /* of the file, at the start of the message */
    char *message;    /* [TOKENIZER_JSON_MESSAGE] */
    char *notes;      /* [TOKENIZER_JSON_NOTES] */
    int code;         /* exit code of the complaint, 0: none */
    struct tokenizer_source source;
    bool marks;         /* ' ' has become U+2581: by the normalizer, or by a Metaspace so far */
    bool bytes;         /* a ByteLevel has come */
    bool looks_back;    /* so does a pattern of the pre-tokenizer so far */
    bool byte_fallback; /* tokens "<0x41>" stand for bytes */
    json_t *vocab;      /* model.vocab, once read */

    json_t *word_end;     /* what BPEDecoder seeks in tokens, or NULL */
    json_t *continuation; /* what WordPiece does, or NULL */
    bool cleans_up;       /* and its cleanup */

    const char *config_name;     /* of tokenizer_config.json */
    json_t *config;              /* its object, or NULL */
    bool has_template;           /* post_processor has ids around a text */
    struct added_entry *entries; /* [entry_count]: every added token */
    size_t entry_count;

    bool from_sentencepiece; /* tokenizer.model, not tokenizer.json */
    bool user_defined;       /* and it has such pieces */
    char *own_bos, *own_eos; /* its control symbols, or NULL */
    uint32_t *ranks;         /* [rank_count]: of its merges */
    size_t rank_count, rank_room;
};

/* An added token on its way: from added_tokens, or from tokenizer_config.json. */
struct added_entry {
    json_t *node;    /* its flags are here; a string has none */
    json_t *content; /* a string */
    uint64_t id;     /* once read */
    char path[64];   /* for messages */
    bool of_config;
    bool special; /* whatever the node says */
    bool named;   /* bos_token and the like: special, and its id is not written down */
};

/* Records "NAME: complaint" and gives false. Characters that are not seen are spelled out in all
 * messages (runtime/base/visible.h). */
__attribute__((format(printf, 2, 3))) bool reader_refuse(struct reader *reader, const char *format,
                                                         ...);

/* The same for lack of memory. */
bool reader_no_memory(struct reader *reader);

/* Adds the line "NAME: note" to the notes: what of the file is left out. */
__attribute__((format(printf, 2, 3))) void reader_note(struct reader *reader, const char *format,
                                                       ...);

/* "an object", "a string" ... for messages. */
const char *reader_kind(json_t *value);

/* Text in quotes for messages, cut short if long. */
const char *reader_quote(char out[QUOTE_BYTES], const void *text, size_t bytes);
const char *reader_quote_json(char out[QUOTE_BYTES], json_t *string);

/* The object at `path` (empty: the file) has no other keys than these: "a, b, c". */
bool reader_known_keys(struct reader *reader, const char *path, json_t *object, const char *known);

/* Reads the boolean object[key]. */
bool reader_flag(struct reader *reader, const char *path, json_t *object, const char *key,
                 bool *flag);

/* Reads the boolean object[key], which may be absent. */
bool reader_option(struct reader *reader, const char *path, json_t *object, const char *key,
                   bool when_absent, bool *flag);

/* The node at `path` is an object of type `expected`; otherwise names the supported types. */
bool reader_type(struct reader *reader, const char *path, json_t *object, const char *supported,
                 const char *expected);

/* An integer below the model's rows. */
bool reader_id(struct reader *reader, const char *path, json_t *value, uint32_t *id);

/* Puts what the token prints into the pool: its bytes when it is spelled in byte symbols, otherwise
 * its text as it is. */
bool reader_token_text(struct reader *reader, const char *text, size_t bytes,
                       struct source_token *token);

/* The node at `path` is an object with a type; its type, or NULL after a complaint. */
const char *reader_type_of(struct reader *reader, const char *path, json_t *object,
                           const char *supported);

/* The string object[key] is `expected`. */
bool reader_string(struct reader *reader, const char *path, json_t *object, const char *key,
                   const char *expected);

/* The nodes that a Sequence at `path` holds under `key`, or NULL after a complaint. */
json_t *reader_sequence(struct reader *reader, const char *path, json_t *object, const char *key);

/* Replace of the String `from` by `to`, as normalizers and decoders write it. */
bool reader_replace(struct reader *reader, const char *path, json_t *object, const char *from,
                    const char *to);

/* One ByteLevel node; what its options mean there is the caller's business. */
bool reader_byte_level(struct reader *reader, const char *path, json_t *node, bool *prefix_space,
                       bool *use_regex);

/* One more pattern for the pre-tokens: a regular expression of the file, put into PCRE2's words and
 * Unicode 16; a text to be looked for as it is; or a pattern of tokenizer_sets.h. */
bool reader_regex(struct reader *reader, const char *path, enum pattern_mode mode, const char *text,
                  size_t bytes);
bool reader_literal(struct reader *reader, const char *path, enum pattern_mode mode,
                    const char *text, size_t bytes);
bool reader_pattern(struct reader *reader, const char *path, enum pattern_mode mode,
                    const char *pattern);

/* The same two for a step of the normalizer: adds only the pattern. */
bool reader_step_pattern(struct reader *reader, const char *path, bool is_regex, const char *text,
                         size_t bytes);

/* The id of a token by its content, the vocabulary's or an added one's; false when there is none
 * that the model has a row for. */
bool reader_find(const struct reader *reader, const char *text, size_t bytes, uint32_t *id);

/* The parts of the file, in this order. */
bool reader_normalizer(struct reader *reader, json_t *root);
bool reader_pre_tokenizer(struct reader *reader, json_t *root);
bool reader_model(struct reader *reader, json_t *root);
bool reader_decoder(struct reader *reader, json_t *root);
bool reader_merges(struct reader *reader, json_t *model);
bool reader_charsmap(struct reader *reader, const char *path, json_t *node); /* Precompiled's */
bool reader_added(struct reader *reader, json_t *root);
bool reader_template(struct reader *reader, json_t *root); /* post_processor */

/* Tokens that are spelled with more than their text: the model's options; a decoder for them,
 * *found if there is one; and, once all tokens are read, what it makes of each. */
bool reader_affixes(struct reader *reader, json_t *model);
bool reader_word_decoder(struct reader *reader, json_t *node, bool *found);
bool reader_word_flags(struct reader *reader);

/* tokenizer_config.json (reader->config), where there is one: what it adds to added_tokens, to be
 * called by reader_added; and, after all other parts, the rest of its switches. */
bool reader_config_tokens(struct reader *reader);
bool reader_config(struct reader *reader, json_t *root);

/* One more added token, or another version of one that is there. */
bool reader_add_entry(struct reader *reader, const struct added_entry *entry);

/* The boolean config[key]; *given false: it is absent or null. */
bool reader_switch(struct reader *reader, const char *key, bool *given, bool *value);

/* An id around a text. */
bool reader_add_id(struct reader *reader, const char *path, uint32_t id, bool before);

/* tokenizer.model in the form of tokenizer.json, to be released; NULL after a complaint. */
json_t *reader_sentencepiece(struct reader *reader, const void *bytes, size_t size);

/* The rank of merge number `index`, where it is not the index. */
bool reader_add_rank(struct reader *reader, size_t index, uint32_t rank);

#endif
