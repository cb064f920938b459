/* Comparisons as text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/visible.h"
#include "tools/measure/comparison.h"

/* A text of a file in a table: what is not seen is spelled out, and '|' begins no column. */
static void print_cell(FILE *out, const char *text)
{
    char seen[COMPARISON_NOTE + 100];
    visible_copy(seen, sizeof seen, text, strlen(text));
    for (const char *c = seen; *c != '\0'; c++)
        fprintf(out, *c == '|' ? "\\|" : "%c", *c);
}

static void print_number(FILE *out, double value)
{
    const int digits = fabs(value) >= 1000 ? 0 : fabs(value) >= 100 ? 1 : fabs(value) >= 10 ? 2 : 3;
    if (isnan(value))
        fprintf(out, " - |");
    else if (fabs(value) >= 1)
        fprintf(out, " %.*f |", digits, value);
    else
        fprintf(out, " %.4g |", value);
}

static void print_figure(FILE *out, const struct comparison *figure)
{
    fprintf(out, "| ");
    print_cell(out, figure->name);
    fprintf(out, " | ");
    print_cell(out, figure->unit);
    fprintf(out, " |");
    print_number(out, figure->before);
    print_number(out, figure->after);
    if (isnan(figure->ratio))
        fprintf(out, " - | - |");
    else
        fprintf(out, " %.4f | %.4f to %.4f |", figure->ratio, figure->interval.low,
                figure->interval.high);
    if (figure->samples[0] == figure->samples[1])
        fprintf(out, " %zu |", figure->samples[0]);
    else
        fprintf(out, " %zu, %zu |", figure->samples[0], figure->samples[1]);
    fprintf(out, " %s%s%s |\n", comparison_word(figure), figure->why[0] != '\0' ? ": " : "",
            figure->why);
}

static FILE *open_text(char **text, size_t *bytes)
{
    FILE *out = open_memstream(text, bytes);
    if (out == NULL)
        die(EXIT_MEMORY, "no memory for the table");
    return out;
}

char *comparisons_markdown(const struct comparisons *all, size_t *bytes)
{
    char *text;
    FILE *out = open_text(&text, bytes);
    for (int side = 0; side < 2; side++) {
        fprintf(out, "%s%c: ", side ? "\n" : "", 'A' + side);
        print_cell(out, all->of[side]->model);
        fprintf(out, ", ");
        print_cell(out, all->names[side]);
        fprintf(out, "\n");
    }
    fprintf(out, "\n| figure | unit | A | B | B / A | 95%% interval | samples | verdict |\n"
                 "|---|---|--:|--:|--:|---|--:|---|\n");
    for (size_t i = 0; i < all->count; i++)
        print_figure(out, &all->figures[i]);
    fprintf(out,
            "\nMedians. Same: the whole interval within %g%%; faster or slower: wholly beyond "
            "it.\n",
            100 * all->margin);
    if (all->note_count > 0)
        fprintf(out, "\n");
    for (size_t i = 0; i < all->note_count; i++) {
        fprintf(out, "- ");
        print_cell(out, all->notes[i]);
        fprintf(out, "\n");
    }
    if (fclose(out) != 0)
        die(EXIT_MEMORY, "no memory for the table");
    return text;
}

/* null where it is no number */
static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

char *comparisons_json(const struct comparisons *all, size_t *bytes)
{
    json_t *figures = json_array(), *notes = json_array();
    for (size_t i = 0; i < all->count; i++) {
        const struct comparison *figure = &all->figures[i];
        json_array_append_new(
            figures,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:[I, I], s:s, s:s*}", "name",
                      figure->name, "kind", figure->kind, "unit", figure->unit, "a",
                      real(figure->before), "b", real(figure->after), "ratio", real(figure->ratio),
                      "low", real(figure->interval.low), "high", real(figure->interval.high),
                      "samples", (json_int_t)figure->samples[0], (json_int_t)figure->samples[1],
                      "verdict", comparison_word(figure), "why",
                      figure->why[0] != '\0' ? figure->why : NULL));
    }
    for (size_t i = 0; i < all->note_count; i++)
        json_array_append_new(notes, json_string(all->notes[i]));
    json_t *root = json_pack("{s:i, s:b, s:s, s:s, s:f, s:o, s:o}", "schema", 1, "complete",
                             !all->interrupted, "a", all->names[0], "b", all->names[1], "margin",
                             all->margin, "figures", figures, "notes", notes);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (text == NULL)
        die(EXIT_MEMORY, "the comparison cannot be written as JSON: no memory, or a name of A or B "
                         "that is not UTF-8");
    *bytes = strlen(text);
    return text;
}
