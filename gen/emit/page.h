/* The writer of generated files: whole lines of at most 100 columns, tables with aligned columns,
 * wrapped comments, and no write at all when the text on disk is the same already. */
#ifndef GEN_PAGE_H
#define GEN_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PAGE_COLUMNS = 100 };

struct page {
    const char *file; /* name for messages */
    FILE *stream;     /* of `text`, which grows in memory */
    char *text;
    size_t size;
    char **rows; /* of the table being collected */
    uint32_t row_count, row_room;
};

/* Starts the text of a file. Running out of memory aborts. */
void page_open(struct page *page, const char *file);

/* One line; the newline is added. A line over 100 columns is a bug of the generator: aborts. */
__attribute__((format(printf, 2, 3))) void page_line(struct page *page, const char *format, ...);

/* One empty line. */
void page_blank(struct page *page);

/* One row of a table. In the text '\t' starts a cell that is aligned left and '\v' one that is
 * aligned right; the cells of a column are as wide as the widest. Columns are given up, comments
 * move to a line of their own and code is continued where it would be too long. The table ends, and
 * is written, at the next page_table(), page_line() or page_close(). */
__attribute__((format(printf, 2, 3))) void page_row(struct page *page, const char *format, ...);

/* Ends a table, so that the next row starts another. */
void page_table(struct page *page);

/* A C comment, wrapped at 100 columns; '\n' in the text starts a new paragraph line. */
__attribute__((format(printf, 2, 3))) void page_comment(struct page *page, const char *format, ...);

/* Ends the text. The caller owns *text (of *size bytes, with a NUL behind) and frees it. */
void page_close(struct page *page, char **text, size_t *size);

/* Makes DIR/FILE hold the text: aside, fsynced, renamed; not touched if it holds it already. False
 * with errno set on failure. *changed says whether anything was written. */
__attribute__((warn_unused_result)) bool page_store(const char *dir, const char *file,
                                                    const char *text, size_t size, bool *changed);

/* Whether the file at `path` holds exactly this text. */
bool page_holds(const char *path, const char *text, size_t size);

#endif
