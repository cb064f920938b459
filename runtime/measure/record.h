/* The record of a measurement, one JSON object whose schema ingot-measurement(5) describes, and
 * what the measuring verbs print of it.
 *
 *     record_check(&record, ..)    before anything is loaded
 *     record_begin(&record, ..)    session open, not sealed
 *     figure = record_figure(..), figure_sample(), record_done(&record, figure)    for each figure
 *     return record_end(&record, ..)
 *
 * Between record_begin() and record_end() nothing allocates. */
#ifndef RUNTIME_MEASURE_RECORD_H
#define RUNTIME_MEASURE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/out.h"
#include "runtime/base/partial.h"
#include "runtime/engine/session.h"
#include "runtime/measure/canary.h"
#include "runtime/measure/figure.h"
#include "runtime/measure/fingerprint.h"

enum { RECORD_SCHEMA = 2 };

enum record_format { RECORD_TABLE, RECORD_MD, RECORD_CSV, RECORD_JSON, RECORD_JSONL };

struct record_options {
    enum record_format format; /* -o: on standard output */
    const char *path;          /* --record: the file that also receives the JSON object; NULL */
    bool pin, lock, prefault;  /* --pin, --mlock, --prefault */
};

/* Numbers in the order in which they were measured. */
struct samples {
    const double *values;
    u32 count;
};

struct record {
    const struct record_options *options;
    const char *verb, *includes;
    struct session *session;
    int argc;
    char **argv;
    char started[32];
    uint64_t start;
    struct fingerprint fingerprint;
    bool gpu; /* then it is, behind the measurement: */
    struct gpu_reading gpu_after;
    uint64_t resolution; /* of the clock: nanoseconds */
    double seconds;      /* from record_begin() to record_end() */
    struct figure *figures;
    u32 count, most;
    double *samples;
    uint64_t samples_taken, samples_most;
    void *summary;
    struct partial partial;
    struct out out;  /* standard output */
    struct out file; /* options->path */
};

/* Notes the command line. If a record is asked for and its file cannot be made, exits with
 * EXIT_FAILED. `argv[0]` is not looked at. `includes` is the sentence on what lies between start
 * and stop of each kind of figure. All must outlive the record. */
void record_check(struct record *record, const struct record_options *options, const char *verb,
                  const char *includes, int argc, char **argv);

/* Bytes of record_begin()'s memory for so many figures, with so many samples in all, at most
 * `longest` in one. */
uint64_t record_bytes(u32 figures, uint64_t samples, u32 longest);

/* Before arena_seal(): does what --pin, --mlock and --prefault ask for (placement.h), reads what
 * the machine is, keeps `memory` of record_bytes() with the same
 * counts, and opens standard output; in JSON lines prints the first. */
void record_begin(struct record *record, struct session *session, void *memory, u32 figures,
                  uint64_t samples);

/* A new figure, with room for `most` samples; its n_prompt, n_gen and depth are -1. The name is
 * printed as by printf. More than record_begin() was told of is a mistake in the program: exits. */
struct figure *record_figure(struct record *record, u32 most, const char *kind, const char *unit,
                             const char *name, ...) __attribute__((format(printf, 5, 6)));

/* The figure has its samples and scalars: computes what they come to. In JSON lines prints it, if
 * it has any samples. A figure without samples is left out of everything. */
void record_done(struct record *record, struct figure *figure);

/* What else a record has. */
struct record_end {
    bool complete;     /* not interrupted */
    bool rows_printed; /* the verb has printed rows of its own as they were measured: figures have
                          no table */
    const struct canary *canary;              /* NULL: there was none */
    struct samples read_bytes, multiply_adds; /* per second: the peaks; count 0: not measured */
    /* The verb's own section, key included, and what it prints in tables behind the figures. NULL:
     * nothing. */
    void (*section)(struct json *json, const void *context);
    void (*print)(struct out *out, const void *context);
    const void *context;
};

/* Writes the file, then what remains to be printed. Returns the exit code of the verb:
 * EXIT_SUCCESS, EXIT_INTERRUPTED if the record is not complete, EXIT_FAILED if the file could not
 * be written (with a message; then its path has what it had before) or if the reader of standard
 * output is gone. */
int record_end(struct record *record, const struct record_end *end);

#endif
