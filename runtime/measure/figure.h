/* One measured figure: its raw samples, what they come to, and how it is written. */
#ifndef RUNTIME_MEASURE_FIGURE_H
#define RUNTIME_MEASURE_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/json.h"
#include "runtime/base/run.h"

enum { FIGURE_NAME_BYTES = 96, FIGURE_SCALARS = 16 };

/* Of fewer samples not even their least and most enclose the median with 93%. */
enum { FIGURE_LEAST_SAMPLES = 5 };

/* A further number of a figure. `name` is its key in the record; where `column` is given, it is
 * printed in tables, under that heading, times `scale`. The texts must outlive the figure. */
struct figure_scalar {
    const char *name;
    double value; /* NaN: not known, null */
    const char *column;
    double scale;
};

struct figure {
    char name[FIGURE_NAME_BYTES]; /* "tg128 @ d4096" */
    const char *kind;             /* "prefill", "decode", "both", "latency", "quality", "memory" */
    const char *unit;             /* "tokens/s", "s", "bits/byte", "bytes" */
    bool lower_is_better;
    int64_t n_prompt, n_gen, depth; /* below 0: means nothing here, and is left out */
    double *samples;                /* in the order in which they were measured */
    u32 count, most;
    double mean, sd, median;
    double low, high; /* 95% confidence interval of the median; NaN where samples are too few */
    struct figure_scalar scalars[FIGURE_SCALARS];
    u32 scalar_count;
};

/* Appends a sample; more than figure->most is a mistake in the program: exits. */
void figure_sample(struct figure *figure, double value);

/* Appends a further number, as above. */
void figure_scalar(struct figure *figure, const char *name, double value, const char *column,
                   double scale);

/* Bytes that figure_summarize() needs for so many samples. */
uint64_t figure_summary_bytes(u32 samples);

/* Computes mean, sd, median, low and high from the samples, in `memory` of figure_summary_bytes().
 * The interval is stats_bootstrap()'s of the median, from FIGURE_LEAST_SAMPLES samples on. What
 * cannot be said is NaN, all of it if there is no sample or one is not finite. Costs as
 * stats_bootstrap(). */
void figure_summarize(struct figure *figure, void *memory);

/* The figure as an object of the record, after figure_summarize(). `part`: "figure" in JSON lines,
 * otherwise NULL. */
void figure_write(struct json *json, const struct figure *figure, const char *part);

enum figure_format { FIGURE_TABLE, FIGURE_MD, FIGURE_CSV };

/* All figures that have samples as a table: a line each, with a column for every scalar that any of
 * them prints. In CSV values are as in the record; else seconds and bytes are in a unit that suits
 * the median. */
void figure_print(struct out *out, const struct figure *figures, u32 count,
                  enum figure_format format);

#endif
