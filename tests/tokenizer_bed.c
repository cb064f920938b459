#include "tests/tokenizer_bed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_blob(struct tokenizer_bed *bed)
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
    open_blob(&bed);
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
    open_blob(&bed);
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
