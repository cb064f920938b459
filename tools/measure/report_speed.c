/* Speed: of bench, against the context, and token by token. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS(list) list, sizeof(list) / sizeof *(list)

static void row_figure(struct page *page, const struct report_model *model,
                       const struct report_figure *figure)
{
    page_row(page, report_row('S', figure->row).text);
    page_cell(page, "%s", model->name);
    page_cell(page, "%s", figure->name);
    page_cell(page, "%s %s", report_digits(figure->median).text, figure->unit);
    page_cell(page, "%s to %s", report_digits(figure->low).text, report_digits(figure->high).text);
    page_cell(page, "%s \xc2\xb1 %s", report_digits(figure->mean).text,
              report_digits(figure->sd).text);
    page_cell(page, "%zu", figure->count);
    page_cell(page, "%s", report_digits(figure->bytes_per_second / 1e9).text);
    page_cell(page, "%s", report_percent(figure->share_of_read, 0).text);
    page_cell(page, "%s", report_percent(figure->share_of_multiply_adds, 0).text);
    page_row_end(page);
}

void report_tables_speed(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false},       {"figure", false},          {"median", true},
        {"95% interval", true}, {"mean \xc2\xb1 sd", true}, {"samples", true},
        {"GB/s", true},         {"of reading", true},       {"of multiply-adds", true}};
    page_section(page, "speed", "Speed");
    page_paragraph(page);
    page_text(
        page,
        "Prefill (pp: reading a prompt) and decode (tg: writing a text) are measured apart, in "
        "rounds over all models in turn. GB/s: all that a token reads. The last two columns "
        "set it beside what the same threads reached in the same minutes when they only read "
        "memory, and when they only multiplied and added.");
    page_paragraph_end(page);
    page_table(page, "speed-table", "Prefill and decode", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++)
        for (size_t i = 0; i < report->models[m].figure_count; i++)
            row_figure(page, &report->models[m], &report->models[m].figures[i]);
    page_table_end(page);
}

/* State, keys and values. */
static double used_bytes(const json_t *point)
{
    const double cache = report_number(point, "cache_bytes");
    return report_number(point, "state_bytes") + (isfinite(cache) ? cache : 0);
}

void report_tables_context(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false},          {"position", true},    {"prefill tokens/s", true},
        {"decode tokens/s", true}, {"first token", true}, {"state", true},
        {"resident", true},        {"bits/byte", true}};
    page_table(page, "context-table", "At each position of one pass over a text", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        for (size_t i = 0; i < json_array_size(model->sweep); i++) {
            const json_t *point = json_array_get(model->sweep, i);
            page_row(page, report_row('C', model->sweep_row + i).text);
            page_cell(page, "%s", model->name);
            page_cell(page, "%s", report_count(report_number(point, "position")).text);
            page_cell(page, "%s",
                      report_digits(report_number(point, "prefill_tokens_per_second")).text);
            page_cell(page, "%s",
                      report_digits(report_number(point, "decode_tokens_per_second")).text);
            page_cell(page, "%s", report_seconds(report_number(point, "first_token_seconds")).text);
            page_cell(page, "%s", report_bytes(used_bytes(point)).text);
            page_cell(page, "%s", report_bytes(report_number(point, "resident_bytes")).text);
            page_cell(page, "%s",
                      model->random ? report_digits(NAN).text
                                    : report_digits(report_number(point, "bits_per_byte")).text);
            page_row_end(page);
        }
    }
    page_table_end(page);
}

static double interval_end(const json_t *each, size_t end)
{
    const json_t *value = json_array_get(json_object_get(each, "p99_interval"), end);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

struct report_latency report_latency(const struct report_model *model)
{
    const struct report_record *record = model->of[REPORT_LATENCY];
    const json_t *latency = record ? json_object_get(record->root, "latency") : NULL;
    const json_t *each = json_object_get(latency, "each");
    return (struct report_latency){
        .tokens = report_number(latency, "tokens"),
        .first_token = report_number(json_object_get(latency, "first_token"), "seconds"),
        .p50 = report_number(each, "p50"),
        .p90 = report_number(each, "p90"),
        .p99 = report_number(each, "p99"),
        .most = report_number(each, "max"),
        .p99_low = interval_end(each, 0),
        .p99_high = interval_end(each, 1),
        .changes = json_array_size(json_object_get(latency, "changes")),
        .disturbed = json_array_size(record ? json_object_get(record->root, "disturbed") : NULL)};
}

void report_tables_latency(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {{"model", false},
                                                 {"tokens", true},
                                                 {"first token", true},
                                                 {"p50", true},
                                                 {"p90", true},
                                                 {"p99", true},
                                                 {"longest", true},
                                                 {"p99 \xe2\x88\x92 p50", true},
                                                 {"changes of level", true},
                                                 {"disturbed", true}};
    page_table(page, "latency-table", "Time between one token and the next", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_record *record = report->models[m].of[REPORT_LATENCY];
        if (record == NULL)
            continue;
        const struct report_latency latency = report_latency(&report->models[m]);
        page_row(page, report_row('L', m + 1).text);
        page_cell(page, "%s", report->models[m].name);
        page_cell(page, "%s", report_count(latency.tokens).text);
        page_cell(page, "%s", report_seconds(latency.first_token).text);
        page_cell(page, "%s", report_seconds(latency.p50).text);
        page_cell(page, "%s", report_seconds(latency.p90).text);
        page_cell(page, "%s", report_seconds(latency.p99).text);
        page_cell(page, "%s", report_seconds(latency.most).text);
        page_cell(page, "%s", report_seconds(latency.p99 - latency.p50).text);
        page_cell(page, "%zu", latency.changes);
        page_cell(page, "%zu", latency.disturbed);
        page_row_end(page);
    }
    page_table_end(page);
}
