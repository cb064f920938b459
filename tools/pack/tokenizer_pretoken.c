/* The pre-tokenizer of tokenizer.json. It tells the two kinds of model apart: with a ByteLevel in
 * it the symbols are bytes, otherwise characters. */
#include <stdio.h>
#include <string.h>

#include "tools/pack/tokenizer_reader.h"
#include "tools/pack/tokenizer_sets.h"

/* What a behavior makes of the matches; `invert`: of what is between them. */
static const struct behavior {
    const char *name;
    enum pattern_mode mode, inverted;
} behaviors[] = {
    {"Isolated", PATTERN_ISOLATED, PATTERN_ISOLATED},
    {"Contiguous", PATTERN_CONTIGUOUS, PATTERN_CONTIGUOUS},
    {"MergedWithPrevious", PATTERN_WITH_PREVIOUS, PATTERN_WITH_NEXT},
    {"MergedWithNext", PATTERN_WITH_NEXT, PATTERN_WITH_PREVIOUS},
    {"Removed", PATTERN_REMOVED, PATTERN_KEPT},
};

static bool read_behavior(struct reader *reader, const char *path, json_t *node, bool invert,
                          enum pattern_mode *mode)
{
    char quoted[QUOTE_BYTES];
    json_t *name = json_object_get(node, "behavior");
    for (size_t i = 0; i < sizeof behaviors / sizeof behaviors[0] && json_is_string(name); i++) {
        if (strcmp(json_string_value(name), behaviors[i].name) != 0)
            continue;
        *mode = invert ? behaviors[i].inverted : behaviors[i].mode;
        return true;
    }
    return reader_refuse(
        reader,
        "%s.behavior: found %s, expected Isolated, Contiguous, Removed, "
        "MergedWithPrevious or MergedWithNext",
        path, json_is_string(name) ? reader_quote_json(quoted, name) : reader_kind(name));
}

/* A text to be looked for. Where it cannot be found, as ' ' behind a Metaspace, there is nothing to
 * do, unless everything else goes. */
static bool read_text(struct reader *reader, const char *path, enum pattern_mode mode,
                      json_t *string)
{
    const char *text = json_string_value(string);
    const size_t bytes = json_string_length(string);
    const bool absent = reader->marks && memchr(text, ' ', bytes) != NULL;
    if (bytes == 0 || bytes > TOKENIZER_MAX_ADDED_BYTES)
        return reader_refuse(reader, "%s: found %zu bytes, expected 1 to %d", path, bytes,
                             TOKENIZER_MAX_ADDED_BYTES);
    if (absent && mode == PATTERN_KEPT)
        return reader_refuse(reader, "%s: leaves nothing, as ' ' has become '" SPACE_MARK "'",
                             path);
    return absent || reader_literal(reader, path, mode, text, bytes);
}

static bool read_split(struct reader *reader, const char *path, json_t *node)
{
    char inner[128], quoted[QUOTE_BYTES];
    bool invert;
    enum pattern_mode mode;
    json_t *pattern = json_object_get(node, "pattern");
    snprintf(inner, sizeof inner, "%s.pattern", path);
    if (!reader_known_keys(reader, path, node, "type, pattern, behavior, invert") ||
        !reader_flag(reader, path, node, "invert", &invert) ||
        !read_behavior(reader, path, node, invert, &mode))
        return false;
    if (!json_is_object(pattern))
        return reader_refuse(reader, "%s: found %s, expected an object", inner,
                             reader_kind(pattern));
    if (!reader_known_keys(reader, inner, pattern, "Regex, String"))
        return false;
    json_t *regex = json_object_get(pattern, "Regex"), *string = json_object_get(pattern, "String");
    snprintf(inner, sizeof inner, "%s.pattern.%s", path, regex != NULL ? "Regex" : "String");
    if (regex == NULL && json_is_string(string))
        return read_text(reader, inner, mode, string);
    if (!json_is_string(regex) || json_string_length(regex) == 0)
        return reader_refuse(reader, "%s: found %s, expected a %s", inner,
                             json_is_string(regex) ? reader_quote_json(quoted, regex)
                                                   : reader_kind(regex != NULL ? regex : string),
                             regex != NULL ? "regular expression" : "string");
    return reader_regex(reader, inner, mode, json_string_value(regex), json_string_length(regex));
}

static bool read_digits(struct reader *reader, const char *path, json_t *node)
{
    bool individual;
    return reader_known_keys(reader, path, node, "type, individual_digits") &&
           reader_flag(reader, path, node, "individual_digits", &individual) &&
           reader_pattern(reader, path, individual ? PATTERN_ISOLATED : PATTERN_CONTIGUOUS,
                          reader->bytes ? set_digit_byte : set_digit);
}

static bool read_punctuation(struct reader *reader, const char *path, json_t *node)
{
    enum pattern_mode mode = PATTERN_ISOLATED;
    return reader_known_keys(reader, path, node, "type, behavior") &&
           (json_object_get(node, "behavior") == NULL ||
            read_behavior(reader, path, node, false, &mode)) &&
           reader_pattern(reader, path, mode,
                          reader->bytes ? set_punctuation_byte : set_punctuation);
}

/* White space is left out. Symbols of bytes have none. */
static bool drop_space(struct reader *reader, const char *path)
{
    return reader->bytes || reader_pattern(reader, path, PATTERN_REMOVED,
                                           reader->marks ? set_space_of_marks : set_space);
}

static bool read_space(struct reader *reader, const char *path, json_t *node)
{
    return reader_known_keys(reader, path, node, "type") && drop_space(reader, path);
}

static bool read_words(struct reader *reader, const char *path, json_t *node)
{
    if (reader->bytes || reader->marks)
        return reader_refuse(reader, "%s: Whitespace behind %s is not supported", path,
                             reader->bytes ? "ByteLevel" : "what replaces spaces");
    return reader_known_keys(reader, path, node, "type") &&
           reader_pattern(reader, path, PATTERN_KEPT, set_words);
}

static bool read_bert(struct reader *reader, const char *path, json_t *node)
{
    return reader_known_keys(reader, path, node, "type") && drop_space(reader, path) &&
           reader_pattern(reader, path, PATTERN_ISOLATED,
                          reader->bytes ? set_punctuation_byte : set_punctuation);
}

static bool read_delimiter(struct reader *reader, const char *path, json_t *node)
{
    char inner[128];
    json_t *delimiter = json_object_get(node, "delimiter");
    snprintf(inner, sizeof inner, "%s.delimiter", path);
    if (!reader_known_keys(reader, path, node, "type, delimiter"))
        return false;
    if (!json_is_string(delimiter))
        return reader_refuse(reader, "%s: found %s, expected a character", inner,
                             reader_kind(delimiter));
    return read_text(reader, inner, PATTERN_REMOVED, delimiter);
}

/* The space lies where a pattern before it would look back. */
static bool may_prefix(struct reader *reader, const char *path)
{
    return !reader->looks_back ||
           reader_refuse(reader,
                         "%s: a space before each piece is not supported behind a pattern that "
                         "looks at what is before a match",
                         path);
}

/* Symbols are bytes from here on. It may put a space before each piece so far. */
static bool read_bytes(struct reader *reader, const char *path, json_t *node)
{
    struct tokenizer_source *source = &reader->source;
    bool prefix_space, use_regex;
    if (reader->bytes || reader->marks)
        return reader_refuse(reader, "%s: ByteLevel behind %s is not supported", path,
                             reader->bytes ? "another ByteLevel" : "what replaces spaces");
    if (!reader_byte_level(reader, path, node, &prefix_space, &use_regex))
        return false;
    if (prefix_space && !may_prefix(reader, path))
        return false;
    source->flags |= prefix_space ? TOKENIZER_PREFIX_SPACE : 0;
    source->prefix_level = source->pattern_count;
    if (use_regex && !reader_pattern(reader, path, PATTERN_ISOLATED, set_byte_level))
        return false;
    reader->bytes = true;
    return true;
}

/* Whether a Metaspace puts a mark before each piece so far, or before the text. */
static bool read_scheme(struct reader *reader, const char *path, json_t *node)
{
    char quoted[QUOTE_BYTES];
    bool prefix;
    json_t *scheme = json_object_get(node, "prepend_scheme");
    if (!reader_option(reader, path, node, "add_prefix_space", true, &prefix))
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
    if (!never && !may_prefix(reader, path))
        return false;
    reader->source.flags |= never   ? 0u
                            : first ? TOKENIZER_PREFIX_SPACE | TOKENIZER_PREFIX_FIRST
                                    : (uint32_t)TOKENIZER_PREFIX_SPACE;
    reader->source.prefix_level = reader->source.pattern_count;
    return true;
}

static bool read_metaspace(struct reader *reader, const char *path, json_t *node)
{
    bool split;
    if (reader->bytes || (reader->source.flags & TOKENIZER_PREFIX_SPACE))
        return reader_refuse(reader, "%s: Metaspace behind %s is not supported", path,
                             reader->bytes ? "ByteLevel" : "another one");
    if (!reader_known_keys(reader, path, node,
                           "type, replacement, add_prefix_space, prepend_scheme, split") ||
        !reader_string(reader, path, node, "replacement", SPACE_MARK) ||
        !reader_option(reader, path, node, "split", true, &split) ||
        !read_scheme(reader, path, node))
        return false;
    reader->marks = true;
    reader->source.flags |= TOKENIZER_MARKED;
    return !split || reader_pattern(reader, path, PATTERN_ISOLATED, set_spaced);
}

static const struct kind {
    const char *type;
    bool (*read)(struct reader *reader, const char *path, json_t *node);
} kinds[] = {
    {"ByteLevel", read_bytes},
    {"Metaspace", read_metaspace},
    {"Split", read_split},
    {"Digits", read_digits},
    {"Punctuation", read_punctuation},
    {"Whitespace", read_words},
    {"WhitespaceSplit", read_space},
    {"CharDelimiterSplit", read_delimiter},
    {"BertPreTokenizer", read_bert},
};

/* A node that is no Sequence. */
static bool read_node(struct reader *reader, const char *path, json_t *node)
{
    static const char supported[] =
        "ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, "
        "CharDelimiterSplit, BertPreTokenizer, Sequence";
    const char *type = reader_type_of(reader, path, node, supported);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && type != NULL; i++) {
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].read(reader, path, node);
    }
    return type != NULL && reader_type(reader, path, node, supported, NULL);
}

/* The nodes of a Sequence; one in it may be a Sequence again. */
static bool read_sequence(struct reader *reader, const char *path, json_t *node, unsigned depth)
{
    json_t *nodes = reader_sequence(reader, path, node, "pretokenizers");
    if (nodes == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        char inner[160];
        json_t *child = json_array_get(nodes, i);
        json_t *type = json_object_get(child, "type");
        snprintf(inner, sizeof inner, "%.120s.pretokenizers[%zu]", path, i);
        const bool nested =
            json_is_string(type) && strcmp(json_string_value(type), "Sequence") == 0;
        if (nested && depth > 2)
            return reader_refuse(reader, "%s: a Sequence too deep", inner);
        if (!(nested ? read_sequence(reader, inner, child, depth + 1)
                     : read_node(reader, inner, child)))
            return false;
    }
    return true;
}

bool reader_pre_tokenizer(struct reader *reader, json_t *root)
{
    static const char path[] = "pre_tokenizer";
    json_t *node = json_object_get(root, path);
    json_t *type = json_object_get(node, "type");
    const bool several = json_is_string(type) && strcmp(json_string_value(type), "Sequence") == 0;
    if (node != NULL && !json_is_null(node) &&
        !(several ? read_sequence(reader, path, node, 0) : read_node(reader, path, node)))
        return false;
    reader->source.flags |= reader->bytes ? 0u : TOKENIZER_CHARS;
    return true;
}
