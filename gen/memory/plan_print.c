/* The plan as a picture: addresses left to right, time down, names at birth, bytes alive on the
 * right. */
#include <inttypes.h>
#include <string.h>

#include "gen/front/number.h"
#include "gen/memory/plan.h"

enum { PICTURE_COLUMNS = 48, PICTURE_ROW = 160 };

/* Columns of a buffer: [*from, *to), at least one wide. The multiplication is exact: an arena is
 * far below 2^58 bytes. */
static void columns(const struct plan *plan, const struct plan_buffer *b, uint64_t *from,
                    uint64_t *to)
{
    uint64_t arena = plan->bytes == 0 ? 1 : plan->bytes;
    *from = b->at * PICTURE_COLUMNS / arena;
    *to = (b->at + b->room) * PICTURE_COLUMNS / arena;
    if (*to <= *from)
        *to = *from + 1;
}

static void draw(const struct plan *plan, uint32_t op, char row[PICTURE_ROW])
{
    memset(row, ' ', PICTURE_COLUMNS + 1);
    row[PICTURE_COLUMNS + 1] = '\0';
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_buffer *b = &plan->buffer[i];
        if (op < b->first_op || op > b->last_op)
            continue;
        uint64_t from, to;
        columns(plan, b, &from, &to);
        row[from] = '|';
        for (uint64_t c = from + 1; c < to; c++)
            row[c] = '.';
        if (to <= PICTURE_COLUMNS && row[to] == ' ')
            row[to] = '|';
        for (uint64_t c = 0; op == b->first_op && b->name[c] != '\0' && from + 1 + c < to; c++)
            row[from + 1 + c] = b->name[c];
    }
}

void live_print(const struct plan *plan, const struct graph *graph, FILE *to)
{
    fprintf(to, "%s: %u buffers\n", graph_title(graph).text, plan->count);
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_buffer *b = &plan->buffer[i];
        fprintf(to, "  %-8s %12" PRIu64 " bytes  %s .. %s\n", b->name, b->bytes,
                graph->node[b->first_op].name, graph->node[b->last_op].name);
    }
}

static void print_verdict(const struct plan *plan, const struct graph *graph, const char *name,
                          FILE *to)
{
    fprintf(to, "%s %s, ", name, step_name(graph->step));
    if (graph->kind_name[0] == '\0')
        fputs("one layer kind", to);
    else
        fprintf(to, "layers of kind %s", graph->kind_name);
    fprintf(to, "\n  scratch %s, bound %s at %s {", number_binary_bytes(plan->bytes).text,
            number_binary_bytes(plan->bound).text, graph->node[plan->witness].name);
    const char *between = "";
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->buffer[i].first_op <= plan->witness && plan->witness <= plan->buffer[i].last_op) {
            fprintf(to, "%s%s", between, plan->buffer[i].name);
            between = ", ";
        }
    if (plan->bytes == plan->bound)
        fprintf(to, "}: optimal\n");
    else
        fprintf(to, "}: %" PRIu64 " bytes above the bound, %s\n", plan->bytes - plan->bound,
                plan->proved ? "optimal (searched exhaustively)" : "not proved");
}

/* The longest name of an operation, but at least the usual width. */
static int name_width(const struct graph *graph)
{
    size_t width = 9;
    for (uint32_t op = 0; op < graph->node_count; op++)
        if (strlen(graph->node[op].name) > width)
            width = strlen(graph->node[op].name);
    return (int)width;
}

void plan_print(const struct plan *plan, const struct graph *graph, const char *name, FILE *to)
{
    const int width = name_width(graph);
    print_verdict(plan, graph, name, to);
    for (uint32_t op = 0; op < graph->node_count; op++) {
        char row[PICTURE_ROW];
        const uint64_t alive = plan_alive(plan, op);
        draw(plan, op, row);
        fprintf(to, "  %2u %-*s %s %11s%s\n", op, width, graph->node[op].name, row,
                number_binary_bytes(alive).text, alive == plan->bound ? "  <- bound" : "");
    }
    fprintf(to, "\n  %-9s %14s %14s  %-*s %s\n", "buffer", "at", "bytes", width - 1, "written",
            "last used");
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_buffer *b = &plan->buffer[i];
        fprintf(to, "  %-9s %14" PRIu64 " %14" PRIu64 "  %-*s %s\n", b->name, b->at, b->room,
                width - 1, graph->node[b->first_op].name, graph->node[b->last_op].name);
    }
}
