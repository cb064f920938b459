/* bench: how fast, beside what the memory can give in the same minutes. */
#include "runtime/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/cpu/bandwidth.h"
#include "runtime/die.h"
#include "runtime/interrupt.h"
#include "runtime/json.h"
#include "runtime/options.h"
#include "runtime/out.h"
#include "runtime/philox.h"
#include "runtime/report.h"
#include "runtime/session.h"

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
           "threads read a buffer as large as the weights. Prints medians.\v"
           "The buffer takes as much memory again as the weights. Exit codes as for 'run'."};

static struct session session;
static struct out out;

/* One number per repetition, each in its own unit of work. */
struct rounds {
    double read_bytes[MOST_REPETITIONS]; /* bytes per second */
    double decode[MOST_REPETITIONS];     /* tokens per second */
    double prefill[MOST_REPETITIONS];    /* tokens per second */
};
static struct rounds rounds;

struct read_job {
    const void *buffer;
    uint64_t bytes;
    u32 sum; /* keeps the reads alive */
};

static void read_buffer(run *r, void *context)
{
    struct read_job *job = context;
    u32 sum = bandwidth_read(r, job->buffer, job->bytes);
    if (r->rank == 0)
        job->sum += sum;
}

/* Every thread writes what it will read, so that the pages are near it. */
static void fill_buffer(run *r, void *context)
{
    const struct read_job *job = context;
    u32 lines = (u32)(job->bytes / 4096) + 1;
    u32 first, last;
    team_share(r, lines, &first, &last);
    uint64_t at = (uint64_t)first * 4096, end = (uint64_t)last * 4096;
    if (end > job->bytes)
        end = job->bytes;
    if (at < end)
        memset((uint8_t *)(uintptr_t)job->buffer + at, 1, end - at);
}

static double measure_read(struct read_job *job)
{
    uint64_t passes = 0;
    double start = session_seconds(), seconds;
    do {
        team_run(&session.pool, read_buffer, job);
        passes++;
        seconds = session_seconds() - start;
    } while (seconds < LEAST_SECONDS);
    return (double)passes * (double)job->bytes / seconds;
}

static double measure_decode(u32 tokens)
{
    uint64_t done = 0;
    double start = session_seconds(), seconds;
    do {
        for (u32 i = 0; i < tokens; i++)
            session_decode(&session, (u32)(philox_uniform(1, i) * model.vocab));
        done += tokens;
        seconds = session_seconds() - start;
    } while (seconds < LEAST_SECONDS);
    return (double)done / seconds;
}

/* Prompt tokens only: the logits of its last position, which a user gets with them, included. */
static double measure_prefill(u32 tokens, u32 *ids)
{
    uint64_t done = 0;
    double start = session_seconds(), seconds;
    do {
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
        seconds = session_seconds() - start;
    } while (seconds < LEAST_SECONDS);
    return (double)done / seconds;
}

static double median(double *values, u32 count)
{
    for (u32 i = 1; i < count; i++)
        for (u32 j = i; j > 0 && values[j] < values[j - 1]; j--) {
            double larger = values[j - 1];
            values[j - 1] = values[j];
            values[j] = larger;
        }
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Runs the rounds; returns how many were completed before Ctrl-C. */
static u32 measure(const struct bench_options *options, struct read_job *job, u32 *ids)
{
    session_reset(&session);
    measure_decode(1); /* the first touch of state and scratch is not timed */
    measure_prefill(session.chunk, ids);
    for (u32 round = 0; round < options->repetitions; round++) {
        rounds.read_bytes[round] = measure_read(job);
        rounds.decode[round] = measure_decode(options->decode);
        rounds.prefill[round] = measure_prefill(options->prompt, ids);
        if (interrupt_asked())
            return round;
    }
    return options->repetitions;
}

static void print_text(const struct bench_options *options, u32 count)
{
    double read = median(rounds.read_bytes, count), decode = median(rounds.decode, count);
    double prefill = median(rounds.prefill, count);
    double streamed = decode * (double)session_decode_weight_bytes();
    out_print(&out, "%s: %u threads, %s, medians of %u\n", model.name, session.pool.started,
              report_isa(), count);
    out_print(&out, "  read         %8.2f GB/s   over %s\n", read / 1e9,
              report_bytes(model.weights_bytes).text);
    out_print(&out,
              "  decode       %8s tok/s  %.2f GB/s of weights, %.1f%% of the read bandwidth\n",
              report_rate(decode, 1).text, streamed / 1e9, 100 * streamed / read);
    out_print(&out, "  prefill %-4u %8s tok/s  %.3f of a decode step per token\n", options->prompt,
              report_rate(prefill, 1).text, decode / prefill);
}

static void print_json(const struct bench_options *options, u32 count)
{
    double read = median(rounds.read_bytes, count), decode = median(rounds.decode, count);
    double prefill = median(rounds.prefill, count);
    double streamed = decode * (double)session_decode_weight_bytes();
    struct json json;
    json_begin(&json, &out);
    json_open(&json, NULL, '{');
    json_integer(&json, "schema", 1);
    json_string(&json, "name", model.name);
    json_string(&json, "backend", "cpu");
    json_string(&json, "isa", report_isa());
    json_integer(&json, "threads", session.pool.started);
    json_integer(&json, "repetitions", count);
    json_integer(&json, "weights_bytes", model.weights_bytes);
    json_integer(&json, "decode_weight_bytes", session_decode_weight_bytes());
    json_real(&json, "read_bytes_per_second", read);
    json_integer(&json, "decode_tokens", options->decode);
    json_real(&json, "decode_tokens_per_second", decode);
    json_real(&json, "decode_bytes_per_second", streamed);
    json_real(&json, "decode_share_of_read", streamed / read);
    json_integer(&json, "prefill_tokens", options->prompt);
    json_real(&json, "prefill_tokens_per_second", prefill);
    json_real(&json, "prefill_over_decode_per_token", decode / prefill);
    json_close(&json, '}');
}

int verb_bench(int argc, char **argv)
{
    static struct bench_options options = {.prompt = 512, .decode = 32, .repetitions = 5};
    options_parse(&command, argc, argv, &options);
    interrupt_catch();
    uint64_t ids_bytes = arena_rounded(model.chunk * sizeof(u32));
    session_open(&session, &(struct session_options){
                               .weights = options.common.weights,
                               .threads = options.common.threads,
                               .chunk = options.common.chunk,
                               .quiet = options.common.quiet,
                               .host_bytes = ids_bytes + arena_rounded(model.weights_bytes)});
    u32 *ids = arena_take(&session.io, ids_bytes);
    struct read_job job = {.buffer = arena_take(&session.io, model.weights_bytes),
                           .bytes = model.weights_bytes / LINE_BYTES * LINE_BYTES};
    out_open(&out, STDOUT_FILENO, "standard output");
    arena_seal();
    team_run(&session.pool, fill_buffer, &job);
    u32 count = measure(&options, &job, ids);
    if (count > 0 && options.json)
        print_json(&options, count);
    else if (count > 0)
        print_text(&options, count);
    out_flush(&out);
    if (out.closed)
        return EXIT_FAILED;
    return interrupt_asked() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}
