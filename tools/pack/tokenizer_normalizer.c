/* The normalizer of tokenizer.json.
 *
 * A form alone, and what makes spaces U+2581, are flags of the tables; everything else is steps
 * (runtime/tokenizer/tokenizer_steps.c), which come before the marks. */
#include <stdio.h>
#include <string.h>

#include "tools/pack/tokenizer_reader.h"

static const char supported[] =
    "NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Nmt, BertNormalizer, "
    "Precompiled, Prepend, Sequence";

enum { NFD = 1 };
static const struct form {
    const char *type;
    uint32_t flags;
} forms[] = {
    {"NFC", TOKENIZER_NORMALISE},
    {"NFD", TOKENIZER_NORMALISE | TOKENIZER_DECOMPOSED},
    {"NFKC", TOKENIZER_NORMALISE | TOKENIZER_COMPATIBLE},
    {"NFKD", TOKENIZER_NORMALISE | TOKENIZER_COMPATIBLE | TOKENIZER_DECOMPOSED},
};

/* Starts a step; its pattern follows. */
static bool begin_step(struct reader *reader, const char *path, enum step_kind kind)
{
    struct tokenizer_source *source = &reader->source;
    const char text = (char)('0' + kind);
    struct pool_text unused;
    if (++source->step_count > TOKENIZER_MAX_STEPS)
        return reader_refuse(reader, "%s: is step %u of the normalizer, expected at most %d", path,
                             source->step_count, TOKENIZER_MAX_STEPS);
    return pool_add(&source->steps, &text, 1, &unused) || reader_no_memory(reader);
}

/* Ends a step, with the text that takes the pattern's place. */
static bool end_step(struct reader *reader, const char *path, const char *content)
{
    struct tokenizer_source *source = &reader->source;
    struct pool_text unused;
    if (!pool_add(&source->steps, "", 1, &unused) ||
        !pool_add(&source->steps, content, strlen(content) + 1, &unused))
        return reader_no_memory(reader);
    return source->steps.size <= TOKENIZER_MAX_PATTERN ||
           reader_refuse(reader, "%s: makes %u steps of %zu bytes in all, expected at most %d",
                         path, source->step_count, (size_t)source->steps.size,
                         TOKENIZER_MAX_PATTERN);
}

static bool add_step(struct reader *reader, const char *path, enum step_kind kind)
{
    return begin_step(reader, path, kind) && end_step(reader, path, "");
}

/* Lowercase or StripAccents. */
static bool read_characters(struct reader *reader, const char *path, json_t *node,
                            enum step_kind kind)
{
    return reader_known_keys(reader, path, node, "type") && add_step(reader, path, kind);
}

static bool read_strip(struct reader *reader, const char *path, json_t *node)
{
    bool left, right;
    return reader_known_keys(reader, path, node, "type, strip_left, strip_right") &&
           reader_flag(reader, path, node, "strip_left", &left) &&
           reader_flag(reader, path, node, "strip_right", &right) &&
           (!left || add_step(reader, path, STEP_STRIP_START)) &&
           (!right || add_step(reader, path, STEP_STRIP_END));
}

/* Two steps: what one pattern matches goes, what another does becomes a space. */
static bool add_cleaning(struct reader *reader, const char *path, const char *gone,
                         const char *spaces)
{
    struct byte_pool *steps = &reader->source.steps;
    struct pool_text unused;
    for (int i = 0; i < 2; i++) {
        const char *pattern = i == 0 ? gone : spaces;
        if (!begin_step(reader, path, STEP_REPLACE))
            return false;
        if (!pool_add(steps, pattern, strlen(pattern), &unused))
            return reader_no_memory(reader);
        if (!end_step(reader, path, i == 0 ? "" : " "))
            return false;
    }
    return true;
}

/* Nmt: control characters go, others become spaces. */
static bool read_nmt(struct reader *reader, const char *path, json_t *node)
{
    static const char gone[] = "[\\x{1}-\\x{8}\\x{b}\\x{e}-\\x{1f}\\x{7f}\\x{8f}\\x{9f}]";
    static const char spaces[] = "[\\x{9}\\x{a}\\x{c}\\x{d}\\x{1680}\\x{200b}-\\x{200f}"
                                 "\\x{2028}\\x{2029}\\x{2581}\\x{feff}\\x{fffd}]";
    return reader_known_keys(reader, path, node, "type") &&
           add_cleaning(reader, path, gone, spaces);
}

/* A string of 1 (or `least`) bytes or more, without NUL. */
static bool check_text(struct reader *reader, const char *path, json_t *string, size_t least)
{
    if (!json_is_string(string))
        return reader_refuse(reader, "%s: found %s, expected a string", path, reader_kind(string));
    const size_t bytes = json_string_length(string);
    if (bytes < least || bytes > TOKENIZER_MAX_ADDED_BYTES)
        return reader_refuse(reader, "%s: found %zu bytes, expected %zu to %d", path, bytes, least,
                             TOKENIZER_MAX_ADDED_BYTES);
    return memchr(json_string_value(string), '\0', bytes) == NULL ||
           reader_refuse(reader, "%s: found the character U+0000, expected none", path);
}

/* Replace, of a text or of what a pattern matches. */
static bool read_replace(struct reader *reader, const char *path, json_t *node)
{
    char inner[128];
    json_t *pattern = json_object_get(node, "pattern"), *content = json_object_get(node, "content");
    snprintf(inner, sizeof inner, "%s.pattern", path);
    if (!reader_known_keys(reader, path, node, "type, pattern, content"))
        return false;
    if (!json_is_object(pattern))
        return reader_refuse(reader, "%s: found %s, expected an object", inner,
                             reader_kind(pattern));
    if (!reader_known_keys(reader, inner, pattern, "Regex, String"))
        return false;
    json_t *regex = json_object_get(pattern, "Regex");
    json_t *from = regex != NULL ? regex : json_object_get(pattern, "String");
    snprintf(inner, sizeof inner, "%s.pattern.%s", path, regex != NULL ? "Regex" : "String");
    if (!check_text(reader, inner, from, 1) || !begin_step(reader, path, STEP_REPLACE) ||
        !reader_step_pattern(reader, inner, regex != NULL, json_string_value(from),
                             json_string_length(from)))
        return false;
    snprintf(inner, sizeof inner, "%s.content", path);
    return check_text(reader, inner, content, 0) &&
           end_step(reader, path, json_string_value(content));
}

/* Replace of ' ' by the mark. */
static bool is_mark(json_t *node)
{
    json_t *from = json_object_get(json_object_get(node, "pattern"), "String");
    json_t *to = json_object_get(node, "content");
    return json_is_string(from) && strcmp(json_string_value(from), " ") == 0 &&
           json_is_string(to) && strcmp(json_string_value(to), SPACE_MARK) == 0;
}

/* What makes spaces marks. */
static bool read_marks(struct reader *reader, const char *path, json_t *node, const char *type)
{
    struct tokenizer_source *source = &reader->source;
    const bool prepend = strcmp(type, "Prepend") == 0;
    const uint32_t flag = prepend ? TOKENIZER_PREPEND : TOKENIZER_MARK;
    if (source->flags & flag)
        return reader_refuse(reader, "%s: a second %s is not supported", path, type);
    source->flags |= flag;
    if (prepend)
        return reader_known_keys(reader, path, node, "type, prepend") &&
               reader_string(reader, path, node, "prepend", SPACE_MARK);
    source->flags |= TOKENIZER_MARKED;
    reader->marks = true;
    return reader_replace(reader, path, node, " ", SPACE_MARK);
}

/* Unicode's form number `index`; one form may come only once. */
static bool add_form(struct reader *reader, const char *path, size_t index)
{
    struct tokenizer_source *source = &reader->source;
    const uint32_t before = source->flags & TOKENIZER_FORM;
    if (before != 0 && before != forms[index].flags)
        return reader_refuse(reader, "%s: %s behind another form is not supported", path,
                             forms[index].type);
    source->flags |= forms[index].flags;
    return add_step(reader, path, STEP_FORM);
}

/* BertNormalizer: accents go where it says so or, if it does not, where letters become small. */
static bool read_bert(struct reader *reader, const char *path, json_t *node)
{
    static const char gone[] = "[\\x{0}-\\x{8}\\x{b}\\x{c}\\x{e}-\\x{1f}\\x{7f}-\\x{9f}\\x{ad}"
                               "\\x{600}-\\x{605}\\x{61c}\\x{6dd}\\x{70f}\\x{180e}"
                               "\\x{200b}-\\x{200f}\\x{202a}-\\x{202e}\\x{2060}-\\x{2064}"
                               "\\x{2066}-\\x{206f}\\x{e000}-\\x{f8ff}\\x{feff}\\x{fff9}-\\x{fffb}"
                               "\\x{fffd}\\x{110bd}\\x{1bca0}-\\x{1bca3}\\x{1d173}-\\x{1d17a}"
                               "\\x{e0001}\\x{e0020}-\\x{e007f}\\x{f0000}-\\x{ffffd}"
                               "\\x{100000}-\\x{10fffd}]";
    static const char spaces[] = "[\\x{9}\\x{a}\\x{d}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}"
                                 "\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]";
    bool cleans, chinese, accents, lower;
    if (!reader_known_keys(reader, path, node,
                           "type, clean_text, handle_chinese_chars, strip_accents, lowercase") ||
        !reader_flag(reader, path, node, "clean_text", &cleans) ||
        !reader_flag(reader, path, node, "handle_chinese_chars", &chinese) ||
        !reader_flag(reader, path, node, "lowercase", &lower))
        return false;
    json_t *given = json_object_get(node, "strip_accents");
    accents = lower;
    if (given != NULL && !json_is_null(given) &&
        !reader_flag(reader, path, node, "strip_accents", &accents))
        return false;
    return (!cleans || add_cleaning(reader, path, gone, spaces)) &&
           (!chinese || add_step(reader, path, STEP_SPACED)) &&
           (!accents || (add_form(reader, path, NFD) && add_step(reader, path, STEP_UNACCENTED))) &&
           (!lower || add_step(reader, path, STEP_LOWER));
}

/* A normalizer that is no Sequence. */
static bool read_normalizer(struct reader *reader, const char *path, json_t *node)
{
    const char *type = reader_type_of(reader, path, node, supported);
    if (type == NULL)
        return false;
    const bool replace = strcmp(type, "Replace") == 0;
    if (strcmp(type, "Prepend") == 0 || (replace && is_mark(node)))
        return read_marks(reader, path, node, type);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(type, forms[i].type) == 0 && !reader->marks)
            return reader_known_keys(reader, path, node, "type") && add_form(reader, path, i);
    }
    if (reader->marks || (reader->source.flags & TOKENIZER_PREPEND))
        return reader_refuse(reader, "%s: %s behind %s is not supported", path, type,
                             reader->marks ? "the Replace of spaces" : "Prepend");
    if (replace)
        return read_replace(reader, path, node);
    if (strcmp(type, "Lowercase") == 0)
        return read_characters(reader, path, node, STEP_LOWER);
    if (strcmp(type, "StripAccents") == 0)
        return read_characters(reader, path, node, STEP_MARKLESS);
    if (strcmp(type, "Strip") == 0)
        return read_strip(reader, path, node);
    if (strcmp(type, "Nmt") == 0)
        return read_nmt(reader, path, node);
    if (strcmp(type, "BertNormalizer") == 0)
        return read_bert(reader, path, node);
    if (strcmp(type, "Precompiled") == 0)
        return reader_charsmap(reader, path, node) && add_step(reader, path, STEP_MAP);
    return reader_type(reader, path, node, supported, NULL);
}

/* Forms alone need no steps. */
static void drop_forms(struct tokenizer_source *source)
{
    uint64_t other = 0;
    for (uint64_t i = 0; i < source->steps.size; i += 3) /* as long as each is a form: "0", 2 NUL */
        other += source->steps.bytes[i] != '0' + STEP_FORM;
    if (other == 0)
        source->steps.size = source->step_count = 0;
}

bool reader_normalizer(struct reader *reader, json_t *root)
{
    static const char path[] = "normalizer";
    json_t *node = json_object_get(root, path), *nodes = NULL;
    json_t *type = json_object_get(node, "type");
    if (node == NULL || json_is_null(node))
        return true;
    const bool several = json_is_string(type) && strcmp(json_string_value(type), "Sequence") == 0;
    if (!several && !read_normalizer(reader, path, node))
        return false;
    if (several && (nodes = reader_sequence(reader, path, node, "normalizers")) == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        char inner[64];
        snprintf(inner, sizeof inner, "normalizer.normalizers[%zu]", i);
        if (!read_normalizer(reader, inner, json_array_get(nodes, i)))
            return false;
    }
    drop_forms(&reader->source);
    if ((reader->source.flags & TOKENIZER_PREPEND) && !reader->marks)
        return reader_refuse(reader, "normalizer: found Prepend without a Replace of ' ' by "
                                     "'" SPACE_MARK "', expected both");
    return true;
}
