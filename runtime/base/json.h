/* One JSON value written to an output as it comes; the caller opens and closes in order. */
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
};

void json_begin(struct json *json, struct out *out);

/* Inside an array the key is NULL. */
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                 /* '}' or ']' */
void json_string(struct json *json, const char *key, const char *value);
void json_integer(struct json *json, const char *key, uint64_t value);
void json_real(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);

/* A value of the config as config.json has it: a number or boolean if it is spelled like one, an
 * array of several numbers, null for none; else a string. */
void json_config(struct json *json, const char *key, const char *value);

#endif
