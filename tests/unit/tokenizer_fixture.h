/* A tokenizer for tests: tokenizer.json compiled and opened, and the stored cases of Hugging Face.
 */
#ifndef TESTS_UNIT_TOKENIZER_FIXTURE_H
#define TESTS_UNIT_TOKENIZER_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/tokenizer/tokenizer.h"
#include "tools/pack/tokenizer_json.h"

#define TOKENIZER_CASES "tests/data/tokenizers/"

enum { TOKEN_FIXTURE_IDS = 1 << 20 };

struct tokenizer_fixture {
    struct tokenizer_blob blob;
    void *block;
    struct tokenizer *tokenizer;
};

/* Compiles and opens the file; a failure fails the test. */
struct tokenizer_fixture token_fixture_open(const char *path, uint64_t rows);
struct tokenizer_fixture token_fixture_open_memory(const char *name, const char *json, size_t bytes,
                                                   uint64_t rows);
/* Opens the tables of fixture->blob. */
void token_fixture_open_blob(struct tokenizer_fixture *fixture);
void token_fixture_close(struct tokenizer_fixture *fixture);

struct token_fixture_text {
    uint8_t *bytes;
    size_t size;
};

/* The string object[key], or the bytes that object[key_hex] spells; size 0 and NULL when neither.
 */
struct token_fixture_text token_fixture_text(const json_t *object, const char *key);

/* A JSON file; a failure fails the test. */
json_t *token_fixture_json(const char *path);

/* Numbers that look random and are the same every time. */
uint64_t token_fixture_random(uint64_t *state);

/* Room for TOKEN_FIXTURE_IDS ids. */
uint32_t *token_fixture_room(void);

/* Ids of a whole text; returns how many. */
uint64_t token_fixture_encode(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                              bool add_special, uint32_t *ids);

/* Takes a few ids at a time until there are none. */
uint64_t token_fixture_take_all(struct tokenizer *tokenizer, uint32_t *ids, uint64_t *random);

/* Encodes, with what is put around a text, in pieces of 1 to `most` bytes. */
uint64_t token_fixture_encode_cut(struct tokenizer *tokenizer, struct token_fixture_text text,
                                  uint64_t most, uint64_t *random, uint32_t *ids);

/* The text of ids. */
struct token_fixture_text token_fixture_decode(const struct tokenizer *tokenizer,
                                               const uint32_t *ids, uint64_t count,
                                               bool print_special);

void token_fixture_same_ids(const uint32_t *found, uint64_t found_count, const uint32_t *expected,
                            uint64_t expected_count, const char *what);

#endif
