/* The memory plan: buffers that are alive at different times share addresses.
 *
 * A buffer is alive from the operation that first writes it to the last one that touches it. Two
 * buffers alive at the same operation get disjoint ranges. The bound is the heaviest operation: the
 * sum of what is alive there must be in memory at once, whatever the plan. A plan that reaches it
 * is optimal, and the operation is the certificate. */
#ifndef GEN_PLAN_H
#define GEN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/graph.h"

enum { PLAN_BUFFERS = 64 };

struct plan_buffer {
    char name[16];
    uint64_t bytes;             /* wanted; rounded up to the alignment it is `room` */
    uint32_t first_op, last_op; /* alive from and to, inclusive */
    uint64_t at, room;          /* filled by plan_solve() */
};

struct plan {
    uint64_t align;
    uint32_t count;
    struct plan_buffer buffer[PLAN_BUFFERS];

    uint64_t bytes;   /* of the arena */
    uint64_t bound;   /* no plan can be smaller */
    uint32_t witness; /* the operation at which the bound is reached */
    bool proved;      /* bytes is optimal: equal to the bound, or the search was exhaustive */
};

/* Finds the lifetimes of a graph's scratch buffers. What a layer reads before it writes is alive
 * in all of the layer, because the next layer reads it again. */
void live_find(const struct graph *graph, struct plan *plan);

/* Fills in everything else: fixed orders; for up to 24 buffers a brief exhaustive search; seeded
 * swaps; the exhaustive search again, with a high limit. Stops as soon as the bound is met. Same
 * input, same plan. */
void plan_solve(struct plan *plan);

/* Checks a plan as a set of intervals: alignment, room, arena, and that no two buffers alive at the
 * same operation overlap. Shares nothing with plan_solve(). */
__attribute__((warn_unused_result)) bool plan_check(const struct plan *plan, struct report *report);

/* Checks a plan against the graph itself, without intervals: executes the operations in order, the
 * layer twice, and watches that no value is overwritten before its last reader had it. */
__attribute__((warn_unused_result)) bool
plan_check_graph(const struct plan *plan, const struct graph *graph, struct report *report);

/* `gen --stop-after=live|plan`. */
void live_print(const struct plan *plan, const struct graph *graph, FILE *to);
void plan_print(const struct plan *plan, const struct graph *graph, const char *name, FILE *to);

#endif
