/* Records as compare and report read them: JSON, JSON lines, what llama-bench prints; and what is
 * wrong with a file, by name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"
#include "tools/measure/record_read.h"

#define HEAD                                                                                       \
    "\"schema\": 2, \"verb\": \"bench\", \"model\": {\"name\": \"tiny\", \"layers\": 2}, "         \
    "\"run\": {\"threads\": 2}"
#define FIGURE(name, samples)                                                                      \
    "\"name\": \"" name "\", \"kind\": \"decode\", \"unit\": \"tokens/s\", \"better\": "           \
    "\"higher\", \"n_gen\": 128, \"unknown\": [1, {}], \"samples\": " samples
#define TAIL                                                                                       \
    "\"complete\": true, \"canary\": [{\"when\": \"before\", \"figure\": null, \"index\": null, "  \
    "\"seconds\": 0.5, \"cycles\": null}, {\"when\": \"between\", \"figure\": \"tg128\", "         \
    "\"index\": 3, \"seconds\": 0.75, \"compute_seconds\": 0.25, \"memory_seconds\": 0.5}], "      \
    "\"perplexity\": {\"tokens\": 7}"
#define WHOLE(figures) "{" HEAD ", \"figures\": [" figures "], " TAIL "}"
static const char whole[] =
    WHOLE("{" FIGURE("tg128", "[1, 2.5, 4]") "}, {" FIGURE("tg64", "[]") "}");
static const char lines[] =
    "{\"part\": \"head\", " HEAD "}\n"
    "{\"part\": \"figure\", " FIGURE(
        "tg128", "[1, 2.5, 4]") "}\n"
                                "{\"part\": \"figure\", " FIGURE(
                                    "tg64", "[]") "}\n"
                                                  "{\"part\": \"tail\", " TAIL "}\n";

static struct record_read record;
static char error[RECORD_READ_ERROR];

/* From memory of exactly its size, so that a sanitizer sees a byte too far. */
static bool read_bytes(const char *text, size_t bytes)
{
    char *copy = malloc(bytes + (bytes == 0));
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, bytes);
    error[0] = '\0';
    const bool ok = record_read_text(&record, "a.json", copy, bytes, error);
    free(copy);
    return ok;
}

static void ck_read(const char *text)
{
    ck_assert_msg(read_bytes(text, strlen(text)), "%s", error);
}

static void ck_refused(const char *text, const char *message)
{
    ck_assert_msg(!read_bytes(text, strlen(text)), "read: %s", text);
    ck_assert_str_eq(error, message);
    ck_assert_ptr_null(record.root);
}

static void ck_is_whole(void)
{
    ck_assert_str_eq(record.verb, "bench");
    ck_assert_str_eq(record.model, "tiny");
    ck_assert_uint_eq(record.figure_count, 2);
    const struct read_figure *figure = record_read_find(&record, "tg128");
    ck_assert_ptr_eq(figure, &record.figures[0]);
    ck_assert_ptr_null(record_read_find(&record, "tg12"));
    ck_assert_str_eq(figure->kind, "decode");
    ck_assert_str_eq(figure->unit, "tokens/s");
    ck_assert(!figure->lower_is_better);
    ck_assert_int_eq(figure->n_gen, 128);
    ck_assert_int_eq(figure->n_prompt, -1);
    ck_assert_uint_eq(figure->count, 3);
    ck_assert(figure->samples[0] == 1 && figure->samples[1] == 2.5 && figure->samples[2] == 4);
    ck_assert_uint_eq(record.figures[1].count, 0);
}

START_TEST(a_record_is_read)
{
    ck_read(whole);
    ck_is_whole();
    ck_assert(record.complete && !record.llama_bench);
    ck_assert_uint_eq(record.canary_count, 2);
    ck_assert_ptr_null(record.canaries[0].figure);
    ck_assert_int_eq(record.canaries[0].index, -1);
    ck_assert(record.canaries[0].seconds == 0.5 && isnan(record.canaries[0].compute));
    ck_assert_str_eq(record.canaries[1].figure, "tg128");
    ck_assert_int_eq(record.canaries[1].index, 3);
    ck_assert(record.canaries[1].memory == 0.5);
    record_read_free(&record);
}
END_TEST

/* JSON lines come to the same object; cut off anywhere behind the head, what is there is read, and
 * it is not complete. */
START_TEST(json_lines_are_joined)
{
    ck_read(lines);
    ck_is_whole();
    ck_assert(record.complete);
    json_t *joined = json_incref(record.root);
    record_read_free(&record);
    ck_read(whole);
    const char *const keys[] = {"canary", "perplexity", "model", "run", "complete"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ck_assert(
            json_equal(json_object_get(joined, keys[i]), json_object_get(record.root, keys[i])));
    json_decref(joined);
    record_read_free(&record);
    const size_t head = (size_t)(strchr(lines, '\n') - lines);
    const size_t tail = (size_t)(strstr(lines, "{\"part\": \"tail") - lines);
    for (size_t bytes = 0; bytes + 2 < sizeof lines; bytes++) {
        const bool ok = read_bytes(lines, bytes);
        ck_assert_msg(ok == (bytes >= head), "%zu bytes: %s", bytes, error);
        if (ok)
            ck_assert(!record.complete && record.figure_count <= 2 &&
                      (bytes < tail || record.figure_count == 2));
        record_read_free(&record);
    }
}
END_TEST

#define ROW(prompt, gen, more)                                                                     \
    "{\"build_commit\": \"abc\", \"cpu_info\": \"EPYC\", \"gpu_info\": \"\", "                     \
    "\"model_filename\": \"m.gguf\", \"model_type\": \"llama 1B BF16\", \"n_prompt\": " #prompt    \
    ", \"n_gen\": " #gen more ", \"samples_ns\": [500000000, 250000000], \"samples_ts\": [1, 2]}"

START_TEST(llama_bench_becomes_a_record)
{
    static const char *const texts[] = {
        "[\n " ROW(512, 0, ", \"n_threads\": 2, \"n_depth\": 0") ",\n " ROW(
            0, 128,
            ", \"n_threads\": "
            "2, \"n_depth\": 4096") ",\n" ROW(512, 128, ", \"n_threads\": 2") "\n]\n",
        ROW(512, 0, ", \"n_threads\": 2, \"n_depth\": 0") "\n" ROW(
            0, 128,
            ", \"n_threads\": 2, "
            "\"n_depth\": 4096") "\n" ROW(512, 128, ", \"n_threads\": 2") "\n"};
    for (int i = 0; i < 2; i++) {
        ck_read(texts[i]);
        ck_assert(record.llama_bench && record.complete);
        ck_assert_str_eq(record.model, "llama 1B BF16");
        ck_assert_uint_eq(record.figure_count, 3);
        ck_assert_str_eq(record.figures[0].name, "pp512");
        ck_assert_str_eq(record.figures[0].kind, "prefill");
        ck_assert(record.figures[0].samples[0] == 1024 && record.figures[0].samples[1] == 2048);
        ck_assert_str_eq(record.figures[1].name, "tg128 @ d4096");
        ck_assert_int_eq(record.figures[1].depth, 4096);
        ck_assert(record.figures[1].samples[0] == 256);
        ck_assert_str_eq(record.figures[2].name, "pp512+tg128");
        ck_assert(record.figures[2].samples[0] == 1280);
        ck_assert_int_eq(
            json_integer_value(json_object_get(json_object_get(record.root, "run"), "threads")), 2);
        record_read_free(&record);
    }
    ck_read("[" ROW(0, 32, ", \"n_threads\": 1") ", " ROW(0, 32, ", \"n_threads\": 2") "]");
    ck_assert_str_eq(record.figures[1].name, "tg32 @ t2");
    record_read_free(&record);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    ck_refused("", "a.json:1: '[' or '{' expected near end of file");
    ck_refused("[]", "a.json: no row of llama-bench in it");
    ck_refused("{\"figures\": []}", "a.json: no \"schema\" in it: no record of ingot, nor what "
                                    "llama-bench -o json prints");
    ck_refused("{\"schema\": 1, \"name\": \"x\"}",
               "a.json: schema 1; this program reads 2: measure again");
    ck_refused("{\"schema\": 3}", "a.json: schema 3; this program reads 2: use that of the ingot "
                                  "that wrote it");
    ck_refused("{\"schema\": \"2\"}", "a.json: \"schema\" is no whole number");
    ck_refused("{\"schema\": 2, \"verb\": \"bench\", \"model\": []}",
               "a.json: \"model\" is no object");
    ck_refused(
        "{\"schema\": 2, \"verb\": \"bench\"}",
        "a.json: \"model\" has no \"name\", or no text there; expected a record of ingot, or "
        "what llama-bench -o json prints");
    ck_refused("{" HEAD "}", "a.json: no array \"figures\" in it");
    ck_refused(WHOLE("7"), "a.json: figure 1 is no object");
    ck_refused(WHOLE("{" FIGURE("a", "[1, null]") "}"),
               "a.json: figure 1, 'a',: sample 2 is no number");
    ck_refused(WHOLE("{" FIGURE("a", "[NaN]") "}"),
               "a.json: figure 1, 'a',: sample 1 is no number");
    ck_refused(WHOLE("{" FIGURE("a", "7") "}"),
               "a.json: figure 1, 'a', has no array \"samples\"; verdicts need the raw samples");
    ck_refused(WHOLE("{" FIGURE("a", "[1]") "}, {" FIGURE("a", "[1]") "}"),
               "a.json: two figures have the name 'a'; measure them apart");
    ck_refused(WHOLE("{" FIGURE("a", "[1], \"depth\": -1") "}"),
               "a.json: figure 1, 'a',: \"depth\" is no whole number from 0");
    ck_refused(WHOLE("{\"name\": \"b\\u0007\", \"kind\": \"decode\", \"unit\": \"s\", \"better\": "
                     "\"most\"}"),
               "a.json: figure 1, 'bU+0007',: \"better\" is 'most'; expected 'higher' or 'lower'");
    ck_refused("{" HEAD ", \"figures\": [], \"canary\": [{\"seconds\": 0}]}",
               "a.json: canary 1: \"seconds\" is no number above 0");
    ck_refused("{" HEAD ", \"figures\": [], \"canary\": [{}]}",
               "a.json: canary 1 has no \"seconds\"");
    ck_refused("{\"part\": \"tail\"}\n",
               "a.json:1: neither a record's \"part\": \"head\" nor a row "
               "of llama-bench");
    ck_refused("{\"part\": \"head\", " HEAD "}\n{\"part\": \"head\"}\n",
               "a.json:2: expected a \"part\": \"figure\", or a \"tail\" with \"complete\"");
    ck_refused("{\"part\": \"head\", " HEAD "}\n{\"part\": \"fig\n{}\n",
               "a.json:2: premature end of input near '\"fig'");
    ck_refused("[" ROW(0, 0, "") "]",
               "a.json: row 1: \"n_prompt\" and \"n_gen\" are no counts of tokens");
    ck_refused("[" ROW(0, 1, "") ", 3]",
               "a.json: row 2 is none of llama-bench: no \"samples_ns\" and \"n_gen\"");
    ck_refused("[" ROW(0, 1, "") ", " ROW(0, 1, "") "]",
               "a.json: two figures have the name 'tg1'; measure them apart");
    ck_refused("[{\"n_prompt\": 0, \"n_gen\": 1, \"samples_ns\": [0]}]",
               "a.json: row 1: \"samples_ns\" 1 is no number above 0");
}
END_TEST

START_TEST(files_are_read)
{
    const char *path = child_scratch("record.json");
    char message[RECORD_READ_ERROR];
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(lines, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(record_read_file(&record, path, message));
    ck_is_whole();
    record_read_free(&record);
    ck_assert(!record_read_file(&record, "/nonexistent/a.json", message));
    ck_assert_str_eq(message, "/nonexistent/a.json: cannot read: No such file or directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record_read");
    TCase *tests = tcase_create("record_read");
    tcase_add_test(tests, a_record_is_read);
    tcase_add_test(tests, json_lines_are_joined);
    tcase_add_test(tests, llama_bench_becomes_a_record);
    tcase_add_test(tests, what_is_wrong_is_named);
    tcase_add_test(tests, files_are_read);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
