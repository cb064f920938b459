/* One document written twice in one pass: as an HTML page that needs nothing beside itself, and as
 * Markdown. Both have the same headings, sentences, tables and names of rows.
 *
 * Every text is escaped where it enters; control characters and bytes that are not UTF-8 are
 * spelled out. The HTML is also well-formed XML. A row of a table has a name, such as S3, which is
 * its anchor and stands in its first column; page_reference() leads there. All functions end the
 * program with EXIT_MEMORY where memory is short. */
#ifndef TOOLS_MEASURE_PAGE_H
#define TOOLS_MEASURE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct page_column {
    const char *heading;
    bool number; /* aligned to the right, with digits of one width */
};

struct page {
    FILE *html, *markdown;
    char *html_text, *markdown_text; /* after page_close(): the documents, to be freed */
    size_t html_bytes, markdown_bytes;
    const struct page_column *columns; /* of the table that is open */
    size_t column_count, column;       /* the next cell's */
};

void page_open(struct page *page, const char *title);
void page_close(struct page *page);

/* `id` is the anchor of the heading. */
void page_section(struct page *page, const char *id, const char *heading);
void page_subsection(struct page *page, const char *heading);

/* A paragraph or an item of a list is filled by page_text() and its like between these. What stands
 * behind the sentences proper, such as the rule of a claim, is a muted paragraph. */
void page_paragraph(struct page *page);
void page_paragraph_muted(struct page *page);
void page_paragraph_end(struct page *page);
void page_list(struct page *page);
void page_list_end(struct page *page);
void page_item(struct page *page);
void page_item_end(struct page *page);

void page_text(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_strong(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_code(struct page *page, const char *text);
void page_reference(struct page *page, const char *row);

/* `columns` does not count the column of the rows' names, and outlives the table. */
void page_table(struct page *page, const char *id, const char *caption,
                const struct page_column *columns, size_t count);
void page_table_end(struct page *page);
/* One page_cell() for each column follows. */
void page_row(struct page *page, const char *name);
void page_row_end(struct page *page);
void page_cell(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The <svg> element svg[bytes] inside the page; Markdown shows the file of that name beside it. */
void page_picture(struct page *page, const char *file, const char *caption, const char *svg,
                  size_t bytes);

/* The pictures between these stand beside each other where there is room. */
void page_pictures(struct page *page);
void page_pictures_end(struct page *page);

/* The page's style sheet: light and dark, on paper, on a phone. */
extern const char page_style[];

#endif
