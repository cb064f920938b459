/* What all parts of reading tokenizer.json use: complaints, and checks of single values. */
#include "tools/pack/tokenizer_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/visible.h"

/* "NAME: complaint" to out, what is not seen in it spelled out. */
static void put_line(const struct reader *reader, char out[TOKENIZER_JSON_MESSAGE],
                     const char *format, va_list arguments)
{
    char text[TOKENIZER_JSON_MESSAGE];
    int used = snprintf(text, sizeof text, "%s: ", reader->name);
    if (used < 0 || used >= TOKENIZER_JSON_MESSAGE)
        used = 0;
    vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
    visible_copy(out, TOKENIZER_JSON_MESSAGE, text, strlen(text));
}

bool reader_refuse(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_line(reader, reader->message, format, arguments);
    va_end(arguments);
    reader->code = 4;
    return false;
}

void reader_note(struct reader *reader, const char *format, ...)
{
    char line[TOKENIZER_JSON_MESSAGE];
    size_t used = strlen(reader->notes);
    va_list arguments;
    va_start(arguments, format);
    put_line(reader, line, format, arguments);
    va_end(arguments);
    snprintf(reader->notes + used, TOKENIZER_JSON_NOTES - used, "%s\n", line);
}

bool reader_no_memory(struct reader *reader)
{
    reader_refuse(reader, "not enough memory to compile the tokenizer");
    reader->code = 3;
    return false;
}

const char *reader_kind(json_t *value)
{
    if (value == NULL)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_text_float(value) != NULL ? json_text_float(value) : "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return json_is_true(value) ? "true" : "false";
    }
}

const char *reader_quote(char out[QUOTE_BYTES], const void *text, size_t bytes)
{
    out[0] = '\'';
    const bool all = visible_copy(out + 1, QUOTE_BYTES - 5, text, bytes) == bytes;
    strcat(out, all ? "'" : "...'");
    return out;
}

const char *reader_quote_json(char out[QUOTE_BYTES], json_t *string)
{
    return reader_quote(out, json_string_value(string), json_string_length(string));
}

/* True when the list "a, b, c" has the name. */
static bool is_listed(const char *name, const char *list)
{
    size_t bytes = strlen(name);
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        if (length == bytes && memcmp(list, name, bytes) == 0)
            return true;
        list += length;
        list += strspn(list, ", ");
    }
    return false;
}

bool reader_known_keys(struct reader *reader, const char *path, json_t *object, const char *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char quoted[QUOTE_BYTES];
        if (!is_listed(key, known))
            return reader_refuse(reader, "%s%skey %s is not supported; supported: %s", path,
                                 path[0] != '\0' ? ": " : "",
                                 reader_quote(quoted, key, strlen(key)), known);
    }
    return true;
}

bool reader_flag(struct reader *reader, const char *path, json_t *object, const char *key,
                 bool *flag)
{
    json_t *value = json_object_get(object, key);
    *flag = json_is_true(value);
    if (!json_is_boolean(value))
        return reader_refuse(reader, "%s.%s: found %s, expected true or false", path, key,
                             reader_kind(value));
    return true;
}

bool reader_option(struct reader *reader, const char *path, json_t *object, const char *key,
                   bool when_absent, bool *flag)
{
    *flag = when_absent;
    return json_object_get(object, key) == NULL || reader_flag(reader, path, object, key, flag);
}

const char *reader_type_of(struct reader *reader, const char *path, json_t *object,
                           const char *supported)
{
    json_t *type = json_object_get(object, "type");
    if (!json_is_object(object))
        reader_refuse(reader, "%s: found %s, expected an object of type %s", path,
                      reader_kind(object), supported);
    else if (!json_is_string(type))
        reader_refuse(reader, "%s.type: found %s, expected a string", path, reader_kind(type));
    return json_string_value(type);
}

bool reader_type(struct reader *reader, const char *path, json_t *object, const char *supported,
                 const char *expected)
{
    char quoted[QUOTE_BYTES];
    const char *type = reader_type_of(reader, path, object, supported);
    if (type == NULL)
        return false;
    if (expected == NULL || strcmp(type, expected) != 0)
        return reader_refuse(reader, "%s: type %s is not supported; supported: %s", path,
                             reader_quote(quoted, type, strlen(type)), supported);
    return true;
}

bool reader_string(struct reader *reader, const char *path, json_t *object, const char *key,
                   const char *expected)
{
    char found[QUOTE_BYTES], wanted[QUOTE_BYTES];
    json_t *value = json_object_get(object, key);
    reader_quote(wanted, expected, strlen(expected));
    if (!json_is_string(value))
        return reader_refuse(reader, "%s.%s: found %s, expected %s", path, key, reader_kind(value),
                             wanted);
    if (strcmp(json_string_value(value), expected) != 0)
        return reader_refuse(reader, "%s.%s: found %s, expected %s", path, key,
                             reader_quote_json(found, value), wanted);
    return true;
}

json_t *reader_sequence(struct reader *reader, const char *path, json_t *object, const char *key)
{
    char known[64];
    json_t *nodes = json_object_get(object, key);
    snprintf(known, sizeof known, "type, %s", key);
    if (!reader_known_keys(reader, path, object, known))
        return NULL;
    if (!json_is_array(nodes))
        reader_refuse(reader, "%s.%s: found %s, expected an array", path, key, reader_kind(nodes));
    return json_is_array(nodes) ? nodes : NULL;
}

bool reader_replace(struct reader *reader, const char *path, json_t *object, const char *from,
                    const char *to)
{
    char inner[96];
    json_t *pattern = json_object_get(object, "pattern");
    snprintf(inner, sizeof inner, "%s.pattern", path);
    if (!reader_known_keys(reader, path, object, "type, pattern, content"))
        return false;
    if (!json_is_object(pattern))
        return reader_refuse(reader, "%s: found %s, expected an object", inner,
                             reader_kind(pattern));
    return reader_known_keys(reader, inner, pattern, "String") &&
           reader_string(reader, inner, pattern, "String", from) &&
           reader_string(reader, path, object, "content", to);
}

bool reader_byte_level(struct reader *reader, const char *path, json_t *node, bool *prefix_space,
                       bool *use_regex)
{
    bool trim;
    return reader_known_keys(reader, path, node,
                             "type, add_prefix_space, trim_offsets, use_regex") &&
           reader_flag(reader, path, node, "add_prefix_space", prefix_space) &&
           reader_flag(reader, path, node, "trim_offsets", &trim) &&
           reader_option(reader, path, node, "use_regex", true, use_regex);
}
