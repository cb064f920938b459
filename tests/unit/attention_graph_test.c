/* The front for the families with attention, and the kinds of layers beside it: shape rules, costs,
 * what decode reads, caches. */
#include "gen/emit/emit.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"
#include "tests/unit/configs.h"
#include "tests/unit/graph_named.h"

/* 4 query heads on 2 key heads of 16, a width of 64, 3 layers; f32 tables, bf16 matrices, f16 cache
 * of 100 positions, stored as 128. */
static struct cfg make_cfg(const char *family)
{
    struct cfg cfg = {.name = "tiny",
                      .vocab_size = 512,
                      .hidden_size = 64,
                      .intermediate_size = 176,
                      .num_hidden_layers = 3,
                      .num_attention_heads = 4,
                      .num_key_value_heads = 2,
                      .head_dim = 16,
                      .hidden_act = "silu",
                      .rms_norm_eps = 1e-5,
                      .layer_norm_eps = 1e-5,
                      .max_position_embeddings = 512,
                      .rope_theta = 10000,
                      .partial_rotary_factor = 0.5,
                      .embedding_type = FORMAT_F32,
                      .head_type = FORMAT_F32,
                      .projection_type = FORMAT_BF16,
                      .expert_type = FORMAT_BF16,
                      .router_type = FORMAT_BF16,
                      .kv_type = FORMAT_F16,
                      .context = 100,
                      .prefill_chunk = 32,
                      .logit_rows = 8,
                      .weights_memory = "auto",
                      .state_memory = "auto",
                      .scratch_memory = "auto",
                      .io_memory = "auto"};
    if (strcmp(family, "jamba") == 0)
        return jamba_cfg;
    strcpy(cfg.model_type, family);
    if (strcmp(family, "phi") == 0)
        strcpy(cfg.hidden_act, "gelu_new");
    if (strcmp(family, "mixtral") == 0) {
        cfg.num_local_experts = 8;
        cfg.num_experts_per_tok = 2;
    }
    return cfg;
}

/* Breaks one thing in a fresh graph per row; each time the shape rules must say so. */
static const struct {
    const char *family;
    enum { DECODE = STEP_DECODE, PREFILL = STEP_PREFILL } step;
    const char *tensor;
    enum { ROWS, COLS, PACKING, DIM0, DIM1, DIM2, TYPE, EXPERTS } what;
    const char *message;
} broken[] = {
    {"llama", DECODE, "norm", ROWS, "QKV of decode: D of q_proj is 64, that of norm is 65"},
    {"llama", DECODE, "q_proj", COLS, "QKV of decode: D of q_proj is 65, that of norm is 64"},
    {"llama", DECODE, "k_proj", PACKING, "QKV of decode: packing of k_proj is 1, expected 0"},
    {"llama", DECODE, "v_proj", ROWS, "QKV of decode: V of v_proj is 33, that of k_proj is 32"},
    {"llama", DECODE, "keys", DIM0, "QKV of decode: G of values is 2, that of keys is 3"},
    {"llama", DECODE, "keys", DIM1, "QKV of decode: C of values is 128, that of keys is 129"},
    {"llama", DECODE, "values", DIM2, "QKV of decode: P of values is 17, that of keys is 16"},
    {"llama", DECODE, "values", TYPE, "QKV of decode: type of values is f32, that of keys is f16"},
    {"llama", DECODE, "v_proj", TYPE,
     "QKV of decode: type of v_proj is f32, that of q_proj is bf16"},
    {"llama", DECODE, "up_proj", ROWS, "GATE_UP of decode: M of up is 177, that of gate is 176"},
    {"llama", PREFILL, "k_proj", ROWS, "ROPE of prefill: V of v is 32, that of k is 33"},
    {"llama", PREFILL, "up_proj", ROWS, "SWIGLU of prefill: M of up is 177, that of gate is 176"},
    {"phi", DECODE, "norm_bias", ROWS, "QKV of decode: D of norm_bias is 65, that of norm is 64"},
    {"phi", DECODE, "q_bias", ROWS, "QKV of decode: Q of q_bias is 65, that of q_proj is 64"},
    {"phi", DECODE, "fc1_bias", ROWS, "FC1 of decode: M of bias is 177, that of w is 176"},
    {"phi", PREFILL, "norm_bias", ROWS,
     "NORM of prefill: D of norm_bias is 65, that of norm is 64"},
    {"phi", PREFILL, "fc1_bias", ROWS, "FC1 of prefill: M of bias is 177, that of w is 176"},
    {"mixtral", DECODE, "router", ROWS, "GATE_UP of decode: E of gate is 8, that of router is 9"},
    {"mixtral", DECODE, "up_proj", EXPERTS, "GATE_UP of decode: E of up is 9, that of router is 8"},
    {"mixtral", DECODE, "up_proj", TYPE,
     "GATE_UP of decode: type of up_proj is f32, that of gate_proj is bf16"},
    {"mixtral", DECODE, "down_proj", COLS, "DOWN_PROJ of decode: F of h is 176, that of w is 177"},
    {"mixtral", PREFILL, "router", COLS, "ROUTE of prefill: D of x is 64, that of w is 65"},
    {"mixtral", PREFILL, "gate_proj", COLS,
     "GATE_UP of prefill: D of up is 64, that of gate is 65"},
    {"jamba", DECODE, "dt_norm", ROWS, "SCAN of decode: R of w is 8, that of dt_norm is 9"},
    {"jamba", DECODE, "c_norm", COLS, "SCAN of decode: columns of c_norm are 2, expected 1"},
    {"jamba", DECODE, "dt_proj", COLS, "SCAN of decode: R of w is 9, that of dt_norm is 8"},
    {"jamba", DECODE, "A", COLS, "SCAN of decode: N of A is 17, that of b_norm is 16"},
    {"jamba", PREFILL, "b_norm", ROWS,
     "NORM_DT_B_C of prefill: N of c_norm is 16, that of b_norm is 17"},
    {"jamba", PREFILL, "x_proj", ROWS,
     "NORM_DT_B_C of prefill: R of xdb is 9, that of dt_norm is 8"},
};

START_TEST(operands_that_do_not_fit_are_refused)
{
    static struct graph graph;
    static struct steps steps;
    struct captured captured;
    char expected[160];
    const struct cfg cfg = make_cfg(broken[_i].family);
    steps_kinds(&cfg, &steps);
    graph_build(&cfg, (enum step_kind)broken[_i].step, &steps.kind[0], &graph);
    struct tensor *t = tensor_named(&graph, broken[_i].tensor);
    t->rows += broken[_i].what == ROWS;
    t->parts.of[0] += broken[_i].what == ROWS;
    t->cols += broken[_i].what == COLS;
    t->product_cols += broken[_i].what == COLS;
    t->dim[0] += broken[_i].what == DIM0;
    t->dim[1] += broken[_i].what == DIM1;
    t->dim[2] += broken[_i].what == DIM2;
    t->experts += broken[_i].what == EXPERTS;
    if (broken[_i].what == PACKING)
        t->packing = PACKING_VECTOR;
    if (broken[_i].what == TYPE)
        t->type = FORMAT_F32;
    captured_open(&captured, "graph");
    ck_assert(!graph_shape(&graph, &captured.diagnostics));
    snprintf(expected, sizeof expected, "graph: %s\n", broken[_i].message);
    ck_assert_str_eq(captured_text(&captured), expected);
    captured_close(&captured);
}
END_TEST

/* Worked by hand for the config above. */
START_TEST(costs_follow_the_rules)
{
    static struct steps steps;
    const struct cfg cfg = make_cfg("mixtral");
    steps_build(&cfg, &steps);
    const struct graph *decode = steps.graph[STEP_DECODE], *prefill = steps.graph[STEP_PREFILL];
    const struct node *n = node_named(decode, "QKV");
    ck_assert_uint_eq(n->weight_bytes, 64 * 4 + 128 * 64 * 2);
    ck_assert_uint_eq(n->moved_bytes, 4 * (64 + 64) + 2 * 32 * 2);
    ck_assert_uint_eq(n->flops, 4 * 64 + 2 + 2 * 128 * 64 + 3 * (4 + 2) * 16);
    n = node_named(decode, "ATTENTION"); /* over all that the cache holds */
    ck_assert_uint_eq(n->moved_bytes, 8 * 64 + 128 * 2 * 32 * 2);
    ck_assert_uint_eq(n->flops, 4 * 64 * 128);
    n = node_named(decode, "GATE_UP"); /* 2 of 8 experts */
    ck_assert_uint_eq(n->weight_bytes, 64 * 4 + 16 * 64 * 2 + 2 * 2 * 176 * 64 * 2);
    n = node_named(decode, "DOWN_PROJ");
    ck_assert_uint_eq(n->weight_bytes, 2 * 64 * 176 * 2);
    n = node_named(prefill, "GATE_UP"); /* 32 tokens may choose them all */
    ck_assert_uint_eq(n->weight_bytes, 2 * 8 * 176 * 64 * 2);
}
END_TEST

/* The cache of a window smaller than the context holds it and a chunk, whatever the context. */
START_TEST(a_window_bounds_the_cache)
{
    static const struct {
        uint32_t window, chunk, positions, context;
    } cases[] = {{0, 32, 128, 100},
                 {99, 32, 192, 0},
                 {100, 32, 128, 100},
                 {32, 32, 64, 0},
                 {33, 32, 128, 0}};
    static struct steps steps;
    struct cfg cfg = make_cfg("llama");
    cfg.sliding_window = cases[_i].window;
    cfg.prefill_chunk = cases[_i].chunk;
    steps_build(&cfg, &steps);
    ck_assert_uint_eq(tensor_named(steps.graph[STEP_DECODE], "keys")->dim[1], cases[_i].positions);
    ck_assert_uint_eq(cfg_context(&cfg), cases[_i].context);
}
END_TEST

/* The norms of dt, B and C, 8, 16 and 16 wide, in front of a scan of 128 channels. */
START_TEST(norms_of_the_selection_cost)
{
    static struct steps steps;
    steps_build(&jamba_cfg, &steps);
    const struct node *n = node_named(steps.graph[STEP_DECODE], "SCAN");
    ck_assert_uint_eq(n->weight_bytes, (16 + 16 + 16) * 4 + 128 * 16 * 2 + (16 + 2) * 128 * 4);
    ck_assert_uint_eq(n->moved_bytes, 4 * (3 * 128 + 8 + 2 * 16) + 8 * 16 * 128);
    ck_assert_uint_eq(n->flops, 4 * (8 + 2 * 16) + 6 + 128 * (2 * 8 + 7 * 16 + 11));
    n = node_named(steps.graph[STEP_PREFILL], "NORM_DT_B_C");
    ck_assert_uint_eq(n->weight_bytes, (16 + 16 + 16) * 4);
    ck_assert_uint_eq(n->moved_bytes, 32 * 8 * (8 + 2 * 16));
    ck_assert_uint_eq(n->flops, 32 * (4 * (8 + 2 * 16) + 6));
}
END_TEST

/* A decode reads the arena once: of an untied table only a row, of experts the chosen ones. */
START_TEST(decode_reads_what_it_needs)
{
    static const char *const families[] = {"llama", "phi", "mixtral"};
    static struct program program;
    const struct cfg cfg = make_cfg(families[_i]);
    uint64_t read = 0;
    program_make(&cfg, &program);
    const struct graph *decode = program.steps.graph[STEP_DECODE];
    for (uint32_t i = 0; i < decode->node_count; i++)
        read += decode->node[i].weight_bytes * (decode->node[i].place == PLACE_LAYER ? 3 : 1);
    uint64_t expected = program.layout.weights_bytes - 512 * 64 * 4 + 64 * 4;
    if (strcmp(cfg.model_type, "phi") == 0)
        expected += 3 * 2 * 64 * 4; /* both halves of a layer normalise for themselves */
    if (strcmp(cfg.model_type, "mixtral") == 0)
        expected -= 3 * 6 * 3 * 176 * 64 * 2;
    ck_assert_uint_eq(read, expected);
    ck_assert_uint_eq(program.cache_bytes, 3 * 2 * 2 * 128 * 16 * 2);
    ck_assert_uint_eq(program.state_bytes, program.cache_bytes);
    ck_assert_uint_eq(program.plan[STEP_DECODE][0].bytes, program.plan[STEP_DECODE][0].bound);
    ck_assert_uint_eq(program.plan[STEP_PREFILL][0].bytes, program.plan[STEP_PREFILL][0].bound);
    program_free(&program);
}
END_TEST

START_TEST(every_expert_is_a_tensor)
{
    struct layout layout;
    const struct cfg cfg = make_cfg("mixtral");
    layout_make(&cfg, &layout);
    ck_assert_uint_eq(layout.count, 1 + 3 * (7 + 3 * 8) + 2);
    const struct layout_weight *w = &layout.weight[1 + 31 + 7 + 8 + 3]; /* layer 1, up_proj 3 */
    ck_assert_str_eq(w->name, "layer 1 up_proj[3]");
    ck_assert_str_eq(w->member, "up_proj");
    ck_assert_uint_eq(w->experts, 8);
    ck_assert_str_eq(w->source, "model.layers.1.block_sparse_moe.experts.3.w3.weight");
    ck_assert_uint_eq(w->packed_bytes, 176 * 64 * 2);
    ck_assert_uint_eq(w->at, w[-1].at + w[-1].bytes);
    layout_free(&layout);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attention_graph");
    TCase *tests = tcase_create("attention_graph");
    const int cases = (int)(sizeof broken / sizeof broken[0]);
    tcase_add_loop_test(tests, operands_that_do_not_fit_are_refused, 0, cases);
    tcase_add_test(tests, costs_follow_the_rules);
    tcase_add_loop_test(tests, a_window_bounds_the_cache, 0, 5);
    tcase_add_test(tests, norms_of_the_selection_cost);
    tcase_add_loop_test(tests, decode_reads_what_it_needs, 0, 3);
    tcase_add_test(tests, every_expert_is_a_tensor);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
