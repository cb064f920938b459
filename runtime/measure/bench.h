/* The speed of prefill and of decode, each by itself, behind texts of chosen lengths, and beside it
 * what the machine gives in the same moments.
 *
 *     bench_require_room(&plan)                    before anything is loaded
 *     bench_open(&bench, &plan, ..)                session and record open, not sealed
 *     complete = bench_run(&bench)
 *
 * A depth is reached once, by prefill from the one before it, and kept as a snapshot; every
 * repetition of every test starts from that, so that none disturbs another. */
#ifndef RUNTIME_MEASURE_BENCH_H
#define RUNTIME_MEASURE_BENCH_H

#include "runtime/base/number_list.h"
#include "runtime/engine/state.h"
#include "runtime/measure/record.h"

enum { BENCH_PAIRS_MOST = 16 };

/* Tokens of a prefill, then tokens of a decode; one of the two may be 0. */
struct bench_test {
    u32 prompt, gen;
};

/* What is measured: at every depth, with every number of threads, every prompt, every gen and every
 * pair. 0 in a list of prompts or gens stands for none. */
struct bench_plan {
    struct number_list prompts, gens;
    struct bench_test pairs[BENCH_PAIRS_MOST];
    u32 pair_count;
    struct number_list depths;  /* ascending, at least one */
    struct number_list threads; /* at least one */
    u32 repetitions;            /* samples of a figure, at least 1 */
    u32 delay_seconds;          /* before every figure but the first */
    bool warm_up, progress;     /* a chunk and a token first; a line on stderr for every figure */
};

u32 bench_figures(const struct bench_plan *plan);

/* The longest text of all, in tokens: the ids that bench_open() is given. */
uint64_t bench_positions(const struct bench_plan *plan);
u32 bench_longest_gen(const struct bench_plan *plan);

/* Exits with EXIT_FAILED, naming the figure, if a test at a depth goes beyond the context. */
void bench_require_room(const struct bench_plan *plan);

/* Bytes that bench_open() needs. */
uint64_t bench_bytes(const struct bench_plan *plan);

/* Numbers that were measured one after another. */
struct bench_series {
    double *values;
    u32 count;
};

struct bench {
    const struct bench_plan *plan;
    struct session *session;
    struct record *record;
    struct canary canary; /* in front of everything, and behind every figure */
    const u32 *ids;       /* the token at every position */
    struct snapshot snapshot;
    double *each;                             /* [repetitions][longest gen]: seconds of a token */
    double *beside, *ratios;                  /* [repetitions]: peaks beside one figure */
    struct bench_series reads, multiply_adds; /* all peaks by the most threads, per second */
    u32 begun;                                /* figures */
};

/* `memory` is bench_bytes(); `ids` are bench_positions() ids below model.vocab. The session has
 * snapshot_bytes of state_bytes() of the deepest depth, and backend_bench_open() was called for
 * bench_longest_gen(). */
void bench_open(struct bench *bench, const struct bench_plan *plan, struct session *session,
                struct record *record, const u32 *ids, void *memory);

/* Measures all figures, in the order depth, threads, test, and hands each to the record; neither
 * allocates nor, where time is taken, makes a system call. False if it was interrupted, or the
 * reader of the output went away: then the figures so far are there, the last perhaps with fewer
 * samples.
 *
 * A sample is tokens per second over whole passes, each from the snapshot, until 20 ms have passed:
 * of a test with both a prompt and a gen over the sum of both times, else of the one that it has.
 * The canary is not run inside of figures, and always by all threads.
 *
 * In front of every sample of a prefill the rate of multiply-adds is measured, of a decode that of
 * reading; shares are medians of what was measured side by side. */
bool bench_run(struct bench *bench);

#endif
