#include "gen/front/json_text.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stretch of the text that jansson gets in other words; empty for what is put in. */
struct edit {
    size_t from, to;
    const char *words;
};

/* Walks through the text, from one edit to the next. */
struct scanner {
    const char *text;
    size_t size, at;
    enum json_text_strings strings;
    bool in_string, no_memory;
};

static const struct {
    const char *python, *spelled;
} floats[] = {{"NaN", "{\"__float__\":\"NaN\"}"},
              {"Infinity", "{\"__float__\":\"Infinity\"}"},
              {"-Infinity", "{\"__float__\":\"-Infinity\"}"}};

enum { FLOATS = sizeof floats / sizeof floats[0] };

/* The code unit of the escape "\uXXXX" at `at`, or -1. */
static int escaped_unit(const struct scanner *s, size_t at)
{
    int unit = 0;
    if (at > s->size || s->size - at < 6 || s->text[at] != '\\' || s->text[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = s->text[i] != '\0' ? strchr(digits, s->text[i]) : NULL;
        if (digit == NULL)
            return -1;
        unit = unit * 16 + (int)((digit - digits) % 16);
    }
    return unit;
}

/* Inside a string: up to its end, or through one escape. */
static bool step_string(struct scanner *s, struct edit *edit)
{
    while (s->at < s->size && s->text[s->at] != '"' && s->text[s->at] != '\\')
        s->at++;
    if (s->at == s->size || s->text[s->at] == '"') {
        s->in_string = false;
        s->at += s->at < s->size;
        return false;
    }
    const int unit = escaped_unit(s, s->at), next = escaped_unit(s, s->at + 6);
    edit->from = s->at;
    if (unit < 0) {
        s->at += s->size - s->at > 1 ? 2 : 1;
        return false;
    }
    const bool pair = unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 && next < 0xE000;
    s->at += pair ? 12 : 6;
    edit->to = s->at;
    edit->words = "\\uFDD0";
    return s->strings == JSON_TEXT_MARKED && !pair &&
           (unit == 0 || (unit >= 0xD800 && unit < 0xE000));
}

/* The bytes of the number at the scanner: as much as looks like one. */
static size_t number_bytes(const struct scanner *s, bool *whole)
{
    size_t at = s->at + (s->text[s->at] == '-');
    *whole = true;
    for (; at < s->size; at++) {
        const char c = s->text[at];
        const bool sign = (c == '+' || c == '-') && (s->text[at - 1] | 0x20) == 'e';
        if (c >= '0' && c <= '9')
            continue;
        if (c != '.' && (c | 0x20) != 'e' && !sign)
            break;
        *whole = false;
    }
    return at - s->at;
}

static bool step_number(struct scanner *s, struct edit *edit)
{
    enum { SHORT = 18 }; /* a whole number of so many characters always fits */
    bool whole;
    const size_t bytes = number_bytes(s, &whole);
    *edit = (struct edit){.from = s->at, .to = s->at + bytes};
    s->at += bytes;
    if (whole && bytes <= SHORT)
        return false;
    char *digits = strndup(s->text + edit->from, bytes);
    if (digits == NULL) {
        s->no_memory = true;
        return false;
    }
    const double value = strtod(digits, NULL);
    errno = 0;
    const bool fits = !whole || (strtoll(digits, NULL, 10), errno != ERANGE);
    free(digits);
    if (isinf(value)) {
        edit->words = floats[value < 0 ? 2 : 1].spelled;
        return true;
    }
    edit->from = edit->to;
    edit->words = ".0";
    return !fits;
}

/* One character, word or number outside of strings. */
static bool step_value(struct scanner *s, struct edit *edit)
{
    const char first = s->text[s->at];
    for (size_t i = 0; i < FLOATS && (first == '-' || first == 'I' || first == 'N'); i++) {
        const size_t bytes = strlen(floats[i].python);
        if (s->size - s->at < bytes || memcmp(s->text + s->at, floats[i].python, bytes) != 0)
            continue;
        *edit = (struct edit){s->at, s->at + bytes, floats[i].spelled};
        s->at += bytes;
        return true;
    }
    if (first == '-' || (first >= '0' && first <= '9'))
        return step_number(s, edit);
    s->in_string = first == '"';
    s->at++;
    return false;
}

static bool next_edit(struct scanner *s, struct edit *edit)
{
    while (s->at < s->size && !s->no_memory)
        if (s->in_string ? step_string(s, edit) : step_value(s, edit))
            return true;
    return false;
}

/* The whole text with its edits in new memory, or NULL. */
static char *apply_edits(struct scanner s, size_t *size)
{
    char *plain = NULL;
    FILE *to = open_memstream(&plain, size);
    struct edit edit;
    size_t done = 0;
    if (to == NULL)
        return NULL;
    while (next_edit(&s, &edit)) {
        fwrite(s.text + done, 1, edit.from - done, to);
        fputs(edit.words, to);
        done = edit.to;
    }
    fwrite(s.text + done, 1, s.size - done, to);
    const bool written = ferror(to) == 0;
    if (fclose(to) == 0 && written && !s.no_memory)
        return plain;
    free(plain);
    return NULL;
}

/* Where in the text the byte `position` of the edited one comes from. */
static size_t original_place(struct scanner s, size_t position)
{
    struct edit edit;
    size_t done = 0, made = 0;
    while (next_edit(&s, &edit) && made + (edit.from - done) < position) {
        made += edit.from - done + strlen(edit.words);
        done = edit.to;
        if (position <= made)
            return done;
    }
    const size_t place = done + (position - made);
    return place < s.size ? place : s.size;
}

/* Puts jansson's complaint into terms of the text that it never saw. */
static void translate_error(const struct scanner *s, const json_error_t *theirs,
                            struct json_text_error *error)
{
    const size_t place = original_place(*s, theirs->position > 0 ? (size_t)theirs->position : 0);
    *error = (struct json_text_error){.line = 1, .byte = place};
    for (size_t i = 0; i < place; i++) {
        error->line += s->text[i] == '\n';
        error->column = s->text[i] == '\n' ? 0 : error->column + ((s->text[i] & 0xC0) != 0x80);
    }
    for (size_t i = 0; i < sizeof error->text && theirs->text[i] != '\0'; i++) {
        const unsigned char c = (unsigned char)theirs->text[i];
        error->text[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
}

json_t *json_text_parse(const char *text, size_t size, enum json_text_strings strings,
                        struct json_text_error *error)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const size_t before = size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    const struct scanner s = {.text = text + before, .size = size - before, .strings = strings};
    json_error_t theirs;
    size_t plain_size;
    char *plain = apply_edits(s, &plain_size);
    if (plain == NULL) {
        *error = (struct json_text_error){.line = 1, .text = "no memory to read it"};
        return NULL;
    }
    json_t *root = json_loadb(plain, plain_size, JSON_ALLOW_NUL, &theirs);
    free(plain);
    if (root == NULL) {
        translate_error(&s, &theirs, error);
        error->byte += before;
    }
    return root;
}

char *json_text_read(const char *path, size_t most, size_t *bytes, struct json_text_error *error)
{
    *error = (struct json_text_error){.line = 0};
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    bool read = file != NULL;
    for (size_t room = 4096, got; read; room *= 2) {
        char *more = realloc(text, room);
        read = more != NULL;
        if (!read)
            break;
        text = more;
        got = fread(text + size, 1, room - size, file);
        size += got;
        read = ferror(file) == 0;
        if (!read || size < room || size > most)
            break;
    }
    if (!read)
        snprintf(error->text, sizeof error->text, "cannot read: %s", strerror(errno));
    else if (size > most)
        snprintf(error->text, sizeof error->text, "more than %zu bytes", most);
    if (file != NULL)
        fclose(file);
    *bytes = size;
    if (read && size <= most)
        return text;
    free(text);
    return NULL;
}

json_t *json_text_load(const char *path, size_t most, enum json_text_strings strings,
                       struct json_text_error *error)
{
    size_t size;
    char *text = json_text_read(path, most, &size, error);
    json_t *root = text != NULL ? json_text_parse(text, size, strings, error) : NULL;
    free(text);
    return root;
}

const char *json_text_float(const json_t *value)
{
    const char *word = json_string_value(json_object_get(value, "__float__"));
    for (size_t i = 0; i < FLOATS && word != NULL; i++)
        if (strcmp(word, floats[i].python) == 0)
            return floats[i].python;
    return NULL;
}
