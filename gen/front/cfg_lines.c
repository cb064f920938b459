#include "gen/front/cfg_lines.h"

#include <ctype.h>
#include <string.h>

#include "gen/front/cfg.h"

static const char *const sections[CFG_SECTIONS] = {"model", "build", "hub"};

bool cfg_lines_open(struct cfg_lines *l)
{
    if (l->size > CFG_TEXT_MAX)
        return diagnostics_error(l->diagnostics, 0, "more than %d bytes: this is no config",
                                 CFG_TEXT_MAX);
    if (l->size >= 3 && memcmp(l->text, "\xef\xbb\xbf", 3) == 0)
        return diagnostics_error(l->diagnostics, 1,
                                 "starts with a byte order mark: save it without one");
    return true;
}

/* The part of [first, first + length) before a comment and without blanks around it. */
static const char *content(const char *first, size_t *length)
{
    size_t end = 0;
    while (end < *length && first[end] != '#' && first[end] != ';')
        end++;
    while (end > 0 && (first[end - 1] == ' ' || first[end - 1] == '\t'))
        end--;
    while (end > 0 && (*first == ' ' || *first == '\t'))
        first++, end--;
    *length = end;
    return first;
}

/* Control characters nowhere (a tab is a blank), other than ASCII only in comments. */
static bool bytes_pass(struct cfg_lines *l, const char *first, size_t length)
{
    size_t visible = length;
    const char *start = content(first, &visible);
    const char *end = start + visible;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)first[i];
        bool outside = first + i < end;
        if (byte == '\t' || (byte >= 0x20 && byte < 0x7f) || (byte >= 0x80 && !outside))
            continue;
        if (byte == '\r')
            line_error(l, "a carriage return: save the file with \\n line ends");
        else
            line_error(l, "byte 0x%02x at column %zu: expected %s", byte, i + 1,
                       byte >= 0x80 ? "ASCII outside comments" : "text without control bytes");
        return false;
    }
    return true;
}

static void open_section(struct cfg_lines *l, const char *line, size_t length)
{
    l->astray = true;
    if (line[length - 1] != ']') {
        line_error(l, "section without ']': expected [model], [build] or [hub]");
        return;
    }
    for (size_t i = 0; i < CFG_SECTIONS; i++) {
        if (length - 2 != strlen(sections[i]) || strncmp(line + 1, sections[i], length - 2) != 0)
            continue;
        if (l->section_line[i] != 0)
            line_error(l, "section [%s] opened again, first on line %u: join them", sections[i],
                       l->section_line[i]);
        else
            l->section_line[i] = l->line;
        l->astray = false;
        return;
    }
    line_error(l, "unknown section %.*s: expected [model], [build] or [hub]", (int)length, line);
}

static size_t key_length(const char *line, size_t length)
{
    size_t key = 0;
    while (key < length && (isalnum((unsigned char)line[key]) || line[key] == '_'))
        key++;
    return key;
}

/* Whether inih may see this line. */
static bool passes(struct cfg_lines *l, const char *line, size_t length, size_t room)
{
    if (length == 0)
        return true;
    if (length > CFG_LINE_MAX || length + 2 > room)
        return line_error(l, "a line of %zu characters: expected at most %d", length, CFG_LINE_MAX);
    if (line[0] == '[') {
        open_section(l, line, length);
        return !l->astray;
    }
    const char *equals = memchr(line, '=', length);
    size_t name = key_length(line, length);
    const char *rest = line + name;
    while (rest < line + length && (*rest == ' ' || *rest == '\t'))
        rest++;
    if (equals == NULL || name == 0 || rest != equals || equals == line + length - 1)
        return line_error(l, "found '%.*s', expected 'key = value'", (int)length, line);
    return !l->astray;
}

bool cfg_lines_next(struct cfg_lines *l, char *line, size_t room)
{
    if (l->at == l->size)
        return false;
    const char *first = l->text + l->at;
    const char *newline = memchr(first, '\n', l->size - l->at);
    size_t length = newline != NULL ? (size_t)(newline - first) : l->size - l->at;
    l->at += length + (newline != NULL);
    l->line++;
    size_t kept = length;
    const char *start = content(first, &kept);
    l->refused[0] = '\0';
    if (!bytes_pass(l, first, length) || !passes(l, start, kept, room)) {
        snprintf(l->refused, sizeof l->refused, "%.*s", (int)key_length(start, kept), start);
        kept = 0;
    }
    memcpy(line, start, kept);
    memcpy(line + kept, "\n", 2);
    return true;
}
