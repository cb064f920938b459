/* The order of a layer's operations in a step of many rows, whose buffers are large. */
#include "gen/graph/passes.h"

/* Whether an operation changes what lives across layers and halves of layers. */
static bool adds(const struct graph *graph, const struct node *node)
{
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *t = node_tensor(graph, node, o);
        if (t != NULL && t->role == ROLE_SCRATCH && t->place == PLACE_PROLOGUE &&
            node->place == PLACE_LAYER && node_writes(node, node->word[o]))
            return true;
    }
    return false;
}

/* Marks an operation and all before it that it depends on, one after another. */
static void mark(const struct graph *graph, uint32_t node, bool needed[GRAPH_NODES])
{
    needed[node] = true;
    for (uint32_t i = node; i-- > 0;)
        for (uint32_t j = i + 1; j <= node && !needed[i]; j++)
            needed[i] = needed[j] && nodes_conflict(&graph->node[i], &graph->node[j], GRAPH_NONE);
}

void graph_order(struct graph *graph)
{
    const struct graph old = *graph;
    bool done[GRAPH_NODES] = {false};
    graph->node_count = 0;
    for (uint32_t i = 0; i < old.node_count; i++) {
        bool needed[GRAPH_NODES] = {false};
        if (i + 1 < old.node_count && !adds(&old, &old.node[i]))
            continue;
        mark(&old, i, needed);
        for (uint32_t j = 0; j <= i; j++)
            if (!done[j] && (needed[j] || i + 1 == old.node_count)) {
                graph_node(graph, &old.node[j]);
                done[j] = true;
            }
    }
}
