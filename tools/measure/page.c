#include "tools/measure/page.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/visible.h"

/* What a character becomes in HTML; NULL: itself. */
static const char *html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void put_html(struct page *page, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = html_entity(*text);
        if (entity != NULL)
            fputs(entity, page->html);
        else
            fputc(*text, page->html);
    }
}

/* Every character that GitHub's Markdown gives a meaning somewhere gets a backslash, or an entity,
 * which also no HTML filter takes for a tag. */
static void put_markdown(struct page *page, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&' || *text == '<' || *text == '>') {
            fputs(html_entity(*text), page->markdown);
            continue;
        }
        if (strchr("\\`*_[]#|~$", *text) != NULL)
            fputc('\\', page->markdown);
        fputc(*text, page->markdown);
    }
}

/* The text without anything invisible; to be freed. */
static char *visible(const char *text)
{
    /* "U+FEFF" and "\\xFF" are the longest that a byte can become. */
    const size_t bytes = strlen(text), room = 8 * bytes + 1;
    char *shown = malloc(room);
    if (shown == NULL)
        die(EXIT_MEMORY, "no memory for a text of the page");
    visible_copy(shown, room, text, bytes);
    return shown;
}

static void put(struct page *page, const char *format, va_list values)
{
    char *text;
    if (vasprintf(&text, format, values) < 0)
        die(EXIT_MEMORY, "no memory for a text of the page");
    char *shown = visible(text);
    put_html(page, shown);
    put_markdown(page, shown);
    free(shown);
    free(text);
}

void page_text(struct page *page, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    put(page, format, values);
    va_end(values);
}

void page_strong(struct page *page, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("<strong>", page->html);
    fputs("**", page->markdown);
    put(page, format, values);
    fputs("</strong>", page->html);
    fputs("**", page->markdown);
    va_end(values);
}

void page_code(struct page *page, const char *text)
{
    fputs("<code>", page->html);
    fputs("<code>", page->markdown); /* unlike backquotes it can hold any text, once escaped */
    page_text(page, "%s", text);
    fputs("</code>", page->html);
    fputs("</code>", page->markdown);
}

void page_reference(struct page *page, const char *row)
{
    fprintf(page->html, "<a class=\"row\" href=\"#%s\">%s</a>", row, row);
    fprintf(page->markdown, "[%s](#%s)", row, row);
}

void page_open(struct page *page, const char *title)
{
    *page = (struct page){0};
    page->html = open_memstream(&page->html_text, &page->html_bytes);
    page->markdown = open_memstream(&page->markdown_text, &page->markdown_bytes);
    if (page->html == NULL || page->markdown == NULL)
        die(EXIT_MEMORY, "no memory for the page");
    fputs("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
          "<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
          page->html);
    char *shown = visible(title);
    put_html(page, shown);
    free(shown);
    fprintf(page->html, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", page_style);
    fputs("# ", page->markdown);
    page_text(page, "%s", title);
    fputs("</h1>\n", page->html);
    fputs("\n\n", page->markdown);
}

void page_close(struct page *page)
{
    fputs("</main>\n</body>\n</html>\n", page->html);
    /* A stream in memory fails only where memory does. */
    const bool failed = ferror(page->html) || ferror(page->markdown);
    if (fclose(page->html) != 0 || fclose(page->markdown) != 0 || failed)
        die(EXIT_MEMORY, "no memory for the page");
}

void page_section(struct page *page, const char *id, const char *heading)
{
    fprintf(page->html, "<h2 id=\"%s\">", id);
    fputs("## ", page->markdown);
    page_text(page, "%s", heading);
    fputs("</h2>\n", page->html);
    fputs("\n\n", page->markdown);
}

void page_subsection(struct page *page, const char *heading)
{
    fputs("<h3>", page->html);
    fputs("### ", page->markdown);
    page_text(page, "%s", heading);
    fputs("</h3>\n", page->html);
    fputs("\n\n", page->markdown);
}

void page_paragraph(struct page *page)
{
    fputs("<p>", page->html);
}

void page_paragraph_muted(struct page *page)
{
    fputs("<p class=\"rule\">", page->html);
}

void page_paragraph_end(struct page *page)
{
    fputs("</p>\n", page->html);
    fputs("\n\n", page->markdown);
}

void page_list(struct page *page)
{
    fputs("<ul>\n", page->html);
}

void page_list_end(struct page *page)
{
    fputs("</ul>\n", page->html);
    fputs("\n", page->markdown);
}

void page_item(struct page *page)
{
    fputs("<li>", page->html);
    fputs("- ", page->markdown);
}

void page_item_end(struct page *page)
{
    fputs("</li>\n", page->html);
    fputs("\n", page->markdown);
}

/* A table may be wider than a phone: it scrolls in a region of its own, also by keyboard. */
void page_table(struct page *page, const char *id, const char *caption,
                const struct page_column *columns, size_t count)
{
    page->columns = columns;
    page->column_count = count;
    fprintf(page->html,
            "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-labelledby=\"%s\">\n<table>\n"
            "<caption id=\"%s\">",
            id, id);
    fputs("**", page->markdown);
    page_text(page, "%s", caption);
    fputs("</caption>\n<thead>\n<tr><th scope=\"col\">row</th>", page->html);
    fputs("**\n\n| row |", page->markdown);
    for (size_t i = 0; i < count; i++) {
        fprintf(page->html, "<th scope=\"col\"%s>", columns[i].number ? " class=\"n\"" : "");
        fputc(' ', page->markdown);
        page_text(page, "%s", columns[i].heading);
        fputs("</th>", page->html);
        fputs(" |", page->markdown);
    }
    fputs("</tr>\n</thead>\n<tbody>\n", page->html);
    fputs("\n|---|", page->markdown);
    for (size_t i = 0; i < count; i++)
        fputs(columns[i].number ? "--:|" : "---|", page->markdown);
    fputc('\n', page->markdown);
}

void page_table_end(struct page *page)
{
    page->columns = NULL;
    fputs("</tbody>\n</table>\n</div>\n", page->html);
    fputc('\n', page->markdown);
}

void page_row(struct page *page, const char *name)
{
    page->column = 0;
    fprintf(page->html, "<tr id=\"%s\"><th scope=\"row\"><a href=\"#%s\">%s</a></th>", name, name,
            name);
    fprintf(page->markdown, "| <a id=\"%s\"></a>%s |", name, name);
}

void page_row_end(struct page *page)
{
    assert(page->column == page->column_count);
    fputs("</tr>\n", page->html);
    fputc('\n', page->markdown);
}

void page_cell(struct page *page, const char *format, ...)
{
    assert(page->column < page->column_count);
    fputs(page->columns[page->column++].number ? "<td class=\"n\">" : "<td>", page->html);
    fputc(' ', page->markdown);
    va_list values;
    va_start(values, format);
    put(page, format, values);
    va_end(values);
    fputs("</td>", page->html);
    fputs(" |", page->markdown);
}

void page_picture(struct page *page, const char *file, const char *caption, const char *svg,
                  size_t bytes)
{
    fputs("<figure>\n", page->html);
    fwrite(svg, 1, bytes, page->html);
    fputs("\n<figcaption>", page->html);
    fputs("![", page->markdown);
    page_text(page, "%s", caption);
    fputs("</figcaption>\n</figure>\n", page->html);
    fprintf(page->markdown, "](%s)\n\n", file);
}

void page_pictures(struct page *page)
{
    fputs("<div class=\"beside\">\n", page->html);
}

void page_pictures_end(struct page *page)
{
    fputs("</div>\n", page->html);
}
