/* A tokenizer for tests: tokenizer.json compiled and opened, and the stored cases of Hugging Face.
 */
#ifndef TESTS_TOKENIZER_BED_H
#define TESTS_TOKENIZER_BED_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/tokenizer.h"
#include "tools/tokenizer_json.h"

#define TOKENIZER_CASES "tests/data/tokenizers/"

struct tokenizer_bed {
    struct tokenizer_blob blob;
    void *block;
    struct tokenizer *tokenizer;
};

/* Compiles and opens the file; a failure fails the test. */
struct tokenizer_bed token_bed_open(const char *path, uint64_t rows);
struct tokenizer_bed token_bed_open_memory(const char *name, const char *json, size_t bytes,
                                           uint64_t rows);
void token_bed_close(struct tokenizer_bed *bed);

struct token_bed_text {
    uint8_t *bytes;
    size_t size;
};

/* The string object[key], or the bytes that object[key_hex] spells; size 0 and NULL when neither.
 */
struct token_bed_text token_bed_text(const json_t *object, const char *key);

/* A JSON file; a failure fails the test. */
json_t *token_bed_json(const char *path);

/* Numbers that look random and are the same every time. */
uint64_t token_bed_random(uint64_t *state);

#endif
