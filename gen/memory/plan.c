/* Offsets for the buffers of a plan. */
#include "gen/memory/plan.h"

#include <stdlib.h>
#include <string.h>

#include "gen/front/number.h"

enum { EXACT_BUFFERS = 24, EXACT_BRIEF = 1000, EXACT_NODES = 200000, SWAPS = 20000 };

static bool together(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a->first_op <= b->last_op && b->first_op <= a->last_op;
}

uint64_t plan_alive(const struct plan *plan, uint32_t op)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->buffer[i].first_op <= op && op <= plan->buffer[i].last_op)
            bytes += plan->buffer[i].room;
    return bytes;
}

static void find_bound(struct plan *plan)
{
    plan->bound = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        /* The heaviest operation is the first one of some buffer. */
        const uint32_t op = plan->buffer[i].first_op;
        const uint64_t alive = plan_alive(plan, op);
        if (alive > plan->bound || (alive == plan->bound && op < plan->witness)) {
            plan->bound = alive;
            plan->witness = op;
        }
    }
}

/* The lowest address at which buffer `next` fits among those already placed: order[0 .. placed). */
static uint64_t lowest_gap(const struct plan *plan, const uint32_t *order, uint32_t placed,
                           uint32_t next)
{
    const struct plan_buffer *b = &plan->buffer[next];
    uint64_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < placed; i++) {
            const struct plan_buffer *other = &plan->buffer[order[i]];
            if (together(b, other) && at < other->at + other->room && other->at < at + b->room) {
                at = other->at + other->room;
                moved = true;
            }
        }
    }
    return at;
}

/* Places all buffers in this order; the size of the arena. */
static uint64_t place(struct plan *plan, const uint32_t *order)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct plan_buffer *b = &plan->buffer[order[i]];
        b->at = lowest_gap(plan, order, i, order[i]);
        if (b->at + b->room > end)
            end = b->at + b->room;
    }
    return end;
}

/* Keeps the offsets that the buffers have now if they make a smaller arena. */
static void keep(struct plan *plan, uint64_t end, uint64_t *offsets)
{
    if (end >= plan->bytes)
        return;
    plan->bytes = end;
    for (uint32_t i = 0; i < plan->count; i++)
        offsets[i] = plan->buffer[i].at;
}

/* What a fixed order sorts by, larger first. */
static uint64_t weight_of(const struct plan_buffer *b, uint32_t rule)
{
    uint64_t life = (uint64_t)b->last_op - b->first_op + 1;
    switch (rule) {
    case 0: /* the residual stream first: it stands still at the bottom */
        return life;
    case 1:
        return b->room;
    case 2:
        return b->room * life;
    default:
        return UINT32_MAX - b->first_op;
    }
}

static void sort_order(const struct plan *plan, uint32_t rule, uint32_t *order)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        uint32_t j = i;
        uint64_t weight = weight_of(&plan->buffer[i], rule);
        for (; j > 0 && weight_of(&plan->buffer[order[j - 1]], rule) < weight; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

/* splitmix64: a fixed sequence for the swaps. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Swaps two places of the order, and takes the swap back unless the arena stays or shrinks. */
static void search_swaps(struct plan *plan, uint64_t *offsets)
{
    uint32_t order[PLAN_BUFFERS];
    sort_order(plan, 1, order);
    uint64_t seed = 1, current = place(plan, order);
    for (uint32_t i = 0; i < SWAPS && plan->bytes > plan->bound && plan->count > 1; i++) {
        uint32_t a = (uint32_t)(next_random(&seed) % plan->count);
        uint32_t b = (uint32_t)(next_random(&seed) % plan->count);
        uint32_t held = order[a];
        order[a] = order[b];
        order[b] = held;
        uint64_t end = place(plan, order);
        keep(plan, end, offsets);
        if (end <= current) {
            current = end;
            continue;
        }
        order[b] = order[a];
        order[a] = held;
    }
}

/* Branch and bound. Some optimal plan arises by placing the buffers in the order of their offsets,
 * each directly on top of what it lives with; so it suffices to try such orders. */
struct exact {
    struct plan *plan;
    uint64_t *offsets;
    uint32_t order[PLAN_BUFFERS];
    bool used[PLAN_BUFFERS];
    uint32_t nodes, limit; /* tried, and at most to try */
};

/* A lower bound of every completion: at some operation, the highest end placed so far plus all that
 * is still to come on top of it. */
static uint64_t completion_bound(const struct exact *e)
{
    const struct plan *plan = e->plan;
    uint64_t bound = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        uint32_t op = plan->buffer[i].first_op;
        uint64_t top = 0, rest = 0;
        for (uint32_t j = 0; j < plan->count; j++) {
            const struct plan_buffer *b = &plan->buffer[j];
            if (b->first_op > op || op > b->last_op)
                continue;
            if (!e->used[j])
                rest += b->room;
            else if (b->at + b->room > top)
                top = b->at + b->room;
        }
        if (top + rest > bound)
            bound = top + rest;
    }
    return bound;
}

static void descend(struct exact *e, uint32_t placed, uint64_t floor, uint64_t end)
{
    struct plan *plan = e->plan;
    if (plan->bytes == plan->bound || e->nodes++ >= e->limit)
        return;
    if (placed == plan->count) {
        keep(plan, end, e->offsets);
        return;
    }
    if (completion_bound(e) >= plan->bytes)
        return;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (e->used[i])
            continue;
        struct plan_buffer *b = &plan->buffer[i];
        b->at = 0;
        for (uint32_t j = 0; j < placed; j++) {
            const struct plan_buffer *other = &plan->buffer[e->order[j]];
            if (together(b, other) && other->at + other->room > b->at)
                b->at = other->at + other->room;
        }
        if (b->at < floor || b->at + b->room >= plan->bytes)
            continue;
        uint64_t at = b->at;
        e->used[i] = true;
        e->order[placed] = i;
        descend(e, placed + 1, at, at + b->room > end ? at + b->room : end);
        e->used[i] = false;
    }
}

/* True: no plan is smaller than the one kept now. */
static bool exhaust(struct plan *plan, uint64_t *offsets, uint32_t limit)
{
    struct exact e = {.plan = plan, .offsets = offsets, .limit = limit};
    if (plan->count > EXACT_BUFFERS)
        return false;
    descend(&e, 0, 0, 0);
    return e.nodes < limit;
}

const struct plan_buffer *plan_bottom(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->buffer[i].bottom)
            return &plan->buffer[i];
    return NULL;
}

/* Moves the bottom buffer to offset 0. Nothing that lives with it overlaps its range: what was
 * below moves up by its size, into the range that becomes free, and keeps its distances. */
static void sink_bottom(struct plan *plan)
{
    if (plan_bottom(plan) == NULL)
        return;
    const struct plan_buffer bottom = *plan_bottom(plan);
    for (uint32_t i = 0; i < plan->count; i++) {
        struct plan_buffer *b = &plan->buffer[i];
        if (!together(b, &bottom))
            diagnostics_fault(plan->model,
                              "the residual is not alive beside every buffer (gen/memory/live.c)");
        if (b->bottom)
            b->at = 0;
        else if (b->at < bottom.at)
            b->at += bottom.room;
    }
}

void plan_solve(struct plan *plan)
{
    uint64_t offsets[PLAN_BUFFERS] = {0};
    uint32_t order[PLAN_BUFFERS];
    for (uint32_t i = 0; i < plan->count; i++)
        plan->buffer[i].room = number_pad(plan->buffer[i].bytes, plan->align);
    find_bound(plan);
    plan->bytes = UINT64_MAX;
    for (uint32_t rule = 0; rule < 4 && plan->bytes > plan->bound; rule++) {
        sort_order(plan, rule, order);
        keep(plan, place(plan, order), offsets);
    }
    bool exhausted = exhaust(plan, offsets, EXACT_BRIEF);
    if (plan->bytes > plan->bound && !exhausted) {
        search_swaps(plan, offsets);
        exhausted = exhaust(plan, offsets, EXACT_NODES);
    }
    plan->proved = plan->bytes == plan->bound || exhausted;
    for (uint32_t i = 0; i < plan->count; i++)
        plan->buffer[i].at = offsets[i];
    sink_bottom(plan);
}
