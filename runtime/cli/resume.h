/* --load-state and --save-state: going on behind a text that another process has read. */
#ifndef RUNTIME_CLI_RESUME_H
#define RUNTIME_CLI_RESUME_H

#include <argp.h>
#include <stdbool.h>

#include "runtime/cli/text.h"
#include "runtime/engine/state_file.h"

struct state_options {
    const char *load, *save; /* NULL: not asked for */
    bool append;             /* the text follows the saved one, instead of beginning with it */
};
extern const struct argp state_argp;

/* What a verb keeps for it. */
struct resume {
    struct state_options options;
    struct state_file file; /* of --load-state */
    struct state_writer writer;
    struct history *saved; /* the tokens of the file; in the io arena */
    uint64_t skipped;      /* tokens that the state has already, and that no step takes again */
    const f32 *logits;     /* after the last of them, valid until a step; NULL: there are none */
};

/* Before session_open(): looks at the files, and adds to `whole` what they need. Exits with
 * EXIT_MISMATCH or EXIT_FAILED. */
void resume_prepare(struct resume *resume, struct session_options *whole);

/* After session_open(), before sealing. Exits with EXIT_MISMATCH if the state is that of other
 * weights, or its history is damaged. */
void resume_open(struct resume *resume, struct session *session);

/* In the place of session_reset(). With --load-state the tokens of ids[count] or, where `text` is
 * not NULL, the next of that, must be those of the file, as many as it has; then the session stands
 * behind them. With --append, or neither ids nor a text, it just does. `buffer` takes
 * session->chunk ids of a text. Exits with EXIT_MISMATCH and the place where the texts part. False:
 * interrupted. Allocates nothing. */
bool resume_begin_text(struct resume *resume, struct session *session, struct text *text,
                       u32 *buffer);
void resume_begin_ids(struct resume *resume, struct session *session, const u32 *ids,
                      uint64_t count, const char *name);

/* With --save-state: saves the session, unless it has consumed nothing. state_save() says more. */
void resume_save(struct resume *resume, struct session *session, const f32 *logits,
                 const struct state_score *score);

#endif
