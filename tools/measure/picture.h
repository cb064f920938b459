/* Pictures of numbers: SVG, drawn by gnuplot.
 *
 * A picture is a column of panels that share their series' colours, on a transparent ground, 440
 * units wide with letters of 13, so that it can be read at the width of a phone. Letters follow
 * prefers-color-scheme; all other colours have a contrast of 3 and more with white and with near
 * black. The same picture has the same bytes wherever the same gnuplot draws it: no date, no font
 * but the viewer's own, no number of this run. */
#ifndef TOOLS_MEASURE_PICTURE_H
#define TOOLS_MEASURE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PICTURE_PANELS = 8,  /* most of a picture */
    PICTURE_SERIES = 16, /* most of a panel */
    PICTURE_ERROR = 256,
};

enum picture_style {
    PICTURE_LINE, /* points joined by a line; the points are marked if there are few */
    PICTURE_BAND, /* the room between low and high */
    PICTURE_BARS, /* bars from 0 to y, `width` wide, with whiskers from low to high */
};

struct picture_series {
    const char *name; /* in the legend, at the top of the first panel; NULL: not there */
    enum picture_style style;
    unsigned colour; /* series of one colour belong together: 0, 1, ..; repeats after 8 */
    bool dashed;     /* a line */
    size_t count;
    const double *x, *y;      /* y: not of a band. A point that is not finite, or not above 0 on a
                                 logarithmic axis, is left out, and the line is broken there */
    const double *low, *high; /* both, or NULL both */
    double width;             /* of bars, in units of x */
};

/* A tick of an axis that is not a measure. */
struct picture_tick {
    double at;
    const char *label;
};

struct picture_panel {
    const char *title;           /* what y is */
    const char *x_label;         /* NULL: none */
    const char *x_unit, *y_unit; /* behind the numbers at the ticks, "B" or "s"; NULL: none */
    bool x_log, y_log;           /* logarithmic */
    bool y_near;                 /* y need not begin at 0; a logarithmic axis never does */
    bool sideways;               /* x goes down and y to the right: bars with names before them */
    unsigned height;             /* of what the axes enclose; 0: 130 */
    const struct picture_tick *ticks; /* of x, tick_count of them; NULL: numbers */
    size_t tick_count;
    const struct picture_series *series;
    size_t count;
};

struct picture {
    const char *name;  /* begins every id in the SVG, so that many can stand in one page: letters,
                          digits and '-' */
    const char *title; /* read out in place of the picture, and shown by whoever points at it */
    const struct picture_panel *panels;
    size_t count;
};

/* Draws the picture: *svg is then its text, to be freed, *bytes long and with NUL behind: one <svg>
 * element without prologue, fit for a file and for a page. False: `error` says why, in one line;
 * without gnuplot it names the package. Starts gnuplot and waits for it; keeps two unnamed
 * files open meanwhile. */
__attribute__((warn_unused_result)) bool picture_svg(const struct picture *picture, char **svg,
                                                     size_t *bytes, char error[PICTURE_ERROR]);

#endif
