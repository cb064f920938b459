/* Records of measurements, ingot-measurement(5), as they are read: one JSON object, or JSON lines.
 * What llama-bench prints (-o json, -o jsonl) is read, too, and becomes a record of the same shape.
 *
 * Everything is checked where it enters: afterwards figures and canaries are what this header says,
 * and sections of `root` are objects or arrays. Keys that nobody here knows may be anything. */
#ifndef TOOLS_MEASURE_RECORD_READ_H
#define TOOLS_MEASURE_RECORD_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum { RECORD_READ_SCHEMA = 2, RECORD_READ_ERROR = 1024 };

/* Texts belong to `root`. */
struct read_figure {
    const char *name; /* of no other figure of the record */
    const char *kind, *unit;
    bool lower_is_better;
    int64_t n_prompt, n_gen, depth; /* -1: not said */
    double *samples;                /* finite, in the order of their measurement */
    size_t count;
    const json_t *json; /* the object, with its further scalars */
};

struct read_canary {
    const char *figure;              /* the figure that was being measured; NULL: none */
    int64_t index;                   /* its samples that had been taken; -1: none */
    double seconds, compute, memory; /* above 0; the parts NaN: not apart */
};

struct record_read {
    json_t *root;             /* the object; JSON lines joined, llama-bench's rows converted */
    const char *verb, *model; /* in it */
    bool complete;            /* false: interrupted, or JSON lines that were cut off */
    bool llama_bench;         /* converted: "machine", "build" and "run" have what it says */
    struct read_figure *figures;
    size_t figure_count;
    struct read_canary *canaries;
    size_t canary_count;
};

/* Reads a file, or text[bytes] that messages call `name`. False: *error is a message that names the
 * file, the line or key, and what was expected, in characters that are seen when printed; nothing
 * is to be freed. Any bytes are safe; at most 1 GiB. */
__attribute__((warn_unused_result)) bool
record_read_file(struct record_read *record, const char *path, char error[RECORD_READ_ERROR]);
__attribute__((warn_unused_result)) bool record_read_text(struct record_read *record,
                                                          const char *name, const char *text,
                                                          size_t bytes,
                                                          char error[RECORD_READ_ERROR]);

void record_read_free(struct record_read *record);

/* The figure of that name; NULL: there is none. */
const struct read_figure *record_read_find(const struct record_read *record, const char *name);

#endif
