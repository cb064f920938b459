#include "gen/graph/graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/front/number.h"
#include "gen/graph/passes.h"

const struct step_rule step_rules[STEP_KINDS] = {
    [STEP_DECODE] = {"decode", "DECODE", ROWS_ONE, true, "HEAD", graph_fuse},
    [STEP_PREFILL] = {"prefill", "PREFILL", ROWS_CHUNK, true, NULL, graph_order},
    [STEP_HEAD] = {"head", "HEAD", ROWS_LOGITS, false, "LOGITS", NULL},
};

static const char *const role_names[] = {"none", "weight", "state", "scratch", "io"};
static const char *const place_names[] = {"prologue", "layer", "epilogue"};

const char *step_name(enum step_kind step)
{
    return step_rules[step].name;
}

uint32_t graph_tensor(struct graph *graph, const struct tensor *tensor)
{
    if (graph->tensor_count == 0)
        graph->tensor_count = 1; /* the first one is none */
    if (graph->tensor_count > GRAPH_TENSORS)
        diagnostics_fault(
            graph->model,
            "more than %d tensors in a graph: raise GRAPH_TENSORS (gen/graph/graph.h)",
            GRAPH_TENSORS);
    graph->tensor[graph->tensor_count] = *tensor;
    return graph->tensor_count++;
}

uint32_t graph_node(struct graph *graph, const struct node *node)
{
    if (graph->node_count == GRAPH_NODES)
        diagnostics_fault(
            graph->model,
            "more than %d operations in a graph: raise GRAPH_NODES (gen/graph/graph.h)",
            GRAPH_NODES);
    graph->node[graph->node_count] = *node;
    return graph->node_count++;
}

uint32_t node_operands(const struct node *node)
{
    return op_rules[node->op].operands;
}

char node_access(const struct node *node, uint32_t operand)
{
    const char access = op_rules[node->op].operand[operand].access[0];
    if (access == 'a')
        return node_count(node, "epilogue") == EPILOGUE_ADD ? 'm' : 'w';
    return access;
}

const struct tensor *node_tensor(const struct graph *graph, const struct node *node,
                                 uint32_t operand)
{
    const uint32_t id = node->word[operand];
    return id == GRAPH_NONE ? NULL : &graph->tensor[id];
}

bool node_has(const struct node *node, uint32_t operand)
{
    return node->word[operand] != GRAPH_NONE;
}

bool node_uses(const struct node *node, uint32_t tensor)
{
    for (uint32_t o = 0; o < node_operands(node); o++)
        if (tensor != GRAPH_NONE && node->word[o] == tensor)
            return true;
    return false;
}

bool node_writes(const struct node *node, uint32_t tensor)
{
    for (uint32_t o = 0; o < node_operands(node); o++)
        if (tensor != GRAPH_NONE && node->word[o] == tensor &&
            (node_access(node, o) == 'w' || node_access(node, o) == 'm'))
            return true;
    return false;
}

bool nodes_conflict(const struct node *a, const struct node *b, uint32_t except)
{
    for (uint32_t o = 0; o < node_operands(a); o++)
        if (a->word[o] != except && node_uses(b, a->word[o]) &&
            (node_writes(a, a->word[o]) || node_writes(b, a->word[o])))
            return true;
    return false;
}

uint32_t node_count(const struct node *node, const char *attribute)
{
    const uint32_t at = op_attribute(node->op, attribute);
    return at == OP_NOTHING ? 0 : node->word[at];
}

uint64_t node_size(const struct node *node, char letter)
{
    return node->size[letter - 'A'].size;
}

uint64_t parts_width(const struct parts *parts)
{
    uint64_t width = 0;
    for (uint32_t i = 0; i < parts->count; i++)
        width += parts->of[i];
    return width;
}

uint64_t node_wide(const struct node *node, char letter)
{
    return parts_width(&node->size[letter - 'A'].parts);
}

const char *tensor_element(const struct tensor *t)
{
    return t->ids ? "u32" : format_name(t->type);
}

bool tensor_is_matrix(const struct tensor *t)
{
    return t->role == ROLE_WEIGHT && t->packing == PACKING_MATRIX;
}

uint64_t tensor_padded_rows(const struct tensor *t)
{
    return spread_padded(&t->row_spread);
}

uint64_t tensor_stored_cols(const struct tensor *t)
{
    return t->packing == PACKING_MATRIX ? spread_padded(&t->col_spread) : t->cols;
}

uint64_t tensor_bytes(const struct tensor *t)
{
    if (t->role == ROLE_WEIGHT)
        return format_bytes(t->type, tensor_padded_rows(t), tensor_stored_cols(t)) *
               (t->experts > 0 ? t->experts : 1);
    uint64_t elements = t->rank == 0 ? 0 : 1;
    for (uint32_t i = 0; i < t->rank; i++)
        elements *= t->dim[i];
    return format_bytes(t->type, 1, elements);
}

uint64_t tensor_part_at(const struct tensor *t, uint32_t part)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < part; i++)
        at += number_pad(t->parts.of[i], GRAPH_PAD);
    return at;
}

struct phrase graph_title(const struct graph *graph)
{
    return phrase("%s%s%s", step_name(graph->step), graph->kind_name[0] != '\0' ? " of " : "",
                  graph->kind_name);
}

struct phrase node_full_name(const struct graph *graph, const struct node *node)
{
    if (graph->kind_name[0] == '\0' || node->place != PLACE_LAYER)
        return phrase("%s", node->name);
    return phrase("%s_%s", phrase_upper(graph->kind_name).text, node->name);
}

static void print_tensor(const struct tensor *t, FILE *to)
{
    fprintf(to, "  %-10s %-8s %-8s %-4s", t->name, role_names[t->role], place_names[t->place],
            tensor_element(t));
    if (t->role == ROLE_WEIGHT)
        fprintf(to, " [%u][%u] packed %" PRIu64 " x %" PRIu64, t->rows, t->cols,
                tensor_padded_rows(t), tensor_stored_cols(t));
    else if (t->rank == 0)
        fputs(" shape not inferred yet", to);
    for (uint32_t i = 0; t->role != ROLE_WEIGHT && i < t->rank; i++)
        fprintf(to, "%s[%" PRIu64 "]", i == 0 ? " " : "", t->dim[i]);
    if (t->parts.count > 1 && t->rank > 0)
        for (uint32_t i = 0; i < t->parts.count; i++)
            fprintf(to, "%s%u", i == 0 ? " parts " : " + ", t->parts.of[i]);
    fputc('\n', to);
}

void graph_print(const struct graph *graph, FILE *to)
{
    fprintf(to, "%s: %u tensors, %u operations, %u rows\n", graph_title(graph).text,
            graph->tensor_count - 1, graph->node_count, graph->tokens);
    for (uint32_t i = 1; i < graph->tensor_count; i++)
        print_tensor(&graph->tensor[i], to);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->node[i];
        fprintf(to, "  %2u %-8s %-10s %-16s", i, place_names[node->place], node->name,
                op_rules[node->op].name);
        for (uint32_t o = 0; o < node_operands(node); o++) {
            const struct tensor *t = node_tensor(graph, node, o);
            fprintf(to, " %s:%c", t == NULL ? "none" : t->name, node_access(node, o));
        }
        fprintf(to, "   %s\n", op_rules[node->op].meaning);
    }
}
