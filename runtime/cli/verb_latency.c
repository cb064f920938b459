/* latency: how long the first token and each one behind it take. */
#include "runtime/cli/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/npy.h"
#include "runtime/base/philox.h"
#include "runtime/cli/measure_options.h"
#include "runtime/cli/options.h"
#include "runtime/cli/prompt.h"
#include "runtime/cli/text.h"
#include "runtime/measure/latency.h"

enum { MOST_TOKENS = 10000000, MOST_REPETITIONS = 1000 };

struct latency_options {
    struct common_options common;
    struct record_options record;
    char *prompt;
    const char *file, *series;
    u32 prompt_tokens, tokens, repetitions;
    bool no_bos;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct latency_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->record;
        state->child_inputs[1] = &options->common;
        return 0;
    case 'p':
        options->prompt = argument;
        return 0;
    case 'f':
        options->file = argument;
        return 0;
    case OPTION_PROMPT_TOKENS:
        options->prompt_tokens = (u32)option_integer("--prompt-tokens", argument, 1, MOST_TOKENS);
        return 0;
    case 'n':
        options->tokens = (u32)option_integer("--n-gen", argument, 1, MOST_TOKENS);
        return 0;
    case 'r':
        options->repetitions = (u32)option_integer("--repetitions", argument, 1, MOST_REPETITIONS);
        return 0;
    case OPTION_SERIES:
        options->series = argument;
        return 0;
    case OPTION_NO_BOS:
        options->no_bos = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'; the prompt goes behind --prompt", argument);
        return 0;
    case ARGP_KEY_END:
        if ((options->prompt != NULL) + (options->file != NULL) + (options->prompt_tokens > 0) > 1)
            die(EXIT_USAGE, "--prompt, --file and --prompt-tokens exclude each other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"prompt", 'p', "TEXT", 0, "The prompt", 1},
    {"file", 'f', "FILE", 0, "The prompt is the text of FILE; '-' is standard input", 1},
    {"prompt-tokens", OPTION_PROMPT_TOKENS, "N", 0,
     "The prompt is N random tokens (default 128), and needs no tokenizer", 1},
    {"n-gen", 'n', "N", 0, "Tokens behind the first one (default 256)", 1},
    {"repetitions", 'r', "N", 0, "Times that the prompt is read (default 5)", 1},
    {"series", OPTION_SERIES, "FILE", 0, "Write the seconds of each token to FILE, a .npy [N][1]",
     1},
    {"no-bos", OPTION_NO_BOS, NULL, 0,
     "Leave out the ids that the tokenizer puts around a text (BOS, EOS)", 1},
    {0},
};
static const struct argp_child children[] = {
    {&measure_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc =
        "Measures how long the first token of a text takes, and each token behind it, one by "
        "one.\v"
        "Quantiles are given where the tokens are enough for one to lie beyond. A canary, a fixed "
        "piece of work, runs before, between and after: where it slows down, the machine does, and "
        "the tokens there are called disturbed. ingot-measurement(5) says what the clock "
        "includes.\n\n"
        "Exit codes: 0; 1 failure at run time, or nobody reads the output any more; 2 usage; 3 not "
        "enough memory; 4 a weight file that does not fit or is damaged, a --file that is not "
        "UTF-8; 6 no suitable processor or GPU; 130 interrupted, with what was measured until "
        "then."};

static struct session session;
static struct record record;
static struct canary canary;
static struct latency latency;
static struct text text;
static struct npy series;

/* ---- the prompt ------------------------------------------------------------------------------ */

/* A text, or so many random ids. */
struct source {
    bool around;
    u32 tokens, given;
};

static void text_source_begin(void *context)
{
    const struct source *source = context;
    text_begin(&text, session.tokenizer, source->around);
}

static u32 text_source_next(void *context, u32 *ids, u32 capacity)
{
    (void)context;
    return text_tokens(&text, ids, capacity);
}

static void random_source_begin(void *context)
{
    struct source *source = context;
    source->given = 0;
}

static u32 random_source_next(void *context, u32 *ids, u32 capacity)
{
    struct source *source = context;
    u32 count = 0;
    while (count < capacity && source->given < source->tokens)
        ids[count++] = (u32)(philox_uniform(2, source->given++) * model.vocab);
    return count;
}

/* The whole of a file in memory, so that reading it is not in anybody's time. */
static char *read_whole(const char *path, size_t *bytes)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (file == NULL)
        die(EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
    char *whole = NULL;
    size_t room = 0, used = 0, got;
    do {
        if (used == room) {
            room = room > 0 ? 2 * room : TEXT_BLOCK;
            whole = realloc(whole, room);
            if (whole == NULL)
                die(EXIT_MEMORY, "%s: no memory for a text of more than %zu bytes", path, used);
        }
        got = fread(whole + used, 1, room - used, file);
        used += got;
    } while (got > 0 && !interrupt_asked());
    if (ferror(file) && !interrupt_asked())
        die(EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
    if (!standard)
        fclose(file);
    if (interrupt_asked())
        exit(EXIT_INTERRUPTED);
    *bytes = used - (used > 0 && whole[used - 1] == '\n');
    return whole;
}

/* Opens the prompt, and checks that it has room for the tokens behind it. Returns its tokens where
 * that is known now. */
static struct latency_prompt open_prompt(struct latency_options *options, struct source *source)
{
    source->around = !options->no_bos;
    source->tokens = options->prompt_tokens > 0 ? options->prompt_tokens : 128;
    if (options->prompt == NULL && options->file == NULL)
        return (struct latency_prompt){random_source_begin, random_source_next, source};
    size_t bytes;
    if (options->file != NULL) {
        const char *whole = read_whole(options->file, &bytes);
        text_open_memory(&text, whole, bytes,
                         strcmp(options->file, "-") == 0 ? "standard input" : options->file);
        text.fault = EXIT_MISMATCH;
    } else {
        bytes = prompt_unescape(options->prompt);
        text_open_memory(&text, options->prompt, bytes, "--prompt");
    }
    prompt_require_room(&text, &options->common, source->around);
    return (struct latency_prompt){text_source_begin, text_source_next, source};
}

/* ---- measuring ------------------------------------------------------------------------------- */

struct figures {
    struct figure *first, *tokenize, *token;
};

/* What is measured needs so many positions: known only when the prompt has been read once. */
static void require_room(uint64_t prompt, u32 tokens)
{
    session_require_room("the prompt and --n-gen", prompt + latency_positions(tokens), false);
}

static void measure(const struct latency_options *options, const struct latency_prompt *prompt,
                    u32 *ids, const struct figures *figures)
{
    struct latency_first first;
    if (!latency_first_token(&session, prompt, ids, &first)) /* the first touch is not kept */
        return;
    require_room(first.tokens, options->tokens);
    figures->first->n_prompt = figures->token->depth = (int64_t)first.tokens;
    canary_run(&canary, CANARY_BEFORE, NULL, -1);
    for (u32 i = 0; i < options->repetitions; i++) {
        if (!latency_first_token(&session, prompt, ids, &first))
            return;
        figure_sample(figures->first, first.seconds);
        if (figures->tokenize != NULL)
            figure_sample(figures->tokenize, first.tokenize);
    }
    canary_run(&canary, CANARY_BETWEEN, figures->first->name, figures->first->count);
    latency_tokens(&session, &canary, figures->token, &first);
}

static struct figures make_figures(const struct latency_options *options, bool has_text)
{
    struct figures figures = {
        .first = record_figure(&record, options->repetitions, "latency", "s", "first token"),
        .tokenize = has_text
                        ? record_figure(&record, options->repetitions, "latency", "s", "tokenize")
                        : NULL,
        .token = record_figure(&record, options->tokens, "latency", "s", "token"),
    };
    figures.first->lower_is_better = figures.token->lower_is_better = true;
    figures.token->n_gen = options->tokens;
    if (has_text)
        figures.tokenize->lower_is_better = true;
    return figures;
}

/* In single precision, which keeps seven digits of each. */
static void write_series(const struct figure *figure)
{
    npy_start(&series, figure->count, 1);
    for (u32 i = 0; i < figure->count; i++) {
        const f32 seconds = (f32)figure->samples[i];
        npy_row(&series, &seconds);
    }
    npy_close(&series);
}

static int report(const struct latency_options *options, const struct figures *figures,
                  void *memory)
{
    record_done(&record, figures->first);
    if (figures->tokenize != NULL)
        record_done(&record, figures->tokenize);
    record_done(&record, figures->token);
    struct record_end end = {.complete = !interrupt_asked(), .canary = &canary};
    if (figures->token->count > 0) {
        latency = (struct latency){.figure = figures->token,
                                   .first = figures->first,
                                   .tokenize = figures->tokenize,
                                   .canary = &canary,
                                   .series = options->series};
        latency_analyze(&latency, memory);
        end.section = latency_write;
        end.print = latency_print;
        end.context = &latency;
    }
    const int code = record_end(&record, &end);
    if (options->series != NULL && figures->token->count > 0)
        write_series(figures->token);
    return code;
}

int verb_latency(int argc, char **argv)
{
    static struct latency_options options = {.tokens = 256, .repetitions = 5};
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    record_check(&record, &options.record, "latency", latency_includes, argc, argv);
    if (options.series != NULL)
        npy_check(&series, options.series);
    struct source source = {0};
    const struct latency_prompt prompt = open_prompt(&options, &source);
    const bool has_text = prompt.next == text_source_next;
    if (!has_text)
        require_room(source.tokens, options.tokens);

    const u32 figure_count = 3, canaries = LATENCY_PARTS + 2;
    const uint64_t samples = options.tokens + 2 * (uint64_t)options.repetitions;
    const u32 longest = options.tokens > options.repetitions ? options.tokens : options.repetitions;
    const uint64_t ids_bytes = arena_rounded(session_chunk(options.common.chunk) * sizeof(u32));
    const uint64_t record_room = record_bytes(figure_count, samples, longest);
    const uint64_t canary_room = arena_rounded(canary_bytes(canaries));
    const uint64_t analysis_room = arena_rounded(latency_bytes(options.tokens));
    struct session_options whole = options_session(&options.common);
    whole.text = has_text;
    whole.host_bytes =
        ids_bytes + record_room + canary_room + analysis_room + backend_generate_bytes();
    session_open(&session, &whole);
    u32 *ids = arena_take(&session.io, ids_bytes);
    void *memory = arena_take(&session.io, analysis_room);
    const struct generation_options how = {.sample = {.top_p = 1.0},
                                           .vocab = has_text ? tokenizer_rows(session.tokenizer)
                                                             : model.vocab,
                                           .limit = (uint64_t)latency_part(options.tokens) + 1};
    backend_generate_open(&session, &how);
    record_begin(&record, &session, arena_take(&session.io, record_room), figure_count, samples);
    canary_open(&canary, &session, arena_take(&session.io, canary_room), canaries);
    const struct figures figures = make_figures(&options, has_text);
    arena_seal();
    measure(&options, &prompt, ids, &figures);
    return report(&options, &figures, memory);
}
