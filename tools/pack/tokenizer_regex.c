/* The regular expressions of pre-tokenizers, from Oniguruma's words (Ruby's, as Hugging Face
 * `tokenizers` reads them) to PCRE2's.
 *
 * Understood: literals, escapes of these, characters by number, '.', classes of characters and
 * ranges, also one within another, \p{X} of the general categories, \s, \d, \w, their complements,
 * a quantifier ?, *, + (also lazy or possessive) or {m,n} behind one of them, alternatives, groups
 * (...), (?:...), (?i:...), (?=...) and (?!...), (?<=...) and (?<!...) of at most
 * TOKENIZER_LOOK_BACK characters without quantifiers or groups, and the places ^, $, \A, \z, \Z, \b
 * and \B. Everything else is refused. Behind a group there may only be ?, so nothing takes
 * exponential time.
 *
 * Behind a Metaspace each ' ' is a mark U+2581, which our text still writes ' ': there a ' ' of the
 * pattern matches nothing, and U+2581 matches both. Behind a ByteLevel there are only symbols of
 * bytes: patterns of ASCII's, except the space, match those bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "tools/pack/tokenizer_regex.h"
#include "tools/pack/tokenizer_sets.h"

enum { MOST_DEPTH = 16, MOST_REPEATS = 1000 };

/* {m}, {m,} or {m,n}. */
static bool read_repeats(struct regex *regex)
{
    const char *from = (const char *)regex->text + regex->at;
    const size_t left = regex->bytes - regex->at;
    const char *end = memchr(from, '}', left < 12 ? left : 12);
    char text[16] = "";
    unsigned least = 0, most = 0;
    if (end != NULL)
        memcpy(text, from, (size_t)(end - from) + 1);
    bool digits = end != NULL && strspn(text + 1, "0123456789,") == strlen(text) - 2;
    int found = digits ? sscanf(text, "{%u,%u", &least, &most) : 0;
    if (found == 1) /* {m} or {m,} */
        most = strchr(text, ',') != NULL ? MOST_REPEATS : least;
    if (found < 1 || least > most || most == 0 || most > MOST_REPEATS)
        return regex_refuse(regex, end != NULL ? strlen(text) : 8, "is not supported as a count");
    regex->at += strlen(text);
    return regex_emit(regex, text);
}

/* ?, * and + may be lazy or possessive; behind {m,n} Ruby reads that in another way. */
static bool read_quantifier(struct regex *regex)
{
    static const char *const single[] = {"?", "*", "+"};
    static const char *const manner[] = {"?", "+"};
    bool counted = regex_goes_on(regex, "{"), found = counted;
    if (regex->back > 0 && regex->at < regex->bytes &&
        strchr("?*+{", regex->text[regex->at]) != NULL)
        return regex_refuse(regex, 1, "within what looks back is not supported");
    if (counted && !read_repeats(regex))
        return false;
    for (size_t i = 0; i < 3 && !found; i++) {
        found = regex_accept(regex, single[i]);
        if (found && !regex_emit(regex, single[i]))
            return false;
    }
    bool more = false;
    for (size_t i = 0; i < 2 && found && !counted && !more; i++) {
        more = regex_accept(regex, manner[i]);
        if (more && !regex_emit(regex, manner[i]))
            return false;
    }
    if (found && regex->at < regex->bytes && strchr("?*+{", regex->text[regex->at]) != NULL)
        return regex_refuse(regex, 1, "behind another quantifier is not supported");
    return true;
}

_Static_assert(TOKENIZER_LOOK_BACK == 16, "the message of read_atom says so");

/* (?<= or (?<!. */
static bool start_back(struct regex *regex)
{
    if (regex->reader->bytes)
        return regex_refuse(regex, 4, "is not supported behind ByteLevel");
    const char *start = regex_goes_on(regex, "(?<=") ? "(?<=" : "(?<!";
    regex->at += strlen(start);
    regex->back = regex->depth;
    regex->back_characters = 0;
    regex->looks_back = true;
    return regex_emit(regex, start);
}

#define ANY "[\\x{0}-\\x{10ffff}]"
/* A place in a text, as what may stand before and behind it: what for PCRE2 is a line or a word is
 * not always one for Oniguruma. */
static const struct place {
    const char *name;
    const char *made[2];
} places[] = {
    {"^", {"(?<![^\\x{a}])(?=" ANY ")"}},
    {"$", {"(?![^\\x{a}])"}},
    {"\\A", {"(?<!" ANY ")"}},
    {"\\z", {"(?!" ANY ")"}},
    {"\\Z", {"(?!\\x{a}?+" ANY ")"}},
    {"\\b", {"(?<=#)(?!#)", "(?<!#)(?=#)"}}, /* #: a character of words */
    {"\\B", {"(?<=#)(?=#)", "(?<!#)(?!#)"}},
};

/* *found false: no place is here. */
static bool read_place(struct regex *regex, bool *found)
{
    const struct place *place = NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0] && place == NULL; i++)
        place = regex_goes_on(regex, places[i].name) ? &places[i] : NULL;
    *found = place != NULL;
    if (!*found)
        return true;
    if (regex->reader->bytes || regex->back > 0)
        return regex_refuse(regex, strlen(place->name),
                            regex->back > 0 ? "within what looks back is not supported"
                                            : "is not supported behind ByteLevel");
    regex->at += strlen(place->name);
    regex->looks_back = true;
    if (regex->at < regex->bytes && strchr("?*+{", regex->text[regex->at]) != NULL)
        return regex_refuse(regex, 1, "behind a place in the text is not supported");
    bool others, good = regex_emit(regex, "(?:");
    size_t length;
    const char *words = set_find("\\w", 2, regex->reader->marks, &length, &others);
    for (size_t i = 0; i < 2 && place->made[i] != NULL; i++) {
        good = good && regex_emit(regex, i > 0 ? "|" : "");
        for (const char *at = place->made[i]; *at != '\0' && good; at++) {
            const char one[2] = {*at, '\0'};
            good = *at != '#' ? regex_emit(regex, one)
                              : regex_emit(regex, "[") && regex_emit(regex, words) &&
                                    regex_emit(regex, "]");
        }
    }
    return good && regex_emit(regex, ")");
}

/* A group's start or end, or '|'. *found false: something else is here. */
static bool read_structure(struct regex *regex, bool *found)
{
    static const char *const starts[] = {"(?:", "(?i:", "(?=", "(?!"};
    *found = true;
    if (regex_accept(regex, "|")) {
        regex->back_characters = 0;
        return regex_emit(regex, "|");
    }
    if (regex_goes_on(regex, ")")) {
        if (regex->depth == 0)
            return regex_refuse(regex, 1, "ends no group");
        const bool back = regex->depth == regex->back;
        regex->back = back ? 0 : regex->back;
        regex->depth--;
        regex->at++;
        if (!regex_emit(regex, !back && regex_accept(regex, "?") ? ")?" : ")"))
            return false;
        if (regex->at < regex->bytes && strchr("?*+{", regex->text[regex->at]) != NULL)
            return regex_refuse(regex, 1, "behind a group is not supported");
        return true;
    }
    *found = regex_goes_on(regex, "(");
    if (!*found)
        return true;
    if (regex->back > 0)
        return regex_refuse(regex, 1, "within what looks back is not supported");
    if (++regex->depth > MOST_DEPTH)
        return regex_refuse(regex, 1, "is a group too deep");
    if (regex_goes_on(regex, "(?<=") || regex_goes_on(regex, "(?<!"))
        return start_back(regex);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (regex_accept(regex, starts[i]))
            return regex_emit(regex, starts[i]);
    }
    if (regex_goes_on(regex, "(?"))
        return regex_refuse(regex, 3, "is not supported");
    regex->at++;
    return regex_emit(regex, "(?:");
}

/* Something that a quantifier may follow. */
static bool read_atom(struct regex *regex)
{
    uint32_t code = 0;
    const char *set;
    bool others;
    if (regex->back > 0 && ++regex->back_characters > TOKENIZER_LOOK_BACK)
        return regex_refuse(regex, 1, "looks back further than 16 characters");
    if (regex_goes_on(regex, "["))
        return regex_read_class(regex);
    if (regex_accept(regex, "."))
        return regex_emit(regex, regex->reader->bytes ? "[^\\xff]" : "[^\\n]");
    if (!regex_read_set(regex, &set, &others))
        return false;
    if (set != NULL)
        return regex_emit(regex, others ? "[^" : "[") && regex_emit(regex, set) &&
               regex_emit(regex, "]");
    uint8_t first = regex->text[regex->at];
    if (first != 0 && strchr("?*+{", first) != NULL)
        return regex_refuse(regex, 1, "is not supported");
    return regex_read_code(regex, &code) && regex_emit_code(regex, code);
}

/* The mode goes before the pattern. */
static bool start_pattern(const struct regex *regex, enum pattern_mode mode)
{
    const int all = (int)mode + (regex->reader->bytes ? PATTERN_OF_BYTES : 0);
    const char text[2] = {(char)('0' + all), '\0'};
    return regex_emit(regex, text);
}

/* Ends the pattern that has been emitted. */
static bool end_pattern(struct reader *reader, const char *path)
{
    struct pool_text unused;
    struct tokenizer_source *source = &reader->source;
    if (!pool_add(&source->patterns, "", 1, &unused))
        return reader_no_memory(reader);
    if (++source->pattern_count > TOKENIZER_MAX_PATTERNS ||
        source->patterns.size > TOKENIZER_MAX_PATTERN)
        return reader_refuse(reader,
                             "%s: makes %" PRIu32 " patterns of %" PRIu64
                             " bytes in all, expected at most %d of %d",
                             path, source->pattern_count, source->patterns.size,
                             TOKENIZER_MAX_PATTERNS, TOKENIZER_MAX_PATTERN);
    return true;
}

bool reader_pattern(struct reader *reader, const char *path, enum pattern_mode mode,
                    const char *pattern)
{
    struct regex regex = {.reader = reader, .out = &reader->source.patterns};
    return start_pattern(&regex, mode) && regex_emit(&regex, pattern) && end_pattern(reader, path);
}

/* All of a regular expression. */
static bool read_all(struct regex *regex)
{
    while (regex->at < regex->bytes) {
        bool found;
        if (!read_structure(regex, &found))
            return false;
        if (!found && !read_place(regex, &found))
            return false;
        if (!found && !(read_atom(regex) && read_quantifier(regex)))
            return false;
    }
    return regex->depth == 0 || regex_refuse(regex, 0, "found, expected ')'");
}

/* White space at the end of a line. */
static bool is_final_space(const struct reader *reader, const char *text, size_t bytes)
{
    return bytes == 4 && memcmp(text, "\\s+$", 4) == 0 && !reader->marks && !reader->bytes;
}

bool reader_regex(struct reader *reader, const char *path, enum pattern_mode mode, const char *text,
                  size_t bytes)
{
    struct regex regex = {.reader = reader,
                          .out = &reader->source.patterns,
                          .path = path,
                          .text = (const uint8_t *)text,
                          .bytes = bytes};
    if (is_final_space(reader, text, bytes))
        return reader_pattern(reader, path, mode, set_final_space);
    const bool good = start_pattern(&regex, mode) && read_all(&regex) && end_pattern(reader, path);
    reader->looks_back = reader->looks_back || regex.looks_back;
    return good;
}

/* A text to be looked for as it is. */
static bool read_literal(struct regex *regex)
{
    while (regex->at < regex->bytes) {
        uint32_t length, code = utf8_decode(regex->text + regex->at, &length);
        if (regex->reader->bytes && (code <= ' ' || code >= 0x7F))
            return regex_refuse(regex, length, "is not supported behind ByteLevel");
        if (!regex_emit_code(regex, code))
            return false;
        regex->at += length;
    }
    return true;
}

bool reader_literal(struct reader *reader, const char *path, enum pattern_mode mode,
                    const char *text, size_t bytes)
{
    struct regex regex = {.reader = reader,
                          .out = &reader->source.patterns,
                          .path = path,
                          .text = (const uint8_t *)text,
                          .bytes = bytes};
    return start_pattern(&regex, mode) && read_literal(&regex) && end_pattern(reader, path);
}

bool reader_step_pattern(struct reader *reader, const char *path, bool is_regex, const char *text,
                         size_t bytes)
{
    struct regex regex = {.reader = reader,
                          .out = &reader->source.steps,
                          .path = path,
                          .text = (const uint8_t *)text,
                          .bytes = bytes};
    if (is_regex && is_final_space(reader, text, bytes))
        return regex_emit(&regex, set_final_space);
    return is_regex ? read_all(&regex) : read_literal(&regex);
}
