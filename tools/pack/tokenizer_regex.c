/* The regular expressions of pre-tokenizers, from Oniguruma's words (Ruby's, as Hugging Face
 * `tokenizers` reads them) to PCRE2's.
 *
 * Understood: literals, escapes of these, '.', classes of characters and ranges, also one within
 * another, \p{X} of the general categories, \s, \d, \w, their complements, a quantifier ?, *, +
 * (also lazy or possessive) or {m,n} behind one of them, alternatives, and groups (...), (?:...),
 * (?i:...), (?=...) and (?!...). Everything else is refused, most of all what looks back: then a
 * search may start anywhere. Behind a group there may only be ?, so nothing takes exponential time.
 *
 * Behind a Metaspace each ' ' is a mark U+2581, which our text still writes ' ': there a ' ' of the
 * pattern matches nothing, and U+2581 matches both. Behind a ByteLevel there are only symbols of
 * bytes: patterns of ASCII's, except the space, match those bytes. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "tools/pack/tokenizer_reader.h"
#include "tools/pack/tokenizer_sets.h"

enum { MOST_DEPTH = 16, MOST_REPEATS = 1000, MOST_OTHERS = 8 };

struct regex {
    struct reader *reader;
    struct byte_pool *out; /* the pattern in PCRE2's words is added to it */
    const char *path;
    const uint8_t *text;
    size_t bytes;
    size_t at;
    uint32_t depth; /* of groups */
    /* Sets of which a class has all other characters. */
    const char *others[MOST_OTHERS];
    size_t other_count;
};

static bool refuse(const struct regex *regex, size_t bytes, const char *why)
{
    char quoted[QUOTE_BYTES];
    size_t left = regex->bytes - regex->at;
    if (bytes > left)
        bytes = left;
    return reader_refuse(regex->reader, "%s: %s at byte %zu %s", regex->path,
                         bytes > 0 ? reader_quote(quoted, regex->text + regex->at, bytes)
                                   : "the end",
                         regex->at, why);
}

static bool emit(const struct regex *regex, const char *text)
{
    struct pool_text unused;
    return pool_add(regex->out, text, strlen(text), &unused) || reader_no_memory(regex->reader);
}

/* A character, or a range of them, as members of a class. */
static bool emit_range(const struct regex *regex, uint32_t first, uint32_t last)
{
    const bool marks = regex->reader->marks;
    char text[64] = "", more[32] = "";
    if (marks && first <= ' ' && last >= ' ') {
        if (first < ' ')
            snprintf(more, sizeof more, "\\x{%" PRIx32 "}-\\x{1f}", first);
        first = ' ' + 1;
        if (!emit(regex, more))
            return false;
    }
    if (marks && first <= SPACE_MARK_CODE && last >= SPACE_MARK_CODE && !emit(regex, "\\x{20}"))
        return false;
    if (first == last)
        snprintf(text, sizeof text, "\\x{%" PRIx32 "}", first);
    else if (first < last)
        snprintf(text, sizeof text, "\\x{%" PRIx32 "}-\\x{%" PRIx32 "}", first, last);
    return emit(regex, text);
}

/* A character by itself. */
static bool emit_code(const struct regex *regex, uint32_t code)
{
    char text[16] = {(char)code, '\0'};
    if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') /* by itself, so that (?i:) applies to it */
        return emit(regex, text);
    if (regex->reader->marks && code == ' ')
        return emit(regex, "[^\\x{0}-\\x{10ffff}]");
    if (regex->reader->marks && code == SPACE_MARK_CODE)
        return emit(regex, "[\\x{20}\\x{2581}]");
    snprintf(text, sizeof text, "\\x{%" PRIx32 "}", code);
    return emit(regex, text);
}

/* True when the text goes on with `expected`. */
static bool goes_on(const struct regex *regex, const char *expected)
{
    size_t bytes = strlen(expected);
    return regex->bytes - regex->at >= bytes &&
           memcmp(regex->text + regex->at, expected, bytes) == 0;
}

/* Like goes_on, and moves behind it. */
static bool accept(struct regex *regex, const char *expected)
{
    bool found = goes_on(regex, expected);
    if (found)
        regex->at += strlen(expected);
    return found;
}

/* One character, perhaps escaped, to *code. */
static bool read_code(struct regex *regex, uint32_t *code)
{
    static const char letters[] = "rntfv", codes[] = "\r\n\t\f\v";
    uint32_t length;
    if (!goes_on(regex, "\\")) {
        *code = utf8_decode(regex->text + regex->at, &length);
        if (regex->reader->bytes && (*code <= ' ' || *code >= 0x7F))
            return refuse(regex, length, "is not supported behind ByteLevel");
        regex->at += length;
        return true;
    }
    uint8_t escaped = regex->at + 1 < regex->bytes ? regex->text[regex->at + 1] : 0;
    const char *letter = escaped != 0 ? strchr(letters, escaped) : NULL;
    bool literal =
        escaped > ' ' && escaped < 0x7F && !isalnum(escaped) && strchr("<>`", escaped) == NULL;
    if ((letter == NULL && !literal) || (letter != NULL && regex->reader->bytes))
        return refuse(regex, 2, "is not supported");
    *code = letter != NULL ? (uint32_t)codes[letter - letters] : escaped;
    regex->at += 2;
    return true;
}

/* A set by name, or with *others all but it, as members of a class; *members NULL when there is
 * none here. */
static bool read_set(struct regex *regex, const char **members, bool *others)
{
    size_t length;
    *members = set_find((const char *)regex->text + regex->at, regex->bytes - regex->at,
                        regex->reader->marks, &length, others);
    if (*members != NULL && regex->reader->bytes)
        return refuse(regex, length, "is not supported behind ByteLevel");
    regex->at += length;
    return true;
}

static bool read_range(struct regex *regex)
{
    uint32_t first = 0, last = 0;
    size_t start = regex->at;
    if (!read_code(regex, &first))
        return false;
    bool range =
        goes_on(regex, "-") && regex->at + 1 < regex->bytes && regex->text[regex->at + 1] != ']';
    if (!range)
        return emit_range(regex, first, first);
    regex->at++;
    if (goes_on(regex, "[") || !read_code(regex, &last))
        return refuse(regex, 1, "cannot end a range of characters");
    if (last < first) {
        regex->at = start;
        return refuse(regex, 8, "is a range that ends before it starts");
    }
    return emit_range(regex, first, last);
}

/* The members of a class up to its ']'. A class within adds its members. */
static bool read_members(struct regex *regex)
{
    uint32_t within = 0;
    size_t start = regex->at;
    while (regex->at < regex->bytes && (!goes_on(regex, "]") || within > 0)) {
        const char *set;
        bool others;
        if (within > 0 && accept(regex, "]")) {
            within--;
            continue;
        }
        if (!read_set(regex, &set, &others))
            return false;
        if (set != NULL && others) {
            if (regex->other_count == MOST_OTHERS)
                return refuse(regex, 0, "too many complements in a class of characters");
            regex->others[regex->other_count++] = set;
            continue;
        }
        bool dash = set == NULL && goes_on(regex, "-") && regex->at != start &&
                    regex->at + 1 < regex->bytes && regex->text[regex->at + 1] != ']';
        if (goes_on(regex, "[^") || goes_on(regex, "[:") || goes_on(regex, "&&") || dash)
            return refuse(regex, 1, "is not supported in a class of characters");
        if (set == NULL && accept(regex, "[")) {
            if (goes_on(regex, "]"))
                return refuse(regex, 1, "found, expected characters of a class");
            within++;
            continue;
        }
        if (!(set != NULL ? emit(regex, set) : read_range(regex)))
            return false;
    }
    if (regex->at == start)
        return refuse(regex, 1, "found, expected characters of a class");
    return accept(regex, "]") || refuse(regex, 1, "found, expected ']'");
}

/* PCRE2 has no complement of a set in a class. What holds one is any of several classes instead,
 * tried once for each character; what does not hold any of them, a character of the last set that
 * is in none of the others. `members`: those that are no complement, "": none. */
static bool emit_others(struct regex *regex, const char *members, bool negated)
{
    const size_t count = regex->other_count;
    bool good = emit(regex, negated ? "(?:" : "(?>");
    if (members[0] != '\0')
        good = good && emit(regex, negated ? "(?![" : "[") && emit(regex, members) &&
               emit(regex, negated ? "])" : "]|");
    for (size_t i = 0; i < count && good; i++) {
        const bool last = i + 1 == count;
        good = emit(regex, !negated ? "[^"
                           : last   ? "["
                                    : "(?![^") &&
               emit(regex, regex->others[i]) &&
               emit(regex, last      ? "]"
                           : negated ? "])"
                                     : "]|");
    }
    return good && emit(regex, ")");
}

static bool read_class(struct regex *regex)
{
    struct byte_pool *out = regex->out;
    struct pool_text unused;
    const uint64_t start = out->size;
    const bool negated = accept(regex, "[^");
    if (!negated && goes_on(regex, "["))
        regex->at++;
    regex->other_count = 0;
    if (!read_members(regex))
        return false;
    if (!pool_add(out, "", 1, &unused))
        return reader_no_memory(regex->reader);
    char *members = strdup((const char *)out->bytes + start);
    if (members == NULL)
        return reader_no_memory(regex->reader);
    out->size = start;
    bool good;
    if (regex->other_count > 0)
        good = emit_others(regex, members, negated);
    else if (members[0] == '\0') /* a ' ' where each is a mark */
        good = emit(regex, negated ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]");
    else
        good = emit(regex, negated ? "[^" : "[") && emit(regex, members) && emit(regex, "]");
    free(members);
    return good;
}

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
        return refuse(regex, end != NULL ? strlen(text) : 8, "is not supported as a count");
    regex->at += strlen(text);
    return emit(regex, text);
}

/* ?, * and + may be lazy or possessive; behind {m,n} Ruby reads that in another way. */
static bool read_quantifier(struct regex *regex)
{
    static const char *const single[] = {"?", "*", "+"};
    static const char *const manner[] = {"?", "+"};
    bool counted = goes_on(regex, "{"), found = counted;
    if (counted && !read_repeats(regex))
        return false;
    for (size_t i = 0; i < 3 && !found; i++) {
        found = accept(regex, single[i]);
        if (found && !emit(regex, single[i]))
            return false;
    }
    bool more = false;
    for (size_t i = 0; i < 2 && found && !counted && !more; i++) {
        more = accept(regex, manner[i]);
        if (more && !emit(regex, manner[i]))
            return false;
    }
    if (found && regex->at < regex->bytes && strchr("?*+{", regex->text[regex->at]) != NULL)
        return refuse(regex, 1, "behind another quantifier is not supported");
    return true;
}

/* A group's start or end, or '|'. *found false: something else is here. */
static bool read_structure(struct regex *regex, bool *found)
{
    static const char *const starts[] = {"(?:", "(?i:", "(?=", "(?!"};
    *found = true;
    if (accept(regex, "|"))
        return emit(regex, "|");
    if (goes_on(regex, ")")) {
        if (regex->depth == 0)
            return refuse(regex, 1, "ends no group");
        regex->depth--;
        regex->at++;
        if (!emit(regex, accept(regex, "?") ? ")?" : ")"))
            return false;
        if (regex->at < regex->bytes && strchr("?*+{", regex->text[regex->at]) != NULL)
            return refuse(regex, 1, "behind a group is not supported");
        return true;
    }
    *found = goes_on(regex, "(");
    if (!*found)
        return true;
    if (++regex->depth > MOST_DEPTH)
        return refuse(regex, 1, "is a group too deep");
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (accept(regex, starts[i]))
            return emit(regex, starts[i]);
    }
    if (goes_on(regex, "(?"))
        return goes_on(regex, "(?<=") || goes_on(regex, "(?<!")
                   ? refuse(regex, 4, "looks back, which is not supported")
                   : refuse(regex, 3, "is not supported");
    regex->at++;
    return emit(regex, "(?:");
}

/* Something that a quantifier may follow. */
static bool read_atom(struct regex *regex)
{
    uint32_t code = 0;
    const char *set;
    bool others;
    if (goes_on(regex, "["))
        return read_class(regex);
    if (accept(regex, "."))
        return emit(regex, regex->reader->bytes ? "[^\\xff]" : "[^\\n]");
    if (!read_set(regex, &set, &others))
        return false;
    if (set != NULL)
        return emit(regex, others ? "[^" : "[") && emit(regex, set) && emit(regex, "]");
    uint8_t first = regex->text[regex->at];
    if (first != 0 && strchr("?*+{^$", first) != NULL)
        return refuse(regex, 1, "is not supported");
    return read_code(regex, &code) && emit_code(regex, code);
}

/* The mode goes before the pattern. */
static bool start_pattern(const struct regex *regex, enum pattern_mode mode)
{
    const int all = (int)mode + (regex->reader->bytes ? PATTERN_OF_BYTES : 0);
    const char text[2] = {(char)('0' + all), '\0'};
    return emit(regex, text);
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
    return start_pattern(&regex, mode) && emit(&regex, pattern) && end_pattern(reader, path);
}

/* All of a regular expression. */
static bool read_all(struct regex *regex)
{
    while (regex->at < regex->bytes) {
        bool found;
        if (!read_structure(regex, &found) ||
            (!found && !(read_atom(regex) && read_quantifier(regex))))
            return false;
    }
    return regex->depth == 0 || refuse(regex, 0, "found, expected ')'");
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
    return start_pattern(&regex, mode) && read_all(&regex) && end_pattern(reader, path);
}

/* A text to be looked for as it is. */
static bool read_literal(struct regex *regex)
{
    while (regex->at < regex->bytes) {
        uint32_t length, code = utf8_decode(regex->text + regex->at, &length);
        if (regex->reader->bytes && (code <= ' ' || code >= 0x7F))
            return refuse(regex, length, "is not supported behind ByteLevel");
        if (!emit_code(regex, code))
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
        return emit(&regex, set_final_space);
    return is_regex ? read_all(&regex) : read_literal(&regex);
}
