/* The verb `latency` as a user meets it, over the fake model, whose binary aborts when anything
 * allocates after sealing: its options, its record, and that the manual names all of it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

static json_t *parsed(const char *text, size_t bytes)
{
    json_error_t error;
    json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "line %d: %s in %.*s", error.line, error.text, (int)bytes, text);
    return value;
}

static json_int_t integer(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "%s is no integer", key);
    return json_integer_value(value);
}

static size_t samples_of(json_t *object, size_t index, const char *name)
{
    json_t *figure = json_array_get(json_object_get(object, "figures"), index);
    ck_assert_str_eq(json_string_value(json_object_get(figure, "name")), name);
    return json_array_size(json_object_get(figure, "samples"));
}

static char *whole(const char *path, size_t *bytes)
{
    static char text[CHILD_OUTPUT_BYTES + 1];
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is not there", path);
    *bytes = fread(text, 1, CHILD_OUTPUT_BYTES, file);
    fclose(file);
    text[*bytes] = '\0';
    return text;
}

START_TEST(the_record_has_every_sample_and_the_series_too)
{
    const char *record = child_scratch("latency.json"), *series = child_scratch("latency.npy");
    struct child *child =
        CHILD(fake, "latency", "-m", sound, "-q", "-t", "1", "-p", "Hello, world", "-n", "100",
              "-r", "3", "-o", "json", "--record", record, "--series", series);
    ck_assert_msg(child->code == 0, "%s", child->err);
    size_t bytes;
    const char *file = whole(record, &bytes);
    ck_assert_uint_eq(bytes, child->out_bytes);
    ck_assert(memcmp(file, child->out, bytes) == 0);
    json_t *object = parsed(child->out, child->out_bytes);
    ck_assert(json_is_true(json_object_get(object, "complete")));
    ck_assert_uint_eq(samples_of(object, 0, "first token"), 3);
    ck_assert_uint_eq(samples_of(object, 1, "tokenize"), 3);
    ck_assert_uint_eq(samples_of(object, 2, "token"), 100);
    json_t *latency = json_object_get(object, "latency");
    ck_assert_int_eq(integer(latency, "tokens"), 100);
    ck_assert_int_gt(integer(json_object_get(latency, "first_token"), "prompt_tokens"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(latency, "series")), series);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "canary")), 2 + 7);
    struct stat facts;
    ck_assert_int_eq(stat(series, &facts), 0);
    ck_assert_int_eq(facts.st_size, 128 + 100 * (int)sizeof(float));
    json_decref(object);
}
END_TEST

START_TEST(random_ids_need_no_tokenizer)
{
    struct child *child = CHILD(fake, "latency", "-m", wordless, "-q", "-t", "1", "-n", "5", "-r",
                                "1", "--prompt-tokens", "70", "-o", "json");
    ck_assert_msg(child->code == 0, "%s", child->err);
    json_t *object = parsed(child->out, child->out_bytes);
    ck_assert_uint_eq(samples_of(object, 1, "token"), 5);
    json_t *first = json_object_get(json_object_get(object, "latency"), "first_token");
    ck_assert_int_eq(integer(first, "prompt_tokens"), 70);
    ck_assert(json_is_null(json_object_get(first, "tokenize_seconds")));
    json_decref(object);
}
END_TEST

START_TEST(every_format_is_printed)
{
    static const struct {
        const char *format, *begins;
    } formats[] = {{"table", "figure  "},
                   {"md", "| figure"},
                   {"csv", "name,kind,unit,better,"},
                   {"json", "{\n  \"schema\": 2,"},
                   {"jsonl", "{\"part\": \"head\", \"schema\": 2, "}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct child *child = CHILD(fake, "latency", "-m", sound, "-q", "-t", "1", "-n", "40", "-r",
                                    "1", "-o", formats[i].format, "--prefault");
        ck_assert_msg(child->code == 0, "%s: %s", formats[i].format, child->err);
        ck_assert_msg(strncmp(child->out, formats[i].begins, strlen(formats[i].begins)) == 0,
                      "%s: %.80s", formats[i].format, child->out);
    }
}
END_TEST

#define REFUSED(message, ...)                                                                      \
    assert_refused(CHILD(fake, "latency", "-m", sound, "-q", __VA_ARGS__), 2, "fake: " message "\n")

START_TEST(mistakes_are_refused)
{
    REFUSED("--prompt, --file and --prompt-tokens exclude each other", "-p", "a", "-f", "b");
    REFUSED("--n-gen: '0' is not a whole number from 1 to 10000000", "-n", "0");
    REFUSED("--output: 'xml' is not known; expected table, md, csv, json or jsonl", "-o", "xml");
    static const char *const options[] = {"--record", "--series"};
    for (int i = 0; i < 2; i++) {
        struct child *child =
            CHILD(fake, "latency", "-m", sound, "-q", "-n", "5", options[i], "/nowhere/at/all");
        ck_assert_int_eq(child->code, 1);
        ck_assert_str_eq(child->out, "");
        ck_assert_ptr_nonnull(strstr(child->err, "/nowhere/at/all"));
        ck_assert_ptr_nonnull(strstr(child->err, "No such file or directory"));
    }
    struct child *child = CHILD(fake, "latency", "-m", wordless, "-q", "-p", "Hello");
    ck_assert_int_eq(child->code, 4);
    ck_assert_ptr_nonnull(strstr(child->err, "holds no tokenizer"));
}
END_TEST

/* Every key of the object and of what lies in it stands in the manual, as a word. */
static void require_keys(json_t *value, const char *manual)
{
    const char *key;
    json_t *member;
    size_t index;
    json_object_foreach(value, key, member)
    {
        char entry[96];
        snprintf(entry, sizeof entry, "Va %s\n", key);
        ck_assert_msg(strstr(manual, entry) != NULL, "doc/ingot-measurement.5 lacks '%s'", key);
        require_keys(member, manual);
    }
    json_array_foreach(value, index, member) require_keys(member, manual);
}

/* Of this verb, and of the others that write the same schema. */
START_TEST(the_manual_names_every_key)
{
    const char *text = child_scratch("manual.txt");
    fake_write(text, "Hello, world. Hello again.\n", 27);
    const char *const commands[][8] = {
        {"latency", "-n", "1000", "-p", "Hello"},
        {"bench", "-p", "8", "-n", "8", "-r", "2"},
        {"sweep", "-f", text},
        {"perplexity", text},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const char *arguments[16];
        size_t count = 0, bytes;
        while (commands[i][count] != NULL) {
            arguments[count] = commands[i][count];
            count++;
        }
        const char *const common[] = {"-m", sound, "-q", "-t", "1", "-o", "json", NULL};
        memcpy(arguments + count, common, sizeof common);
        struct child *child = child_run(fake, arguments, "", 0);
        ck_assert_msg(child->code == 0, "%s: %s", commands[i][0], child->err);
        json_t *object = parsed(child->out, child->out_bytes);
        require_keys(object, whole("doc/ingot-measurement.5", &bytes));
        json_decref(object);
    }
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("latency_verb");
    TCase *verb = add_case(suite, "latency");
    tcase_add_test(verb, the_record_has_every_sample_and_the_series_too);
    tcase_add_test(verb, random_ids_need_no_tokenizer);
    tcase_add_test(verb, every_format_is_printed);
    tcase_add_test(verb, mistakes_are_refused);
    tcase_add_test(verb, the_manual_names_every_key);
    return tests_run(suite);
}
