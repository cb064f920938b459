/* perplexity: how well the model foretells a text, and how far it is from another one. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/number_text.h"
#include "runtime/cli/measure_options.h"
#include "runtime/cli/options.h"
#include "runtime/cli/text.h"
#include "runtime/engine/session.h"
#include "runtime/measure/perplexity_report.h"

enum { LLAMA_CPP_WINDOW = 512, LLAMA_CPP_LEAST = 4, LEAST_WINDOW = 2, MOST_WINDOW = 1 << 30 };

struct perplexity_options {
    struct common_options common;
    struct record_options record;
    const char *file, *save, *against;
    int64_t window, stride; /* below 0: not given */
    bool like_llama_cpp, no_bos;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct perplexity_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->record;
        state->child_inputs[1] = &options->common;
        return 0;
    case OPTION_WINDOW:
        options->window = option_integer("--window", argument, 0, MOST_WINDOW);
        return 0;
    case OPTION_STRIDE:
        options->stride = option_integer("--stride", argument, 1, MOST_WINDOW);
        return 0;
    case OPTION_LIKE_LLAMA_CPP:
        options->like_llama_cpp = true;
        return 0;
    case OPTION_SAVE_LOGPROBS:
        options->save = argument;
        return 0;
    case OPTION_AGAINST:
        options->against = argument;
        return 0;
    case OPTION_NO_BOS:
        options->no_bos = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file)
            argp_error(state, "unexpected argument '%s'; one text at a time", argument);
        options->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (!options->file)
            die(EXIT_USAGE, "perplexity needs a text: FILE, or '-' for standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"window", OPTION_WINDOW, "TOKENS", 0,
     "Cut the text into windows of so many tokens, each a text of its own for the model; 0: one "
     "pass (default: the context that the model was trained with, or that this binary holds, if "
     "that is less; one pass where there is neither)",
     1},
    {"stride", OPTION_STRIDE, "TOKENS", 0,
     "Begin a window so many tokens behind the one before; what both have is scored once, in the "
     "first (default: half a window)",
     1},
    {"like-llama-cpp", OPTION_LIKE_LLAMA_CPP, NULL, 0,
     "As llama-perplexity: windows side by side (default: 512), the second half of each scored, "
     "BOS in front of each where the tokenizer has one, its standard error",
     1},
    {"no-bos", OPTION_NO_BOS, NULL, 0,
     "Leave out the ids that the tokenizer puts around a text (BOS, EOS)", 1},
    {"save-logprobs", OPTION_SAVE_LOGPROBS, "FILE", 0,
     "Save the logits of every scored token, to compare other models with: ingot-logprobs(5)", 2},
    {"against", OPTION_AGAINST, "FILE", 0,
     "Compare with what another model with the same vocabulary has saved for the same text: "
     "Kullback-Leibler divergence, the likeliest tokens, the probabilities of those that came",
     2},
    {0},
};
static const struct argp_child children[] = {
    {&measure_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .args_doc = "FILE",
    .children = children,
    .doc = "Token, word and byte perplexity and bits per byte of a text of any length, with "
           "standard errors.\v"
           "Words are the pieces between white space, and bytes those of the text, as "
           "lm-evaluation-harness counts them, without those of tokens that are not scored: of "
           "the first token, which nothing foretells, if the tokenizer puts none in front. "
           "Perplexities per token say nothing across tokenizers; bits per byte do. The loss by "
           "position is in the record (--record, -o json).\n\n"
           "Ctrl-C reports what was scored until then. Exit codes: 0; 1 failure at run time; 2 "
           "usage; 3 not enough memory; 4 a file that is damaged or does not fit, a text that is "
           "not UTF-8 or too short; 6 no suitable processor or GPU; 130 interrupted."};

static struct session session;
static struct text text;
static struct record record;
static struct perplexity perplexity = {.session = &session};
static struct logprobs_writer writer;
static struct logprobs_reader reader;

/* The context that the model was trained with, or the binary's if that is less; 0: there is no
 * limit. */
static uint64_t usual_window(void)
{
    if (model.context == 0 || model.trained == 0)
        return model.context + model.trained;
    return model.context < model.trained ? model.context : model.trained;
}

static struct windows choose_windows(const struct perplexity_options *options)
{
    const bool halves = options->like_llama_cpp, given = options->window >= 0;
    const uint64_t usual = halves ? LLAMA_CPP_WINDOW : usual_window();
    const uint64_t window = given ? (uint64_t)options->window : usual;
    if (halves && options->stride >= 0)
        die(EXIT_USAGE, "--like-llama-cpp and --stride exclude each other: its windows lie side by "
                        "side");
    if (window == 0 && options->stride >= 0)
        die(EXIT_USAGE, "--stride needs --window: the text goes through in one pass");
    if (window == 0 && !halves && model.context == 0)
        return (struct windows){.kind = WINDOWS_NONE};
    if (model.context > 0 && (window == 0 || window > model.context))
        die(EXIT_USAGE,
            "%s: the context holds %" PRIu64
            " tokens: give --window up to that, or set a larger 'context' in config/%s.ini and run "
            "'make MODEL=%s%s'",
            given ? "--window" : "--like-llama-cpp", model.context, model.name, model.name,
            backend_make);
    if (window < (halves ? LLAMA_CPP_LEAST : LEAST_WINDOW))
        die(EXIT_USAGE, "--window: a window has at least %d tokens",
            halves ? LLAMA_CPP_LEAST : LEAST_WINDOW);
    if (options->stride > (int64_t)window)
        die(EXIT_USAGE, "--stride %" PRId64 " would leave tokens out: a window has %" PRIu64,
            options->stride, window);
    const uint64_t half = halves ? window : window / 2;
    return (struct windows){.kind = halves ? WINDOWS_HALVES : WINDOWS_STRIDED,
                            .window = window,
                            .stride = options->stride >= 0 ? (uint64_t)options->stride : half};
}

static u32 next_tokens(void *context, u32 *ids, u32 capacity)
{
    return text_tokens(context, ids, capacity);
}

/* Says what will be done: a file of logits is large. */
static void announce(const struct perplexity_options *options)
{
    if (options->common.quiet)
        return;
    note("%s: %s", text.name, windows_describe(&perplexity.windows).text);
    if (!options->save)
        return;
    const struct number_text row = number_text_bytes(logprobs_row_bytes());
    if (!text.again) {
        note("%s takes %s for each scored token; how many come is not known", options->save,
             row.text);
        return;
    }
    const uint64_t tokens = text_count(&text, session.tokenizer, !options->no_bos, INT64_MAX);
    const uint64_t rows = windows_scored(&perplexity.windows, tokens);
    note("%s will take %s: %s scored tokens, %s each", options->save,
         number_text_bytes(logprobs_file_bytes(rows)).text, number_text_grouped(rows).text,
         row.text);
}

static void open_all(const struct perplexity_options *options)
{
    text_open_file(&text, options->file);
    perplexity.windows = choose_windows(options);
    if (options->against) {
        logprobs_open(&reader, options->against);
        perplexity.against = &reader;
    }
    struct session_options whole = options_session(&options->common);
    const uint64_t record_memory = record_bytes(PERPLEXITY_FIGURES, PERPLEXITY_FIGURES, 1);
    whole.text = true;
    whole.host_bytes =
        perplexity_bytes(&perplexity, session_chunk(whole.chunk)) + arena_rounded(record_memory);
    session_open(&session, &whole);
    if (options->against)
        logprobs_require(&reader, session.tokenizer, &perplexity.windows);
    perplexity.begins = options->no_bos ? 0 : tokenizer_ids_before(session.tokenizer);
    perplexity.tokens = next_tokens;
    perplexity.context = &text;
    perplexity.progress = !options->common.quiet && isatty(STDERR_FILENO);
    perplexity_begin(&perplexity);
    record_begin(&record, &session, arena_take(&session.io, record_memory), PERPLEXITY_FIGURES,
                 PERPLEXITY_FIGURES);
    announce(options);
    if (options->save) {
        logprobs_create(&writer, options->save);
        perplexity.save = &writer;
    }
    text_begin(&text, session.tokenizer, !options->no_bos);
    text.counted = &perplexity.loss.text;
    arena_seal();
}

/* Exits if the text was too short to say anything. */
static void require_scored(void)
{
    const uint64_t tokens = perplexity.loss.seen, window = perplexity.windows.window;
    const bool halves = perplexity.windows.kind == WINDOWS_HALVES;
    const uint64_t least = halves ? 2 * window : 2;
    if (tokens >= least && perplexity.loss.scored.values > 0)
        return;
    if (perplexity.save)
        logprobs_abandon(perplexity.save);
    die(EXIT_MISMATCH, "%s: %" PRIu64 " token%s; %s at least %" PRIu64 "%s", text.name, tokens,
        tokens == 1 ? "" : "s", halves ? "--like-llama-cpp needs" : "perplexity needs", least,
        halves ? ": give a smaller --window" : ", as nothing foretells the first");
}

int verb_perplexity(int argc, char **argv)
{
    static struct perplexity_options options = {.window = -1, .stride = -1};
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    record_check(&record, &options.record, "perplexity", "no figure is a time", argc, argv);
    open_all(&options);
    const bool complete = perplexity_run(&perplexity);
    if (complete) {
        require_scored();
        perplexity_end(&perplexity);
    } else if (perplexity.save) {
        logprobs_abandon(perplexity.save);
    }
    struct perplexity_report report = {.file = options.file,
                                       .saved = complete ? options.save : NULL,
                                       .perplexity = &perplexity,
                                       .complete = complete,
                                       .independent = options.like_llama_cpp,
                                       .md = options.record.format == RECORD_MD};
    report.loss = loss_summarize(&perplexity.loss, complete, report.independent);
    if (options.against)
        report.divergence = divergence_summarize(&perplexity.divergence, report.independent);
    perplexity_figures(&report, &record);
    const struct record_end end = {.complete = complete,
                                   .section = perplexity_section,
                                   .print = perplexity_print,
                                   .context = &report};
    return record_end(&record, &end);
}
