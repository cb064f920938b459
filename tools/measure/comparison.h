/* What two measurements of one figure come to: a verdict, from the interval of their ratio. */
#ifndef TOOLS_MEASURE_COMPARISON_H
#define TOOLS_MEASURE_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/measure/stats.h"
#include "tools/measure/record_read.h"

/* Fewer samples say nothing of how they vary, unless the quantity does not vary at all. */
enum { COMPARISON_LEAST_SAMPLES = 5, COMPARISON_WHY = 200, COMPARISON_NOTE = 400 };
#define COMPARISON_MARGIN 0.02

enum verdict { VERDICT_SAME, VERDICT_BETTER, VERDICT_WORSE, VERDICT_UNCLEAR };

struct comparison {
    const char *name, *kind, *unit;
    bool lower_is_better;
    double before, after;           /* medians of A and of B */
    double ratio;                   /* of the second to the first */
    struct stats_interval interval; /* of the ratio, 95% */
    size_t samples[2];              /* that were used, of A and of B; pairs in both */
    enum verdict verdict;
    char why[COMPARISON_WHY]; /* of an unclear verdict */
};

/* The whole interval within 1 / (1 + margin) to 1 + margin: same. Wholly beyond it: better or
 * worse. Anything else: unclear, with its reason. */
void comparison_decide(struct comparison *comparison, double margin);

/* "faster", "slower", "same", "unclear"; for what is no speed "better" and "worse". */
const char *comparison_word(const struct comparison *comparison);

/* All figures of two records that have a name in common. */
struct comparisons {
    const char *names[2];      /* of A and of B: files or commands */
    struct record_read *of[2]; /* A and B */
    double margin;
    struct comparison *figures;
    size_t count;
    char (*notes)[COMPARISON_NOTE]; /* lines for people: what else differs, what was left out */
    size_t note_count;
    bool interrupted;
};

/* Compares from raw samples. A verdict rests on the interval of the ratio of the medians by the
 * circular block bootstrap of both series (runtime/measure/stats.h). It is unclear for a figure
 * that varies and has fewer than COMPARISON_LEAST_SAMPLES samples, and for all where the medians of
 * the canaries, in either part, differ by more than the margin: then the machine has changed, and
 * what the program did cannot be told. Samples that a record calls disturbed are left out; where
 * fewer than that many are left, its figure is unclear. Exits with EXIT_MEMORY if there is none. */
void comparisons_of_records(struct comparisons *all);

void comparisons_note(struct comparisons *all, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void comparisons_free(struct comparisons *all);

/* Notes which figures are in one record only, and in what else they differ: the program, the
 * machine, how they were run. */
void comparisons_note_differences(struct comparisons *all);

/* A Markdown table with the notes, and one JSON object, as text to be freed. */
char *comparisons_markdown(const struct comparisons *all, size_t *bytes);
char *comparisons_json(const struct comparisons *all, size_t *bytes);

#endif
