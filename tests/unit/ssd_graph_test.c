/* The front for Mamba-2: where the parts of in_proj lie, shape rules, costs, the state. */
#include "gen/emit/emit.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"
#include "tests/unit/configs.h"
#include "tests/unit/graph_named.h"

/* Breaks one thing in a fresh graph per row; each time the shape rules must say so. */
static const struct {
    enum { DECODE = STEP_DECODE, PREFILL = STEP_PREFILL } step;
    const char *tensor;
    enum { ROWS, COLS, PACKING, PART0, PART1, DIM0, DIM1, DIM2 } what;
    const char *message;
} broken[] = {
    {DECODE, "in_proj", COLS, "IN_PROJ of decode: D of w is 65, that of norm is 64"},
    {DECODE, "in_proj", PART1, "IN_PROJ of decode: I of xz is 193, that of taps is 192"},
    {DECODE, "in_proj", PART0, "SSD of decode: row of zx is 336, expected 352"},
    {DECODE, "in_proj_bias", ROWS, "IN_PROJ of decode: M of bias is 325, that of w is 324"},
    {DECODE, "conv_taps", COLS, "IN_PROJ of decode: rows of conv is 3, expected K-1, 4"},
    {DECODE, "conv", DIM1, "IN_PROJ of decode: I of conv is 193 with pads, that of taps is 192"},
    {DECODE, "A", PACKING, "SSD of decode: packing of A is 1, expected 4"},
    {DECODE, "A", ROWS, "SSD of decode: H of D is 4, that of A is 5"},
    {DECODE, "D", ROWS, "SSD of decode: H of D is 5, that of A is 4"},
    {DECODE, "dt_bias", COLS, "SSD of decode: columns of dt_bias are 2, expected 1"},
    {DECODE, "ssm", DIM0, "SSD of decode: H of ssm is 5, that of A is 4"},
    {DECODE, "ssm", DIM1, "SSD of decode: a part of zx is 192, expected H*P+2*groups*N, 196"},
    {DECODE, "ssm", DIM2, "SSD of decode: a part of zx is 128, expected H*P, 132"},
    {DECODE, "y_norm", ROWS, "OUT_PROJ of decode: D of w is 128, that of norm is 129"},
    {DECODE, "out_proj", COLS, "OUT_PROJ of decode: D of w is 129, that of norm is 128"},
    {DECODE, "out_proj", PACKING, "OUT_PROJ of decode: packing of w is 1, expected 0"},
    {DECODE, "out_proj", ROWS, "OUT_PROJ of decode: M of bias is 64, that of w is 65"},
    {DECODE, "out_proj_bias", ROWS, "OUT_PROJ of decode: M of bias is 65, that of w is 64"},
    {PREFILL, "conv_taps", ROWS, "CONV of prefill: I of bias is 192, that of taps is 193"},
    {PREFILL, "y_norm", ROWS, "Y_NORM of prefill: D of x is 128, that of norm is 129"},
};

START_TEST(operands_that_do_not_fit_are_refused)
{
    static struct graph graph;
    static struct steps steps;
    struct captured captured;
    char expected[160];
    steps_kinds(&heads_cfg, &steps);
    graph_build(&heads_cfg, (enum step_kind)broken[_i].step, &steps.kind[0], &graph);
    struct tensor *t = tensor_named(&graph, broken[_i].tensor);
    t->rows += broken[_i].what == ROWS;
    t->parts.of[0] += broken[_i].what == ROWS || broken[_i].what == PART0;
    t->parts.of[1] += broken[_i].what == PART1;
    t->cols += broken[_i].what == COLS;
    t->product_cols += broken[_i].what == COLS;
    t->dim[0] += broken[_i].what == DIM0;
    t->dim[1] += broken[_i].what == DIM1;
    t->dim[2] += broken[_i].what == DIM2;
    if (broken[_i].what == PACKING)
        t->packing = PACKING_VECTOR;
    captured_open(&captured, "graph");
    ck_assert(!graph_shape(&graph, &captured.diagnostics));
    snprintf(expected, sizeof expected, "graph: %s\n", broken[_i].message);
    ck_assert_str_eq(captured_text(&captured), expected);
    captured_close(&captured);
}
END_TEST

/* Worked by hand for the config above: z 128, x B C 192, dt 4. */
START_TEST(costs_follow_the_rules)
{
    static struct steps steps;
    steps_build(&heads_cfg, &steps);
    struct graph *const prefill = steps.graph[STEP_PREFILL];
    const struct tensor *zxbcdt = tensor_named(prefill, "zxbcdt");
    ck_assert_uint_eq(zxbcdt->dim[1], 336);
    ck_assert_uint_eq(tensor_part_at(zxbcdt, node_named(prefill, "CONV")->conv_silu.part), 128);
    const struct node *n = node_named(steps.graph[STEP_DECODE], "SSD");
    ck_assert_uint_eq(n->weight_bytes, 3 * 16 * 4);
    ck_assert_uint_eq(n->moved_bytes, 4 * (3 * 128 + 64 + 4) + 8 * 16 * 128);
    ck_assert_uint_eq(n->flops, 128 * (5 * 16 + 9));
    n = node_named(steps.graph[STEP_DECODE], "OUT_PROJ");
    ck_assert_uint_eq(n->weight_bytes, 128 * 4 + 64 * 128 * 2 + 64 * 4);
    ck_assert_uint_eq(n->moved_bytes, 4 * (2 * 64 + 128));
    ck_assert_uint_eq(n->flops, 4 * 128 + 2 * 2 + 2 * 64 * 128 + 2 * 64);
    n = node_named(prefill, "SSD");
    ck_assert_uint_eq(n->moved_bytes, 4 * 32 * (3 * 128 + 64 + 4) + 8 * 16 * 128);
    n = node_named(prefill, "Y_NORM");
    ck_assert_uint_eq(n->moved_bytes, 8 * 32 * 128);
    ck_assert_uint_eq(n->flops, 32 * (4 * 128 + 2 * 2));
}
END_TEST

START_TEST(decode_reads_the_arena_once)
{
    static struct program program;
    uint64_t read = 0;
    program_make(&heads_cfg, &program);
    const struct graph *decode = program.steps.graph[STEP_DECODE];
    for (uint32_t i = 0; i < decode->node_count; i++)
        read += decode->node[i].weight_bytes * (decode->node[i].place == PLACE_LAYER ? 3 : 1);
    ck_assert_uint_eq(read, program.layout.weights_bytes - 512 * 64 * 4 + 64 * 4);
    ck_assert_uint_eq(program.state_bytes, 3 * 4 * (3 * 192 + 4 * 16 * 32));
    ck_assert_uint_eq(program.cache_bytes, 0);
    for (enum step_kind step = STEP_DECODE; step <= STEP_PREFILL; step++)
        ck_assert_uint_eq(program.plan[step][0].bytes, program.plan[step][0].bound);
    program_free(&program);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ssd_graph");
    TCase *tests = tcase_create("ssd_graph");
    const int cases = (int)(sizeof broken / sizeof broken[0]);
    tcase_add_loop_test(tests, operands_that_do_not_fit_are_refused, 0, cases);
    tcase_add_test(tests, costs_follow_the_rules);
    tcase_add_test(tests, decode_reads_the_arena_once);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
