#include "gen/emit/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/diagnostics.h"
#include "runtime/base/partial.h"

enum { CELLS = 16 }; /* of a row */

void writer_open(struct writer *writer, const char *file)
{
    *writer = (struct writer){.file = file};
    writer->stream = open_memstream(&writer->text, &writer->size);
    if (writer->stream == NULL)
        diagnostics_no_memory();
}

/* Writes a line without trailing blanks, which has to be within the columns. */
static void write_line(struct writer *writer, int indent, const char *line, size_t length)
{
    while (length > 0 && line[length - 1] == ' ')
        length--;
    if ((size_t)indent + length > WRITER_COLUMNS)
        diagnostics_fault(writer->file, "a line of %zu columns, the cap is %d:\n%*s%.*s\n",
                          (size_t)indent + length, WRITER_COLUMNS, indent, "", (int)length, line);
    fprintf(writer->stream, "%*s%.*s\n", length > 0 ? indent : 0, "", (int)length, line);
}

/* Where the last blank before code[room] is that stands in no string; 0: nowhere. No string of
 * generated code holds a quote. */
static size_t last_blank(const char *code, size_t room)
{
    bool in_string = false;
    size_t last = 0;
    for (size_t i = 0; i <= room; i++) {
        in_string ^= code[i] == '"';
        if (code[i] == ' ' && !in_string)
            last = i;
    }
    return last;
}

/* Code without a comment, continued on further lines where it is too long. */
static void write_code(struct writer *writer, const char *code, size_t length)
{
    int indent = 0;
    while (length + (size_t)indent > WRITER_COLUMNS) {
        const size_t cut = last_blank(code, WRITER_COLUMNS - (size_t)indent);
        if (cut == 0)
            break;
        write_line(writer, indent, code, cut);
        code += cut + 1;
        length -= cut + 1;
        indent = 8;
    }
    write_line(writer, indent, code, length);
}

/* A row of a table; where its comment does not fit, the comment goes on a line of its own. */
static void write_row(struct writer *writer, const struct phrase *row)
{
    const char *const line = row->text, *const comment = strstr(line, "/* ");
    struct phrase alone = {"    "};
    if (strlen(line) <= WRITER_COLUMNS || comment == NULL) {
        write_code(writer, line, strlen(line));
        return;
    }
    for (const char *c = comment; *c != '\0'; c++)
        if (c == comment || c[0] != ' ' || c[-1] != ' ')
            phrase_add(&alone, "%c", *c);
    write_line(writer, 0, alone.text, strlen(alone.text));
    write_code(writer, line, (size_t)(comment - line));
}

static char *formatted(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        diagnostics_no_memory();
    return text;
}

/* The length of a cell's text: up to the next cell. */
static size_t cell_length(const char *cell)
{
    return strcspn(cell, "\t\v");
}

static void measure(const struct writer *writer, size_t width[CELLS])
{
    for (uint32_t r = 0; r < writer->row_count; r++) {
        const char *cell = writer->rows[r].text;
        for (int c = 0;; c++) {
            size_t length = cell_length(cell);
            if (c == CELLS)
                diagnostics_fault(
                    writer->file,
                    "a table of more than %d columns: raise CELLS (gen/emit/writer.c)", CELLS);
            /* The last cell of a row does not widen its column, unless it is aligned right. */
            const bool widens = cell[length] != '\0' || (c > 0 && cell[-1] == '\v');
            if (widens && length > width[c])
                width[c] = length;
            if (cell[length] == '\0')
                break;
            cell += length + 1;
        }
    }
}

/* The cells of a row, padded to the widths of their columns. */
static struct phrase join_cells(const char *cell, const size_t width[CELLS])
{
    struct phrase line = {""};
    char align = '\t';
    for (int c = 0;; c++) {
        const size_t length = cell_length(cell);
        const int pad = width[c] > length ? (int)(width[c] - length) : 0;
        if (align == '\v')
            phrase_add(&line, "%*s%.*s", pad, "", (int)length, cell);
        else
            phrase_add(&line, "%.*s%*s", (int)length, cell, pad, "");
        if (cell[length] == '\0')
            break;
        align = cell[length];
        cell += length + 1;
    }
    for (size_t end = strlen(line.text); end > 0 && line.text[end - 1] == ' '; end--)
        line.text[end - 1] = '\0';
    return line;
}

/* Columns are given up when they would make the code of a row too long. */
static void write_table(struct writer *writer)
{
    size_t width[CELLS] = {0};
    measure(writer, width);
    for (uint32_t r = 0; r < writer->row_count; r++) {
        const struct phrase line = join_cells(writer->rows[r].text, width);
        const char *comment = strstr(line.text, "/* ");
        if ((comment != NULL ? (size_t)(comment - line.text) : strlen(line.text)) > WRITER_COLUMNS)
            memset(width, 0, sizeof width);
    }
    for (uint32_t r = 0; r < writer->row_count; r++) {
        const struct phrase line = join_cells(writer->rows[r].text, width);
        write_row(writer, &line);
    }
    writer->row_count = 0;
}

void writer_line(struct writer *writer, const char *format, ...)
{
    write_table(writer);
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    for (const char *line = text;;) {
        size_t length = strcspn(line, "\n");
        write_line(writer, 0, line, length);
        if (line[length] == '\0')
            break;
        line += length + 1;
    }
    free(text);
}

void writer_table(struct writer *writer)
{
    write_table(writer);
}

void writer_blank(struct writer *writer)
{
    write_table(writer);
    write_line(writer, 0, "", 0);
}

void writer_put_row(struct writer *writer, struct phrase row)
{
    if (writer->row_count == writer->row_room) {
        writer->row_room = writer->row_room * 2 + 16;
        writer->rows = reallocarray(writer->rows, writer->row_room, sizeof *writer->rows);
        if (writer->rows == NULL)
            diagnostics_no_memory();
    }
    writer->rows[writer->row_count++] = row;
}

void writer_put_list(struct writer *writer, int indent, struct phrase start)
{
    write_table(writer);
    writer->list = start;
    writer->list_indent = indent;
}

void writer_put_element(struct writer *writer, const char *end, struct phrase element)
{
    struct phrase *const line = &writer->list;
    const size_t used = strlen(line->text), behind = end[0] == '\0' ? strlen(",") : strlen(end);
    const bool first = strchr("{ ", line->text[used - 1]) != NULL;
    if (used + strlen(", ") + strlen(element.text) + behind > WRITER_COLUMNS) {
        writer_line(writer, "%s%s", line->text, first ? "" : ",");
        *line = phrase("%*s%s", writer->list_indent, "", element.text);
    } else {
        phrase_add(line, "%s%s", first ? "" : ", ", element.text);
    }
}

void writer_list_end(struct writer *writer, const char *end)
{
    writer_line(writer, "%s%s", writer->list.text, end);
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

void writer_comment(struct writer *writer, const char *format, ...)
{
    write_table(writer);
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    const char *prefix = "/* ";
    for (const char *rest = text;;) {
        size_t length = words_that_fit(rest, WRITER_COLUMNS - 6);
        bool last = rest[length] == '\0';
        const struct phrase line = phrase("%s%.*s%s", prefix, (int)length, rest, last ? " */" : "");
        write_line(writer, 0, line.text, strlen(line.text));
        if (last)
            break;
        rest += length + 1;
        prefix = " * ";
    }
    free(text);
}

void writer_close(struct writer *writer, char **text, size_t *size)
{
    write_table(writer);
    if (fclose(writer->stream) != 0)
        diagnostics_no_memory();
    free(writer->rows);
    *text = writer->text;
    *size = writer->size;
}

bool writer_holds(const char *path, const char *text, size_t size)
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
    return true;
}

bool writer_store(const char *dir, const char *file, const char *text, size_t size, bool *changed)
{
    char *path = NULL;
    struct partial partial;
    if (asprintf(&path, "%s/%s", dir, file) < 0)
        diagnostics_no_memory();
    *changed = !writer_holds(path, text, size);
    bool good = true;
    if (*changed) {
        good = partial_open(&partial, path) && write_all(partial.file, text, size);
        const int reason = errno;
        if (!good)
            partial_abandon(&partial);
        errno = reason;
        good = good && partial_commit(&partial) == NULL;
    }
    const int reason = errno;
    free(path);
    errno = reason;
    return good;
}
