/* Statistics of one series. */
#include "runtime/measure/stats.h"

#include <math.h>
#include <string.h>

/* A heap whose largest moves to the end. */
void stats_sort(double *values, uint64_t count)
{
    for (uint64_t built = count / 2, end = count; end > 1;) {
        double moved;
        if (built > 0) {
            moved = values[--built];
        } else {
            moved = values[--end];
            values[end] = values[0];
        }
        uint64_t at = built;
        for (uint64_t child; (child = 2 * at + 1) < end; at = child) {
            if (child + 1 < end && values[child + 1] > values[child])
                child++;
            if (values[child] <= moved)
                break;
            values[at] = values[child];
        }
        values[at] = moved;
    }
}

double stats_mean(const double *values, uint64_t count)
{
    double sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

double stats_least(const double *values, uint64_t count)
{
    double least = values[0];
    for (uint64_t i = 1; i < count; i++)
        least = values[i] < least ? values[i] : least;
    return least;
}

double stats_most(const double *values, uint64_t count)
{
    double most = values[0];
    for (uint64_t i = 1; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

double stats_sd(const double *values, uint64_t count)
{
    if (count < 2)
        return 0;
    const double mean = stats_mean(values, count);
    double squares = 0;
    for (uint64_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(count - 1));
}

static double between(double low, double high, double share)
{
    return share > 0 ? low + share * (high - low) : low;
}

double stats_quantile(const double *sorted, uint64_t count, double share)
{
    const double at = share * (double)(count - 1);
    const uint64_t low = (uint64_t)at;
    return low + 1 < count ? between(sorted[low], sorted[low + 1], at - (double)low)
                           : sorted[count - 1];
}

/* Puts the value that belongs at index k there, none larger before it, none smaller behind it:
 * Hoare's "Find" (Algorithm 65, 1961). Values that are equal to the pivot change sides, so that
 * resampled series, which repeat themselves, take no longer. */
static void select_kth(double *values, int64_t count, int64_t k)
{
    for (int64_t first = 0, last = count - 1; first < last;) {
        const double pivot = values[k];
        int64_t up = first, down = last;
        while (up <= down) {
            while (values[up] < pivot)
                up++;
            while (pivot < values[down])
                down--;
            if (up <= down) {
                const double moved = values[up];
                values[up++] = values[down];
                values[down--] = moved;
            }
        }
        if (down < k)
            first = up;
        if (k < up)
            last = down;
    }
}

double stats_select_quantile(double *values, uint64_t count, double share)
{
    const double at = share * (double)(count - 1);
    const uint64_t low = (uint64_t)at < count ? (uint64_t)at : count - 1;
    select_kth(values, (int64_t)count, (int64_t)low);
    if (low + 1 >= count)
        return values[low];
    return between(values[low], stats_least(values + low + 1, count - low - 1), at - (double)low);
}

double stats_median(double *values, uint64_t count)
{
    return stats_select_quantile(values, count, 0.5);
}

double stats_autocorrelation(const double *values, uint64_t count, uint64_t lag)
{
    const double mean = stats_mean(values, count);
    double squares = 0, products = 0;
    for (uint64_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    for (uint64_t i = 0; i + lag < count; i++)
        products += (values[i] - mean) * (values[i + lag] - mean);
    return squares > 0 ? products / squares : 0;
}

/* How many of the values that ascend are below `value`, or below and equal. */
static uint64_t count_below(const double *sorted, uint64_t count, double value, bool equal)
{
    uint64_t first = 0, last = count;
    while (first < last) {
        const uint64_t middle = first + (last - first) / 2;
        if (sorted[middle] < value || (equal && sorted[middle] == value))
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

void stats_ranks(double *ranks, const double *values, uint64_t count, double *scratch)
{
    memcpy(scratch, values, count * sizeof *values);
    stats_sort(scratch, count);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t below = count_below(scratch, count, values[i], false);
        const uint64_t up_to = count_below(scratch, count, values[i], true);
        ranks[i] = ((double)below + (double)up_to + 1) / 2;
    }
}

struct stats_runs stats_runs_above(const double *values, uint64_t count, double threshold)
{
    struct stats_runs found = {0};
    uint64_t length = 0;
    for (uint64_t i = 0; i < count; i++) {
        length = values[i] > threshold ? length + 1 : 0;
        found.above += length > 0;
        found.runs += length == 1;
        if (length > found.longest) {
            found.longest = length;
            found.at = i + 1 - length;
        }
    }
    return found;
}

void stats_ratios(double *ratios, const double *over, const double *under, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        ratios[i] = over[i] / under[i];
}
