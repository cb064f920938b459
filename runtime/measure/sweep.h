/* What a model costs at growing depths of one text, measured in one pass: at each of a list of
 * positions the text is left alone, probed, and continued as if nothing had happened. */
#ifndef RUNTIME_MEASURE_SWEEP_H
#define RUNTIME_MEASURE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/engine/session.h"
#include "runtime/engine/state.h"

enum { SWEEP_ROWS = 128, SWEEP_REPETITIONS = 100 };

/* Gives the next ids[count] of the text; fewer than `count` only at its end. Allocates nothing. */
typedef u32 sweep_source(void *context, u32 *ids, u32 count);

struct sweep_row;
enum sweep_part { SWEEP_PREFILL, SWEEP_DECODE, SWEEP_FIRST_TOKEN };

/* Is told of each part of a row as soon as it is measured, with all of its repetitions; nothing is
 * measured until it returns. Allocates nothing. */
typedef void sweep_measured(enum sweep_part part, const struct sweep_row *row);

struct sweep_options {
    const uint64_t *positions; /* ascending, `count` of them */
    u32 count;
    u32 generate;    /* tokens of a decode probe; 0: there is none */
    u32 prompt;      /* tokens of a first-token probe; 0: there is none */
    u32 repetitions; /* of each probe, at most SWEEP_REPETITIONS */
    bool score;      /* how well the text is foretold; the session has a tokenizer */
    sweep_source *source;
    void *context;            /* of the source */
    sweep_measured *measured; /* NULL: nobody */
};

/* What was found at a position. Speeds in tokens per second; NaN where nothing was measured. */
struct sweep_row {
    uint64_t position;
    uint64_t tokens;      /* of the interval that ends here */
    double prefill;       /* the interval's speed: its tokens by the seconds of its prefill steps */
    double bits_per_byte; /* of the interval's text */
    u32 repetitions;      /* of each probe that was asked for */
    double decode[SWEEP_REPETITIONS];      /* speed of `generate` tokens behind the position */
    double first_token[SWEEP_REPETITIONS]; /* seconds from a prompt of `prompt` tokens behind it to
                                              the choice of the token after it */
    uint64_t state_bytes;                  /* of fixed size */
    uint64_t cache_bytes;                  /* keys and values of the positions so far */
    uint64_t resident_bytes, peak_bytes;   /* of the process, now and at most; 0: not known */
};

struct sweep {
    struct session *session;
    const struct sweep_options *options;
    u32 *ids;    /* [chunk + 1]: a chunk and the token after it */
    u32 held;    /* tokens that lie in ids already: 0 or 1 */
    u32 *recent; /* [recent_count]: the last tokens consumed, of which the probes are made */
    u32 recent_count;
    double *bits; /* [logit_rows] */
    double *each; /* [generate] */
    struct snapshot snapshot;
    bool ended; /* the text */
};

/* The least first position: the probes consist of tokens of the text before it. */
u32 sweep_least(const struct sweep_options *options);

/* Positions that probes need behind the one that they probe. */
u32 sweep_ahead(const struct sweep_options *options);

/* Bytes of sweep_open()'s memory, and of the session's snapshot_bytes. */
uint64_t sweep_bytes(const struct sweep_options *options, u32 chunk);
uint64_t sweep_snapshot_bytes(const struct sweep_options *options);

/* Before sealing. `memory` has sweep_bytes() of the session's chunk. All must outlive the sweep. */
void sweep_open(struct sweep *sweep, struct session *session, const struct sweep_options *options,
                void *memory);

/* Measures the row of position number `index`, the ones before it having been measured: consumes
 * the text up to there and probes. Afterwards the session's state is that of the text alone, bit
 * for bit. Where the text ends before, the row is that of its end, and sweep->ended is set. False:
 * there is no row, as the text ended with the one before, or an interrupt was asked for.
 *
 * Each measurement begins when all earlier work is done and ends when its own is. The texts are
 * made into tokens, scored and copied outside of what is measured, and the memory is read there.
 * Allocates nothing. */
bool sweep_measure(struct sweep *sweep, u32 index, struct sweep_row *row);

#endif
