#include "tools/measure/record_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/measure/stats.h"

enum { STRETCHES = 360, BINS = 60, ALLOCATIONS = 512, LABEL_BYTES = 128 };

/* A picture in the making, and all that it points at. */
struct canvas {
    const struct pictured_record *records;
    size_t count;
    char labels[PICTURE_SERIES][LABEL_BYTES]; /* of the records */
    struct picture_panel panels[PICTURE_PANELS];
    struct picture_series series[PICTURE_PANELS][PICTURE_SERIES];
    size_t panel_count;
    void *memory[ALLOCATIONS];
    size_t allocations;
    json_t *rows[PICTURE_SERIES]; /* of a sweep whose record was cut off; else NULL */
    const char *failed;           /* why nothing can be drawn; NULL: nothing has failed */
    size_t failed_at;             /* the record of which that is said */
};

/* Zero bytes that live as long as the canvas; at least one. Where there is no memory for them the
 * program ends. */
static void *keep(struct canvas *canvas, size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory || canvas->allocations == ALLOCATIONS)
        die(EXIT_MEMORY, "not enough memory for a picture");
    canvas->memory[canvas->allocations++] = memory;
    return memory;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const char *model_name(const struct pictured_record *record)
{
    return string(json_object_get(record->root, "model"), "name");
}

/* The models' names, with the files behind them where several have one. */
static void make_labels(struct canvas *canvas)
{
    for (size_t i = 0; i < canvas->count; i++) {
        size_t same = 0;
        for (size_t k = 0; k < canvas->count; k++)
            same += strcmp(model_name(&canvas->records[k]), model_name(&canvas->records[i])) == 0;
        snprintf(canvas->labels[i], LABEL_BYTES, same > 1 ? "%.60s (%.60s)" : "%.60s",
                 model_name(&canvas->records[i]), canvas->records[i].name);
    }
}

/* A new panel; NULL where there is no room for more. */
static struct picture_panel *add_panel(struct canvas *canvas, const char *title)
{
    if (canvas->panel_count == PICTURE_PANELS)
        return NULL;
    struct picture_panel *panel = &canvas->panels[canvas->panel_count];
    *panel =
        (struct picture_panel){.title = title, .series = canvas->series[canvas->panel_count++]};
    return panel;
}

/* The next series of the panel that was added last, in the colour of a record. */
static struct picture_series *add_series(struct canvas *canvas, size_t record)
{
    struct picture_panel *panel = &canvas->panels[canvas->panel_count - 1];
    struct picture_series *series = &canvas->series[canvas->panel_count - 1][panel->count++];
    *series = (struct picture_series){.name = canvas->labels[record], .colour = (unsigned)record};
    return series;
}

/* ---- lines of an array of objects --------------------------------------------------------- */

/* The line of `key`, or of the sum of it and `more`, against `x_key`. Returns whether it has a
 * point. */
static bool add_line(struct canvas *canvas, size_t record, const json_t *rows, const char *x_key,
                     const char *key, const char *more)
{
    const size_t count = json_array_size(rows);
    struct picture_series *series = add_series(canvas, record);
    double *x = keep(canvas, count, sizeof *x), *y = keep(canvas, count, sizeof *y);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        x[i] = number(row, x_key);
        y[i] = number(row, key) + (more ? number(row, more) : 0);
        any |= isfinite(y[i]);
    }
    series->x = x;
    series->y = y;
    series->count = count;
    return any;
}

/* The rows of a sweep. JSON lines that were cut off have none: then they are made of the figures of
 * each depth. */
static const json_t *sweep_rows(struct canvas *canvas, size_t record)
{
    static const char *const scalars[] = {"position", "state_bytes", "cache_bytes",
                                          "bits_per_byte"};
    const json_t *root = canvas->records[record].root, *rows = json_object_get(root, "sweep");
    if (rows || canvas->rows[record])
        return rows ? rows : canvas->rows[record];
    canvas->rows[record] = json_array();
    const json_t *figures = json_object_get(root, "figures");
    json_t *row = NULL;
    for (size_t i = 0; i < json_array_size(figures); i++) {
        const json_t *figure = json_array_get(figures, i);
        const char *kind = string(figure, "kind"), *key = "first_token_seconds";
        if (strcmp(kind, "prefill") == 0) {
            row = json_object();
            json_array_append_new(canvas->rows[record], row);
            key = "prefill_tokens_per_second";
            for (size_t k = 0; k < sizeof scalars / sizeof *scalars; k++)
                json_object_set(row, scalars[k], json_object_get(figure, scalars[k]));
        } else if (strcmp(kind, "decode") == 0) {
            key = "decode_tokens_per_second";
        }
        json_object_set(row, key, json_object_get(figure, "median"));
    }
    return canvas->rows[record];
}

/* A panel with a line of each record; taken back if none has a point. */
static void add_depth_panel(struct canvas *canvas, const char *title, const char *unit,
                            const char *key, const char *more)
{
    struct picture_panel *panel = add_panel(canvas, title);
    bool any = false;
    panel->y_unit = unit;
    panel->x_log = true;
    panel->y_log = strcmp(key, "bits_per_byte") != 0;
    for (size_t i = 0; i < canvas->count; i++)
        any |= add_line(canvas, i, sweep_rows(canvas, i), "position", key, more);
    canvas->panel_count -= !any;
}

static void draw_sweep(struct canvas *canvas)
{
    add_depth_panel(canvas, "decode, tokens/s", NULL, "decode_tokens_per_second", NULL);
    add_depth_panel(canvas, "prefill, tokens/s", NULL, "prefill_tokens_per_second", NULL);
    add_depth_panel(canvas, "time to the first token of a short prompt", "s", "first_token_seconds",
                    NULL);
    add_depth_panel(canvas, "state, keys and values in use", "B", "state_bytes", "cache_bytes");
    add_depth_panel(canvas, "bits/byte of the text since the depth before", NULL, "bits_per_byte",
                    NULL);
    if (canvas->panel_count > 0)
        canvas->panels[canvas->panel_count - 1].x_label = "depth, tokens";
    else
        canvas->failed = "has no rows of a sweep";
}

static void draw_positions(struct canvas *canvas)
{
    struct picture_panel *panel = add_panel(canvas, "bits/byte by position");
    bool any = false;
    panel->x_label = "position, tokens";
    panel->x_log = panel->y_near = true;
    panel->height = 200;
    for (size_t i = 0; i < canvas->count; i++) {
        const json_t *section = json_object_get(canvas->records[i].root, "perplexity");
        any |= add_line(canvas, i, json_object_get(section, "by_position"), "to", "bits_per_byte",
                        NULL);
    }
    if (!any)
        canvas->failed = "has no loss by position";
}

/* ---- latency ------------------------------------------------------------------------------ */

/* The samples of the figure that has most of them. */
static double *longest_series(struct canvas *canvas, const struct pictured_record *record,
                              size_t *count)
{
    const json_t *figures = json_object_get(record->root, "figures"), *longest = NULL;
    for (size_t i = 0; i < json_array_size(figures); i++) {
        const json_t *samples = json_object_get(json_array_get(figures, i), "samples");
        if (json_array_size(samples) > json_array_size(longest))
            longest = samples;
    }
    double *values = keep(canvas, json_array_size(longest), sizeof *values);
    *count = 0;
    for (size_t i = 0; i < json_array_size(longest); i++) {
        const json_t *value = json_array_get(longest, i);
        if (json_is_number(value))
            values[(*count)++] = json_number_value(value);
    }
    return values;
}

/* Title of a panel: the record's name and what it shows. */
static const char *title_of(struct canvas *canvas, size_t record, const char *what)
{
    const size_t room = 2 * (size_t)LABEL_BYTES;
    char *title = keep(canvas, room, 1);
    if (canvas->count > 1)
        snprintf(title, room, "%s: %s", canvas->labels[record], what);
    else
        snprintf(title, room, "%s", what);
    return title;
}

/* Stretches of neighbours: their median as a line in a band from the least to the most. */
static void add_time_series(struct canvas *canvas, size_t record, const double *values,
                            size_t count)
{
    struct picture_panel *panel =
        add_panel(canvas, title_of(canvas, record, "seconds of each token, in order"));
    const size_t stretches = count < STRETCHES ? count : STRETCHES;
    double *x = keep(canvas, stretches, sizeof *x), *y = keep(canvas, stretches, sizeof *y);
    double *low = keep(canvas, stretches, sizeof *low), *high = keep(canvas, stretches, sizeof *x);
    double *part = keep(canvas, count / stretches + 1, sizeof *part);
    for (size_t i = 0; i < stretches; i++) {
        const size_t from = i * count / stretches, to = (i + 1) * count / stretches;
        memcpy(part, values + from, (to - from) * sizeof *part);
        x[i] = ((double)from + (double)to - 1) / 2;
        low[i] = stats_least(part, to - from);
        high[i] = stats_most(part, to - from);
        y[i] = stats_median(part, to - from);
    }
    panel->y_unit = "s";
    panel->x_label = "token";
    panel->y_near = true;
    struct picture_series *band = add_series(canvas, record);
    band->style = PICTURE_BAND;
    band->low = low;
    band->high = high;
    struct picture_series *line = add_series(canvas, record);
    line->y = y;
    band->x = line->x = x;
    band->count = line->count = stretches;
}

/* How many values lie in each of BINS equal parts of what the first 99.5% span; the title says how
 * many lie beyond. */
static void add_histogram(struct canvas *canvas, size_t record, double *values, size_t count)
{
    stats_sort(values, count);
    const double first = values[0], quantile = stats_quantile(values, count, 0.995);
    const double width = (quantile > first ? quantile - first : first / 10) / BINS * 1.0001;
    double *x = keep(canvas, BINS, sizeof *x), *y = keep(canvas, BINS, sizeof *y);
    size_t beyond = 0;
    for (int i = 0; i < BINS; i++)
        x[i] = first + (i + 0.5) * width;
    for (size_t i = 0; i < count; i++) {
        const double bin = floor((values[i] - first) / width);
        if (bin < BINS)
            y[(int)bin]++;
        else
            beyond++;
    }
    char what[LABEL_BYTES];
    snprintf(what, sizeof what, beyond ? "tokens by seconds; %zu took longer" : "tokens by seconds",
             beyond);
    struct picture_panel *panel = add_panel(canvas, title_of(canvas, record, what));
    panel->x_unit = "s";
    struct picture_series *bars = add_series(canvas, record);
    bars->style = PICTURE_BARS;
    bars->count = BINS;
    bars->x = x;
    bars->y = y;
    bars->width = width;
}

static void draw_latency(struct canvas *canvas)
{
    for (size_t i = 0; i < canvas->count; i++) {
        size_t count;
        double *values = longest_series(canvas, &canvas->records[i], &count);
        if (count < 2)
            canvas->failed = "has no series of tokens";
        else if (canvas->panel_count + 2 > PICTURE_PANELS)
            canvas->failed = "is one too many: there is room for four series";
        canvas->failed_at = i;
        if (canvas->failed)
            return;
        add_time_series(canvas, i, values, count);
        add_histogram(canvas, i, values, count);
    }
}

/* ---- bench -------------------------------------------------------------------------------- */

/* The place of a name among those that came before it, else behind them. */
static size_t place_of(struct picture_tick *ticks, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (ticks[i].label && strcmp(ticks[i].label, name) == 0)
            return i;
    ticks[*count] = (struct picture_tick){.at = (double)*count, .label = name};
    return (*count)++;
}

/* The bars of a record's figures of this kind. */
static void add_bars(struct canvas *canvas, size_t record, const char *kind,
                     struct picture_tick *ticks, size_t *tick_count)
{
    const json_t *figures = json_object_get(canvas->records[record].root, "figures");
    const size_t count = json_array_size(figures);
    struct picture_series *bars = add_series(canvas, record);
    double *x = keep(canvas, count, sizeof *x), *y = keep(canvas, count, sizeof *y);
    double *low = keep(canvas, count, sizeof *low), *high = keep(canvas, count, sizeof *high);
    const double width = 0.8 / (double)canvas->count;
    for (size_t i = 0; i < count; i++) {
        const json_t *figure = json_array_get(figures, i);
        if (strcmp(string(figure, "kind"), kind) != 0)
            continue;
        const size_t place = place_of(ticks, tick_count, string(figure, "name"));
        x[bars->count] = (double)place - 0.4 + ((double)record + 0.5) * width;
        y[bars->count] = number(figure, "median");
        low[bars->count] = number(figure, "low");
        high[bars->count++] = number(figure, "high");
    }
    bars->style = PICTURE_BARS;
    bars->width = width;
    bars->x = x;
    bars->y = y;
    bars->low = low;
    bars->high = high;
}

static void draw_bench(struct canvas *canvas)
{
    static const struct {
        const char *kind, *title;
    } kinds[] = {{"prefill", "prefill, tokens/s"},
                 {"decode", "decode, tokens/s"},
                 {"both", "prefill and decode, tokens/s"}};
    size_t figures = 0;
    for (size_t i = 0; i < canvas->count; i++)
        figures += json_array_size(json_object_get(canvas->records[i].root, "figures"));
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct picture_panel *panel = add_panel(canvas, kinds[k].title);
        struct picture_tick *ticks = keep(canvas, figures, sizeof *ticks);
        for (size_t i = 0; i < canvas->count; i++)
            add_bars(canvas, i, kinds[k].kind, ticks, &panel->tick_count);
        panel->ticks = ticks;
        panel->sideways = true;
        panel->height = (unsigned)(panel->tick_count * (10 + 12 * canvas->count));
        canvas->panel_count -= panel->tick_count == 0;
    }
    if (canvas->panel_count == 0)
        canvas->failed = "has no speeds";
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
    const char *verb, *title;
    void (*draw)(struct canvas *canvas);
} kinds[] = {
    {"sweep", "Speed and memory against depth", draw_sweep},
    {"latency", "Seconds of each token", draw_latency},
    {"perplexity", "Bits per byte by position", draw_positions},
    {"bench", "Speed", draw_bench},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Which kind all records are of; KINDS, with the reason in `error`: none. */
static size_t kind_of(const struct pictured_record *records, size_t count, char *error)
{
    const char *verb = string(records[0].root, "verb");
    for (size_t i = 1; i < count; i++)
        if (strcmp(string(records[i].root, "verb"), verb) != 0) {
            snprintf(error, PICTURE_ERROR,
                     "%.100s is of the verb '%.16s', but %.80s of '%.16s': records of one verb "
                     "fit into one picture",
                     records[i].name, string(records[i].root, "verb"), records[0].name, verb);
            return KINDS;
        }
    for (size_t k = 0; k < KINDS; k++)
        if (strcmp(kinds[k].verb, verb) == 0)
            return k;
    snprintf(error, PICTURE_ERROR,
             "%.150s is of the verb '%.16s'; there are pictures of sweep, latency, perplexity and "
             "bench",
             records[0].name, verb);
    return KINDS;
}

bool record_picture_fits(const struct pictured_record *records, size_t count,
                         char error[PICTURE_ERROR])
{
    return kind_of(records, count, error) < KINDS;
}

bool record_picture(const struct pictured_record *records, size_t count, const char *name,
                    char **svg, size_t *bytes, char error[PICTURE_ERROR])
{
    const size_t kind = kind_of(records, count, error);
    *svg = NULL;
    if (kind == KINDS)
        return false;
    struct canvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas) {
        snprintf(error, PICTURE_ERROR, "not enough memory");
        return false;
    }
    canvas->records = records;
    canvas->count = count;
    make_labels(canvas);
    kinds[kind].draw(canvas);
    const struct picture picture = {name, kinds[kind].title, canvas->panels, canvas->panel_count};
    bool done = false;
    if (canvas->failed)
        snprintf(error, PICTURE_ERROR, "%.180s %s", records[canvas->failed_at].name,
                 canvas->failed);
    else
        done = picture_svg(&picture, svg, bytes, error);
    for (size_t i = 0; i < canvas->allocations; i++)
        free(canvas->memory[i]);
    for (size_t i = 0; i < count; i++)
        json_decref(canvas->rows[i]);
    free(canvas);
    return done;
}
