#include "tools/measure/comparison.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"

/* ---- verdicts -------------------------------------------------------------------------------- */

void comparison_decide(struct comparison *comparison, double margin)
{
    const struct stats_interval of = comparison->interval;
    const double most = 1 + margin, least = 1 / most;
    comparison->verdict = VERDICT_UNCLEAR;
    comparison->why[0] = '\0';
    if (of.low >= least && of.high <= most)
        comparison->verdict = VERDICT_SAME;
    else if (of.low > most || of.high < least)
        comparison->verdict =
            (of.low > most) == comparison->lower_is_better ? VERDICT_WORSE : VERDICT_BETTER;
    else
        snprintf(comparison->why, COMPARISON_WHY, "the interval reaches %s the margin of %g%%",
                 of.low < least && of.high > most ? "beyond both ends of"
                 : of.low <= 1 && of.high >= 1    ? "beyond one end of"
                                                  : "from within to beyond",
                 100 * margin);
}

const char *comparison_word(const struct comparison *comparison)
{
    static const char *const words[][2] = {[VERDICT_SAME] = {"same", "same"},
                                           [VERDICT_BETTER] = {"better", "faster"},
                                           [VERDICT_WORSE] = {"worse", "slower"},
                                           [VERDICT_UNCLEAR] = {"unclear", "unclear"}};
    static const char *const speeds[] = {"prefill", "decode", "both", "latency"};
    bool speed = false;
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
        speed |= strcmp(comparison->kind, speeds[i]) == 0;
    return words[comparison->verdict][speed];
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void *grown(void *block, size_t count, size_t size)
{
    void *more = reallocarray(block, count + 1, size);
    if (more == NULL)
        die(EXIT_MEMORY, "no memory for %zu figures or samples", count);
    return more;
}

void comparisons_note(struct comparisons *all, const char *format, ...)
{
    all->notes = grown(all->notes, all->note_count + 1, sizeof *all->notes);
    va_list values;
    va_start(values, format);
    vsnprintf(all->notes[all->note_count++], COMPARISON_NOTE, format, values);
    va_end(values);
}

/* A member of a section in words: "2", "avx512", "true", "null". */
static void spell(const json_t *value, char text[120])
{
    char *dumped = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(text, 120, "%.100s",
             json_is_string(value) ? json_string_value(value)
             : dumped != NULL      ? dumped
                                   : "not said");
    free(dumped);
}

static void note_section(struct comparisons *all, const char *section)
{
    const json_t *a = json_object_get(all->of[0]->root, section);
    const json_t *b = json_object_get(all->of[1]->root, section);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, key, value)
    {
        const json_t *other = json_object_get(b, key);
        char before[120], after[120];
        if (json_is_object(value) || json_is_array(value) || other == NULL ||
            json_equal(value, other) || strcmp(key, "load") == 0 ||
            strcmp(key, "memory_available_bytes") == 0) /* which change all the time */
            continue;
        spell(value, before);
        spell(other, after);
        comparisons_note(all, "%s.%.60s: A %s, B %s", section, key, before, after);
    }
}

void comparisons_note_differences(struct comparisons *all)
{
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < all->of[side]->figure_count; i++)
            if (record_read_find(all->of[!side], all->of[side]->figures[i].name) == NULL)
                comparisons_note(all, "only in %c: %.100s", 'A' + side,
                                 all->of[side]->figures[i].name);
    for (int side = 0; side < 2; side++)
        if (!all->of[side]->complete)
            comparisons_note(all, "%c was interrupted: it is not complete", 'A' + side);
    static const char *const sections[] = {"model", "build", "run", "machine"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        note_section(all, sections[i]);
}

/* ---- canaries -------------------------------------------------------------------------------- */

/* The median of one part of the canary: 0 compute, 1 memory, 2 both; NaN: not in the record. */
static double canary_median(const struct record_read *record, int part)
{
    double *times = grown(NULL, record->canary_count, sizeof *times);
    for (size_t i = 0; i < record->canary_count; i++) {
        const struct read_canary *canary = &record->canaries[i];
        times[i] = part == 0 ? canary->compute : part == 1 ? canary->memory : canary->seconds;
    }
    bool all = record->canary_count > 0;
    for (size_t i = 0; i < record->canary_count; i++)
        all &= !isnan(times[i]);
    const double median = all ? stats_median(times, record->canary_count) : NAN;
    free(times);
    return median;
}

/* Whether the machine has changed between the records; notes what is known of it. */
static bool machine_changed(struct comparisons *all)
{
    static const char *const parts[] = {"computing", "reading memory", "its fixed work"};
    bool known = false, changed = false;
    for (int part = 0; part < 3 && !(part == 2 && known); part++) {
        const double a = canary_median(all->of[0], part), b = canary_median(all->of[1], part);
        if (isnan(a) || isnan(b))
            continue;
        known = true;
        const double step = fmax(b / a, a / b) - 1;
        changed |= step > all->margin;
        comparisons_note(all, "canary: %s took %.3g ms in A, %.3g ms in B (%+.1f%%)%s", parts[part],
                         1e3 * a, 1e3 * b, 100 * (b / a - 1),
                         step > all->margin ? ": the machine has changed" : "");
    }
    if (!known)
        comparisons_note(all, "no canary in both: nothing shows whether the machine was the same");
    return changed;
}

/* ---- figures --------------------------------------------------------------------------------- */

struct series {
    double *samples;
    size_t count, left_out;
    bool disturbed; /* too few are left without: all are here */
};

static bool is_disturbed(const json_t *ranges, const char *figure, size_t sample)
{
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        const json_t *range = json_array_get(ranges, i);
        const char *name = json_string_value(json_object_get(range, "figure"));
        const json_int_t from = json_integer_value(json_object_get(range, "from"));
        const json_int_t to = json_integer_value(json_object_get(range, "to"));
        if (name != NULL && strcmp(name, figure) == 0 && (json_int_t)sample >= from &&
            (json_int_t)sample < to)
            return true;
    }
    return false;
}

/* The samples that nothing disturbed, if they are enough; else all. */
static struct series samples_of(const struct record_read *record, const struct read_figure *figure)
{
    struct series series = {.samples = grown(NULL, figure->count, sizeof *series.samples)};
    const json_t *ranges = json_object_get(record->root, "disturbed");
    for (size_t i = 0; i < figure->count; i++)
        if (is_disturbed(ranges, figure->name, i))
            series.left_out++;
        else
            series.samples[series.count++] = figure->samples[i];
    series.disturbed = series.left_out > 0 && series.count < COMPARISON_LEAST_SAMPLES;
    if (series.disturbed) {
        memcpy(series.samples, figure->samples, figure->count * sizeof *series.samples);
        series.count = figure->count;
    }
    return series;
}

static double median_of(const struct series *series)
{
    double *copy = grown(NULL, series->count, sizeof *copy);
    memcpy(copy, series->samples, series->count * sizeof *copy);
    const double median = series->count > 0 ? stats_median(copy, series->count) : NAN;
    free(copy);
    return median;
}

static struct stats_interval interval_of(const struct series *a, const struct series *b)
{
    const struct stats_draws how = {.draws = 4000};
    const size_t most = a->count > b->count ? a->count : b->count;
    double *scratch = grown(NULL, stats_bootstrap_scratch(most, &how), sizeof *scratch);
    const struct stats_interval interval = stats_bootstrap_ratio(
        b->samples, b->count, a->samples, a->count, stats_median_of, NULL, &how, scratch);
    free(scratch);
    return interval;
}

/* Times and speeds vary; losses and sizes are what they are. */
static bool varies(const struct comparison *comparison)
{
    return strcmp(comparison->kind, "quality") != 0 && strcmp(comparison->kind, "memory") != 0;
}

static void unclear(struct comparison *comparison, const char *why)
{
    comparison->verdict = VERDICT_UNCLEAR;
    snprintf(comparison->why, COMPARISON_WHY, "%s", why);
}

/* What of two series stands against any verdict; NULL: nothing. */
static const char *objection(const struct comparison *comparison, const struct series series[2],
                             bool changed, char why[COMPARISON_WHY])
{
    const size_t fewest = series[0].count < series[1].count ? series[0].count : series[1].count;
    if (!varies(comparison))
        return NULL;
    if (fewest < COMPARISON_LEAST_SAMPLES) {
        snprintf(why, COMPARISON_WHY, "%zu samples; it takes %d of each", fewest,
                 COMPARISON_LEAST_SAMPLES);
        return why;
    }
    for (int side = 0; side < 2; side++)
        if (series[side].disturbed) {
            snprintf(why, COMPARISON_WHY, "%zu of %zu samples of %c were disturbed",
                     series[side].left_out, series[side].count, 'A' + side);
            return why;
        }
    return changed ? "the machine has changed" : NULL;
}

static void compare(struct comparisons *all, const struct read_figure *a,
                    const struct read_figure *b, bool changed)
{
    struct series series[2] = {samples_of(all->of[0], a), samples_of(all->of[1], b)};
    struct comparison made = {.name = a->name,
                              .kind = a->kind,
                              .unit = a->unit,
                              .lower_is_better = a->lower_is_better,
                              .before = median_of(&series[0]),
                              .after = median_of(&series[1]),
                              .samples = {series[0].count, series[1].count},
                              .ratio = NAN,
                              .interval = {NAN, NAN}};
    bool positive = true;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < series[side].count; i++)
            positive &= series[side].samples[i] > 0;
        if (series[side].left_out > 0 && !series[side].disturbed)
            comparisons_note(all, "%.100s: without %zu of %zu samples of %c that were disturbed",
                             a->name, series[side].left_out,
                             series[side].left_out + series[side].count, 'A' + side);
    }
    if (series[0].count == 0 || series[1].count == 0) {
        unclear(&made, "no samples");
    } else if (!positive) {
        unclear(&made, "samples that are not above 0 have no ratio");
    } else {
        char why[COMPARISON_WHY];
        made.ratio = made.after / made.before;
        made.interval = interval_of(&series[0], &series[1]);
        comparison_decide(&made, all->margin);
        const char *against = objection(&made, series, changed, why);
        if (against != NULL)
            unclear(&made, against);
    }
    free(series[0].samples);
    free(series[1].samples);
    all->figures = grown(all->figures, all->count + 1, sizeof *all->figures);
    all->figures[all->count++] = made;
}

void comparisons_of_records(struct comparisons *all)
{
    const bool changed = machine_changed(all);
    for (size_t i = 0; i < all->of[0]->figure_count; i++) {
        const struct read_figure *a = &all->of[0]->figures[i];
        const struct read_figure *b = record_read_find(all->of[1], a->name);
        if (b == NULL)
            continue;
        if (strcmp(a->unit, b->unit) != 0 || strcmp(a->kind, b->kind) != 0 ||
            a->lower_is_better != b->lower_is_better)
            comparisons_note(all,
                             "not compared: %.100s is '%.40s' in '%.40s' in A, '%.40s' in "
                             "'%.40s' in B",
                             a->name, a->kind, a->unit, b->kind, b->unit);
        else
            compare(all, a, b, changed);
    }
}

void comparisons_free(struct comparisons *all)
{
    free(all->figures);
    free(all->notes);
}
