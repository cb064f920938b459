/* The writer of generated files: whole lines of at most 100 columns, tables with aligned columns,
 * wrapped comments, and no write at all when the text on disk is the same already. */
#ifndef GEN_EMIT_WRITER_H
#define GEN_EMIT_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gen/front/phrase.h"

enum { WRITER_COLUMNS = 100 };

struct writer {
    const char *file; /* name for messages */
    FILE *stream;     /* of `text`, which grows in memory */
    char *text;
    size_t size;
    struct phrase *rows; /* of the table being collected */
    uint32_t row_count, row_room;
    struct phrase list; /* the last line of the list being collected */
    int list_indent;
};

/* Starts the text of a file. Running out of memory aborts. */
void writer_open(struct writer *writer, const char *file);

/* One line; the newline is added. A line over 100 columns is a bug of the generator: aborts. */
PRINTF(2, 3) void writer_line(struct writer *writer, const char *format, ...);

/* One empty line. */
void writer_blank(struct writer *writer);

/* One row of a table. In the text '\t' starts a cell that is aligned left and '\v' one that is
 * aligned right; the cells of a column are as wide as the widest. Columns are given up, comments
 * move to a line of their own and code is continued where it would be too long. The table ends, and
 * is written, at the next writer_table(), writer_line() or writer_close(). */
#define writer_row(WRITER, ...) writer_put_row(WRITER, phrase(__VA_ARGS__))
void writer_put_row(struct writer *writer, struct phrase row);

/* A list with commas behind the text that starts it, in lines that are continued `indent` columns
 * in. What will stand behind the last element has to fit behind every one, "" for nothing. */
#define writer_list(WRITER, INDENT, ...) writer_put_list(WRITER, INDENT, phrase(__VA_ARGS__))
#define writer_element(WRITER, END, ...) writer_put_element(WRITER, END, phrase(__VA_ARGS__))
void writer_put_list(struct writer *writer, int indent, struct phrase start);
void writer_put_element(struct writer *writer, const char *end, struct phrase element);
void writer_list_end(struct writer *writer, const char *end);

/* Ends a table, so that the next row starts another. */
void writer_table(struct writer *writer);

/* A C comment, wrapped at 100 columns; '\n' in the text starts a new paragraph line. */
PRINTF(2, 3) void writer_comment(struct writer *writer, const char *format, ...);

/* A comment that begins a part of the file: below an empty line. */
#define writer_section(WRITER, ...) (writer_blank(WRITER), writer_comment(WRITER, __VA_ARGS__))

/* Ends the text. The caller owns *text (of *size bytes, with a NUL behind) and frees it. */
void writer_close(struct writer *writer, char **text, size_t *size);

/* Makes DIR/FILE hold the text: aside, fsynced, renamed; not touched if it holds it already. False
 * with errno set on failure. *changed says whether anything was written. */
MUST_USE bool writer_store(const char *dir, const char *file, const char *text, size_t size,
                           bool *changed);

/* Whether the file at `path` holds exactly this text. */
bool writer_holds(const char *path, const char *text, size_t size);

#endif
