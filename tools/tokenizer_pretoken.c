/* The pre-tokenizer of tokenizer.json. It tells the two kinds of model apart: with ByteLevel at its
 * end the symbols are bytes, otherwise characters. */
#include <stdio.h>
#include <string.h>

#include "tools/tokenizer_reader.h"

static bool read_split(struct reader *reader, const char *path, json_t *node)
{
    char inner[96], quoted[QUOTE_BYTES];
    bool invert;
    json_t *pattern = json_object_get(node, "pattern");
    snprintf(inner, sizeof inner, "%s.pattern", path);
    if (!reader_known_keys(reader, path, node, "type, pattern, behavior, invert") ||
        !reader_string(reader, path, node, "behavior", "Isolated") ||
        !reader_flag(reader, path, node, "invert", &invert))
        return false;
    if (invert)
        return reader_refuse(reader, "%s.invert: found true, expected false", path);
    if (!json_is_object(pattern))
        return reader_refuse(reader, "%s: found %s, expected an object", inner,
                             reader_kind(pattern));
    if (!reader_known_keys(reader, inner, pattern, "Regex"))
        return false;
    json_t *regex = json_object_get(pattern, "Regex");
    snprintf(inner, sizeof inner, "%s.pattern.Regex", path);
    if (!json_is_string(regex) || json_string_length(regex) == 0)
        return reader_refuse(reader, "%s: found %s, expected a regular expression", inner,
                             json_is_string(regex) ? reader_quote_json(quoted, regex)
                                                   : reader_kind(regex));
    return reader_regex(reader, inner, json_string_value(regex), json_string_length(regex));
}

static bool read_digits(struct reader *reader, const char *path, json_t *node)
{
    bool individual;
    return reader_known_keys(reader, path, node, "type, individual_digits") &&
           reader_flag(reader, path, node, "individual_digits", &individual) &&
           reader_pattern(reader, path, individual ? regex_digit : regex_digits);
}

/* ByteLevel as the last node. Alone it may put a space before each segment. */
static bool read_bytes(struct reader *reader, const char *path, json_t *node, bool alone)
{
    bool prefix_space, use_regex;
    if (!reader_byte_level(reader, path, node, &prefix_space, &use_regex))
        return false;
    if (prefix_space && !alone)
        return reader_refuse(reader, "%s.add_prefix_space: found true, expected false", path);
    reader->source.flags |= prefix_space ? TOKENIZER_PREFIX_SPACE : 0;
    return !use_regex || reader_pattern(reader, path, regex_byte_level);
}

static bool read_sequence(struct reader *reader, json_t *node)
{
    static const char supported[] = "Split, Digits, ByteLevel";
    json_t *nodes = reader_sequence(reader, "pre_tokenizer", node, "pretokenizers");
    size_t count = json_array_size(nodes);
    if (nodes == NULL)
        return false;
    if (count == 0)
        return reader_refuse(reader,
                             "pre_tokenizer.pretokenizers: found an empty array, expected one that "
                             "ends in ByteLevel");
    for (size_t i = 0; i < count; i++) {
        char path[64];
        json_t *child = json_array_get(nodes, i);
        snprintf(path, sizeof path, "pre_tokenizer.pretokenizers[%zu]", i);
        const char *type = reader_type_of(reader, path, child, supported);
        if (type == NULL)
            return false;
        bool last = i + 1 == count, bytes = strcmp(type, "ByteLevel") == 0;
        bool known = bytes || strcmp(type, "Split") == 0 || strcmp(type, "Digits") == 0;
        if (known && bytes != last)
            return reader_refuse(reader, "%s: found %s, expected %s", path, type,
                                 last ? "ByteLevel as the last one" : "ByteLevel only as the last");
        if (!known)
            return reader_type(reader, path, child, supported, NULL);
        if (bytes            ? !read_bytes(reader, path, child, false)
            : type[0] == 'S' ? !read_split(reader, path, child)
                             : !read_digits(reader, path, child))
            return false;
    }
    return true;
}

static bool read_metaspace(struct reader *reader, json_t *node)
{
    static const char path[] = "pre_tokenizer";
    char quoted[QUOTE_BYTES];
    bool split, prefix;
    json_t *scheme = json_object_get(node, "prepend_scheme");
    if (!reader_known_keys(reader, path, node,
                           "type, replacement, add_prefix_space, prepend_scheme, split") ||
        !reader_string(reader, path, node, "replacement", SPACE_MARK) ||
        !reader_option(reader, path, node, "split", true, &split) ||
        !reader_option(reader, path, node, "add_prefix_space", true, &prefix))
        return false;
    if (scheme != NULL && !json_is_string(scheme))
        return reader_refuse(reader, "%s.prepend_scheme: found %s, expected a string", path,
                             reader_kind(scheme));
    const char *name = scheme != NULL ? json_string_value(scheme) : "always";
    bool never = strcmp(name, "never") == 0, first = strcmp(name, "first") == 0;
    if (!never && !first && strcmp(name, "always") != 0)
        return reader_refuse(reader,
                             "%s.prepend_scheme: found %s, expected 'always', 'first' or 'never'",
                             path, reader_quote_json(quoted, scheme));
    if (!prefix && !never)
        return reader_refuse(reader,
                             "%s.add_prefix_space: found false, expected true with "
                             "prepend_scheme '%s'",
                             path, name);
    reader->source.flags |= never   ? 0u
                            : first ? TOKENIZER_PREFIX_SPACE | TOKENIZER_PREFIX_FIRST
                                    : (uint32_t)TOKENIZER_PREFIX_SPACE;
    return !split || reader_pattern(reader, path, regex_spaced);
}

bool reader_pre_tokenizer(struct reader *reader, json_t *root)
{
    static const char supported[] = "ByteLevel, Metaspace, Sequence";
    json_t *node = json_object_get(root, "pre_tokenizer");
    if (node == NULL || json_is_null(node)) {
        reader->source.flags |= TOKENIZER_CHARS;
        return true;
    }
    const char *type = reader_type_of(reader, "pre_tokenizer", node, supported);
    if (type == NULL)
        return false;
    if (strcmp(type, "ByteLevel") == 0)
        return read_bytes(reader, "pre_tokenizer", node, true);
    if (strcmp(type, "Sequence") == 0)
        return read_sequence(reader, node);
    if (strcmp(type, "Metaspace") != 0)
        return reader_type(reader, "pre_tokenizer", node, supported, NULL);
    reader->source.flags |= TOKENIZER_CHARS;
    return read_metaspace(reader, node);
}
