/* plot: records of measurements become a picture. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/out.h"
#include "runtime/base/partial.h"
#include "runtime/base/streams.h"
#include "tools/measure/record_picture.h"
#include "tools/measure/record_read.h"

struct arguments {
    const char *output;
    char **paths;
    size_t count;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "The picture: SVG", 0},
    {0},
};

static const char description[] =
    "Draws a picture of records of one verb into FILE: speed and memory against depth (sweep), the "
    "seconds of each token and how many took how long (latency), bits per byte by position "
    "(perplexity), speeds as bars (bench).\v"
    "RECORD is what --record FILE of such a verb has written, in JSON or JSON lines, also of a run "
    "that was cut short. gnuplot draws (package gnuplot-nox). The same records make the same "
    "bytes.\n\n"
    "Exit codes: 0 done; 1 the picture cannot be drawn or written; 2 usage; 3 no memory; 4 a "
    "record is damaged or does not fit the others; 130 interrupted (Ctrl-C, SIGTERM, SIGHUP): no "
    "picture is half written.";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = argument;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->paths = state->argv + state->next;
        arguments->count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        if (!arguments->output)
            argp_error(state, "no output: give -o FILE");
        if (arguments->count == 0)
            argp_error(state, "no record");
        if (arguments->count > PICTURE_RECORDS)
            argp_error(state, "%zu records, at most %d fit into one picture", arguments->count,
                       PICTURE_RECORDS);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_picture(const char *path, const char *svg, size_t bytes)
{
    static struct partial partial;
    static struct out out;
    if (!partial_open(&partial, path))
        die(EXIT_FAILED, "%s cannot be created: %s", partial.name, strerror(errno));
    out_open(&out, partial.file, path);
    out.aside = partial.name;
    out_write(&out, svg, bytes);
    out_flush(&out);
    if (interrupt_asked()) {
        partial_abandon(&partial);
        exit(EXIT_INTERRUPTED);
    }
    const char *failed = partial_commit(&partial);
    if (failed)
        die(EXIT_FAILED, "%s: cannot %s: %s", path, failed, strerror(errno));
}

int main(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "RECORD...", description, 0, 0, 0};
    static struct record_read records[PICTURE_RECORDS];
    static struct pictured_record pictured[PICTURE_RECORDS];
    static char error[RECORD_READ_ERROR];
    struct arguments arguments = {0};
    char *svg;
    size_t bytes;
    streams_require();
    argp_err_exit_status = EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments))
        return EXIT_USAGE;
    interrupt_catch();
    for (size_t i = 0; i < arguments.count; i++) {
        if (!record_read_file(&records[i], arguments.paths[i], error))
            die(EXIT_MISMATCH, "%s", error);
        pictured[i] = (struct pictured_record){arguments.paths[i], records[i].root};
    }
    if (!record_picture_fits(pictured, arguments.count, error))
        die(EXIT_MISMATCH, "%s", error);
    if (!record_picture(pictured, arguments.count, "picture", &svg, &bytes, error))
        die(EXIT_FAILED, "%s", error);
    write_picture(arguments.output, svg, bytes);
    free(svg);
    for (size_t i = 0; i < arguments.count; i++)
        record_read_free(&records[i]);
    return EXIT_SUCCESS;
}
