/* info: what this binary is, what it needs, and what it does per step. */
#include "runtime/cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/json.h"
#include "runtime/base/number_text.h"
#include "runtime/cli/info_budget.h"
#include "runtime/cli/options.h"
#include "runtime/engine/session.h"
#include "runtime/tokenizer/tokenizer.h"

struct info_options {
    struct common_options common;
    struct info_question question;
    bool json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct info_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->common;
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case OPTION_BANDWIDTH:
        info_bandwidth(&options->question, argument);
        return 0;
    case OPTION_AT:
        options->question.at = (uint64_t)option_integer("--at", argument, 1, BUDGET_MOST_POSITIONS);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"json", OPTION_JSON, NULL, 0, "One JSON object, \"schema\": 1, sizes in bytes", 1},
    {"bandwidth", OPTION_BANDWIDTH, "B", 0,
     "Also the floor of a decode step from a memory of B bytes per second: a number (273e9), gb10 "
     "(273e9, data sheet), gb10-measured (232e9, a kernel that only reads), h200 (4.8e12, data "
     "sheet) or h200-measured (4.3e12, a copy on the device)",
     1},
    {"at", OPTION_AT, "N", 0,
     "Memory and step of a text of N tokens (default: of the built context, 4096, 32768, 100000 "
     "and 262144)",
     1},
    {0},
};
static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Prints dimensions, memory plan, bytes per token, operations and digests.\v"
           "Works without a weight file. Of a weight file only the header is checked; 'selftest' "
           "checks every byte."};

static struct out out;

/* What was found out about the machine and the files. */
struct facts {
    const char *path;
    bool present; /* the weight file exists, and its header fits */
    struct weight_file_header header;
    u32 threads, processors;
    struct memory_plan plan; /* of 'run' */
};

static struct facts gather(const struct common_options *common)
{
    struct facts facts = {.path = common->weights ? common->weights : session_default_weights(),
                          .processors = team_processors()};
    facts.threads = backend_threads(common->threads, facts.processors);
    facts.present = access(facts.path, F_OK) == 0;
    if (facts.present) {
        struct weights_source source;
        weights_open(&source, facts.path);
        facts.header = source.header;
        weights_close(&source);
    }
    facts.plan = backend_plan(facts.present ? facts.header.weights_at : 0,
                              backend_generate_bytes() + arena_rounded(model.chunk * sizeof(u32)) +
                                  arena_rounded(tokenizer_scratch_bytes()),
                              facts.threads);
    return facts;
}

static void print_keys(const char *section)
{
    out_print(&out, "\n%s\n", section);
    for (u32 i = 0; i < model.key_count; i++)
        if (strcmp(model.keys[i].section, section) == 0)
            out_print(&out, "  %-23s %s\n", model.keys[i].key, model.keys[i].value);
}

static void print_arena(const char *name, uint64_t bytes, const char *remark)
{
    out_print(&out, "  %-12s %15s  %s\n", name, number_text_grouped(bytes).text, remark);
}

/* ", heads of 100 padded to 112" where the keys and values of a head have pads; else "". */
static void describe_heads(char text[64])
{
    u32 width = 0;
    for (u32 i = 0; i < model.key_count; i++)
        if (strcmp(model.keys[i].key, "head_dim") == 0)
            width = (u32)strtoul(model.keys[i].value, NULL, 10);
    text[0] = '\0';
    if (width % SPREAD_PAD != 0)
        snprintf(text, 64, ", heads of %u padded to %u", width, (u32)spread_pad(width));
}

static void print_memory(const struct facts *facts)
{
    char scratch[96], heads[64], state[192] = "what one token leaves for the next";
    describe_heads(heads);
    if (model.cache_bytes > 0)
        snprintf(state, sizeof state, "%s for keys and values of %s%s%s",
                 model.cache_bytes == model.state_bytes
                     ? "all"
                     : number_text_grouped(model.cache_bytes).text,
                 model.context > 0 ? number_text_grouped(model.context).text : "a sliding window",
                 model.context > 0 ? " positions" : "", heads);
    if (model.scratch_bytes == model.scratch_bound)
        snprintf(scratch, sizeof scratch, "planned buffers, at the lower bound");
    else
        snprintf(scratch, sizeof scratch, "planned buffers, %s bytes above the lower bound",
                 number_text_grouped(model.scratch_bytes - model.scratch_bound).text);
    out_text(&out, "\nmemory of 'run', bytes\n");
    print_arena("weights", facts->plan.weights, "read from the weight file, read-only");
    print_arena("tokenizer", facts->plan.tokenizer, "header and tables of the weight file");
    print_arena("state", facts->plan.state, state);
    print_arena("scratch", facts->plan.scratch, scratch);
    print_arena("io", facts->plan.io, "tokens, hidden rows, logits; sampling, tokenizer's block");
    if (facts->plan.work > 0)
        print_arena("work", facts->plan.work, "workspace of one operation, sampling");
    if (facts->plan.host > 0)
        print_arena("host", facts->plan.host, "staging, logits and ring of tokens; host's buffers");
    print_arena("threads", facts->plan.threads, "stacks");
    print_arena("sum", memory_plan_bytes(&facts->plan),
                backend_has_graphs ? "without what CUDA itself takes"
                                   : "and at most 8 MB for code and libraries");
    const char *automatic = backend_memory_auto();
    if (automatic)
        out_print(&out, "memory 'auto': %s\n", automatic);
}

static void print_operations(void)
{
    int width = 14;
    for (u32 i = 0; i < model.op_count; i++)
        width = (int)strlen(model.ops[i].name) > width ? (int)strlen(model.ops[i].name) : width;
    out_print(
        &out,
        "\noperations\n  step     %-*s times      weights        moved        flops  kernel\n",
        width, "op");
    for (u32 i = 0; i < model.op_count; i++) {
        const struct model_op *op = &model.ops[i];
        out_print(&out, "  %-8s %-*s %5u %12s %12s %12s  %s\n", op->step, width, op->name,
                  op->times, number_text_grouped(op->weight_bytes).text,
                  number_text_grouped(op->moved_bytes).text, number_text_grouped(op->flops).text,
                  op->kernel);
    }
    out_print(&out,
              "  bytes and flops per execution; prefill for a full chunk of %u tokens\n"
              "  one decode step streams %s of weights\n",
              model.chunk, number_text_bytes(session_decode_weight_bytes()).text);
}

static void print_all(const struct facts *facts, const struct info_question *question)
{
    out_print(&out, "%s: %s, %s parameters, %s, %s\n", model.name, model.model_type,
              number_text_grouped(model.parameters).text, backend_name, backend_targets());
    out_print(&out, "  config digest  %016" PRIx64 "%016" PRIx64 "\n", model.config_digest[1],
              model.config_digest[0]);
    if (facts->present)
        out_print(&out, "  weights        %s, %s, digest %016" PRIx64 "\n", facts->path,
                  number_text_bytes(facts->header.file_bytes).text, facts->header.weights_digest);
    else
        out_print(&out, "  weights        no file at %s\n", facts->path);
    out_print(&out, "  threads        %u of %u processors\n", facts->threads, facts->processors);
    print_keys("model");
    print_keys("build");
    print_memory(facts);
    info_print(&out, question);
    print_operations();
}

static void json_keys(struct json *json, const char *section)
{
    json_open(json, section, '{');
    for (u32 i = 0; i < model.key_count; i++)
        if (strcmp(model.keys[i].section, section) == 0)
            json_add_config(json, model.keys[i].key, model.keys[i].value);
    json_close(json, '}');
}

static void json_hex(struct json *json, const char *key, const uint64_t *words, u32 count)
{
    char text[33];
    for (u32 i = 0; i < count; i++)
        snprintf(text + (size_t)16 * i, 17, "%016" PRIx64, words[count - 1 - i]);
    json_add_string(json, key, text);
}

static void json_memory(struct json *json, const struct memory_plan *plan)
{
    json_open(json, "memory", '{');
    json_add_integer(json, "weights", plan->weights);
    json_add_integer(json, "tokenizer", plan->tokenizer);
    json_add_integer(json, "state", plan->state);
    if (model.cache_bytes > 0)
        json_add_integer(json, "cache", model.cache_bytes);
    json_add_integer(json, "scratch", plan->scratch);
    json_add_integer(json, "scratch_lower_bound", model.scratch_bound);
    json_add_integer(json, "io", plan->io);
    if (backend_has_graphs) {
        json_add_integer(json, "work", plan->work);
        json_add_integer(json, "host", plan->host);
    }
    json_add_integer(json, "threads", plan->threads);
    json_add_integer(json, "sum", memory_plan_bytes(plan));
    const char *automatic = backend_memory_auto();
    if (automatic)
        json_add_string(json, "auto", automatic);
    json_close(json, '}');
}

static void json_operations(struct json *json)
{
    json_open(json, "operations", '[');
    for (u32 i = 0; i < model.op_count; i++) {
        const struct model_op *op = &model.ops[i];
        json_open(json, NULL, '{');
        json_add_string(json, "step", op->step);
        json_add_string(json, "op", op->name);
        json_add_string(json, "kernel", op->kernel);
        json_add_integer(json, "times", op->times);
        json_add_integer(json, "weight_bytes", op->weight_bytes);
        json_add_integer(json, "moved_bytes", op->moved_bytes);
        json_add_integer(json, "flops", op->flops);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void print_json(const struct facts *facts, const struct info_question *question)
{
    struct json json;
    json_begin(&json, &out);
    json_open(&json, NULL, '{');
    json_add_integer(&json, "schema", 1);
    json_add_string(&json, "name", model.name);
    json_add_string(&json, "backend", backend_name);
    json_add_string(&json, "isa", backend_targets());
    json_add_integer(&json, "threads", facts->threads);
    json_add_integer(&json, "processors", facts->processors);
    json_add_integer(&json, "parameters", model.parameters);
    if (model.context > 0)
        json_add_integer(&json, "context", model.context);
    json_hex(&json, "config_digest", model.config_digest, 2);
    json_open(&json, "weight_file", '{');
    json_add_string(&json, "path", facts->path);
    json_add_bool(&json, "present", facts->present);
    if (facts->present) {
        json_add_integer(&json, "bytes", facts->header.file_bytes);
        json_hex(&json, "digest", &facts->header.weights_digest, 1);
        json_add_bool(&json, "tokenizer", facts->header.tokenizer_bytes > 0);
    }
    json_close(&json, '}');
    json_keys(&json, "model");
    json_keys(&json, "build");
    json_memory(&json, &facts->plan);
    info_json(&json, question);
    json_operations(&json);
    json_add_integer(&json, "decode_weight_bytes", session_decode_weight_bytes());
    json_close(&json, '}');
}

int verb_info(int argc, char **argv)
{
    static struct info_options options;
    options_parse(&command, argc, argv, &options);
    out_open(&out, STDOUT_FILENO, "standard output");
    interrupt_catch();
    struct facts facts = gather(&options.common);
    if (options.json)
        print_json(&facts, &options.question);
    else
        print_all(&facts, &options.question);
    out_flush(&out);
    return out.closed ? EXIT_FAILED : EXIT_SUCCESS;
}
