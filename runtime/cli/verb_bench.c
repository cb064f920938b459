/* bench: how fast, beside what the machine can give in the same moments. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/philox.h"
#include "runtime/cli/measure_options.h"
#include "runtime/cli/options.h"
#include "runtime/cli/text.h"
#include "runtime/measure/bench.h"

enum { MOST_TOKENS = 100000000, MOST_REPETITIONS = 1000, MOST_DELAY = 86400 };

struct bench_options {
    struct common_options common;
    struct record_options record;
    struct bench_plan plan;
    const char *file; /* of the text; NULL: random ids */
};

/* "512,128" */
static void add_pair(struct bench_plan *plan, const char *text)
{
    struct number_list pair = {.count = 0};
    const char *comma = strchr(text, ',');
    if (comma != NULL && text[strspn(text, "0123456789,")] == '\0' && comma == strrchr(text, ',')) {
        number_list_add(&pair, "--prompt-gen", text, 1, MOST_TOKENS);
        const struct bench_test test = {.prompt = (u32)pair.at[0],
                                        .gen = (u32)pair.at[pair.count - 1]};
        if (plan->pair_count == BENCH_PAIRS_MOST)
            die(EXIT_USAGE, "--prompt-gen: more than %d pairs", BENCH_PAIRS_MOST);
        plan->pairs[plan->pair_count++] = test;
        return;
    }
    die(EXIT_USAGE,
        "--prompt-gen: '%s': expected two whole numbers from 1 to %d, as in 512,128: tokens of a "
        "prefill and of the decode behind it",
        text, MOST_TOKENS);
}

/* What llama-bench's users write, -pg 512,128, is -p with "g" to argp. */
static const char *pair_after(struct argp_state *state, const char *argument)
{
    if (strcmp(argument, "g") != 0 || argument != state->argv[state->next - 1] + 2)
        return NULL;
    if (state->next == state->argc)
        argp_error(state, "option requires an argument -- 'pg'");
    return state->argv[state->next++];
}

/* What a command line without these lists measures. */
static void set_defaults(struct bench_options *options)
{
    struct bench_plan *plan = &options->plan;
    if (plan->prompts.count == 0)
        number_list_add(&plan->prompts, "", "512", 0, MOST_TOKENS);
    if (plan->gens.count == 0)
        number_list_add(&plan->gens, "", "128", 0, MOST_TOKENS);
    if (plan->depths.count == 0)
        number_list_add(&plan->depths, "", "0", 0, MOST_TOKENS);
    number_list_sort(&plan->depths);
    if (plan->threads.count == 0)
        plan->threads.count = 1; /* 0 of them: as many as there are by default */
    options->common.threads = (u32)number_list_most(&plan->threads);
    plan->progress = (plan->progress || isatty(STDERR_FILENO)) && !options->common.quiet;
    if (bench_figures(plan) == 0)
        die(EXIT_USAGE,
            "-p 0 -n 0 leaves nothing to measure; give --prompt-gen, or another number");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct bench_options *options = state->input;
    struct bench_plan *plan = &options->plan;
    const char *pair;
    switch (key) {
    case ARGP_KEY_INIT:
        options->common.threads_list = &plan->threads;
        state->child_inputs[0] = &options->record;
        state->child_inputs[1] = &options->common;
        return 0;
    case 'p':
        pair = pair_after(state, argument);
        if (pair != NULL)
            add_pair(plan, pair);
        else
            number_list_add(&plan->prompts, "--n-prompt", argument, 0, MOST_TOKENS);
        return 0;
    case 'n':
        number_list_add(&plan->gens, "--n-gen", argument, 0, MOST_TOKENS);
        return 0;
    case OPTION_PROMPT_GEN:
        add_pair(plan, argument);
        return 0;
    case 'd':
        number_list_add(&plan->depths, "--n-depth", argument, 0, MOST_TOKENS);
        return 0;
    case 'r':
        plan->repetitions = (u32)option_integer("--repetitions", argument, 1, MOST_REPETITIONS);
        return 0;
    case 'f':
        options->file = argument;
        return 0;
    case OPTION_NO_WARMUP:
        plan->warm_up = false;
        return 0;
    case OPTION_DELAY:
        plan->delay_seconds = (u32)option_integer("--delay", argument, 0, MOST_DELAY);
        return 0;
    case OPTION_PROGRESS:
        plan->progress = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", argument);
        return 0;
    case ARGP_KEY_SUCCESS:
        set_defaults(options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"n-prompt", 'p', "N,...", 0, "Tokens of a prefill: pp512 (default 512; 0: none)", 1},
    {"n-gen", 'n', "N,...", 0, "Tokens of a decode: tg128 (default 128; 0: none)", 1},
    {"prompt-gen", OPTION_PROMPT_GEN, "PP,TG", 0,
     "Also a prefill and a decode behind it: pp512+tg128; may be repeated, and written as -pg "
     "PP,TG",
     1},
    {"n-depth", 'd', "N,...", 0, "Behind so many tokens: tg128 @ d4096 (default 0)", 1},
    {"repetitions", 'r', "N", 0, "Samples of every figure (default 5)", 1},
    {"file", 'f', "FILE", 0, "Measure with the tokens of this text; without, random ones", 1},
    {"no-warmup", OPTION_NO_WARMUP, NULL, 0, "Nothing goes through in front of a figure", 2},
    {"delay", OPTION_DELAY, "SECONDS", 0, "Wait in front of every figure but the first", 2},
    {"progress", OPTION_PROGRESS, NULL, 0,
     "Say on stderr what is measured, also where that is no terminal", 2},
    {0},
};
static const struct argp_child children[] = {
    {&measure_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc =
        "Measures prefill and decode, each by itself, behind texts of any length, and in turn with "
        "them what the machine gives: beside decode the bandwidth of reading memory as large as "
        "the weights, beside prefill the rate of multiply-adds with nothing else to do.\v"
        "N,... is a list; it may have ranges, 1-4 or 128-1024+128 or 1-64*2, and be given again, "
        "as --threads may. GB/s are those of the weights, the state, and the keys and values that "
        "a token reads. On the CPU the memory that is read comes on top of the weights, at most "
        "1 GiB of it. On CUDA the time of a token is that between two stamps by the device, which "
        "chooses the tokens of a decode itself. Exit codes as for 'run'."};

static struct session session;
static struct record record;
static struct bench bench;
static struct text text;

/* The ids of a whole text of that length. */
static void fill_ids(u32 *ids, uint64_t count, const char *file)
{
    uint64_t filled = 0;
    for (; file == NULL && filled < count; filled++)
        ids[filled] = (u32)(philox_uniform(1, filled) * model.vocab);
    if (file == NULL)
        return;
    text_open_file(&text, file);
    text_begin(&text, session.tokenizer, true);
    for (u32 some = 1; some > 0 && filled < count; filled += some) {
        const uint64_t left = count - filled;
        some = text_tokens(&text, ids + filled, left < 65536 ? (u32)left : 65536);
    }
    if (interrupt_asked())
        exit(EXIT_INTERRUPTED);
    if (filled < count)
        die(EXIT_FAILED,
            "%s: %" PRIu64 " tokens, but the longest test takes %" PRIu64
            " with its depth: give a longer text, or smaller numbers",
            text.name, filled, count);
}

/* The section of the record. */
static void write_section(struct json *json, const void *context)
{
    const struct bench_options *options = context;
    const char *tokens = options->file != NULL ? "text" : "random";
    uint64_t planned, taken;
    bool shared;
    json_open(json, "bench", '{');
    json_add_string(json, "tokens", tokens);
    json_add_string(json, "decode_tokens", backend_has_graphs ? "chosen" : tokens);
    json_add_bool(json, "warm_up", options->plan.warm_up);
    if (backend_bench_memory(&session, &planned, &taken, &shared)) {
        json_add_integer(json, "device_bytes_planned", planned);
        json_add_integer(json, "device_bytes_taken", taken);
        json_add_bool(json, "device_memory_shared", shared);
    }
    json_close(json, '}');
}

static const char includes[] =
    "prefill: from the first token of the prompt until the logits of its last are on the host; "
    "decode: every token from its id until its logits are on the host, on CUDA from one choice to "
    "the next by the device's clock; both: the sum of the two, each timed by itself; nowhere: "
    "tokenization, and the copy of the state that the figure starts from";

/* Opens everything and measures; returns the exit code. */
static int measure(struct bench_options *options)
{
    struct bench_plan *plan = &options->plan;
    const u32 figures = bench_figures(plan), longest = plan->repetitions;
    const uint64_t samples = (uint64_t)figures * longest;
    const uint64_t record_room = record_bytes(figures, samples, longest);
    const uint64_t positions = bench_positions(plan);
    const uint64_t ids_bytes = arena_rounded(positions * sizeof(u32));
    struct session_options whole = options_session(&options->common);
    whole.host_bytes = ids_bytes + bench_bytes(plan) + record_room + backend_bench_bytes();
    const uint64_t deepest = number_list_most(&plan->depths);
    whole.snapshot_bytes = deepest > 0 ? state_bytes(deepest) : 0;
    whole.text = options->file != NULL;
    session_open(&session, &whole);
    if (plan->threads.at[0] == 0)
        plan->threads.at[0] = session.pool.started;
    u32 *ids = arena_take(&session.io, ids_bytes);
    void *memory = arena_take(&session.io, bench_bytes(plan));
    fill_ids(ids, positions, options->file);
    backend_bench_open(&session, bench_longest_gen(plan));
    record_begin(&record, &session, arena_take(&session.io, record_room), figures, samples);
    bench_open(&bench, plan, &session, &record, ids, memory);
    arena_seal();
    const bool complete = bench_run(&bench);
    const struct record_end end = {
        .complete = complete,
        .read_bytes = {bench.reads.values, bench.reads.count},
        .multiply_adds = {bench.multiply_adds.values, bench.multiply_adds.count},
        .canary = &bench.canary,
        .section = write_section,
        .context = options,
    };
    return record_end(&record, &end);
}

int verb_bench(int argc, char **argv)
{
    static struct bench_options options = {
        .record.format = RECORD_MD, .plan.repetitions = 5, .plan.warm_up = true};
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    bench_require_room(&options.plan);
    record_check(&record, &options.record, "bench", includes, argc, argv);
    return measure(&options);
}
