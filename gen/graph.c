#include "gen/graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/number.h"

const struct op_rule op_rules[OP_COUNT] = {
#define OP(NAME, STEM, ACCESS, MOVED, FLOPS, MEANING) {#NAME, STEM, ACCESS, MEANING},
#include "gen/ops.def"
#undef OP
};

static const char *const step_names[] = {"decode", "prefill", "head"};
static const char *const step_prefixes[] = {"DECODE", "CHUNK", "HEAD"};
static const char *const role_names[] = {"weight", "state", "scratch", "io"};
static const char *const place_names[] = {"prologue", "layer", "epilogue"};

const char *step_name(enum step_kind step)
{
    return step_names[step];
}

const char *step_prefix(enum step_kind step)
{
    return step_prefixes[step];
}

uint32_t graph_tensor(struct graph *graph, const struct tensor *tensor)
{
    if (graph->tensor_count == GRAPH_TENSORS)
        abort();
    graph->tensor[graph->tensor_count] = *tensor;
    return graph->tensor_count++;
}

uint32_t graph_node(struct graph *graph, const struct node *node)
{
    if (graph->node_count == GRAPH_NODES)
        abort();
    graph->node[graph->node_count] = *node;
    return graph->node_count++;
}

uint32_t node_operands(const struct node *node)
{
    return (uint32_t)strlen(op_rules[node->op].access);
}

char node_access(const struct node *node, uint32_t operand)
{
    return op_rules[node->op].access[operand];
}

const struct tensor *node_tensor(const struct graph *graph, const struct node *node,
                                 uint32_t operand)
{
    const uint32_t id = node->operand[operand];
    return id == GRAPH_NONE ? NULL : &graph->tensor[id];
}

uint64_t tensor_padded_rows(const struct tensor *t)
{
    return t->groups * number_pad(t->rows / t->groups, GRAPH_PAD);
}

uint64_t tensor_stored_cols(const struct tensor *t)
{
    return t->packing == PACKING_MATRIX ? number_pad(t->cols, GRAPH_PAD) : t->cols;
}

uint64_t tensor_bytes(const struct tensor *t)
{
    if (t->role == ROLE_WEIGHT)
        return tensor_padded_rows(t) * tensor_stored_cols(t) * dtype_bytes(t->type) *
               (t->experts > 0 ? t->experts : 1);
    uint64_t elements = t->rank == 0 ? 0 : 1;
    for (uint32_t i = 0; i < t->rank; i++)
        elements *= t->dim[i];
    return elements * dtype_bytes(t->type);
}

uint64_t tensor_width(const struct tensor *t)
{
    uint64_t width = 0;
    for (uint32_t i = 0; i < t->parts; i++)
        width += t->part[i];
    return width;
}

uint64_t tensor_part_at(const struct tensor *t, uint32_t part)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < part; i++)
        at += number_pad(t->part[i], GRAPH_PAD);
    return at;
}

uint32_t tensor_convolved(const struct tensor *t)
{
    return t->parts < 2 ? 0 : t->parts - 2;
}

static const struct family families[] = {{"mamba", family_mamba},
                                         {"mamba2", family_mamba2},
                                         {"llama", family_llama},
                                         {"phi", family_phi},
                                         {"mixtral", family_mixtral}};

void graph_build(const struct cfg *cfg, enum step_kind step, struct graph *graph)
{
    static const enum rows rows[] = {ROWS_ONE, ROWS_CHUNK, ROWS_LOGITS};
    const uint32_t tokens[] = {1, cfg->prefill_chunk, cfg->logit_rows};
    memset(graph, 0, sizeof *graph);
    graph->step = step;
    graph->rows = rows[step];
    graph->tokens = tokens[step];
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(families[i].model_type, cfg->model_type) == 0) {
            families[i].build(cfg, graph);
            return;
        }
    abort(); /* the config reader knows a family that is not in the table */
}

void steps_build(const struct cfg *cfg, struct steps *steps)
{
    struct report report = {.to = stderr, .file = cfg->name};
    steps->cfg = *cfg;
    for (enum step_kind step = STEP_DECODE; step < STEP_KINDS; step++) {
        struct graph *graph = &steps->graph[step];
        graph_build(cfg, step, graph);
        if (!graph_shape(graph, &report))
            abort();
        graph_cost(graph);
    }
}

static void print_tensor(const struct tensor *t, FILE *to)
{
    fprintf(to, "  %-10s %-8s %-8s %-4s", t->name, role_names[t->role], place_names[t->place],
            dtype_name(t->type));
    if (t->role == ROLE_WEIGHT)
        fprintf(to, " [%u][%u] packed %" PRIu64 " x %" PRIu64, t->rows, t->cols,
                tensor_padded_rows(t), tensor_stored_cols(t));
    else if (t->rank == 0)
        fputs(" shape not inferred yet", to);
    for (uint32_t i = 0; t->role != ROLE_WEIGHT && i < t->rank; i++)
        fprintf(to, "%s[%" PRIu64 "]", i == 0 ? " " : "", t->dim[i]);
    if (t->parts > 1 && t->rank > 0)
        for (uint32_t i = 0; i < t->parts; i++)
            fprintf(to, "%s%u", i == 0 ? " parts " : " + ", t->part[i]);
    fputc('\n', to);
}

void graph_print(const struct graph *graph, FILE *to)
{
    fprintf(to, "%s: %u tensors, %u operations, %u rows\n", step_name(graph->step),
            graph->tensor_count, graph->node_count, graph->tokens);
    for (uint32_t i = 0; i < graph->tensor_count; i++)
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
