/* Models with several kinds of layers: which layer is of which kind, their operations, weights,
 * state and plans. */
#include "gen/emit/emit.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"
#include "tests/unit/configs.h"

static const struct cfg *const cfgs[] = {&deepseek_cfg, &jamba_cfg};
enum { CFGS = sizeof cfgs / sizeof cfgs[0] };

static struct steps steps;
static struct program program;

/* Expects these kinds, "name layers", and for every layer the number of its kind. */
static void expect_kinds(const struct cfg *cfg, const char *const kinds[], const char *of)
{
    char text[64];
    steps_kinds(cfg, &steps);
    for (uint32_t k = 0; k < steps.kind_count; k++) {
        snprintf(text, sizeof text, "%s %u", steps.kind[k].name, steps.kind[k].layers);
        ck_assert_ptr_nonnull(kinds[k]);
        ck_assert_str_eq(text, kinds[k]);
    }
    ck_assert_ptr_null(kinds[steps.kind_count]);
    ck_assert_uint_eq(strlen(of), cfg->num_hidden_layers);
    for (uint32_t l = 0; l < cfg->num_hidden_layers; l++)
        ck_assert_int_eq(steps.kind_of[l], of[l] - '0');
}
#define KINDS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(layers_have_their_kinds)
{
    struct cfg cfg = deepseek_cfg;
    expect_kinds(&cfg, KINDS("dense 4", "moe 2"), "001010");
    cfg.moe_layer_freq = 1;
    expect_kinds(&cfg, KINDS("dense 1", "moe 5"), "011111");
    cfg.first_k_dense_replace = 0;
    expect_kinds(&cfg, KINDS("layer 6"), "000000");
    cfg.first_k_dense_replace = 6;
    expect_kinds(&cfg, KINDS("layer 6"), "000000");
    cfg = jamba_cfg;
    expect_kinds(&cfg, KINDS("mamba_mlp 2", "mamba_moe 2", "attention_mlp 1", "attention_moe 1"),
                 "210301");
    cfg.attn_layer_period = 8, cfg.attn_layer_offset = 4, cfg.num_hidden_layers = 16;
    expect_kinds(&cfg, KINDS("mamba_mlp 6", "mamba_moe 8", "attention_mlp 2"), "0101210101012101");
    cfg.num_experts = 1; /* then transformers has an MLP in its place */
    expect_kinds(&cfg, KINDS("mamba_mlp 14", "attention_mlp 2"), "0000100000001000");
}
END_TEST

/* A model whose layers are all alike is one of one kind, whatever its family. */
START_TEST(one_kind_has_no_name)
{
    struct cfg cfg = jamba_cfg;
    cfg.attn_layer_period = cfg.expert_layer_period = 1;
    cfg.attn_layer_offset = cfg.expert_layer_offset = 0;
    program_make(&cfg, &program);
    ck_assert_uint_eq(program.steps.kind_count, 1);
    ck_assert_str_eq(program.steps.kind[0].name, "layer");
    ck_assert_str_eq(program.steps.graph[STEP_DECODE][0].kind_name, "");
    ck_assert_ptr_null(plan_bottom(&program.plan[STEP_DECODE][0]));
    const struct graph *decode = &program.steps.graph[STEP_DECODE][0];
    const struct phrase op = emit_op(decode, &decode->node[1]);
    ck_assert_str_eq(op.text, "DECODE_QKV");
    program_free(&program);
}
END_TEST

/* Every operation has one enumerator; a step executes those of a layer once for each of its kind.
 */
START_TEST(operations_are_listed_once)
{
    static struct phrase names[STEP_OPS];
    steps_build(cfgs[_i / STEP_KINDS], &steps);
    const enum step_kind step = (enum step_kind)(_i % STEP_KINDS);
    uint32_t count = 0;
    uint64_t times = 0, expected = 0;
    for (uint32_t i = 0; i < steps.op_count; i++) {
        if (steps.op[i].graph->step != step)
            continue;
        names[count] = emit_op(steps.op[i].graph, steps.op[i].node);
        times += steps.op[i].times;
        for (uint32_t j = 0; j < count; j++)
            ck_assert_str_ne(names[count].text, names[j].text);
        count++;
    }
    for (uint32_t k = 0; k < steps.kind_count; k++)
        for (uint32_t i = 0; i < steps.graph[step][k].node_count; i++)
            if (steps.graph[step][k].node[i].place == PLACE_LAYER)
                expected += steps.kind[k].layers;
            else
                expected += k == 0;
    ck_assert_uint_eq(times, expected);
    ck_assert_str_eq(names[0].text, step == STEP_HEAD     ? "HEAD_LOGITS"
                                    : step == STEP_DECODE ? "DECODE_EMBED"
                                                          : "PREFILL_EMBED");
    if (step == STEP_DECODE)
        ck_assert_str_eq(names[count - 1].text, "DECODE_HEAD");
}
END_TEST

START_TEST(enumerators_have_the_kind)
{
    steps_build(&jamba_cfg, &steps);
    ck_assert_int_eq(steps.op[1 + 6 + 6 + 5 + 5 + 2 - 1].graph->step, STEP_DECODE);
    ck_assert_int_eq(steps.op[1 + 6 + 6 + 5 + 5 + 2].graph->step, STEP_PREFILL);
    static const struct {
        uint32_t at;
        const char *name;
        uint64_t times;
    } expected[] = {{1, "DECODE_MAMBA_MLP_IN_PROJ", 2},
                    {7, "DECODE_MAMBA_MOE_IN_PROJ", 2},
                    {13, "DECODE_ATTENTION_MLP_QKV", 1},
                    {22, "DECODE_ATTENTION_MOE_DOWN_PROJ", 1},
                    {23, "DECODE_NORM_F", 1}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct step_op *op = &steps.op[expected[i].at];
        const struct phrase name = emit_op(op->graph, op->node);
        ck_assert_str_eq(name.text, expected[i].name);
        ck_assert_uint_eq(op->times, expected[i].times);
    }
}
END_TEST

static uint32_t kernel_of(const char *name)
{
    for (uint32_t i = 0; i < program.steps.op_count; i++) {
        const struct phrase op = emit_op(program.steps.op[i].graph, program.steps.op[i].node);
        if (strcmp(op.text, name) == 0)
            return program.kernels->of[i];
    }
    ck_abort_msg("no operation %s", name);
}

static void share(const char *a, const char *b)
{
    ck_assert_msg(kernel_of(a) == kernel_of(b), "%s and %s", a, b);
}

/* What both kinds compute alike is one kernel. */
START_TEST(kinds_share_kernels)
{
    program_make(&jamba_cfg, &program);
    const struct kernels *list = program.kernels;
    for (uint32_t i = 0; i < list->count; i++)
        for (uint32_t j = 0; j < i; j++)
            ck_assert_str_ne(list->kernel[i].symbol.text, list->kernel[j].symbol.text);
    share("DECODE_MAMBA_MLP_IN_PROJ", "DECODE_MAMBA_MOE_IN_PROJ");
    share("DECODE_ATTENTION_MLP_QKV", "DECODE_ATTENTION_MOE_QKV");
    share("DECODE_MAMBA_MLP_GATE_UP", "DECODE_ATTENTION_MLP_GATE_UP");
    program_free(&program);
}
END_TEST

/* The arena holds the layers kind by kind; names and sources have the true number. */
START_TEST(layout_is_by_kind)
{
    static const struct {
        const char *name;
        int32_t layer;
        uint32_t kind, index;
        const char *source;
    } expected[] = {
        {"in_proj", 2, 0, 0, "model.layers.2.mamba.in_proj.weight"},
        {"b_norm", 4, 0, 1, "model.layers.4.mamba.b_layernorm.weight"},
        {"gate_proj[3]", 1, 1, 0, "model.layers.1.feed_forward.experts.3.gate_proj.weight"},
        {"down_proj[0]", 5, 1, 1, "model.layers.5.feed_forward.experts.0.down_proj.weight"},
        {"q_proj", 0, 2, 0, "model.layers.0.self_attn.q_proj.weight"},
        {"router", 3, 3, 0, "model.layers.3.feed_forward.router.weight"},
    };
    struct layout layout;
    char name[64];
    layout_make(&jamba_cfg, &layout);
    uint64_t at = 0;
    uint32_t found = 0;
    for (uint32_t i = 0; i < layout.count; i++) {
        const struct layout_weight *w = &layout.weight[i];
        ck_assert_uint_eq(w->at, at);
        at += w->bytes;
        if (found == sizeof expected / sizeof expected[0] || w->layer != expected[found].layer)
            continue;
        snprintf(name, sizeof name, "layer %d %s", w->layer, expected[found].name);
        if (strcmp(w->name, name) != 0)
            continue;
        ck_assert_uint_eq(w->kind, expected[found].kind);
        ck_assert_uint_eq(w->index, expected[found].index);
        ck_assert_str_eq(w->source, expected[found].source);
        found++;
    }
    ck_assert_uint_eq(found, sizeof expected / sizeof expected[0]);
    ck_assert_uint_eq(layout.weights_bytes, at);
    layout_free(&layout);
}
END_TEST

/* A decode reads the arena once: of the untied table a row, of experts the chosen ones; what two
 * operations of a layer read, the norm in front of experts and the MLP beside them, twice. */
START_TEST(decode_reads_what_it_needs)
{
    program_make(cfgs[_i], &program);
    const uint64_t read = program_streamed(&program, STEP_DECODE);
    uint64_t expected = program.layout.weights_bytes - 512 * 64 * 4 + 64 * 4;
    if (cfgs[_i] == &deepseek_cfg)
        expected -= 2 * (5 * 3 * 48 * 64 * 2) - 2 * 64 * 4;
    else
        expected -= 3 * (2 * 3 * 128 * 64 * 2);
    ck_assert_uint_eq(read, expected);
    program_free(&program);
}
END_TEST

/* Worked by hand: keys and values of 128 positions in f16; 3 inputs and 16 states of 128 channels.
 */
START_TEST(caches_end_the_state)
{
    program_make(&deepseek_cfg, &program);
    ck_assert_uint_eq(program.cache_bytes, 6 * 2 * 2 * 128 * 16 * 2);
    ck_assert_uint_eq(program.state_bytes, program.cache_bytes);
    program_free(&program);
    program_make(&jamba_cfg, &program);
    ck_assert_uint_eq(program.cache_bytes, 2 * 2 * 2 * 128 * 16 * 2);
    ck_assert_uint_eq(program.state_bytes - program.cache_bytes, 4 * (3 + 16) * 128 * 4);
    uint32_t last = 0;
    for (uint32_t k = 0; k < program.steps.kind_count; k++)
        if (program_layer_state(&program.steps.graph[STEP_DECODE][k], true) == 0)
            last = k;
    ck_assert_uint_eq(last, 1); /* no kind without a cache behind one with */
    program_free(&program);
}
END_TEST

static bool checks(const struct plan *plans, enum step_kind step)
{
    struct captured captured;
    captured_open(&captured, "plan");
    const bool good = plan_check_layers(plans, program.steps.graph[step], program.steps.kind_of,
                                        program.steps.cfg.num_hidden_layers, &captured.diagnostics);
    captured_close(&captured);
    return good;
}

/* x at the bottom of every kind, every plan at its bound. The checker that walks the layers refuses
 * exactly the pairs of a kind that the intervals say are alive together, and an x that a kind has
 * elsewhere. */
START_TEST(plans_agree_about_the_stream)
{
    const enum step_kind step = _i % 2 == 0 ? STEP_DECODE : STEP_PREFILL;
    program_make(cfgs[_i / 2], &program);
    struct plan broken[GRAPH_KINDS];
    uint64_t end = 0;
    ck_assert(checks(program.plan[step], step));
    for (uint32_t k = 0; k < program.steps.kind_count; k++) {
        const struct plan *plan = &program.plan[step][k];
        ck_assert_uint_eq(plan->bytes, plan->bound);
        ck_assert_str_eq(plan_bottom(plan)->name, "x");
        ck_assert_uint_eq(plan_bottom(plan)->at, 0);
        end = plan->bytes > end ? plan->bytes : end;
    }
    for (uint32_t k = 0; k < program.steps.kind_count; k++) {
        const struct plan *plan = &program.plan[step][k];
        for (uint32_t i = 0; i < plan->count; i++)
            for (uint32_t j = 0; j < i; j++) {
                const struct plan_buffer *a = &plan->buffer[i], *b = &plan->buffer[j];
                if (a->bottom || b->bottom)
                    continue;
                memcpy(broken, program.plan[step], sizeof broken);
                /* Far from the others, so that only this pair overlaps. */
                broken[k].bytes = end + a->room + b->room;
                broken[k].buffer[i].at = broken[k].buffer[j].at = end;
                const bool together = a->first_op <= b->last_op && b->first_op <= a->last_op;
                ck_assert_msg(checks(broken, step) == !together, "kind %u: %s and %s", k, a->name,
                              b->name);
            }
        memcpy(broken, program.plan[step], sizeof broken);
        broken[k].bytes = end + plan_bottom(plan)->room;
        for (uint32_t i = 0; i < plan->count; i++)
            if (broken[k].buffer[i].bottom)
                broken[k].buffer[i].at = end;
        ck_assert_msg(!checks(broken, step), "kind %u has x elsewhere", k);
    }
    program_free(&program);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pattern");
    TCase *tests = tcase_create("pattern");
    tcase_add_test(tests, layers_have_their_kinds);
    tcase_add_test(tests, one_kind_has_no_name);
    tcase_add_loop_test(tests, operations_are_listed_once, 0, CFGS * STEP_KINDS);
    tcase_add_test(tests, enumerators_have_the_kind);
    tcase_add_test(tests, kinds_share_kernels);
    tcase_add_test(tests, layout_is_by_kind);
    tcase_add_loop_test(tests, decode_reads_what_it_needs, 0, CFGS);
    tcase_add_test(tests, caches_end_the_state);
    tcase_add_loop_test(tests, plans_agree_about_the_stream, 0, 2 * CFGS);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
