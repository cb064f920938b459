/* The page as a whole: the order of its parts, and its files. */
#include "tools/measure/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/partial.h"

void report_write(const char *folder, const char *name, const char *text, size_t bytes)
{
    char *path;
    struct partial partial;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        die(EXIT_MEMORY, "no memory for a path");
    if (!partial_open(&partial, path))
        die(EXIT_FAILED, "%s: %s", partial.name, strerror(errno));
    for (size_t done = 0; done < bytes;) {
        const ssize_t written = write(partial.file, text + done, bytes - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            const int reason = errno;
            partial_abandon(&partial);
            die(EXIT_FAILED, "%s: %s", partial.name, strerror(reason));
        }
        done += (size_t)written;
    }
    if (interrupt_asked()) {
        partial_abandon(&partial);
        die(EXIT_INTERRUPTED, "%s: interrupted, it was not written", path);
    }
    const char *failed = partial_commit(&partial);
    if (failed != NULL)
        die(EXIT_FAILED, "%s: %s: %s", path, failed, strerror(errno));
    free(path);
}

/* When the earliest record was begun: such times are in the order of their texts. */
static const char *first_start(const struct report *report)
{
    const char *first = NULL;
    for (size_t i = 0; i < report->count; i++) {
        const char *start = json_string_value(json_object_get(report->records[i].root, "started"));
        first = first == NULL || strcmp(start, first) < 0 ? start : first;
    }
    return first;
}

/* What the page is about, and how far the sizes of its models are apart. */
static void introduce(struct page *page, const struct report *report)
{
    const json_t *root = report->records[0].root;
    const json_t *machine = json_object_get(root, "machine");
    const char *processor = json_string_value(json_object_get(machine, "processor"));
    const char *device = json_string_value(json_object_get(machine, "device"));
    size_t least = 0, most = 0;
    double parameters[REPORT_MODELS] = {0};
    for (size_t m = 0; m < report->model_count; m++) {
        parameters[m] = report_number(report->models[m].about, "active_parameters");
        least = parameters[m] < parameters[least] ? m : least;
        most = parameters[m] > parameters[most] ? m : most;
    }
    page_paragraph(page);
    page_text(page, "Measured on %s, backend %s, %s threads, beginning at %s.",
              device      ? device
              : processor ? processor
                          : "a processor that did not say its name",
              json_string_value(json_object_get(json_object_get(root, "build"), "backend")),
              report_count(report_number(json_object_get(root, "run"), "threads")).text,
              first_start(report));
    if (parameters[most] > parameters[least]) {
        page_text(page, " A token goes through %s times as many parameters of %s as of %s ",
                  report_digits(parameters[most] / parameters[least]).text,
                  report->models[most].name, report->models[least].name);
        page_reference(page, report_row('A', most + 1).text);
        page_text(page, " ");
        page_reference(page, report_row('A', least + 1).text);
        page_text(page,
                  ": a small model is fast and needs little memory, and is not better for that.");
    }
    if (report_missing(report) > 0) {
        page_text(page, " Not everything could be measured: ");
        page_reference(page, "X1");
        page_text(page, " and on.");
    }
    page_paragraph_end(page);
}

static void fill(struct page *page, const struct report *report, const char *folder)
{
    char title[256] = "ingot:";
    for (size_t m = 0; m < report->model_count; m++) {
        const size_t used = strlen(title);
        snprintf(title + used, sizeof title - used, "%s %s", m ? "," : "", report->models[m].name);
    }
    page_open(page, title);
    introduce(page, report);
    report_advice(page, report);
    report_tables_models(page, report);
    report_picture_memory(page, report, folder);
    report_tables_speed(page, report);
    page_section(page, "context", "Speed and memory against context");
    report_picture_context(page, report, folder);
    report_tables_context(page, report);
    page_section(page, "latency", "Latency");
    report_picture_latency(page, report, folder);
    report_tables_latency(page, report);
    page_section(page, "quality", "Quality");
    report_picture_positions(page, report, folder);
    report_tables_quality(page, report);
    report_tables_missing(page, report);
    report_tables_machine(page, report);
    page_close(page);
}

void report_page(const struct report *report, const char *folder)
{
    struct page page;
    fill(&page, report, folder);
    report_write(folder, "report.html", page.html_text, page.html_bytes);
    report_write(folder, "report.md", page.markdown_text, page.markdown_bytes);
    free(page.html_text);
    free(page.markdown_text);
}
