#include "runtime/measure/batches.h"

#include <math.h>
#include <string.h>

void batches_begin(struct batches *batches, u32 columns)
{
    memset(batches, 0, sizeof *batches);
    batches->columns = columns;
    batches->length = 1;
}

/* Makes one batch of every two neighbours; all of them are full. */
static void merge(struct batches *batches)
{
    for (size_t batch = 0; batch < BATCHES_MOST / 2; batch++)
        for (u32 column = 0; column < batches->columns; column++)
            batches->sum[batch][column] =
                batches->sum[2 * batch][column] + batches->sum[2 * batch + 1][column];
    batches->count = BATCHES_MOST / 2;
    batches->length *= 2;
}

void batches_add(struct batches *batches, const double *values)
{
    if (batches->values == batches->length * BATCHES_MOST)
        merge(batches);
    const u32 batch = (u32)(batches->values / batches->length);
    if (batch == batches->count) {
        memset(batches->sum[batch], 0, sizeof batches->sum[batch]);
        batches->count++;
    }
    for (u32 column = 0; column < batches->columns; column++) {
        batches->sum[batch][column] += values[column];
        batches->all[column] += values[column];
    }
    batches->values++;
}

double batches_ratio(const struct batches *batches, u32 above, u32 below)
{
    const double sum = batches->all[below];
    return sum > 0.0 ? batches->all[above] / sum : NAN;
}

double batches_error(const struct batches *batches, u32 above, u32 below)
{
    const double ratio = batches_ratio(batches, above, below), count = batches->count;
    if (batches->count < 2 || isnan(ratio))
        return NAN;
    double squares = 0.0;
    for (u32 batch = 0; batch < batches->count; batch++) {
        const double rest = batches->sum[batch][above] - ratio * batches->sum[batch][below];
        squares += rest * rest;
    }
    return sqrt(count / (count - 1.0) * squares) / batches->all[below];
}

double batches_error_independent(const struct batches *batches, u32 values, u32 squares)
{
    const double count = (double)batches->values;
    if (batches->values < 2)
        return NAN;
    const double mean = batches->all[values] / count;
    const double variance = batches->all[squares] / count - mean * mean;
    return variance > 0.0 ? sqrt(variance / (count - 1.0)) : 0.0;
}
