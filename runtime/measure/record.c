#include "runtime/measure/record.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/die.h"
#include "runtime/base/model.h"
#include "runtime/measure/placement.h"

void record_check(struct record *record, const struct record_options *options, const char *verb,
                  const char *includes, int argc, char **argv)
{
    memset(record, 0, sizeof *record);
    record->options = options;
    record->verb = verb;
    record->includes = includes;
    record->argc = argc;
    record->argv = argv;
    if (options->path == NULL)
        return;
    if (!partial_open(&record->partial, options->path))
        die(EXIT_FAILED, "--record %s: %s cannot be created: %s", options->path,
            record->partial.name, strerror(errno));
    partial_abandon(&record->partial);
}

uint64_t record_bytes(u32 figures, uint64_t samples, u32 longest)
{
    return arena_rounded((uint64_t)figures * sizeof(struct figure)) +
           arena_rounded(samples * sizeof(double)) + arena_rounded(figure_summary_bytes(longest));
}

static void write_head(struct json *json, const struct record *record);

void record_begin(struct record *record, struct session *session, void *memory, u32 figures,
                  uint64_t samples)
{
    uint8_t *at = memory;
    record->session = session;
    if (record->options->pin)
        placement_pin(session);
    if (record->options->prefault)
        placement_prefault();
    if (record->options->lock)
        placement_lock();
    record->figures = memory;
    record->most = figures;
    at += arena_rounded((uint64_t)figures * sizeof *record->figures);
    record->samples = (double *)(void *)at;
    record->samples_most = samples;
    at += arena_rounded(samples * sizeof(double));
    record->summary = at;
    const time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(record->started, sizeof record->started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    record->resolution = clock_resolution();
    record->start = clock_now();
    fingerprint_read(&record->fingerprint, session->processors, "");
    out_open(&record->out, STDOUT_FILENO, "standard output");
    if (record->options->format == RECORD_JSONL) {
        struct json json;
        json_begin_line(&json, &record->out);
        json_open(&json, NULL, '{');
        json_add_string(&json, "part", "head");
        write_head(&json, record);
        json_close(&json, '}');
        out_flush(&record->out);
    }
}

struct figure *record_figure(struct record *record, u32 most, const char *kind, const char *unit,
                             const char *name, ...)
{
    if (record->count == record->most || most > record->samples_most - record->samples_taken)
        die(EXIT_FAILED,
            "internal error: no room for a figure of %u samples, %u figures and %" PRIu64
            " samples taken",
            most, record->count, record->samples_taken);
    struct figure *figure = &record->figures[record->count++];
    *figure = (struct figure){.kind = kind,
                              .unit = unit,
                              .n_prompt = -1,
                              .n_gen = -1,
                              .depth = -1,
                              .samples = record->samples + record->samples_taken,
                              .most = most};
    record->samples_taken += most;
    va_list arguments;
    va_start(arguments, name);
    vsnprintf(figure->name, sizeof figure->name, name, arguments);
    va_end(arguments);
    return figure;
}

void record_done(struct record *record, struct figure *figure)
{
    figure_summarize(figure, record->summary);
    if (record->options->format == RECORD_JSONL && figure->count > 0) {
        struct json json;
        json_begin_line(&json, &record->out);
        figure_write(&json, figure, "figure");
        out_flush(&record->out);
    }
}

static void write_model(struct json *json, const struct record *record)
{
    const struct memory_plan *plan = &record->session->plan;
    char digest[40];
    json_open(json, "model", '{');
    json_add_string(json, "name", model.name);
    json_add_string(json, "family", model.model_type);
    json_add_integer(json, "parameters", model.parameters);
    json_add_integer(json, "active_parameters", model.active);
    json_add_integer(json, "vocab", model.vocab);
    json_add_integer(json, "context", model.context);
    json_add_integer(json, "layers", model.layers);
    snprintf(digest, sizeof digest, "%016" PRIx64 "%016" PRIx64, model.config_digest[1],
             model.config_digest[0]);
    json_add_string(json, "config_digest", digest);
    snprintf(digest, sizeof digest, "%016" PRIx64, record->session->weights.header.weights_digest);
    json_add_string(json, "weights_digest", digest);
    json_add_integer(json, "weights_bytes", model.weights_bytes);
    json_add_integer(json, "decode_weight_bytes", session_decode_weight_bytes());
    json_add_integer(json, "state_bytes", model.state_bytes - model.cache_bytes);
    json_add_integer(json, "state_bytes_per_position", model.cache_position_bytes);
    json_open(json, "arenas", '{');
    json_add_integer(json, "weights", plan->weights);
    json_add_integer(json, "state", plan->state);
    json_add_integer(json, "scratch", plan->scratch);
    json_add_integer(json, "io", plan->io);
    json_close(json, '}');
    json_close(json, '}');
}

static void write_run(struct json *json, const struct record *record)
{
    static const char *const modes[] = {
        [GRAPH_NONE] = "no-graph", [GRAPH_STEP] = "graph", [GRAPH_LOOP] = "loop"};
    json_open(json, "run", '{');
    json_add_integer(json, "threads", record->session->pool.started);
    json_add_bool(json, "pinned", record->session->pool.pinned);
    json_add_bool(json, "locked", record->options->lock);
    json_add_bool(json, "prefaulted", record->options->prefault);
    json_add_integer(json, "chunk", record->session->chunk);
    if (backend_has_graphs && modes[backend_generate_mode().use] != NULL) {
        json_add_string(json, "mode", modes[backend_generate_mode().use]);
        json_add_bool(json, "pdl", !backend_generate_mode().no_pdl);
    }
    json_add_string(json, "weights", record->session->weights.file < 0 ? "random" : "file");
    json_close(json, '}');
}

static void write_command(struct json *json, const struct record *record)
{
    json_open(json, "command", '[');
    json_add_string(json, NULL, record->verb);
    for (int i = 1; i < record->argc; i++)
        json_add_string(json, NULL, record->argv[i]);
    json_close(json, ']');
}

/* What is known before anything is measured. */
static void write_head(struct json *json, const struct record *record)
{
    json_add_integer(json, "schema", RECORD_SCHEMA);
    json_add_string(json, "ingot", fingerprint_version);
    json_add_string(json, "verb", record->verb);
    json_add_string(json, "started", record->started);
    write_command(json, record);
    write_model(json, record);
    fingerprint_write(json, &record->fingerprint);
    write_run(json, record);
    json_open(json, "clock", '{');
    json_add_string(json, "name", clock_name);
    json_add_real(json, "resolution_seconds", 1e-9 * (double)record->resolution);
    json_add_string(json, "includes", record->includes);
    json_close(json, '}');
}

/* What is known at the end, figures aside. */
static void write_tail(struct json *json, const struct record *record, const struct record_end *end)
{
    json_add_bool(json, "complete", end->complete);
    json_add_real(json, "seconds", record->seconds);
    if (end->read_bytes.count > 0 || end->multiply_adds.count > 0) {
        json_open(json, "peaks", '{');
        json_add_reals(json, "read_bytes_per_second", end->read_bytes.values,
                       end->read_bytes.count);
        json_add_reals(json, "multiply_adds_per_second", end->multiply_adds.values,
                       end->multiply_adds.count);
        json_close(json, '}');
    }
    if (record->gpu)
        fingerprint_write_after(json, &record->gpu_after);
    if (end->canary != NULL)
        canary_write(json, end->canary);
    if (end->section != NULL)
        end->section(json, end->context);
}

static void write_whole(struct out *out, const struct record *record, const struct record_end *end)
{
    struct json json;
    json_begin(&json, out);
    json_open(&json, NULL, '{');
    write_head(&json, record);
    json_open(&json, "figures", '[');
    for (u32 i = 0; i < record->count; i++)
        if (record->figures[i].count > 0)
            figure_write(&json, &record->figures[i], NULL);
    json_close(&json, ']');
    write_tail(&json, record, end);
    json_close(&json, '}');
}

/* False, with a message, if the record cannot be written: then nothing of it is left. */
static bool write_file(struct record *record, const struct record_end *end)
{
    const char *path = record->options->path;
    if (!partial_reopen(&record->partial)) {
        note("--record %s: %s cannot be created: %s; the record is lost", path,
             record->partial.name, strerror(errno));
        return false;
    }
    out_open(&record->file, record->partial.file, path);
    record->file.keep_going = true;
    write_whole(&record->file, record, end);
    out_flush(&record->file);
    const char *failed = "write";
    if (record->file.closed) {
        partial_abandon(&record->partial);
        errno = record->file.error;
    } else {
        failed = partial_commit(&record->partial);
    }
    if (failed != NULL)
        note("--record %s: cannot %s: %s; the record is lost", path, failed, strerror(errno));
    return failed == NULL;
}

static void print_end(struct record *record, const struct record_end *end)
{
    static const enum figure_format formats[] = {
        [RECORD_TABLE] = FIGURE_TABLE, [RECORD_MD] = FIGURE_MD, [RECORD_CSV] = FIGURE_CSV};
    struct out *out = &record->out;
    const enum record_format format = record->options->format;
    if (format == RECORD_JSON) {
        write_whole(out, record, end);
    } else if (format == RECORD_JSONL) {
        struct json json;
        json_begin_line(&json, out);
        json_open(&json, NULL, '{');
        json_add_string(&json, "part", "tail");
        write_tail(&json, record, end);
        json_close(&json, '}');
    } else {
        if (!end->rows_printed)
            figure_print(out, record->figures, record->count, formats[format]);
        if (end->print != NULL && format != RECORD_CSV)
            end->print(out, end->context);
        if (end->canary != NULL && format != RECORD_CSV)
            canary_print(out, end->canary);
    }
    out_flush(out);
}

int record_end(struct record *record, const struct record_end *end)
{
    record->seconds = clock_since(record->start);
    record->gpu = backend_gpu(&record->gpu_after);
    const bool written = record->options->path == NULL || write_file(record, end);
    print_end(record, end);
    if (!written || record->out.closed)
        return EXIT_FAILED;
    return end->complete ? EXIT_SUCCESS : EXIT_INTERRUPTED;
}
