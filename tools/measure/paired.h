/* Whether B differs from A, from runs in turn: how much, and when to stop.
 *
 * Two runs of each make a block, A B B A or B A A B, so that a machine that becomes slower all the
 * while does the same to both; which of the two orders is drawn at random. A block gives the
 * logarithm of the ratio of B to A. If A and B are equal, exchanging the orders exchanges its sign
 * and nothing else, so by the draw alone both signs are equally likely, whatever the machine does,
 * and the signed-rank statistic has the distribution of Wilcoxon ("Individual comparisons by
 * ranking methods", Biometrics Bulletin 1, 1945) exactly. Its interval of a shift is that of Hodges
 * and Lehmann ("Estimates of location based on rank tests", Ann. Math. Stat. 34, 1963).
 *
 * Looking often finds something in the end. So it is looked only after numbers of blocks that are
 * fixed beforehand, and the error that is allowed is divided by their number (Bonferroni): that any
 * of the intervals misses the ratio happens with probability 5% at most. */
#ifndef TOOLS_MEASURE_PAIRED_H
#define TOOLS_MEASURE_PAIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/measure/stats.h"

enum { PAIRED_FIRST_LOOK = 10, PAIRED_MOST_BLOCKS = 400, PAIRED_RUNS = 4 };

/* Which program runs at place 0 to 3 of a block: 0 is A, 1 is B. */
int paired_program(uint64_t block, int place);

/* The next number of blocks after `done` at which to look: 10, then half as many again, and `most`
 * (10 to PAIRED_MOST_BLOCKS) at last; and how many looks there are in all. */
uint64_t paired_next_look(uint64_t done, uint64_t most);
unsigned paired_looks(uint64_t most);

/* The two-sided interval of the centre of a symmetric distribution, with an error of at most
 * `error` (0 to 1), from count (1 to PAIRED_MOST_BLOCKS) values; -inf to inf where so few cannot
 * give it. *centre: the estimate. scratch[count (count + 1)]. */
struct stats_interval paired_interval(const double *values, uint64_t count, double error,
                                      double *centre, double *scratch);

#endif
