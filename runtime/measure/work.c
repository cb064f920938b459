#include "runtime/measure/work.h"

#include <string.h>

#include "runtime/base/model.h"
#include "runtime/engine/session.h"

/* Positions that the tokens from `from` on see, summed over `count` of them: a token sees all
 * before it and its own, or the window's. */
static double seen(uint64_t from, uint64_t count)
{
    const double first = (double)from + 1, last = (double)from + (double)count;
    const double window = (double)model.window;
    if (model.window == 0 || last <= window)
        return (first + last) / 2 * (double)count;
    if (first >= window)
        return window * (double)count;
    const double growing = window - first; /* tokens that see less than the window */
    return (first + window - 1) / 2 * growing + window * ((double)count - growing);
}

double work_decode_bytes(uint64_t from, uint64_t count)
{
    const uint64_t fixed = session_decode_weight_bytes() + model.state_bytes - model.cache_bytes;
    return (double)fixed * (double)count + (double)model.cache_position_bytes * seen(from, count);
}

double work_prefill_multiply_adds(uint64_t from, uint64_t count)
{
    double flops = 0;
    for (u32 i = 0; i < model.op_count; i++) {
        const struct model_op *op = &model.ops[i];
        const double all = (double)op->flops * op->times;
        if (strcmp(op->step, "head") == 0)
            flops += all / model.logit_rows;
        else if (strcmp(op->step, "prefill") != 0)
            continue;
        else if (strncmp(op->kernel, "attention_", strlen("attention_")) == 0)
            /* Its row counts every position that the cache has room for. */
            flops += all / model.chunk * seen(from, count) /
                     ((double)model.cache_bytes / (double)model.cache_position_bytes);
        else
            flops += all / model.chunk * (double)count;
    }
    return flops / 2;
}
