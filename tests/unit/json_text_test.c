/* JSON as Python takes it: what jansson alone refuses, and where errors are placed. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/json_text.h"
#include "tests/fixtures/run.h"

/* Text of a string literal, from memory of exactly its size. */
static json_t *parse(const char *text, size_t size, enum json_text_strings strings,
                     struct json_text_error *error)
{
    char *copy = malloc(size + (size == 0));
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    json_t *root = json_text_parse(copy, size, strings, error);
    free(copy);
    return root;
}

/* The value of key "k" of the object; a failure fails the test. */
static json_t *value_of(const char *text, enum json_text_strings strings)
{
    struct json_text_error error;
    json_t *root = parse(text, strlen(text), strings, &error);
    ck_assert_msg(root != NULL, "%s: line %u: %s", text, error.line, error.text);
    json_t *value = json_incref(json_object_get(root, "k"));
    ck_assert_msg(value != NULL, "%s: no 'k'", text);
    json_decref(root);
    return value;
}

START_TEST(whole_numbers_of_any_length)
{
    static const struct {
        const char *text;
        json_int_t whole; /* 0: a real */
        double real;
    } cases[] = {
        {"{\"k\": 9223372036854775807}", INT64_MAX, 0},
        {"{\"k\": -9223372036854775808}", INT64_MIN, 0},
        {"{\"k\":123456789012345678}", 123456789012345678, 0},
        {"{\"k\": 9223372036854775808}", 0, 0x1p63},
        {"{\"k\": 18446744073709551615,\"n\":1}", 0, 0x1p64},
        {"{\"k\": 1000000000000000019884624838656}", 0, 1e30},
        {"{\"k\":-1000000000000000019884624838656 }", 0, -1e30},
        {"{\"k\": 1e30}", 0, 1e30},
        {"{\"k\": 0.1}", 0, 0.1},
        {"{\"k\": 12345678901234567890.5e-3}", 0, 12345678901234567890.5e-3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = value_of(cases[i].text, JSON_TEXT_MARKED);
        ck_assert_msg(json_is_integer(value) == (cases[i].whole != 0), "%s", cases[i].text);
        if (cases[i].whole != 0)
            ck_assert_int_eq(json_integer_value(value), cases[i].whole);
        else
            ck_assert_msg(json_real_value(value) == cases[i].real, "%s", cases[i].text);
        json_decref(value);
    }
}
END_TEST

START_TEST(numbers_that_are_none)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"{\"k\": NaN}", "NaN"},
        {"{\"k\":Infinity}", "Infinity"},
        {"{\"k\":-Infinity,\"l\":[NaN,Infinity]}", "-Infinity"},
        {"{\"k\": 1e999}", "Infinity"},
        {"{\"k\": -1.5E+400}", "-Infinity"},
        {"{\"k\": {\"__float__\": \"Infinity\"}}", "Infinity"},
        {"{\"k\": \"Infinity\"}", NULL},
        {"{\"k\": {\"__float__\": \"big\"}}", NULL},
        {"{\"k\": 1e308}", NULL},
        {"{\"k\": \"NaN \\\" Infinity \\\\\"}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = value_of(cases[i].text, JSON_TEXT_MARKED);
        const char *word = json_text_float(value);
        ck_assert_msg((word == NULL) == (cases[i].word == NULL), "%s", cases[i].text);
        if (word != NULL)
            ck_assert_str_eq(word, cases[i].word);
        json_decref(value);
    }
    char text[512] = "{\"k\": "; /* 400 digits */
    memset(text + strlen(text), '7', 400);
    strcat(text, "}");
    json_t *value = value_of(text, JSON_TEXT_MARKED);
    ck_assert_str_eq(json_text_float(value), "Infinity");
    json_decref(value);
}
END_TEST

#define MARK "\xEF\xB7\x90" /* U+FDD0 */

START_TEST(strings_that_no_text_holds)
{
    static const struct {
        const char *text, *marked;
        bool exact; /* it can be read as it is */
    } cases[] = {
        {"{\"k\": \"a\\ud800b\"}", "a" MARK "b", false},
        {"{\"k\": \"\\udc00\\uDBFF\"}", MARK MARK, false},
        {"{\"k\": \"\\ud800\\u0041\"}", MARK "A", false},
        {"{\"k\": \"\\ud83d\\ude00\"}", "\xF0\x9F\x98\x80", true},
        {"{\"k\": \"\\\\ud800\"}", "\\ud800", true},
        {"{\"k\": \"a\\u0000b\"}", "a" MARK "b", true},
        {"{\"\\ud800\": 1, \"k\": \"x\"}", "x", false},
        {"{\"\\u0000\": 1, \"k\": \"x\"}", "x", false},
    };
    struct json_text_error error;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = value_of(cases[i].text, JSON_TEXT_MARKED);
        ck_assert_str_eq(json_string_value(value), cases[i].marked);
        json_decref(value);
        json_t *root = parse(cases[i].text, strlen(cases[i].text), JSON_TEXT_EXACT, &error);
        ck_assert_msg((root != NULL) == cases[i].exact, "%s", cases[i].text);
        json_decref(root);
    }
    json_t *value = value_of("{\"k\": \"a\\u0000b\"}", JSON_TEXT_EXACT);
    ck_assert_uint_eq(json_string_length(value), 3);
    ck_assert_mem_eq(json_string_value(value), "a\0b", 3);
    json_decref(value);
}
END_TEST

START_TEST(the_last_of_equal_keys_counts)
{
    json_t *value = value_of("{\"k\": 1, \"l\": 2, \"k\": \"x\"}", JSON_TEXT_MARKED);
    ck_assert_str_eq(json_string_value(value), "x");
    json_decref(value);
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    json_t *value = value_of("\xEF\xBB\xBF{\"k\": 5}", JSON_TEXT_EXACT);
    ck_assert_int_eq(json_integer_value(value), 5);
    json_decref(value);
}
END_TEST

/* Places are those of the text itself, whatever stood before them. */
START_TEST(errors_have_their_place)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        size_t byte;
    } cases[] = {
        {"", 1, 0, 0},
        {"{\"k\":", 1, 5, 5},
        {"{} {}", 1, 4, 4},
        {"{\"k\": NaN}{", 1, 11, 11},
        {"{\"k\": [NaN, Infinity, -Infinity],\n \"l\": 1000000000000000019884624838656 x}", 2, 39,
         73},
        {"{\"k\": \"\\ud800\\ud800\",\n\n \"\xC3\xA9\": tru}", 3, 9, 33},
        {"\xEF\xBB\xBF{\"k\": NaN,}", 1, 11, 14},
        {"{\"k\": NaNa}", 1, 10, 10},
        {"{\"k\": 00123456789012345678901234567890}", 1, 7, 7},
        {"{\"k\": \"\x01\"}", 1, 7, 7},
        {"{\"k\": \"\xff\"}", 1, 7, 7},
        {"{\"k\": \"\\u12\"}", 1, 12, 12},
        {"{\"k\": \"\\", 1, 8, 8},
        {"{\"k\": 1e}", 1, 8, 8},
        {"{\"k\": -}", 1, 7, 7},
        {"{'k': 1}", 1, 2, 2},
        {"{\"k\": 1} // no", 1, 10, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_text_error error;
        ck_assert_ptr_null(parse(cases[i].text, strlen(cases[i].text), JSON_TEXT_MARKED, &error));
        ck_assert_msg(error.line == cases[i].line && error.column == cases[i].column &&
                          error.byte == cases[i].byte,
                      "%s: line %u, column %u, byte %zu: %s", cases[i].text, error.line,
                      error.column, error.byte, error.text);
        for (const char *c = error.text; *c != '\0'; c++)
            ck_assert_msg((unsigned char)*c >= 0x20, "%s: %s", cases[i].text, error.text);
        ck_assert_uint_gt(strlen(error.text), 0);
    }
}
END_TEST

START_TEST(texts_cut_anywhere_are_refused)
{
    static const char text[] = "{\"k\": [NaN, -Infinity, 1000000000000000019884624838656, 1e999,\n"
                               " \"\\ud800\\ud83d\\ude00\\u0000\\\"\"]}";
    struct json_text_error error;
    json_t *value = value_of(text, JSON_TEXT_MARKED);
    ck_assert_uint_eq(json_array_size(value), 5);
    json_decref(value);
    for (size_t size = 0; size < strlen(text); size++) {
        ck_assert_ptr_null(parse(text, size, JSON_TEXT_MARKED, &error));
        ck_assert_uint_le(error.byte, size);
    }
}
END_TEST

START_TEST(files_have_a_limit)
{
    struct json_text_error error;
    char path[] = "/tmp/json_text_test.XXXXXX";
    const int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{\"k\": %9000d}", 1);
    fclose(file);
    json_t *root = json_text_load(path, 9007, JSON_TEXT_MARKED, &error);
    ck_assert_msg(json_integer_value(json_object_get(root, "k")) == 1, "%s", error.text);
    json_decref(root);
    ck_assert_ptr_null(json_text_load(path, 9006, JSON_TEXT_MARKED, &error));
    ck_assert_uint_eq(error.line, 0);
    ck_assert_str_eq(error.text, "more than 9006 bytes");
    unlink(path);
    ck_assert_ptr_null(json_text_load(path, 9007, JSON_TEXT_MARKED, &error));
    ck_assert_str_eq(error.text, "cannot read: No such file or directory");
    ck_assert_ptr_null(json_text_load("/tmp", 9007, JSON_TEXT_MARKED, &error));
    ck_assert_uint_eq(error.line, 0);
    ck_assert_str_eq(error.text, "cannot read: Is a directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("JSON as Python takes it");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, whole_numbers_of_any_length);
    tcase_add_test(tests, numbers_that_are_none);
    tcase_add_test(tests, strings_that_no_text_holds);
    tcase_add_test(tests, the_last_of_equal_keys_counts);
    tcase_add_test(tests, a_byte_order_mark_is_skipped);
    tcase_add_test(tests, errors_have_their_place);
    tcase_add_test(tests, texts_cut_anywhere_are_refused);
    tcase_add_test(tests, files_have_a_limit);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
