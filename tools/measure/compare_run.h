/* compare --run: two programs in turn, until the figures are decided. */
#ifndef TOOLS_MEASURE_COMPARE_RUN_H
#define TOOLS_MEASURE_COMPARE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "tools/measure/comparison.h"
#include "tools/measure/paired.h"

struct run_request {
    const char *commands[2]; /* of A and B: a program, then its verb is bench; or words */
    char *const *options;    /* of both, behind them */
    size_t option_count;
    uint64_t most_blocks; /* PAIRED_FIRST_LOOK to PAIRED_MOST_BLOCKS */
};

/* Runs each once, unrecorded, and reads what it measures into *all->of[]. Exits with EXIT_FAILED
 * and what a program said if it cannot be run or fails, EXIT_MISMATCH if what it prints is no
 * record. */
void compare_run_begin(struct comparisons *all, const struct run_request *request);

/* Runs blocks of A B B A or B A A B (paired.h) and decides on the ratio of every common figure,
 * that of the medians of its samples in each run, until all are decided, the blocks are used up, or
 * Ctrl-C. */
void compare_run(struct comparisons *all, const struct run_request *request);

#endif
