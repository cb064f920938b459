/* What every operation shares: which rows it works on, and how it ends. */
#ifndef KERNELS_CPU_OP_H
#define KERNELS_CPU_OP_H

#include <stddef.h>

#include "kernels/cpu/team.h"

/* The COUNT of an instance: how many rows (tokens), and from which source row. */
enum count {
    COUNT_ONE,    /* row 0: decode */
    COUNT_CHUNK,  /* rows 0 .. step.tokens - 1: prefill */
    COUNT_LOGITS, /* source rows step.logit_first ..; destination rows 0 .. step.logit_rows - 1 */
};

static inline u32 count_rows(const run *r, enum count count)
{
    if (count == COUNT_ONE)
        return 1;
    return count == COUNT_CHUNK ? r->step->tokens : r->step->logit_rows;
}

static inline u32 count_first(const run *r, enum count count)
{
    return count == COUNT_LOGITS ? r->step->logit_first : 0;
}

/* Floats from one row to the next of a buffer with `count` elements per row. */
#define LINE_PAD(count) (((count) + LINE_F32 - 1) / LINE_F32 * LINE_F32)

/* Ends operation `op` (an op of the generated model): the barrier orders what this operation wrote
 * before what any later one reads or overwrites. Who watches the operations (a trace, a test) costs
 * a second barrier; nobody costs one branch. */
static inline void op_done(run *r, u32 op)
{
    team_barrier(r);
    if (__builtin_expect(r->after_op != NULL, 0)) {
        if (r->rank == 0)
            r->after_op(r, op);
        team_barrier(r); /* what the hook wrote, before the next operation reads it */
    }
}

#endif
