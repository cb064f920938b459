#include "runtime/engine/trace.h"

#if defined(__has_include) && __has_include(<nvtx3/nvToolsExt.h>)
#define HAVE_NVTX 1
#else
#define HAVE_NVTX 0
#endif

bool trace_on;

bool trace_built(void)
{
    return HAVE_NVTX;
}

#if !HAVE_NVTX

/* Without the headers nothing can attach itself, so trace_on stays false and none of the rest is
 * reached. */
void trace_open(void)
{
}

op_hook *trace_op_hook(void)
{
    return NULL;
}

void trace_push(enum trace_range range, uint64_t payload)
{
    (void)range, (void)payload;
}

void trace_pop(void)
{
}

void trace_enter(u32 op)
{
    (void)op;
}

void trace_name(u32 rank)
{
    (void)rank;
}

#else

#include <nvtx3/nvToolsExt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"

enum { MOST_OPS = 256, MOST_LAYERS = 1024, NAME_BYTES = 256 };

/* What a profiler can filter by; the number is NVTX's category id. */
enum category { CATEGORY_LOAD = 1, CATEGORY_STEP, CATEGORY_LAYER, CATEGORY_OP, CATEGORY_END };

static const char *const categories[CATEGORY_END] = {
    [CATEGORY_LOAD] = "load",
    [CATEGORY_STEP] = "step",
    [CATEGORY_LAYER] = "layer",
    [CATEGORY_OP] = "operation",
};

static const struct {
    const char *name;
    enum category category;
    bool ops; /* operations of the model.ops with this name as step run in it */
} ranges[TRACE_RANGES] = {
    [TRACE_LOAD] = {"load", CATEGORY_LOAD, false},
    [TRACE_DIGESTS] = {"digests", CATEGORY_LOAD, false},
    [TRACE_PREFILL] = {"prefill", CATEGORY_STEP, true},
    [TRACE_HEAD] = {"head", CATEGORY_STEP, true},
    [TRACE_DECODE] = {"decode", CATEGORY_STEP, true},
    [TRACE_WARM_UP] = {"warm-up", CATEGORY_LOAD, false},
    [TRACE_GENERATE] = {"generate", CATEGORY_STEP, false},
    [TRACE_CAPTURE] = {"capture", CATEGORY_STEP, false},
};

static nvtxDomainHandle_t domain;
static nvtxStringHandle_t range_names[TRACE_RANGES], op_names[MOST_OPS], layer_names[MOST_LAYERS];

#define NONE UINT32_MAX

/* The step that is running, kept by the one thread that runs steps. */
static struct {
    u32 op, layer;            /* whose ranges are open; NONE */
    u32 next_layer[MOST_OPS]; /* in which each operation begins next, or one before it */
} step = {.op = NONE, .layer = NONE};
static bool hooked; /* operations report their end: trace_op_hook() */

void trace_open(void)
{
    if (domain)
        return;
    nvtxInitialize(NULL);
    /* Without a tool every NVTX function is a no-op; this one then returns NULL. So does a tool
     * that does not want to know about domains. */
    domain = nvtxDomainCreateA("ingot");
    if (!domain)
        return;
    if (model.op_count >= MOST_OPS || model.layers > MOST_LAYERS)
        die(EXIT_FAILED,
            "a profiler is attached and %s has %u operations in %u layers, of which at most %d in "
            "%d can be named; raise the limits in runtime/engine/trace.c, or run without the "
            "profiler",
            model.name, model.op_count, model.layers, MOST_OPS - 1, MOST_LAYERS);
    for (uint32_t i = CATEGORY_LOAD; i < CATEGORY_END; i++)
        nvtxDomainNameCategoryA(domain, i, categories[i]);
    char name[NAME_BYTES];
    for (u32 i = 0; i < TRACE_RANGES; i++)
        range_names[i] = nvtxDomainRegisterStringA(domain, ranges[i].name);
    for (u32 i = 0; i < model.op_count; i++) {
        snprintf(name, sizeof name, "%s %s", model.ops[i].name, model.ops[i].kernel);
        op_names[i] = nvtxDomainRegisterStringA(domain, name);
    }
    op_names[model.op_count] = nvtxDomainRegisterStringA(domain, "sampler");
    for (u32 i = 0; i < model.layers; i++) {
        snprintf(name, sizeof name, "layer %u", i);
        layer_names[i] = nvtxDomainRegisterStringA(domain, name);
    }
    trace_name(0);
    trace_on = true;
}

void trace_name(u32 rank)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "rank %u", rank);
    nvtxNameOsThreadA((uint32_t)gettid(), name);
}

static void push(enum category category, nvtxStringHandle_t name, bool valued, uint64_t payload)
{
    nvtxEventAttributes_t attributes = {
        .version = NVTX_VERSION,
        .size = NVTX_EVENT_ATTRIB_STRUCT_SIZE,
        .category = category,
        .payloadType = valued ? NVTX_PAYLOAD_TYPE_UNSIGNED_INT64 : NVTX_PAYLOAD_UNKNOWN,
        .payload.ullValue = payload,
        .messageType = NVTX_MESSAGE_TYPE_REGISTERED,
        .message.registered = name,
    };
    nvtxDomainRangePushEx(domain, &attributes);
}

static void end_op(void)
{
    if (step.op != NONE)
        nvtxDomainRangePop(domain);
    step.op = NONE;
}

static void end_layer(void)
{
    if (step.layer != NONE)
        nvtxDomainRangePop(domain);
    step.layer = NONE;
}

/* The kind of the layers that an operation belongs to, from 1 up; 0: it is outside of them. A model
 * of one layer has none: its operations cannot be told from those around it. */
static u32 kind_of(u32 op)
{
    if (op >= model.op_count)
        return 0;
    return model.pattern != NULL ? model.ops[op].kind : model.ops[op].times > 1;
}

static u32 kind_at(u32 layer)
{
    return model.pattern != NULL ? model.pattern[layer].kind : 1;
}

void trace_enter(u32 op)
{
    if (step.op == op)
        return;
    end_op();
    u32 layer = NONE;
    if (kind_of(op) != 0) {
        layer = step.next_layer[op];
        while (kind_at(layer) != kind_of(op))
            layer = (layer + 1) % model.layers;
        step.next_layer[op] = (layer + 1) % model.layers;
    }
    if (layer != step.layer) {
        end_layer();
        if (layer != NONE)
            push(CATEGORY_LAYER, layer_names[layer], false, 0);
        step.layer = layer;
    }
    push(CATEGORY_OP, op_names[op], false, 0);
    step.op = op;
}

static bool same_step(u32 a, u32 b)
{
    return b < model.op_count && strcmp(model.ops[a].step, model.ops[b].step) == 0;
}

/* The first operation of the layers of a kind, in the step of `op`. */
static u32 first_of(u32 op, u32 kind)
{
    while (op > 0 && same_step(op, op - 1))
        op--;
    while (kind_of(op) != kind)
        op++;
    return op;
}

/* The operation that runs after `op`, NONE at the end of the step. model.ops lists a step in order:
 * what is before the layers, a layer of each kind, what is behind them. */
static u32 op_after(u32 op)
{
    const u32 kind = kind_of(op);
    if (same_step(op, op + 1) && kind_of(op + 1) == kind)
        return op + 1;
    if (kind == 0)
        return same_step(op, op + 1) ? first_of(op, kind_at(0)) : NONE;
    if (step.layer + 1 < model.layers)
        return first_of(op, kind_at(step.layer + 1));
    while (same_step(op, op + 1) && kind_of(op) != 0)
        op++;
    return kind_of(op) == 0 ? op : NONE;
}

static void op_ended(run *r, u32 op)
{
    (void)r;
    if (op != step.op)
        die(EXIT_FAILED,
            "internal error: the trace took operation %u for operation %u: model.ops is not in the "
            "order of execution",
            op, step.op);
    u32 next = op_after(op);
    end_op();
    if (next != NONE)
        trace_enter(next);
}

op_hook *trace_op_hook(void)
{
    hooked = trace_on;
    return trace_on ? op_ended : NULL;
}

void trace_push(enum trace_range range, uint64_t payload)
{
    end_op();
    end_layer();
    push(ranges[range].category, range_names[range], true, payload);
    if (!ranges[range].ops)
        return;
    for (u32 op = 0; hooked && op < model.op_count; op++)
        if (strcmp(model.ops[op].step, ranges[range].name) == 0) {
            trace_enter(op);
            return;
        }
}

void trace_pop(void)
{
    end_op();
    end_layer();
    nvtxDomainRangePop(domain);
}

#endif
