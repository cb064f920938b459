/* What every operation shares: which rows it works on, and how it ends.
 *
 * An operation is an inlined function
 *
 *   name(r, &shape, [frequencies,] operand, ..)
 *
 * over a constant shape (kernels/shapes.h) and the operands of its row in kernels/ops.def: rows as
 * the f32 at which they begin, packed matrices and caches as void, NULL for one that the model
 * lacks. Meanings, shapes and bounds of error stand at the top of each file. The caller, a function
 * of a generated kernels.c, ends the operation with op_done(). */
#ifndef KERNELS_CPU_OP_H
#define KERNELS_CPU_OP_H

#include <stddef.h>

#include "kernels/cpu/team.h"
#include "kernels/shapes.h"

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

/* Ends operation `op` (an op of the generated model): the barrier orders what this operation wrote
 * before what any later one reads or overwrites. Watching the operations (a trace, a test) costs a
 * second barrier; not watching costs one branch. */
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
