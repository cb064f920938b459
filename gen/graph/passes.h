/* What is done to the graph of a step between the builder of its family, which describes a layer
 * once, and graph_shape(). */
#ifndef GEN_GRAPH_PASSES_H
#define GEN_GRAPH_PASSES_H

#include "gen/graph/graph.h"

enum { FUSION_PARTS = 5 };

/* A row of kernels/fusions.def: in the words of its operations' operands stand numbers of the row's
 * names, from 1; 0 is an operand that must be absent. */
struct fusion {
    struct node whole, part[FUSION_PARTS];
    uint32_t parts;
};
extern const struct fusion fusions[];
extern const uint32_t fusion_count, fusion_names; /* names are below fusion_names */

/* Makes the parts of fusions one operation each, where nobody else reads what lies between them and
 * nothing that stands between them would notice; those of most parts first. The first part may be
 * one that several fusions begin with, as a norm: each computes it for itself. The whole stands
 * where its last part stood and bears its name, or what that is called when it is fused. Scratch
 * that nobody uses any more is dropped, the rest is in the order of its first use. */
void graph_fuse(struct graph *graph);

/* Orders a layer for little memory: what is added to the residual stream is added as soon as all of
 * it is computed, before the next branch begins, and branches keep their order. */
void graph_order(struct graph *graph);

#endif
