/* The pictures of the page. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/die.h"
#include "tools/measure/picture.h"

/* A drawn picture into the page and beside it; what could not be drawn is said. */
static void show(struct page *page, const char *folder, const char *name, const char *caption,
                 const char *svg, size_t bytes, const char *error)
{
    char file[64];
    if (svg == NULL) {
        page_paragraph_muted(page);
        page_text(page, "No picture: %s.", error);
        page_paragraph_end(page);
        return;
    }
    snprintf(file, sizeof file, "report-%s.svg", name);
    report_write(folder, file, svg, bytes);
    page_picture(page, file, caption, svg, bytes);
}

/* Two lengths to each doubling, from 256 to a million tokens. */
enum { LENGTHS = 25 };

void report_picture_memory(struct page *page, const struct report *report, const char *folder)
{
    static double lengths[LENGTHS], bytes[REPORT_MODELS][LENGTHS];
    struct picture_series series[REPORT_MODELS];
    for (size_t i = 0; i < LENGTHS; i++)
        lengths[i] = round(256 * exp2((double)i / 2));
    for (size_t m = 0; m < report->model_count; m++) {
        for (size_t i = 0; i < LENGTHS; i++)
            bytes[m][i] = report_memory_at(&report->models[m], lengths[i]);
        series[m] = (struct picture_series){.name = report->models[m].name,
                                            .colour = (unsigned)m,
                                            .count = LENGTHS,
                                            .x = lengths,
                                            .y = bytes[m]};
    }
    const struct picture_panel panel = {.title = "memory in all",
                                        .x_label = "tokens of text",
                                        .y_unit = "B",
                                        .x_log = true,
                                        .y_log = true,
                                        .height = 180,
                                        .series = series,
                                        .count = report->model_count};
    const struct picture picture = {.name = "memory",
                                    .title = "Memory of each model against the length of a text",
                                    .panels = &panel,
                                    .count = 1};
    char *svg = NULL, error[PICTURE_ERROR];
    size_t size = 0;
    if (!picture_svg(&picture, &svg, &size, error))
        svg = NULL;
    show(page, folder, "memory", "Memory in all against the length of a text, as planned.", svg,
         size, error);
    free(svg);
}
