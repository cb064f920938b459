#include "tests/unit/tokenizer_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void token_fixture_open_blob(struct tokenizer_fixture *fixture)
{
    char message[TOKENIZER_MESSAGE] = "";
    fixture->block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    ck_assert_ptr_nonnull(fixture->block);
    fixture->tokenizer = tokenizer_open(fixture->blob.bytes, fixture->blob.size, fixture->block,
                                        tokenizer_scratch_bytes(), message);
    ck_assert_msg(fixture->tokenizer != NULL, "%s", message);
}

struct tokenizer_fixture token_fixture_open(const char *path, uint64_t rows)
{
    struct tokenizer_fixture fixture = {0};
    char message[TOKENIZER_JSON_MESSAGE] = "";
    ck_assert_msg(tokenizer_compile(path, rows, &fixture.blob, message) == 0, "%s", message);
    token_fixture_open_blob(&fixture);
    return fixture;
}

struct tokenizer_fixture token_fixture_open_memory(const char *name, const char *json, size_t bytes,
                                                   uint64_t rows)
{
    struct tokenizer_fixture fixture = {0};
    char message[TOKENIZER_JSON_MESSAGE] = "";
    struct tokenizer_text text = {name, json, bytes};
    int code = tokenizer_compile_memory(&text, NULL, rows, &fixture.blob, message);
    ck_assert_msg(code == 0, "%s", message);
    token_fixture_open_blob(&fixture);
    return fixture;
}

void token_fixture_close(struct tokenizer_fixture *fixture)
{
    tokenizer_close(fixture->tokenizer);
    free(fixture->block);
    free(fixture->blob.bytes);
}

struct token_fixture_text token_fixture_text(const json_t *object, const char *key)
{
    char hex_key[32];
    snprintf(hex_key, sizeof hex_key, "%s_hex", key);
    const json_t *string = json_object_get(object, key);
    const json_t *hex = json_object_get(object, hex_key);
    struct token_fixture_text text = {0};
    if (string != NULL) {
        text.size = json_string_length(string);
        text.bytes = malloc(text.size + 1);
        memcpy(text.bytes, json_string_value(string), text.size + 1);
    } else if (hex != NULL) {
        text.size = json_string_length(hex) / 2;
        text.bytes = malloc(text.size + 1);
        for (size_t i = 0; i < text.size; i++)
            ck_assert_int_eq(sscanf(json_string_value(hex) + 2 * i, "%2hhx", &text.bytes[i]), 1);
        text.bytes[text.size] = 0;
    }
    return text;
}

json_t *token_fixture_json(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);
    ck_assert_msg(root != NULL, "%s: %s", path, error.text);
    return root;
}

uint64_t token_fixture_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545F4914F6CDD1Du >> 16;
}

uint32_t *token_fixture_room(void)
{
    return malloc(TOKEN_FIXTURE_IDS * sizeof(uint32_t));
}

uint64_t token_fixture_encode(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                              bool add_special, uint32_t *ids)
{
    char message[TOKENIZER_MESSAGE] = "";
    uint64_t count;
    ck_assert_msg(tokenizer_encode(tokenizer, text, bytes, add_special, ids, TOKEN_FIXTURE_IDS,
                                   &count, message),
                  "%s", message);
    return count;
}

uint64_t token_fixture_take_all(struct tokenizer *tokenizer, uint32_t *ids, uint64_t *random)
{
    char message[TOKENIZER_MESSAGE];
    uint64_t count, total = 0;
    do {
        ck_assert(tokenizer_take(tokenizer, ids + total, 1 + token_fixture_random(random) % 5,
                                 &count, message));
        total += count;
    } while (count > 0);
    return total;
}

/* Encodes in pieces of 1 to `most` bytes. */
uint64_t token_fixture_encode_cut(struct tokenizer *tokenizer, struct token_fixture_text text,
                                  uint64_t most, uint64_t *random, uint32_t *ids)
{
    char message[TOKENIZER_MESSAGE];
    uint64_t total = 0;
    size_t at = 0;
    tokenizer_begin(tokenizer, true);
    while (at < text.size) {
        uint64_t fed, piece = 1 + token_fixture_random(random) % most;
        piece = piece < text.size - at ? piece : text.size - at;
        if (!tokenizer_feed(tokenizer, text.bytes + at, piece, &fed, message))
            ck_abort_msg("%s", message);
        at += fed;
        uint64_t count = token_fixture_take_all(tokenizer, ids + total, random);
        if (count + fed == 0)
            ck_abort_msg("the stream stands still at byte %zu", at);
        total += count;
    }
    ck_assert(tokenizer_finish(tokenizer, message));
    return total + token_fixture_take_all(tokenizer, ids + total, random);
}

struct token_fixture_text token_fixture_decode(const struct tokenizer *tokenizer,
                                               const uint32_t *ids, uint64_t count,
                                               bool print_special)
{
    uint64_t bytes, room = tokenizer_decode_bytes(tokenizer);
    struct token_fixture_text text = {malloc(count * room + TOKENIZER_DECODE_END + 1), 0};
    struct tokenizer_decoder decoder;
    tokenizer_decode_begin(&decoder, print_special, true);
    for (uint64_t i = 0; i < count; i++) {
        if (!tokenizer_decode_one(tokenizer, &decoder, ids[i], text.bytes + text.size, &bytes) ||
            bytes > room)
            ck_abort_msg("id %u does not decode within %lu bytes", ids[i], (unsigned long)room);
        text.size += bytes;
    }
    text.size += tokenizer_decode_end(tokenizer, &decoder, text.bytes + text.size);
    return text;
}

void token_fixture_same_ids(const uint32_t *found, uint64_t found_count, const uint32_t *expected,
                            uint64_t expected_count, const char *what)
{
    for (uint64_t i = 0; i < found_count && i < expected_count; i++) {
        if (found[i] != expected[i]) /* Check writes to a file at each assertion */
            ck_abort_msg("%s: id %lu is %u, expected %u", what, (unsigned long)i, found[i],
                         expected[i]);
    }
    ck_assert_msg(found_count == expected_count, "%s: %lu ids, expected %lu", what,
                  (unsigned long)found_count, (unsigned long)expected_count);
}
