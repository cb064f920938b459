#include "runtime/engine/finite.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cpu/op.h"
#include "kernels/cpu/simd.h"
#include "runtime/base/die.h"
#include "runtime/base/model.h"

/* Values between two looks at what was found. */
enum { STRIDE = 4096 };

/* The sign bit of a lane is set where all bits of an exponent are: they carry into it. */
KERNEL_INLINE vu exponents(const f32 *at)
{
    return ((vu)vf_load(at) & 0x7fffffff) + 0x00800000;
}

static bool all_finite(const f32 *values, uint64_t count)
{
    vu seen = {0};
    uint64_t at = 0;
    for (; at + LINE_F32 <= count; at += LINE_F32)
        for (uint64_t part = 0; part < LINE_VF; part++)
            seen |= exponents(values + at + part * VF_LANES);
    u32 any = 0;
    for (u32 lane = 0; lane < VF_LANES; lane++)
        any |= seen[lane];
    bool finite = any >> 31 == 0;
    for (; at < count; at++)
        finite = finite && isfinite(values[at]);
    return finite;
}

uint64_t finite_prefix(const f32 *values, uint64_t count)
{
    for (uint64_t at = 0; at < count; at += STRIDE) {
        const uint64_t some = count - at < STRIDE ? count - at : STRIDE;
        if (all_finite(values + at, some))
            continue;
        while (isfinite(values[at]))
            at++;
        return at;
    }
    return count;
}

struct rows {
    const f32 *logits;
    u32 count;
    atomic_uint first; /* that is not finite */
};

static void check_rows(run *r, void *context)
{
    struct rows *rows = context;
    u32 first, last;
    team_share(r, rows->count, &first, &last);
    for (u32 row = first; row < last; row++) {
        if (finite_prefix(rows->logits + (size_t)row * model.vocab_pad, model.vocab) == model.vocab)
            continue;
        unsigned lowest = atomic_load(&rows->first);
        while (row < lowest && !atomic_compare_exchange_weak(&rows->first, &lowest, row))
            ;
    }
}

u32 finite_rows(struct pool *pool, const f32 *logits, u32 rows)
{
    if (rows == 1)
        return finite_prefix(logits, model.vocab) < model.vocab ? 0 : 1;
    struct rows all = {.logits = logits, .count = rows, .first = rows};
    team_run(pool, check_rows, &all);
    return atomic_load(&all.first);
}

/* ---- after every operation ------------------------------------------------------------------ */

/* Layers that the current step has begun. A model of one layer has none that show. */
static u32 layers;

static bool same_step(const struct model_op *a, const struct model_op *b)
{
    return strcmp(a->step, b->step) == 0;
}

static bool in_layer(const struct model_op *op)
{
    return model.pattern ? op->kind != 0 : op->times > 1;
}

/* Counts steps and layers by their first operations. */
static void count_layers(const struct model_op *op)
{
    const bool first = op == model.ops || !same_step(op - 1, op);
    if (first)
        layers = 0;
    if (in_layer(op) && (first || !in_layer(op - 1) || op[-1].kind != op->kind))
        layers++;
}

static _Noreturn void refuse(const struct finite_view *view, const struct model_op *op,
                             const char *name, uint64_t at, f32 value)
{
    char layer[32] = "", last[32] = "";
    if (in_layer(op))
        snprintf(layer, sizeof layer, ", layer %u", layers - 1);
    if (view->tokens > 1)
        snprintf(last, sizeof last, " to %" PRIu64, view->position + view->tokens - 1);
    die(EXIT_FAILED,
        "operation %s of %s%s, at position%s %" PRIu64 "%s: value %" PRIu64
        " of '%s' is %s, and nothing before it was: the weights lead out of the range of f32, or "
        "are damaged",
        op->name, op->step, layer, view->tokens > 1 ? "s" : "", view->position, last, at, name,
        isnan(value) ? "NaN"
        : value > 0  ? "infinite"
                     : "minus infinite");
}

static void check_range(const struct finite_view *view, const struct model_op *op, const char *name,
                        const void *at, uint64_t count)
{
    for (uint64_t from = 0; from < count; from += FINITE_FETCH) {
        const uint64_t some = count - from < FINITE_FETCH ? count - from : FINITE_FETCH;
        const f32 *values = view->fetch((const f32 *)at + from, some * sizeof *values);
        const uint64_t good = finite_prefix(values, some);
        if (good < some)
            refuse(view, op, name, from + good, values[good]);
    }
}

void finite_check(const struct finite_view *view, u32 op)
{
    const struct model_op *of = &model.ops[op];
    const bool prefill = strcmp(of->step, "prefill") == 0, head = strcmp(of->step, "head") == 0;
    count_layers(of);
    for (u32 i = 0; i < model.buffer_count; i++) {
        const struct model_buffer *b = &model.buffers[i];
        if (op < b->first_op || op > b->last_op || strcmp(b->step, of->step) != 0)
            continue;
        const uint64_t bytes = prefill ? b->bytes / model.chunk * view->tokens : b->bytes;
        check_range(view, of, b->name, view->scratch + b->at, bytes / sizeof(f32));
    }
    if (!head)
        check_range(view, of, "hidden", view->io + model.io_hidden_at,
                    view->tokens * LINE_PAD((uint64_t)model.dim));
    for (u32 row = 0; !prefill && row < view->logit_rows; row++)
        check_range(view, of, "logits",
                    view->io + model.io_logits_at + (uint64_t)row * model.vocab_pad * sizeof(f32),
                    model.vocab);
}
