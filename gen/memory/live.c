/* Lifetimes of scratch buffers over the operations of one step. */
#include "gen/memory/plan.h"

#include <stdlib.h>
#include <string.h>

/* Whether the node gives the tensor a value without a look at the old one. */
static bool overwrites(const struct node *node, uint32_t tensor)
{
    uint32_t o = 0;
    while (node->word[o] != tensor)
        o++;
    return node_access(node, o) == 'w';
}

static struct plan_buffer lifetime(const struct graph *graph, uint32_t tensor)
{
    struct plan_buffer b = {.first_op = UINT32_MAX, .bytes = tensor_bytes(&graph->tensor[tensor])};
    strcpy(b.name, graph->tensor[tensor].name);
    uint32_t layer_first = UINT32_MAX, layer_last = 0;
    bool seen_in_layer = false, carried = false;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->node[i];
        const bool in_layer = node->place == PLACE_LAYER, uses = node_uses(node, tensor);
        if (in_layer && layer_first == UINT32_MAX)
            layer_first = i;
        if (in_layer)
            layer_last = i;
        if (uses && b.first_op == UINT32_MAX)
            b.first_op = i;
        if (uses)
            b.last_op = i;
        if (uses && in_layer && !seen_in_layer) {
            seen_in_layer = true;
            carried = !overwrites(node, tensor);
        }
    }
    if (carried && b.first_op > layer_first)
        b.first_op = layer_first;
    if (carried && b.last_op < layer_last)
        b.last_op = layer_last;
    return b;
}

void live_find(const struct graph *graph, struct plan *plan)
{
    *plan = (struct plan){.align = GRAPH_ALIGN};
    memcpy(plan->model, graph->model, sizeof plan->model);
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        if (graph->tensor[i].role != ROLE_SCRATCH)
            continue;
        if (plan->count == PLAN_BUFFERS)
            diagnostics_fault(
                graph->model,
                "more than %d buffers in a plan: raise PLAN_BUFFERS (gen/memory/plan.h)",
                PLAN_BUFFERS);
        struct plan_buffer *b = &plan->buffer[plan->count++];
        *b = lifetime(graph, i);
        b->tensor = i;
        b->bottom = graph->kind_name[0] != '\0' && graph->tensor[i].place == PLACE_PROLOGUE;
    }
}
