/* Pictures of records (ingot-measurement(5)). */
#ifndef TOOLS_MEASURE_RECORD_PICTURE_H
#define TOOLS_MEASURE_RECORD_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "tools/measure/picture.h"

struct pictured_record {
    const char *name;   /* its file, for messages, and in the legend where models have one name */
    const json_t *root; /* the object */
};

enum { PICTURE_RECORDS = PICTURE_SERIES / 2 }; /* most of a picture */

/* Whether there is a picture of the records' verb, and all are of the same; else `error` says what
 * does not fit, by name. */
__attribute__((warn_unused_result)) bool
record_picture_fits(const struct pictured_record *records, size_t count, char error[PICTURE_ERROR]);

/* Draws 1 ..= PICTURE_RECORDS records, which fit, into one picture, as picture_svg():
 *
 *   sweep       speeds, first token, state with keys and values, and bits per byte, against depth
 *   latency     for each record the seconds of every token in order (their median, and from the
 *               least to the most, in up to 360 stretches) and how many tokens took how long
 *   perplexity  bits per byte by position
 *   bench       the median of each figure with its 95% interval, as bars
 *
 * False, too, if a record holds nothing of the kind. `name` begins every id in the SVG. */
__attribute__((warn_unused_result)) bool record_picture(const struct pictured_record *records,
                                                        size_t count, const char *name, char **svg,
                                                        size_t *bytes, char error[PICTURE_ERROR]);

#endif
