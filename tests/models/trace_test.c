/* The ranges of a run of the default model, or of a hybrid, as an NVTX tool gets them: a tool
 * linked into this program notes every call. Each test is a process of its own, in which the tool
 * attaches itself once.
 *
 * Built without the NVTX headers there is no tool, and only the first test remains. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/model.h"
#include "runtime/engine/session.h"
#include "runtime/engine/trace.h"
#include "tests/fixtures/run.h"

START_TEST(nothing_is_attached_unless_a_tool_is)
{
    trace_open();
    ck_assert(!trace_on);
    ck_assert(trace_op_hook() == NULL);
}
END_TEST

#if __has_include(<nvtx3/nvToolsExt.h>)

#define NVTX_NO_IMPL
#include <nvtx3/nvToolsExt.h>

/* ---- the tool ----------------------------------------------------------------------------- */

enum { MOST_NOTES = 1 << 14, MOST_NAMES = 1024, NAME_BYTES = 128 };

/* A range that began, on the thread that started this process. */
struct note {
    const char *name;
    int depth;
    uint32_t category;
    bool valued;
    uint64_t payload;
};

static struct {
    bool wanted;         /* refuses the domain otherwise */
    unsigned calls;      /* of any NVTX function */
    unsigned registered; /* strings */
    unsigned others;     /* ranges that began on other threads */
    struct note notes[MOST_NOTES];
    unsigned count;
    int depth;
    char names[MOST_NAMES][NAME_BYTES];
} tool;
static _Thread_local bool first_thread;

static nvtxDomainHandle_t tool_domain(const char *name)
{
    tool.calls++;
    ck_assert_str_eq(name, "ingot");
    first_thread = true;
    return tool.wanted ? (nvtxDomainHandle_t)&tool : NULL;
}

static nvtxStringHandle_t tool_string(nvtxDomainHandle_t domain, const char *string)
{
    tool.calls++;
    ck_assert_ptr_eq(domain, &tool);
    ck_assert_uint_lt(tool.registered, MOST_NAMES);
    char *name = tool.names[tool.registered++];
    snprintf(name, NAME_BYTES, "%s", string);
    return (nvtxStringHandle_t)name;
}

static void tool_category(nvtxDomainHandle_t domain, uint32_t id, const char *name)
{
    (void)domain, (void)id, (void)name;
    tool.calls++;
}

static void tool_thread(uint32_t thread, const char *name)
{
    (void)thread, (void)name;
    __atomic_fetch_add(&tool.calls, 1, __ATOMIC_RELAXED);
}

static int tool_push(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *attributes)
{
    __atomic_fetch_add(&tool.calls, 1, __ATOMIC_RELAXED);
    if (!first_thread)
        return (int)__atomic_fetch_add(&tool.others, 1, __ATOMIC_RELAXED);
    ck_assert_ptr_eq(domain, &tool);
    ck_assert_int_eq(attributes->messageType, NVTX_MESSAGE_TYPE_REGISTERED);
    ck_assert_uint_lt(tool.count, MOST_NOTES);
    tool.notes[tool.count++] = (struct note){
        .name = (const char *)attributes->message.registered,
        .depth = tool.depth,
        .category = attributes->category,
        .valued = attributes->payloadType == NVTX_PAYLOAD_TYPE_UNSIGNED_INT64,
        .payload = attributes->payload.ullValue,
    };
    return tool.depth++;
}

static int tool_pop(nvtxDomainHandle_t domain)
{
    (void)domain;
    __atomic_fetch_add(&tool.calls, 1, __ATOMIC_RELAXED);
    if (first_thread)
        ck_assert_int_ge(--tool.depth, 0);
    return 0;
}

static int attach(NvtxGetExportTableFunc_t get)
{
    const NvtxExportTableCallbacks *callbacks = get(NVTX_ETID_CALLBACKS);
    NvtxFunctionTable core, core2;
    unsigned size;
    callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &core, &size);
    callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE2, &core2, &size);
    *core[NVTX_CBID_CORE_NameOsThreadA] = (NvtxFunctionPointer)tool_thread;
    *core2[NVTX_CBID_CORE2_DomainCreateA] = (NvtxFunctionPointer)tool_domain;
    *core2[NVTX_CBID_CORE2_DomainRegisterStringA] = (NvtxFunctionPointer)tool_string;
    *core2[NVTX_CBID_CORE2_DomainNameCategoryA] = (NvtxFunctionPointer)tool_category;
    *core2[NVTX_CBID_CORE2_DomainRangePushEx] = (NvtxFunctionPointer)tool_push;
    *core2[NVTX_CBID_CORE2_DomainRangePop] = (NvtxFunctionPointer)tool_pop;
    return 1;
}

/* How NVTX finds a tool that is linked in; NULL until a test wants one. */
NvtxInitializeInjectionNvtxFunc_t InitializeInjectionNvtx2_fnptr;

/* ---- what it has to have noted ------------------------------------------------------------ */

static unsigned next; /* note to look at */

static const struct note *expect(int depth, const char *name)
{
    ck_assert_uint_lt(next, tool.count);
    const struct note *note = &tool.notes[next++];
    ck_assert_str_eq(note->name, name);
    ck_assert_int_eq(note->depth, depth);
    return note;
}

static void expect_valued(int depth, const char *name, uint64_t payload)
{
    const struct note *note = expect(depth, name);
    ck_assert(note->valued);
    ck_assert_uint_eq(note->payload, payload);
}

static void expect_op(int depth, const struct model_op *op)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s %s", op->name, op->kernel);
    expect(depth, name);
}

/* Whether the operation is one of that layer; of none for `layer` == model.layers. */
static bool belongs(const struct model_op *op, u32 layer)
{
    const bool in_layer = layer < model.layers;
    if (model.pattern == NULL)
        return in_layer == (op->times > 1);
    return op->kind == (in_layer ? model.pattern[layer].kind : 0);
}

/* The operations of a step: before the layers, layer by layer, behind the layers. */
static void expect_ops(const char *step)
{
    const struct model_op *op = model.ops, *end = model.ops + model.op_count;
    while (strcmp(op->step, step) != 0)
        op++;
    while (end > op && strcmp(end[-1].step, step) != 0)
        end--;
    for (; op < end && belongs(op, model.layers); op++)
        expect_op(1, op);
    for (u32 layer = 0; layer < model.layers && op < end; layer++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "layer %u", layer);
        expect(1, name);
        for (const struct model_op *in = op; in < end; in++)
            if (belongs(in, layer))
                expect_op(2, in);
    }
    for (; op < end; op++)
        if (belongs(op, model.layers))
            expect_op(1, op);
}

/* What the two models of this test have in a decode, in numbers and by a name. */
static const struct expected {
    const char *model, *first;
    unsigned ranges;
} EXPECTED[] = {
    /* 6 layers of 4 operations, 3 operations around them */
    {"fable-mamba", "IN_PROJ norm_gemv_conv_bf16_640x160x4", 1 + 6 * (1 + 4) + 3},
    /* 4 layers of 6, 6, 5 and 6 */
    {"jamba-a-bf16", "MAMBA_MLP_IN_PROJ norm_gemv_conv_bf16_256x64x4", 1 + 4 + 6 + 6 + 5 + 6 + 3},
};

static const struct expected *expected(void)
{
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++)
        if (strcmp(EXPECTED[i].model, model.name) == 0)
            return &EXPECTED[i];
    ck_abort_msg("linked with %s", model.name);
}

static struct session session;

static void open_session(u32 threads)
{
    InitializeInjectionNvtx2_fnptr = attach;
    static char weights[128];
    snprintf(weights, sizeof weights, "build/cpu/%s.weights", model.name);
    session_open(&session,
                 &(struct session_options){.weights = weights, .threads = threads, .quiet = true});
}

START_TEST(a_run_shows_steps_layers_and_operations)
{
    tool.wanted = true;
    open_session((u32)_i);
    ck_assert(trace_on);
    static const u32 ids[] = {5, 6, 7, 8, 9};
    session_reset(&session);
    session_prefill(&session, ids, 5);
    session_head(&session, 3, 2);
    session_decode(&session, 1);
    session_decode(&session, 2);
    ck_assert_int_eq(tool.depth, 0);
    session_close(&session);

    expect_valued(0, "load", model.weights_bytes);
    expect_valued(1, "digests", 0);
    ck_assert_uint_eq(tool.others, (unsigned)_i - 1);
    expect_valued(0, "prefill", 5);
    expect_ops("prefill");
    expect_valued(0, "head", 2);
    expect_ops("head");
    for (u32 token = 0; token < 2; token++) {
        unsigned first = next;
        expect_valued(0, "decode", 5 + token);
        expect_ops("decode");
        ck_assert_uint_eq(next - first, expected()->ranges);
        ck_assert_str_eq(tool.notes[first + 2].name, "layer 0");
        ck_assert_str_eq(tool.notes[first + 3].name, expected()->first);
    }
    ck_assert_uint_eq(next, tool.count);
}
END_TEST

START_TEST(without_a_tool_a_step_makes_no_call)
{
    open_session((u32)_i);
    ck_assert(!trace_on);
    ck_assert_uint_eq(tool.calls, 1); /* the question whether anybody wants the domain */
    static const u32 ids[] = {5, 6, 7, 8, 9};
    session_reset(&session);
    session_prefill(&session, ids, 5);
    session_head(&session, 4, 1);
    for (u32 token = 0; token < 100; token++)
        session_decode(&session, token);
    session_close(&session);
    ck_assert_uint_eq(tool.calls, 1);
}
END_TEST

START_TEST(launches_show_the_same_ranges)
{
    tool.wanted = true;
    InitializeInjectionNvtx2_fnptr = attach;
    trace_open();
    for (u32 token = 0; token < 2; token++) {
        trace_begin(TRACE_DECODE, token);
        for (u32 repeat = 0; repeat < 2; repeat++) /* as when a second kernel belongs to it */
            trace_launch(0);
        for (u32 layer = 0; layer <= model.layers; layer++) /* and at last what is behind them */
            for (u32 op = 1; strcmp(model.ops[op].step, "decode") == 0; op++)
                for (u32 repeat = 0; repeat < 2 && belongs(&model.ops[op], layer); repeat++)
                    trace_launch(op);
        trace_launch(model.op_count); /* a kernel that chooses a token */
        ck_assert_int_eq(tool.depth, 2);
        trace_end();
    }
    trace_launch(1); /* outside of any step; ended by the next range */
    trace_begin(TRACE_HEAD, 1);
    trace_end();
    ck_assert_int_eq(tool.depth, 0);
    for (u32 token = 0; token < 2; token++) {
        expect_valued(0, "decode", token);
        expect_ops("decode");
        expect(1, "sampler");
    }
    expect(0, "layer 0");
    expect_op(1, &model.ops[1]);
    expect_valued(0, "head", 1);
    ck_assert_uint_eq(next, tool.count);
}
END_TEST

static void add_tool_tests(TCase *cases)
{
    tcase_add_loop_test(cases, a_run_shows_steps_layers_and_operations, 1, 4);
    tcase_add_loop_test(cases, without_a_tool_a_step_makes_no_call, 1, 3);
    tcase_add_test(cases, launches_show_the_same_ranges);
}

#else

static void add_tool_tests(TCase *cases)
{
    (void)cases;
    printf("skip: ranges of a run (built without the NVTX headers of the CUDA toolkit)\n");
}

#endif

int main(void)
{
    Suite *suite = suite_create("trace");
    TCase *cases = tcase_create("ranges");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, nothing_is_attached_unless_a_tool_is);
    add_tool_tests(cases);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
