/* The memory plan: buffers that are alive at different times share addresses.
 *
 * A buffer is alive from the operation that first writes it to the last one that touches it. Two
 * buffers alive at the same operation get disjoint ranges. The bound is the heaviest operation: the
 * sum of what is alive there must be in memory at once, whatever the plan. A plan that reaches it
 * is optimal, and the operation is the certificate. */
#ifndef GEN_MEMORY_PLAN_H
#define GEN_MEMORY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/graph/graph.h"

enum { PLAN_BUFFERS = 64 };

struct plan_buffer {
    char name[16];
    uint32_t tensor;            /* of the graph */
    uint64_t bytes;             /* wanted; rounded up to the alignment it is `room` */
    uint32_t first_op, last_op; /* alive from and to, inclusive */
    bool bottom;                /* has to be at offset 0; at most one in a plan */
    uint64_t at, room;          /* filled by plan_solve() */
};

struct plan {
    char model[CFG_NAME_MAX + 1]; /* for messages */
    uint64_t align;
    uint32_t count;
    struct plan_buffer buffer[PLAN_BUFFERS];

    uint64_t bytes;   /* of the arena */
    uint64_t bound;   /* no plan can be smaller */
    uint32_t witness; /* the operation at which the bound is reached */
    bool proved;      /* bytes is optimal: equal to the bound, or the search was exhaustive */
};

/* Finds the lifetimes of a graph's scratch buffers. What a layer reads before it writes is alive
 * in all of the layer, because the next layer reads it again. In a model with several kinds of
 * layers that buffer has to be at offset 0: every kind has a plan, and finds it in the same place.
 */
void live_find(const struct graph *graph, struct plan *plan);

/* Fills in everything else: fixed orders; for up to 24 buffers a brief exhaustive search; seeded
 * swaps; the exhaustive search again, with a high limit. Stops as soon as the bound is met. A
 * bottom buffer must live together with every other one; then it can be at offset 0 without loss.
 * Same input, same plan. */
void plan_solve(struct plan *plan);

/* The bytes alive at an operation. */
uint64_t plan_alive(const struct plan *plan, uint32_t op);

/* The bottom buffer; NULL: the plan has none. */
const struct plan_buffer *plan_bottom(const struct plan *plan);

/* Checks a plan as a set of intervals: alignment, room, arena, and that no two buffers alive at the
 * same operation overlap. Shares nothing with plan_solve(). */
MUST_USE bool plan_check(const struct plan *plan, struct diagnostics *diagnostics);

/* Checks the plans of a step, one for each kind of layer, against the graphs themselves, without
 * intervals: executes the operations in order, layer after layer as `kind_of` gives their kinds,
 * and watches that no value is overwritten before its last reader had it. */
MUST_USE bool plan_check_layers(const struct plan *plans, const struct graph *graphs,
                                const uint8_t *kind_of, uint32_t layers,
                                struct diagnostics *diagnostics);

/* `gen --stop-after=live|plan`. */
void live_print(const struct plan *plan, const struct graph *graph, FILE *to);
void plan_print(const struct plan *plan, const struct graph *graph, const char *name, FILE *to);

#endif
