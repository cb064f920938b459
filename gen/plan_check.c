/* Checks of a plan that share no code with the planner and none of its conclusions. */
#include <inttypes.h>
#include <string.h>

#include "gen/plan.h"

static bool range_is_sound(const struct plan *plan, const struct plan_buffer *b,
                           struct report *report)
{
    uint32_t errors = report->errors;
    if (b->at % plan->align != 0)
        report_error(report, 0, "buffer %s at %" PRIu64 ", expected a multiple of %" PRIu64,
                     b->name, b->at, plan->align);
    if (b->room < b->bytes)
        report_error(report, 0, "buffer %s has room for %" PRIu64 " of %" PRIu64 " bytes", b->name,
                     b->room, b->bytes);
    if (b->room > plan->bytes || b->at > plan->bytes - b->room)
        report_error(report, 0, "buffer %s ends beyond the arena of %" PRIu64 " bytes", b->name,
                     plan->bytes);
    return report->errors == errors;
}

static bool overlap(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a->at < b->at ? b->at - a->at < a->room : a->at - b->at < b->room;
}

bool plan_check(const struct plan *plan, struct report *report)
{
    uint32_t errors = report->errors;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_buffer *a = &plan->buffer[i];
        if (!range_is_sound(plan, a, report))
            continue;
        for (uint32_t j = 0; j < i; j++) {
            const struct plan_buffer *b = &plan->buffer[j];
            bool before = a->last_op < b->first_op || b->last_op < a->first_op;
            if (!before && overlap(a, b))
                report_error(report, 0, "buffers %s and %s overlap and are alive together", b->name,
                             a->name);
        }
    }
    return report->errors == errors;
}

/* One value per buffer: whether it is there, intact. */
struct memory {
    const struct plan *plan;
    const struct graph *graph;
    struct report *report;
    bool intact[PLAN_BUFFERS];
};

/* The buffer of a scratch tensor, by name; PLAN_BUFFERS if the plan lacks it. */
static uint32_t buffer_of(const struct memory *m, const struct tensor *tensor)
{
    for (uint32_t i = 0; i < m->plan->count; i++)
        if (strcmp(m->plan->buffer[i].name, tensor->name) == 0)
            return i;
    return PLAN_BUFFERS;
}

static void read_all(struct memory *m, const struct node *node)
{
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *tensor = node_tensor(m->graph, node, o);
        if (tensor == NULL || tensor->role != ROLE_SCRATCH || node_access(node, o) == 'w')
            continue;
        uint32_t b = buffer_of(m, tensor);
        if (b == PLAN_BUFFERS || m->intact[b])
            continue;
        report_error(m->report, 0, "%s reads %s after its bytes were overwritten", node->name,
                     tensor->name);
        m->intact[b] = true; /* said once */
    }
}

/* A write destroys every other buffer in its range; sources of the same operation included, as the
 * kernel may still be reading them. */
static void write_all(struct memory *m, const struct node *node)
{
    for (uint32_t o = 0; o < node_operands(node); o++) {
        const struct tensor *tensor = node_tensor(m->graph, node, o);
        uint32_t b =
            tensor != NULL && tensor->role == ROLE_SCRATCH && strchr("wm", node_access(node, o))
                ? buffer_of(m, tensor)
                : PLAN_BUFFERS;
        if (b == PLAN_BUFFERS)
            continue;
        for (uint32_t i = 0; i < m->plan->count; i++)
            if (i != b && overlap(&m->plan->buffer[i], &m->plan->buffer[b]))
                m->intact[i] = false;
        m->intact[b] = true;
    }
}

static void execute(struct memory *m, enum place place)
{
    for (uint32_t i = 0; i < m->graph->node_count; i++) {
        const struct node *node = &m->graph->node[i];
        if (node->place != place)
            continue;
        read_all(m, node);
        write_all(m, node);
        read_all(m, node);
    }
}

bool plan_check_graph(const struct plan *plan, const struct graph *graph, struct report *report)
{
    uint32_t errors = report->errors;
    struct memory m = {.plan = plan, .graph = graph, .report = report};
    for (uint32_t i = 0; i < plan->count; i++)
        if (!range_is_sound(plan, &plan->buffer[i], report))
            return false;
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        const struct tensor *tensor = &graph->tensor[i];
        if (tensor->role != ROLE_SCRATCH)
            continue;
        uint32_t b = buffer_of(&m, tensor);
        if (b == PLAN_BUFFERS)
            report_error(report, 0, "tensor %s has no buffer in the plan", tensor->name);
        else if (plan->buffer[b].room < tensor_bytes(tensor))
            report_error(report, 0, "buffer %s has room for %" PRIu64 " of %" PRIu64 " bytes",
                         tensor->name, plan->buffer[b].room, tensor_bytes(tensor));
    }
    execute(&m, PLACE_PROLOGUE);
    execute(&m, PLACE_LAYER);
    execute(&m, PLACE_LAYER);
    execute(&m, PLACE_EPILOGUE);
    return report->errors == errors;
}
