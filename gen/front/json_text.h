/* JSON as the world writes it: the files of a checkpoint and the hub's answers.
 *
 * Python's json module writes and reads them, and takes more than JSON is: whole numbers of any
 * length, NaN and Infinity, halves of surrogate pairs, NUL, a key that comes again (the last one
 * counts). Editors put a byte order mark in front. None of this may matter in a value that is of no
 * use here, so every JSON file is read through this module. The parser is jansson, the values are
 * its json_t; what it has no value for becomes:
 *
 *   a whole number beyond 64 bits         a real (json_is_integer: every digit is exact)
 *   NaN, Infinity, a number beyond        {"__float__": "Infinity"}, as transformers 5 spells it;
 *   the range of a double                 json_text_float() knows it
 *   half a surrogate pair, NUL            U+FDD0, which is no character: equal to no text of ours
 *
 * Where strings themselves are of use (the tokens of tokenizer.json), JSON_TEXT_EXACT keeps a NUL
 * in a value and refuses half a pair, as no text can hold it, and a NUL in a key. */
#ifndef GEN_FRONT_JSON_TEXT_H
#define GEN_FRONT_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "runtime/base/attributes.h"

enum json_text_strings { JSON_TEXT_MARKED, JSON_TEXT_EXACT };

struct json_text_error {
    uint32_t line, column;             /* from 1, 0; line 0: the file could not be read */
    size_t byte;                       /* of the text, from 0 */
    char text[JSON_ERROR_TEXT_LENGTH]; /* printable: it may quote the file */
};

/* The value of text[size], to be released with json_decref(); NULL: *error says where and why.
 * Any bytes are safe. Memory: a copy of the text beside the values, released before returning. */
MUST_USE json_t *json_text_parse(const char *text, size_t size, enum json_text_strings strings,
                                 struct json_text_error *error);

/* The same of a file, which may have at most `most` bytes. */
MUST_USE json_t *json_text_load(const char *path, size_t most, enum json_text_strings strings,
                                struct json_text_error *error);

/* Its bytes as they are, to be freed: for what is not one value, such as JSON lines. */
__attribute__((warn_unused_result)) char *
json_text_read(const char *path, size_t most, size_t *bytes, struct json_text_error *error);

/* "NaN", "Infinity" or "-Infinity" if the value is one, in either spelling; otherwise NULL. */
const char *json_text_float(const json_t *value);

#endif
