/* logits: token ids in, one row of logits per token out. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/npy.h"
#include "runtime/cli/ids.h"
#include "runtime/cli/options.h"
#include "runtime/cli/resume.h"
#include "runtime/engine/sample.h"
#include "runtime/engine/session.h"

struct logits_options {
    struct common_options common;
    struct resume resume;
    const char *ids;
    const char *output;
    uint64_t decode; /* tokens to append greedily */
    bool digest;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct logits_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->resume.options;
        state->child_inputs[1] = &options->common;
        return 0;
    case OPTION_IDS:
        options->ids = argument;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case OPTION_CHUNK:
        options->common.chunk = (u32)option_integer("--chunk", argument, 1, model.chunk);
        return 0;
    case OPTION_DECODE:
        options->decode = (uint64_t)option_integer("--decode", argument, 0, INT64_MAX / 2);
        return 0;
    case OPTION_DIGEST:
        options->digest = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'; token ids come from --ids FILE", argument);
        return 0;
    case ARGP_KEY_END:
        if (!options->ids)
            die(EXIT_USAGE, "logits needs --ids FILE (or --ids - for standard input)");
        if (!options->output && !options->digest && isatty(STDOUT_FILENO))
            die(EXIT_USAGE, "the array is binary: name a file with --output, or redirect stdout");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"ids", OPTION_IDS, "FILE", 0, "Token ids, decimal, between white space; '-': stdin", 1},
    {"output", 'o', "FILE", 0, "Write the array to FILE (default: standard output)", 1},
    {"decode", OPTION_DECODE, "N", 0, "Then decode N greedily chosen tokens, one row each", 1},
    {"chunk", OPTION_CHUNK, "N", 0, "Most tokens per prefill step; never changes the result", 1},
    {"digest", OPTION_DIGEST, NULL, 0,
     "Print the XXH3-64 of the array's numbers; without --output no array is written", 1},
    {0},
};
static const struct argp_child children[] = {
    {&state_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Writes the logits after every token: float32 .npy, [tokens + N, vocabulary].\v"
           "A file appears under its name only when it is complete. With --load-state the rows are "
           "those of the tokens behind the saved ones; --save-state saves what all tokens have "
           "left, those of --decode among them. Exit codes: 0; 1 failure at "
           "run time; 2 usage; 3 not enough memory; 4 a weight file or a state that does not fit "
           "or is damaged, ids that do not begin with the saved ones, or something in the ids that "
           "is no token id; 130 interrupted."};

static struct session session;

/* Where rows go: into the array, into the digest, or both. */
struct sink {
    struct npy npy;
    bool array, digest;
    XXH3_state_t state;
};
static struct sink sink;

static void put_rows(const f32 *rows, u32 count)
{
    for (u32 row = 0; row < count; row++) {
        const f32 *logits = rows + (size_t)row * model.vocab_pad;
        if (sink.array)
            npy_row(&sink.npy, logits);
        if (sink.digest)
            XXH3_64bits_update(&sink.state, logits, model.vocab * sizeof *logits);
    }
}

static bool stopped(void)
{
    return interrupt_asked() || (sink.array && sink.npy.out.closed);
}

/* Returns the last row put, valid until the next step. */
static const f32 *put_prompt(const u32 *ids, uint64_t count)
{
    const f32 *last = NULL;
    for (uint64_t at = 0; at < count && !stopped();) {
        u32 tokens = count - at < session.chunk ? (u32)(count - at) : session.chunk;
        session_prefill(&session, ids + at, tokens);
        for (u32 first = 0; first < tokens; first += model.logit_rows) {
            u32 rows = tokens - first < model.logit_rows ? tokens - first : model.logit_rows;
            const f32 *logits = session_head(&session, first, rows);
            put_rows(logits, rows);
            last = logits + (size_t)(rows - 1) * model.vocab_pad;
        }
        at += tokens;
    }
    return last;
}

static int close_sink(void)
{
    if (sink.array && stopped())
        npy_abandon(&sink.npy);
    if (interrupt_asked())
        return EXIT_INTERRUPTED;
    if (sink.array)
        npy_close(&sink.npy);
    if (sink.array && sink.npy.out.closed)
        return EXIT_FAILED;
    if (sink.digest) {
        static struct out out;
        out_open(&out, STDOUT_FILENO, "standard output");
        out_print(&out, "logits %016" PRIx64 "\n", (uint64_t)XXH3_64bits_digest(&sink.state));
        out_flush(&out);
    }
    return EXIT_SUCCESS;
}

int verb_logits(int argc, char **argv)
{
    static struct logits_options options;
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    uint64_t count;
    u32 *ids = ids_read(options.ids, model.vocab, &count);
    if (count == 0)
        die(EXIT_MISMATCH, "%s: no token ids", options.ids);
    struct resume *resume = &options.resume;
    struct session_options whole = options_session(&options.common);
    resume_prepare(resume, &whole);
    const uint64_t before = resume->options.append ? resume->file.header.position : 0;
    session_require_room(options.ids, before + count + options.decode, false);
    session_open(&session, &whole);
    resume_open(resume, &session);
    resume_begin_ids(resume, &session, ids, count, options.ids);
    const uint64_t known = resume->options.append ? 0 : resume->skipped; /* of ids */
    sink.digest = options.digest;
    sink.array = options.output || !options.digest;
    if (sink.array)
        npy_open(&sink.npy, options.output, count - known + options.decode, model.vocab);
    XXH3_64bits_reset(&sink.state);
    arena_seal();

    const f32 *logits = put_prompt(ids + known, count - known);
    if (!logits)
        logits = resume->logits;
    for (uint64_t i = 0; i < options.decode && !stopped(); i++) {
        logits = session_decode(&session, sample_greedy(logits, model.vocab));
        put_rows(logits, 1);
    }
    resume_save(resume, &session, logits, NULL);
    return close_sink();
}
