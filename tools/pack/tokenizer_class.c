/* Characters and classes of characters of a regular expression; see tokenizer_regex.c. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/utf8.h"
#include "tools/pack/tokenizer_regex.h"
#include "tools/pack/tokenizer_sets.h"

bool regex_refuse(const struct regex *regex, size_t bytes, const char *why)
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

bool regex_emit(const struct regex *regex, const char *text)
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
        if (!regex_emit(regex, more))
            return false;
    }
    if (marks && first <= SPACE_MARK_CODE && last >= SPACE_MARK_CODE &&
        !regex_emit(regex, "\\x{20}"))
        return false;
    if (first == last)
        snprintf(text, sizeof text, "\\x{%" PRIx32 "}", first);
    else if (first < last)
        snprintf(text, sizeof text, "\\x{%" PRIx32 "}-\\x{%" PRIx32 "}", first, last);
    return regex_emit(regex, text);
}

bool regex_emit_code(const struct regex *regex, uint32_t code)
{
    char text[16] = {(char)code, '\0'};
    if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') /* by itself, so that (?i:) applies to it */
        return regex_emit(regex, text);
    if (regex->reader->marks && code == ' ')
        return regex_emit(regex, "[^\\x{0}-\\x{10ffff}]");
    if (regex->reader->marks && code == SPACE_MARK_CODE)
        return regex_emit(regex, "[\\x{20}\\x{2581}]");
    snprintf(text, sizeof text, "\\x{%" PRIx32 "}", code);
    return regex_emit(regex, text);
}

bool regex_goes_on(const struct regex *regex, const char *expected)
{
    size_t bytes = strlen(expected);
    return regex->bytes - regex->at >= bytes &&
           memcmp(regex->text + regex->at, expected, bytes) == 0;
}

bool regex_accept(struct regex *regex, const char *expected)
{
    bool found = regex_goes_on(regex, expected);
    if (found)
        regex->at += strlen(expected);
    return found;
}

/* A character by its number: \x{1F600}, \u00e9, or \x41 for one of ASCII. *bytes 0: none is here.
 */
static uint32_t find_number(const struct regex *regex, size_t *bytes)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    char text[12] = "";
    const size_t left = regex->bytes - regex->at;
    memcpy(text, regex->text + regex->at, left < sizeof text - 1 ? left : sizeof text - 1);
    *bytes = 0;
    if (strncmp(text, "\\x", 2) != 0 && strncmp(text, "\\u", 2) != 0)
        return 0;
    const bool braces = strncmp(text, "\\x{", 3) == 0;
    const size_t start = braces ? 3 : 2, most = text[1] == 'u' ? 4 : braces ? 6 : 2;
    const size_t digits = strspn(text + start, hex);
    if (digits == 0 || (braces ? digits > most || text[start + digits] != '}' : digits < most))
        return 0;
    text[start + (braces ? digits : most)] = '\0';
    const uint32_t code = (uint32_t)strtoul(text + start, NULL, 16);
    const bool known = code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (known && (code < 0x80 || braces || most == 4))
        *bytes = start + (braces ? digits + 1 : most);
    return code;
}

bool regex_read_code(struct regex *regex, uint32_t *code)
{
    static const char letters[] = "rntfv", codes[] = "\r\n\t\f\v";
    uint32_t length;
    if (!regex_goes_on(regex, "\\")) {
        *code = utf8_decode(regex->text + regex->at, &length);
        if (regex->reader->bytes && (*code <= ' ' || *code >= 0x7F))
            return regex_refuse(regex, length, "is not supported behind ByteLevel");
        regex->at += length;
        return true;
    }
    size_t bytes;
    *code = find_number(regex, &bytes);
    if (bytes > 0 && !regex->reader->bytes) {
        regex->at += bytes;
        return true;
    }
    uint8_t escaped = regex->at + 1 < regex->bytes ? regex->text[regex->at + 1] : 0;
    const char *letter = escaped != 0 ? strchr(letters, escaped) : NULL;
    bool literal =
        escaped > ' ' && escaped < 0x7F && !isalnum(escaped) && strchr("<>`", escaped) == NULL;
    if ((letter == NULL && !literal) || (letter != NULL && regex->reader->bytes))
        return regex_refuse(regex, 2, "is not supported");
    *code = letter != NULL ? (uint32_t)codes[letter - letters] : escaped;
    regex->at += 2;
    return true;
}

bool regex_read_set(struct regex *regex, const char **members, bool *others)
{
    size_t length;
    *members = set_find((const char *)regex->text + regex->at, regex->bytes - regex->at,
                        regex->reader->marks, &length, others);
    if (*members != NULL && regex->reader->bytes)
        return regex_refuse(regex, length, "is not supported behind ByteLevel");
    regex->at += length;
    return true;
}

static bool read_range(struct regex *regex)
{
    uint32_t first = 0, last = 0;
    size_t start = regex->at;
    if (!regex_read_code(regex, &first))
        return false;
    bool range = regex_goes_on(regex, "-") && regex->at + 1 < regex->bytes &&
                 regex->text[regex->at + 1] != ']';
    if (!range)
        return emit_range(regex, first, first);
    regex->at++;
    if (regex_goes_on(regex, "[") || !regex_read_code(regex, &last))
        return regex_refuse(regex, 1, "cannot end a range of characters");
    if (last < first) {
        regex->at = start;
        return regex_refuse(regex, 8, "is a range that ends before it starts");
    }
    return emit_range(regex, first, last);
}

/* The members of a class up to its ']'. A class within adds its members. */
static bool read_members(struct regex *regex)
{
    uint32_t within = 0;
    size_t start = regex->at;
    while (regex->at < regex->bytes && (!regex_goes_on(regex, "]") || within > 0)) {
        const char *set;
        bool others;
        if (within > 0 && regex_accept(regex, "]")) {
            within--;
            continue;
        }
        if (!regex_read_set(regex, &set, &others))
            return false;
        if (set != NULL && others) {
            if (regex->other_count == REGEX_MOST_OTHERS)
                return regex_refuse(regex, 0, "too many complements in a class of characters");
            regex->others[regex->other_count++] = set;
            continue;
        }
        bool dash = set == NULL && regex_goes_on(regex, "-") && regex->at != start &&
                    regex->at + 1 < regex->bytes && regex->text[regex->at + 1] != ']';
        if (regex_goes_on(regex, "[^") || regex_goes_on(regex, "[:") ||
            regex_goes_on(regex, "&&") || dash)
            return regex_refuse(regex, 1, "is not supported in a class of characters");
        if (set == NULL && regex_accept(regex, "[")) {
            if (regex_goes_on(regex, "]"))
                return regex_refuse(regex, 1, "found, expected characters of a class");
            within++;
            continue;
        }
        if (!(set != NULL ? regex_emit(regex, set) : read_range(regex)))
            return false;
    }
    if (regex->at == start)
        return regex_refuse(regex, 1, "found, expected characters of a class");
    return regex_accept(regex, "]") || regex_refuse(regex, 1, "found, expected ']'");
}

/* PCRE2 has no complement of a set in a class. What holds one is any of several classes instead,
 * tried once for each character; what does not hold any of them, a character of the last set that
 * is in none of the others. `members`: those that are no complement, "": none. */
static bool emit_others(struct regex *regex, const char *members, bool negated)
{
    const size_t count = regex->other_count;
    bool good = regex_emit(regex, negated ? "(?:" : "(?>");
    if (members[0] != '\0')
        good = good && regex_emit(regex, negated ? "(?![" : "[") && regex_emit(regex, members) &&
               regex_emit(regex, negated ? "])" : "]|");
    for (size_t i = 0; i < count && good; i++) {
        const bool last = i + 1 == count;
        good = regex_emit(regex, !negated ? "[^"
                                 : last   ? "["
                                          : "(?![^") &&
               regex_emit(regex, regex->others[i]) &&
               regex_emit(regex, last      ? "]"
                                 : negated ? "])"
                                           : "]|");
    }
    return good && regex_emit(regex, ")");
}

bool regex_read_class(struct regex *regex)
{
    struct byte_pool *out = regex->out;
    struct pool_text unused;
    const uint64_t start = out->size;
    const bool negated = regex_accept(regex, "[^");
    if (!negated && regex_goes_on(regex, "["))
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
        good = regex_emit(regex, negated ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]");
    else
        good = regex_emit(regex, negated ? "[^" : "[") && regex_emit(regex, members) &&
               regex_emit(regex, "]");
    free(members);
    return good;
}
