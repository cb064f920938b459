/* Tokens out of the model, as text, one after another: the loop behind `run` and `stream`. */
#ifndef RUNTIME_ENGINE_GENERATE_H
#define RUNTIME_ENGINE_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/out.h"
#include "runtime/engine/session.h"

struct generation {
    uint64_t tokens; /* printed */
    uint64_t steps;  /* decode steps in that time: the last token is not consumed any more */
    double seconds;  /* from the first choice of a token to the last */
    bool ended;      /* the last byte printed was a newline */
};

/* What is asked for: by --temp, --top-k, --top-p, --min-p, --seed, --n-predict, --ignore-eos. */
struct generate_options {
    struct sample_options sample;
    bool seed_drawn; /* --seed -1: nobody chose it */
    int64_t tokens;  /* -1: until the end of text; -2: until that or a full context */
    bool tokens_given;
    bool ignore_eos;
};

/* What generate() needs, made before sealing. */
struct generator {
    struct session *session;
    struct out *out;
    uint64_t limit; /* most tokens */
    bool fill;      /* no more than the context takes */
};

/* Takes backend_generate_bytes() from the io arena. The session has a tokenizer; ids that it does
 * not know (rows that only pad the vocabulary) are never chosen. */
void generate_open(struct generator *generator, struct session *session, struct out *out,
                   const struct generate_options *options);

/* Chooses, prints and consumes tokens, starting from the row of logits that session_decode(), or
 * session_head() with one row, returned last: until options.tokens are printed, the end of text is
 * chosen, Ctrl-C, or the reader of `out` is gone. Every token is written as soon as it completes a
 * character. Allocates nothing, and apart from that write makes no system call. */
struct generation generate(struct generator *generator, const f32 *logits);

#endif
