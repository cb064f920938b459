/* Standard errors of means over a long series whose neighbours are alike, in fixed memory: the
 * method of batch means. The series is cut into BATCHES_MOST / 2 to BATCHES_MOST batches of equal
 * length; when there are more, two neighbours become one. Where a batch is longer than the
 * dependence reaches, the sums of batches are as good as independent, however strongly the values
 * in them depend on each other (A. M. Law and J. S. Carson, "A sequential procedure for determining
 * the length of a steady-state simulation", Operations Research 27, 1979). */
#ifndef RUNTIME_MEASURE_BATCHES_H
#define RUNTIME_MEASURE_BATCHES_H

#include <stdint.h>

#include "runtime/base/run.h"

enum { BATCHES_MOST = 64, BATCHES_COLUMNS = 10 };

struct batches {
    u32 columns;     /* of them in use */
    u32 count;       /* batches, the last of them perhaps shorter than the others */
    uint64_t length; /* values in a batch */
    uint64_t values; /* in all */
    double sum[BATCHES_MOST][BATCHES_COLUMNS];
    double all[BATCHES_COLUMNS]; /* summed one by one */
};

void batches_begin(struct batches *batches, u32 columns);

/* Appends one value of every column. */
void batches_add(struct batches *batches, const double *values);

/* The ratio of the sums of two columns, NaN if there is none. */
double batches_ratio(const struct batches *batches, u32 above, u32 below);

/* Its standard error: that of a ratio of sums over independent batches (W. G. Cochran, Sampling
 * Techniques, 3rd edition, equation 6.13, without correction for a finite population),
 *
 *     sqrt(B / (B - 1) sum_b (above_b - ratio below_b)^2) / sum_b below_b,
 *
 * NaN for fewer than two batches. */
double batches_error(const struct batches *batches, u32 above, u32 below);

/* The standard error of the mean of column `values` as llama.cpp gives it, which takes the values
 * for independent: sqrt((mean of squares - square of mean) / (n - 1)). `squares` is the column of
 * their squares. 0 where rounding leaves less; NaN for fewer than two values. */
double batches_error_independent(const struct batches *batches, u32 values, u32 squares);

#endif
