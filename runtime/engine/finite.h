/* Values that are not finite: NaN and the infinities. No step of a sound model has any, and after
 * the first one every number is wrong, so they end the program. */
#ifndef RUNTIME_ENGINE_FINITE_H
#define RUNTIME_ENGINE_FINITE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/run.h"
#include "runtime/engine/team.h"

/* The index of the first of values[count] that is not finite; `count`: none. `values` is 64-byte
 * aligned. Reads them once, with three vector instructions for each vector. */
uint64_t finite_prefix(const f32 *values, uint64_t count);

/* The first of `rows` rows of logits[model.vocab_pad] of which the first model.vocab are not all
 * finite; `rows`: none. More than one row is shared among the threads. */
u32 finite_rows(struct pool *pool, const f32 *logits, u32 rows);

enum { FINITE_FETCH = 16384 }; /* most values that are fetched together */

/* What a step has left in memory so far. */
struct finite_view {
    const uint8_t *scratch, *io; /* the arenas; of a device, its addresses */
    uint64_t position;           /* of the step's first token */
    u32 tokens;                  /* of the step; 1 in decode */
    u32 logit_rows;              /* that the step makes or will make */
    /* The `bytes` at such an address as the host reads them, until the next call. */
    const f32 *(*fetch)(const void *at, uint64_t bytes);
};

/* After operation `op`, an index into model.ops: exits with EXIT_FAILED if a buffer of scratch that
 * is in use, a hidden row or a logit of this step is not finite, with the names of operation and
 * layer. To be called after every operation of a step, so that it is the first with such a value; a
 * key or value that overflows the type of its cache shows in the attention that reads it. The
 * arenas hold finite values before the first step. */
void finite_check(const struct finite_view *view, u32 op);

#endif
