/* Statistics of measured series. Pure functions of their arguments, with the same result in every
 * run: they allocate nothing, make no system call, and what they draw at random comes from Philox
 * with the seed that is given. Memory that a function needs is the caller's `scratch`, counted in
 * values. All values must be finite. The order of a series is that of its measurement.
 *
 * Cost: O(n) unless said otherwise. */
#ifndef RUNTIME_MEASURE_STATS_H
#define RUNTIME_MEASURE_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* ---- one series ------------------------------------------------------------------------------ */

/* Ascending, in place. O(n log n), also at worst. */
void stats_sort(double *values, uint64_t count);

/* Of at least one value. */
double stats_mean(const double *values, uint64_t count);
double stats_least(const double *values, uint64_t count);
double stats_most(const double *values, uint64_t count);

/* Standard deviation with n - 1 in the denominator; 0 for a single value, of which it says
 * nothing. */
double stats_sd(const double *values, uint64_t count);

/* The quantile that the given share (0 to 1) of the values lies below, with linear interpolation:
 * type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician
 * 50 (1996), numpy's default. `sorted` ascends. O(1). */
double stats_quantile(const double *sorted, uint64_t count, double share);

/* The same, and that of a half, of values in any order, which is changed. */
double stats_select_quantile(double *values, uint64_t count, double share);
double stats_median(double *values, uint64_t count);

/* Autocorrelation at a lag: the sum of (x[i] - mean) (x[i + lag] - mean) over the sum of squares,
 * both about the mean of all (Box and Jenkins). 0 if the values are all equal or lag >= count. */
double stats_autocorrelation(const double *values, uint64_t count, uint64_t lag);

/* Ranks from 1 in the order of the series; equal values share the middle of theirs. scratch[count].
 * O(n log n). */
void stats_ranks(double *ranks, const double *values, uint64_t count, double *scratch);

/* Stretches of neighbours that all lie above a threshold. */
struct stats_runs {
    uint64_t runs;    /* how many stretches */
    uint64_t above;   /* values in them */
    uint64_t longest; /* values of the longest, the first of equals; 0: there is none */
    uint64_t at;      /* its first index */
};
struct stats_runs stats_runs_above(const double *values, uint64_t count, double threshold);

/* ratios[i] = over[i] / under[i], for pairs that were measured side by side. */
void stats_ratios(double *ratios, const double *over, const double *under, uint64_t count);

/* ---- confidence intervals -------------------------------------------------------------------- */

struct stats_interval {
    double low, high;
};

/* A statistic of values, whose order it may change. `context` is what came with it. */
typedef double stats_statistic(double *values, uint64_t count, const void *context);
double stats_mean_of(double *values, uint64_t count, const void *unused);
double stats_median_of(double *values, uint64_t count, const void *unused);
double stats_quantile_of(double *values, uint64_t count, const void *share); /* a double */

enum { STATS_DRAWS = 1000 };

/* How to draw. All zeros: STATS_DRAWS draws, 95%, the block length by rule, seed 0. */
struct stats_draws {
    uint32_t draws;
    double level;   /* of confidence, between 0 and 1 */
    uint64_t block; /* neighbours that are drawn together, at most the count */
    uint64_t seed;
};

/* Values of scratch that stats_bootstrap() and stats_bootstrap_ratio() need for series of at most
 * `count` values. */
uint64_t stats_bootstrap_scratch(uint64_t count, const struct stats_draws *how);

/* Percentile interval of a statistic by the circular block bootstrap: each draw is a series of the
 * same length, made of blocks of neighbours that begin anywhere, around the end (Politis and
 * Romano, "A circular block-resampling procedure for stationary data", 1992). Blocks keep what
 * neighbours have in common, so a series that stays slow for a while does not look surer than it
 * is. Their length is stats_block_length() of the ranks, which outliers do not blind, unless it is
 * given. It covers what varied during the series, nothing else. A single value has the interval [x,
 * x]. Measured, an interval of 95% of the median holds the true one in 94% of independent series of
 * 5, 200 and 1,000 values and 90% of 20; with neighbours correlated by 0.6 in 93% of 1,000 values,
 * 90% of 200, 84% of 50 and 74% of 20: few dependent values look surer than they are. O(draws n),
 * and O(n sqrt n) at worst for the block length. */
struct stats_interval stats_bootstrap(const double *values, uint64_t count, stats_statistic *of,
                                      const void *context, const struct stats_draws *how,
                                      double *scratch);

/* The same of a ratio, of(over) / of(under), of two series that were measured independently. */
struct stats_interval stats_bootstrap_ratio(const double *over, uint64_t over_count,
                                            const double *under, uint64_t under_count,
                                            stats_statistic *of, const void *context,
                                            const struct stats_draws *how, double *scratch);

/* The length of blocks, from 1, that suits a series: Politis and White, "Automatic block-length
 * selection for the dependent bootstrap", Econometric Reviews 23 (2004), for the circular
 * bootstrap, as corrected by Patton, Politis and White, ibid. 28 (2009), rounded up; at most
 * min(3 sqrt(n), n / 3). 1 where n < STATS_LEAST_SERIES: that few tell nothing of their dependence.
 * scratch[count]. */
uint64_t stats_block_length(const double *values, uint64_t count, double *scratch);
enum { STATS_LEAST_SERIES = 20 };

/* ---- change points --------------------------------------------------------------------------- */

/* The series has one level before index `at` and another from there to the next change. */
struct stats_change {
    uint64_t at;
    double before, after; /* medians of the stretches on both sides */
    double p;             /* of the test that found it */
};

/* How to look. All zeros: p at most 1%, steps of at least 2%, stretches of at least 20 values. */
struct stats_change_rule {
    double significance;
    double least_step; /* of after / before, and of before / after, beyond 1 */
    uint64_t least_length;
};

/* Finds where a series of positive values changes its level; returns how many changes, in
 * ascending order, at most `room`. Circular binary segmentation of the ranks (Olshen, Venkatraman,
 * Lucito and Wigler, "Circular binary segmentation for the analysis of array-based DNA copy number
 * data", Biostatistics 5, 2004): of all stretches, the one that differs most from all the rest is
 * cut out where a permutation test finds that order matters, and each part is searched again; so a
 * slow while in the middle is found as well as a step. Ranks: an outlier weighs no more than any
 * value.
 *
 * What is permuted are bins of neighbours (Kirch, "Block permutation principles for the change
 * analysis of dependent data", J. Stat. Planning and Inference 137, 2007), twice as long as the
 * block length of the residuals, and at most 256: 999 orders. Then an end is refined to the value.
 *
 * In a series of one level a change is found with probability `significance` if values are
 * independent; measured at 1% with neighbours correlated by 0.6: 3% of 200 values, 0.3% of 1000; by
 * 0.8: 9% and 2%. Shorter and more dependent ones tell less: 60 values with 0.6: 16%. Each part
 * that a change leaves is a further test. Afterwards, changes whose two sides differ by less than
 * least_step are given up, the smallest first. Stretches of fewer than 48 values are not split.
 * scratch[2 count]. O(n log n) and a fixed cost for each part, O(n sqrt n) at worst. */
uint32_t stats_changes(const double *values, uint64_t count, const struct stats_change_rule *rule,
                       struct stats_change *changes, uint32_t room, double *scratch);

/* ---- of use to several of the above ---------------------------------------------------------- */

/* What a series' autocovariances R(k) sum to, with the flat-top window of Politis and White up to
 * twice the lag behind which they are negligible. */
struct stats_spectrum {
    double variance; /* R(0) */
    double long_run; /* the sum over all k of window(k) R(k): at least R(0) / n */
    double slope;    /* the sum over all k of window(k) |k| R(k) */
};
/* scratch[count], at least STATS_LEAST_SERIES values. */
struct stats_spectrum stats_spectrum(const double *values, uint64_t count, double *scratch);

#endif
