/* The record of a measurement: what is printed in each format, what lies in the file, and what
 * happens when writing fails. Over the fake model, with a clock that the test moves. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/number_text.h"
#include "runtime/measure/record.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/fake_model.h"
#include "tests/fixtures/run.h"

static struct session session;
static struct record record;
static struct record_options options;
static const char *weights;

static uint64_t fake_time = 5000000000;
static uint64_t fake_clock(void)
{
    return fake_time;
}

static void section(struct json *json, const void *context)
{
    json_add_string(json, "latency", context);
}

static void print(struct out *out, const void *context)
{
    out_print(out, "behind: %s\n", (const char *)context);
}

/* Two figures with samples, one without; 7 seconds. */
static void measure(bool complete)
{
    enum { FIGURES = 3, SAMPLES = 20, LONGEST = 10 };
    char verb[] = "fake bench", option[] = "-p", value[] = "a \"b\"";
    char *argv[] = {verb, option, value, NULL};
    record_check(&record, &options, "bench", "all of it", 3, argv);
    const uint64_t bytes = record_bytes(FIGURES, SAMPLES, LONGEST);
    session_open(&session,
                 &(struct session_options){
                     .weights = weights, .threads = 1, .quiet = true, .host_bytes = bytes});
    clock_replace(fake_clock);
    record_begin(&record, &session, arena_take(&session.io, bytes), FIGURES, SAMPLES);
    arena_seal();
    struct figure *decode = record_figure(&record, 10, "decode", "tokens/s", "tg%d, x", 128);
    decode->n_gen = 128;
    decode->depth = 0;
    static const double speeds[] = {0.1, 1.0 / 3, 300, 4, 0.5, 1e-7};
    for (int i = 0; i < 6; i++)
        figure_sample(decode, speeds[i]);
    figure_scalar(decode, "bytes_per_second", 2.5e9, "GB/s", 1e-9);
    figure_scalar(decode, "share_of_read", (double)NAN, NULL, 1);
    record_done(&record, decode);
    record_done(&record, record_figure(&record, 1, "prefill", "tokens/s", "none"));
    struct figure *token = record_figure(&record, 2, "latency", "s", "first");
    token->lower_is_better = true;
    figure_sample(token, 0.004);
    figure_sample(token, 0.006);
    record_done(&record, token);
    fake_time += 7000000000;
    static const double peak[] = {1e10, 1.5e10};
    static struct canary_time times[] = {
        {CANARY_BEFORE, NULL, -1, 0.125, 0.125, (double)NAN},
        {CANARY_BETWEEN, "first", 3, 0.25, 0.25, 1e6},
    };
    const struct canary canary = {.times = times, .count = 2, .counted = "nothing"};
    const struct record_end end = {.complete = complete,
                                   .canary = &canary,
                                   .read_bytes = {peak, 2},
                                   .section = section,
                                   .print = print,
                                   .context = "word"};
    exit(record_end(&record, &end));
}

static void measure_whole(void)
{
    measure(true);
}
static void measure_part(void)
{
    measure(false);
}

static struct child *record_in(enum record_format format, const char *path, void (*what)(void))
{
    options = (struct record_options){.format = format, .path = path};
    return child_call(what);
}

static const char *text_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double real_of(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

static json_t *parsed(const char *text, size_t bytes)
{
    json_error_t error;
    json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "line %d: %s in %.*s", error.line, error.text, (int)bytes, text);
    return value;
}

static void check_head(json_t *object)
{
    ck_assert_int_eq(json_integer_value(json_object_get(object, "schema")), RECORD_SCHEMA);
    ck_assert_str_eq(text_of(object, "verb"), "bench");
    json_t *command = json_object_get(object, "command");
    ck_assert_uint_eq(json_array_size(command), 3);
    ck_assert_str_eq(json_string_value(json_array_get(command, 0)), "bench");
    ck_assert_str_eq(json_string_value(json_array_get(command, 2)), "a \"b\"");
    json_t *of = json_object_get(object, "model");
    ck_assert_str_eq(text_of(of, "name"), "fake");
    ck_assert_uint_eq(strlen(text_of(of, "config_digest")), 32);
    ck_assert_int_eq((int)real_of(of, "vocab"), FAKE_VOCAB);
    ck_assert_int_eq((int)real_of(of, "state_bytes"), FAKE_STATE_BYTES);
    ck_assert_int_eq((int)real_of(json_object_get(object, "run"), "threads"), 1);
    ck_assert_str_eq(text_of(json_object_get(object, "run"), "weights"), "file");
    ck_assert_str_eq(text_of(json_object_get(object, "build"), "backend"), "cpu");
    ck_assert_str_eq(text_of(json_object_get(object, "clock"), "includes"), "all of it");
    ck_assert_uint_eq(strlen(text_of(object, "started")), strlen("2026-11-30T22:00:00Z"));
}

static void check_decode(json_t *figure)
{
    static const double samples[] = {0.1, 1.0 / 3, 300, 4, 0.5, 1e-7};
    ck_assert_str_eq(text_of(figure, "name"), "tg128, x");
    ck_assert_str_eq(text_of(figure, "better"), "higher");
    ck_assert(json_object_get(figure, "n_prompt") == NULL);
    ck_assert_int_eq((int)real_of(figure, "n_gen"), 128);
    ck_assert_int_eq((int)real_of(figure, "depth"), 0);
    json_t *read = json_object_get(figure, "samples");
    ck_assert_uint_eq(json_array_size(read), 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert(json_number_value(json_array_get(read, i)) == samples[i]);
    ck_assert_double_eq_tol(real_of(figure, "mean"), 50.82222223888889, 1e-12);
    ck_assert_double_eq_tol(real_of(figure, "sd"), 122.08110539417395, 1e-12);
    ck_assert(real_of(figure, "median") == (1.0 / 3 + 0.5) / 2);
    ck_assert_double_ge(real_of(figure, "low"), 1e-7);
    ck_assert_double_le(real_of(figure, "high"), 300);
    ck_assert(real_of(figure, "bytes_per_second") == 2.5e9);
    ck_assert(json_is_null(json_object_get(figure, "share_of_read")));
}

static void check_tail(json_t *object, bool complete)
{
    ck_assert_int_eq(json_is_true(json_object_get(object, "complete")), complete);
    ck_assert(real_of(object, "seconds") == 7);
    json_t *peaks = json_object_get(object, "peaks");
    ck_assert_uint_eq(json_array_size(json_object_get(peaks, "read_bytes_per_second")), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(peaks, "multiply_adds_per_second")), 0);
    json_t *canary = json_object_get(object, "canary");
    ck_assert_uint_eq(json_array_size(canary), 2);
    json_t *before = json_array_get(canary, 0);
    ck_assert(json_is_null(json_object_get(before, "figure")));
    ck_assert(json_is_null(json_object_get(before, "index")));
    ck_assert(json_is_null(json_object_get(before, "cycles")));
    ck_assert_str_eq(text_of(json_array_get(canary, 1), "figure"), "first");
    ck_assert_str_eq(text_of(object, "latency"), "word");
}

static void check_whole(const char *text, size_t bytes, bool complete)
{
    json_t *object = parsed(text, bytes);
    check_head(object);
    json_t *figures = json_object_get(object, "figures");
    ck_assert_uint_eq(json_array_size(figures), 2);
    check_decode(json_array_get(figures, 0));
    json_t *first = json_array_get(figures, 1);
    ck_assert_str_eq(text_of(first, "better"), "lower");
    ck_assert(real_of(first, "median") == 0.005);
    ck_assert(json_is_null(json_object_get(first, "low")));
    check_tail(object, complete);
    json_decref(object);
}

START_TEST(json_on_standard_output_and_in_the_file_are_the_same_object)
{
    const char *path = child_scratch("record.json");
    struct child *child = record_in(RECORD_JSON, path, measure_whole);
    ck_assert_msg(child->code == EXIT_SUCCESS, "%s", child->err);
    check_whole(child->out, child->out_bytes, true);
    static char file[CHILD_OUTPUT_BYTES];
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(from);
    const size_t bytes = fread(file, 1, sizeof file, from);
    fclose(from);
    ck_assert_uint_eq(bytes, child->out_bytes);
    ck_assert(memcmp(file, child->out, bytes) == 0);
    child = record_in(RECORD_JSON, NULL, measure_part);
    ck_assert_int_eq(child->code, EXIT_INTERRUPTED);
    check_whole(child->out, child->out_bytes, false);
}
END_TEST

START_TEST(json_lines_are_a_head_a_line_for_each_figure_and_a_tail)
{
    static const char *const parts[] = {"head", "figure", "figure", "tail"};
    struct child *child = record_in(RECORD_JSONL, NULL, measure_whole);
    ck_assert_int_eq(child->code, EXIT_SUCCESS);
    const char *at = child->out;
    for (int line = 0; line < 4; line++) {
        const size_t bytes = strcspn(at, "\n");
        json_t *object = parsed(at, bytes);
        ck_assert_str_eq(text_of(object, "part"), parts[line]);
        if (line == 0)
            check_head(object);
        if (line == 1)
            check_decode(object);
        if (line == 3)
            check_tail(object, true);
        json_decref(object);
        at += bytes + 1;
    }
    ck_assert_str_eq(at, "");
}
END_TEST

#define DISTURBED                                                                                  \
    "disturbed: samples 0 to 2 of first, while the machine was slower (the same work took up to "  \
    "2.00 times as long in the processor, 2.00 times from memory)\n"

START_TEST(tables_have_a_line_for_each_figure)
{
    struct child *child = record_in(RECORD_MD, NULL, measure_whole);
    ck_assert_str_eq(
        child->out,
        "| figure   | unit     |      mean ± sd | median |  95% interval |  n |  GB/s |\n"
        "| -------- | -------- | -------------: | -----: | ------------: | -: | ----: |\n"
        "| tg128, x | tokens/s | 50.82 ± 122.08 | 0.4167 | 0.0500 .. 152 |  6 | 2.500 |\n"
        "| first    | ms       |      5 ± 1.414 |      5 |             - |  2 |       |\n"
        "behind: word\n" DISTURBED);
    child = record_in(RECORD_TABLE, NULL, measure_part);
    ck_assert_str_eq(child->out,
                     "figure    unit           mean ± sd  median   95% interval   n   GB/s\n"
                     "tg128, x  tokens/s  50.82 ± 122.08  0.4167  0.0500 .. 152   6  2.500\n"
                     "first     ms             5 ± 1.414       5              -   2       \n"
                     "behind: word\n" DISTURBED);
    child = record_in(RECORD_CSV, NULL, measure_whole);
    ck_assert_str_eq(child->out,
                     "name,kind,unit,better,n_prompt,n_gen,depth,samples,mean,sd,median,low,high,"
                     "bytes_per_second,share_of_read\n"
                     "\"tg128, x\",decode,tokens/s,higher,,128,0,6,50.82222223888889,"
                     "122.08110539417395,0.41666666666666663,0.050000050000000004,152,2500000000,\n"
                     "first,latency,s,lower,,,,2,0.005,0.001414213562373095,0.005,,,,\n");
}
END_TEST

static void limited(void)
{
    interrupt_catch();
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){2000, 2000});
    measure(true);
}

START_TEST(a_record_that_cannot_be_written_is_refused_and_the_rest_is_printed)
{
    struct child *child = record_in(RECORD_JSON, "/nowhere/at/all.json", measure_whole);
    ck_assert_int_eq(child->code, EXIT_FAILED);
    ck_assert_str_eq(child->out, "");
    ck_assert_ptr_nonnull(strstr(child->err, "--record /nowhere/at/all.json: "));
    ck_assert_ptr_nonnull(strstr(child->err, strerror(ENOENT)));
    const char *path = child_scratch("full.json");
    child = record_in(RECORD_TABLE, path, limited);
    ck_assert_int_eq(child->code, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(child->err, "cannot write: File too large; the record is lost"));
    ck_assert_ptr_nonnull(strstr(child->out, "tg128, x"));
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(reals_are_the_shortest_text_that_reads_back)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {-2.5e-300, "-2.5e-300"},
                 {1.2345678901234568e17, "1.2345678901234568e+17"},
                 {5e-324, "4.94065645841247e-324"},
                 {0, "0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct number_text text = number_text_real(cases[i].value);
        ck_assert_str_eq(text.text, cases[i].text);
        ck_assert(strtod(text.text, NULL) == cases[i].value);
    }
}
END_TEST

int main(void)
{
    uint64_t bytes;
    uint8_t *file = fake_weights(NULL, 0, &bytes);
    weights = child_scratch("record.weights");
    fake_write(weights, file, bytes);
    free(file);
    Suite *suite = suite_create("record");
    TCase *record_case = tcase_create("record");
    tcase_set_timeout(record_case, 120);
    tcase_add_test(record_case, json_on_standard_output_and_in_the_file_are_the_same_object);
    tcase_add_test(record_case, json_lines_are_a_head_a_line_for_each_figure_and_a_tail);
    tcase_add_test(record_case, tables_have_a_line_for_each_figure);
    tcase_add_test(record_case, a_record_that_cannot_be_written_is_refused_and_the_rest_is_printed);
    tcase_add_test(record_case, reals_are_the_shortest_text_that_reads_back);
    suite_add_tcase(suite, record_case);
    return tests_run(suite);
}
