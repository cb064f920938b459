#include "runtime/cli/measure_options.h"

#include <string.h>

#include "runtime/base/die.h"
#include "runtime/cli/options.h"

static enum record_format output_format(const char *text)
{
    static const char *const names[] = {
        [RECORD_TABLE] = "table", [RECORD_MD] = "md",       [RECORD_CSV] = "csv",
        [RECORD_JSON] = "json",   [RECORD_JSONL] = "jsonl",
    };
    for (u32 i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum record_format)i;
    die(EXIT_USAGE, "--output: '%s' is not known; expected table, md, csv, json or jsonl", text);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct record_options *options = state->input;
    switch (key) {
    case 'o':
        options->format = output_format(argument);
        return 0;
    case OPTION_RECORD:
        options->path = argument;
        return 0;
    case OPTION_PIN:
        options->pin = true;
        return 0;
    case OPTION_MLOCK:
        options->lock = true;
        return 0;
    case OPTION_PREFAULT:
        options->prefault = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"output", 'o', "FORMAT", 0,
     "On standard output: table, md, csv, json (one object) or jsonl (a line as soon as a figure "
     "is "
     "measured); ingot-measurement(5) describes the last two",
     8},
    {"record", OPTION_RECORD, "FILE", 0, "Write the JSON object to FILE too, whole or not at all",
     8},
    {"pin", OPTION_PIN, NULL, 0,
     "A processor for each thread, also where they are fewer than the processors", 9},
    {"mlock", OPTION_MLOCK, NULL, 0, "Keep all memory from being swapped out", 9},
    {"prefault", OPTION_PREFAULT, NULL, 0,
     "Touch every page of code, libraries and stacks before measuring", 9},
    {0},
};
const struct argp measure_argp = {.options = list, .parser = parse};
