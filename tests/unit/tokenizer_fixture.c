#include "tests/unit/tokenizer_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void token_bed_open_blob(struct tokenizer_bed *bed)
{
    char message[TOKENIZER_MESSAGE] = "";
    bed->block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    ck_assert_ptr_nonnull(bed->block);
    bed->tokenizer = tokenizer_open(bed->blob.bytes, bed->blob.size, bed->block,
                                    tokenizer_scratch_bytes(), message);
    ck_assert_msg(bed->tokenizer != NULL, "%s", message);
}

struct tokenizer_bed token_bed_open(const char *path, uint64_t rows)
{
    struct tokenizer_bed bed = {0};
    char message[TOKENIZER_JSON_MESSAGE] = "";
    ck_assert_msg(tokenizer_compile(path, rows, &bed.blob, message) == 0, "%s", message);
    token_bed_open_blob(&bed);
    return bed;
}

struct tokenizer_bed token_bed_open_memory(const char *name, const char *json, size_t bytes,
                                           uint64_t rows)
{
    struct tokenizer_bed bed = {0};
    char message[TOKENIZER_JSON_MESSAGE] = "";
    struct tokenizer_text text = {name, json, bytes};
    int code = tokenizer_compile_memory(&text, NULL, rows, &bed.blob, message);
    ck_assert_msg(code == 0, "%s", message);
    token_bed_open_blob(&bed);
    return bed;
}

void token_bed_close(struct tokenizer_bed *bed)
{
    tokenizer_close(bed->tokenizer);
    free(bed->block);
    free(bed->blob.bytes);
}

struct token_bed_text token_bed_text(const json_t *object, const char *key)
{
    char hex_key[32];
    snprintf(hex_key, sizeof hex_key, "%s_hex", key);
    const json_t *string = json_object_get(object, key);
    const json_t *hex = json_object_get(object, hex_key);
    struct token_bed_text text = {0};
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

json_t *token_bed_json(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);
    ck_assert_msg(root != NULL, "%s: %s", path, error.text);
    return root;
}

uint64_t token_bed_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545F4914F6CDD1Du >> 16;
}

uint32_t *token_bed_room(void)
{
    return malloc(TOKEN_BED_IDS * sizeof(uint32_t));
}

uint64_t token_bed_encode(struct tokenizer *tokenizer, const void *text, uint64_t bytes,
                          bool add_special, uint32_t *ids)
{
    char message[TOKENIZER_MESSAGE] = "";
    uint64_t count;
    ck_assert_msg(
        tokenizer_encode(tokenizer, text, bytes, add_special, ids, TOKEN_BED_IDS, &count, message),
        "%s", message);
    return count;
}

uint64_t token_bed_take_all(struct tokenizer *tokenizer, uint32_t *ids, uint64_t *random)
{
    char message[TOKENIZER_MESSAGE];
    uint64_t count, total = 0;
    do {
        ck_assert(tokenizer_take(tokenizer, ids + total, 1 + token_bed_random(random) % 5, &count,
                                 message));
        total += count;
    } while (count > 0);
    return total;
}

/* Encodes in pieces of 1 to `most` bytes. */
uint64_t token_bed_encode_cut(struct tokenizer *tokenizer, struct token_bed_text text,
                              uint64_t most, uint64_t *random, uint32_t *ids)
{
    char message[TOKENIZER_MESSAGE];
    uint64_t total = 0;
    size_t at = 0;
    tokenizer_begin(tokenizer, true);
    while (at < text.size) {
        uint64_t fed, piece = 1 + token_bed_random(random) % most;
        piece = piece < text.size - at ? piece : text.size - at;
        if (!tokenizer_feed(tokenizer, text.bytes + at, piece, &fed, message))
            ck_abort_msg("%s", message);
        at += fed;
        uint64_t count = token_bed_take_all(tokenizer, ids + total, random);
        if (count + fed == 0)
            ck_abort_msg("the stream stands still at byte %zu", at);
        total += count;
    }
    ck_assert(tokenizer_finish(tokenizer, message));
    return total + token_bed_take_all(tokenizer, ids + total, random);
}

struct token_bed_text token_bed_decode(const struct tokenizer *tokenizer, const uint32_t *ids,
                                       uint64_t count, bool print_special)
{
    uint64_t bytes, room = tokenizer_decode_bytes(tokenizer);
    struct token_bed_text text = {malloc(count * room + TOKENIZER_DECODE_END + 1), 0};
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

void token_bed_same_ids(const uint32_t *found, uint64_t found_count, const uint32_t *expected,
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
