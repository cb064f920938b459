/* A text through a model, piece by piece: what every token cost it, and, where another model has
 * been here before, how far the distributions of both are apart. Memory does not grow with the
 * text. */
#ifndef RUNTIME_MEASURE_PERPLEXITY_H
#define RUNTIME_MEASURE_PERPLEXITY_H

#include "runtime/base/digest.h"
#include "runtime/measure/divergence.h"
#include "runtime/measure/logprobs.h"
#include "runtime/measure/loss.h"
#include "runtime/measure/windows.h"

struct perplexity {
    struct session *session; /* with a tokenizer */
    struct windows windows;
    u32 begins; /* ids that were put before the text */

    /* The next tokens of the text: fewer than `capacity` only at its end, or when interrupted. */
    u32 (*tokens)(void *context, u32 *ids, u32 capacity);
    void *context;

    struct logprobs_writer *save;    /* receives every row; NULL: nobody does */
    struct logprobs_reader *against; /* open; NULL: there is none */
    bool progress;                   /* a line on stderr, once a second */

    struct loss loss;
    struct divergence divergence; /* with `against` */

    XXH3_state_t ids_digest;
    u32 begin_id; /* the first id of the text */
    u32 *ids;     /* [capacity]: a piece and the token after it; of one pass, a chunk of it */
    u32 capacity;
    uint8_t *rows; /* of `against` */
    double *bits;
    struct score_pair *pairs;
    double said; /* when the last line of progress was */
};

/* Bytes of host memory that perplexity_begin() takes from session->io, by the fields up to
 * `against`; `chunk` as session->chunk. */
uint64_t perplexity_bytes(const struct perplexity *perplexity, u32 chunk);

/* Before arena_seal(), with the fields up to `progress` set. */
void perplexity_begin(struct perplexity *perplexity);

/* Scores the text. False if it was interrupted: loss and divergence are those of what was scored
 * until then. Exits as logprobs_read() does, and as the source of the tokens. Allocates nothing. */
bool perplexity_run(struct perplexity *perplexity);

/* After a run that was not interrupted: gives `save` its name; checks that `against` was made of
 * the same text. */
void perplexity_end(struct perplexity *perplexity);

#endif
