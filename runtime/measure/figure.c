#include "runtime/measure/figure.h"

#include <math.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/measure/stats.h"

void figure_sample(struct figure *figure, double value)
{
    if (figure->count == figure->most)
        die(EXIT_FAILED, "internal error: more than %u samples of %s", figure->most, figure->name);
    figure->samples[figure->count++] = value;
}

void figure_scalar(struct figure *figure, const char *name, double value, const char *column,
                   double scale)
{
    if (figure->scalar_count == FIGURE_SCALARS)
        die(EXIT_FAILED, "internal error: more than %d scalars of %s", FIGURE_SCALARS,
            figure->name);
    figure->scalars[figure->scalar_count++] =
        (struct figure_scalar){.name = name, .value = value, .column = column, .scale = scale};
}

uint64_t figure_summary_bytes(u32 samples)
{
    const struct stats_draws how = {0};
    return (samples + stats_bootstrap_scratch(samples, &how)) * sizeof(double);
}

void figure_summarize(struct figure *figure, void *memory)
{
    double *values = memory;
    const u32 count = figure->count;
    figure->mean = figure->sd = figure->median = figure->low = figure->high = (double)NAN;
    for (u32 i = 0; i < count; i++)
        if (!isfinite(figure->samples[i]))
            return;
    if (count == 0)
        return;
    memcpy(values, figure->samples, count * sizeof *values);
    figure->mean = stats_mean(values, count);
    figure->median = stats_median(values, count);
    if (count > 1)
        figure->sd = stats_sd(values, count);
    if (count < FIGURE_LEAST_SAMPLES)
        return;
    const struct stats_draws how = {0};
    const struct stats_interval interval =
        stats_bootstrap(figure->samples, count, stats_median_of, NULL, &how, values + count);
    figure->low = interval.low;
    figure->high = interval.high;
}

static void write_count(struct json *json, const char *key, int64_t value)
{
    if (value >= 0)
        json_add_integer(json, key, (uint64_t)value);
}

void figure_write(struct json *json, const struct figure *figure, const char *part)
{
    json_open(json, NULL, '{');
    if (part != NULL)
        json_add_string(json, "part", part);
    json_add_string(json, "name", figure->name);
    json_add_string(json, "kind", figure->kind);
    json_add_string(json, "unit", figure->unit);
    json_add_string(json, "better", figure->lower_is_better ? "lower" : "higher");
    write_count(json, "n_prompt", figure->n_prompt);
    write_count(json, "n_gen", figure->n_gen);
    write_count(json, "depth", figure->depth);
    json_add_reals(json, "samples", figure->samples, figure->count);
    json_add_real(json, "mean", figure->mean);
    json_add_real(json, "sd", figure->sd);
    json_add_real(json, "median", figure->median);
    json_add_real(json, "low", figure->low);
    json_add_real(json, "high", figure->high);
    for (u32 i = 0; i < figure->scalar_count; i++)
        json_add_real(json, figure->scalars[i].name, figure->scalars[i].value);
    json_close(json, '}');
}
