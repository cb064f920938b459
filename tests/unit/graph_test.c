/* The front: graphs of the Mamba family, shape rules, costs, lifetimes, layout, kernels. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gen/emit/emit.h"
#include "gen/graph/expression.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"
#include "tests/unit/configs.h"
#include "tests/unit/graph_named.h"

static struct steps steps;

START_TEST(shapes_are_inferred_and_padded)
{
    steps_build(&odd_cfg, &steps);
    struct graph *graph = steps.graph[STEP_PREFILL];
    const struct {
        const char *name;
        uint64_t row, parts;
    } expected[] = {{"x", 64, 1}, {"xn", 64, 1}, {"xz", 320, 2}, {"xdb", 16, 3}, {"dt", 160, 1}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct tensor *t = tensor_named(graph, expected[i].name);
        ck_assert_uint_eq(t->dim[0], 7);
        ck_assert_uint_eq(t->dim[1], expected[i].row);
        ck_assert_uint_eq(t->parts.count, expected[i].parts);
    }
    ck_assert_uint_ne(node_named(graph, "IN_PROJ")->linear.bias, GRAPH_NONE);
    ck_assert_uint_eq(node_named(graph, "CONV")->conv_silu.bias, GRAPH_NONE);
    ck_assert_uint_ne(node_named(graph, "OUT_PROJ")->linear.bias, GRAPH_NONE);
    steps_build(&plain_cfg, &steps);
    graph = steps.graph[STEP_PREFILL];
    ck_assert_uint_eq(node_named(graph, "IN_PROJ")->linear.bias, GRAPH_NONE);
    ck_assert_uint_ne(node_named(graph, "CONV")->conv_silu.bias, GRAPH_NONE);
    ck_assert_uint_eq(node_named(graph, "OUT_PROJ")->linear.bias, GRAPH_NONE);
    ck_assert_uint_eq(node_named(graph, "OUT_PROJ")->linear.epilogue, EPILOGUE_ADD);
}
END_TEST

/* Breaks one thing in a fresh graph per row; each time the shape rules must say so. */
START_TEST(operands_that_do_not_fit_are_refused)
{
    static const struct {
        enum { DECODE = STEP_DECODE, PREFILL = STEP_PREFILL } step;
        const char *tensor;
        enum { ROWS, COLS, PACKING, PART, ROW, LINES } what;
        const char *message; /* " of decode" belongs behind the operation */
    } cases[] = {
        {DECODE, "embed", PACKING, "EMBED: packing of w is 1, expected 0"},
        {DECODE, "norm", ROWS, "IN_PROJ: D of w is 64, that of norm is 65"},
        {DECODE, "in_proj", COLS, "IN_PROJ: D of w is 65, that of norm is 64"},
        {DECODE, "in_proj", PART, "IN_PROJ: I of xz is 129, that of taps is 128"},
        {DECODE, "in_proj", PACKING, "IN_PROJ: packing of w is 1, expected 0"},
        {DECODE, "conv_taps", COLS, "IN_PROJ: rows of conv is 3, expected K-1, 4"},
        {DECODE, "conv_bias", ROWS, "IN_PROJ: I of conv_bias is 129, that of taps is 128"},
        {DECODE, "conv", ROW, "IN_PROJ: I of conv is 129 with pads, that of taps is 128"},
        {DECODE, "x_proj", COLS, "X_PROJ: K of x is 128, that of w is 129"},
        {DECODE, "x_proj", PART, "SCAN: R of xdb is 5, that of w is 4"},
        {DECODE, "dt_proj", ROWS, "SCAN: I of bias is 128, that of w is 129"},
        {DECODE, "dt_bias", COLS, "SCAN: columns of bias are 2, expected 1"},
        {DECODE, "A", COLS, "SCAN: N of ssm is 16, that of A is 17"},
        {DECODE, "A", PACKING, "SCAN: packing of A is 1, expected 3"},
        {DECODE, "ssm", ROW, "SCAN: N of ssm is 17, that of A is 16"},
        {DECODE, "ssm", LINES, "SCAN: first dimension of ssm is 9, expected lines(I), 8"},
        {DECODE, "D", ROWS, "SCAN: I of D is 129, that of w is 128"},
        {DECODE, "out_proj", ROWS, "OUT_PROJ: M of y is 64, that of w is 65"},
        {DECODE, "hidden", PART, "NORM_F: D of y is 65, that of norm is 64"},
        {PREFILL, "norm", ROWS, "NORM: D of x is 64, that of norm is 65"},
        {PREFILL, "in_proj", COLS, "IN_PROJ: K of x is 64, that of w is 65"},
        {PREFILL, "in_proj", PART, "CONV: I of xz is 129, that of taps is 128"},
        {PREFILL, "conv_bias", ROWS, "CONV: I of bias is 129, that of taps is 128"},
        {PREFILL, "x_proj", PART, "DT_PROJ: K of x is 5, that of w is 4"},
        {PREFILL, "dt_proj", ROWS, "DT_PROJ: M of bias is 128, that of w is 129"},
        {PREFILL, "ssm", ROW, "SCAN: N of ssm is 17, that of A is 16"},
    };
    static struct graph graph;
    struct captured captured;
    char expected[160];
    steps_kinds(&plain_cfg, &steps);
    graph_build(&plain_cfg, (enum step_kind)cases[_i].step, &steps.kind[0], &graph);
    struct tensor *t = tensor_named(&graph, cases[_i].tensor);
    t->rows += cases[_i].what == ROWS;
    t->cols += cases[_i].what == COLS;
    t->product_cols += cases[_i].what == COLS;
    t->parts.of[0] += cases[_i].what == PART || cases[_i].what == ROWS;
    t->dim[1] += cases[_i].what == ROW;
    t->dim[0] += cases[_i].what == LINES;
    if (cases[_i].what == PACKING)
        t->packing = PACKING_VECTOR;
    captured_open(&captured, "graph");
    ck_assert(!graph_shape(&graph, &captured.diagnostics));
    const char *colon = strchr(cases[_i].message, ':');
    snprintf(expected, sizeof expected, "graph: %.*s of %s%s\n", (int)(colon - cases[_i].message),
             cases[_i].message, step_name(graph.step), colon);
    ck_assert_str_eq(captured_text(&captured), expected);
    captured_close(&captured);
}
END_TEST

START_TEST(reading_before_writing_is_refused)
{
    static struct graph graph;
    struct captured captured;
    steps_kinds(&plain_cfg, &steps);
    graph_build(&plain_cfg, STEP_DECODE, &steps.kind[0], &graph);
    for (uint32_t i = 0; i + 1 < graph.node_count; i++)
        graph.node[i] = graph.node[i + 1]; /* no EMBED any more */
    graph.node_count--;
    captured_open(&captured, "graph");
    ck_assert(!graph_shape(&graph, &captured.diagnostics));
    ck_assert_str_eq(captured_text(&captured),
                     "graph: IN_PROJ of decode reads x before anything writes it\n");
    captured_close(&captured);
}
END_TEST

/* Worked by hand for 64 wide, 128 inside, 16 states, rank 4, bf16 matrices, f32 table. */
START_TEST(costs_follow_the_rules)
{
    steps_build(&plain_cfg, &steps);
    const struct graph *decode = steps.graph[STEP_DECODE];
    const struct graph *prefill = steps.graph[STEP_PREFILL];
    const struct node *n = node_named(decode, "EMBED");
    ck_assert_uint_eq(n->weight_bytes, 64 * 4);
    ck_assert_uint_eq(n->moved_bytes, 64 * 4 + 4);
    n = node_named(prefill, "IN_PROJ");
    ck_assert_uint_eq(n->weight_bytes, 256 * 64 * 2);
    ck_assert_uint_eq(n->moved_bytes, 32 * (256 + 64) * 4);
    ck_assert_uint_eq(n->flops, 32 * 2 * 256 * 64);
    n = node_named(decode, "IN_PROJ"); /* with the norm before and the convolution behind */
    ck_assert_uint_eq(n->weight_bytes, 256 * 64 * 2 + 64 * 4 + (4 + 1) * 128 * 4);
    ck_assert_uint_eq(n->moved_bytes, (256 + 64) * 4 + 2 * 3 * 128 * 4);
    ck_assert_uint_eq(n->flops, 4 * 64 + 2 + 2 * 256 * 64 + 128 * (2 * 4 + 5));
    n = node_named(prefill, "OUT_PROJ");
    ck_assert_uint_eq(n->weight_bytes, 64 * 128 * 2);
    ck_assert_uint_eq(n->moved_bytes, 32 * (2 * 64 + 128) * 4);
    ck_assert_uint_eq(n->flops, 32 * (2 * 64 * 128 + 64));
    n = node_named(prefill, "CONV");
    ck_assert_uint_eq(n->weight_bytes, (4 + 1) * 128 * 4);
    ck_assert_uint_eq(n->moved_bytes, (32 * 2 + 3 * 2) * 128 * 4);
    ck_assert_uint_eq(n->flops, 32 * 128 * (2 * 4 + 5));
    n = node_named(prefill, "SCAN");
    ck_assert_uint_eq(n->weight_bytes, (16 + 1) * 128 * 4);
    ck_assert_uint_eq(n->moved_bytes, 32 * (4 * 128 + 2 * 16) * 4 + 2 * 16 * 128 * 4);
    ck_assert_uint_eq(n->flops, 32 * 128 * (7 * 16 + 7));
    n = node_named(decode, "SCAN"); /* with the time step's projection, 4 padded to 16 wide */
    ck_assert_uint_eq(n->weight_bytes, (16 + 1) * 128 * 4 + 128 * 16 * 2 + 128 * 4);
    ck_assert_uint_eq(n->moved_bytes, (3 * 128 + 4 + 2 * 16) * 4 + 2 * 16 * 128 * 4);
    ck_assert_uint_eq(n->flops, 128 * (7 * 16 + 7) + 128 * (2 * 4 + 4));
    n = node_named(steps.graph[STEP_HEAD], "LOGITS");
    ck_assert_uint_eq(n->weight_bytes, 512 * 64 * 4);
    ck_assert_uint_eq(n->flops, 8 * 2 * 512 * 64);
}
END_TEST

/* A decode reads every weight once, and one row of a tied table a second time. */
START_TEST(decode_reads_the_arena_once)
{
    struct layout layout;
    uint64_t bytes = 0;
    steps_build(&plain_cfg, &steps);
    layout_make(&plain_cfg, &layout);
    const struct graph *decode = steps.graph[STEP_DECODE];
    for (uint32_t i = 0; i < decode->node_count; i++)
        bytes += decode->node[i].weight_bytes *
                 (decode->node[i].place == PLACE_LAYER ? plain_cfg.num_hidden_layers : 1);
    ck_assert_uint_eq(bytes, layout.weights_bytes + 64 * 4);
    layout_free(&layout);
}
END_TEST

START_TEST(lifetimes_cover_the_loop)
{
    struct plan plan;
    steps_build(&plain_cfg, &steps);
    const struct graph *graph = steps.graph[STEP_PREFILL];
    live_find(graph, &plan);
    const struct {
        const char *buffer, *first, *last;
    } expected[] = {{"x", "EMBED", "NORM_F"},
                    {"xz", "IN_PROJ", "OUT_PROJ"},
                    {"xn", "NORM", "IN_PROJ"},
                    {"xdb", "X_PROJ", "SCAN"},
                    {"dt", "DT_PROJ", "SCAN"}};
    ck_assert_uint_eq(plan.count, 5);
    for (uint32_t i = 0; i < plan.count; i++) {
        ck_assert_str_eq(plan.buffer[i].name, expected[i].buffer);
        ck_assert_str_eq(graph->node[plan.buffer[i].first_op].name, expected[i].first);
        ck_assert_str_eq(graph->node[plan.buffer[i].last_op].name, expected[i].last);
    }
}
END_TEST

/* A buffer that the layer reads before it writes belongs to the whole loop, even when its last use
 * in the list is early. */
START_TEST(what_the_next_layer_reads_stays_alive)
{
    struct plan plan;
    steps_build(&plain_cfg, &steps);
    struct graph *graph = steps.graph[STEP_DECODE];
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->node[i].name, "OUT_PROJ") == 0) {
            graph->node[i] = graph->node[i - 1]; /* nothing touches x after IN_PROJ ... */
            graph->node[i].place = PLACE_LAYER;
        }
    graph->node_count -= 2; /* ... not even the epilogue */
    live_find(graph, &plan);
    ck_assert_str_eq(plan.buffer[0].name, "x");
    ck_assert_str_eq(graph->node[plan.buffer[0].last_op].name, "SCAN");
    ck_assert_uint_eq(plan.buffer[0].last_op, graph->node_count - 1);
}
END_TEST

START_TEST(layout_is_packed_and_named)
{
    struct layout layout;
    uint64_t at = 0, parameters = 0, gaps = 0;
    layout_make(&odd_cfg, &layout);
    for (uint32_t i = 0; i < layout.count; i++) {
        const struct layout_weight *w = &layout.weight[i];
        ck_assert_uint_eq(w->at, at);
        ck_assert_uint_eq(w->at % 64, 0);
        ck_assert_uint_eq(w->bytes, (w->packed_bytes + 63) / 64 * 64);
        ck_assert_uint_eq(w->packed_bytes, format_bytes(w->type, w->padded_rows, w->stored_cols));
        at += w->bytes;
        gaps += w->bytes - w->packed_bytes;
        parameters += (uint64_t)w->rows * w->cols;
    }
    ck_assert_uint_eq(layout.weights_bytes, at);
    ck_assert_uint_eq(gaps, 0); /* whole lines in both directions leave none */
    ck_assert_uint_eq(layout.parameters, parameters);
    ck_assert_uint_eq(layout.count, 1 + 2 * 11 + 2);
    ck_assert_str_eq(layout.tied_copy, "");
    const struct layout_weight *w = &layout.weight[0];
    ck_assert_str_eq(w->source, "backbone.embeddings.weight");
    ck_assert_str_eq(w->alias, "backbone.embedding.weight");
    w = &layout.weight[1 + 11 + 1];
    ck_assert_str_eq(w->name, "layer 1 in_proj");
    ck_assert_str_eq(w->source, "backbone.layers.1.mixer.in_proj.weight");
    ck_assert_int_eq(w->layer, 1);
    ck_assert_uint_eq(w->row_spread.run[0].groups, 2);
    ck_assert_uint_eq(w->row_spread.run[0].size, 159);
    ck_assert_uint_eq(w->row_spread.run[1].groups, 0);
    ck_assert_uint_eq(w->rows, 318);
    ck_assert_uint_eq(w->padded_rows, 320);
    ck_assert_uint_eq(w->cols, 53);
    ck_assert_uint_eq(w->stored_cols, 64);
    w = &layout.weight[layout.count - 1];
    ck_assert_str_eq(w->source, "lm_head.weight");
    ck_assert_int_eq(w->type, FORMAT_BF16);
    ck_assert_uint_eq(w->stored_cols, 64);
    layout_free(&layout);
    layout_make(&plain_cfg, &layout);
    ck_assert_str_eq(layout.tied_copy, "lm_head.weight");
    ck_assert_uint_eq(layout.parameters, 130944);
    layout_free(&layout);
}
END_TEST

/* A width at which in_proj and x_proj have the same matrix but different strides. */
/* The symbol of the kernel that an operation calls. */
static const char *symbol_of(const struct kernels *list, enum step_kind step, const char *name)
{
    const struct node *node = node_named(&steps.graph[step][0], name);
    for (uint32_t i = 0; i < steps.op_count; i++)
        if (steps.op[i].node == node)
            return list->kernel[list->of[i]].symbol.text;
    return "none";
}

START_TEST(symbols_are_unique)
{
    struct cfg twin = plain_cfg;
    static struct kernels list;
    twin.hidden_size = twin.intermediate_size = 16;
    twin.time_step_rank = 16;
    twin.state_size = 8;
    twin.embedding_type = twin.head_type = FORMAT_BF16;
    twin.vocab_size = 32; /* and the head of the same shape, too */
    twin.prefill_chunk = twin.logit_rows = 8;
    steps_build(&twin, &steps);
    kernels_find(&steps, &list);
    for (uint32_t i = 0; i < list.count; i++)
        for (uint32_t j = 0; j < i; j++)
            ck_assert_str_ne(list.kernel[i].symbol.text, list.kernel[j].symbol.text);
    ck_assert_str_eq(symbol_of(&list, STEP_PREFILL, "IN_PROJ"), "gemm_bf16_8x32x16");
    ck_assert_str_eq(symbol_of(&list, STEP_PREFILL, "X_PROJ"), "gemm_bf16_8x32x16_x_proj");
    ck_assert_str_eq(symbol_of(&list, STEP_HEAD, "LOGITS"), "gemm_bf16_8x32x16_logits");
    ck_assert_str_eq(symbol_of(&list, STEP_DECODE, "HEAD"), "gemv_bf16_32x16_head");
}
END_TEST

/* What is said of an expression that a row cannot mean, before gen aborts. */
static void fault_of(const struct node *node, const char *expression, char text[256])
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        expression_value(steps.graph[STEP_PREFILL], node, &expression);
        _exit(0);
    }
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    ck_assert_ptr_nonnull(said);
    if (fgets(text, 256, said) == NULL)
        text[0] = '\0';
    fclose(said);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

START_TEST(what_a_row_cannot_mean_is_named)
{
    static const struct {
        const char *expression, *message;
    } cases[] = {
        {"x_strid", "unknown word before \"x_strid\""},
        {"2*chosen", "unknown word before \"chosen\""}, /* an attribute of other operations */
        {"M+Q", "no operand binds the letter before \"Q\""},
        {"pad(x)", "expected a letter before \"x)\""},
        {"narrow(M)", "unknown function before \"narrow(M)\""},
        {"wide(M", "expected ) before \"\""},
        {"2*", "expected a number or a name before \"\""},
    };
    char text[256], expected[256];
    steps_build(&plain_cfg, &steps);
    fault_of(node_named(steps.graph[STEP_PREFILL], "OUT_PROJ"), cases[_i].expression, text);
    snprintf(expected, sizeof expected,
             "gen: kernels/ops.def: LINEAR: %s; this is a fault of the generator\n",
             cases[_i].message);
    ck_assert_str_eq(text, expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graph");
    TCase *tests = tcase_create("graph");
    tcase_add_test(tests, shapes_are_inferred_and_padded);
    tcase_add_loop_test(tests, operands_that_do_not_fit_are_refused, 0, 26);
    tcase_add_test(tests, reading_before_writing_is_refused);
    tcase_add_test(tests, costs_follow_the_rules);
    tcase_add_test(tests, decode_reads_the_arena_once);
    tcase_add_test(tests, lifetimes_cover_the_loop);
    tcase_add_test(tests, what_the_next_layer_reads_stays_alive);
    tcase_add_test(tests, layout_is_packed_and_named);
    tcase_add_test(tests, symbols_are_unique);
    tcase_add_loop_test(tests, what_a_row_cannot_mean_is_named, 0, 7);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
