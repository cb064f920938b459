#include "gen/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CELLS = 16, ROW_MAX = 4 * OUT_COLUMNS };

void out_open(struct out *out, const char *file)
{
    *out = (struct out){.file = file};
    out->stream = open_memstream(&out->text, &out->size);
    if (out->stream == NULL)
        abort();
}

/* Writes text of one or more lines, each without trailing blanks and within the columns. */
static void write_line(struct out *out, const char *line, size_t length)
{
    while (length > 0 && line[length - 1] == ' ')
        length--;
    if (length > OUT_COLUMNS) {
        fprintf(stderr, "gen: %s: a line of %zu columns, the cap is %d:\n%.*s\n", out->file, length,
                OUT_COLUMNS, (int)length, line);
        abort();
    }
    fprintf(out->stream, "%.*s\n", (int)length, line);
}

/* Code without a comment, continued on further lines where it is too long. */
static void write_code(struct out *out, const char *code, size_t length)
{
    char line[ROW_MAX + 8];
    int indent = 0;
    while (length + (size_t)indent > OUT_COLUMNS) {
        size_t cut = OUT_COLUMNS - (size_t)indent;
        while (cut > 0 && code[cut] != ' ')
            cut--;
        if (cut == 0)
            break;
        int size = snprintf(line, sizeof line, "%*s%.*s", indent, "", (int)cut, code);
        write_line(out, line, (size_t)size);
        code += cut + 1;
        length -= cut + 1;
        indent = 8;
    }
    int size = snprintf(line, sizeof line, "%*s%.*s", indent, "", (int)length, code);
    write_line(out, line, (size_t)size);
}

/* A row of a table; where its comment does not fit, the comment goes on a line of its own. */
static void write_row(struct out *out, const char *line, size_t length)
{
    const char *comment = strstr(line, "/* ");
    if (length <= OUT_COLUMNS || comment == NULL) {
        write_code(out, line, length);
        return;
    }
    char spaced[ROW_MAX] = "    ";
    size_t used = 4;
    for (const char *c = comment; *c != '\0'; c++)
        if (*c != ' ' || spaced[used - 1] != ' ')
            spaced[used++] = *c;
    write_line(out, spaced, used);
    write_code(out, line, (size_t)(comment - line));
}

static char *formatted(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

/* The length of a cell's text: up to the next cell. */
static size_t cell_length(const char *cell)
{
    return strcspn(cell, "\t\v");
}

static void measure(const struct out *out, size_t width[CELLS])
{
    for (uint32_t r = 0; r < out->row_count; r++) {
        const char *cell = out->rows[r];
        for (int c = 0;; c++) {
            size_t length = cell_length(cell);
            if (c == CELLS)
                abort();
            /* The last cell of a row does not widen its column. */
            if (length > width[c] && cell[length] != '\0')
                width[c] = length;
            else if (length > width[c] && c > 0 && cell[-1] == '\v')
                width[c] = length;
            if (cell[length] == '\0')
                break;
            cell += length + 1;
        }
    }
}

/* Puts the cells of a row into `line`, padded to the widths of their columns. */
static size_t join_cells(const char *cell, const size_t width[CELLS], char line[ROW_MAX])
{
    size_t at = 0;
    char align = '\t';
    for (int c = 0;; c++) {
        size_t length = cell_length(cell);
        size_t pad = width[c] > length ? width[c] - length : 0;
        if (at + length + pad >= ROW_MAX)
            abort();
        if (align == '\v')
            at += (size_t)sprintf(line + at, "%*s%.*s", (int)pad, "", (int)length, cell);
        else
            at += (size_t)sprintf(line + at, "%.*s%*s", (int)length, cell, (int)pad, "");
        if (cell[length] == '\0')
            break;
        align = cell[length];
        cell += length + 1;
    }
    while (at > 0 && line[at - 1] == ' ')
        line[--at] = '\0';
    return at;
}

/* Columns are given up when they would make the code of a row too long. */
static void write_table(struct out *out)
{
    size_t width[CELLS] = {0};
    char line[ROW_MAX];
    measure(out, width);
    for (uint32_t r = 0; r < out->row_count; r++) {
        size_t length = join_cells(out->rows[r], width, line);
        const char *comment = strstr(line, "/* ");
        if ((comment != NULL ? (size_t)(comment - line) : length) > OUT_COLUMNS)
            memset(width, 0, sizeof width);
    }
    for (uint32_t r = 0; r < out->row_count; r++) {
        write_row(out, line, join_cells(out->rows[r], width, line));
        free(out->rows[r]);
    }
    out->row_count = 0;
}

void out_line(struct out *out, const char *format, ...)
{
    write_table(out);
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    for (const char *line = text;;) {
        size_t length = strcspn(line, "\n");
        write_line(out, line, length);
        if (line[length] == '\0')
            break;
        line += length + 1;
    }
    free(text);
}

void out_table(struct out *out)
{
    write_table(out);
}

void out_blank(struct out *out)
{
    write_table(out);
    write_line(out, "", 0);
}

void out_row(struct out *out, const char *format, ...)
{
    if (out->row_count == out->row_room) {
        out->row_room = out->row_room * 2 + 16;
        out->rows = reallocarray(out->rows, out->row_room, sizeof *out->rows);
        if (out->rows == NULL)
            abort();
    }
    va_list arguments;
    va_start(arguments, format);
    out->rows[out->row_count++] = formatted(format, arguments);
    va_end(arguments);
}

/* The longest prefix of whole words that fits in `room` columns; at least one word. */
static size_t words_that_fit(const char *text, size_t room)
{
    size_t line = strcspn(text, "\n");
    if (line <= room)
        return line;
    for (size_t i = room; i > 0; i--)
        if (text[i] == ' ')
            return i;
    return strcspn(text, " \n");
}

void out_comment(struct out *out, const char *format, ...)
{
    write_table(out);
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    const char *prefix = "/* ";
    for (const char *rest = text;;) {
        size_t length = words_that_fit(rest, OUT_COLUMNS - 6);
        bool last = rest[length] == '\0';
        char line[OUT_COLUMNS + 32];
        int size =
            snprintf(line, sizeof line, "%s%.*s%s", prefix, (int)length, rest, last ? " */" : "");
        write_line(out, line, (size_t)size);
        if (last)
            break;
        rest += length + 1;
        prefix = " * ";
    }
    free(text);
}

void out_close(struct out *out, char **text, size_t *size)
{
    write_table(out);
    if (fclose(out->stream) != 0)
        abort();
    free(out->rows);
    *text = out->text;
    *size = out->size;
}

bool out_holds(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    char block[4096];
    size_t at = 0, got;
    bool same = true;
    while (same && (got = fread(block, 1, sizeof block, file)) > 0) {
        same = got <= size - at && memcmp(block, text + at, got) == 0;
        at += got;
    }
    fclose(file);
    return same && at == size;
}

static bool write_all(int fd, const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t wrote = write(fd, text + at, size - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        at += (size_t)wrote;
    }
    return fsync(fd) == 0;
}

bool out_store(const char *dir, const char *file, const char *text, size_t size, bool *changed)
{
    char *path = NULL, *aside = NULL;
    if (asprintf(&path, "%s/%s", dir, file) < 0 || asprintf(&aside, "%s/.%s.new", dir, file) < 0)
        abort();
    *changed = !out_holds(path, text, size);
    bool good = true;
    if (*changed) {
        int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        good = fd >= 0 && write_all(fd, text, size);
        int reason = errno;
        if (fd >= 0 && close(fd) != 0 && good) {
            reason = errno;
            good = false;
        }
        if (good && rename(aside, path) != 0) {
            reason = errno;
            good = false;
        }
        if (!good && fd >= 0)
            unlink(aside);
        errno = reason;
    }
    free(path);
    free(aside);
    return good;
}
