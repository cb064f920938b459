/* The regular expressions of pre-tokenizers, from Oniguruma's words (Ruby's, as Hugging Face
 * `tokenizers` reads them) to PCRE2's.
 *
 * Understood: literals, escapes of these, classes of characters and ranges, \p{L}, \p{N}, \s, \S, a
 * quantifier ?, *, + or {m,n} behind one of them, alternatives, and the groups (...), (?:...),
 * (?i:...), (?=...) and (?!...). Everything else is refused, most of all what looks back: then a
 * search may start anywhere. No quantifier follows a group, so nothing takes exponential time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/utf8.h"
#include "tools/tokenizer_reader.h"

/* ByteLevel's own pattern. Two things are spelled out so that the pieces are those of Hugging Face
 * `tokenizers` 0.23 (Unicode 16) whatever Unicode version PCRE2 has: white space, since PCRE2
 * counts U+180E, and the letters and numbers that came after Unicode 14. ASCII comes first for
 * speed. */
#define SPACE                                                                                      \
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"    \
    "\\x{205f}\\x{3000}"
#define NEW_LETTERS                                                                                \
    "\\x{1c89}-\\x{1c8a}\\x{a7cb}-\\x{a7cd}\\x{a7da}-\\x{a7dc}\\x{105c0}-\\x{105f3}"               \
    "\\x{10d4a}-\\x{10d65}\\x{10d6f}-\\x{10d85}\\x{10ec2}-\\x{10ec4}\\x{1123f}-\\x{11240}"         \
    "\\x{11380}-\\x{11389}\\x{1138b}\\x{1138e}\\x{11390}-\\x{113b5}\\x{113b7}\\x{113d1}"           \
    "\\x{113d3}\\x{11bc0}-\\x{11be0}\\x{11f02}\\x{11f04}-\\x{11f10}\\x{11f12}-\\x{11f33}"          \
    "\\x{1342f}\\x{13441}-\\x{13446}\\x{13460}-\\x{143fa}\\x{16100}-\\x{1611d}"                    \
    "\\x{16d40}-\\x{16d6c}\\x{18cff}\\x{1b132}\\x{1b155}\\x{1df25}-\\x{1df2a}"                     \
    "\\x{1e030}-\\x{1e06d}\\x{1e4d0}-\\x{1e4eb}\\x{1e5d0}-\\x{1e5ed}\\x{1e5f0}\\x{2b739}"          \
    "\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"
#define NEW_NUMBERS                                                                                \
    "\\x{10d40}-\\x{10d49}\\x{116d0}-\\x{116e3}\\x{11bf0}-\\x{11bf9}\\x{11f50}-\\x{11f59}"         \
    "\\x{16130}-\\x{16139}\\x{16d70}-\\x{16d79}\\x{1ccf0}-\\x{1ccf9}\\x{1d2c0}-\\x{1d2d3}"         \
    "\\x{1e4f0}-\\x{1e4f9}\\x{1e5f1}-\\x{1e5fa}"
#define LETTER "a-zA-Z\\p{L}" NEW_LETTERS
#define NUMBER "0-9\\p{N}" NEW_NUMBERS
const char regex_byte_level[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?[" LETTER "]+| ?[" NUMBER "]+| ?[^" SPACE LETTER NUMBER "]+"
    "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+";
/* `Digits` follows Unicode 17. */
#define DIGIT NUMBER "\\x{11de0}-\\x{11de9}\\x{16ff4}-\\x{16ff6}"
const char regex_digit[] = "[" DIGIT "]";
const char regex_digits[] = "[" DIGIT "]+";
const char regex_spaced[] = "[ \\x{2581}][^ \\x{2581}]*|[^ \\x{2581}]+";

/* White space up to the end of a line or of the text, \s+$. A run of it that ends otherwise is
 * skipped as a whole: looking again from each place in it would be quadratic. */
static const char final_space[] = "[" SPACE "]+(?=\\n|\\z)|[" SPACE "]++(*SKIP)(*FAIL)";

enum { MOST_DEPTH = 16, MOST_REPEATS = 1000 };

struct regex {
    struct reader *reader;
    const char *path;
    const uint8_t *text;
    size_t bytes;
    size_t at;
    uint32_t depth; /* of groups */
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
    return pool_add(&regex->reader->source.patterns, text, strlen(text), &unused) ||
           reader_no_memory(regex->reader);
}

static bool emit_code(const struct regex *regex, uint32_t code)
{
    char text[16];
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
        regex->at += length;
        return true;
    }
    uint8_t escaped = regex->at + 1 < regex->bytes ? regex->text[regex->at + 1] : 0;
    const char *letter = escaped != 0 ? strchr(letters, escaped) : NULL;
    bool literal = escaped > ' ' && escaped < 0x7F && strchr("\\[](){}|?*+.^$-/'\"", escaped);
    if (letter == NULL && !literal)
        return refuse(regex, 2, "is not supported");
    *code = letter != NULL ? (uint32_t)codes[letter - letters] : escaped;
    regex->at += 2;
    return true;
}

/* A set by name, \s, \p{L} or \p{N}, as members of a class; NULL when there is none here. */
static const char *read_set(struct regex *regex)
{
    if (accept(regex, "\\s"))
        return SPACE;
    if (accept(regex, "\\p{L}"))
        return LETTER;
    return accept(regex, "\\p{N}") ? NUMBER : NULL;
}

static bool read_range(struct regex *regex)
{
    uint32_t first = 0, last = 0;
    size_t start = regex->at;
    if (!read_code(regex, &first) || !emit_code(regex, first))
        return false;
    bool range =
        goes_on(regex, "-") && regex->at + 1 < regex->bytes && regex->text[regex->at + 1] != ']';
    if (!range)
        return true;
    regex->at++;
    if (goes_on(regex, "[") || !read_code(regex, &last))
        return refuse(regex, 1, "cannot end a range of characters");
    if (last < first) {
        regex->at = start;
        return refuse(regex, 8, "is a range that ends before it starts");
    }
    return emit(regex, "-") && emit_code(regex, last);
}

static bool read_class(struct regex *regex)
{
    if (!emit(regex, accept(regex, "[^") ? "[^" : "["))
        return false;
    if (goes_on(regex, "["))
        regex->at++;
    size_t start = regex->at;
    while (regex->at < regex->bytes && !goes_on(regex, "]")) {
        const char *set = read_set(regex);
        bool dash = set == NULL && goes_on(regex, "-") && regex->at != start &&
                    regex->at + 1 < regex->bytes && regex->text[regex->at + 1] != ']';
        if (goes_on(regex, "[") || goes_on(regex, "&&") || dash)
            return refuse(regex, 1, "is not supported in a class of characters");
        if (!(set != NULL ? emit(regex, set) : read_range(regex)))
            return false;
    }
    if (regex->at == start)
        return refuse(regex, 1, "found, expected characters of a class");
    return accept(regex, "]") ? emit(regex, "]") : refuse(regex, 1, "found, expected ']'");
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

static bool read_quantifier(struct regex *regex)
{
    static const char *const single[] = {"?", "*", "+"};
    bool found = goes_on(regex, "{");
    if (found && !read_repeats(regex))
        return false;
    for (size_t i = 0; i < 3 && !found; i++) {
        found = accept(regex, single[i]);
        if (found && !emit(regex, single[i]))
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
        if (regex->at < regex->bytes && strchr("?*+{", regex->text[regex->at]) != NULL)
            return refuse(regex, 1, "behind a group is not supported");
        return emit(regex, ")");
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
        return refuse(regex, 3, "is not supported");
    regex->at++;
    return emit(regex, "(?:");
}

/* Something that a quantifier may follow. */
static bool read_atom(struct regex *regex)
{
    uint32_t code = 0;
    if (goes_on(regex, "["))
        return read_class(regex);
    if (accept(regex, "\\S"))
        return emit(regex, "[^" SPACE "]");
    const char *set = read_set(regex);
    if (set != NULL)
        return emit(regex, "[") && emit(regex, set) && emit(regex, "]");
    uint8_t first = regex->text[regex->at];
    if (first != 0 && strchr("?*+{.^$", first) != NULL)
        return refuse(regex, 1, "is not supported");
    if (!read_code(regex, &code))
        return false;
    char letter[2] = {(char)code, '\0'};
    bool plain = (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
    return plain ? emit(regex, letter) : emit_code(regex, code);
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

bool reader_pattern(struct reader *reader, const char *path, const char *pattern)
{
    struct regex regex = {.reader = reader};
    return emit(&regex, pattern) && end_pattern(reader, path);
}

bool reader_regex(struct reader *reader, const char *path, const char *text, size_t bytes)
{
    struct regex regex = {reader, path, (const uint8_t *)text, bytes, 0, 0};
    if (bytes == 4 && memcmp(text, "\\s+$", 4) == 0)
        return reader_pattern(reader, path, final_space);
    while (regex.at < bytes) {
        bool found;
        if (!read_structure(&regex, &found) ||
            (!found && !(read_atom(&regex) && read_quantifier(&regex))))
            return false;
    }
    if (regex.depth > 0)
        return refuse(&regex, 0, "found, expected ')'");
    return end_pattern(reader, path);
}
