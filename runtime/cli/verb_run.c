/* run: a prompt in, its continuation out. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

struct run_options {
    struct common_options common;
    struct generate_options generate;
    struct resume resume;
    char *prompt;
    const char *file;
    bool no_echo;
    bool no_bos;
    bool no_escape;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct run_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->generate;
        state->child_inputs[1] = &options->resume.options;
        state->child_inputs[2] = &options->common;
        return 0;
    case 'p':
        options->prompt = argument;
        return 0;
    case 'f':
        options->file = argument;
        return 0;
    case OPTION_NO_ECHO:
        options->no_echo = true;
        return 0;
    case OPTION_NO_BOS:
        options->no_bos = true;
        return 0;
    case 'e':
        options->no_escape = false;
        return 0;
    case OPTION_NO_ESCAPE:
        options->no_escape = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'; the prompt goes behind --prompt", argument);
        return 0;
    case ARGP_KEY_END:
        if (options->prompt && options->file)
            die(EXIT_USAGE, "--prompt and --file exclude each other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"prompt", 'p', "TEXT", 0, "Text to continue (default: the start of a text)", 1},
    {"escape", 'e', NULL, 0,
     "\\n, \\r, \\t, \\', \\\", \\\\ and \\xHH in --prompt mean what they do in C (default)", 1},
    {"no-escape", OPTION_NO_ESCAPE, NULL, 0, "A backslash in --prompt is a backslash", 1},
    {"file", 'f', "FILE", 0,
     "Continue the text of FILE, of any length, without a newline at its end; '-' is standard "
     "input",
     1},
    {"no-echo", OPTION_NO_ECHO, NULL, 0, "Print the continuation without the prompt", 1},
    {"no-display-prompt", 0, NULL, OPTION_ALIAS, NULL, 1},
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
    .doc =
        "Continues a prompt.\v"
        "stdout carries the prompt and the text, which ends with a newline; the last line on "
        "stderr gives speed and memory. Filters apply in the order top-k, top-p, min-p, "
        "temperature.\n\n"
        "Options are those of llama.cpp, with these differences: the defaults are the likeliest "
        "token, no filters, 256 tokens and seed 0, so that a command gives the same text each "
        "time; backslashes in --file are left alone, as a file can hold any byte itself; with -n "
        "-1 a full context is an error, as nothing is forgotten; no chat template is applied; the "
        "same seed draws other tokens.\n\n"
        "--save-state saves what the prompt has left, before the first token is chosen (after "
        "Ctrl-C, what was read until then). With --load-state and neither --prompt nor --file the "
        "saved text is continued as it is; the draws depend on the options of this command and on "
        "the position alone, so the same options give the tokens of a run that was never "
        "interrupted.\n\n"
        "Exit codes: 0; 1 failure at run time, or nobody reads the output any more; "
        "2 usage, a --prompt that is not UTF-8 included; 3 not enough memory; 4 a weight file "
        "or a state that does not fit or is damaged, a text that is not the saved one, a --file "
        "that is not UTF-8; 130 interrupted."};

static struct session session;
static struct text text;
static struct out out;

/* There is a text to read: all but --load-state alone. */
static bool given(const struct run_options *options)
{
    return options->prompt || options->file || !options->resume.options.load;
}

/* Consumes the prompt, or the model's start of text if it has no tokens. Returns the logits of the
 * last position, NULL if interrupted before one was reached. */
static const f32 *consume_prompt(struct run_options *options, u32 *ids)
{
    struct resume *resume = &options->resume;
    u32 last = 0;
    const bool more = given(options);
    if (!resume_begin_text(resume, &session, more ? &text : NULL, ids))
        return NULL;
    if (!more)
        return resume->logits;
    for (u32 count; (count = text_tokens(&text, ids, session.chunk)) > 0; last = count) {
        session_prefill(&session, ids, count);
        if (interrupt_asked())
            return NULL;
    }
    out_flush(&out);
    if (text.interrupted)
        return NULL;
    if (last > 0)
        return session_head(&session, last - 1, 1);
    return resume->logits ? resume->logits : session_begin_text(&session);
}

/* `prompt` tokens went through steps, behind `skipped` that a state had already. */
static void summarise(uint64_t prompt, uint64_t skipped, double prompt_seconds,
                      const struct generation *made)
{
    char behind[64] = "";
    if (skipped > 0)
        snprintf(behind, sizeof behind, " behind %" PRIu64 " of the state", skipped);
    double bytes = (double)session_decode_weight_bytes() * (double)made->steps;
    note("prompt %" PRIu64 " token%s%s, %s tok/s; generated %" PRIu64
         " token%s, %s tok/s, %s GB/s of "
         "weights; memory %s planned, %s peak",
         prompt, prompt == 1 ? "" : "s", behind,
         number_text_rate((double)prompt, prompt_seconds).text, made->tokens,
         made->tokens == 1 ? "" : "s", number_text_rate((double)made->steps, made->seconds).text,
         number_text_rate(bytes / 1e9, made->seconds).text,
         number_text_bytes(memory_plan_bytes(&session.plan)).text,
         number_text_bytes(memory_peak()).text);
}

static void open_prompt(struct run_options *options)
{
    static char none[] = "";
    char *prompt = options->prompt ? options->prompt : none;
    if (options->file)
        text_open_file(&text, options->file);
    else
        text_open_memory(&text, prompt,
                         options->no_escape ? strlen(prompt) : prompt_unescape(prompt), "--prompt");
    text.drop_newline = true;
    if (!options->resume.options.append)
        prompt_require_room(&text, &options->common, !options->no_bos);
}

/* Something was piped or redirected into a run that does not read it. */
static void note_ignored_input(void)
{
    struct stat facts;
    int waiting = 0;
    if (fstat(STDIN_FILENO, &facts) != 0)
        return;
    if (S_ISREG(facts.st_mode))
        waiting = lseek(STDIN_FILENO, 0, SEEK_CUR) < facts.st_size;
    else if (!S_ISFIFO(facts.st_mode) || ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0)
        return;
    if (waiting > 0)
        note("standard input is not read; '-f -' continues it");
}

int verb_run(int argc, char **argv)
{
    static struct run_options options;
    generate_defaults(&options.generate);
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    if (given(&options))
        open_prompt(&options);
    struct session_options whole = options_session(&options.common);
    whole.text = true;
    whole.host_bytes = backend_generate_bytes() + arena_rounded(model.chunk * sizeof(u32));
    resume_prepare(&options.resume, &whole);
    session_open(&session, &whole);
    resume_open(&options.resume, &session);
    u32 *ids = arena_take(&session.io, model.chunk * sizeof *ids);
    out_open(&out, STDOUT_FILENO, "standard output");
    struct generator generator;
    generate_open(&generator, &session, &out, &options.generate);
    if (given(&options))
        text_begin(&text, session.tokenizer, !options.no_bos && !options.resume.options.append);
    if (!options.file && !options.common.quiet)
        note_ignored_input();
    generate_note(&options.generate, options.common.quiet);
    text.echo = options.no_echo ? NULL : &out;
    arena_seal();

    double start = session_seconds();
    const f32 *logits = consume_prompt(&options, ids);
    double prompt_seconds = session_seconds() - start;
    uint64_t prompt = session.position - options.resume.skipped;
    resume_save(&options.resume, &session, logits, NULL);
    struct generation made = {0};
    if (logits)
        made = generate(&generator, logits);
    if (!made.ended)
        out_text(&out, "\n");
    out_flush(&out);
    if (out.closed)
        return EXIT_FAILED;
    if (!options.common.quiet)
        summarise(prompt, options.resume.skipped, prompt_seconds, &made);
    return interrupt_asked() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}
