/* The expressions of kernels/ops.def, for one node: 2*chosen, pad(M), x_stride. */
#ifndef GEN_GRAPH_EXPRESSION_H
#define GEN_GRAPH_EXPRESSION_H

#include "gen/graph/graph.h"

/* The value of the expression that *text starts with; *text then points behind it. A word that the
 * row does not know, or a letter that is not bound, is a fault of the row: aborts and names both.
 */
uint64_t expression_value(const struct graph *graph, const struct node *node, const char **text);

#endif
