#include "runtime/cli/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"
#include "runtime/engine/team.h"
#include "runtime/engine/weight_file.h"

int64_t option_integer(const char *option, const char *text, int64_t least, int64_t most)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool spelled = end != text && *end == '\0' && text[0] != ' ' && errno == 0;
    if (!spelled || value < least || value > most)
        die(EXIT_USAGE, "%s: '%s' is not a whole number from %" PRId64 " to %" PRId64, option, text,
            least, most);
    return value;
}

static uint64_t option_seed(const char *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        die(EXIT_USAGE, "%s: '%s' is not a whole number from 0 to %" PRIu64, option, text,
            UINT64_MAX);
    return value;
}

/* --seed -1: a seed that nobody can foretell. */
static uint64_t draw_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        die(EXIT_FAILED, "--seed -1: no random number from the system: %s", strerror(errno));
    return seed;
}

static double option_real(const char *option, const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        die(EXIT_USAGE, "%s: '%s' is not a number from %g to %g", option, text, least, most);
    return value;
}

static _Noreturn void refuse_context(void)
{
    if (model.context == 0)
        die(EXIT_USAGE,
            "--ctx-size does not apply: the state of %s has a fixed size and takes a text of any "
            "length; leave the option out",
            model.name);
    die(EXIT_USAGE,
        "--ctx-size is fixed when the binary is built (%" PRIu64
        "): set 'context' under [build] in "
        "config/%s.ini and run 'make MODEL=%s%s'",
        model.context, model.name, model.name, backend_make);
}

static u32 batch_size(const char *text)
{
    int64_t value = option_integer("--batch-size", text, 1, INT32_MAX);
    if (value > model.chunk)
        die(EXIT_USAGE,
            "--batch-size %" PRId64 " is more than this binary was built for (%u): set "
            "'prefill_chunk = %" PRId64
            "' under [build] in config/%s.ini and run 'make MODEL=%s%s'",
            value, model.chunk, value, model.name, model.name, backend_make);
    return (u32)value;
}

/* What such an option asks for, on a backend that can do it. */
static struct graph_mode graph_mode(struct graph_mode mode, int key)
{
    static const struct {
        const char *name;
        enum graph_use use;
    } options[] = {{"--no-graph", GRAPH_NONE},
                   {"--graph", GRAPH_STEP},
                   {"--loop", GRAPH_LOOP},
                   {"--no-pdl", GRAPH_DEFAULT}};
    int index = key - OPTION_NO_GRAPH;
    const char *name = options[index].name;
    if (!backend_has_graphs)
        die(EXIT_USAGE,
            "%s: the backend '%s' has no graphs; leave the option out, or run 'make MODEL=%s "
            "BACKEND=cuda' for a binary that has",
            name, backend_name, model.name);
    if (key == OPTION_NO_PDL) {
        mode.no_pdl = true;
        return mode;
    }
    if (mode.use != GRAPH_DEFAULT && mode.use != options[index].use)
        die(EXIT_USAGE, "--no-graph, --graph and --loop exclude each other");
    mode.use = options[index].use;
    return mode;
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    struct common_options *options = state->input;
    switch (key) {
    case 'm':
        options->weights = argument;
        return 0;
    case OPTION_RANDOM_WEIGHTS:
        if (!backend_has_random_weights)
            die(EXIT_USAGE,
                "--random-weights: the backend '%s' reads weights from a file; make one with 'make "
                "MODEL=%s RANDOM_WEIGHTS=SEED'",
                backend_name, model.name);
        options->random_weights = true;
        options->random_seed = option_seed("--random-weights", argument);
        return 0;
    case 't':
        if (options->threads_list)
            number_list_add(options->threads_list, "--threads", argument, 1, TEAM_MOST_THREADS);
        else
            options->threads = (u32)option_integer("--threads", argument, 1, TEAM_MOST_THREADS);
        return 0;
    case 'b':
        options->chunk = batch_size(argument);
        return 0;
    case 'c':
        refuse_context();
    case OPTION_NO_GRAPH:
    case OPTION_GRAPH:
    case OPTION_LOOP:
    case OPTION_NO_PDL:
        options->mode = graph_mode(options->mode, key);
        return 0;
    case OPTION_CHECK:
        options->check = true;
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case ARGP_KEY_END:
        if (options->check && (options->mode.use == GRAPH_STEP || options->mode.use == GRAPH_LOOP))
            die(EXIT_USAGE, "--check looks between operations, which a graph has no place for: "
                            "leave --graph and --loop out");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option common_list[] = {
    {"weights", 'm', "FILE", 0, "Weight file (default: this binary's path + .weights)", 10},
    {"model", 0, NULL, OPTION_ALIAS, NULL, 10},
    {"random-weights", OPTION_RANDOM_WEIGHTS, "SEED", 0,
     "CUDA, for measuring: no file, but the weights that 'pack --random SEED' would write", 11},
    {"threads", 't', "N", 0, "Threads (default: the processors it may use; never changes results)",
     10},
    {"batch-size", 'b', "N", 0, "Most tokens per prefill step, up to what was built", 10},
    {"ctx-size", 'c', "N", OPTION_HIDDEN, NULL, 10},
    {"check", OPTION_CHECK, NULL, 0,
     "Look at what every operation makes, and name the first with a value that is not finite; slow",
     10},
    {NULL, 'h', NULL, 0, "Give this help list", -1},
    {"quiet", 'q', NULL, 0, "No plan and no summary on stderr", 10},
    {"no-graph", OPTION_NO_GRAPH, NULL, 0, "CUDA: the host launches every kernel", 11},
    {"graph", OPTION_GRAPH, NULL, 0, "CUDA: a graph per step, also to generate", 11},
    {"loop", OPTION_LOOP, NULL, 0, "CUDA: generate in a loop on the device (default)", 11},
    {"no-pdl", OPTION_NO_PDL, NULL, 0, "CUDA: no kernel starts before the one before has ended",
     11},
    {0},
};
const struct argp common_argp = {.options = common_list, .parser = parse_common};

void generate_defaults(struct generate_options *options)
{
    *options = (struct generate_options){.sample = {.top_p = 1.0}, .tokens = 256};
}

/* A filter without a temperature would be ignored in silence. */
static void check_filters(const struct sample_options *sample)
{
    const char *given = sample->top_k         ? "--top-k"
                        : sample->top_p < 1.0 ? "--top-p"
                        : sample->min_p > 0.0 ? "--min-p"
                                              : NULL;
    if (given && !(sample->temperature > 0.0))
        die(EXIT_USAGE, "%s has no effect on greedy choice: give --temp above 0 as well", given);
}

static error_t parse_generate(int key, char *argument, struct argp_state *state)
{
    struct generate_options *options = state->input;
    struct sample_options *sample = &options->sample;
    switch (key) {
    case 'n':
        options->tokens = option_integer("--n-predict", argument, -2, INT64_MAX);
        options->tokens_given = true;
        return 0;
    case 's':
        options->seed_drawn = strcmp(argument, "-1") == 0;
        sample->seed = options->seed_drawn ? draw_seed() : option_seed("--seed", argument);
        return 0;
    case OPTION_TEMPERATURE:
        sample->temperature = option_real("--temp", argument, 0.0, 1000.0);
        return 0;
    case OPTION_TOP_K:
        sample->top_k = (u32)option_integer("--top-k", argument, 0, UINT32_MAX);
        return 0;
    case OPTION_TOP_P:
        sample->top_p = option_real("--top-p", argument, 0.0, 1.0);
        return 0;
    case OPTION_MIN_P:
        sample->min_p = option_real("--min-p", argument, 0.0, 1.0);
        return 0;
    case OPTION_IGNORE_EOS:
        options->ignore_eos = true;
        return 0;
    case ARGP_KEY_END:
        check_filters(sample);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option generate_list[] = {
    {"n-predict", 'n', "N", 0,
     "Tokens to generate; -1: until the end of text; -2: until that or until the context is full "
     "(default: 256 in run, none in stream)",
     5},
    {"predict", 0, NULL, OPTION_ALIAS, NULL, 5},
    {"temp", OPTION_TEMPERATURE, "T", 0, "Temperature; 0 takes the likeliest token (default)", 5},
    {"top-k", OPTION_TOP_K, "K", 0, "Only the K likeliest tokens; 0: all (default)", 5},
    {"top-p", OPTION_TOP_P, "P", 0, "Only the likeliest tokens up to probability P (default 1)", 5},
    {"min-p", OPTION_MIN_P, "P", 0, "Only tokens P times as likely as the likeliest (default 0)",
     5},
    {"seed", 's', "N", 0,
     "Seed of the draws; -1: a random one (default 0: the same text each time)", 5},
    {"ignore-eos", OPTION_IGNORE_EOS, NULL, 0, "Go on after the end of text", 5},
    {0},
};
const struct argp generate_argp = {.options = generate_list, .parser = parse_generate};

void generate_note(const struct generate_options *options, bool quiet)
{
    if (options->seed_drawn && !quiet)
        note("seed %" PRIu64, options->sample.seed);
}

/* What --version prints: enough to say which binary it was. */
static void print_version(FILE *to, struct argp_state *state)
{
    (void)state;
    fprintf(
        to,
        "%s, a binary of ingot\nbackend %s, %s; weight file version %d; config digest %016" PRIx64
        "%016" PRIx64 "\n",
        model.name, backend_name, backend_targets(), WEIGHT_FILE_VERSION, model.config_digest[1],
        model.config_digest[0]);
}

void options_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = EXIT_USAGE;
    argp_program_version_hook = print_version;
    if (argp_parse(argp, argc, argv, 0, NULL, input))
        exit(EXIT_USAGE);
}

struct session_options options_session(const struct common_options *common)
{
    return (struct session_options){.weights = common->weights,
                                    .random_weights = common->random_weights,
                                    .random_seed = common->random_seed,
                                    .threads = common->threads,
                                    .chunk = common->chunk,
                                    .mode = common->mode,
                                    .check = common->check,
                                    .quiet = common->quiet};
}
