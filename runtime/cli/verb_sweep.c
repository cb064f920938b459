/* sweep: speed and memory at growing depths of one text, in one pass. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/philox.h"
#include "runtime/cli/depths.h"
#include "runtime/cli/measure_options.h"
#include "runtime/cli/options.h"
#include "runtime/cli/sweep_table.h"
#include "runtime/cli/text.h"
#include "runtime/measure/record.h"
#include "runtime/measure/sweep.h"

struct options {
    struct common_options common;
    struct record_options record;
    struct depths depths;
    const char *file; /* NULL: random ids */
    bool repeat, no_bos;
    u32 generate, prompt, repetitions;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->depths;
        state->child_inputs[1] = &options->record;
        state->child_inputs[2] = &options->common;
        return 0;
    case 'f':
        options->file = argument;
        return 0;
    case OPTION_REPEAT:
        options->repeat = true;
        return 0;
    case OPTION_NO_BOS:
        options->no_bos = true;
        return 0;
    case 'n':
        options->generate = (u32)option_integer("--n-gen", argument, 0, 1000000);
        return 0;
    case 'p':
        options->prompt = (u32)option_integer("--n-prompt", argument, 0, 1000000);
        return 0;
    case 'r':
        options->repetitions = (u32)option_integer("--repetitions", argument, 1, SWEEP_REPETITIONS);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'; a text comes from --file", argument);
        return 0;
    case ARGP_KEY_END:
        if (options->repeat && (!options->file || strcmp(options->file, "-") == 0))
            die(EXIT_USAGE, "--repeat needs a file to read again: name it with --file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"file", 'f', "FILE", 0,
     "The text, whose bits per byte are measured too (default: random ids); the sweep ends with it",
     1},
    {"repeat", OPTION_REPEAT, NULL, 0, "Read FILE again, as often as the depths take", 1},
    {"no-bos", OPTION_NO_BOS, NULL, 0,
     "Leave out the ids that the tokenizer puts around a text (BOS, EOS)", 1},
    {"n-gen", 'n', "N", 0, "Tokens of a decode at each depth (default 32; 0: none)", 1},
    {"n-prompt", 'p', "N", 0,
     "Tokens of the prompt whose first token is awaited at each depth (default 16; 0: none)", 1},
    {"repetitions", 'r', "N", 0, "Of both at each depth (default 3)", 1},
    {0},
};
static const struct argp_child children[] = {
    {&depths_argp, 0, NULL, 0}, {&measure_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Reads one text to ever greater depths, and at each measures the prefill of the tokens "
           "since the one before, the decode of N tokens, the time to the first token behind a "
           "short prompt, and the memory.\v"
           "A row is printed as soon as it is measured. What is tried at a depth is undone: the "
           "text goes on behind it with the bits of a run that was left alone. What is tried "
           "consists of the last tokens of the text. A model with a context stops there, and says "
           "so; one with a sliding window or a state of fixed size goes on. Ctrl-C keeps the rows. "
           "Exit codes as for 'run'."};

static struct options options = {.generate = 32, .prompt = 16, .repetitions = 3};
static struct session session;
static struct text text;
static struct record record;
static struct canary canary;
static struct sweep_row *rows; /* in the io arena, so that memory stays what it is */

static const char includes[] =
    "prefill: the prefill steps of the interval, each from the call to the end of its work, "
    "without logits; decode: from the first token to the last, choice included on CUDA; latency: "
    "from the call with the ids of the prompt to the choice of a token from its logits";

static u32 random_ids(void *context, u32 *ids, u32 count)
{
    uint64_t *position = context;
    for (u32 i = 0; i < count; i++)
        ids[i] = (u32)(philox_uniform(2, (*position)++) * model.vocab);
    return count;
}

/* From the start once more, if that gives anything. */
static u32 text_ids(void *context, u32 *ids, u32 count)
{
    bool *any = context;
    u32 got = text_tokens(&text, ids, count);
    *any |= got > 0;
    while (got < count && options.repeat && *any && !text.interrupted) {
        text_again(&text, session.tokenizer);
        const u32 more = text_tokens(&text, ids + got, count - got);
        *any = more > 0;
        got += more;
    }
    return got;
}

static struct figure *prefill_figure(const struct sweep_row *row)
{
    const uint64_t from = row->position - row->tokens;
    struct figure *figure = record_figure(&record, 1, "prefill", "tokens/s",
                                          "pp%" PRIu64 " @ d%" PRIu64, row->tokens, from);
    figure->n_prompt = (int64_t)row->tokens;
    figure->depth = (int64_t)from;
    figure_sample(figure, row->prefill);
    figure_scalar(figure, "position", (double)row->position, NULL, 1);
    figure_scalar(figure, "state_bytes", (double)row->state_bytes, NULL, 1);
    figure_scalar(figure, "cache_bytes", (double)row->cache_bytes, NULL, 1);
    figure_scalar(figure, "resident_bytes", (double)row->resident_bytes, NULL, 1);
    figure_scalar(figure, "peak_bytes", (double)row->peak_bytes, NULL, 1);
    figure_scalar(figure, "bits_per_byte", row->bits_per_byte, NULL, 1);
    return figure;
}

static struct figure *decode_figure(const struct sweep_row *row)
{
    struct figure *figure = record_figure(&record, options.repetitions, "decode", "tokens/s",
                                          "tg%u @ d%" PRIu64, options.generate, row->position);
    figure->n_gen = options.generate;
    figure->depth = (int64_t)row->position;
    for (u32 i = 0; i < options.repetitions; i++)
        figure_sample(figure, row->decode[i]);
    return figure;
}

static struct figure *first_token_figure(const struct sweep_row *row)
{
    struct figure *figure =
        record_figure(&record, options.repetitions, "latency", "s",
                      "first token of pp%u @ d%" PRIu64, options.prompt, row->position);
    figure->lower_is_better = true;
    figure->n_prompt = options.prompt;
    figure->n_gen = 1;
    figure->depth = (int64_t)row->position;
    for (u32 i = 0; i < options.repetitions; i++)
        figure_sample(figure, row->first_token[i]);
    return figure;
}

/* A part of a row becomes a figure, and the canary runs behind it. */
static void add_figure(enum sweep_part part, const struct sweep_row *row)
{
    struct figure *figure = part == SWEEP_PREFILL  ? prefill_figure(row)
                            : part == SWEEP_DECODE ? decode_figure(row)
                                                   : first_token_figure(row);
    record_done(&record, figure);
    canary_run(&canary, CANARY_BETWEEN, figure->name, figure->count);
}

/* Measures row after row. Returns how many there are; *complete: nothing cut them short. */
static u32 measure(struct sweep *sweep, const struct sweep_options *how, struct sweep_table *table,
                   bool *complete)
{
    u32 count = 0;
    canary_run(&canary, CANARY_BEFORE, NULL, -1);
    while (count < how->count && !sweep->ended && sweep_measure(sweep, count, &rows[count])) {
        sweep_table_row(table, &rows[count]);
        count++;
        if (record.out.closed)
            break;
    }
    *complete = !interrupt_asked() && !record.out.closed;
    if (*complete && count == 0)
        die(EXIT_FAILED, "%s is empty: there is nothing to measure", text.name);
    if (*complete && session.position < how->positions[how->count - 1])
        note("%s ends after %" PRIu64 " tokens; no greater depth is reached%s", text.name,
             session.position, text.again ? " (--repeat reads it again)" : "");
    return count;
}

int verb_sweep(int argc, char **argv)
{
    static uint64_t position;
    static bool any;
    depths_defaults(&options.depths);
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    struct sweep_options how = {
        .generate = options.generate,
        .prompt = options.prompt,
        .repetitions = options.repetitions,
        .score = options.file != NULL,
        .source = options.file ? text_ids : random_ids,
        .measured = add_figure,
        .context = options.file ? (void *)&any : (void *)&position,
    };
    depths_require(&options.depths, sweep_least(&how), sweep_ahead(&how));
    how.positions = options.depths.at;
    how.count = options.depths.count;
    if (options.file)
        text_open_file(&text, options.file);
    record_check(&record, &options.record, "sweep", includes, argc, argv);
    const u32 figures = 3 * how.count, samples = how.count * (1 + 2 * how.repetitions);
    const u32 canaries = figures + 1;
    const uint64_t canary_size = arena_rounded(canary_bytes(canaries));
    const uint64_t record_size = record_bytes(figures, samples, how.repetitions);
    const uint64_t rows_size = arena_rounded(how.count * sizeof *rows);
    const uint64_t sweep_size = sweep_bytes(&how, session_chunk(options.common.chunk));
    struct session_options whole = options_session(&options.common);
    whole.text = options.file != NULL;
    whole.snapshot_bytes = sweep_snapshot_bytes(&how);
    whole.host_bytes =
        backend_bench_bytes() + arena_rounded(record_size) + canary_size + sweep_size + rows_size;
    session_open(&session, &whole);
    rows = arena_take(&session.io, rows_size);
    struct sweep sweep;
    sweep_open(&sweep, &session, &how, arena_take(&session.io, sweep_size));
    backend_bench_open(&session, how.generate);
    canary_open(&canary, &session, arena_take(&session.io, canary_size), canaries);
    record_begin(&record, &session, arena_take(&session.io, record_size), figures, samples);
    if (options.file)
        text_begin(&text, session.tokenizer, !options.no_bos);
    arena_seal();

    session_reset(&session);
    struct sweep_table table = {.out = &record.out, .format = options.record.format};
    table.score = how.score;
    bool complete;
    const u32 count = measure(&sweep, &how, &table, &complete);
    const struct sweep_section section = {
        .rows = rows,
        .count = count,
        .tokens = !options.file    ? "random"
                  : options.repeat ? "text, repeated"
                                   : "text",
    };
    const struct record_end end = {.complete = complete,
                                   .section = sweep_section_write,
                                   .rows_printed = true,
                                   .canary = &canary,
                                   .context = &section};
    return record_end(&record, &end);
}
