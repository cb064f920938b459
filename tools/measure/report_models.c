/* What each model is, and the memory that it needs. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS(list) list, sizeof(list) / sizeof *(list)

static void table_models(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false},           {"family", false}, {"parameters", true},
        {"active per token", true}, {"layers", true},  {"vocabulary", true},
        {"positions", true},        {"weights", true}, {"weights from", false}};
    page_table(page, "models-table", "The models", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        page_row(page, report_row('A', m + 1).text);
        page_cell(page, "%s", model->name);
        page_cell(page, "%s", model->family);
        page_cell(page, "%s", report_count(report_number(model->about, "parameters")).text);
        page_cell(page, "%s", report_count(report_number(model->about, "active_parameters")).text);
        page_cell(page, "%s", report_count(report_number(model->about, "layers")).text);
        page_cell(page, "%s", report_count(report_number(model->about, "vocab")).text);
        page_cell(page, "%s", model->context == 0 ? "any" : report_count(model->context).text);
        page_cell(page, "%s", report_bytes(report_number(model->about, "weights_bytes")).text);
        page_cell(page, "%s",
                  model->weights  ? model->weights
                  : model->random ? "random"
                                  : "a file");
        page_row_end(page);
    }
    page_table_end(page);
}

static void table_arenas(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false}, {"weights", true},    {"state", true},       {"scratch", true},
        {"io", true},     {"all arenas", true}, {"fixed state", true}, {"state per token", true}};
    page_table(page, "arenas-table", "Memory by arena, as planned", COLUMNS(columns));
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        const json_t *arenas = json_object_get(model->about, "arenas");
        page_row(page, report_row('M', m + 1).text);
        page_cell(page, "%s", model->name);
        page_cell(page, "%s", report_bytes(report_number(arenas, "weights")).text);
        page_cell(page, "%s", report_bytes(model->state).text);
        page_cell(page, "%s", report_bytes(report_number(arenas, "scratch")).text);
        page_cell(page, "%s", report_bytes(report_number(arenas, "io")).text);
        page_cell(page, "%s", report_bytes(model->elsewhere + model->state).text);
        page_cell(page, "%s", report_bytes(model->fixed).text);
        page_cell(page, "%s", report_bytes(model->per_position).text);
        page_row_end(page);
    }
    page_table_end(page);
}

static void table_lengths(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {{"model", false},  {"1,024 tokens", true},
                                                 {"4,096", true},   {"32,768", true},
                                                 {"100,000", true}, {"1,000,000", true}};
    static const double lengths[] = {1024, 4096, 32768, 100000, 1000000};
    page_table(page, "lengths-table", "Memory in all after a text of so many tokens",
               COLUMNS(columns));
    bool beyond = false;
    for (size_t m = 0; m < report->model_count; m++) {
        const struct report_model *model = &report->models[m];
        page_row(page, report_row('T', m + 1).text);
        page_cell(page, "%s", model->name);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            const bool over = model->context > 0 && lengths[i] > model->context;
            page_cell(page, "%s%s", report_bytes(report_memory_at(model, lengths[i])).text,
                      over ? " \xe2\x80\xa0" : "");
            beyond |= over;
        }
        page_row_end(page);
    }
    page_table_end(page);
    if (!beyond)
        return;
    page_paragraph_muted(page);
    page_text(page,
              "\xe2\x80\xa0 More positions than this binary holds (column \"positions\" of the "
              "models): what it would need if it were built for them.");
    page_paragraph_end(page);
}

void report_tables_models(struct page *page, const struct report *report)
{
    page_section(page, "models", "What each model is");
    table_models(page, report);
    page_section(page, "memory", "Memory");
    page_paragraph(page);
    page_text(
        page,
        "Everything is planned before a model is loaded: these are sums, not "
        "measurements, of the verb here that needs least. "
        "What the system reported while a text was read, with what sweep itself needs, stands "
        "under ");
    page_strong(page, "Speed and memory against context");
    page_text(page, ".");
    page_paragraph_end(page);
    table_arenas(page, report);
    table_lengths(page, report);
}
