/* The tokenizer against ids that Hugging Face `tokenizers` gave, and against itself: whole text,
 * any cutting, both ways of PCRE2, without an allocation, and back to text. */
#include "tests/unit/tokenizer_fixture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fixtures/run.h"

static const char *const folders[] = {"neox", "neox-flags"};
enum {
    FOLDERS = sizeof folders / sizeof folders[0],
    ROWS = 1024,
    VARIANTS = 21,
    PATHS = 4 /* files that are watched for allocations */
};

/* ---- counts every allocation of the process ---- */

static uint64_t allocations;

#if defined(__SANITIZE_ADDRESS__)
/* sanitizer/allocator_interface.h, which gcc does not install */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *));

static void count_allocation(const volatile void *block, size_t bytes)
{
    (void)block;
    (void)bytes;
    allocations++;
}

static void ignore_free(const volatile void *block)
{
    (void)block;
}

static void count_allocations(void)
{
    static bool installed;
    if (!installed)
        ck_assert_int_ne(__sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_free),
                         0);
    installed = true;
    allocations = 0;
}
#else
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

void *malloc(size_t bytes)
{
    allocations++;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    allocations++;
    return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    allocations++;
    return __libc_realloc(block, bytes);
}

static void count_allocations(void)
{
    allocations = 0;
}
#endif

/* ---- what the tests share ---- */

static struct tokenizer_fixture open_folder(int folder)
{
    char path[128];
    snprintf(path, sizeof path, TOKENIZER_CASES "%s/tokenizer.json", folders[folder]);
    return token_fixture_open(path, ROWS);
}

static json_t *load_cases(int folder)
{
    char path[128];
    snprintf(path, sizeof path, TOKENIZER_CASES "%s/cases.json", folders[folder]);
    return token_fixture_json(path);
}

/* All texts of a folder one behind the other, each followed by what separates it least. */
static struct token_fixture_text join_cases(int folder)
{
    json_t *root = load_cases(folder);
    const json_t *cases = json_object_get(root, "cases");
    struct token_fixture_text all = {malloc(1 << 24), 0};
    for (size_t i = 0; i < json_array_size(cases); i++) {
        struct token_fixture_text text = token_fixture_text(json_array_get(cases, i), "text");
        ck_assert_uint_lt(all.size + text.size + 1, 1 << 24);
        memcpy(all.bytes + all.size, text.bytes, text.size);
        all.size += text.size;
        if (i % 3 == 0)
            all.bytes[all.size++] = i % 2 == 0 ? ' ' : 'e';
        free(text.bytes);
    }
    json_decref(root);
    return all;
}

/* ---- tests ---- */

/* Encodes and decodes each case of {text, ids, decoded}. */
static void check_cases(struct tokenizer *tokenizer, json_t *cases, const char *name)
{
    uint32_t *ids = token_fixture_room(), *expected = token_fixture_room();
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *example = json_array_get(cases, i);
        json_t *stored = json_object_get(example, "ids");
        struct token_fixture_text text = token_fixture_text(example, "text");
        struct token_fixture_text printed = token_fixture_text(example, "decoded");
        char what[64];
        snprintf(what, sizeof what, "%s case %zu", name, i);
        for (size_t k = 0; k < json_array_size(stored); k++)
            expected[k] = (uint32_t)json_integer_value(json_array_get(stored, k));
        uint64_t count = token_fixture_encode(tokenizer, text.bytes, text.size, true, ids);
        token_fixture_same_ids(ids, count, expected, json_array_size(stored), what);
        struct token_fixture_text back = token_fixture_decode(tokenizer, ids, count, true);
        const struct token_fixture_text *same = printed.bytes != NULL ? &printed : &text;
        if (back.size != same->size || memcmp(back.bytes, same->bytes, back.size) != 0)
            ck_abort_msg("%s: decodes to '%.*s'", what, (int)back.size, (char *)back.bytes);
        free(back.bytes);
        free(text.bytes);
        free(printed.bytes);
    }
    free(ids);
    free(expected);
}

START_TEST(equals_hugging_face)
{
    struct tokenizer_fixture fixture = open_folder(_i);
    json_t *root = load_cases(_i);
    json_t *cases = json_object_get(root, "cases");
    ck_assert_uint_ge(json_array_size(cases), 400);
    check_cases(fixture.tokenizer, cases, folders[_i]);
    tokenizer_interpret(fixture.tokenizer);
    check_cases(fixture.tokenizer, cases, folders[_i]);
    json_decref(root);
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(options_equal_hugging_face)
{
    json_t *variants = token_fixture_json(TOKENIZER_CASES "variants.json");
    json_t *variant = json_array_get(variants, (size_t)_i);
    json_t *spec = token_fixture_json(TOKENIZER_CASES "neox/tokenizer.json");
    ck_assert_uint_eq(json_array_size(variants), VARIANTS);
    json_object_update(spec, json_object_get(variant, "file"));
    json_object_update(json_object_get(spec, "model"), json_object_get(variant, "model"));
    char *json = json_dumps(spec, 0);
    const char *name = json_string_value(json_object_get(variant, "name"));
    struct tokenizer_fixture fixture = token_fixture_open_memory(name, json, strlen(json), ROWS);
    check_cases(fixture.tokenizer, json_object_get(variant, "cases"), name);
    token_fixture_close(&fixture);
    free(json);
    json_decref(spec);
    json_decref(variants);
}
END_TEST

START_TEST(any_cutting_gives_the_same_ids)
{
    static const uint64_t most[] = {1, 2, 3, 17, 100, 4096, 100000, 1 << 20};
    struct tokenizer_fixture fixture = open_folder(_i);
    struct token_fixture_text all = join_cases(_i);
    uint32_t *ids = token_fixture_room(), *whole = token_fixture_room();
    uint64_t random = 88172645463325252u;
    uint64_t count = token_fixture_encode(fixture.tokenizer, all.bytes, all.size, true, whole);
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        char what[64];
        snprintf(what, sizeof what, "%s in pieces of up to %lu bytes", folders[_i],
                 (unsigned long)most[i]);
        uint64_t found = token_fixture_encode_cut(fixture.tokenizer, all, most[i], &random, ids);
        token_fixture_same_ids(ids, found, whole, count, what);
    }
    free(all.bytes);
    free(ids);
    free(whole);
    token_fixture_close(&fixture);
}
END_TEST

/* Text without a boundary for longer than the window, of each kind that is held back. */
static struct token_fixture_text endless(int kind)
{
    static const char *const unit[] = {"a", " ", "\xC3\xA9", "\xCC\x81", "e\xCC\x81", "!", "\n"};
    struct token_fixture_text text = {malloc(300000), 0};
    const char *part = unit[kind % 7];
    const size_t part_bytes = strlen(part);
    while (text.size < 200000 || text.size % part_bytes != 0) {
        text.bytes[text.size] = (uint8_t)part[text.size % part_bytes];
        text.size++;
    }
    static const char end[] = "<|left|> x <|right|>  y";
    memcpy(text.bytes + text.size, end, sizeof end - 1);
    text.size += sizeof end - 1;
    return text;
}

START_TEST(endless_words_do_not_depend_on_the_cutting)
{
    struct tokenizer_fixture fixture = open_folder(1);
    uint32_t *ids = token_fixture_room(), *whole = token_fixture_room();
    uint64_t random = 2463534242u;
    struct token_fixture_text text = endless(_i);
    uint64_t count = token_fixture_encode(fixture.tokenizer, text.bytes, text.size, true, whole);
    static const uint64_t most[] = {97, 5000, 65536, 150000};
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        uint64_t found = token_fixture_encode_cut(fixture.tokenizer, text, most[i], &random, ids);
        token_fixture_same_ids(ids, found, whole, count, "an endless word");
    }
    free(text.bytes);
    free(ids);
    free(whole);
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(a_word_longer_than_the_window_is_cut_there)
{
    struct tokenizer_fixture fixture = open_folder(0);
    uint32_t *ids = token_fixture_room(), *parts = token_fixture_room();
    const uint64_t size = TOKENIZER_WINDOW + 1001;
    uint8_t *word = malloc(size);
    for (uint64_t i = 0; i < size; i++)
        word[i] = (uint8_t)("the"[i % 3]);
    uint64_t count = token_fixture_encode(fixture.tokenizer, word, size, true, ids);
    uint64_t first = token_fixture_encode(fixture.tokenizer, word, TOKENIZER_WINDOW, true, parts);
    first +=
        token_fixture_encode(fixture.tokenizer, word + TOKENIZER_WINDOW, 1001, true, parts + first);
    token_fixture_same_ids(ids, count, parts, first, "a long word");
    free(word);
    free(ids);
    free(parts);
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(long_words_take_n_log_n)
{
    struct tokenizer_fixture fixture = open_folder(0);
    uint32_t *ids = token_fixture_room();
    uint8_t *word = malloc(TOKENIZER_WINDOW);
    for (uint64_t i = 0; i < TOKENIZER_WINDOW; i++)
        word[i] = (uint8_t)("thesandinhe"[i % 11]);
    clock_t start = clock();
    for (int i = 0; i < 16; i++)
        token_fixture_encode(fixture.tokenizer, word, TOKENIZER_WINDOW, true, ids);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    /* 16 words of 64 KiB: measured 0.2 s; looking through all symbols for each merge takes minutes
     */
    ck_assert_msg(seconds < 15, "16 words of 64 KiB took %.1f s", seconds);
    free(word);
    free(ids);
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(nothing_allocates_after_open)
{
    static const char *const paths[PATHS] = {"neox/tokenizer.json", "neox-flags/tokenizer.json",
                                             "kinds/deepseek.json", "kinds/llama2.json"};
    char path[128];
    snprintf(path, sizeof path, TOKENIZER_CASES "%s", paths[_i / 2]);
    struct tokenizer_fixture fixture = token_fixture_open(path, ROWS);
    struct token_fixture_text all = join_cases(_i / 2 % FOLDERS);
    uint32_t *ids = token_fixture_room();
    uint8_t *text = malloc(tokenizer_decode_bytes(fixture.tokenizer));
    char message[TOKENIZER_MESSAGE];
    uint64_t count, fed, bytes;
    struct tokenizer_decoder decoder;
    if (_i % 2 == 1)
        tokenizer_interpret(fixture.tokenizer);
    count_allocations();
    bool encoded = tokenizer_encode(fixture.tokenizer, all.bytes, all.size, true, ids,
                                    TOKEN_FIXTURE_IDS, &count, message);
    tokenizer_decode_begin(&decoder, true, true);
    for (uint64_t i = 0; i < count; i++)
        tokenizer_decode_one(fixture.tokenizer, &decoder, ids[i], text, &bytes);
    tokenizer_decode_end(fixture.tokenizer, &decoder, text);
    tokenizer_begin(fixture.tokenizer, true);
    tokenizer_feed(fixture.tokenizer, all.bytes, 1000, &fed, message);
    tokenizer_take(fixture.tokenizer, ids, 10, &count, message);
    uint64_t counted = allocations;
    ck_assert(encoded);
    ck_assert_msg(counted == 0, "%lu allocations", (unsigned long)counted);
    free(malloc(1));
    ck_assert_uint_gt(allocations, 0); /* the counter counts */
    free(all.bytes);
    free(ids);
    free(text);
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(broken_text_is_named)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"abc\xFF", "the text is broken at byte 3: found FF, expected valid UTF-8"},
        {"\x80", "the text is broken at byte 0: found 80, expected valid UTF-8"},
        {"12345678\xC3(", "the text is broken at byte 8: found C3 28, expected valid UTF-8"},
        {"\xC0\x80", "the text is broken at byte 0: found C0, expected valid UTF-8"},
        {"a\xE0\x9F\xBF", "the text is broken at byte 1: found E0 9F, expected valid UTF-8"},
        {"a\xED\xA0\x80", "the text is broken at byte 1: found ED A0, expected valid UTF-8"},
        {"\xF0\x8F\xBF\xBF", "the text is broken at byte 0: found F0 8F, expected valid UTF-8"},
        {"\xF4\x90\x80\x80", "the text is broken at byte 0: found F4 90, expected valid UTF-8"},
        {"\xF5\x80\x80\x80", "the text is broken at byte 0: found F5, expected valid UTF-8"},
        {"\xF0\x9F\x98x", "the text is broken at byte 0: found F0 9F 98 78, expected valid UTF-8"},
        {"ab\xE2\x82",
         "the text ends inside a character at byte 2: found E2 82, expected valid UTF-8"},
        {"\xF0\x9F\x98",
         "the text ends inside a character at byte 0: found F0 9F 98, expected valid UTF-8"},
    };
    struct tokenizer_fixture fixture = open_folder(0);
    char message[TOKENIZER_MESSAGE];
    uint32_t ids[64];
    uint64_t count;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(!tokenizer_encode(fixture.tokenizer, cases[i].text, strlen(cases[i].text), true,
                                    ids, 64, &count, message));
        ck_assert_str_eq(message, cases[i].message);
    }
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(broken_text_in_a_stream_keeps_what_came_before)
{
    struct tokenizer_fixture fixture = open_folder(0);
    char message[TOKENIZER_MESSAGE];
    uint32_t ids[64], expected[64];
    uint64_t count, fed, random = 1;
    uint64_t expected_count =
        token_fixture_encode(fixture.tokenizer, "hello the", 9, true, expected);
    tokenizer_begin(fixture.tokenizer, true);
    ck_assert(tokenizer_feed(fixture.tokenizer, "hello the\xE2", 10, &fed, message));
    ck_assert_uint_eq(fed, 10);
    ck_assert(!tokenizer_feed(fixture.tokenizer, "\x82xyz", 4, &fed, message));
    ck_assert_str_eq(message, "the text is broken at byte 9: found E2 82 78, expected valid UTF-8");
    ck_assert(tokenizer_finish(fixture.tokenizer, message));
    count = token_fixture_take_all(fixture.tokenizer, ids, &random);
    token_fixture_same_ids(ids, count, expected, expected_count, "the text before the fault");
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(too_many_ids_are_counted)
{
    struct tokenizer_fixture fixture = open_folder(0);
    char message[TOKENIZER_MESSAGE];
    uint32_t ids[4] = {9, 9, 9, 9};
    uint64_t count;
    ck_assert(
        !tokenizer_encode(fixture.tokenizer, "\1\2\3\4\5\6\7", 7, true, ids, 3, &count, message));
    ck_assert_uint_eq(count, 7);
    ck_assert_uint_eq(ids[3], 9);
    ck_assert_str_eq(message, "the text has 7 tokens, there is room for 3");
    ck_assert(tokenizer_encode(fixture.tokenizer, "", 0, true, ids, 0, &count, message));
    ck_assert_uint_eq(count, 0);
    token_fixture_close(&fixture);
}
END_TEST

static uint32_t byte_token(const struct tokenizer *tokenizer, uint8_t byte)
{
    uint32_t id;
    ck_assert_msg(tokenizer_find(tokenizer, &byte, 1, &id), "no token for byte %02X", byte);
    return id;
}

START_TEST(decoding_replaces_what_is_no_character)
{
    static const struct {
        const char *bytes;
        const char *printed;
    } cases[] = {
        {"\xE2\x82\xAC", "\xE2\x82\xAC"},
        {"\xE2\x82", "\xEF\xBF\xBD"},
        {"\xE2\x82 a", "\xEF\xBF\xBD a"},
        {"\xE2\xE2\x82\xAC", "\xEF\xBF\xBD\xE2\x82\xAC"},
        {"\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"\xF0\x9F\x98\xF0\x9F\x98\x80", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"\xF4\x90\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xC3", "\xEF\xBF\xBD"},
    };
    struct tokenizer_fixture fixture = open_folder(0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t ids[8];
        size_t count = strlen(cases[i].bytes);
        for (size_t k = 0; k < count; k++)
            ids[k] = byte_token(fixture.tokenizer, (uint8_t)cases[i].bytes[k]);
        struct token_fixture_text text = token_fixture_decode(fixture.tokenizer, ids, count, true);
        text.bytes[text.size] = 0;
        ck_assert_str_eq((char *)text.bytes, cases[i].printed);
        free(text.bytes);
    }
    token_fixture_close(&fixture);
}
END_TEST

START_TEST(single_tokens_can_be_asked)
{
    struct tokenizer_fixture fixture = open_folder(0);
    uint32_t end;
    uint64_t bytes;
    uint8_t text[64];
    struct tokenizer_decoder decoder;
    ck_assert_uint_eq(tokenizer_rows(fixture.tokenizer), ROWS);
    ck_assert(tokenizer_find(fixture.tokenizer, "<|endoftext|>", 13, &end));
    ck_assert_uint_eq(end, 0);
    ck_assert(!tokenizer_find(fixture.tokenizer, "<|nothing|>", 11, &end));
    ck_assert(tokenizer_special(fixture.tokenizer, 0));
    ck_assert(!tokenizer_special(fixture.tokenizer, 2));
    ck_assert(!tokenizer_special(fixture.tokenizer, ROWS));
    ck_assert_mem_eq(tokenizer_text(fixture.tokenizer, 0, &bytes), "<|endoftext|>", 13);
    ck_assert_uint_eq(bytes, 13);
    ck_assert_ptr_null(tokenizer_text(fixture.tokenizer, ROWS - 1, &bytes)); /* a padded row */
    ck_assert_ptr_null(tokenizer_text(fixture.tokenizer, ROWS, &bytes));
    tokenizer_decode_begin(&decoder, false, true);
    ck_assert(tokenizer_decode_one(fixture.tokenizer, &decoder, 0, text, &bytes));
    ck_assert_uint_eq(bytes, 0); /* special tokens are left out unless asked for */
    ck_assert(tokenizer_decode_one(fixture.tokenizer, &decoder, ROWS - 1, text, &bytes));
    ck_assert_uint_eq(bytes, 0);
    ck_assert(!tokenizer_decode_one(fixture.tokenizer, &decoder, ROWS, text, &bytes));
    token_fixture_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokenizer");
    TCase *tests = tcase_create("tokenizer");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, equals_hugging_face, 0, FOLDERS);
    tcase_add_loop_test(tests, options_equal_hugging_face, 0, VARIANTS);
    tcase_add_loop_test(tests, any_cutting_gives_the_same_ids, 0, FOLDERS);
    tcase_add_loop_test(tests, endless_words_do_not_depend_on_the_cutting, 0, 7);
    tcase_add_test(tests, a_word_longer_than_the_window_is_cut_there);
    tcase_add_test(tests, long_words_take_n_log_n);
    tcase_add_loop_test(tests, nothing_allocates_after_open, 0, 2 * PATHS);
    tcase_add_test(tests, broken_text_is_named);
    tcase_add_test(tests, broken_text_in_a_stream_keeps_what_came_before);
    tcase_add_test(tests, too_many_ids_are_counted);
    tcase_add_test(tests, decoding_replaces_what_is_no_character);
    tcase_add_test(tests, single_tokens_can_be_asked);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
