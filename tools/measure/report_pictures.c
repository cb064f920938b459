/* The pictures of the page. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/die.h"
#include "tools/measure/picture.h"
#include "tools/measure/record_picture.h"

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

/* A picture of records, of which there is at least one. */
static void show_records(struct page *page, const char *folder, const char *name,
                         const char *caption, const struct pictured_record *records, size_t count)
{
    char *svg = NULL, error[PICTURE_ERROR];
    size_t bytes = 0;
    if (!record_picture(records, count, name, &svg, &bytes, error))
        svg = NULL;
    show(page, folder, name, caption, svg, bytes, error);
    free(svg);
}

static struct pictured_record pictured(const struct report_record *record)
{
    return (struct pictured_record){.name = record->path, .root = record->root};
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

void report_picture_context(struct page *page, const struct report *report, const char *folder)
{
    struct pictured_record records[REPORT_MODELS];
    size_t count = 0;
    for (size_t m = 0; m < report->model_count; m++)
        if (json_array_size(report->models[m].sweep) > 0)
            records[count++] = pictured(report->models[m].of[REPORT_SWEEP]);
    if (count > 0)
        show_records(page, folder, "context", "Speed and memory at each position of one pass.",
                     records, count);
}

/* A picture for each model, because their times may be far apart. */
void report_picture_latency(struct page *page, const struct report *report, const char *folder)
{
    page_pictures(page);
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_record *record = report->models[m].of[REPORT_LATENCY];
        if (record == NULL)
            continue;
        const struct pictured_record one = pictured(record);
        char name[32], caption[256];
        snprintf(name, sizeof name, "latency-%zu", m + 1);
        snprintf(caption, sizeof caption, "%s: every token in order, and how many took how long.",
                 report->models[m].name);
        show_records(page, folder, name, caption, &one, 1);
    }
    page_pictures_end(page);
}

void report_picture_positions(struct page *page, const struct report *report, const char *folder)
{
    struct pictured_record records[REPORT_MODELS];
    size_t count = 0;
    for (size_t m = 0; m < report->model_count; m++) {
        const json_t *quality = report_quality(&report->models[m]);
        if (json_array_size(json_object_get(quality, "by_position")) > 0)
            records[count++] = pictured(report->models[m].of[REPORT_PERPLEXITY]);
    }
    if (count > 0)
        show_records(page, folder, "positions", "Bits per byte by position in the text.", records,
                     count);
}
