#include "tools/measure/llama_bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool fail(char error[LLAMA_BENCH_ERROR], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(char error[LLAMA_BENCH_ERROR], const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(error, LLAMA_BENCH_ERROR, format, values);
    va_end(values);
    return false;
}

bool llama_bench_is_row(const json_t *object)
{
    return json_object_get(object, "samples_ns") != NULL &&
           json_object_get(object, "n_gen") != NULL;
}

/* A row's number from 0; -1: none is there. */
static json_int_t count_of(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
                                                                    : -1;
}

/* Tokens per second of each repetition. */
static json_t *convert_samples(const json_t *row, json_int_t tokens, size_t number,
                               char error[LLAMA_BENCH_ERROR])
{
    const json_t *times = json_object_get(row, "samples_ns");
    json_t *samples = json_array();
    for (size_t i = 0; i < json_array_size(times); i++) {
        const double time = json_number_value(json_array_get(times, i));
        if (!(time > 0)) {
            fail(error, "row %zu: \"samples_ns\" %zu is no number above 0", number, i + 1);
            json_decref(samples);
            return NULL;
        }
        json_array_append_new(samples, json_real(1e9 * (double)tokens / time));
    }
    return samples;
}

/* The name of a row's figure; threads below 0: not in it. */
static void name_row(char *name, size_t room, json_int_t prompt, json_int_t gen, json_int_t depth,
                     json_int_t threads)
{
    int at = 0;
    if (prompt > 0)
        at += snprintf(name, room, "pp%lld%s", (long long)prompt, gen > 0 ? "+" : "");
    if (gen > 0)
        at += snprintf(name + at, room - (size_t)at, "tg%lld", (long long)gen);
    if (depth > 0)
        at += snprintf(name + at, room - (size_t)at, " @ d%lld", (long long)depth);
    if (threads >= 0)
        snprintf(name + at, room - (size_t)at, " @ t%lld", (long long)threads);
}

static json_t *convert_row(const json_t *row, size_t number, bool name_threads,
                           char error[LLAMA_BENCH_ERROR])
{
    const json_int_t prompt = count_of(row, "n_prompt"), gen = count_of(row, "n_gen");
    const json_int_t depth = count_of(row, "n_depth"); /* older ones have none */
    const json_int_t threads = name_threads ? count_of(row, "n_threads") : -1;
    const json_int_t most = 1000000000000; /* 10^12: sums stay numbers */
    char name[128];
    if (prompt < 0 || gen < 0 || prompt > most || gen > most || prompt + gen == 0) {
        fail(error, "row %zu: \"n_prompt\" and \"n_gen\" are no counts of tokens", number);
        return NULL;
    }
    json_t *samples = convert_samples(row, prompt + gen, number, error);
    if (samples == NULL)
        return NULL;
    name_row(name, sizeof name, prompt, gen, depth, threads);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "name", name, "kind",
                     gen == 0      ? "prefill"
                     : prompt == 0 ? "decode"
                                   : "both",
                     "unit", "tokens/s", "better", "higher", "n_prompt", prompt, "n_gen", gen,
                     "depth", depth > 0 ? depth : (json_int_t)0, "samples", samples);
}

/* Whether the rows have one value of a key, a text or a number. */
static bool is_common(const json_t *rows, const char *key)
{
    for (size_t i = 1; i < json_array_size(rows); i++)
        if (!json_equal(json_object_get(json_array_get(rows, i), key),
                        json_object_get(json_array_get(rows, 0), key)))
            return false;
    return true;
}

/* The keys of all rows in `keys` that are texts or numbers, as a section. */
static json_t *section(const json_t *rows, const char *const (*keys)[2], size_t count)
{
    json_t *made = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(json_array_get(rows, 0), keys[i][0]);
        if (is_common(rows, keys[i][0]) && (json_is_string(value) || json_is_number(value)))
            json_object_set(made, keys[i][1], value);
    }
    return made;
}

static json_t *convert_rows(const json_t *rows, char error[LLAMA_BENCH_ERROR])
{
    json_t *figures = json_array();
    const bool name_threads = !is_common(rows, "n_threads");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *figure = convert_row(json_array_get(rows, i), i + 1, name_threads, error);
        if (figure == NULL || json_array_append_new(figures, figure) != 0) {
            json_decref(figures);
            return NULL;
        }
    }
    return figures;
}

json_t *llama_bench_convert(const json_t *rows, char error[LLAMA_BENCH_ERROR])
{
    static const char *const model_keys[][2] = {{"model_type", "name"},
                                                {"model_filename", "file"},
                                                {"model_n_params", "parameters"},
                                                {"model_size", "weights_bytes"}};
    static const char *const machine_keys[][2] = {{"cpu_info", "processor"},
                                                  {"gpu_info", "device"}};
    static const char *const build_keys[][2] = {
        {"build_commit", "commit"}, {"build_number", "number"}, {"backends", "backend"}};
    static const char *const run_keys[][2] = {{"n_threads", "threads"}, {"n_ubatch", "chunk"}};
    fail(error, "no memory");
    json_t *all = json_is_array(rows) ? json_deep_copy(rows) : json_pack("[O]", rows);
    json_t *made = NULL;
    bool ok = json_array_size(all) > 0 || fail(error, "no row of llama-bench in it");
    for (size_t i = 0; ok && i < json_array_size(all); i++)
        ok = llama_bench_is_row(json_array_get(all, i)) ||
             fail(error, "row %zu is none of llama-bench: no \"samples_ns\" and \"n_gen\"", i + 1);
    ok = ok && ((is_common(all, "model_filename") && is_common(all, "model_type")) ||
                fail(error, "the rows are of several models; split them"));
    json_t *figures = ok ? convert_rows(all, error) : NULL;
    if (figures != NULL)
        made = json_pack("{s:i, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "schema", 2, "verb", "bench",
                         "complete", 1, "model", section(all, model_keys, 4), "machine",
                         section(all, machine_keys, 2), "build", section(all, build_keys, 3), "run",
                         section(all, run_keys, 2), "figures", figures);
    json_decref(all);
    return made;
}
