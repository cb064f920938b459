/* Figures as a table: for people, for Markdown, and as CSV. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/number_text.h"
#include "runtime/measure/figure.h"

enum { CELL_BYTES = 128, SCALAR_COLUMNS = 32 };

/* The columns of scalars: those of all figures, in the order in which they first appear. */
struct scalar_columns {
    const struct figure_scalar *columns[SCALAR_COLUMNS]; /* the first of each name */
    u32 count;
};

static const struct figure_scalar *find_scalar(const struct figure *figure, const char *name)
{
    for (u32 i = 0; i < figure->scalar_count; i++)
        if (strcmp(figure->scalars[i].name, name) == 0)
            return &figure->scalars[i];
    return NULL;
}

static void add_column(struct scalar_columns *all, const struct figure_scalar *scalar)
{
    for (u32 i = 0; i < all->count; i++)
        if (strcmp(all->columns[i]->name, scalar->name) == 0)
            return;
    if (all->count < SCALAR_COLUMNS)
        all->columns[all->count++] = scalar;
}

static struct scalar_columns find_columns(const struct figure *figures, u32 count, bool shown_only)
{
    struct scalar_columns all = {.count = 0};
    for (u32 i = 0; i < count; i++)
        for (u32 k = 0; figures[i].count > 0 && k < figures[i].scalar_count; k++)
            if (!shown_only || figures[i].scalars[k].column != NULL)
                add_column(&all, &figures[i].scalars[k]);
    return all;
}

/* The unit in which a figure is shown, and what its values are multiplied by. */
struct shown_unit {
    const char *name;
    double scale;
};

static struct shown_unit shown_unit(const struct figure *figure)
{
    static const struct {
        const char *unit, *shown;
        double least, scale;
    } units[] = {{"s", "s", 1, 1},           {"s", "ms", 1e-3, 1e3},
                 {"s", "us", 0, 1e6},        {"bytes", "GB", 1e9, 1e-9},
                 {"bytes", "MB", 1e6, 1e-6}, {"bytes", "kB", 1e3, 1e-3}};
    for (u32 i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(figure->unit, units[i].unit) == 0 && figure->median >= units[i].least)
            return (struct shown_unit){units[i].shown, units[i].scale};
    return (struct shown_unit){figure->unit, 1};
}

/* "-" for what is not known. */
static void print_real(char text[CELL_BYTES], double value)
{
    const double size = fabs(value);
    if (!isfinite(value))
        snprintf(text, CELL_BYTES, "-");
    else if (value == floor(value) && size < 1e15)
        snprintf(text, CELL_BYTES, "%.0f", value);
    else
        snprintf(text, CELL_BYTES, "%.*f", size < 1 ? 4 : size < 10 ? 3 : 2, value);
}

static void print_pair(char text[CELL_BYTES], double first, const char *between, double second)
{
    char left[CELL_BYTES], right[CELL_BYTES];
    print_real(left, first);
    print_real(right, second);
    if (isfinite(second))
        snprintf(text, CELL_BYTES, "%.40s%s%.40s", left, between, right);
    else
        snprintf(text, CELL_BYTES, "%.40s", left);
}

static const char *const headings[] = {"figure", "unit",         "mean ± sd",
                                       "median", "95% interval", "n"};
enum { FIXED = sizeof headings / sizeof *headings };

static void print_cell(char text[CELL_BYTES], const struct figure *figure, u32 column,
                       const struct scalar_columns *more)
{
    const struct shown_unit unit = shown_unit(figure);
    switch (column) {
    case 0:
        snprintf(text, CELL_BYTES, "%s", figure->name);
        return;
    case 1:
        snprintf(text, CELL_BYTES, "%s", unit.name);
        return;
    case 2:
        print_pair(text, figure->mean * unit.scale, " ± ", figure->sd * unit.scale);
        return;
    case 3:
        print_real(text, figure->median * unit.scale);
        return;
    case 4:
        print_pair(text, figure->low * unit.scale, " .. ", figure->high * unit.scale);
        return;
    case 5:
        snprintf(text, CELL_BYTES, "%u", figure->count);
        return;
    default:
        break;
    }
    const struct figure_scalar *scalar = find_scalar(figure, more->columns[column - FIXED]->name);
    text[0] = '\0';
    if (scalar != NULL)
        print_real(text, scalar->value * scalar->scale);
}

/* Characters of UTF-8. */
static u32 width_of(const char *text)
{
    u32 width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* A cell of a line; names are at the left of their column, numbers at the right. */
static void put_cell(struct out *out, const char *text, u32 width, u32 column, bool md)
{
    const int pad = (int)(width - width_of(text));
    if (column > 0 || md)
        out_text(out, md ? (column > 0 ? " | " : "| ") : "  ");
    if (column < 2)
        out_print(out, "%s%*s", text, pad, "");
    else
        out_print(out, "%*s%s", pad, "", text);
}

static void put_rule(struct out *out, const u32 *widths, u32 columns)
{
    for (u32 i = 0; i < columns; i++) {
        out_text(out, i > 0 ? " | " : "| ");
        for (u32 k = 0; k < widths[i]; k++)
            out_text(out, i >= 2 && k + 1 == widths[i] ? ":" : "-");
    }
    out_text(out, " |\n");
}

static void print_table(struct out *out, const struct figure *figures, u32 count, bool md)
{
    const struct scalar_columns more = find_columns(figures, count, true);
    const u32 columns = FIXED + more.count;
    u32 widths[FIXED + SCALAR_COLUMNS];
    char text[CELL_BYTES];
    for (u32 i = 0; i < columns; i++) {
        const char *heading = i < FIXED ? headings[i] : more.columns[i - FIXED]->column;
        widths[i] = width_of(heading) > 1 ? width_of(heading) : 2; /* room for "-:" */
        for (u32 row = 0; row < count; row++) {
            if (figures[row].count == 0)
                continue;
            print_cell(text, &figures[row], i, &more);
            if (width_of(text) > widths[i])
                widths[i] = width_of(text);
        }
    }
    for (u32 i = 0; i < columns; i++)
        put_cell(out, i < FIXED ? headings[i] : more.columns[i - FIXED]->column, widths[i], i, md);
    out_text(out, md ? " |\n" : "\n");
    if (md)
        put_rule(out, widths, columns);
    for (u32 row = 0; row < count; row++) {
        if (figures[row].count == 0)
            continue;
        for (u32 i = 0; i < columns; i++) {
            print_cell(text, &figures[row], i, &more);
            put_cell(out, text, widths[i], i, md);
        }
        out_text(out, md ? " |\n" : "\n");
    }
}

/* In quotes where it needs them (RFC 4180). */
static void csv_text(struct out *out, const char *text)
{
    if (strpbrk(text, ",\"\n") == NULL) {
        out_text(out, text);
        return;
    }
    out_text(out, "\"");
    for (; *text != '\0'; text++)
        out_print(out, *text == '"' ? "\"%c" : "%c", *text);
    out_text(out, "\"");
}

static void csv_real(struct out *out, double value)
{
    out_print(out, ",%s", isfinite(value) ? number_text_real(value).text : "");
}

static void csv_count(struct out *out, int64_t value)
{
    if (value >= 0)
        out_print(out, ",%" PRId64, value);
    else
        out_text(out, ",");
}

static void print_csv(struct out *out, const struct figure *figures, u32 count)
{
    const struct scalar_columns more = find_columns(figures, count, false);
    out_text(out, "name,kind,unit,better,n_prompt,n_gen,depth,samples,mean,sd,median,low,high");
    for (u32 i = 0; i < more.count; i++)
        out_print(out, ",%s", more.columns[i]->name);
    out_text(out, "\n");
    for (u32 row = 0; row < count; row++) {
        const struct figure *figure = &figures[row];
        if (figure->count == 0)
            continue;
        csv_text(out, figure->name);
        out_print(out, ",%s,%s,%s", figure->kind, figure->unit,
                  figure->lower_is_better ? "lower" : "higher");
        csv_count(out, figure->n_prompt);
        csv_count(out, figure->n_gen);
        csv_count(out, figure->depth);
        csv_count(out, figure->count);
        csv_real(out, figure->mean);
        csv_real(out, figure->sd);
        csv_real(out, figure->median);
        csv_real(out, figure->low);
        csv_real(out, figure->high);
        for (u32 i = 0; i < more.count; i++) {
            const struct figure_scalar *scalar = find_scalar(figure, more.columns[i]->name);
            csv_real(out, scalar != NULL ? scalar->value : (double)NAN);
        }
        out_text(out, "\n");
    }
}

void figure_print(struct out *out, const struct figure *figures, u32 count,
                  enum figure_format format)
{
    if (format == FIGURE_CSV)
        print_csv(out, figures, count);
    else
        print_table(out, figures, count, format == FIGURE_MD);
}
