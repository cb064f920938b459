/* Fusion of a step's operations by the rows of kernels/fusions.def. */
#include <string.h>

#include "gen/graph/passes.h"

enum { ROWS_MAX = 32, NAMES_MAX = 64, NOBODY = UINT32_MAX };

/* A place of the graph where a row applies. */
struct match {
    const struct fusion *row;
    uint32_t node[FUSION_PARTS]; /* its parts, in order */
    uint32_t bound[NAMES_MAX];   /* the tensor of each name; NOBODY: not known yet */
    struct node whole;
};

/* Those of a graph. No node is a part of two, but a first part may be the first of several. */
struct matches {
    uint32_t count;
    struct match match[GRAPH_NODES];
    bool refused[ROWS_MAX][GRAPH_NODES]; /* a row, where it would end */
};

static uint32_t last_of(const struct match *m)
{
    return m->node[m->row->parts - 1];
}

static bool has_node(const struct match *m, uint32_t node)
{
    for (uint32_t p = 0; p < m->row->parts; p++)
        if (m->node[p] == node)
            return true;
    return false;
}

/* Whether a node is this part; binds the names that are new. */
static bool is_part(const struct node *node, const struct node *part, struct match *m)
{
    const uint32_t epilogue = op_attribute(part->op, "epilogue");
    if (node->op != part->op)
        return false;
    if (epilogue != OP_NOTHING && node->word[epilogue] != part->word[epilogue])
        return false;
    for (uint32_t o = 0; o < node_operands(node); o++) {
        uint32_t *const bound = &m->bound[part->word[o]];
        if (*bound == NOBODY)
            *bound = node->word[o];
        if (*bound != node->word[o])
            return false;
    }
    return true;
}

/* An attribute of the whole: the one of that name that its parts agree about. */
static bool give_attribute(const struct graph *graph, struct match *m, uint32_t attribute)
{
    const struct op_rule *rule = &op_rules[m->whole.op];
    uint32_t *const word = &m->whole.word[rule->operands + attribute];
    bool found = false;
    for (uint32_t p = 0; p < m->row->parts; p++) {
        const struct node *part = &graph->node[m->node[p]];
        const uint32_t at = op_attribute(part->op, rule->attribute[attribute].name);
        if (at == OP_NOTHING)
            continue;
        if (found && *word != part->word[at])
            return false;
        *word = part->word[at];
        found = true;
    }
    return found;
}

/* The operation that the parts become; false if they lack something that it needs. */
static bool make_whole(const struct graph *graph, struct match *m)
{
    const struct node *last = &graph->node[last_of(m)];
    m->whole = (struct node){.op = m->row->whole.op, .place = last->place};
    strcpy(m->whole.name, last->fused[0] != '\0' ? last->fused : last->name);
    for (uint32_t o = 0; o < node_operands(&m->whole); o++) {
        m->whole.word[o] = m->bound[m->row->whole.word[o]];
        if (m->whole.word[o] == GRAPH_NONE && node_access(&m->whole, o) != 'o')
            return false;
    }
    for (uint32_t a = 0; a < op_rules[m->whole.op].attributes; a++)
        if (!give_attribute(graph, m, a))
            return false;
    return true;
}

/* The last node before `end` that writes a tensor. */
static uint32_t writer(const struct graph *graph, uint32_t tensor, uint32_t end)
{
    while (end-- > 0)
        if (node_writes(&graph->node[end], tensor))
            return end;
    return NOBODY;
}

/* Finds the parts of a row whose last one is this node, backwards: each is who wrote what a later
 * one has bound. */
static bool find(const struct graph *graph, const struct fusion *row, uint32_t last,
                 struct match *m)
{
    m->row = row;
    for (uint32_t n = 0; n < NAMES_MAX; n++)
        m->bound[n] = n == 0 ? GRAPH_NONE : NOBODY;
    for (uint32_t p = row->parts; p-- > 0;) {
        const uint32_t result = m->bound[row->part[p].word[OP_RESULT]];
        m->node[p] = p + 1 == row->parts ? last : writer(graph, result, m->node[p + 1]);
        if (m->node[p] == NOBODY || graph->node[m->node[p]].place != graph->node[last].place ||
            !is_part(&graph->node[m->node[p]], &row->part[p], m))
            return false;
    }
    return make_whole(graph, m);
}

/* Whether all parts may move to where the last one stands. What stands between may use what the
 * first one made if that vanishes: unseen() asks who does. */
static bool movable(const struct graph *graph, const struct match *m)
{
    for (uint32_t p = 0; p + 1 < m->row->parts; p++)
        for (uint32_t j = m->node[p] + 1; j < last_of(m); j++) {
            const struct node *part = &graph->node[m->node[p]];
            const bool vanishes = p == 0 && !node_uses(&m->whole, part->word[OP_RESULT]);
            if (!has_node(m, j) && nodes_conflict(part, &graph->node[j],
                                                  vanishes ? part->word[OP_RESULT] : GRAPH_NONE))
                return false;
        }
    return true;
}

static bool overlaps(const struct matches *all, const struct match *m)
{
    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t p = 0; p < m->row->parts; p++)
            if (has_node(&all->match[i], m->node[p]) &&
                !(p == 0 && all->match[i].node[0] == m->node[0]))
                return true;
    return false;
}

/* Whether a node is part of another fusion that begins with the same part. */
static bool is_shared(const struct matches *all, const struct match *m, uint32_t node)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (&all->match[i] != m && all->match[i].node[0] == m->node[0] &&
            has_node(&all->match[i], node))
            return true;
    return false;
}

/* Whether nobody would miss what a part writes and the whole does not. */
static bool unmissed(const struct graph *graph, const struct matches *all, const struct match *m,
                     uint32_t part, uint32_t id)
{
    const struct tensor *t = &graph->tensor[id];
    if (t->role != ROLE_SCRATCH || t->place != m->whole.place)
        return false;
    for (uint32_t j = m->node[part] + 1; j < graph->node_count; j++)
        if (node_uses(&graph->node[j], id) && !has_node(m, j) &&
            !(part == 0 && is_shared(all, m, j)))
            return false;
    return true;
}

static bool unseen(const struct graph *graph, const struct matches *all, const struct match *m)
{
    for (uint32_t p = 0; p < m->row->parts; p++) {
        const struct node *part = &graph->node[m->node[p]];
        for (uint32_t o = 0; o < node_operands(part); o++)
            if (node_writes(part, part->word[o]) && !node_writes(&m->whole, part->word[o]) &&
                !unmissed(graph, all, m, p, part->word[o]))
                return false;
    }
    return true;
}

/* All that may be fused if each is looked at by itself. */
static void collect(const struct graph *graph, struct matches *all)
{
    all->count = 0;
    for (uint32_t parts = FUSION_PARTS; parts > 1; parts--)
        for (uint32_t row = 0; row < fusion_count; row++)
            for (uint32_t last = 0; last < graph->node_count; last++) {
                struct match *m = &all->match[all->count];
                if (fusions[row].parts == parts && !all->refused[row][last] &&
                    find(graph, &fusions[row], last, m) && movable(graph, m) && !overlaps(all, m))
                    all->count++;
            }
}

/* Refuses one whose parts are missed; true: there was one. */
static bool refuse(const struct graph *graph, struct matches *all)
{
    for (uint32_t i = 0; i < all->count; i++) {
        const struct match *m = &all->match[i];
        if (unseen(graph, all, m))
            continue;
        all->refused[m->row - fusions][last_of(m)] = true;
        return true;
    }
    return false;
}

static const struct match *match_of(const struct matches *all, uint32_t node)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (has_node(&all->match[i], node))
            return &all->match[i];
    return NULL;
}

static void apply(struct graph *graph, const struct matches *all)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct match *m = match_of(all, i);
        if (m == NULL) {
            graph->node[count++] = graph->node[i];
        } else if (last_of(m) == i) {
            struct tensor *result = &graph->tensor[graph->node[i].word[OP_RESULT]];
            if (result->fused[0] != '\0')
                strcpy(result->name, result->fused);
            graph->node[count++] = m->whole;
        }
    }
    graph->node_count = count;
}

/* Drops scratch that nobody uses; the rest stands behind what is not scratch, by first use. */
static void tidy(struct graph *graph)
{
    const struct graph old = *graph;
    uint32_t now[GRAPH_TENSORS + 1] = {0};
    graph->tensor_count = 1;
    for (enum place place = PLACE_PROLOGUE; place <= PLACE_EPILOGUE; place++) {
        for (uint32_t i = 1; i < old.tensor_count; i++)
            if (old.tensor[i].place == place && old.tensor[i].role != ROLE_SCRATCH)
                now[i] = graph_tensor(graph, &old.tensor[i]);
        for (uint32_t n = 0; n < old.node_count; n++)
            for (uint32_t o = 0; o < node_operands(&old.node[n]); o++) {
                const uint32_t id = old.node[n].word[o];
                if (id != GRAPH_NONE && now[id] == 0 && old.tensor[id].place == place)
                    now[id] = graph_tensor(graph, &old.tensor[id]);
            }
    }
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t o = 0; o < node_operands(&graph->node[n]); o++)
            graph->node[n].word[o] = now[graph->node[n].word[o]];
}

void graph_fuse(struct graph *graph)
{
    struct matches all = {.count = 0};
    if (fusion_count > ROWS_MAX || fusion_names > NAMES_MAX)
        diagnostics_fault(graph->model,
                          "kernels/fusions.def has more than %d rows or %d names: raise "
                          "ROWS_MAX or NAMES_MAX (gen/graph/fuse.c)",
                          ROWS_MAX, NAMES_MAX);
    do
        collect(graph, &all);
    while (refuse(graph, &all));
    apply(graph, &all);
    tidy(graph);
}
