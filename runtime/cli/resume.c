#include "runtime/cli/resume.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/base/die.h"
#include "runtime/cli/options.h"

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct state_options *options = state->input;
    switch (key) {
    case OPTION_LOAD_STATE:
        options->load = argument;
        return 0;
    case OPTION_SAVE_STATE:
        options->save = argument;
        return 0;
    case OPTION_APPEND:
        options->append = true;
        return 0;
    case ARGP_KEY_END:
        if (options->append && !options->load)
            die(EXIT_USAGE, "--append goes on behind a saved text: give --load-state as well");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"save-state", OPTION_SAVE_STATE, "FILE", 0,
     "Save what the text has left in the model, to go on from there in another process", 6},
    {"load-state", OPTION_LOAD_STATE, "FILE", 0,
     "Start behind the text whose state FILE is: the same text, with more behind it, is checked "
     "against it and goes on there; no token is processed twice",
     6},
    {"append", OPTION_APPEND, NULL, 0,
     "With --load-state: what is given is only what follows the saved text", 6},
    {0},
};
const struct argp state_argp = {.options = list, .parser = parse};

void resume_prepare(struct resume *resume, struct session_options *whole)
{
    const struct state_options *options = &resume->options;
    whole->state_files = options->load != NULL || options->save != NULL;
    if (options->load) {
        state_file_open(&resume->file, options->load);
        whole->host_bytes += arena_rounded(sizeof *resume->saved);
    }
    if (options->save)
        state_writer_open(&resume->writer, options->save);
}

void resume_open(struct resume *resume, struct session *session)
{
    if (!resume->options.load)
        return;
    state_file_require_weights(&resume->file, &session->weights);
    resume->saved = arena_take(&session->io, sizeof *resume->saved);
    state_file_history(&resume->file, resume->saved);
}

/* Ends the program unless the history of the session, of the tokens that `name` begins with, is
 * that of the file. */
static void require_same(const struct resume *resume, const struct session *session,
                         const char *name)
{
    static const char remedy[] = "give the text that was saved with more behind it, with --append "
                                 "only what is behind it, or leave --load-state out";
    const struct history *text = session->history;
    uint64_t from, to;
    if (history_same(resume->saved, text, &from, &to))
        return;
    if (from == text->tokens)
        die(EXIT_MISMATCH,
            "%s: the state of %" PRIu64 " tokens, but %s ends after %" PRIu64 " of them; %s",
            resume->options.load, resume->saved->tokens, name, from, remedy);
    char where[64];
    if (from == to)
        snprintf(where, sizeof where, "at token %" PRIu64, from + 1);
    else
        snprintf(where, sizeof where, "between tokens %" PRIu64 " and %" PRIu64, from + 1, to + 1);
    die(EXIT_MISMATCH, "%s: %s parts from the saved text of %" PRIu64 " tokens %s; %s",
        resume->options.load, name, resume->saved->tokens, where, remedy);
}

/* The tokens are the same: the session stands behind them. */
static void load(struct resume *resume, struct session *session)
{
    resume->logits = state_file_load(&resume->file, session);
    resume->skipped = session->position;
    *session->history = *resume->saved;
    state_file_close(&resume->file);
}

bool resume_begin_text(struct resume *resume, struct session *session, struct text *text,
                       u32 *buffer)
{
    session_reset(session);
    if (!resume->options.load)
        return true;
    if (text && !resume->options.append) {
        u32 count = 1;
        for (uint64_t left = resume->saved->tokens; left > 0 && count > 0; left -= count) {
            count = text_tokens(text, buffer, left < session->chunk ? (u32)left : session->chunk);
            history_add(session->history, buffer, count);
        }
        if (text->interrupted)
            return false;
        require_same(resume, session, text->name);
    }
    load(resume, session);
    return true;
}

void resume_begin_ids(struct resume *resume, struct session *session, const u32 *ids,
                      uint64_t count, const char *name)
{
    session_reset(session);
    if (!resume->options.load)
        return;
    if (!resume->options.append) {
        const uint64_t saved = resume->saved->tokens;
        for (uint64_t at = 0; at < count && at < saved; at++)
            history_add(session->history, &ids[at], 1);
        require_same(resume, session, name);
    }
    load(resume, session);
}

void resume_save(struct resume *resume, struct session *session, const f32 *logits,
                 const struct state_score *score)
{
    static const struct state_score none;
    if (!resume->options.save || session->position == 0)
        return;
    if (session->rows == 0)
        logits = resume->logits;
    state_save(&resume->writer, session, logits, score ? score : &none);
}
