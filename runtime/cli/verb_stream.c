/* stream: a text of any length through the model, in fixed memory. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/number_text.h"
#include "runtime/cli/options.h"
#include "runtime/cli/prompt.h"
#include "runtime/cli/resume.h"
#include "runtime/cli/text.h"
#include "runtime/engine/generate.h"
#include "runtime/engine/session.h"
#include "runtime/measure/score.h"

struct stream_options {
    struct common_options common;
    struct generate_options generate;
    struct resume resume;
    const char *file;
    uint64_t interval;
    uint64_t save_every; /* 0: only at the end */
    bool no_bos;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct stream_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->generate;
        state->child_inputs[1] = &options->resume.options;
        state->child_inputs[2] = &options->common;
        return 0;
    case 'f':
        options->file = argument;
        return 0;
    case OPTION_INTERVAL:
        options->interval = (uint64_t)option_integer("--interval", argument, 1, INT64_MAX);
        return 0;
    case OPTION_SAVE_EVERY:
        options->save_every = (uint64_t)option_integer("--save-every", argument, 1, INT64_MAX);
        return 0;
    case OPTION_NO_BOS:
        options->no_bos = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'; the text comes from standard input or --file",
                   argument);
        return 0;
    case ARGP_KEY_END:
        if (options->save_every > 0 && !options->resume.options.save)
            die(EXIT_USAGE, "--save-every needs the file that --save-state names");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"file", 'f', "FILE", 0, "Read FILE instead of standard input", 1},
    {"interval", OPTION_INTERVAL, "TOKENS", 0, "Report after so many tokens (default 10000)", 1},
    {"save-every", OPTION_SAVE_EVERY, "TOKENS", 0,
     "Save the state into the file of --save-state whenever so many more are read, not only at the "
     "end",
     6},
    {"no-bos", OPTION_NO_BOS, NULL, 0,
     "Leave out the ids that the tokenizer puts around a text (BOS, EOS)", 1},
    {0},
};
static const struct argp_child children[] = {
    {&generate_argp, 0, NULL, 0}, {&state_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Reads a text of any length, even endless, in memory that does not grow.\v"
           "Per interval a line on stderr: tokens so far, speed, bits per byte of the interval and "
           "of all ('-': there are none, as nothing foretells the first token), resident memory. "
           "With -n the text is continued at its end, on stdout. Ctrl-C "
           "reports and exits with 130.\n\n"
           "--save-state saves at the end of the text, and at Ctrl-C; with --save-every at the end "
           "of the chunk in which so many tokens are reached, each time in the place of the one "
           "before. A file is whole, whenever the process is killed. To go on, give the same input "
           "again with --load-state: what was read is compared with it, not processed, and the "
           "figures of all go on where they were. Where the input cannot be given again, --append "
           "reads what follows.\n\n"
           "Exit codes as for 'run'."};

static struct session session;
static struct text text;
static struct out out;

/* Counted over all of the text, and at the start of the current interval. */
struct tally {
    uint64_t tokens; /* consumed */
    uint64_t bytes;  /* of the tokens that were scored: all but the first */
    double bits;     /* of the same tokens */
    double seconds;  /* on the clock */
};

/* "-" where nothing was foretold: of the first token of a text, nothing can be. */
static struct number_text per_byte(double bits, uint64_t bytes)
{
    struct number_text said = {"-"};
    if (bytes > 0)
        snprintf(said.text, sizeof said.text, "%.4f", bits / (double)bytes);
    return said;
}

static void report(const struct tally *from, const struct tally *all, const char *label)
{
    note("%s%s token%s, %s tok/s, %s bits/byte (all %s), resident %s", label,
         number_text_grouped(all->tokens).text, all->tokens == 1 ? "" : "s",
         number_text_rate((double)(all->tokens - from->tokens), all->seconds - from->seconds).text,
         per_byte(all->bits - from->bits, all->bytes - from->bytes).text,
         per_byte(all->bits, all->bytes).text, number_text_bytes(memory_resident()).text);
}

static void add(struct tally *all, u32 target, double bits)
{
    uint64_t bytes;
    tokenizer_text(session.tokenizer, target, &bytes);
    all->bits += bits;
    all->bytes += bytes;
}

/* Adds what the rows of the last chunk say about the tokens after them; *before is then `all` as it
 * was in front of the last row. */
static void score(struct tally *all, const u32 *targets, u32 count, double *bits,
                  struct tally *before)
{
    for (u32 first = 0; first < count; first += model.logit_rows) {
        u32 rows = count - first < model.logit_rows ? count - first : model.logit_rows;
        score_rows(&session, first, rows, targets + first, bits);
        for (u32 row = 0; row < rows; row++) {
            *before = *all;
            add(all, targets[first + row], bits[row]);
        }
    }
}

struct buffers {
    u32 *ids;     /* [session.chunk + 1]: a chunk and the token after it */
    double *bits; /* [model.logit_rows] */
};

/* What a saved state foretells about the first token behind it. */
static void score_first(const struct resume *resume, struct tally *all, const u32 *ids,
                        double *bits)
{
    if (resume->logits == NULL)
        return;
    score_logits(&session, resume->logits, 1, ids, bits);
    add(all, ids[0], bits[0]);
}

/* `counted` is what is known without a token behind those consumed. */
static void save(struct resume *resume, const struct tally *counted)
{
    const struct state_score score = {.bytes = counted->bytes, .bits = counted->bits};
    resume_save(resume, &session, NULL, &score);
}

/* The first multiple of `every` beyond `tokens`; 0: none is asked for. */
static uint64_t beyond(uint64_t tokens, uint64_t every)
{
    return every > 0 ? (tokens / every + 1) * every : UINT64_MAX;
}

/* Consumes the text, and saves the state as often as asked for, at last at the end. Returns how
 * many rows the last chunk had, 0 if there was none. */
static u32 consume(const struct buffers *buffers, struct stream_options *options, struct tally *all)
{
    u32 *ids = buffers->ids;
    u32 held = 0, rows = 0; /* held: tokens already in ids */
    all->seconds = session_seconds();
    struct tally from = *all, counted = *all;
    uint64_t report_at = beyond(all->tokens, options->interval);
    uint64_t save_at = beyond(all->tokens, options->save_every);
    for (bool last = false; !last;) {
        u32 got = text_tokens(&text, ids + held, session.chunk + 1 - held);
        u32 have = held + got;
        if (have == 0)
            break;
        if (rows == 0)
            score_first(&options->resume, all, ids, buffers->bits);
        /* Only the last token of the text goes in without a token after it to foretell. */
        last = have <= session.chunk;
        rows = last ? have : session.chunk;
        session_prefill(&session, ids, rows);
        score(all, ids + 1, last ? rows - 1 : rows, buffers->bits, &counted);
        if (last)
            counted = *all;
        all->tokens += rows;
        all->seconds = session_seconds();
        if (all->tokens >= report_at) {
            report(&from, all, "");
            from = *all;
            report_at = beyond(all->tokens, options->interval);
        }
        if (interrupt_asked())
            break;
        if (all->tokens >= save_at && !last) {
            save(&options->resume, &counted);
            save_at = beyond(all->tokens, options->save_every);
        }
        ids[0] = ids[rows];
        held = 1;
    }
    save(&options->resume, &counted);
    return rows;
}

static int finish(struct generator *generator, u32 rows, const struct tally *from,
                  const struct tally *all, const struct stream_options *options)
{
    struct tally start = {.tokens = from->tokens, .seconds = from->seconds};
    report(&start, all, "end: ");
    if (interrupt_asked())
        return EXIT_INTERRUPTED;
    if (!options->generate.tokens_given)
        return EXIT_SUCCESS;
    const f32 *logits = rows > 0 ? session_head(&session, rows - 1, 1) : options->resume.logits;
    struct generation made = generate(generator, logits ? logits : session_begin_text(&session));
    if (!made.ended)
        out_text(&out, "\n");
    out_flush(&out);
    if (out.closed)
        return EXIT_FAILED;
    return interrupt_asked() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}

int verb_stream(int argc, char **argv)
{
    static struct stream_options options = {.file = "-", .interval = 10000};
    generate_defaults(&options.generate);
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    text_open_file(&text, options.file);
    const bool append = options.resume.options.append;
    if (!append)
        prompt_require_room(&text, &options.common, !options.no_bos);
    uint64_t ids_bytes = ((uint64_t)model.chunk + 1) * sizeof(u32);
    uint64_t bits_bytes = model.logit_rows * sizeof(double);
    struct session_options whole = options_session(&options.common);
    whole.text = true;
    whole.host_bytes =
        backend_generate_bytes() + arena_rounded(ids_bytes) + arena_rounded(bits_bytes);
    resume_prepare(&options.resume, &whole);
    session_open(&session, &whole);
    resume_open(&options.resume, &session);
    struct buffers buffers = {.ids = arena_take(&session.io, ids_bytes),
                              .bits = arena_take(&session.io, bits_bytes)};
    out_open(&out, STDOUT_FILENO, "standard output");
    struct generator generator;
    generate_open(&generator, &session, &out, &options.generate);
    text_begin(&text, session.tokenizer, !options.no_bos && !append);
    generate_note(&options.generate, options.common.quiet);
    arena_seal();

    if (!resume_begin_text(&options.resume, &session, &text, buffers.ids))
        return EXIT_INTERRUPTED;
    struct tally from = {.tokens = options.resume.skipped, .seconds = session_seconds()};
    if (from.tokens > 0) {
        from.bytes = options.resume.file.header.score.bytes;
        from.bits = options.resume.file.header.score.bits;
    }
    struct tally all = from;
    u32 rows = consume(&buffers, &options, &all);
    return finish(&generator, rows, &from, &all, &options);
}
