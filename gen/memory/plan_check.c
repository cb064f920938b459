/* Checks of a plan that share no code with the planner and none of its conclusions. */
#include <inttypes.h>
#include <string.h>

#include "gen/memory/plan.h"

static bool range_is_sound(const struct plan *plan, const struct plan_buffer *b,
                           struct diagnostics *diagnostics)
{
    uint32_t errors = diagnostics->errors;
    if (b->at % plan->align != 0)
        diagnostics_error(diagnostics, 0,
                          "buffer %s at %" PRIu64 ", expected a multiple of %" PRIu64, b->name,
                          b->at, plan->align);
    if (b->room < b->bytes)
        diagnostics_error(diagnostics, 0, "buffer %s has room for %" PRIu64 " of %" PRIu64 " bytes",
                          b->name, b->room, b->bytes);
    if (b->room > plan->bytes || b->at > plan->bytes - b->room)
        diagnostics_error(diagnostics, 0, "buffer %s ends beyond the arena of %" PRIu64 " bytes",
                          b->name, plan->bytes);
    return diagnostics->errors == errors;
}

static bool overlap(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a->at < b->at ? b->at - a->at < a->room : a->at - b->at < b->room;
}

bool plan_check(const struct plan *plan, struct diagnostics *diagnostics)
{
    uint32_t errors = diagnostics->errors;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_buffer *a = &plan->buffer[i];
        if (!range_is_sound(plan, a, diagnostics))
            continue;
        for (uint32_t j = 0; j < i; j++) {
            const struct plan_buffer *b = &plan->buffer[j];
            bool before = a->last_op < b->first_op || b->last_op < a->first_op;
            if (!before && overlap(a, b))
                diagnostics_error(diagnostics, 0,
                                  "buffers %s and %s overlap and are alive together", b->name,
                                  a->name);
        }
    }
    return diagnostics->errors == errors;
}

/* One value per buffer of each kind of layer: whether it is there, intact. */
struct memory {
    const struct plan *plans;
    const struct graph *graphs;
    uint32_t kinds;
    struct diagnostics *diagnostics;
    bool intact[GRAPH_KINDS][PLAN_BUFFERS];
};

/* The buffer of a scratch tensor, by name; PLAN_BUFFERS if the plan lacks it. */
static uint32_t buffer_of(const struct plan *plan, const struct tensor *tensor)
{
    for (uint32_t i = 0; i < plan->count; i++)
        if (strcmp(plan->buffer[i].name, tensor->name) == 0)
            return i;
    return PLAN_BUFFERS;
}

static void read_all(struct memory *m, uint32_t kind, const struct node *node)
{
    const struct graph *graph = &m->graphs[kind];
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *tensor = node_tensor(graph, node, o);
        if (tensor == NULL || tensor->role != ROLE_SCRATCH || node_access(node, o) == 'w')
            continue;
        const uint32_t b = buffer_of(&m->plans[kind], tensor);
        if (b == PLAN_BUFFERS || m->intact[kind][b])
            continue;
        diagnostics_error(m->diagnostics, 0, "%s reads %s after its bytes were overwritten",
                          node_full_name(graph, node).text, tensor->name);
        m->intact[kind][b] = true; /* said once */
    }
}

/* A write destroys every other buffer in its range; sources of the same operation included, as the
 * kernel may still be reading them. What goes from layer to layer is the same buffer in all kinds,
 * if all have it at the same place. */
static void write_buffer(struct memory *m, uint32_t kind, const struct tensor *tensor,
                         uint32_t written)
{
    const struct plan_buffer *b = &m->plans[kind].buffer[written];
    for (uint32_t k = 0; k < m->kinds; k++)
        for (uint32_t i = 0; i < m->plans[k].count; i++) {
            const struct plan_buffer *other = &m->plans[k].buffer[i];
            const bool same = k == kind
                                  ? i == written
                                  : tensor->place == PLACE_PROLOGUE &&
                                        strcmp(other->name, b->name) == 0 && other->at == b->at;
            if (same || overlap(other, b))
                m->intact[k][i] = same;
        }
}

static void write_all(struct memory *m, uint32_t kind, const struct node *node)
{
    const struct graph *graph = &m->graphs[kind];
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *tensor = node_tensor(graph, node, o);
        if (tensor == NULL || tensor->role != ROLE_SCRATCH || !strchr("wm", node_access(node, o)))
            continue;
        const uint32_t b = buffer_of(&m->plans[kind], tensor);
        if (b != PLAN_BUFFERS)
            write_buffer(m, kind, tensor, b);
    }
}

/* The operations of a place, in a layer of one kind. */
static void execute(struct memory *m, uint32_t kind, enum place place)
{
    for (uint32_t i = 0; i < m->graphs[kind].node_count; i++) {
        const struct node *node = &m->graphs[kind].node[i];
        if (node->place != place)
            continue;
        read_all(m, kind, node);
        write_all(m, kind, node);
        read_all(m, kind, node);
    }
}

/* Every scratch tensor has a buffer that is large enough. False if the ranges are unsound. */
static bool all_have_room(const struct plan *plan, const struct graph *graph,
                          struct diagnostics *diagnostics)
{
    for (uint32_t i = 0; i < plan->count; i++)
        if (!range_is_sound(plan, &plan->buffer[i], diagnostics))
            return false;
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        const struct tensor *tensor = &graph->tensor[i];
        if (tensor->role != ROLE_SCRATCH)
            continue;
        const uint32_t b = buffer_of(plan, tensor);
        if (b == PLAN_BUFFERS)
            diagnostics_error(diagnostics, 0, "tensor %s has no buffer in the plan", tensor->name);
        else if (plan->buffer[b].room < tensor_bytes(tensor))
            diagnostics_error(diagnostics, 0,
                              "buffer %s has room for %" PRIu64 " of %" PRIu64 " bytes",
                              tensor->name, plan->buffer[b].room, tensor_bytes(tensor));
    }
    return true;
}

bool plan_check_layers(const struct plan *plans, const struct graph *graphs, const uint8_t *kind_of,
                       uint32_t layers, struct diagnostics *diagnostics)
{
    const uint32_t errors = diagnostics->errors;
    struct memory m = {.plans = plans, .graphs = graphs, .kinds = 1, .diagnostics = diagnostics};
    for (uint32_t l = 0; l < layers; l++)
        if (kind_of[l] >= m.kinds)
            m.kinds = kind_of[l] + 1u;
    for (uint32_t k = 0; k < m.kinds; k++)
        if (!all_have_room(&plans[k], &graphs[k], diagnostics))
            return false;
    execute(&m, 0, PLACE_PROLOGUE);
    for (uint32_t l = 0; l < layers; l++)
        execute(&m, kind_of[l], PLACE_LAYER);
    execute(&m, 0, PLACE_EPILOGUE);
    return diagnostics->errors == errors;
}
