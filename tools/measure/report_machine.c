/* Where and how it was measured, whether the machine stayed the same, and what is missing. */
#include "tools/measure/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS(list) list, sizeof(list) / sizeof *(list)

static bool is_complete(const struct report_record *record)
{
    return record->read.complete;
}

static void table_canaries(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false}, {"measured", false}, {"times", true},          {"shortest", true},
        {"median", true}, {"longest", true},   {"disturbed parts", true}};
    page_table(page, "canary-table", "The canary of each record", COLUMNS(columns));
    for (size_t i = 0; i < report->count; i++) {
        const struct report_record *record = &report->records[i];
        page_row(page, report_row('K', i + 1).text);
        page_cell(page, "%s", report->models[record->model].name);
        page_cell(page, "%s%s", report_verb_names[record->verb],
                  is_complete(record) ? "" : ", interrupted");
        page_cell(page, "%zu", record->read.canary_count);
        page_cell(page, "%s", report_seconds(record->canary_low).text);
        page_cell(page, "%s", report_seconds(record->canary_median).text);
        page_cell(page, "%s", report_seconds(record->canary_high).text);
        page_cell(page, "%zu", json_array_size(json_object_get(record->root, "disturbed")));
        page_row_end(page);
    }
    page_table_end(page);
}

static void say_drift(struct page *page, const struct report *report)
{
    size_t slow = 0, fast = 0;
    const double drift = report_drift(report, &slow, &fast);
    page_paragraph(page);
    page_text(page,
              "A canary is a fixed piece of work, the same for all models, timed before, between "
              "and after what is measured. ");
    if (isfinite(drift)) {
        page_text(page, "Between the record where it was slowest, ");
        page_reference(page, report_row('K', slow + 1).text);
        page_text(page, ", and the one where it was fastest, ");
        page_reference(page, report_row('K', fast + 1).text);
        page_text(page,
                  ", its median changed by %s: speeds of two models that differ by less are called "
                  "a tie above.",
                  report_percent(drift - 1, 1).text);
    } else {
        page_text(page, "No record has one: whether the machine changed meanwhile is not known.");
    }
    page_paragraph_end(page);
}

/* A value of any kind, as one line. */
static void print_value(struct page *page, const json_t *value)
{
    if (json_is_string(value)) {
        page_text(page, "%s", json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
    page_text(page, "%s", text ? text : "");
    free(text);
}

/* Every key of a section that has a value. */
static void list_section(struct page *page, const char *heading, const json_t *section)
{
    const char *key;
    json_t *value;
    bool any = false;
    page_item(page);
    page_strong(page, "%s", heading);
    page_text(page, ": ");
    json_object_foreach((json_t *)section, key, value)
    {
        if (json_is_null(value) || strcmp(key, "absent") == 0 || strcmp(key, "weights") == 0)
            continue; /* said elsewhere, for each model */
        page_text(page, "%s%s ", any ? "; " : "", key);
        print_value(page, value);
        any = true;
    }
    page_text(page, any ? "." : "not said.");
    page_item_end(page);
}

static void list_absent(struct page *page, const json_t *absent)
{
    const char *key, *before = "";
    json_t *value;
    if (json_object_size(absent) == 0)
        return;
    page_item(page);
    page_strong(page, "What could not be read");
    page_text(page, ": ");
    json_object_foreach((json_t *)absent, key, value)
    {
        page_text(page, "%s%s (", before, key);
        print_value(page, value);
        page_text(page, ")");
        before = "; ";
    }
    page_text(page, ".");
    page_item_end(page);
}

static void list_clocks(struct page *page, const struct report *report)
{
    for (size_t v = 0; v < REPORT_VERBS; v++)
        for (size_t i = 0; i < report->count; i++) {
            const json_t *clock = json_object_get(report->records[i].root, "clock");
            if (report->records[i].verb != v || !json_is_string(json_object_get(clock, "includes")))
                continue;
            page_item(page);
            page_strong(page, "The clock of %s", report_verb_names[v]);
            page_text(page, ": %s", json_string_value(json_object_get(clock, "includes")));
            page_item_end(page);
            break;
        }
}

static void list_commands(struct page *page, const struct report *report)
{
    page_item(page);
    page_strong(page, "The commands");
    page_text(page, ", in order: ");
    for (size_t i = 0; i < report->count; i++) {
        const struct report_record *record = &report->records[i];
        const json_t *command = json_object_get(record->root, "command");
        page_text(page, "%s%s", i ? "; " : "", report->models[record->model].name);
        for (size_t w = 0; w < json_array_size(command); w++) {
            page_text(page, " ");
            print_value(page, json_array_get(command, w));
        }
    }
    page_text(page, ".");
    page_item_end(page);
}

void report_tables_machine(struct page *page, const struct report *report)
{
    const json_t *root = report->records[0].root;
    page_section(page, "steady", "Whether the machine stayed the same");
    say_drift(page, report);
    table_canaries(page, report);
    page_section(page, "how", "Where and how it was measured");
    page_list(page);
    list_section(page, "Machine", json_object_get(root, "machine"));
    list_absent(page, json_object_get(json_object_get(root, "machine"), "absent"));
    list_section(page, "Build", json_object_get(root, "build"));
    list_section(page, "Run", json_object_get(root, "run"));
    list_clocks(page, report);
    list_commands(page, report);
    page_list_end(page);
}

/* ---- what is missing ------------------------------------------------------------------------- */

static const struct report_step *failed_step(const struct report *report, const char *model,
                                             const char *verb)
{
    for (size_t i = 0; i < report->step_count; i++)
        if (report->steps[i].code != 0 && strcmp(report->steps[i].model, model) == 0 &&
            strcmp(report->steps[i].verb, verb) == 0)
            return &report->steps[i];
    return NULL;
}

static bool misses(const struct report_model *model, size_t verb)
{
    return model->of[verb] == NULL && !(verb == REPORT_PERPLEXITY && model->random);
}

size_t report_missing(const struct report *report)
{
    size_t missing = 0;
    for (size_t i = 0; i < report->step_count; i++)
        missing += report->steps[i].code != 0;
    for (size_t m = 0; m < report->model_count; m++)
        for (size_t v = 0; v < REPORT_VERBS; v++)
            missing += misses(&report->models[m], v) &&
                       failed_step(report, report->models[m].name, report_verb_names[v]) == NULL;
    for (size_t i = 0; i < report->count; i++)
        missing += !is_complete(&report->records[i]);
    return missing;
}

static void row_missing(struct page *page, size_t *row, const char *model, const char *step)
{
    page_row(page, report_row('X', ++*row).text);
    page_cell(page, "%s", model);
    page_cell(page, "%s", step);
}

void report_tables_missing(struct page *page, const struct report *report)
{
    static const struct page_column columns[] = {
        {"model", false}, {"step", false}, {"what happened", false}};
    size_t row = 0;
    if (report_missing(report) == 0)
        return;
    page_section(page, "missing", "What is missing");
    page_table(page, "missing-table", "Steps without a whole result", COLUMNS(columns));
    for (size_t i = 0; i < report->step_count; i++) {
        const struct report_step *step = &report->steps[i];
        if (step->code == 0)
            continue;
        row_missing(page, &row, step->model, step->verb);
        page_cell(page, "%s (exit code %d)", step->message ? step->message : "no message",
                  step->code);
        page_row_end(page);
    }
    for (size_t i = 0; i < report->count; i++) {
        const struct report_record *record = &report->records[i];
        if (is_complete(record))
            continue;
        row_missing(page, &row, report->models[record->model].name,
                    report_verb_names[record->verb]);
        page_cell(page, "interrupted; what had been measured is here");
        page_row_end(page);
    }
    for (size_t m = 0; m < report->model_count; m++)
        for (size_t v = 0; v < REPORT_VERBS; v++) {
            const char *name = report->models[m].name;
            if (!misses(&report->models[m], v) ||
                failed_step(report, name, report_verb_names[v]) != NULL)
                continue;
            row_missing(page, &row, name, report_verb_names[v]);
            page_cell(page, "there is no record of it");
            page_row_end(page);
        }
    page_table_end(page);
}
