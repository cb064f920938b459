/* Confidence intervals by the circular block bootstrap, and the length of its blocks. */
#include "runtime/measure/stats.h"

#include <math.h>
#include <string.h>

#include "runtime/base/philox.h"

double stats_mean_of(double *values, uint64_t count, const void *unused)
{
    (void)unused;
    return stats_mean(values, count);
}

double stats_median_of(double *values, uint64_t count, const void *unused)
{
    (void)unused;
    return stats_median(values, count);
}

double stats_quantile_of(double *values, uint64_t count, const void *share)
{
    return stats_select_quantile(values, count, *(const double *)share);
}

static double autocovariance(const double *values, uint64_t count, double mean, uint64_t lag)
{
    double sum = 0;
    for (uint64_t i = 0; i + lag < count; i++)
        sum += (values[i] - mean) * (values[i + lag] - mean);
    return sum / (double)count;
}

/* The paper's choices, as its authors' and other programs read them: autocorrelations are
 * negligible from lag m on if max(5, sqrt(log10 n)) in a row lie within 2 sqrt(log10(n) / n); none
 * is looked at beyond sqrt(n) and these. The window is 1 up to m, and falls to 0 at 2 m. */
struct stats_spectrum stats_spectrum(const double *values, uint64_t count, double *scratch)
{
    const double n = (double)count, mean = stats_mean(values, count);
    const double bound = 2 * sqrt(log10(n) / n);
    const uint64_t in_a_row = (uint64_t)fmax(5, sqrt(log10(n)));
    const uint64_t most = (uint64_t)ceil(sqrt(n)) + in_a_row;
    const double variance = autocovariance(values, count, mean, 0);
    struct stats_spectrum found = {.variance = variance, .long_run = variance};
    if (variance <= 0)
        return found;
    uint64_t negligible = 0, known = 0;
    while (known < most && negligible < in_a_row) {
        known++;
        scratch[known] = autocovariance(values, count, mean, known);
        negligible = fabs(scratch[known]) < bound * variance ? negligible + 1 : 0;
    }
    uint64_t widest = negligible == in_a_row ? 2 * (known - negligible + 1) : most;
    widest = widest < most ? widest : most;
    for (uint64_t lag = 1; lag <= widest; lag++) {
        const double covariance =
            lag <= known ? scratch[lag] : autocovariance(values, count, mean, lag);
        const double window = fmin(1, 2 * (1 - (double)lag / (double)widest));
        found.long_run += 2 * window * covariance;
        found.slope += 2 * window * (double)lag * covariance;
    }
    found.long_run = fmax(found.long_run, variance / n);
    return found;
}

uint64_t stats_block_length(const double *values, uint64_t count, double *scratch)
{
    if (count < STATS_LEAST_SERIES)
        return 1;
    const struct stats_spectrum spectrum = stats_spectrum(values, count, scratch);
    const double n = (double)count, most = ceil(fmin(3 * sqrt(n), n / 3));
    if (spectrum.variance <= 0)
        return 1;
    const double ratio = spectrum.slope / spectrum.long_run;
    return (uint64_t)fmax(1, fmin(most, ceil(cbrt(1.5 * ratio * ratio * n))));
}

/* `how` with its zeros replaced. */
static struct stats_draws completed(const struct stats_draws *how)
{
    struct stats_draws whole = *how;
    whole.draws = how->draws > 0 ? how->draws : STATS_DRAWS;
    whole.level = how->level > 0 ? how->level : 0.95;
    return whole;
}

uint64_t stats_bootstrap_scratch(uint64_t count, const struct stats_draws *how)
{
    return 2 * count + completed(how).draws;
}

/* scratch[2 count] */
static uint64_t block_of(const double *values, uint64_t count, const struct stats_draws *how,
                         double *scratch)
{
    if (how->block > 0)
        return how->block < count ? how->block : count;
    stats_ranks(scratch, values, count, scratch + count);
    return stats_block_length(scratch, count, scratch + count);
}

/* Draw number `draw` of the seed, into drawn[count]. */
static void resample(double *drawn, const double *values, uint64_t count, uint64_t block,
                     uint64_t seed, uint64_t draw)
{
    const uint64_t blocks = (count + block - 1) / block;
    for (uint64_t i = 0, filled = 0; i < blocks; i++) {
        const double uniform = philox_uniform(seed, draw * blocks + i);
        const uint64_t start = (uint64_t)(uniform * (double)count);
        for (uint64_t j = start; j < start + block && filled < count; j++)
            drawn[filled++] = values[j < count ? j : j - count];
    }
}

static struct stats_interval interval_of(double *drawn, const struct stats_draws *whole)
{
    stats_sort(drawn, whole->draws);
    const double outside = (1 - whole->level) / 2;
    return (struct stats_interval){stats_quantile(drawn, whole->draws, outside),
                                   stats_quantile(drawn, whole->draws, 1 - outside)};
}

struct stats_interval stats_bootstrap(const double *values, uint64_t count, stats_statistic *of,
                                      const void *context, const struct stats_draws *how,
                                      double *scratch)
{
    const struct stats_draws whole = completed(how);
    const uint64_t block = block_of(values, count, &whole, scratch);
    double *drawn = scratch + count;
    for (uint64_t i = 0; i < whole.draws; i++) {
        resample(scratch, values, count, block, whole.seed, i);
        drawn[i] = of(scratch, count, context);
    }
    return interval_of(drawn, &whole);
}

struct stats_interval stats_bootstrap_ratio(const double *over, uint64_t over_count,
                                            const double *under, uint64_t under_count,
                                            stats_statistic *of, const void *context,
                                            const struct stats_draws *how, double *scratch)
{
    const struct stats_draws whole = completed(how);
    const uint64_t over_block = block_of(over, over_count, &whole, scratch);
    const uint64_t under_block = block_of(under, under_count, &whole, scratch);
    double *drawn = scratch + (over_count > under_count ? over_count : under_count);
    for (uint64_t i = 0; i < whole.draws; i++) {
        resample(scratch, over, over_count, over_block, whole.seed, 2 * (uint64_t)i);
        const double numerator = of(scratch, over_count, context);
        resample(scratch, under, under_count, under_block, whole.seed, 2 * (uint64_t)i + 1);
        drawn[i] = numerator / of(scratch, under_count, context);
    }
    return interval_of(drawn, &whole);
}
