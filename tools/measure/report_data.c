#include "tools/measure/report.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/measure/stats.h"

enum { LEAST_SAMPLES = 5 }; /* of an interval, as in the records */

const char *const report_verb_names[REPORT_VERBS] = {"bench", "latency", "sweep", "perplexity"};

static bool fail(char error[REPORT_ERROR], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(char error[REPORT_ERROR], const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(error, REPORT_ERROR, format, values);
    va_end(values);
    return false;
}

/* A block of count * size bytes with zeros, or the end. */
static void *grown(void *block, size_t count, size_t size)
{
    void *new = reallocarray(block, count, size);
    if (new == NULL)
        die(EXIT_MEMORY, "no memory for %zu values of the records", count);
    return new;
}

double report_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* ---- one record ---------------------------------------------------------------------------- */

/* What must be there for the record to be of any use. */
static bool check_record(const struct report_record *record, char error[REPORT_ERROR])
{
    static const struct {
        const char *section, *key;
    } texts[] = {{NULL, "started"},          {"model", "name"},           {"model", "family"},
                 {"model", "config_digest"}, {"model", "weights_digest"}, {"build", "backend"},
                 {"run", "weights"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const json_t *section =
            texts[i].section ? json_object_get(record->root, texts[i].section) : record->root;
        if (!json_is_string(json_object_get(section, texts[i].key)))
            return fail(error, "%s: \"%s%s%s\" is not there, or no text: no record of ingot's",
                        record->path, texts[i].section ? texts[i].section : "",
                        texts[i].section ? "\".\"" : "", texts[i].key);
    }
    return true;
}

static bool find_verb(struct report_record *record, char error[REPORT_ERROR])
{
    const char *verb = record->read.verb;
    for (size_t v = 0; v < REPORT_VERBS; v++)
        if (strcmp(verb, report_verb_names[v]) == 0) {
            record->verb = (enum report_verb)v;
            return true;
        }
    return fail(error, "%s: a record of '%s'; expected one of bench, latency, sweep, perplexity",
                record->path, verb);
}

static void watch_canaries(struct report_record *record)
{
    const size_t count = record->read.canary_count;
    double *seconds = grown(NULL, count + 1, sizeof *seconds);
    for (size_t i = 0; i < count; i++)
        seconds[i] = record->read.canaries[i].seconds;
    record->canary_low = count ? stats_least(seconds, count) : NAN;
    record->canary_high = count ? stats_most(seconds, count) : NAN;
    record->canary_median = count ? stats_median(seconds, count) : NAN;
    free(seconds);
}

static bool read_record(struct report_record *record, char error[REPORT_ERROR])
{
    if (!record_read_file(&record->read, record->path, error))
        return false;
    record->root = record->read.root;
    watch_canaries(record);
    if (record->read.llama_bench)
        return fail(error, "%s: a record of llama-bench; a report needs those of ingot",
                    record->path);
    return check_record(record, error) && find_verb(record, error);
}

/* ---- all records --------------------------------------------------------------------------- */

static const json_t *section_value(const struct report_record *record, const char *section,
                                   const char *key)
{
    return json_object_get(json_object_get(record->root, section), key);
}

/* Two records may stand in one report only where these are the same. */
static bool check_same(const struct report_record *first, const struct report_record *other,
                       const char *section, const char *key, const char *meaning,
                       char error[REPORT_ERROR])
{
    const json_t *a = section_value(first, section, key), *b = section_value(other, section, key);
    if (a == b || json_equal(a, b)) /* both may be absent */
        return true;
    char *first_text = a ? json_dumps(a, JSON_ENCODE_ANY) : NULL;
    char *other_text = b ? json_dumps(b, JSON_ENCODE_ANY) : NULL;
    fail(error, "%s: %s is %s, in %s it is %s; a report needs records of one: measure again",
         other->path, meaning, other_text ? other_text : "not there", first->path,
         first_text ? first_text : "not there");
    free(first_text);
    free(other_text);
    return false;
}

static bool check_together(const struct report *report, char error[REPORT_ERROR])
{
    for (size_t i = 1; i < report->count; i++) {
        const struct report_record *first = &report->records[0], *other = &report->records[i];
        if (!check_same(first, other, "machine", "processor", "the processor", error) ||
            !check_same(first, other, "machine", "device", "the GPU", error) ||
            !check_same(first, other, "build", "backend", "the backend", error) ||
            !check_same(first, other, "run", "threads", "the number of threads", error))
            return false;
    }
    return true;
}

static struct report_model *find_model(struct report *report, const char *name)
{
    for (size_t i = 0; i < report->model_count; i++)
        if (strcmp(report->models[i].name, name) == 0)
            return &report->models[i];
    return NULL;
}

static void describe_model(struct report_model *model, const struct report_record *record)
{
    const json_t *about = json_object_get(record->root, "model");
    *model = (struct report_model){
        .name = json_string_value(json_object_get(about, "name")),
        .family = json_string_value(json_object_get(about, "family")),
        .about = about,
        .random = strcmp(json_string_value(section_value(record, "run", "weights")), "random") == 0,
        .context = report_number(about, "context"),
        .fixed = report_number(about, "state_bytes"),
        .per_position = report_number(about, "state_bytes_per_position"),
        .state = NAN,
        .elsewhere = NAN};
}

/* The arenas of the record that has least: measuring verbs add buffers of their own, such as the
 * memory that bench reads. */
static void take_arenas(struct report_model *model, const struct report_record *record)
{
    const json_t *about = json_object_get(record->root, "model");
    const json_t *arenas = json_object_get(about, "arenas");
    const double state = report_number(arenas, "state");
    double elsewhere = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)arenas, key,
                        value) if (strcmp(key, "state") != 0 && json_is_number(value)) elsewhere +=
        json_number_value(value);
    if (!isfinite(state) || model->state + model->elsewhere <= state + elsewhere)
        return;
    model->about = about;
    model->state = state;
    model->elsewhere = elsewhere;
}

static bool add_to_model(struct report *report, size_t index, char error[REPORT_ERROR])
{
    struct report_record *record = &report->records[index];
    const char *name = json_string_value(section_value(record, "model", "name"));
    struct report_model *model = find_model(report, name);
    if (model == NULL) {
        if (report->model_count == REPORT_MODELS)
            return fail(error, "%s: model '%s' is one more than the %d of a report", record->path,
                        name, REPORT_MODELS);
        model = &report->models[report->model_count++];
        describe_model(model, record);
    }
    take_arenas(model, record);
    record->model = (size_t)(model - report->models);
    for (size_t i = 0; i < index; i++) {
        const struct report_record *earlier = &report->records[i];
        if (earlier->model != record->model)
            continue;
        if (!check_same(earlier, record, "model", "config_digest", "the config's digest", error) ||
            !check_same(earlier, record, "model", "weights_digest", "the weights' digest", error))
            return false;
        if (earlier->verb == record->verb && record->verb != REPORT_BENCH)
            return fail(error,
                        "%s: a second record of '%s' of %s, beside %s; expected one, only those of "
                        "bench are put together",
                        record->path, report_verb_names[record->verb], name, earlier->path);
    }
    if (model->of[record->verb] == NULL)
        model->of[record->verb] = record;
    return true;
}

/* ---- figures of bench ---------------------------------------------------------------------- */

static struct report_figure *find_figure(struct report_model *model, const struct read_figure *read)
{
    for (size_t i = 0; i < model->figure_count; i++)
        if (strcmp(model->figures[i].name, read->name) == 0)
            return &model->figures[i];
    model->figures = grown(model->figures, model->figure_count + 1, sizeof *model->figures);
    struct report_figure *figure = &model->figures[model->figure_count++];
    *figure = (struct report_figure){
        .name = read->name, .kind = read->kind, .unit = read->unit, .depth = read->depth};
    return figure;
}

static void add_figures(struct report *report)
{
    for (size_t r = 0; r < report->count; r++) {
        const struct record_read *record = &report->records[r].read;
        for (size_t i = 0; i < record->figure_count; i++) {
            const struct read_figure *read = &record->figures[i];
            if (report->records[r].verb != REPORT_BENCH)
                continue;
            struct report_figure *figure =
                find_figure(&report->models[report->records[r].model], read);
            figure->samples =
                grown(figure->samples, figure->count + read->count + 1, sizeof(double));
            memcpy(figure->samples + figure->count, read->samples, read->count * sizeof(double));
            figure->count += read->count;
        }
    }
}

/* The mean over the rounds that have it. */
static double mean_of_rounds(const struct report *report, const struct report_model *model,
                             const char *name, const char *key)
{
    double sum = 0;
    size_t count = 0;
    for (size_t r = 0; r < report->count; r++) {
        const struct report_record *record = &report->records[r];
        const struct read_figure *figure = record_read_find(&record->read, name);
        if (record->verb != REPORT_BENCH || &report->models[record->model] != model || !figure)
            continue;
        const double value = report_number(figure->json, key);
        sum += isfinite(value) ? value : 0;
        count += isfinite(value) != 0;
    }
    return count ? sum / (double)count : NAN;
}

static void summarize(const struct report *report, const struct report_model *model,
                      struct report_figure *figure)
{
    figure->bytes_per_second = mean_of_rounds(report, model, figure->name, "bytes_per_second");
    figure->share_of_read = mean_of_rounds(report, model, figure->name, "share_of_read");
    figure->share_of_multiply_adds =
        mean_of_rounds(report, model, figure->name, "share_of_multiply_adds");
    if (figure->count == 0) {
        figure->mean = figure->sd = figure->median = figure->low = figure->high = NAN;
        return;
    }
    const struct stats_draws how = {0};
    double *scratch =
        grown(NULL, stats_bootstrap_scratch(figure->count, &how) + figure->count, sizeof *scratch);
    const struct stats_interval interval =
        stats_bootstrap(figure->samples, figure->count, stats_median_of, NULL, &how, scratch);
    memcpy(scratch, figure->samples, figure->count * sizeof *scratch);
    figure->median = stats_median(scratch, figure->count);
    figure->mean = stats_mean(figure->samples, figure->count);
    figure->sd = stats_sd(figure->samples, figure->count);
    figure->low = figure->count < LEAST_SAMPLES ? NAN : interval.low;
    figure->high = figure->count < LEAST_SAMPLES ? NAN : interval.high;
    free(scratch);
}

/* Names the rows of the tables, in the order in which they will be printed. */
static void number_rows(struct report *report)
{
    unsigned figures = 0, points = 0;
    for (size_t m = 0; m < report->model_count; m++) {
        struct report_model *model = &report->models[m];
        for (size_t i = 0; i < model->figure_count; i++) {
            summarize(report, model, &model->figures[i]);
            model->figures[i].row = ++figures;
        }
        if (model->of[REPORT_SWEEP] != NULL)
            model->sweep = json_object_get(model->of[REPORT_SWEEP]->root, "sweep");
        model->sweep_row = points + 1;
        points += (unsigned)json_array_size(model->sweep);
    }
}

bool report_read(struct report *report, char *const *paths, size_t count, char error[REPORT_ERROR])
{
    report->records = grown(NULL, count, sizeof *report->records);
    for (size_t i = 0; i < count; i++) {
        struct report_record *record = &report->records[report->count];
        *record = (struct report_record){.path = paths[i]};
        report->count++;
        if (!read_record(record, error) || !add_to_model(report, i, error))
            return false;
    }
    if (!check_together(report, error))
        return false;
    add_figures(report);
    number_rows(report);
    return true;
}

/* ---- steps --------------------------------------------------------------------------------- */

static void take_weights(struct report *report, const struct report_step *step)
{
    struct report_model *model = find_model(report, step->model);
    if (model == NULL || strcmp(step->verb, "weights") != 0 || step->message == NULL)
        return;
    model->weights = step->message;
    if (strncmp(step->message, "random", strlen("random")) == 0)
        model->random = true;
}

bool report_read_steps(struct report *report, const char *path, char error[REPORT_ERROR])
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return fail(error, "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    while (good && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        report->steps = grown(report->steps, report->step_count + 1, sizeof *report->steps);
        struct report_step *step = &report->steps[report->step_count++];
        *step = (struct report_step){0};
        if (sscanf(line, "%m[^\t]\t%m[^\t]\t%d\t%m[^\n]", &step->model, &step->verb, &step->code,
                   &step->message) < 3)
            good = fail(error, "%s:%zu: expected model, verb, exit code and message", path,
                        report->step_count);
        else
            take_weights(report, step);
    }
    free(line);
    fclose(file);
    return good;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        record_read_free(&report->records[i].read);
    for (size_t m = 0; m < report->model_count; m++) {
        for (size_t i = 0; i < report->models[m].figure_count; i++)
            free(report->models[m].figures[i].samples);
        free(report->models[m].figures);
    }
    for (size_t i = 0; i < report->step_count; i++) {
        free(report->steps[i].model);
        free(report->steps[i].verb);
        free(report->steps[i].message);
    }
    free(report->steps);
    free(report->records);
    *report = (struct report){0};
}

/* ---- of use to the parts of the page ------------------------------------------------------- */

double report_state_at(const struct report_model *model, double positions)
{
    const double grown_state = model->fixed + model->per_position * positions;
    return model->context == 0 && grown_state > model->state ? model->state : grown_state;
}

double report_memory_at(const struct report_model *model, double positions)
{
    return model->elsewhere + report_state_at(model, positions);
}

double report_drift(const struct report *report, size_t *slow, size_t *fast)
{
    size_t watched = 0;
    for (size_t i = 0; i < report->count; i++) {
        const double median = report->records[i].canary_median;
        if (!(median > 0))
            continue;
        if (watched++ == 0 || median > report->records[*slow].canary_median)
            *slow = i;
        if (watched == 1 || median < report->records[*fast].canary_median)
            *fast = i;
    }
    return watched ? report->records[*slow].canary_median / report->records[*fast].canary_median
                   : NAN;
}
