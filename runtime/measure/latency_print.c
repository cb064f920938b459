/* Latencies for people: a table, a histogram, the series. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "runtime/measure/latency.h"

enum { BINS = 12, BIN_WIDTH = 50, SERIES_WIDTH = 72 };

/* All times of one print in the unit that suits the median. */
struct time_unit {
    const char *name;
    double scale;
};

static struct time_unit unit_for(double seconds)
{
    if (seconds >= 1)
        return (struct time_unit){"s", 1};
    return seconds >= 1e-3 ? (struct time_unit){"ms", 1e3} : (struct time_unit){"us", 1e6};
}

static void print_cell(struct out *out, double value)
{
    if (isfinite(value))
        out_print(out, " %10.*f", value < 100 ? 2 : 1, value);
    else
        out_print(out, " %10s", "-");
}

static void print_each(struct out *out, const struct latency *latency, struct time_unit unit)
{
    out_print(out, "\ntoken, %s  %8s %10s %10s %10s %10s %10s %10s %10s\n    ", unit.name, "min",
              "mean", "p50", "p90", "p95", "p99", "p99.9", "max");
    print_cell(out, unit.scale * latency->least);
    print_cell(out, unit.scale * latency->mean);
    for (u32 i = 0; i < LATENCY_QUANTILES; i++)
        print_cell(out, unit.scale * latency->quantiles[i]);
    print_cell(out, unit.scale * latency->most);
    static const char *const ends[] = {"low", "high"};
    for (u32 end = 0; end < 2; end++) {
        const struct stats_interval *mean = &latency->mean_interval;
        out_print(out, "\n%-4s %10s", ends[end], "");
        print_cell(out, unit.scale * (end == 0 ? mean->low : mean->high));
        for (u32 i = 0; i < LATENCY_QUANTILES; i++)
            print_cell(out, unit.scale * (end == 0 ? latency->intervals[i].low
                                                   : latency->intervals[i].high));
    }
    out_text(out, "\n");
}

static void print_jitter(struct out *out, const struct latency *latency, struct time_unit unit)
{
    const double median = latency->quantiles[0], p99 = latency->quantiles[3];
    out_text(out, "jitter: ");
    if (isfinite(p99))
        out_print(out, "p99 - p50 %.2f %s, ", unit.scale * (p99 - median), unit.name);
    out_print(out, "max / median %.2f, autocorrelation %.2f, slow (%.2f medians) %" PRIu64 " of %u",
              latency->most / median, latency->autocorrelation, LATENCY_SLOW, latency->slow.above,
              latency->figure->count);
    if (latency->slow.runs > 0)
        out_print(out, " in %" PRIu64 " runs, the longest %" PRIu64 " from token %" PRIu64,
                  latency->slow.runs, latency->slow.longest, latency->slow.at);
    out_text(out, "\n");
    for (u32 i = 0; i < latency->change_count; i++) {
        const struct latency_change *change = &latency->changes[i];
        out_print(out,
                  "change: at token %" PRIu64 " from %.2f to %.2f %s, the canary by %.2f: %s\n",
                  change->change.at, unit.scale * change->change.before,
                  unit.scale * change->change.after, unit.name, change->canary,
                  change->machine ? "the machine" : "not the machine");
    }
}

/* Which of so many equal steps from the least (0) to the most of all, on a logarithmic scale. */
static u32 step_of(const struct latency *latency, double seconds, u32 steps)
{
    const double range = log(latency->most / latency->least);
    const double at = range > 0 ? log(seconds / latency->least) / range * steps : 0;
    return at < steps ? (u32)at : steps - 1;
}

/* Bins of equal ratio from the least to the most. */
static void print_histogram(struct out *out, const struct latency *latency, struct time_unit unit)
{
    u32 counts[BINS] = {0}, highest = 1;
    const double range = log(latency->most / latency->least);
    if (!(range > 0))
        return;
    for (u32 i = 0; i < latency->figure->count; i++) {
        const u32 bin = step_of(latency, latency->figure->samples[i], BINS);
        if (++counts[bin] > highest)
            highest = counts[bin];
    }
    out_print(out, "\n%10s from  tokens\n", unit.name);
    for (u32 bin = 0; bin < BINS; bin++) {
        const double from = latency->least * exp(range * bin / (double)BINS);
        const u32 width = (u32)(((uint64_t)counts[bin] * BIN_WIDTH + highest / 2) / highest);
        out_print(out, "%15.2f %7u  ", unit.scale * from, counts[bin]);
        for (u32 i = 0; i < width || (i == 0 && counts[bin] > 0); i++)
            out_text(out, "#");
        out_text(out, "\n");
    }
}

/* The samples that a column of the series shows. */
static u32 column_start(u32 column, u32 count)
{
    const u32 width = count < SERIES_WIDTH ? count : SERIES_WIDTH;
    return (u32)((uint64_t)count * column / width);
}

/* The longest token of each stretch, between the least and the most of all; beneath, where the
 * machine was disturbed. */
static void print_series(struct out *out, const struct latency *latency)
{
    static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    enum { LEVELS = sizeof levels / sizeof *levels, RANGES = 64 };
    const struct figure *figure = latency->figure;
    const u32 width = figure->count < SERIES_WIDTH ? figure->count : SERIES_WIDTH;
    out_text(out, "\nlongest ");
    for (u32 column = 0; column < width; column++) {
        double most = latency->least;
        for (u32 i = column_start(column, figure->count);
             i < column_start(column + 1, figure->count); i++)
            most = fmax(most, figure->samples[i]);
        out_text(out, levels[step_of(latency, most, LEVELS)]);
    }
    struct canary_range ranges[RANGES];
    const u32 count = canary_disturbed(latency->canary, ranges, RANGES);
    out_print(out, " of %u tokens\n", figure->count);
    if (count == 0)
        return;
    out_text(out, "machine ");
    for (u32 column = 0; column < width; column++) {
        bool disturbed = false;
        for (u32 i = 0; i < count; i++)
            disturbed |= ranges[i].from < column_start(column + 1, figure->count) &&
                         ranges[i].to > column_start(column, figure->count);
        out_text(out, disturbed ? "!" : " ");
    }
    out_text(out, "  ! disturbed\n");
}

void latency_print(struct out *out, const void *context)
{
    const struct latency *latency = context;
    const struct time_unit unit = unit_for(latency->quantiles[0]);
    print_each(out, latency, unit);
    print_jitter(out, latency, unit);
    print_histogram(out, latency, unit);
    print_series(out, latency);
}
