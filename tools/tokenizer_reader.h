/* Reading tokenizer.json: what its parts share. The first complaint ends the reading. */
#ifndef TOOLS_TOKENIZER_READER_H
#define TOOLS_TOKENIZER_READER_H

#include <jansson.h>

#include "tools/tokenizer_source.h"

enum { QUOTE_BYTES = 96 };

struct reader {
    const char *name; /* of the file, at the start of the message */
    char *message;    /* [TOKENIZER_JSON_MESSAGE] */
    int code;         /* exit code of the complaint, 0: none */
    struct tokenizer_source source;
    json_t *vocab; /* model.vocab, once read */
};

/* Records "NAME: complaint" and gives false. */
__attribute__((format(printf, 2, 3))) bool reader_refuse(struct reader *reader, const char *format,
                                                         ...);

/* The same for lack of memory. */
bool reader_no_memory(struct reader *reader);

/* "an object", "a string" ... for messages. */
const char *reader_kind(json_t *value);

/* Text in quotes for messages: control characters escaped, cut short if long. */
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

/* The parts of the file, in this order. */
bool reader_nodes(struct reader *reader, json_t *root); /* all but the model */
bool reader_model(struct reader *reader, json_t *root);
bool reader_added(struct reader *reader, json_t *root);

#endif
