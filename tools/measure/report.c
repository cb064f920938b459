/* report: records of several models become one page. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/streams.h"
#include "tools/measure/report.h"

enum { OPTION_STEPS = 256, OPTION_TEXT };

struct arguments {
    const char *folder, *steps, *text;
    char **paths;
    size_t count;
};

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "Where report.html and report.md go; made if it is not there", 0},
    {"steps", OPTION_STEPS, "FILE", 0,
     "What else happened, a line each: model, step, exit code, message, with tabs between", 0},
    {"text", OPTION_TEXT, "WORDS", 0, "What the text of the perplexities is, in words", 0},
    {0},
};

static const char description[] =
    "Writes DIR/report.html, one page that needs nothing beside itself, and its twin DIR/report.md "
    "with the pictures as report-*.svg: what the models of the records are, their memory, speed, "
    "latency and "
    "quality, and which suits which use, each claim with the rows that it rests on.\v"
    "RECORD is what --record FILE of bench, latency, sweep and perplexity has written, in JSON or "
    "JSON "
    "lines. All must come from one machine and number of threads. Samples of several records of "
    "bench of "
    "one model are put together; of the other verbs a model has one.\n\n"
    "Exit codes: 0 done; 1 a file cannot be written; 2 usage; 3 no memory; 4 a record is damaged "
    "or "
    "does not fit the others; 130 interrupted (Ctrl-C, SIGTERM, SIGHUP): no file is half written.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->folder = argument;
        break;
    case OPTION_STEPS:
        arguments->steps = argument;
        break;
    case OPTION_TEXT:
        arguments->text = argument;
        break;
    case ARGP_KEY_ARGS:
        arguments->paths = state->argv + state->next;
        arguments->count = (size_t)(state->argc - state->next);
        break;
    case ARGP_KEY_END:
        if (arguments->count == 0)
            argp_error(state, "expected a RECORD");
        if (arguments->folder == NULL)
            argp_error(state, "expected -o DIR");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int main(int count, char **values)
{
    static const struct argp argp = {options, parse_option, "RECORD...", description,
                                     NULL,    NULL,         NULL};
    static struct report report;
    struct arguments arguments = {0};
    char error[REPORT_ERROR];
    streams_require();
    interrupt_catch();
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, count, values, 0, NULL, &arguments);
    report.text = arguments.text;
    if (!report_read(&report, arguments.paths, arguments.count, error) ||
        (arguments.steps && !report_read_steps(&report, arguments.steps, error)))
        die(EXIT_MISMATCH, "%s", error);
    if (mkdir(arguments.folder, 0777) != 0 && errno != EEXIST)
        die(EXIT_FAILED, "%s: %s", arguments.folder, strerror(errno));
    report_page(&report, arguments.folder);
    report_free(&report);
    return EXIT_SUCCESS;
}
