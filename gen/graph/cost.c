/* What every operation costs, by the rules of ops.def. The ranges of the config keys keep these
 * products far below 2^64. */
#include "gen/graph/graph.h"

/* An embedding reads one row of the table per token, experts as many as the tokens may choose;
 * everything else reads its weights whole. */
static uint64_t weights_read(const struct graph *graph, const struct node *node)
{
    uint64_t bytes = 0;
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *t = node_tensor(graph, node, o);
        if (t == NULL || t->role != ROLE_WEIGHT)
            continue;
        if (node->op == OP_EMBED)
            bytes += node->t * node->k * dtype_bytes(t->type);
        else if (t->experts > node->t * node->chosen)
            bytes += tensor_bytes(t) / t->experts * (node->t * node->chosen);
        else
            bytes += tensor_bytes(t);
    }
    return bytes;
}

static uint64_t moved(const struct node *node)
{
    uint64_t t = node->t, m = node->m, k = node->k, n = node->n;
    switch (node->op) {
#define OP(NAME, STEM, ACCESS, MOVED, FLOPS, MEANING)                                              \
    case OP_##NAME:                                                                                \
        (void)t, (void)m, (void)k, (void)n;                                                        \
        return MOVED;
#include "kernels/ops.def"
#undef OP
    case OP_COUNT:
        break;
    }
    return 0;
}

static uint64_t flops(const struct node *node)
{
    uint64_t t = node->t, m = node->m, k = node->k, n = node->n;
    switch (node->op) {
#define OP(NAME, STEM, ACCESS, MOVED, FLOPS, MEANING)                                              \
    case OP_##NAME:                                                                                \
        (void)t, (void)m, (void)k, (void)n;                                                        \
        return FLOPS;
#include "kernels/ops.def"
#undef OP
    case OP_COUNT:
        break;
    }
    return 0;
}

void graph_cost(struct graph *graph)
{
    for (uint32_t i = 0; i < graph->node_count; i++) {
        struct node *node = &graph->node[i];
        node->weight_bytes = weights_read(graph, node);
        node->moved_bytes = moved(node);
        node->flops = flops(node);
    }
}
