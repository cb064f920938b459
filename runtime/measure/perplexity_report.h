/* What `perplexity` says: the section of the record, and the tables for people. */
#ifndef RUNTIME_MEASURE_PERPLEXITY_REPORT_H
#define RUNTIME_MEASURE_PERPLEXITY_REPORT_H

#include "runtime/measure/perplexity.h"
#include "runtime/measure/record.h"

struct perplexity_report {
    const char *file;  /* the text */
    const char *saved; /* the file of logits; NULL: none was written */
    const struct perplexity *perplexity;
    bool complete;    /* not interrupted */
    bool independent; /* standard errors as llama.cpp has them */
    bool md;          /* tables for people are Markdown's */
    struct loss_result loss;
    struct divergence_result divergence; /* with perplexity->against */
};

/* What perplexity_figures() makes, at most. */
enum { PERPLEXITY_FIGURES = 2 };

/* Appends them: bits per byte, and the divergence where there is one. Each has a single sample,
 * that of the whole text, which is the same in every run. */
void perplexity_figures(const struct perplexity_report *report, struct record *record);

/* For struct record_end: `report` is a struct perplexity_report. */
void perplexity_section(struct json *json, const void *report);
void perplexity_print(struct out *out, const void *report);

#endif
