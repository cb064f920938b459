/* What the models know of a text: in bits per byte, so that tokenizers do not matter. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS(list) list, sizeof(list) / sizeof *(list)

const json_t *report_quality(const struct report_model *model)
{
    const struct report_record *record = model->of[REPORT_PERPLEXITY];
    return record && !model->random ? json_object_get(record->root, "perplexity") : NULL;
}

/* Guessing costs log2(vocabulary) for each token. */
bool report_guesses(const struct report_model *model)
{
    const json_t *quality = report_quality(model);
    const double guess = log2(report_number(model->about, "vocab")) *
                         report_number(quality, "tokens") / report_number(quality, "bytes");
    return !(report_number(quality, "bits_per_byte") < guess);
}

static void table_quality(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false}, {"bits per byte", true},   {"standard error", true},
        {"tokens", true}, {"bytes per token", true}, {"token perplexity", true},
        {"", false}};
    page_table(page, "quality-table", "The whole text", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        const json_t *quality = report_quality(model);
        if (quality == NULL)
            continue;
        page_row(page, report_row('Q', m + 1).text);
        page_cell(page, "%s", model->name);
        page_cell(page, "%.4f", report_number(quality, "bits_per_byte"));
        page_cell(page, "%.4f", report_number(json_object_get(quality, "error"), "bits_per_byte"));
        page_cell(page, "%s", report_count(report_number(quality, "tokens")).text);
        page_cell(
            page, "%s",
            report_digits(report_number(quality, "bytes") / report_number(quality, "tokens")).text);
        page_cell(page, "%s", report_digits(report_number(quality, "token_perplexity")).text);
        page_cell(page, "%s", report_guesses(model) ? "no better than a guess" : "");
        page_row_end(page);
    }
    page_table_end(page);
}

static void table_positions(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {{"model", false},
                                                 {"positions", true},
                                                 {"tokens", true},
                                                 {"bits per token", true},
                                                 {"bits per byte", true}};
    size_t row = 0;
    page_table(page, "positions-table", "Loss by position in the text", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++) {
        const json_t *list = json_object_get(report_quality(&report->models[m]), "by_position");
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *part = json_array_get(list, i);
            page_row(page, report_row('B', ++row).text);
            page_cell(page, "%s", report->models[m].name);
            page_cell(page, "%s to %s", report_count(report_number(part, "from")).text,
                      report_count(report_number(part, "to")).text);
            page_cell(page, "%s", report_count(report_number(part, "tokens")).text);
            page_cell(page, "%s", report_digits(report_number(part, "bits_per_token")).text);
            page_cell(page, "%s", report_digits(report_number(part, "bits_per_byte")).text);
            page_row_end(page);
        }
    }
    page_table_end(page);
}

static void say_left_out(struct page *page, const struct report *report)
{
    size_t random = 0;
    for (size_t m = 0; m < report->model_count; m++)
        random += report->models[m].random;
    if (random == 0 && report->text == NULL)
        return;
    page_paragraph(page);
    for (size_t m = 0, said = 0; m < report->model_count; m++)
        if (report->models[m].random)
            page_text(page, "%s%s", said++ ? ", " : "", report->models[m].name);
    if (random > 0)
        page_text(page, ": random weights, of which quality says nothing; left out.");
    if (report->text != NULL)
        page_text(page, "%sThe text: %s.", random ? " " : "", report->text);
    page_paragraph_end(page);
}

void report_tables_quality(struct page *page, const struct report *report)
{
    size_t measured = 0, parts = 0;
    for (size_t m = 0; m < report->model_count; m++) {
        const json_t *quality = report_quality(&report->models[m]);
        measured += quality != NULL;
        parts += json_array_size(json_object_get(quality, "by_position"));
    }
    say_left_out(page, report);
    if (measured == 0) {
        page_paragraph(page);
        page_text(page, "Not measured for any model.");
        page_paragraph_end(page);
        return;
    }
    table_quality(page, report);
    if (parts > 0)
        table_positions(page, report);
}
