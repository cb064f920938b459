/* Bad tokenizer.json files, each with its exact message, and damaged tables. */
#include "tests/unit/tokenizer_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/tokenizer/tokenizer_tables.h"
#include "tests/fixtures/run.h"

/* Sound files: one whose symbols are bytes, one whose symbols are characters, one whose tokens say
 * where words end. */
static const char base_path[] = TOKENIZER_CASES "broken/base.json";
static const char chars_path[] = TOKENIZER_CASES "broken/chars.json";
static const char words_path[] = TOKENIZER_CASES "broken/words.json";
enum { BASE_ROWS = 262, CHARS_ROWS = 300, BASES = 3 };
static const char *const paths[BASES] = {base_path, chars_path, words_path};
static const uint64_t rows[BASES] = {BASE_ROWS, CHARS_ROWS, CHARS_ROWS};

static struct token_fixture_text read_base(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct token_fixture_text text = {malloc(1 << 16), 0};
    ck_assert_ptr_nonnull(file);
    text.size = fread(text.bytes, 1, 1 << 15, file);
    fclose(file);
    return text;
}

static void put(struct token_fixture_text *out, const void *bytes, size_t size)
{
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

/* The base file after an edit: cut to `keep` bytes, the first `find` replaced, `append` added. */
static struct token_fixture_text apply(const struct token_fixture_text *base, const json_t *edit)
{
    struct token_fixture_text out = {calloc(1, 1 << 17), 0};
    struct token_fixture_text find = token_fixture_text(edit, "find");
    struct token_fixture_text replace = token_fixture_text(edit, "replace");
    struct token_fixture_text append = token_fixture_text(edit, "append");
    const json_t *keep = json_object_get(edit, "keep");
    size_t size = keep != NULL ? (size_t)json_integer_value(keep) : base->size;
    if (find.bytes != NULL) {
        const uint8_t *place = memmem(base->bytes, size, find.bytes, find.size);
        ck_assert_ptr_nonnull(place);
        size_t before = (size_t)(place - base->bytes);
        put(&out, base->bytes, before);
        put(&out, replace.bytes, replace.size);
        put(&out, place + find.size, size - before - find.size);
    } else {
        put(&out, base->bytes, size);
    }
    if (append.bytes != NULL)
        put(&out, append.bytes, append.size);
    free(find.bytes);
    free(replace.bytes);
    free(append.bytes);
    return out;
}

START_TEST(broken_files_are_refused_with_their_message)
{
    struct token_fixture_text bases[BASES];
    for (size_t i = 0; i < BASES; i++)
        bases[i] = read_base(paths[i]);
    json_t *edits = token_fixture_json(TOKENIZER_CASES "broken/edits.json");
    json_t *expected = token_fixture_json(TOKENIZER_CASES "broken/expected.json");
    ck_assert_uint_ge(json_array_size(edits), 160);
    ck_assert_uint_eq(json_array_size(edits), json_object_size(expected));
    for (size_t i = 0; i < json_array_size(edits); i++) {
        const json_t *edit = json_array_get(edits, i);
        const char *name = json_string_value(json_object_get(edit, "name"));
        const json_t *complaint = json_object_get(expected, name);
        const json_t *of = json_object_get(edit, "base");
        const size_t base = of == NULL ? 0 : json_string_value(of)[0] == 'c' ? 1 : 2;
        struct token_fixture_text json = apply(&bases[base], edit);
        struct tokenizer_blob blob;
        char message[TOKENIZER_JSON_MESSAGE] = "";
        struct tokenizer_text text = {"t.json", (char *)json.bytes, json.size};
        int code = tokenizer_compile_memory(&text, NULL, rows[base], &blob, message);
        ck_assert_msg(complaint != NULL, "%s: no expected message", name);
        ck_assert_msg(code == (json_is_null(complaint) ? 0 : 4), "%s: code %d: %s", name, code,
                      message);
        if (!json_is_null(complaint))
            ck_assert_str_eq(message, json_string_value(complaint));
        ck_assert_msg((blob.bytes != NULL) == (code == 0), "%s: tables", name);
        free(blob.bytes);
        free(json.bytes);
    }
    json_decref(edits);
    json_decref(expected);
    for (size_t i = 0; i < BASES; i++)
        free(bases[i].bytes);
}
END_TEST

START_TEST(files_cut_anywhere_are_refused)
{
    struct token_fixture_text base = read_base(paths[_i]);
    for (size_t size = 0; size + 2 < base.size; size++) { /* the file ends in "}\n" */
        struct tokenizer_blob blob;
        char message[TOKENIZER_JSON_MESSAGE];
        struct tokenizer_text text = {"t.json", (char *)base.bytes, size};
        ck_assert_int_eq(tokenizer_compile_memory(&text, NULL, BASE_ROWS, &blob, message), 4);
        ck_assert_ptr_null(blob.bytes);
    }
    free(base.bytes);
}
END_TEST

START_TEST(rows_and_paths_are_checked)
{
    struct tokenizer_blob blob;
    char message[TOKENIZER_JSON_MESSAGE];
    ck_assert_int_eq(tokenizer_compile("tests/data/none.json", 10, &blob, message), 4);
    ck_assert_str_eq(message, "tests/data/none.json: No such file or directory");
    ck_assert_int_eq(tokenizer_compile("tests/data", 10, &blob, message), 4);
    ck_assert_str_eq(message, "tests/data: cannot be read");
    ck_assert_int_eq(tokenizer_compile(base_path, 0, &blob, message), 4);
    ck_assert_str_eq(message, "tests/data/tokenizers/broken/base.json: a model with 0 rows of "
                              "vocabulary, expected 1 to 16777216");
    ck_assert_int_eq(tokenizer_compile(base_path, 260, &blob, message), 4);
    ck_assert_str_eq(message,
                     "tests/data/tokenizers/broken/base.json: model.vocab['\u0120the']: found "
                     "id 260, expected 0 to 259 (the model's vocabulary has 260 rows)");
    ck_assert_int_eq(tokenizer_compile(base_path, 262, &blob, message), 0);
    free(blob.bytes);
}
END_TEST

/* Characters that are not seen are spelled out; an escape is what the file has. */
START_TEST(odd_keys_are_refused)
{
    static const char *const keys[] = {
        "", ",", ", ", "model, ", "mode", "U+FEFFmode", "moU+000Ade", "aU+00ADU+202EU+FE0F\u00e9"};
    static const char *const written[] = {
        [5] = "\\uFEFFmode", [6] = "mo\\nde", [7] = "a\\u00AD\xE2\x80\xAE\\uFE0F\\u00e9"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct tokenizer_blob blob;
        char message[TOKENIZER_JSON_MESSAGE], json[64], expected[256];
        int bytes = snprintf(json, sizeof json, "{\"%s\": null}", i < 5 ? keys[i] : written[i]);
        snprintf(expected, sizeof expected,
                 "t.json: key '%s' is not supported; supported: version, truncation, padding, "
                 "added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model",
                 keys[i]);
        struct tokenizer_text text = {"t.json", json, (size_t)bytes};
        ck_assert_int_eq(tokenizer_compile_memory(&text, NULL, 10, &blob, message), 4);
        ck_assert_str_eq(message, expected);
    }
}
END_TEST

/* Truncation and padding have no part in what a text is; a token without a row is none. */
START_TEST(what_has_no_effect_is_left_out_with_a_note)
{
    static const char text[] = "the <|padding|>  he  <x><y>";
    static const struct {
        const char *find, *replace;
        uint64_t rows;
        const char *notes;
    } cases[] = {
        {"\"truncation\":null,\"padding\":null",
         "\"truncation\":{\"max_length\":2},\"padding\":{\"strategy\":{\"Fixed\":16}}", BASE_ROWS,
         "t.json: truncation is left out, texts are taken as they are\n"
         "t.json: padding is left out, texts are taken as they are\n"},
        {"{\"id\":261", "{\"id\":261", BASE_ROWS - 1,
         "t.json: added_tokens: 1 left out, '  ' with id 261 the first, as the model's vocabulary "
         "has 261 rows; such text is tokenized like any other\n"},
        {"\"normalized\":true}]",
         "\"normalized\":true},{\"id\":262,\"content\":\"<x>\",\"special\":true,\"single_word\":"
         "false,"
         "\"lstrip\":true,\"rstrip\":false,\"normalized\":false},{\"id\":263,\"content\":\"<y>\","
         "\"special\":true,\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
         "\"normalized\":false}]",
         BASE_ROWS,
         "t.json: added_tokens: 2 left out, '<x>' with id 262 the first, as the model's vocabulary "
         "has 262 rows; such text is tokenized like any other\n"},
    };
    struct token_fixture_text base = read_base(base_path);
    struct tokenizer_fixture whole = token_fixture_open(base_path, BASE_ROWS);
    uint32_t ids[64], expected[64];
    const uint64_t count =
        token_fixture_encode(whole.tokenizer, text, sizeof text - 1, true, expected);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *edit = json_pack("{s:s,s:s}", "find", cases[i].find, "replace", cases[i].replace);
        struct token_fixture_text json = apply(&base, edit);
        struct tokenizer_text file = {"t.json", (char *)json.bytes, json.size};
        struct tokenizer_fixture fixture = {0};
        char message[TOKENIZER_JSON_MESSAGE] = "";
        int code = tokenizer_compile_memory(&file, NULL, cases[i].rows, &fixture.blob, message);
        ck_assert_msg(code == 0, "%s", message);
        ck_assert_str_eq(fixture.blob.notes, cases[i].notes);
        token_fixture_open_blob(&fixture);
        uint64_t found = token_fixture_encode(fixture.tokenizer, text, sizeof text - 1, true, ids);
        if (i != 1) {
            token_fixture_same_ids(ids, found, expected, count, cases[i].find);
        } else { /* each "  " is two tokens now, the rest is as it was */
            ck_assert_uint_eq(found, count + 2);
            token_fixture_same_ids(ids, 3, expected, 3, cases[i].find);
        }
        token_fixture_close(&fixture);
        free(json.bytes);
        json_decref(edit);
    }
    token_fixture_close(&whole);
    free(base.bytes);
}
END_TEST

START_TEST(compiling_twice_gives_the_same_bytes)
{
    struct tokenizer_blob first, second;
    char message[TOKENIZER_JSON_MESSAGE];
    ck_assert_int_eq(tokenizer_compile(base_path, 300, &first, message), 0);
    ck_assert_int_eq(tokenizer_compile(base_path, 300, &second, message), 0);
    ck_assert_uint_eq(first.size, second.size);
    ck_assert_mem_eq(first.bytes, second.bytes, first.size);
    free(first.bytes);
    free(second.bytes);
}
END_TEST

START_TEST(a_wrong_block_is_refused)
{
    struct tokenizer_fixture fixture = token_fixture_open(base_path, BASE_ROWS);
    char message[TOKENIZER_MESSAGE], expected[TOKENIZER_MESSAGE];
    uint64_t bytes = tokenizer_scratch_bytes();
    uint8_t *block = fixture.block;
    snprintf(expected, sizeof expected,
             "the tokenizer's block: found %lu bytes, expected %lu that start at a multiple of 64",
             (unsigned long)bytes - 1, (unsigned long)bytes);
    ck_assert_ptr_null(
        tokenizer_open(fixture.blob.bytes, fixture.blob.size, block, bytes - 1, message));
    ck_assert_str_eq(message, expected);
    ck_assert_ptr_null(
        tokenizer_open(fixture.blob.bytes, fixture.blob.size, block + 8, bytes, message));
    token_fixture_close(&fixture);
}
END_TEST

/* Opens a copy of exactly `size` bytes, so that ASan sees a step beyond, and uses what opens. */
static void try_tables(const uint8_t *tables, size_t size, void *block)
{
    static const char text[] = "the  he <|endoftext|> \xC3\xA9t\xCC\x81 it's 12 !? \n\n x";
    void *exact;
    ck_assert_int_eq(posix_memalign(&exact, 16, size > 0 ? size : 1), 0);
    char message[TOKENIZER_MESSAGE];
    memcpy(exact, tables, size);
    struct tokenizer *tokenizer =
        tokenizer_open(exact, size, block, tokenizer_scratch_bytes(), message);
    if (tokenizer != NULL) {
        uint32_t ids[256];
        uint64_t count = 0, bytes;
        uint8_t *printed = malloc(tokenizer_decode_bytes(tokenizer));
        struct tokenizer_decoder decoder;
        (void)tokenizer_encode(tokenizer, text, sizeof text - 1, true, ids, 256, &count, message);
        tokenizer_decode_begin(&decoder, true, true);
        for (uint32_t id = 0; id < 300; id++)
            tokenizer_decode_one(tokenizer, &decoder, id, printed, &bytes);
        for (uint64_t i = 0; i < count && i < 256; i++)
            ck_assert_uint_lt(ids[i], tokenizer_rows(tokenizer));
        free(printed);
        tokenizer_close(tokenizer);
    }
    free(exact);
}

START_TEST(each_damaged_entry_is_refused)
{
    static const struct {
        enum tokenizer_section section;
        uint64_t word; /* the uint32 of the section to change */
        uint32_t value;
        const char *what;
    } cases[] = {
        {SECTION_TOKEN_ENDS, 0, 1, "token_ends: entry 0"},
        {SECTION_TOKEN_ENDS, BASE_ROWS, 100000, "token_ends: entry 262"},
        {SECTION_TOKEN_ENDS, 7, 0, "token_ends: entry 7"},
        {SECTION_TOKEN_FLAGS, 2, 64, "token_flags: entry 8"},
        {SECTION_BYTE_IDS, 65, BASE_ROWS, "byte_ids: entry 65"},
        {SECTION_PIECES, 3, BASE_ROWS, "pieces: entry 3"},
        {SECTION_PIECES, 3, 4u << PIECE_FORM_SHIFT, "pieces: entry 3"},
        {SECTION_PAIRS, 0, BASE_ROWS, "pairs: entry 0"},
        {SECTION_ADDED, 0, BASE_ROWS, "added: entry 0"},
        {SECTION_ADDED, 1, 16, "added: entry 0"},
        {SECTION_RAW_NODES, 0, 10000, "raw_nodes: entry 0"},
        {SECTION_RAW_NODES, 4, 10000, "raw_nodes: entry 1"},
        {SECTION_RAW_NODES, 5, 3, "raw_nodes: entry 1"},
        {SECTION_RAW_EDGES, 0, 0x80, "raw_edges: entry 0"},
        {SECTION_RAW_EDGES, 2, 256, "raw_edges: entry 1"},
        {SECTION_RAW_EDGES, 1, 0, "raw_edges: entry 0"},
        {SECTION_CLEAN_EDGES, 1, 10000, "clean_edges: entry 0"},
    };
    struct tokenizer_fixture fixture = token_fixture_open(base_path, BASE_ROWS);
    void *block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    uint8_t *damaged = aligned_alloc(16, fixture.blob.size);
    const struct tokenizer_header *header = fixture.blob.bytes;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[TOKENIZER_MESSAGE], expected[TOKENIZER_MESSAGE];
        memcpy(damaged, fixture.blob.bytes, fixture.blob.size);
        memcpy(damaged + header->section[cases[i].section].at + 4 * cases[i].word, &cases[i].value,
               4);
        snprintf(expected, sizeof expected,
                 "tokenizer tables: section %s is out of range; the weight file is damaged, pack "
                 "it again",
                 cases[i].what);
        ck_assert_ptr_null(
            tokenizer_open(damaged, fixture.blob.size, block, tokenizer_scratch_bytes(), message));
        ck_assert_str_eq(message, expected);
    }
    free(damaged);
    free(block);
    token_fixture_close(&fixture);
}
END_TEST

/* What only tables of characters, patterns and templates can have wrong. */
START_TEST(each_damaged_section_of_characters_is_refused)
{
    struct tokenizer_fixture fixture = token_fixture_open(chars_path, CHARS_ROWS);
    void *block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    uint8_t *damaged = aligned_alloc(16, fixture.blob.size);
    struct tokenizer_header *header = (struct tokenizer_header *)damaged;
    static const char *const messages[] = {
        "bits of joins (a power of two, at most): found 0, expected 268435456",
        "bits of joins (a power of two, at most): found 4064, expected 268435456",
        "bits of joins: found 4096, expected 0",
        "flags without that of characters: found 2496, expected 32",
        "patterns: found 0, expected 1",
        "patterns: found 0, expected 0",
        "ids before a text (at most): found 2, expected 1",
        "unknown flags: found 32768, expected 32767",
        "version: found 2, expected 5",
        "section template: entry 0 is out of range",
        "the unknown token (below): found 300, expected 300",
        "patterns before the prefix (at most): found 1, expected 0",
        "the mode of a pattern (below): found 6, expected 6",
        "section token_flags: entry 3 is out of range",
        "section token_flags: entry 3 is out of range",
        "section pieces: entry 1 is out of range",
        "section pieces: entry 1 is out of range",
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        char message[TOKENIZER_MESSAGE], expected[TOKENIZER_MESSAGE];
        memcpy(damaged, fixture.blob.bytes, fixture.blob.size);
        header->section[SECTION_JOINS].bytes = i == 0 ? 0 : i == 1 ? 508 : 512;
        header->flags = i == 2 ? 0 : i == 3 ? 2496 : i == 7 ? 32768 : header->flags;
        header->patterns = i == 4;
        header->section[SECTION_PATTERNS] = i == 5 || i == 12 ? header->section[SECTION_TEMPLATE]
                                                              : header->section[SECTION_PATTERNS];
        if (i == 5 || i == 12)
            memset(damaged + header->section[SECTION_PATTERNS].at, i == 5 ? '0' : '6', 4);
        header->unknown = i == 10 ? CHARS_ROWS : header->unknown;
        header->prefix_level = i == 11;
        header->ids_before = i == 6 ? 2 : 1;
        header->version = i == 8 ? 2 : header->version;
        if (i == 9)
            memset(damaged + header->section[SECTION_TEMPLATE].at, 0xFF, 4);
        header->word_end = i == 13 ? 200 : 0; /* more than the token has */
        header->continuation = i == 14 ? 200 : 0;
        header->prefix_bytes = i == 15 ? 200 : 0;
        header->suffix_bytes = i == 16 ? 200 : 0;
        if (i == 13 || i == 14)
            damaged[header->section[SECTION_TOKEN_FLAGS].at + 3] |=
                i == 13 ? TOKEN_ENDS_WORD : TOKEN_CONTINUES;
        const uint32_t piece = (uint32_t)(i == 15 ? PIECE_PREFIX : PIECE_SUFFIX)
                               << PIECE_FORM_SHIFT;
        for (uint32_t k = 0; k < 2 && (i == 15 || i == 16); k++)
            memcpy(damaged + header->section[SECTION_PIECES].at + 4 * k,
                   k == 0 ? &(uint32_t){TOKENIZER_NONE} : &piece, 4);
        snprintf(expected, sizeof expected,
                 "tokenizer tables: %s; the weight file is damaged, pack it again", messages[i]);
        ck_assert_ptr_null(
            tokenizer_open(damaged, fixture.blob.size, block, tokenizer_scratch_bytes(), message));
        ck_assert_str_eq(message, expected);
    }
    free(damaged);
    free(block);
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(damaged_tables_do_no_harm)
{
    struct tokenizer_fixture fixture = token_fixture_open(paths[_i], rows[_i]);
    void *block = aligned_alloc(TOKENIZER_ALIGN, tokenizer_scratch_bytes());
    uint8_t *damaged = malloc(fixture.blob.size);
    uint64_t random = 362436069u;
    for (int i = 0; i < 3000; i++) {
        memcpy(damaged, fixture.blob.bytes, fixture.blob.size);
        size_t flips = 1 + token_fixture_random(&random) % 3;
        /* two thirds of the flips hit the header, where most can go wrong */
        uint64_t span = i % 3 == 0 ? fixture.blob.size : 256;
        for (size_t k = 0; k < flips; k++)
            damaged[token_fixture_random(&random) % span] ^=
                (uint8_t)(1u << token_fixture_random(&random) % 8);
        try_tables(damaged, fixture.blob.size, block);
    }
    for (size_t size = 0; size < fixture.blob.size;
         size += 1 + token_fixture_random(&random) % 61) {
        char message[TOKENIZER_MESSAGE];
        ck_assert_ptr_null(
            tokenizer_open(fixture.blob.bytes, size, block, tokenizer_scratch_bytes(), message));
        try_tables(fixture.blob.bytes, size, block);
    }
    free(damaged);
    free(block);
    token_fixture_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokenizer.json");
    TCase *tests = tcase_create("tokenizer.json");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, broken_files_are_refused_with_their_message);
    tcase_add_loop_test(tests, files_cut_anywhere_are_refused, 0, BASES);
    tcase_add_test(tests, rows_and_paths_are_checked);
    tcase_add_test(tests, odd_keys_are_refused);
    tcase_add_test(tests, what_has_no_effect_is_left_out_with_a_note);
    tcase_add_test(tests, compiling_twice_gives_the_same_bytes);
    tcase_add_test(tests, a_wrong_block_is_refused);
    tcase_add_test(tests, each_damaged_entry_is_refused);
    tcase_add_test(tests, each_damaged_section_of_characters_is_refused);
    tcase_add_loop_test(tests, damaged_tables_do_no_harm, 0, BASES);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
