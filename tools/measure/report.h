/* A report of several models: what the records of their measurements say, as tables, pictures and
 * claims, each of which names the rows of the tables that it rests on. */
#ifndef TOOLS_MEASURE_REPORT_H
#define TOOLS_MEASURE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "tools/measure/page.h"
#include "tools/measure/record_read.h"

enum { REPORT_MODELS = 8, REPORT_ERROR = RECORD_READ_ERROR };

enum report_verb { REPORT_BENCH, REPORT_LATENCY, REPORT_SWEEP, REPORT_PERPLEXITY, REPORT_VERBS };
extern const char *const report_verb_names[REPORT_VERBS];

struct report_record {
    const char *path;
    struct record_read read;
    const json_t *root; /* of it */
    enum report_verb verb;
    size_t model;                   /* its index */
    double canary_low, canary_high; /* seconds, of all of its canaries; NaN: it has none */
    double canary_median;
};

/* A figure of bench, with the samples of all rounds. */
struct report_figure {
    const char *name, *kind, *unit;
    int64_t depth; /* -1: not said */
    double *samples;
    size_t count;
    double mean, sd, median, low, high; /* low, high: of the median, 95%; NaN below 5 samples */
    double bytes_per_second, share_of_read, share_of_multiply_adds; /* mean of the rounds; NaN */
    unsigned row;                                                   /* S1 and on */
};

struct report_model {
    const char *name, *family;
    const json_t *about;        /* "model" of its record with the smallest arenas */
    const char *weights;        /* where they come from; NULL: not said */
    bool random;                /* they are random numbers */
    double context;             /* positions that it holds; 0: any number */
    double fixed, per_position; /* bytes of state: of any text, and for each position */
    double state;               /* the whole state arena */
    double elsewhere;           /* bytes of all other arenas */
    struct report_figure *figures;
    size_t figure_count;
    const struct report_record *of[REPORT_VERBS]; /* the first; NULL: none */
    const json_t *sweep;                          /* array; NULL */
    unsigned sweep_row;                           /* C of its first point */
};

/* What the measuring script says of a step that it ran. Of the verb "weights" the message is where
 * those of the model come from: "random SEED" or "checkpoint DIRECTORY". */
struct report_step {
    char *model, *verb, *message;
    int code;
};

struct report {
    struct report_record *records;
    size_t count;
    struct report_model models[REPORT_MODELS]; /* in the order in which they came */
    size_t model_count;
    struct report_step *steps;
    size_t step_count;
    const char *text; /* what the quality was measured on, in words; NULL: not said */
};

/* Reads the records and puts them together. All must be of schema 2, of one machine, backend and
 * number of threads, and of one config and weight file for each model; of latency, sweep and
 * perplexity a model has one record at most, of bench any number, whose samples follow each other.
 * Anything else is refused: false, with a message that names the file. */
__attribute__((warn_unused_result)) bool report_read(struct report *report, char *const *paths,
                                                     size_t count, char error[REPORT_ERROR]);

/* After report_read(): reads lines of model, verb, exit code and message, with tabs between. */
__attribute__((warn_unused_result)) bool report_read_steps(struct report *report, const char *path,
                                                           char error[REPORT_ERROR]);

void report_free(struct report *report);

/* NaN: the key is not there, or no number. */
double report_number(const json_t *object, const char *key);

/* Bytes of state after so many positions, and of all arenas then. A window bounds the state. */
double report_state_at(const struct report_model *model, double positions);
double report_memory_at(const struct report_model *model, double positions);

/* Most by which a canary's median of one record exceeds another's, over all records: 1 if the
 * machine was the same throughout, NaN if it was not watched. *slow, *fast: these records. */
double report_drift(const struct report *report, size_t *slow, size_t *fast);

/* The text of a number for people. "–": NaN. */
struct report_text {
    char text[48];
};
struct report_text report_bytes(double bytes);
struct report_text report_count(double number);    /* "1,253,600" */
struct report_text report_digits(double value);    /* three digits that count */
struct report_text report_seconds(double seconds); /* "1.23 ms" */
struct report_text report_percent(double share, int digits);
struct report_text report_row(char table, size_t number); /* "S3" */

/* Seconds from one token to the next, of a model's record of latency; NaN: not measured. */
struct report_latency {
    double tokens, first_token, p50, p90, p99, most;
    double p99_low, p99_high; /* 95% interval */
    size_t changes, disturbed;
};
struct report_latency report_latency(const struct report_model *model);

/* The section "perplexity" of a model with trained weights; NULL. */
const json_t *report_quality(const struct report_model *model);
/* Whether it is no better than an even guess among the model's tokens, or not known. */
bool report_guesses(const struct report_model *model);

/* Steps and verbs without a whole result: the rows of "What is missing", from X1. */
size_t report_missing(const struct report *report);

/* The parts of the page. */
void report_advice(struct page *page, const struct report *report);
void report_tables_models(struct page *page, const struct report *report);
void report_tables_speed(struct page *page, const struct report *report);
void report_tables_context(struct page *page, const struct report *report);
void report_tables_latency(struct page *page, const struct report *report);
void report_tables_quality(struct page *page, const struct report *report);
void report_tables_machine(struct page *page, const struct report *report);
void report_tables_missing(struct page *page, const struct report *report);

/* Pictures: put into the page, and kept as FOLDER/report-NAME.svg for Markdown; where one cannot be
 * drawn, the page says why. */
void report_picture_memory(struct page *page, const struct report *report, const char *folder);
void report_picture_context(struct page *page, const struct report *report, const char *folder);
void report_picture_latency(struct page *page, const struct report *report, const char *folder);
void report_picture_positions(struct page *page, const struct report *report, const char *folder);

/* Writes FOLDER/report.html, report.md and the pictures; ends the program with a message where that
 * fails. */
void report_page(const struct report *report, const char *folder);

/* Writes a whole file FOLDER/NAME, or ends the program with a message. */
void report_write(const char *folder, const char *name, const char *text, size_t bytes);

#endif
