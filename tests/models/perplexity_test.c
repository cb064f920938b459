/* `perplexity` against transformers, and divergences against the logits of both models.
 *
 * Reads tests/data/perplexity/expected.json (made by make_perplexity.py of tests/references/) and
 * runs the binaries that 'make test' built: for the CPU, and for CUDA over the interpreter. */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/npy.h"
#include "tests/fixtures/run.h"

#define TEXTS "tests/data/perplexity/"

/* Both compute in f32; keys and values of the saved models are bf16 here. */
static const double TOLERANCE = 1e-6, SAVED_TOLERANCE = 5e-4;

static json_t *expected, *cases;

static json_t *read_json(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    ck_assert_msg(root != NULL, "%s:%d: %s", path, error.line, error.text);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

/* Runs the verb; returns the section of its record. */
static json_t *measure(const char *binaries, const char *backend, const char *model,
                       const char *options)
{
    static int runs;
    char command[1024], path[256];
    snprintf(path, sizeof path, TEST_DIR "/perplexity-%d-%d.json", (int)getpid(), runs++);
    snprintf(command, sizeof command, "%s/%s perplexity -q -m build/%s/%s.weights -o json %s >%s",
             binaries, model, backend, model, options, path);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
    json_t *record = read_json(path);
    unlink(path);
    ck_assert(json_is_true(json_object_get(record, "complete")));
    json_t *section = json_incref(json_object_get(record, "perplexity"));
    json_decref(record);
    ck_assert_ptr_nonnull(section);
    return section;
}

static void assert_near(const json_t *got, const char *key, double want, double tolerance)
{
    const double value = number(got, key);
    ck_assert_msg(fabs(value - want) <= tolerance * fabs(want), "%s: %.10g, expected %.10g", key,
                  value, want);
}

static void assert_case(const json_t *c, const json_t *got, double tolerance)
{
    const json_t *error = json_object_get(got, "error"), *errors = json_object_get(c, "errors");
    const bool halves = strcmp(json_string_value(json_object_get(c, "kind")), "halves") == 0;
    assert_near(got, "text_tokens", number(c, "text_tokens"), 0);
    assert_near(got, "tokens", number(c, "tokens"), 0);
    assert_near(got, "token_perplexity", number(c, "token_perplexity"), tolerance);
    /* The documentation's loop weighs a window by one token less than it scores: on these short
     * texts that is 0.12% at most. */
    if (!halves)
        assert_near(got, "token_perplexity", number(c, "loop"), 1.5e-3);
    const double want = halves ? number(c, "independent") : number(errors, "token_perplexity");
    assert_near(error, "token_perplexity", want, 10 * tolerance);
    ck_assert(json_is_true(json_object_get(got, "bos")) == json_is_true(json_object_get(c, "bos")));
    if (json_object_get(c, "bytes") == NULL)
        return;
    assert_near(got, "bytes", number(c, "bytes"), 0);
    assert_near(got, "words", number(c, "words"), 0);
    assert_near(got, "word_perplexity", number(c, "word_perplexity"), 10 * tolerance);
    assert_near(got, "byte_perplexity", number(c, "byte_perplexity"), tolerance);
    assert_near(got, "bits_per_byte", number(c, "bits_per_byte"), tolerance);
}

static void check_case(const char *binaries, const char *backend, const json_t *c)
{
    char options[256];
    const char *model = json_string_value(json_object_get(c, "model"));
    const char *kind = json_string_value(json_object_get(c, "kind"));
    const char *text = json_string_value(json_object_get(c, "text"));
    const int window = (int)number(c, "window"), stride = (int)number(c, "stride");
    if (strcmp(kind, "whole") == 0)
        snprintf(options, sizeof options, TEXTS "%s.txt", text);
    else if (strcmp(kind, "halves") == 0)
        snprintf(options, sizeof options, TEXTS "%s.txt --like-llama-cpp --window %d", text,
                 window);
    else
        snprintf(options, sizeof options, TEXTS "%s.txt --window %d --stride %d", text, window,
                 stride);
    json_t *got = measure(binaries, backend, model, options);
    printf("%-4s %-16s %-8s %-8s %4d/%-4d %12.6f, transformers %12.6f\n", backend, model, text,
           kind, window, stride, number(got, "token_perplexity"), number(c, "token_perplexity"));
    assert_case(c, got, strncmp(model, "saved", 5) == 0 ? SAVED_TOLERANCE : TOLERANCE);
    json_decref(got);
}

START_TEST(transformers)
{
    check_case(TEST_OUT, "cpu", json_array_get(cases, (size_t)_i));
}
END_TEST

/* Weights in f32 are not rounded there. The short text: an interpreter runs it. */
START_TEST(transformers_cuda)
{
    size_t checked = 0, i;
    json_t *c;
    json_array_foreach(cases, i, c)
    {
        const char *model = json_string_value(json_object_get(c, "model"));
        const char *text = json_string_value(json_object_get(c, "text"));
        if (strcmp(text, "spaces") != 0 ||
            (strcmp(model, "llama-a-f32") != 0 && strcmp(model, "mamba-a-f32") != 0))
            continue;
        check_case(TEST_SIMT, "cuda", c);
        checked++;
    }
    ck_assert_uint_ge(checked, 3);
}
END_TEST

/* ---- divergence --------------------------------------------------------------------------- */

enum { MOST_TOKENS = 2000 };
static struct npy base, other;
static double divergences[MOST_TOKENS], changes[MOST_TOKENS];

static void shell(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
}

static double log_sum(const float *row, uint64_t cols)
{
    double sum = 0, most = (double)row[npy_argmax(row, cols)];
    for (uint64_t i = 0; i < cols; i++)
        sum += exp((double)row[i] - most);
    return most + log(sum);
}

static int ascending(const void *a, const void *b)
{
    const double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

static double quantile(const double *sorted, uint32_t count, double share)
{
    const double at = share * (count - 1);
    const uint32_t low = (uint32_t)at, high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/* What numpy would say of the logits of both: each figure by its definition. */
static void assert_divergence(const json_t *got, const uint32_t *ids, uint32_t tokens)
{
    const uint32_t count = tokens - 1;
    double mean = 0, same = 0, change = 0, square = 0, bits = 0;
    for (uint32_t t = 0; t < count; t++) {
        const float *p = base.values + t * base.cols, *q = other.values + t * base.cols;
        const double p_sum = log_sum(p, base.cols), q_sum = log_sum(q, base.cols);
        divergences[t] = 0;
        for (uint64_t i = 0; i < base.cols; i++)
            divergences[t] +=
                exp((double)p[i] - p_sum) * (((double)p[i] - p_sum) - ((double)q[i] - q_sum));
        const double q_nats = q_sum - (double)q[ids[t + 1]], p_nats = p_sum - (double)p[ids[t + 1]];
        changes[t] = exp(-q_nats) - exp(-p_nats);
        mean += divergences[t] / count;
        same += npy_argmax(p, base.cols) == npy_argmax(q, base.cols);
        change += changes[t] / count;
        square += changes[t] * changes[t] / count;
        bits += (q_nats - p_nats) / count;
    }
    qsort(divergences, count, sizeof *divergences, ascending);
    qsort(changes, count, sizeof *changes, ascending);
    printf("KL divergence %.6g, p99 %.3g, same top %.4f\n", mean,
           quantile(divergences, count, 0.99), same / count);
    ck_assert_double_gt(mean, 0);
    assert_near(got, "tokens", count, 0);
    assert_near(got, "kl_mean", mean, 1e-9);
    assert_near(got, "kl_median", quantile(divergences, count, 0.5), 1e-8);
    assert_near(got, "kl_p99", quantile(divergences, count, 0.99), 1e-8);
    assert_near(got, "kl_p999", quantile(divergences, count, 0.999), 1e-8);
    assert_near(got, "kl_max", divergences[count - 1], 1e-8);
    assert_near(got, "top1", same / count, 1e-12);
    assert_near(got, "dp_mean", change, 1e-8);
    assert_near(got, "dp_rms", sqrt(square), 1e-9);
    assert_near(got, "dp_max", changes[count - 1], 1e-8);
    assert_near(got, "perplexity_ratio", exp(bits), 1e-9);
}

static uint32_t read_ids(const char *path, uint32_t *ids)
{
    uint32_t count = 0;
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (count < MOST_TOKENS && fscanf(file, "%u", &ids[count]) == 1)
        count++;
    fclose(file);
    return count;
}

static void logits_of(const char *binaries, const char *backend, const char *model,
                      const char *path, struct npy *array)
{
    shell("%s/%s logits -q -m build/%s/%s.weights --ids " TEST_DIR "/perplexity.ids -o %s",
          binaries, model, backend, model, path);
    npy_read(path, array);
}

/* `same`: options that change no bits. */
static void check_divergence(const char *binaries, const char *backend, const char *from,
                             const char *to, const char *same)
{
    static uint32_t ids[MOST_TOKENS];
    char options[512];
    shell(TEST_OUT "/%s tokenize -m build/cpu/%s.weights -f " TEXTS "spaces.txt >" TEST_DIR
                   "/perplexity.ids",
          from, from);
    const uint32_t tokens = read_ids(TEST_DIR "/perplexity.ids", ids);
    logits_of(binaries, backend, from, TEST_DIR "/perplexity-base.npy", &base);
    logits_of(binaries, backend, to, TEST_DIR "/perplexity-other.npy", &other);
    ck_assert_uint_eq(base.rows, tokens);
    json_decref(measure(binaries, backend, from,
                        TEXTS "spaces.txt --window 390 --save-logprobs " TEST_DIR "/base.logits"));
    for (int self = 0; self < 2; self++) {
        snprintf(options, sizeof options, TEXTS "spaces.txt --window 390 --against %s%s",
                 TEST_DIR "/base.logits", self ? same : "");
        json_t *got = measure(binaries, backend, self ? from : to, options);
        const json_t *against = json_object_get(got, "against");
        ck_assert_str_eq(json_string_value(json_object_get(against, "model")), from);
        if (!self)
            assert_divergence(against, ids, tokens);
        for (size_t i = 0; self && i < 3; i++)
            ck_assert_double_eq(number(against, (const char *[]){"kl_mean", "kl_max", "dp_rms"}[i]),
                                0.0);
        if (self)
            ck_assert_double_eq(number(against, "top1"), 1.0);
        json_decref(got);
    }
}

START_TEST(divergence)
{
    check_divergence(TEST_OUT, "cpu", "llama-a-f32", "llama-a-bf16", " -t 1 -b 7");
    check_divergence(TEST_OUT, "cpu", "mamba-a-f32", "mamba-a-bf16", " -t 1 -b 7");
}
END_TEST

/* Chunks change bits there. */
START_TEST(divergence_cuda)
{
    check_divergence(TEST_SIMT, "cuda", "mamba-a-f32", "mamba-a-bf16", " -t 1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("perplexity");
    TCase *each = tcase_create("transformers");
    json_error_t error;
    expected = json_load_file(TEXTS "expected.json", 0, &error);
    cases = json_object_get(expected, "cases");
    if (!json_is_array(cases)) {
        printf("FAIL: " TEXTS "expected.json: %s\n", error.text);
        return EXIT_FAILURE;
    }
    tcase_set_timeout(each, 300);
    tcase_add_loop_test(each, transformers, 0, (int)json_array_size(cases));
    tcase_add_test(each, divergence);
    if (access(TEST_SIMT "/llama-a-f32", X_OK) == 0) {
        tcase_add_test(each, transformers_cuda);
        tcase_add_test(each, divergence_cuda);
    } else {
        printf("skip: perplexity on CUDA (%s was not built: no CUDA headers)\n",
               TEST_SIMT "/llama-a-f32");
    }
    suite_add_tcase(suite, each);
    const int code = tests_run(suite);
    json_decref(expected);
    return code;
}
