#include "runtime/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/number_text.h"

void json_begin(struct json *json, struct out *out)
{
    *json = (struct json){.out = out, .first = true};
}

void json_begin_line(struct json *json, struct out *out)
{
    *json = (struct json){.out = out, .first = true, .line = true};
}

static void quote(struct json *json, const char *text)
{
    out_text(json->out, "\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            out_print(json->out, "\\%c", byte);
        else if (byte < 0x20)
            out_print(json->out, "\\u%04x", byte);
        else
            out_write(json->out, &byte, 1);
    }
    out_text(json->out, "\"");
}

static void new_line(struct json *json)
{
    if (!json->line)
        out_print(json->out, "\n%*s", (int)(2 * json->depth), "");
}

static void start_value(struct json *json, const char *key)
{
    if (!json->first)
        out_text(json->out, json->line ? ", " : ",");
    if (json->depth > 0)
        new_line(json);
    json->first = false;
    if (key) {
        quote(json, key);
        out_text(json->out, ": ");
    }
}

void json_open(struct json *json, const char *key, char bracket)
{
    start_value(json, key);
    out_write(json->out, &bracket, 1);
    json->first = true;
    json->depth++;
}

void json_close(struct json *json, char bracket)
{
    json->depth--;
    if (!json->first)
        new_line(json);
    out_write(json->out, &bracket, 1);
    json->first = false;
    if (json->depth == 0)
        out_text(json->out, "\n");
}

void json_add_string(struct json *json, const char *key, const char *value)
{
    start_value(json, key);
    quote(json, value);
}

void json_add_integer(struct json *json, const char *key, uint64_t value)
{
    start_value(json, key);
    out_print(json->out, "%" PRIu64, value);
}

void json_add_real(struct json *json, const char *key, double value)
{
    start_value(json, key);
    out_text(json->out, isfinite(value) ? number_text_real(value).text : "null");
}

void json_add_reals(struct json *json, const char *key, const double *values, uint64_t count)
{
    const bool line = json->line;
    json_open(json, key, '[');
    json->line = true;
    for (uint64_t i = 0; i < count; i++)
        json_add_real(json, NULL, values[i]);
    json_close(json, ']');
    json->line = line;
}

void json_add_null(struct json *json, const char *key)
{
    start_value(json, key);
    out_text(json->out, "null");
}

void json_add_bool(struct json *json, const char *key, bool value)
{
    start_value(json, key);
    out_text(json->out, value ? "true" : "false");
}

/* Token ids with blanks between them. */
static void json_ids(struct json *json, const char *key, const char *value)
{
    json_open(json, key, '[');
    for (const char *at = value; *at != '\0'; at += strspn(at, " ")) {
        char *end;
        json_add_integer(json, NULL, strtoull(at, &end, 10));
        at = end;
    }
    json_close(json, ']');
}

void json_add_config(struct json *json, const char *key, const char *value)
{
    bool boolean = strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    /* JSON has no hexadecimal, infinite or plus-signed numbers, which strtod would take. */
    bool plain = value[0] >= '0' && value[0] <= '9' && !strpbrk(value, "xX");
    char *end = NULL;
    if (plain)
        (void)strtod(value, &end);
    if (strcmp(value, "none") == 0) {
        start_value(json, key);
        out_text(json->out, "null");
    } else if (strchr(value, ' ') && value[strspn(value, "0123456789 ")] == '\0') {
        json_ids(json, key, value);
    } else if (boolean || (plain && *end == '\0')) {
        start_value(json, key);
        out_text(json->out, value);
    } else {
        json_add_string(json, key, value);
    }
}
