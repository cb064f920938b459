#include "gen/emit/page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/front/report.h"
#include "runtime/base/partial.h"

enum { CELLS = 16, ROW_MAX = 4 * PAGE_COLUMNS };

void page_open(struct page *page, const char *file)
{
    *page = (struct page){.file = file};
    page->stream = open_memstream(&page->text, &page->size);
    if (page->stream == NULL)
        report_no_memory();
}

/* Writes text of one or more lines, each without trailing blanks and within the columns. */
static void write_line(struct page *page, const char *line, size_t length)
{
    while (length > 0 && line[length - 1] == ' ')
        length--;
    if (length > PAGE_COLUMNS) {
        report_fault(page->file, "a line of %zu columns, the cap is %d:\n%.*s\n", length,
                     PAGE_COLUMNS, (int)length, line);
    }
    fprintf(page->stream, "%.*s\n", (int)length, line);
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
static void write_code(struct page *page, const char *code, size_t length)
{
    char line[ROW_MAX + 8];
    int indent = 0;
    while (length + (size_t)indent > PAGE_COLUMNS) {
        const size_t cut = last_blank(code, PAGE_COLUMNS - (size_t)indent);
        if (cut == 0)
            break;
        int size = snprintf(line, sizeof line, "%*s%.*s", indent, "", (int)cut, code);
        write_line(page, line, (size_t)size);
        code += cut + 1;
        length -= cut + 1;
        indent = 8;
    }
    int size = snprintf(line, sizeof line, "%*s%.*s", indent, "", (int)length, code);
    write_line(page, line, (size_t)size);
}

/* A row of a table; where its comment does not fit, the comment goes on a line of its own. */
static void write_row(struct page *page, const char *line, size_t length)
{
    const char *comment = strstr(line, "/* ");
    if (length <= PAGE_COLUMNS || comment == NULL) {
        write_code(page, line, length);
        return;
    }
    char spaced[ROW_MAX] = "    ";
    size_t used = 4;
    for (const char *c = comment; *c != '\0'; c++)
        if (*c != ' ' || spaced[used - 1] != ' ')
            spaced[used++] = *c;
    write_line(page, spaced, used);
    write_code(page, line, (size_t)(comment - line));
}

static char *formatted(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        report_no_memory();
    return text;
}

/* The length of a cell's text: up to the next cell. */
static size_t cell_length(const char *cell)
{
    return strcspn(cell, "\t\v");
}

static void measure(const struct page *page, size_t width[CELLS])
{
    for (uint32_t r = 0; r < page->row_count; r++) {
        const char *cell = page->rows[r];
        for (int c = 0;; c++) {
            size_t length = cell_length(cell);
            if (c == CELLS)
                report_fault(page->file,
                             "a table of more than %d columns: raise CELLS (gen/emit/page.c)",
                             CELLS);
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
static size_t join_cells(const char *file, const char *cell, const size_t width[CELLS],
                         char line[ROW_MAX])
{
    size_t at = 0;
    char align = '\t';
    for (int c = 0;; c++) {
        size_t length = cell_length(cell);
        size_t pad = width[c] > length ? width[c] - length : 0;
        if (at + length + pad >= ROW_MAX)
            report_fault(file, "a row of more than %d bytes: raise ROW_MAX (gen/emit/page.c)",
                         ROW_MAX);
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
static void write_table(struct page *page)
{
    size_t width[CELLS] = {0};
    char line[ROW_MAX];
    measure(page, width);
    for (uint32_t r = 0; r < page->row_count; r++) {
        size_t length = join_cells(page->file, page->rows[r], width, line);
        const char *comment = strstr(line, "/* ");
        if ((comment != NULL ? (size_t)(comment - line) : length) > PAGE_COLUMNS)
            memset(width, 0, sizeof width);
    }
    for (uint32_t r = 0; r < page->row_count; r++) {
        write_row(page, line, join_cells(page->file, page->rows[r], width, line));
        free(page->rows[r]);
    }
    page->row_count = 0;
}

void page_line(struct page *page, const char *format, ...)
{
    write_table(page);
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    for (const char *line = text;;) {
        size_t length = strcspn(line, "\n");
        write_line(page, line, length);
        if (line[length] == '\0')
            break;
        line += length + 1;
    }
    free(text);
}

void page_table(struct page *page)
{
    write_table(page);
}

void page_blank(struct page *page)
{
    write_table(page);
    write_line(page, "", 0);
}

void page_row(struct page *page, const char *format, ...)
{
    if (page->row_count == page->row_room) {
        page->row_room = page->row_room * 2 + 16;
        page->rows = reallocarray(page->rows, page->row_room, sizeof *page->rows);
        if (page->rows == NULL)
            report_no_memory();
    }
    va_list arguments;
    va_start(arguments, format);
    page->rows[page->row_count++] = formatted(format, arguments);
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

void page_comment(struct page *page, const char *format, ...)
{
    write_table(page);
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    const char *prefix = "/* ";
    for (const char *rest = text;;) {
        size_t length = words_that_fit(rest, PAGE_COLUMNS - 6);
        bool last = rest[length] == '\0';
        char line[PAGE_COLUMNS + 32];
        int size =
            snprintf(line, sizeof line, "%s%.*s%s", prefix, (int)length, rest, last ? " */" : "");
        write_line(page, line, (size_t)size);
        if (last)
            break;
        rest += length + 1;
        prefix = " * ";
    }
    free(text);
}

void page_close(struct page *page, char **text, size_t *size)
{
    write_table(page);
    if (fclose(page->stream) != 0)
        report_no_memory();
    free(page->rows);
    *text = page->text;
    *size = page->size;
}

bool page_holds(const char *path, const char *text, size_t size)
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

bool page_store(const char *dir, const char *file, const char *text, size_t size, bool *changed)
{
    char *path = NULL;
    struct partial partial;
    if (asprintf(&path, "%s/%s", dir, file) < 0)
        report_no_memory();
    *changed = !page_holds(path, text, size);
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
