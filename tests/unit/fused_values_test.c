/* The passes change no value: a graph is executed with symbols instead of numbers, each result a
 * hash of its operation and of all that it was made of, and a fused operation as the parts of its
 * row. After three layers and the head, states, logits and what was copied out in between must be
 * those of what the family describes, in every model and in random changes of it. */
#include <glob.h>

#include "gen/families/steps.h"
#include "gen/graph/passes.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"

enum { LAYERS = 3, CHANGES = 4, RUNS = 300, NAMES = 64 };

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 1;
    while (*text != '\0')
        hash = mix(hash, (unsigned char)*text++);
    return hash;
}

/* One operation, whose operands are these places of `value`; 0: there is none. */
static void perform(const struct node *node, uint64_t *value)
{
    uint64_t hash = mix(node->op, node_count(node, "epilogue"));
    for (uint32_t o = 0; o < node_operands(node); o++)
        if (node->word[o] != 0 && node_access(node, o) != 'w')
            hash = mix(mix(hash, o), value[node->word[o]]);
    for (uint32_t o = 0; o < node_operands(node); o++)
        if (node->word[o] != 0 && node_writes(node, node->word[o]))
            value[node->word[o]] = mix(hash, 1000 + o);
}

/* Binds the names of a row to the operands of a node; false: it is not of this row. */
static bool bind(const struct fusion *row, const struct node *node, const uint64_t *value,
                 uint64_t names[NAMES])
{
    memset(names, 0, NAMES * sizeof *names);
    if (row->whole.op != node->op)
        return false;
    for (uint32_t p = 0; p + 1 < row->parts; p++)
        names[row->part[p].word[0]] = 1; /* not written yet */
    for (uint32_t o = 0; o < node_operands(node); o++)
        if (row->whole.word[o] != 0)
            names[row->whole.word[o]] = node->word[o] == 0 ? 0 : value[node->word[o]];
        else if (node->word[o] != 0)
            return false;
    for (uint32_t p = 0; p < row->parts; p++)
        for (uint32_t o = 0; o < op_rules[row->part[p].op].operands; o++)
            if (op_rules[row->part[p].op].operand[o].access[0] == 'r' &&
                names[row->part[p].word[o]] == 0)
                return false;
    return true;
}

/* The row of a fused operation; NULL: it is not fused. */
static const struct fusion *row_of(const struct node *node, const uint64_t *value,
                                   uint64_t names[NAMES])
{
    for (uint32_t row = 0; row < fusion_count; row++)
        if (bind(&fusions[row], node, value, names))
            return &fusions[row];
    return NULL;
}

static void execute(const struct node *node, uint64_t *value)
{
    uint64_t names[NAMES];
    const struct fusion *row = row_of(node, value, names);
    if (row == NULL) {
        perform(node, value);
        return;
    }
    for (uint32_t p = 0; p < row->parts; p++) {
        struct node part = {.op = row->part[p].op};
        memcpy(part.word, row->part[p].word, sizeof part.word);
        for (uint32_t o = 0; o < node_operands(&part); o++)
            part.word[o] = names[part.word[o]] == 0 ? 0 : part.word[o];
        perform(&part, names);
    }
    for (uint32_t o = 0; o < node_operands(node); o++)
        if (node_writes(node, node->word[o]))
            value[node->word[o]] = names[row->whole.word[o]];
}

static void run_graph(const struct graph *graph, uint64_t value[GRAPH_TENSORS + 1])
{
    static uint64_t garbage = 77;
    for (uint32_t i = 1; i < graph->tensor_count; i++)
        value[i] = graph->tensor[i].role == ROLE_SCRATCH ? mix(garbage++, 0)
                                                         : hash_text(graph->tensor[i].name);
    for (uint32_t layer = 0; layer <= LAYERS + 1; layer++)
        for (uint32_t i = 0; i < graph->node_count; i++) {
            const enum place place = layer == 0        ? PLACE_PROLOGUE
                                     : layer <= LAYERS ? PLACE_LAYER
                                                       : PLACE_EPILOGUE;
            if (graph->node[i].place == place)
                execute(&graph->node[i], value);
        }
}

/* What outlives a step is the same in both. */
static void expect_same(const struct graph *a, const struct graph *b, const char *what)
{
    uint64_t in_a[GRAPH_TENSORS + 1], in_b[GRAPH_TENSORS + 1];
    run_graph(a, in_a);
    run_graph(b, in_b);
    for (uint32_t i = 1; i < a->tensor_count; i++)
        for (uint32_t j = 1; j < b->tensor_count; j++)
            if (a->tensor[i].role != ROLE_SCRATCH &&
                strcmp(a->tensor[i].name, b->tensor[j].name) == 0)
                ck_assert_msg(in_a[i] == in_b[j], "%s: other %s", what, a->tensor[i].name);
}

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = mix(random_state, 0x5555);
    return (uint32_t)(random_state >> 20) % limit;
}

/* A reader of anything, or a writer of something that is already there, at any place of the layer:
 * both through a state, so that their values are compared. */
static void insert_at_random(struct graph *graph, uint32_t probe)
{
    const uint32_t at = 1 + random_below(graph->node_count - 1);
    const uint32_t any = random_below(at);
    const uint32_t id = graph->node[any].word[random_below(node_operands(&graph->node[any]))];
    if (graph->node_count == GRAPH_NODES || graph->node[at - 1].place == PLACE_EPILOGUE ||
        id == GRAPH_NONE || id == probe || graph->tensor[id].role != ROLE_SCRATCH)
        return;
    const bool writes = random_below(4) == 0;
    memmove(&graph->node[at + 1], &graph->node[at],
            (graph->node_count++ - at) * sizeof(struct node));
    graph->node[at] = (struct node){
        .op = OP_SWIGLU,
        .name = "PROBE",
        .place = PLACE_LAYER,
        .swiglu = {.gate = writes ? id : probe, .up = writes ? probe : id},
    };
}

/* Something reads another tensor that is there, instead of its own. */
static void rewire_at_random(struct graph *graph)
{
    const uint32_t at = 1 + random_below(graph->node_count - 1), any = random_below(at);
    struct node *const node = &graph->node[at], *const from = &graph->node[any];
    const uint32_t o = random_below(node_operands(node)), other = from->word[0];
    if (node->place == PLACE_LAYER && node->word[o] != GRAPH_NONE && node_access(node, o) == 'r' &&
        graph->tensor[node->word[o]].role == ROLE_SCRATCH && !node_uses(node, other))
        node->word[o] = other;
}

static void swap_at_random(struct graph *graph)
{
    const uint32_t at = random_below(graph->node_count - 1);
    const struct node node = graph->node[at];
    if (node.place != graph->node[at + 1].place ||
        nodes_conflict(&node, &graph->node[at + 1], GRAPH_NONE))
        return;
    graph->node[at] = graph->node[at + 1];
    graph->node[at + 1] = node;
}

static bool applies[32]; /* rows, in any graph so far */

static void note_rows(const struct graph *graph)
{
    uint64_t value[GRAPH_TENSORS + 1], names[NAMES];
    for (uint32_t i = 0; i <= GRAPH_TENSORS; i++)
        value[i] = i + 1;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct fusion *row = row_of(&graph->node[i], value, names);
        if (row != NULL)
            applies[row - fusions] = true;
    }
}

static void check_model(const char *path, enum step_kind step)
{
    static struct steps steps;
    struct cfg cfg;
    struct captured captured;
    captured_open(&captured, path);
    ck_assert_msg(cfg_load(path, &captured.diagnostics, &cfg), "%s", captured_text(&captured));
    captured_close(&captured);
    steps_kinds(&cfg, &steps);
    for (uint32_t kind = 0; kind < steps.kind_count; kind++)
        for (uint32_t n = 0; n < RUNS; n++) {
            struct graph graph, passed;
            graph_describe(&cfg, step, &steps.kind[kind], &graph);
            const uint32_t probe = graph_tensor(
                &graph,
                &(struct tensor){.name = "probe", .role = ROLE_STATE, .place = PLACE_LAYER});
            random_state = mix(n, kind);
            for (uint32_t i = 0; n > 0 && i < 1 + n % CHANGES; i++) {
                insert_at_random(&graph, probe);
                swap_at_random(&graph);
                if (i > 1)
                    rewire_at_random(&graph);
            }
            passed = graph;
            step_rules[step].pass(&passed);
            expect_same(&graph, &passed, path);
            if (n == 0)
                note_rows(&passed);
        }
}

/* In every reference model; and every row of fusions.def is of use to one of them. */
START_TEST(values_stay)
{
    glob_t configs;
    ck_assert_int_eq(glob("config/*.ini", 0, NULL, &configs), 0);
    for (size_t i = 0; i < configs.gl_pathc; i++)
        check_model(configs.gl_pathv[i], (enum step_kind)_i);
    globfree(&configs);
    for (uint32_t row = 0; _i == STEP_DECODE && row < fusion_count; row++)
        ck_assert_msg(applies[row], "no model has a %s (row %u)",
                      op_rules[fusions[row].whole.op].name, row);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fused_values");
    TCase *tests = tcase_create("fused_values");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, values_stay, STEP_DECODE, STEP_PREFILL + 1);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
