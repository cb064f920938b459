/* bench: how fast, beside what the memory can give in the same minutes. */
#include "runtime/cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/interrupt.h"
#include "runtime/base/json.h"
#include "runtime/base/number_text.h"
#include "runtime/base/out.h"
#include "runtime/base/philox.h"
#include "runtime/cli/options.h"
#include "runtime/engine/backend.h"
#include "runtime/engine/session.h"
#include "runtime/measure/stats.h"

enum { MOST_REPETITIONS = 1000 };

/* A model that fits in cache reads in microseconds: repeat until this much time has passed. */
static const double LEAST_SECONDS = 0.02;

struct bench_options {
    struct common_options common;
    u32 prompt, decode, repetitions;
    bool json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct bench_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->common;
        return 0;
    case 'p':
        options->prompt = (u32)option_integer("--n-prompt", argument, 1, 1000000);
        return 0;
    case 'n':
        options->decode = (u32)option_integer("--n-gen", argument, 1, 1000000);
        return 0;
    case 'r':
        options->repetitions = (u32)option_integer("--repetitions", argument, 1, MOST_REPETITIONS);
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"n-prompt", 'p', "N", 0, "Tokens of a prefill (default 512)", 1},
    {"n-gen", 'n', "N", 0, "Tokens of a decode (default 32)", 1},
    {"repetitions", 'r', "N", 0, "Rounds of bandwidth, decode and prefill (default 5)", 1},
    {"json", OPTION_JSON, NULL, 0, "One JSON object, \"schema\": 1", 1},
    {0},
};
static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};
static const struct argp command = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Measures decode and prefill, and in turn with them the bandwidth at which the same "
           "processors read memory as large as the weights. Prints medians.\v"
           "On the CPU that memory comes on top of the weights. On CUDA the time of a token is "
           "that between two stamps by the device. Exit codes as for 'run'."};

static struct session session;
static struct out out;

struct buffers {
    u32 *ids;     /* [session.chunk], [decode] */
    double *each; /* [repetitions][decode]: seconds of a token */
};

/* One number per repetition, each in its own unit of work. */
struct rounds {
    double read_bytes[MOST_REPETITIONS]; /* bytes per second */
    double decode[MOST_REPETITIONS];     /* tokens per second */
    double prefill[MOST_REPETITIONS];    /* tokens per second */
};
static struct rounds rounds;

static double measure_read(void)
{
    double passes = 0, seconds = 0, start = session_seconds();
    do {
        seconds += backend_bench_read(&session) * (double)model.weights_bytes;
        passes++;
    } while (session_seconds() - start < LEAST_SECONDS);
    return passes * (double)model.weights_bytes / seconds;
}

/* Every pass is a text of its own, so that a context never fills and passes are alike;
 * each[tokens] receives the seconds of every token of the last one. */
static double measure_decode(u32 tokens, u32 *ids, double *each)
{
    double done = 0, seconds = 0, start = session_seconds();
    do {
        session_reset(&session);
        for (u32 i = 0; i < tokens; i++)
            ids[i] = (u32)(philox_uniform(1, i) * model.vocab);
        seconds += backend_bench_decode(&session, ids, tokens, each);
        done += tokens;
    } while (session_seconds() - start < LEAST_SECONDS);
    return done / seconds;
}

/* Prompt tokens only: the logits of its last position, which a user gets with them, included. */
static double measure_prefill(u32 tokens, u32 *ids)
{
    double done = 0, seconds = 0, start = session_seconds();
    do {
        session_reset(&session);
        const double before = session_seconds();
        for (u32 at = 0; at < tokens;) {
            u32 count = tokens - at < session.chunk ? tokens - at : session.chunk;
            for (u32 i = 0; i < count; i++)
                ids[i] = (u32)(philox_uniform(2, at + i) * model.vocab);
            session_prefill(&session, ids, count);
            at += count;
            if (at == tokens)
                session_head(&session, count - 1, 1);
        }
        done += tokens;
        seconds += session_seconds() - before;
    } while (session_seconds() - start < LEAST_SECONDS);
    return done / seconds;
}

/* Runs the rounds; returns how many were completed before Ctrl-C. */
static u32 measure(const struct bench_options *options, const struct buffers *buffers)
{
    measure_decode(1, buffers->ids,
                   buffers->each); /* the first touch of state and scratch is not timed */
    measure_prefill(session.chunk, buffers->ids);
    for (u32 round = 0; round < options->repetitions; round++) {
        rounds.read_bytes[round] = measure_read();
        rounds.decode[round] = measure_decode(options->decode, buffers->ids,
                                              buffers->each + (uint64_t)round * options->decode);
        rounds.prefill[round] = measure_prefill(options->prompt, buffers->ids);
        if (interrupt_asked())
            return round;
    }
    return options->repetitions;
}

struct result {
    u32 rounds;
    double read, decode, prefill; /* bytes, tokens, tokens per second: medians */
    double streamed;              /* bytes of weights per second of decode */
    double p50, p99, most;        /* seconds of a token, over all rounds */
    bool has_memory, shared;      /* of a device; the host's. Then: */
    uint64_t planned, taken;      /* bytes */
};

static struct result evaluate(u32 count, const struct bench_options *options, double *each)
{
    uint64_t tokens = (uint64_t)count * options->decode;
    stats_sort(each, tokens);
    struct result result = {.rounds = count,
                            .read = stats_median(rounds.read_bytes, count),
                            .decode = stats_median(rounds.decode, count),
                            .prefill = stats_median(rounds.prefill, count),
                            .p50 = stats_quantile(each, tokens, 0.50),
                            .p99 = stats_quantile(each, tokens, 0.99),
                            .most = each[tokens - 1]};
    result.streamed = result.decode * (double)session_decode_weight_bytes();
    result.has_memory =
        backend_bench_memory(&session, &result.planned, &result.taken, &result.shared);
    return result;
}

static void print_text(const struct bench_options *options, const struct result *result)
{
    const char *device = backend_device();
    out_print(&out, "%s: ", model.name);
    if (device)
        out_print(&out, "%s", device);
    else
        out_print(&out, "%u threads, %s", session.pool.started, backend_targets());
    out_print(&out, ", medians of %u\n", result->rounds);
    out_print(&out, "  read         %8.2f GB/s   over %s\n", result->read / 1e9,
              number_text_bytes(model.weights_bytes).text);
    out_print(&out,
              "  decode       %8s tok/s  %.2f GB/s of weights, %.1f%% of the read bandwidth\n",
              number_text_rate(result->decode, 1).text, result->streamed / 1e9,
              100 * result->streamed / result->read);
    out_print(&out, "  token        %8.1f us     p50; p99 %.1f us, longest %.1f us\n",
              1e6 * result->p50, 1e6 * result->p99, 1e6 * result->most);
    out_print(&out, "  prefill %-4u %8s tok/s  %.3f of a decode step per token\n", options->prompt,
              number_text_rate(result->prefill, 1).text, result->decode / result->prefill);
    if (result->has_memory)
        out_print(&out, "  memory       %8s        of the device, %s of them planned\n",
                  number_text_bytes(result->taken).text, number_text_bytes(result->planned).text);
}

static const char *const mode_names[] = {
    [GRAPH_NONE] = "no-graph", [GRAPH_STEP] = "graph", [GRAPH_LOOP] = "loop"};

static void print_json(const struct bench_options *options, const struct result *result)
{
    struct json json;
    json_begin(&json, &out);
    json_open(&json, NULL, '{');
    json_add_integer(&json, "schema", 1);
    json_add_string(&json, "name", model.name);
    json_add_string(&json, "backend", backend_name);
    json_add_string(&json, "isa", backend_targets());
    if (backend_device())
        json_add_string(&json, "device", backend_device());
    if (backend_has_graphs) {
        json_add_string(&json, "mode", mode_names[backend_generate_mode().use]);
        json_add_bool(&json, "pdl", !backend_generate_mode().no_pdl);
    }
    json_add_integer(&json, "threads", session.pool.started);
    json_add_integer(&json, "repetitions", result->rounds);
    json_add_integer(&json, "weights_bytes", model.weights_bytes);
    json_add_integer(&json, "decode_weight_bytes", session_decode_weight_bytes());
    json_add_real(&json, "read_bytes_per_second", result->read);
    json_add_integer(&json, "decode_tokens", options->decode);
    json_add_real(&json, "decode_tokens_per_second", result->decode);
    json_add_real(&json, "decode_bytes_per_second", result->streamed);
    json_add_real(&json, "decode_share_of_read", result->streamed / result->read);
    json_add_real(&json, "token_seconds_p50", result->p50);
    json_add_real(&json, "token_seconds_p99", result->p99);
    json_add_real(&json, "token_seconds_max", result->most);
    json_add_integer(&json, "prefill_tokens", options->prompt);
    json_add_real(&json, "prefill_tokens_per_second", result->prefill);
    json_add_real(&json, "prefill_over_decode_per_token", result->decode / result->prefill);
    if (result->has_memory) {
        json_add_integer(&json, "device_bytes_planned", result->planned);
        json_add_integer(&json, "device_bytes_taken", result->taken);
        json_add_bool(&json, "device_memory_shared", result->shared);
    }
    json_close(&json, '}');
}

int verb_bench(int argc, char **argv)
{
    static struct bench_options options = {.prompt = 512, .decode = 32, .repetitions = 5};
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    session_require_room("--n-prompt", options.prompt, false);
    session_require_room("--n-gen and 2 more", (uint64_t)options.decode + 2, false);
    uint64_t ids_bytes =
        arena_rounded((model.chunk > options.decode ? model.chunk : options.decode) * sizeof(u32));
    uint64_t each_bytes =
        arena_rounded((uint64_t)options.decode * options.repetitions * sizeof(double));
    struct session_options whole = options_session(&options.common);
    whole.host_bytes = ids_bytes + each_bytes + backend_bench_bytes();
    session_open(&session, &whole);
    struct buffers buffers = {.ids = arena_take(&session.io, ids_bytes),
                              .each = arena_take(&session.io, each_bytes)};
    out_open(&out, STDOUT_FILENO, "standard output");
    backend_bench_open(&session, options.decode);
    arena_seal();
    u32 count = measure(&options, &buffers);
    if (count > 0) {
        struct result result = evaluate(count, &options, buffers.each);
        if (options.json)
            print_json(&options, &result);
        else
            print_text(&options, &result);
    }
    out_flush(&out);
    if (out.closed)
        return EXIT_FAILED;
    return interrupt_asked() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}
