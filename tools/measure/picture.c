#include "tools/measure/picture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/visible.h"
#include "tools/measure/gnuplot.h"
#include "tools/measure/picture_axis.h"

/* All sizes in units of the picture. */
enum {
    WIDTH = 440,
    LETTER = 13,
    LEFT = 64,        /* of the axes, with numbers before them */
    LEFT_NAMES = 132, /* with names */
    RIGHT = 12,
    TOP = 6,
    ROW = 18,     /* of the legend */
    TITLE = 24,   /* above the axes */
    NUMBERS = 20, /* below them */
    LABEL = 18,
    GAP = 10, /* between panels */
    HEIGHT = 130,
    MARKED = 40, /* a line of so many points or fewer shows them */
};

/* Each at least 3:1 against white and against #0d1117, by WCAG's formula. */
static const char *const colours[] = {"#3b7dd8", "#d1660f", "#2f9158", "#a556c9",
                                      "#d6455d", "#1b8f9e", "#8a7a1f", "#7a7f87"};
static const int shapes[] = {7, 5, 9, 13}; /* disc, square, triangle, diamond */
enum { COLOURS = sizeof colours / sizeof *colours, SHAPES = sizeof shapes / sizeof *shapes };

/* A string of gnuplot's language. */
static void quote(FILE *script, const char *text)
{
    char seen[512];
    visible_copy(seen, sizeof seen, text, strlen(text));
    fputc('\'', script);
    for (const char *at = seen; *at; at++) {
        if (*at == '\'')
            fputc('\'', script);
        fputc(*at, script);
    }
    fputc('\'', script);
}

static bool shown(double value, bool log)
{
    return isfinite(value) && (!log || value > 0);
}

static bool point_shown(const struct picture_panel *panel, const struct picture_series *series,
                        size_t i)
{
    if (!shown(series->x[i], panel->x_log))
        return false;
    if (series->style == PICTURE_BAND)
        return shown(series->low[i], panel->y_log) && shown(series->high[i], panel->y_log);
    return shown(series->y[i], panel->y_log);
}

static bool has_points(const struct picture_panel *panel, const struct picture_series *series)
{
    bool any = false;
    for (size_t i = 0; i < series->count && !any; i++)
        any = point_shown(panel, series, i);
    return any;
}

static void extend(double range[2], double value, bool log)
{
    if (!shown(value, log))
        return;
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

/* The ranges of what a panel shows; false: it shows nothing. */
static bool find_ranges(const struct picture_panel *panel, double x[2], double y[2])
{
    x[0] = y[0] = INFINITY;
    x[1] = y[1] = -INFINITY;
    if (!panel->y_near && !panel->y_log)
        extend(y, 0, false);
    for (size_t s = 0; s < panel->count; s++) {
        const struct picture_series *series = &panel->series[s];
        for (size_t i = 0; i < series->count; i++) {
            if (!point_shown(panel, series, i))
                continue;
            extend(x, series->x[i] - series->width / 2, panel->x_log);
            extend(x, series->x[i] + series->width / 2, panel->x_log);
            if (series->y)
                extend(y, series->y[i], panel->y_log);
            if (series->low) {
                extend(y, series->low[i], panel->y_log);
                extend(y, series->high[i], panel->y_log);
            }
        }
    }
    return x[0] <= x[1] && y[0] <= y[1];
}

/* Range, scale and ticks of an axis. */
static void write_axis(FILE *script, char name, const struct picture_axis *axis, const char *unit,
                       const struct picture_panel *named, bool downwards)
{
    fprintf(script, "%s logscale %c\n", axis->log ? "set" : "unset", name);
    /* A logarithm of gnuplot's may miss the tick at an end by its last bit. */
    const double low = axis->low * (axis->log ? 1 - 1e-7 : 1);
    const double high = axis->high * (axis->log ? 1 + 1e-7 : 1);
    fprintf(script, "set %crange [%.9g:%.9g]\nset %ctics scale 0.4 offset 0,%s (", name,
            downwards ? high : low, downwards ? low : high, name, name == 'x' ? "0.4" : "0");
    for (size_t i = 0; i < (named ? named->tick_count : axis->count); i++) {
        char number[PICTURE_TICK_BYTES];
        fputs(i ? ", " : "", script);
        if (!named)
            picture_number(number, axis->at[i], unit);
        quote(script, named ? named->ticks[i].label : number);
        fprintf(script, " %.9g", named ? named->ticks[i].at : axis->at[i]);
    }
    fputs(")\n", script);
}

/* The points of a series as a block of data: x, y, low, high; a blank line where there is none. */
static void write_points(FILE *script, const struct picture_panel *panel,
                         const struct picture_series *series, size_t number)
{
    fprintf(script, "$s%zu << END\n", number);
    for (size_t i = 0; i < series->count; i++) {
        if (!point_shown(panel, series, i)) {
            fputs("\n", script);
            continue;
        }
        const double y = series->y ? series->y[i] : series->low[i];
        fprintf(script, "%.9g %.9g %.9g %.9g\n", series->x[i], y,
                series->low && shown(series->low[i], panel->y_log) ? series->low[i] : y,
                series->low && shown(series->high[i], panel->y_log) ? series->high[i] : y);
    }
    fputs("END\n", script);
}

/* What `plot` is told of a series; `floor`: where bars stand. */
static void write_series(FILE *script, const struct picture_panel *panel,
                         const struct picture_series *series, size_t number, double floor)
{
    const char *colour = colours[series->colour % COLOURS];
    const double half = series->width / 2;
    fprintf(script, ", $s%zu using ", number);
    switch (series->style) {
    case PICTURE_BAND:
        fprintf(script, "1:3:4 with filledcurves lc rgb '%s' fs transparent solid 0.25 noborder",
                colour);
        break;
    case PICTURE_LINE:
        fprintf(script, "1:2 with %s lc rgb '%s' lw 2 dt %d",
                series->count <= MARKED ? "linespoints" : "lines", colour, series->dashed ? 2 : 1);
        if (series->count <= MARKED)
            fprintf(script, " pt %d ps 0.5", shapes[series->colour % SHAPES]);
        break;
    case PICTURE_BARS:
        if (panel->sideways)
            fprintf(script, "2:1:(%.9g):2:($1-%.9g):($1+%.9g)", floor, half, half);
        else
            fprintf(script, "1:2:($1-%.9g):($1+%.9g):(%.9g):2", half, half, floor);
        fprintf(script, " with boxxyerror lc rgb '%s' fs solid noborder", colour);
        break;
    }
    fputs(" notitle", script);
    if (series->style != PICTURE_BAND && series->low)
        fprintf(script, ", $s%zu using %s lc rgb '#7a7f87' lw 1 pt 0 ps 0 notitle", number,
                panel->sideways ? "2:1:3:4 with xerrorbars" : "1:2:3:4 with yerrorbars");
}

/* The legend names each colour once, in the order in which they come. Returns the rows. */
static unsigned legend(const struct picture *picture, const struct picture_series *named[COLOURS])
{
    unsigned count = 0;
    for (size_t p = 0; p < picture->count; p++)
        for (size_t s = 0; s < picture->panels[p].count; s++) {
            const struct picture_series *series = &picture->panels[p].series[s];
            bool known = !series->name;
            for (unsigned i = 0; i < count; i++)
                known |= named[i]->colour % COLOURS == series->colour % COLOURS;
            if (!known)
                named[count++] = series;
        }
    return count;
}

static unsigned panel_height(const struct picture_panel *panel)
{
    return panel->height ? panel->height : HEIGHT;
}

static unsigned picture_height(const struct picture *picture, unsigned rows)
{
    unsigned height = TOP + rows * ROW;
    for (size_t p = 0; p < picture->count; p++)
        height += TITLE + panel_height(&picture->panels[p]) + NUMBERS + GAP +
                  (picture->panels[p].x_label ? LABEL : 0);
    return height;
}

/* A share of the picture's width. */
static double across(unsigned from_left)
{
    return (double)from_left / (double)WIDTH;
}

/* A share of the picture's height, which gnuplot counts from below. */
static double screen(unsigned from_top, unsigned height)
{
    return 1 - (double)from_top / height;
}

/* Draws what no axis belongs to, with `rows` names. */
static void write_legend(FILE *script, const struct picture_series *const *named, unsigned rows,
                         unsigned height)
{
    fputs("unset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\n", script);
    for (unsigned i = 0; i < rows; i++) {
        const unsigned middle = TOP + i * ROW + ROW / 2;
        fprintf(script, "set label %u ", i + 1);
        quote(script, named[i]->name);
        fprintf(
            script,
            " at screen %.6f, screen %.6f left offset character 1.2,-0.3 point lc rgb '%s' pt %d "
            "ps 0.8\n",
            across(14), screen(middle, height), colours[named[i]->colour % COLOURS],
            shapes[named[i]->colour % SHAPES]);
    }
    fputs("set margins 0,0,0,0\nplot NaN lc rgb '#808080' notitle\nunset label\nset border 3 lc "
          "rgb '#808080'\n",
          script);
}

/* Draws a panel whose top is `top` below that of the picture. */
static void write_panel(FILE *script, const struct picture_panel *panel, unsigned top,
                        unsigned height)
{
    const unsigned upper = top + TITLE, lower = upper + panel_height(panel);
    const double left = across(panel->sideways ? LEFT_NAMES : LEFT);
    double x[2], y[2];
    const bool any = find_ranges(panel, x, y);
    if (!any)
        x[0] = y[0] = panel->x_log || panel->y_log, x[1] = y[1] = 2;
    struct picture_axis x_axis = picture_axis(x[0], x[1], panel->x_log, panel->x_log);
    struct picture_axis y_axis = picture_axis(y[0], y[1], panel->y_log, true);
    fprintf(script, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", left,
            across(WIDTH - RIGHT));
    fprintf(script, "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            screen(upper, height), screen(lower, height));
    write_axis(script, panel->sideways ? 'y' : 'x', &x_axis, panel->x_unit,
               panel->ticks ? panel : NULL, panel->sideways);
    write_axis(script, panel->sideways ? 'x' : 'y', &y_axis, panel->y_unit, NULL, false);
    fputs("set label 1 ", script);
    quote(script, any ? panel->title : "nothing was measured");
    fprintf(script, " at screen %.6f, screen %.6f left\n", across(6),
            screen(top + TITLE / 2, height));
    fputs("set xlabel ", script);
    quote(script, panel->x_label ? panel->x_label : "");
    fputs(" offset 0,0.8\n", script);
    for (size_t s = 0; s < panel->count; s++)
        write_points(script, panel, &panel->series[s], s);
    fputs("plot NaN lc rgb '#808080' notitle", script);
    for (size_t s = 0; s < panel->count; s++)
        if (has_points(panel, &panel->series[s]))
            write_series(script, panel, &panel->series[s], s, y_axis.log ? y_axis.low : 0);
    fputs("\nunset label\n", script);
}

/* Writes the program that draws the picture. Returns its height. */
static unsigned write_script(FILE *script, const struct picture *picture)
{
    const struct picture_series *named[COLOURS];
    const unsigned rows = legend(picture, named);
    const unsigned height = picture_height(picture, rows);
    fprintf(script,
            "set terminal svg size %d,%u noenhanced font 'sans-serif,%d'\n"
            "set multiplot\n",
            WIDTH, height, LETTER);
    write_legend(script, named, rows, height);
    fputs("set tics nomirror tc rgb '#767676'\nset grid lc rgb '#a0a0a0' lw 0.5 dt 3\n", script);
    unsigned top = TOP + rows * ROW;
    for (size_t p = 0; p < picture->count; p++) {
        const struct picture_panel *panel = &picture->panels[p];
        write_panel(script, panel, top, height);
        top += TITLE + panel_height(panel) + NUMBERS + GAP + (panel->x_label ? LABEL : 0);
    }
    fputs("unset multiplot\n", script);
    return height;
}

/* Plain text as XML. */
static void escape(FILE *out, const char *text)
{
    char seen[512];
    visible_copy(seen, sizeof seen, text, strlen(text));
    for (const char *at = seen; *at; at++)
        if (*at == '<' || *at == '>' || *at == '&')
            fprintf(out, "&#%d;", *at);
        else
            fputc(*at, out);
}

static void write_head(FILE *out, const struct picture *picture, unsigned height)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" "
            "xmlns:xlink=\"http://www.w3.org/1999/xlink\" class=\"picture\" role=\"img\" "
            "width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\">\n<title>",
            WIDTH, height, WIDTH, height);
    escape(out, picture->title);
    fputs("</title>\n<style>\n"
          "@media (prefers-color-scheme: light) { .picture text { fill: #1f2328 } }\n"
          "@media (prefers-color-scheme: dark) { .picture text { fill: #e6edf3 } }\n"
          "</style>\n<g>\n",
          out);
}

/* Copies what gnuplot drew, from its definitions on, with ids of this picture alone: those of its
 * plots, which repeat in every panel, are numbered. */
static void write_body(FILE *out, const char *name, const char *from)
{
    static const char plot[] = "gnuplot_";
    bool tag = false;
    unsigned plots = 0;
    for (const char *at = from; *at; at++) {
        if (*at == '>' && !tag) { /* of a name: gnuplot leaves it */
            fputs("&gt;", out);
            continue;
        }
        tag = *at == '<' || (tag && *at != '>');
        fputc(*at, out);
        const bool defined =
            tag && at - from >= 4 && (*at == '"' || *at == '\'') && strncmp(at - 4, " id=", 4) == 0;
        if (defined && strncmp(at + 1, plot, sizeof plot - 1) == 0)
            fprintf(out, "%s-%u-", name, ++plots);
        else if (defined || (tag && *at == '#' && (at[-1] == '\'' || at[-1] == '(')))
            fprintf(out, "%s-", name);
    }
}

/* gnuplot's document as a part of others. */
static bool dress(const struct picture *picture, unsigned height, const char *drawn, char **svg,
                  size_t *bytes, char *error)
{
    const char *body = strstr(drawn, "<defs>");
    FILE *out = body ? open_memstream(svg, bytes) : NULL;
    if (!out) {
        snprintf(error, PICTURE_ERROR, body ? "not enough memory" : "gnuplot drew no picture");
        return false;
    }
    write_head(out, picture, height);
    write_body(out, picture->name, body);
    if (fclose(out) == 0)
        return true;
    snprintf(error, PICTURE_ERROR, "not enough memory");
    free(*svg);
    return false;
}

bool picture_svg(const struct picture *picture, char **svg, size_t *bytes,
                 char error[PICTURE_ERROR])
{
    FILE *script = tmpfile();
    char *drawn = NULL;
    size_t drawn_bytes;
    *svg = NULL;
    if (!script) {
        snprintf(error, PICTURE_ERROR, "no temporary file: %s", strerror(errno));
        return false;
    }
    const unsigned height = write_script(script, picture);
    const bool done = gnuplot_run(script, &drawn, &drawn_bytes, error, PICTURE_ERROR) &&
                      dress(picture, height, drawn, svg, bytes, error);
    free(drawn);
    fclose(script);
    return done;
}
