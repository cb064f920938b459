/* Change points of a series, by ranks. */
#include "runtime/measure/stats.h"

#include <math.h>
#include <string.h>

#include "runtime/base/philox.h"

/* Most bins that the search looks at; the fewest that a permutation test can do something with;
 * permutations. */
enum { BINS = 256, LEAST_BINS = 24, PERMUTATIONS = 999 };

/* Neighbours put together: bin i has the mean of values[i width] to values[(i + 1) width - 1], the
 * last one of what is left, too. */
struct bins {
    uint64_t width;
    uint32_t count;
    uint32_t least; /* bins of a stretch */
    double mean[BINS];
    double weight[BINS]; /* of an arc of so many bins */
};

static void fill_bins(struct bins *bins, const double *centred, uint64_t count, uint64_t width,
                      uint64_t least)
{
    bins->width = width;
    bins->count = (uint32_t)(count / width);
    bins->least = (uint32_t)((least + width - 1) / width);
    double all = 0;
    for (uint32_t i = 0; i < bins->count; i++) {
        const uint64_t end = i + 1 < bins->count ? (i + 1) * width : count;
        bins->mean[i] = stats_mean(centred + i * width, end - i * width);
        all += bins->mean[i];
    }
    for (uint32_t i = 0; i < bins->count; i++) {
        bins->mean[i] -= all / bins->count;
        bins->weight[i] = i > 0 ? bins->count / ((double)i * (bins->count - i)) : 0;
    }
}

/* Bins begin to end - 1 have one level, all others another. */
struct arc {
    uint32_t begin, end;
    double statistic; /* the square of the difference of means over its standard error, unscaled */
};

/* The arc with the largest statistic: the level may change at its begin, its end, or both, and
 * every stretch has the least length. */
static struct arc best_arc(const struct bins *bins, const double *mean)
{
    struct arc best = {0};
    double sums[BINS + 1] = {0};
    for (uint32_t i = 0; i < bins->count; i++)
        sums[i + 1] = sums[i] + mean[i];
    for (uint32_t begin = 0; begin + bins->least <= bins->count; begin++) {
        if (begin > 0 && begin < bins->least)
            continue;
        for (uint32_t end = begin + bins->least; end <= bins->count; end++) {
            if ((end < bins->count && end + bins->least > bins->count) ||
                end - begin == bins->count)
                continue;
            const double sum = sums[end] - sums[begin];
            const double statistic = sum * sum * bins->weight[end - begin];
            if (statistic > best.statistic)
                best = (struct arc){begin, end, statistic};
        }
    }
    return best;
}

/* The share of orders of the bins, the one that was found included, in which an arc is as good.
 * Stops when it is sure to be above the significance. */
static double permuted_above(const struct bins *bins, const struct arc *found, double significance)
{
    double mean[BINS];
    uint32_t as_good = 1;
    memcpy(mean, bins->mean, sizeof mean);
    for (uint32_t n = 0; n < PERMUTATIONS; n++) {
        for (uint32_t i = bins->count - 1; i > 0; i--) {
            const uint64_t position = (uint64_t)n * BINS + i;
            const uint32_t other = (uint32_t)(philox_uniform(0, position) * (i + 1));
            const double moved = mean[i];
            mean[i] = mean[other];
            mean[other] = moved;
        }
        as_good += best_arc(bins, mean).statistic >= found->statistic * (1 - 1e-12);
        if (as_good > significance * (PERMUTATIONS + 1))
            break;
    }
    return (double)as_good / (PERMUTATIONS + 1);
}

static void fill_centred_ranks(double *centred, const double *values, uint64_t count, double *work)
{
    stats_ranks(centred, values, count, work);
    for (uint64_t i = 0; i < count; i++)
        centred[i] -= ((double)count + 1) / 2;
}

/* How many neighbours to put together, so that bins hardly depend on each other: twice the block
 * length of what is left of the ranks beside the levels of an arc. The ranks are spent. */
static uint64_t width_of(double *centred, uint64_t count, const struct bins *bins,
                         const struct arc *arc, double *work)
{
    const uint64_t begin = arc->begin * bins->width;
    const uint64_t end = arc->end < bins->count ? arc->end * bins->width : count;
    double inside = 0, outside = 0;
    for (uint64_t i = 0; i < count; i++)
        *(i >= begin && i < end ? &inside : &outside) += centred[i];
    inside /= (double)(end - begin);
    outside /= (double)(count - (end - begin));
    for (uint64_t i = 0; i < count; i++)
        centred[i] -= i >= begin && i < end ? inside : outside;
    const uint64_t block = stats_block_length(centred, count, work);
    const uint64_t width = block > 1 ? 2 * block : 1, most = count / LEAST_BINS;
    return width < bins->width ? bins->width : width < most ? width : most;
}

/* Where between low and high the arc from there to its other end is best. */
static uint64_t refined(const double *centred, uint64_t count, uint64_t low, uint64_t high,
                        uint64_t other)
{
    uint64_t best = low;
    double sum = 0, largest = -1;
    for (uint64_t i = low < other ? low : other; i < (low < other ? other : low); i++)
        sum += low < other ? centred[i] : -centred[i];
    for (uint64_t edge = low; edge <= high; edge++) {
        const double length = (double)(edge < other ? other - edge : edge - other);
        const double statistic = sum * sum / (length * ((double)count - length));
        if (statistic > largest) {
            largest = statistic;
            best = edge;
        }
        sum -= edge < count ? centred[edge] : 0;
    }
    return best;
}

/* How a stretch is split: at one or two indices. */
struct split {
    uint32_t parts; /* 1: not at all */
    uint64_t at[2];
    double p;
};

/* The two ends of an arc to the value, at most a bin away from where the bins have them. */
static struct split refine(const double *centred, uint64_t count, uint64_t least,
                           const struct bins *bins, const struct arc *arc)
{
    const uint64_t width = bins->width - 1;
    uint64_t begin = arc->begin * bins->width;
    uint64_t end = arc->end < bins->count ? arc->end * bins->width : count;
    if (begin > 0) {
        const uint64_t low = begin > least + width ? begin - width : least;
        const uint64_t high = begin + width + least < end ? begin + width : end - least;
        begin = refined(centred, count, low, high, end);
    }
    if (end == count)
        return (struct split){2, {begin}, 0};
    const uint64_t low = end > begin + least + width ? end - width : begin + least;
    const uint64_t high = end + width + least < count ? end + width : count - least;
    end = refined(centred, count, low, high, begin);
    return begin > 0 ? (struct split){3, {begin, end}, 0} : (struct split){2, {end}, 0};
}

/* scratch[2 count] */
static struct split best_split(const double *values, uint64_t count, uint64_t least,
                               double significance, double *scratch)
{
    double *centred = scratch, *work = scratch + count;
    struct bins bins;
    fill_centred_ranks(centred, values, count, work);
    fill_bins(&bins, centred, count, (count + BINS - 1) / BINS, least);
    struct arc arc = best_arc(&bins, bins.mean);
    if (arc.statistic <= 0)
        return (struct split){.parts = 1};
    const uint64_t width = width_of(centred, count, &bins, &arc, work);
    fill_centred_ranks(centred, values, count, work);
    fill_bins(&bins, centred, count, width, least);
    arc = best_arc(&bins, bins.mean);
    if (arc.statistic <= 0)
        return (struct split){.parts = 1};
    const double p = permuted_above(&bins, &arc, significance);
    struct split split = {.parts = 1};
    if (p <= significance)
        split = refine(centred, count, least, &bins, &arc);
    split.p = p;
    return split;
}

static double median_of(const double *values, uint64_t begin, uint64_t end, double *scratch)
{
    memcpy(scratch, values + begin, (end - begin) * sizeof *values);
    return stats_median(scratch, end - begin);
}

/* Sets the medians on both sides of changes[i]. */
static void measure_sides(const double *values, uint64_t count, struct stats_change *changes,
                          uint32_t found, uint32_t i, double *scratch)
{
    const uint64_t begin = i > 0 ? changes[i - 1].at : 0;
    const uint64_t end = i + 1 < found ? changes[i + 1].at : count;
    changes[i].before = median_of(values, begin, changes[i].at, scratch);
    changes[i].after = median_of(values, changes[i].at, end, scratch);
}

/* Gives up the smallest change as long as it is below the least step; how many are left. */
static uint32_t keep_steps(const double *values, uint64_t count, double least_step,
                           struct stats_change *changes, uint32_t found, double *scratch)
{
    for (uint32_t i = 0; i < found; i++)
        measure_sides(values, count, changes, found, i, scratch);
    while (found > 0) {
        uint32_t smallest = 0;
        double step = INFINITY;
        for (uint32_t i = 0; i < found; i++) {
            const double ratio = changes[i].after / changes[i].before;
            const double size = fmax(ratio, 1 / ratio) - 1;
            if (size < step) {
                step = size;
                smallest = i;
            }
        }
        if (step >= least_step)
            break;
        found--;
        memmove(changes + smallest, changes + smallest + 1, (found - smallest) * sizeof *changes);
        if (smallest > 0)
            measure_sides(values, count, changes, found, smallest - 1, scratch);
        if (smallest < found)
            measure_sides(values, count, changes, found, smallest, scratch);
    }
    return found;
}

uint32_t stats_changes(const double *values, uint64_t count, const struct stats_change_rule *rule,
                       struct stats_change *changes, uint32_t room, double *scratch)
{
    const double significance = rule->significance > 0 ? rule->significance : 0.01;
    const double least_step = rule->least_step > 0 ? rule->least_step : 0.02;
    const uint64_t least = rule->least_length > 0 ? rule->least_length : STATS_LEAST_SERIES;
    uint32_t found = 0;
    /* changes[done] ends the stretch that is looked at: when it splits, the left part is next. */
    for (uint32_t done = 0; done <= found && found + 2 <= room;) {
        const uint64_t begin = done > 0 ? changes[done - 1].at : 0;
        const uint64_t end = done < found ? changes[done].at : count;
        struct split split = {.parts = 1};
        if (end - begin >= 2 * least && (end - begin) / LEAST_BINS >= 2)
            split = best_split(values + begin, end - begin, least, significance, scratch);
        memmove(changes + done + split.parts - 1, changes + done, (found - done) * sizeof *changes);
        for (uint32_t i = 0; i + 1 < split.parts; i++)
            changes[done + i] = (struct stats_change){.at = begin + split.at[i], .p = split.p};
        found += split.parts - 1;
        done += split.parts == 1;
    }
    return keep_steps(values, count, least_step, changes, found, scratch);
}
