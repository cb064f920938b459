/* Reading a regular expression of tokenizer.json: what tokenizer_regex.c shares with
 * tokenizer_class.c, which reads characters and classes of them. */
#ifndef TOOLS_PACK_TOKENIZER_REGEX_H
#define TOOLS_PACK_TOKENIZER_REGEX_H

#include "tools/pack/tokenizer_reader.h"

enum { REGEX_MOST_OTHERS = 8 };

struct regex {
    struct reader *reader;
    struct byte_pool *out; /* the pattern in PCRE2's words is added to it */
    const char *path;
    const uint8_t *text;
    size_t bytes;
    size_t at;
    uint32_t depth;           /* of groups */
    uint32_t back;            /* depth of the group that looks back, 0: none; and of the */
    uint32_t back_characters; /* alternative in it so far */
    bool looks_back;          /* at some place */
    /* Sets of which a class has all other characters. */
    const char *others[REGEX_MOST_OTHERS];
    size_t other_count;
};

/* Complains about the next `bytes` of the text: "...: 'x' at byte 3 WHY". Gives false. */
bool regex_refuse(const struct regex *regex, size_t bytes, const char *why);

/* Adds to the pattern in PCRE2's words. */
bool regex_emit(const struct regex *regex, const char *text);

/* The character `code`, where it is by itself. */
bool regex_emit_code(const struct regex *regex, uint32_t code);

/* True when the text goes on with `expected`; regex_accept() then moves behind it. */
bool regex_goes_on(const struct regex *regex, const char *expected);
bool regex_accept(struct regex *regex, const char *expected);

/* One character, perhaps escaped, to *code. */
bool regex_read_code(struct regex *regex, uint32_t *code);

/* A set by name, or with *others all but it, as members of a class; *members NULL when there is
 * none here. */
bool regex_read_set(struct regex *regex, const char **members, bool *others);

/* A class of characters, [...]. */
bool regex_read_class(struct regex *regex);

#endif
