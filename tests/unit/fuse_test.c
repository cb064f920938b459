/* The passes over the graph of a step: what decode's fuses and what it leaves alone, how prefill's
 * orders, and that both compute what the family describes. */
#include "gen/families/steps.h"
#include "gen/graph/passes.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"

static struct steps steps;

static void load(const char *path)
{
    struct cfg cfg;
    struct captured captured;
    captured_open(&captured, path);
    ck_assert_msg(cfg_load(path, &captured.diagnostics, &cfg), "%s", captured_text(&captured));
    captured_close(&captured);
    steps_kinds(&cfg, &steps);
}

/* What the family says of a token through a layer of this kind. */
static struct graph described(const char *model, uint32_t kind)
{
    char path[256];
    struct graph graph;
    snprintf(path, sizeof path, "config/%s.ini", model);
    load(path);
    graph_describe(&steps.cfg, STEP_DECODE, &steps.kind[kind], &graph);
    return graph;
}

/* "NORM RMSNORM, Q_PROJ LINEAR, ..": the layer of a graph. */
static const char *layer_of(const struct graph *graph)
{
    static char text[1024];
    size_t used = 0;
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (graph->node[i].place == PLACE_LAYER)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", used > 0 ? ", " : "",
                                 graph->node[i].name, op_rules[graph->node[i].op].name);
    return text;
}

static uint32_t place_of(const struct graph *graph, const char *node)
{
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->node[i].name, node) == 0)
            return i;
    ck_abort_msg("no operation %s", node);
}

static uint32_t tensor_named(const struct graph *graph, const char *name)
{
    for (uint32_t i = 1; i < graph->tensor_count; i++)
        if (strcmp(graph->tensor[i].name, name) == 0)
            return i;
    ck_abort_msg("no tensor %s", name);
}

/* A node of the layer at this place, which modifies one tensor by another. */
static void insert(struct graph *graph, uint32_t at, uint32_t modified, uint32_t read)
{
    ck_assert_uint_lt(graph->node_count, GRAPH_NODES);
    memmove(&graph->node[at + 1], &graph->node[at],
            (graph->node_count++ - at) * sizeof(struct node));
    graph->node[at] = (struct node){.op = OP_SWIGLU,
                                    .name = "PROBE",
                                    .place = PLACE_LAYER,
                                    .swiglu = {.gate = modified, .up = read}};
}

static uint32_t add_probe(struct graph *graph)
{
    return graph_tensor(
        graph, &(struct tensor){.name = "probe", .role = ROLE_STATE, .place = PLACE_LAYER});
}

/* ---- what is fused, and what is not ---- */

static const struct {
    const char *model;
    uint32_t kind;
    const char *layer;
} fused[] = {
    {"mamba-130m", 0, "IN_PROJ NORM_LINEAR_CONV, X_PROJ LINEAR, SCAN DT_SCAN, OUT_PROJ LINEAR"},
    {"mamba2-130m", 0, "IN_PROJ NORM_LINEAR_CONV, SSD SSD, OUT_PROJ NORM_LINEAR_ADD"},
    {"llama-3-8b", 0,
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_LINEAR_SWIGLU, "
     "DOWN_PROJ LINEAR"},
    {"phi-2", 0,
     "QKV NORM_QKV, ATTENTION ATTENTION, FC1 NORM_LINEAR_GELU, O_PROJ LINEAR, FC2 LINEAR"},
    {"mixtral-8x7b", 0,
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_EXPERTS_SWIGLU, "
     "DOWN_PROJ EXPERTS_ADD"},
    {"deepseek-moe-16b", 1,
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_EXPERTS_SWIGLU, "
     "SHARED_GATE_UP NORM_LINEAR_SWIGLU, SHARED_DOWN LINEAR, DOWN_PROJ EXPERTS_ADD"},
    {"jamba-v0.1", 0,
     "IN_PROJ NORM_LINEAR_CONV, X_PROJ LINEAR, SCAN NORM_DT_SCAN, OUT_PROJ LINEAR, "
     "GATE_UP NORM_LINEAR_SWIGLU, DOWN_PROJ LINEAR"},
};

START_TEST(decode_is_fused)
{
    struct graph graph = described(fused[_i].model, fused[_i].kind);
    graph_fuse(&graph);
    ck_assert_str_eq(layer_of(&graph), fused[_i].layer);
}
END_TEST

/* A second reader of what lies between the parts, behind one of them, and what becomes of the
 * layer: longer fusions give way to shorter ones, others stay. */
static const struct {
    const char *model;
    uint32_t kind;
    const char *tensor, *behind, *layer;
} probed[] = {
    {"llama-3-8b", 0, "xn", "Q_PROJ",
     "NORM RMSNORM, Q_PROJ LINEAR, PROBE SWIGLU, K_PROJ LINEAR, V_PROJ LINEAR, ROPE ROPE_APPEND, "
     "ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_LINEAR_SWIGLU, DOWN_PROJ LINEAR"},
    {"llama-3-8b", 0, "v", "DOWN_PROJ",
     "NORM RMSNORM, Q_PROJ LINEAR, K_PROJ LINEAR, V_PROJ LINEAR, ROPE ROPE_APPEND, "
     "ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_LINEAR_SWIGLU, DOWN_PROJ LINEAR, "
     "PROBE SWIGLU"},
    {"llama-3-8b", 0, "gate", "GATE_PROJ",
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, MLP_NORM RMSNORM, GATE_PROJ LINEAR, "
     "PROBE SWIGLU, UP_PROJ LINEAR, SWIGLU SWIGLU, DOWN_PROJ LINEAR"},
    {"llama-3-8b", 0, "gate", "SWIGLU",
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_LINEAR_SWIGLU, "
     "PROBE SWIGLU, DOWN_PROJ LINEAR"},
    {"phi-2", 0, "xn", "ATTENTION",
     "NORM LAYERNORM, Q_PROJ LINEAR, K_PROJ LINEAR, V_PROJ LINEAR, ROPE ROPE_APPEND, "
     "ATTENTION ATTENTION, PROBE SWIGLU, FC1 LINEAR, O_PROJ LINEAR, FC2 LINEAR"},
    {"deepseek-moe-16b", 1, "route", "DOWN_PROJ",
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, GATE_UP NORM_EXPERTS_SWIGLU, "
     "SHARED_GATE_UP NORM_LINEAR_SWIGLU, SHARED_DOWN LINEAR, DOWN_PROJ EXPERTS_ADD, PROBE SWIGLU"},
    {"deepseek-moe-16b", 1, "xg", "GATHER",
     "QKV NORM_QKV, ATTENTION ATTENTION, O_PROJ LINEAR, MLP_NORM RMSNORM, ROUTE ROUTE, "
     "GATHER GATHER, PROBE SWIGLU, GATE_UP EXPERTS_SWIGLU, SHARED_GATE LINEAR, SHARED_UP LINEAR, "
     "SHARED_SWIGLU SWIGLU, SHARED_DOWN LINEAR, DOWN_PROJ EXPERTS_ADD"},
    {"jamba-v0.1", 0, "xdb", "NORM_DT_B_C",
     "IN_PROJ NORM_LINEAR_CONV, X_PROJ LINEAR, NORM_DT_B_C NORM_SELECTION, PROBE SWIGLU, "
     "SCAN DT_SCAN, OUT_PROJ LINEAR, GATE_UP NORM_LINEAR_SWIGLU, DOWN_PROJ LINEAR"},
    {"jamba-v0.1", 0, "xdb", "X_PROJ",
     "IN_PROJ NORM_LINEAR_CONV, X_PROJ LINEAR, PROBE SWIGLU, SCAN NORM_DT_SCAN, OUT_PROJ LINEAR, "
     "GATE_UP NORM_LINEAR_SWIGLU, DOWN_PROJ LINEAR"},
    {"mamba2-130m", 0, "zxbcdt", "OUT_PROJ",
     "IN_PROJ NORM_LINEAR_CONV, SSD SSD, Y_NORM RMSNORM_GROUPS, OUT_PROJ LINEAR, PROBE SWIGLU"},
};

START_TEST(a_second_reader_blocks)
{
    struct graph graph = described(probed[_i].model, probed[_i].kind);
    insert(&graph, place_of(&graph, probed[_i].behind) + 1, add_probe(&graph),
           tensor_named(&graph, probed[_i].tensor));
    graph_fuse(&graph);
    ck_assert_str_eq(layer_of(&graph), probed[_i].layer);
    const uint32_t up = graph.node[place_of(&graph, "PROBE")].swiglu.up;
    const bool renamed = strcmp(probed[_i].behind, "SWIGLU") == 0;
    ck_assert_str_eq(graph.tensor[up].name, renamed ? "h" : probed[_i].tensor);
}
END_TEST

/* What a part reads is changed before the last part: x, in the order of Phi's prefill. */
START_TEST(a_writer_between_blocks)
{
    struct graph graph = described("phi-2", 0);
    graph_order(&graph);
    graph_fuse(&graph);
    ck_assert_str_eq(
        layer_of(&graph),
        "NORM LAYERNORM, Q_PROJ LINEAR, K_PROJ LINEAR, V_PROJ LINEAR, "
        "ROPE ROPE_APPEND, ATTENTION ATTENTION, O_PROJ LINEAR, FC1 LINEAR, FC2 LINEAR");
}
END_TEST

START_TEST(parts_in_another_order_stay)
{
    struct graph graph = described("llama-3-8b", 0);
    const uint32_t q = place_of(&graph, "Q_PROJ");
    const struct node node = graph.node[q];
    graph.node[q] = graph.node[q + 1];
    graph.node[q + 1] = node;
    graph_fuse(&graph);
    ck_assert_uint_eq(place_of(&graph, "K_PROJ") + 1, place_of(&graph, "Q_PROJ"));
}
END_TEST

/* The operation of this name is what it was after a change of the graph. */
static void expect_op(struct graph *graph, const char *node, enum op op)
{
    graph_fuse(graph);
    ck_assert_int_eq(graph->node[place_of(graph, node)].op, op);
}

/* Another epilogue, no bias where the whole needs one, attributes that do not agree, or a part that
 * is not executed as often. */
START_TEST(parts_that_do_not_fit_stay)
{
    struct graph graph = described("phi-2", 0);
    graph.node[place_of(&graph, "FC1")].linear.epilogue = EPILOGUE_SOFTPLUS;
    expect_op(&graph, "FC1", OP_LINEAR);
    graph = described("phi-2", 0);
    graph.node[place_of(&graph, "FC1")].linear.bias = GRAPH_NONE;
    expect_op(&graph, "FC1", OP_LINEAR);
    graph = described("mixtral-8x7b", 0);
    graph.node[place_of(&graph, "GATHER")].gather.chosen++;
    expect_op(&graph, "GATE_UP", OP_EXPERTS_SWIGLU);
    graph = described("llama-3-8b", 0);
    graph.node[place_of(&graph, "NORM")].place = PLACE_PROLOGUE;
    expect_op(&graph, "NORM", OP_RMSNORM);
}
END_TEST

/* What is handed out of the layer is not dropped, nor are rows bound to what only looks alike. */
START_TEST(other_tensors_stay)
{
    struct graph graph = described("llama-3-8b", 0);
    graph.tensor[tensor_named(&graph, "xn")].role = ROLE_IO;
    expect_op(&graph, "NORM", OP_RMSNORM);
    graph = described("mamba-130m", 0);
    graph.node[place_of(&graph, "SCAN")].scan.xdb = tensor_named(&graph, "xn");
    expect_op(&graph, "SCAN", OP_SCAN);
}
END_TEST

START_TEST(branches_of_prefill_follow_each_other)
{
    struct graph graph = described("phi-2", 0);
    graph_order(&graph);
    ck_assert_uint_eq(place_of(&graph, "O_PROJ") + 1, place_of(&graph, "FC1"));
    graph = described("deepseek-moe-16b", 1);
    const struct graph before = graph;
    graph_order(&graph);
    ck_assert_uint_eq(place_of(&graph, "MLP_NORM") + 1, place_of(&graph, "SHARED_GATE"));
    ck_assert_uint_eq(place_of(&graph, "SHARED_DOWN") + 1, place_of(&graph, "ROUTE"));
    ck_assert_uint_eq(place_of(&graph, "GATE_UP") + 1, place_of(&graph, "DOWN_PROJ"));
    ck_assert_uint_eq(graph.node_count, before.node_count);
}
END_TEST

/* ---- the rows ---- */

/* Every name has a part that gives or takes it, every result of a part but the last is used by a
 * later one, which is how the parts are found, none changes a result that is not the whole's, and
 * every attribute of the whole is one of a part. */
START_TEST(rows_are_whole)
{
    const struct fusion *row = &fusions[_i];
    const char *const name = op_rules[row->whole.op].name;
    ck_assert_uint_ge(row->parts, 2);
    for (uint32_t o = 0; o < op_rules[row->whole.op].operands; o++) {
        bool found = row->whole.word[o] == 0;
        for (uint32_t p = 0; p < row->parts; p++)
            for (uint32_t i = 0; i < op_rules[row->part[p].op].operands; i++)
                found = found || row->part[p].word[i] == row->whole.word[o];
        ck_assert_msg(found, "%s: no part has operand %u", name, o);
    }
    for (uint32_t p = 0; p + 1 < row->parts; p++) {
        const uint32_t result = row->part[p].word[0];
        const bool kept = node_writes(&row->whole, result);
        bool used = false;
        for (uint32_t later = p + 1; later < row->parts; later++) {
            for (uint32_t i = 0; i < op_rules[row->part[later].op].operands; i++)
                used = used || row->part[later].word[i] == result;
            ck_assert_msg(kept || !node_writes(&row->part[later], result), "%s: part %u", name,
                          later);
        }
        ck_assert_msg(used && row->part[p].word[0] != 0, "%s: nobody uses part %u", name, p);
    }
    for (uint32_t a = 0; a < op_rules[row->whole.op].attributes; a++) {
        bool found = false;
        for (uint32_t p = 0; p < row->parts; p++)
            found = found || op_attribute(row->part[p].op,
                                          op_rules[row->whole.op].attribute[a].name) != OP_NOTHING;
        ck_assert_msg(found, "%s: no part has attribute %u", name, a);
    }
}
END_TEST

/* ---- what a fused operation costs ---- */

static bool is_norm(enum op op)
{
    return op == OP_RMSNORM || op == OP_LAYERNORM;
}

/* Of the layer: its flops with the norms of rows of x, or those of these norms, which are equally
 * wide. */
static uint64_t flops_of(struct graph *graph, bool norms)
{
    struct captured captured;
    uint64_t flops = 0;
    captured_open(&captured, "fuse_test");
    ck_assert_msg(graph_shape(graph, &captured.diagnostics), "%s", captured_text(&captured));
    captured_close(&captured);
    graph_cost(graph);
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (graph->node[i].place == PLACE_LAYER && (!norms || is_norm(graph->node[i].op)))
            flops += graph->node[i].flops;
    return flops;
}

static uint32_t count_norms(const struct graph *graph)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const enum op op = graph->node[i].op;
        bool begins = is_norm(op);
        for (uint32_t row = 0; row < fusion_count; row++)
            begins = begins || (fusions[row].whole.op == op && is_norm(fusions[row].part[0].op));
        count += graph->node[i].place == PLACE_LAYER && begins;
    }
    return count;
}

/* A layer has as many flops as its parts have, where those that begin with the same norm each
 * compute it. */
START_TEST(flops_are_those_of_the_parts)
{
    struct graph apart = described(fused[_i].model, fused[_i].kind), whole = apart;
    graph_fuse(&whole);
    const uint32_t norms = count_norms(&apart), computed = count_norms(&whole);
    const uint64_t parts = flops_of(&apart, false), of_norms = flops_of(&apart, true);
    ck_assert_uint_gt(norms, 0);
    ck_assert_uint_ge(computed, norms);
    ck_assert_uint_eq(flops_of(&whole, false), parts + of_norms / norms * (computed - norms));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fuse");
    TCase *tests = tcase_create("fuse");
    tcase_add_loop_test(tests, decode_is_fused, 0, (int)(sizeof fused / sizeof fused[0]));
    tcase_add_loop_test(tests, a_second_reader_blocks, 0, (int)(sizeof probed / sizeof probed[0]));
    tcase_add_test(tests, a_writer_between_blocks);
    tcase_add_test(tests, parts_in_another_order_stay);
    tcase_add_test(tests, parts_that_do_not_fit_stay);
    tcase_add_test(tests, other_tensors_stay);
    tcase_add_test(tests, branches_of_prefill_follow_each_other);
    tcase_add_loop_test(tests, rows_are_whole, 0, (int)fusion_count);
    tcase_add_loop_test(tests, flops_are_those_of_the_parts, 0,
                        (int)(sizeof fused / sizeof fused[0]));
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
