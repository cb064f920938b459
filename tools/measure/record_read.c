#include "tools/measure/record_read.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/front/json_text.h"
#include "runtime/base/visible.h"
#include "tools/measure/llama_bench.h"

static const size_t MOST_BYTES = (size_t)1 << 30;

/* Where messages go. */
struct reader {
    const char *name;
    char *error;
};

static bool fail(const struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(const struct reader *reader, const char *format, ...)
{
    char message[RECORD_READ_ERROR], whole[RECORD_READ_ERROR + 4096];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    const int length = snprintf(whole, sizeof whole, "%s%s", reader->name, message);
    visible_copy(reader->error, RECORD_READ_ERROR, whole,
                 (size_t)length < sizeof whole ? (size_t)length : sizeof whole - 1);
    return false;
}

/* ---- one value ------------------------------------------------------------------------------- */

/* Its text; NULL, with a message, where there is none. `in` is what the object is. */
static const char *text_of(const struct reader *reader, const json_t *object, const char *in,
                           const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || *text == '\0')
        fail(reader,
             ": %s has no \"%s\", or no text there; expected a record of ingot, or what "
             "llama-bench -o json prints",
             in, key);
    return text != NULL && *text != '\0' ? text : NULL;
}

/* A count that may be missing or null: -1. */
static bool read_count(const struct reader *reader, const json_t *object, const char *in,
                       const char *key, int64_t *count)
{
    const json_t *value = json_object_get(object, key);
    *count = -1;
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return fail(reader, ": %s: \"%s\" is no whole number from 0", in, key);
    *count = json_integer_value(value);
    return true;
}

/* ---- figures and canaries -------------------------------------------------------------------- */

/* What json_text takes for a number is finite. */
static bool read_samples(const struct reader *reader, struct read_figure *figure, const char *in)
{
    const json_t *samples = json_object_get(figure->json, "samples");
    if (!json_is_array(samples))
        return fail(reader, ": %s has no array \"samples\"; verdicts need the raw samples", in);
    figure->count = json_array_size(samples);
    figure->samples = calloc(figure->count + 1, sizeof *figure->samples);
    if (figure->samples == NULL)
        return fail(reader, ": no memory for the samples of %s", in);
    for (size_t i = 0; i < figure->count; i++) {
        const json_t *value = json_array_get(samples, i);
        if (!json_is_number(value))
            return fail(reader, ": %s: sample %zu is no number", in, i + 1);
        figure->samples[i] = json_number_value(value);
    }
    return true;
}

static bool read_figure(const struct reader *reader, struct read_figure *figure, size_t i)
{
    char in[160];
    snprintf(in, sizeof in, "figure %zu", i + 1);
    if (!json_is_object(figure->json))
        return fail(reader, ": %s is no object", in);
    if ((figure->name = text_of(reader, figure->json, in, "name")) == NULL)
        return false;
    snprintf(in, sizeof in, "figure %zu, '%.100s',", i + 1, figure->name);
    const char *better;
    if ((figure->kind = text_of(reader, figure->json, in, "kind")) == NULL ||
        (figure->unit = text_of(reader, figure->json, in, "unit")) == NULL ||
        (better = text_of(reader, figure->json, in, "better")) == NULL)
        return false;
    figure->lower_is_better = strcmp(better, "lower") == 0;
    if (!figure->lower_is_better && strcmp(better, "higher") != 0)
        return fail(reader, ": %s: \"better\" is '%s'; expected 'higher' or 'lower'", in, better);
    return read_count(reader, figure->json, in, "n_prompt", &figure->n_prompt) &&
           read_count(reader, figure->json, in, "n_gen", &figure->n_gen) &&
           read_count(reader, figure->json, in, "depth", &figure->depth) &&
           read_samples(reader, figure, in);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No two figures have one name: which of them is meant would be a guess. */
static bool check_names(const struct reader *reader, const struct record_read *record)
{
    const char **names = calloc(record->figure_count + 1, sizeof *names);
    if (names == NULL)
        return fail(reader, ": no memory for its names");
    for (size_t i = 0; i < record->figure_count; i++)
        names[i] = record->figures[i].name;
    qsort(names, record->figure_count, sizeof *names, by_name);
    bool unique = true;
    for (size_t i = 1; i < record->figure_count && unique; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            unique =
                fail(reader, ": two figures have the name '%.100s'; measure them apart", names[i]);
    free(names);
    return unique;
}

static bool read_figures(const struct reader *reader, struct record_read *record)
{
    const json_t *figures = json_object_get(record->root, "figures");
    if (!json_is_array(figures))
        return fail(reader, ": no array \"figures\" in it");
    record->figures = calloc(json_array_size(figures) + 1, sizeof *record->figures);
    if (record->figures == NULL)
        return fail(reader, ": no memory for its figures");
    for (size_t i = 0; i < json_array_size(figures); i++) {
        record->figures[i].json = json_array_get(figures, i);
        record->figure_count = i + 1;
        if (!read_figure(reader, &record->figures[i], i))
            return false;
    }
    return check_names(reader, record);
}

/* A part of a canary's time: NaN where it is missing or null. */
static bool read_seconds(const struct reader *reader, const json_t *object, size_t i,
                         const char *key, double *seconds)
{
    const json_t *value = json_object_get(object, key);
    *seconds = NAN;
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_number(value) || json_number_value(value) <= 0)
        return fail(reader, ": canary %zu: \"%s\" is no number above 0", i + 1, key);
    *seconds = json_number_value(value);
    return true;
}

static bool read_canaries(const struct reader *reader, struct record_read *record)
{
    const json_t *canaries = json_object_get(record->root, "canary");
    if (canaries == NULL || json_is_null(canaries))
        return true;
    if (!json_is_array(canaries))
        return fail(reader, ": \"canary\" is no array");
    record->canaries = calloc(json_array_size(canaries) + 1, sizeof *record->canaries);
    if (record->canaries == NULL)
        return fail(reader, ": no memory for its canaries");
    for (size_t i = 0; i < json_array_size(canaries); i++) {
        const json_t *object = json_array_get(canaries, i);
        struct read_canary *canary = &record->canaries[record->canary_count++];
        char in[40];
        snprintf(in, sizeof in, "canary %zu", i + 1);
        canary->figure = json_string_value(json_object_get(object, "figure"));
        if (!read_count(reader, object, in, "index", &canary->index) ||
            !read_seconds(reader, object, i, "seconds", &canary->seconds) ||
            !read_seconds(reader, object, i, "compute_seconds", &canary->compute) ||
            !read_seconds(reader, object, i, "memory_seconds", &canary->memory))
            return false;
        if (isnan(canary->seconds))
            return fail(reader, ": %s has no \"seconds\"", in);
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool check_schema(const struct reader *reader, const json_t *root)
{
    const json_t *schema = json_object_get(root, "schema");
    if (schema == NULL)
        return fail(reader, ": no \"schema\" in it: no record of ingot, nor what llama-bench "
                            "-o json prints");
    if (!json_is_integer(schema))
        return fail(reader, ": \"schema\" is no whole number");
    const json_int_t number = json_integer_value(schema);
    if (number != RECORD_READ_SCHEMA)
        return fail(reader, ": schema %lld; this program reads %d: %s", (long long)number,
                    RECORD_READ_SCHEMA,
                    number < RECORD_READ_SCHEMA ? "measure again"
                                                : "use that of the ingot that wrote it");
    return true;
}

/* The sections that are read by key are what they are elsewhere. */
static bool check_sections(const struct reader *reader, const json_t *root)
{
    static const char *const objects[] = {"model", "machine", "build",   "run",
                                          "clock", "peaks",   "latency", "perplexity"};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const json_t *section = json_object_get(root, objects[i]);
        if (section != NULL && !json_is_object(section) && !json_is_null(section))
            return fail(reader, ": \"%s\" is no object", objects[i]);
    }
    static const char *const arrays[] = {"command", "sweep", "disturbed"};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        const json_t *section = json_object_get(root, arrays[i]);
        if (section != NULL && !json_is_array(section) && !json_is_null(section))
            return fail(reader, ": \"%s\" is no array", arrays[i]);
    }
    return true;
}

static bool read_root(const struct reader *reader, struct record_read *record)
{
    if (!check_schema(reader, record->root) || !check_sections(reader, record->root))
        return false;
    record->verb = text_of(reader, record->root, "the record", "verb");
    record->model = record->verb != NULL ? text_of(reader, json_object_get(record->root, "model"),
                                                   "\"model\"", "name")
                                         : NULL;
    record->complete = json_is_true(json_object_get(record->root, "complete"));
    return record->model != NULL && read_figures(reader, record) && read_canaries(reader, record);
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

/* Puts the next line's object into the whole: of a record the head, a figure, or the tail; of
 * llama-bench a row. */
static bool join_line(const struct reader *reader, struct record_read *record, json_t *line,
                      size_t number)
{
    const char *part = json_string_value(json_object_get(line, "part"));
    if (record->root == NULL && llama_bench_is_row(line)) {
        record->root = json_array();
        record->llama_bench = true;
    }
    if (record->llama_bench)
        return json_array_append(record->root, line) == 0 ||
               fail(reader, ":%zu: no memory", number);
    if (record->root == NULL) {
        if (part == NULL || strcmp(part, "head") != 0)
            return fail(reader,
                        ":%zu: neither a record's \"part\": \"head\" nor a row of "
                        "llama-bench",
                        number);
        record->root = json_incref(line);
        return check_schema(reader, record->root) &&
               (json_object_set_new(record->root, "figures", json_array()) == 0 ||
                fail(reader, ": no memory"));
    }
    if (json_object_get(record->root, "complete") != NULL || part == NULL)
        return fail(reader, ":%zu: %s", number,
                    part == NULL ? "no \"part\" in it" : "a line behind the tail");
    if (strcmp(part, "figure") == 0)
        return json_array_append(json_object_get(record->root, "figures"), line) == 0 ||
               fail(reader, ":%zu: no memory", number);
    if (strcmp(part, "tail") != 0 || json_object_get(line, "complete") == NULL)
        return fail(reader,
                    ":%zu: expected a \"part\": \"figure\", or a \"tail\" with "
                    "\"complete\"",
                    number);
    json_object_del(line, "figures");
    return json_object_update(record->root, line) == 0 || fail(reader, ":%zu: no memory", number);
}

/* Reads line after line; one that is cut off at the end of the text is left out. */
static bool read_lines(const struct reader *reader, struct record_read *record, const char *text,
                       size_t bytes)
{
    size_t number = 0;
    for (size_t at = 0; at < bytes;) {
        const char *end = memchr(text + at, '\n', bytes - at);
        const size_t length = end != NULL ? (size_t)(end - text) - at : bytes - at;
        struct json_text_error where;
        json_t *line = json_text_parse(text + at, length, JSON_TEXT_MARKED, &where);
        number++;
        if (line == NULL && end == NULL && record->root != NULL)
            return true;
        if (line == NULL)
            return fail(reader, ":%zu: %s", number, where.text);
        const bool joined = json_is_object(line) ? join_line(reader, record, line, number)
                                                 : fail(reader, ":%zu: no object", number);
        json_decref(line);
        if (!joined)
            return false;
        at += length + (end != NULL);
    }
    return true;
}

/* Whether the first line is an object of its own, and of the kind that comes in lines. */
static bool begins_with_line(const char *text, size_t bytes)
{
    const char *end = memchr(text, '\n', bytes);
    struct json_text_error unused;
    json_t *line = json_text_parse(text, end != NULL ? (size_t)(end - text) : bytes,
                                   JSON_TEXT_MARKED, &unused);
    const bool is_line = json_object_get(line, "part") != NULL || llama_bench_is_row(line);
    json_decref(line);
    return is_line;
}

static bool read_whole(const struct reader *reader, struct record_read *record, const char *text,
                       size_t bytes)
{
    struct json_text_error where;
    record->root = json_text_parse(text, bytes, JSON_TEXT_MARKED, &where);
    if (record->root == NULL)
        return fail(reader, ":%u: %s", where.line, where.text);
    record->llama_bench = json_is_array(record->root) || llama_bench_is_row(record->root);
    if (!record->llama_bench && !json_is_object(record->root))
        return fail(reader, ": no JSON object");
    return true;
}

bool record_read_text(struct record_read *record, const char *name, const char *text, size_t bytes,
                      char error[RECORD_READ_ERROR])
{
    const struct reader reader = {name, error};
    *record = (struct record_read){0};
    bool ok = begins_with_line(text, bytes) ? read_lines(&reader, record, text, bytes)
                                            : read_whole(&reader, record, text, bytes);
    if (ok && record->llama_bench) {
        char message[LLAMA_BENCH_ERROR];
        json_t *converted = llama_bench_convert(record->root, message);
        json_decref(record->root);
        record->root = converted;
        ok = converted != NULL || fail(&reader, ": %s", message);
    }
    ok = ok && read_root(&reader, record);
    if (!ok)
        record_read_free(record);
    return ok;
}

bool record_read_file(struct record_read *record, const char *path, char error[RECORD_READ_ERROR])
{
    const struct reader reader = {path, error};
    struct json_text_error where;
    size_t bytes;
    char *text = json_text_read(path, MOST_BYTES, &bytes, &where);
    if (text == NULL)
        return fail(&reader, ": %s", where.text);
    const bool ok = record_read_text(record, path, text, bytes, error);
    free(text);
    return ok;
}

void record_read_free(struct record_read *record)
{
    for (size_t i = 0; i < record->figure_count; i++)
        free(record->figures[i].samples);
    free(record->figures);
    free(record->canaries);
    json_decref(record->root);
    *record = (struct record_read){0};
}

const struct read_figure *record_read_find(const struct record_read *record, const char *name)
{
    for (size_t i = 0; i < record->figure_count; i++)
        if (strcmp(record->figures[i].name, name) == 0)
            return &record->figures[i];
    return NULL;
}
