/* The rows of a sweep as they are shown and recorded. */
#ifndef RUNTIME_CLI_SWEEP_TABLE_H
#define RUNTIME_CLI_SWEEP_TABLE_H

#include "runtime/measure/record.h"
#include "runtime/measure/sweep.h"

struct sweep_table {
    struct out *out;
    enum record_format format;
    bool score;   /* with bits per byte */
    bool started; /* the heading is out */
};

/* Prints a row, and writes it at once, in the formats that have tables: a line each, with the
 * medians of the probes. */
void sweep_table_row(struct sweep_table *table, const struct sweep_row *row);

/* The section of the record. */
struct sweep_section {
    const struct sweep_row *rows;
    u32 count;
    const char *tokens; /* what the text consists of */
};
void sweep_section_write(struct json *json, const void *section);

#endif
