/* What every operation shares: which rows it works on, and how it ends. */
#ifndef KERNELS_CPU_OP_H
#define KERNELS_CPU_OP_H

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

#ifdef INGOT_TRACE
/* Called by rank 0 after each operation, while all ranks wait: every write of the operation is
 * visible to it, and nothing of the next has begun. The program that links a trace build has it. */
void trace_op(run *r, u32 op);
#endif

/* Ends operation `op` (an op of the generated model): the barrier orders what this operation wrote
 * before what any later one reads or overwrites. */
static inline void op_done(run *r, u32 op)
{
    team_barrier(r);
#ifdef INGOT_TRACE
    if (r->rank == 0)
        trace_op(r, op);
    team_barrier(r);
#else
    (void)op;
#endif
}

#endif
