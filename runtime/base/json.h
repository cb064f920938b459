/* One JSON value written to an output as it comes; the caller opens and closes in order. Allocates
 * nothing. Jansson, which reads JSON elsewhere, has json_string() and the like: no name here is one
 * of its. */
#ifndef RUNTIME_BASE_JSON_H
#define RUNTIME_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/out.h"
#include "runtime/base/run.h"

struct json {
    struct out *out;
    bool first; /* nothing yet in the innermost object or array */
    u32 depth;
    bool line; /* without line breaks: a line of JSON lines */
};

void json_begin(struct json *json, struct out *out);
void json_begin_line(struct json *json, struct out *out);

/* Inside an array the key is NULL. */
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                 /* '}' or ']' */
void json_add_string(struct json *json, const char *key, const char *value);
void json_add_integer(struct json *json, const char *key, uint64_t value);
void json_add_bool(struct json *json, const char *key, bool value);
void json_add_null(struct json *json, const char *key);

/* The shortest text that reads back as the same value; null for what is not finite. */
void json_add_real(struct json *json, const char *key, double value);

/* An array of such, on one line. */
void json_add_reals(struct json *json, const char *key, const double *values, uint64_t count);

/* A value of the config as config.json has it: a number or boolean if it is spelled like one, an
 * array of several numbers, null for none; else a string. */
void json_add_config(struct json *json, const char *key, const char *value);

#endif
