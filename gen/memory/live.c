/* Lifetimes of scratch buffers over the operations of one step. */
#include "gen/memory/plan.h"

#include <stdlib.h>
#include <string.h>

/* First and last operation of the layer; a step without layers has none: first > last. */
static void layer_range(const struct graph *graph, uint32_t *first, uint32_t *last)
{
    *first = UINT32_MAX;
    *last = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        if (graph->node[i].place != PLACE_LAYER)
            continue;
        if (*first == UINT32_MAX)
            *first = i;
        *last = i;
    }
}

static bool touches(const struct node *node, uint32_t tensor, bool *writes)
{
    for (uint32_t o = 0; o < node_operands(node); o++) {
        if (node->word[o] != tensor)
            continue;
        *writes = node_access(node, o) == 'w';
        return true;
    }
    return false;
}

static struct plan_buffer lifetime(const struct graph *graph, uint32_t tensor)
{
    struct plan_buffer b = {.first_op = UINT32_MAX, .bytes = tensor_bytes(&graph->tensor[tensor])};
    strcpy(b.name, graph->tensor[tensor].name);
    uint32_t layer_first, layer_last;
    layer_range(graph, &layer_first, &layer_last);
    bool seen_in_layer = false, carried = false;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        bool writes = false;
        if (!touches(&graph->node[i], tensor, &writes))
            continue;
        if (b.first_op == UINT32_MAX)
            b.first_op = i;
        b.last_op = i;
        if (graph->node[i].place == PLACE_LAYER && !seen_in_layer) {
            seen_in_layer = true;
            carried = !writes;
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
        b->bottom = graph->kind_name[0] != '\0' && graph->tensor[i].place == PLACE_PROLOGUE;
    }
}
