/* How long a user waits: for the first token of a text, and for each one behind it. */
#ifndef RUNTIME_MEASURE_LATENCY_H
#define RUNTIME_MEASURE_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/json.h"
#include "runtime/engine/session.h"
#include "runtime/measure/canary.h"
#include "runtime/measure/figure.h"
#include "runtime/measure/stats.h"

/* What lies between start and stop, for the record. */
extern const char latency_includes[];

/* Where the ids of a prompt come from, again in each repetition. */
struct latency_prompt {
    void (*begin)(void *context);
    u32 (*next)(void *context, u32 *ids, u32 capacity); /* fewer than asked for: the end */
    void *context;
};

struct latency_first {
    double seconds;  /* from the call to the first token's id */
    double tokenize; /* of these, in prompt->next() */
    uint64_t tokens; /* of the prompt */
    u32 id;          /* the first token */
};

/* Starts a text, reads the prompt and chooses a token greedily. False: interrupted. `ids` is of
 * session->chunk; backend_generate_open() has been called. Neither allocates nor, where the prompt
 * does not, makes a system call. */
bool latency_first_token(struct session *session, const struct latency_prompt *prompt, u32 *ids,
                         struct latency_first *first);

/* The tokens behind the first are generated greedily in equal parts, with a run of the canary
 * between them: at most LATENCY_PARTS, of at least LATENCY_PART_LEAST tokens. */
enum { LATENCY_PARTS = 32, LATENCY_PART_LEAST = 16 };
u32 latency_part(u32 tokens);

/* Positions that so many tokens take behind a prompt: each part begins with a token whose time is
 * not kept, because what was cached is gone. */
uint64_t latency_positions(u32 tokens);

/* Generates figure->most tokens behind first->id and appends their seconds. Stops early if
 * interrupted. The canary runs behind each part. In a part it neither allocates nor makes a system
 * call: what is kept of a token is one number in the figure's memory. */
void latency_tokens(struct session *session, struct canary *canary, struct figure *figure,
                    const struct latency_first *first);

/* ---- what the times say -------------------------------------------------------------------- */

/* A token is slow from so many medians on. */
#define LATENCY_SLOW 1.25

enum { LATENCY_CHANGES = 16, LATENCY_QUANTILES = 5 };
extern const double latency_shares[LATENCY_QUANTILES]; /* 0.5, 0.9, 0.95, 0.99, 0.999 */

/* A change of the level inside the series, and by how much the canary changed with it. */
struct latency_change {
    struct stats_change change;
    double canary;
    bool machine; /* the canary explains at least half of it */
};

struct latency {
    const struct figure *figure;           /* seconds of each token */
    const struct figure *first, *tokenize; /* seconds until the first one; of these, tokenizing; a
                                              text's, else NULL */
    const struct canary *canary;
    const char *series; /* the file with the series; NULL: none */
    double least, mean, most;
    struct stats_interval mean_interval;
    double quantiles[LATENCY_QUANTILES]; /* NaN where the tokens are too few to have one */
    struct stats_interval intervals[LATENCY_QUANTILES];
    double autocorrelation; /* of neighbours */
    struct stats_runs slow;
    struct latency_change changes[LATENCY_CHANGES];
    u32 change_count;
};

/* Bytes of `memory` for latency_analyze() of so many tokens. */
uint64_t latency_bytes(u32 tokens);

/* Fills in what follows `series` from the figure's samples, at least one. A quantile is given from
 * the number of tokens on of which one is expected beyond it: the 99.9th from 1,000 on. Costs some
 * thousand passes over the samples, and sorts them. */
void latency_analyze(struct latency *latency, void *memory);

/* The section "latency" of the record, and for people; `context` is a struct latency. */
void latency_write(struct json *json, const void *context);
void latency_print(struct out *out, const void *context);

#endif
