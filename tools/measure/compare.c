/* compare: whether one program is faster than another, from two records of measurements or by
 * running both in turn. ingot-compare(1) says how it decides. */
#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/out.h"
#include "runtime/base/streams.h"
#include "tools/measure/compare_run.h"
#include "tools/measure/comparison.h"

enum { OPTION_MARGIN = 256, OPTION_RUN, OPTION_PAIRS, OPTION_DIFFERENT };

struct arguments {
    char *names[2];
    unsigned count;
    struct run_request request; /* options: what stands behind A and B */
    double margin;
    bool run, json, different, pairs;
};

static const struct argp_option options[] = {
    {NULL, 'o', "FORMAT", 0, "md (default): a Markdown table; json: one object", 0},
    {"margin", OPTION_MARGIN, "PERCENT", 0,
     "Differences that do not matter: what lies within is the same (default 2)", 0},
    {"run", OPTION_RUN, NULL, 0,
     "A and B are programs, or commands in one word each: run them in turn", 0},
    {"pairs", OPTION_PAIRS, "N", 0, "Most pairs of --run, 20 to 800 (default 200)", 0},
    {"different", OPTION_DIFFERENT, NULL, 0, "Compare different models or verbs, too", 0},
    {0},
};

static double parse_number(const char *option, const char *text, double least, double most,
                           struct argp_state *state)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        argp_error(state, "%s %s: expected a number from %g to %g", option, text, least, most);
    return value;
}

static void check_arguments(struct arguments *arguments, struct argp_state *state)
{
    if (arguments->count < 2)
        argp_error(state, arguments->run ? "expected two programs" : "expected two records");
    if (!arguments->run && arguments->request.option_count > 0)
        argp_error(state, "one argument too many: '%s'", arguments->request.options[0]);
    if (!arguments->run && arguments->pairs)
        argp_error(state, "--pairs goes with --run");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->json = strcmp(argument, "json") == 0;
        if (!arguments->json && strcmp(argument, "md") != 0)
            argp_error(state, "-o %s: expected md or json", argument);
        break;
    case OPTION_MARGIN:
        arguments->margin = parse_number("--margin", argument, 0.01, 50, state) / 100;
        break;
    case OPTION_RUN:
        arguments->run = true;
        break;
    case OPTION_PAIRS:
        arguments->request.most_blocks =
            (uint64_t)parse_number("--pairs", argument, (double)(2 * PAIRED_FIRST_LOOK),
                                   (double)(2 * PAIRED_MOST_BLOCKS), state) /
            2;
        arguments->pairs = true;
        break;
    case OPTION_DIFFERENT:
        arguments->different = true;
        break;
    case ARGP_KEY_ARG:
        if (arguments->count == 2)
            return ARGP_ERR_UNKNOWN; /* the rest comes as ARGP_KEY_ARGS */
        arguments->names[arguments->count++] = argument;
        break;
    case ARGP_KEY_ARGS:
        arguments->request.options = state->argv + state->next;
        arguments->request.option_count = (size_t)(state->argc - state->next);
        break;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static bool same_text(const struct comparisons *all, const char *section, const char *key)
{
    const json_t *of[2];
    for (int side = 0; side < 2; side++) {
        const json_t *root = all->of[side]->root;
        of[side] = json_object_get(section ? json_object_get(root, section) : root, key);
    }
    return of[0] == NULL || of[1] == NULL || json_equal(of[0], of[1]);
}

/* Two quantities that are no versions of one are compared only if that is meant. */
static void require_same(const struct comparisons *all)
{
    if (!same_text(all, NULL, "verb"))
        die(EXIT_MISMATCH, "A is of '%s', B of '%s'; give --different to compare them all the same",
            all->of[0]->verb, all->of[1]->verb);
    if (!same_text(all, "model", "name") || !same_text(all, "model", "parameters"))
        die(EXIT_MISMATCH,
            "A is of the model '%s', B of '%s', or of another size; give --different to compare "
            "them all the same",
            all->of[0]->model, all->of[1]->model);
}

static int report(const struct comparisons *all, bool json)
{
    static struct out out;
    size_t bytes;
    char *text = json ? comparisons_json(all, &bytes) : comparisons_markdown(all, &bytes);
    out_open(&out, STDOUT_FILENO, "standard output");
    out_write(&out, text, bytes);
    if (json)
        out_text(&out, "\n");
    out_flush(&out);
    free(text);
    bool worse = out.closed;
    for (size_t i = 0; i < all->count; i++)
        worse |= all->figures[i].verdict == VERDICT_WORSE;
    return all->interrupted ? EXIT_INTERRUPTED : worse ? EXIT_FAILED : EXIT_SUCCESS;
}

int main(int count, char **values)
{
    static const char usage[] = "A.json B.json\n--run A B [-- OPTIONS]";
    static const char description[] =
        "Says of every figure that two records have in common whether B is faster, slower or the "
        "same as A, or that it is unclear. With --run, A and B are run in turn, each as bench with "
        "OPTIONS, until that is decided.\vExit codes: 0, no figure is slower or worse; 1, one is, "
        "or "
        "a program failed; 2, usage; 3, no memory; 4, a file is no record, or of another model; "
        "130, interrupted.";
    static const struct argp argp = {options, parse_option, usage, description, NULL, NULL, NULL};
    struct arguments arguments = {.margin = COMPARISON_MARGIN, .request = {.most_blocks = 100}};
    struct record_read records[2] = {{0}, {0}};
    struct comparisons all = {.of = {&records[0], &records[1]}};
    streams_require();
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, count, values, ARGP_IN_ORDER, NULL, &arguments);
    all.margin = arguments.margin;
    for (int side = 0; side < 2; side++)
        all.names[side] = arguments.request.commands[side] = arguments.names[side];
    char error[RECORD_READ_ERROR];
    if (arguments.run) {
        interrupt_catch();
        compare_run_begin(&all, &arguments.request);
    } else {
        for (int side = 0; side < 2; side++)
            if (!record_read_file(&records[side], arguments.names[side], error))
                die(EXIT_MISMATCH, "%s", error);
    }
    if (!arguments.different)
        require_same(&all);
    if (arguments.run)
        compare_run(&all, &arguments.request);
    else
        comparisons_of_records(&all);
    if (all.count == 0)
        die(EXIT_MISMATCH, "%s and %s have no figure in common", all.names[0], all.names[1]);
    comparisons_note_differences(&all);
    const int code = report(&all, arguments.json);
    comparisons_free(&all);
    record_read_free(&records[0]);
    record_read_free(&records[1]);
    return code;
}
