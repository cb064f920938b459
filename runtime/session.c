#include "runtime/session.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/die.h"
#include "runtime/out.h"
#include "runtime/report.h"
#include "runtime/trace.h"

const char *session_default_weights(void)
{
    static const char suffix[] = ".weights";
    static char path[PATH_MAX + sizeof suffix];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length <= 0)
        die(EXIT_FAILED,
            "cannot find the path of this binary: %s; name the weight file with "
            "--weights",
            strerror(errno));
    memcpy(path + length, suffix, sizeof suffix);
    return path;
}

double session_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

uint64_t session_decode_weight_bytes(void)
{
    uint64_t sum = 0;
    for (u32 i = 0; i < model.op_count; i++)
        if (strcmp(model.ops[i].step, "decode") == 0)
            sum += model.ops[i].weight_bytes * model.ops[i].times;
    return sum;
}

static void plan_memory(struct session *session, const struct session_options *options, u32 threads)
{
    uint64_t host = options->host_bytes;
    if (options->text)
        host += arena_rounded(tokenizer_scratch_bytes());
    session->plan = (struct memory_plan){
        .weights = model.weights_bytes,
        .tokenizer = session->weights.header.weights_at,
        .state = model.state_bytes,
        .scratch = model.scratch_bytes,
        .io = model.io_bytes + host,
        .threads = team_stack_bytes(threads),
    };
    if (!options->quiet)
        report_plan(&session->plan, threads);
    memory_require(&session->plan, memory_available());
    session->state = arena_reserve("state", model.state_bytes);
    session->scratch = arena_reserve("scratch", model.scratch_bytes);
    session->io = arena_reserve("io", model.io_bytes + host);
}

struct tokenizer *session_tokenizer(const struct weights_source *weights, struct arena *io)
{
    if (!weights->tokenizer)
        die(EXIT_MISMATCH,
            "%s: holds no tokenizer (weights made without a checkpoint), so text cannot be read or "
            "written; use 'logits', 'selftest' or 'bench', or pack a checkpoint",
            weights->path);
    char message[TOKENIZER_MESSAGE];
    uint64_t bytes = tokenizer_scratch_bytes();
    struct tokenizer *tokenizer = tokenizer_open(weights->tokenizer, weights->tokenizer_bytes,
                                                 arena_take(io, bytes), bytes, message);
    if (!tokenizer)
        die(EXIT_MISMATCH, "%s: %s", weights->path, message);
    if (tokenizer_rows(tokenizer) > model.vocab)
        die(EXIT_MISMATCH, "%s: its tokenizer has %u ids, the model has %u; pack it again",
            weights->path, tokenizer_rows(tokenizer), model.vocab);
    if (tokenizer_decode_bytes(tokenizer) > OUT_BYTES)
        die(EXIT_MISMATCH,
            "%s: its tokenizer has a token of %" PRIu64 " bytes; at most %d are "
            "printed",
            weights->path, tokenizer_decode_bytes(tokenizer), OUT_BYTES);
    return tokenizer;
}

void session_open(struct session *session, const struct session_options *options)
{
    memset(session, 0, sizeof *session);
    trace_open();
    session->processors = team_processors();
    session->chunk = options->chunk ? options->chunk : model.chunk;
    u32 threads = options->threads ? options->threads : session->processors;
    if (threads > TEAM_MOST_THREADS)
        threads = TEAM_MOST_THREADS;

    weights_open(&session->weights,
                 options->weights ? options->weights : session_default_weights());
    plan_memory(session, options, threads);
    team_start(&session->pool, threads);
    trace_begin(TRACE_LOAD, model.weights_bytes);
    weights_load(&session->weights, &session->pool);
    trace_end();
    memory_load_code();

    struct io *io = arena_take(&session->io, model.io_bytes);
    session->step = (struct step *)io;
    session->tokens = (u32 *)((uint8_t *)io + model.io_tokens_at);
    session->logits = (const f32 *)((uint8_t *)io + model.io_logits_at);
    for (u32 rank = 0; rank < threads; rank++) {
        run *r = &session->pool.workers[rank].run;
        r->weights = session->weights.image;
        r->state = (struct state *)session->state.at;
        r->scratch = (union scratch *)session->scratch.at;
        r->io = io;
        r->step = session->step;
        r->after_op = trace_op_hook();
    }
    if (options->text)
        session->tokenizer = session_tokenizer(&session->weights, &session->io);
}

void session_close(struct session *session)
{
    team_stop(&session->pool);
    if (session->tokenizer)
        tokenizer_close(session->tokenizer);
    weights_close(&session->weights);
}

void session_reset(struct session *session)
{
    memset(session->state.at, 0, session->state.bytes);
    session->position = 0;
}

/* The step's boundary: the only place where token ids and positions are checked. */
static void check_step(const struct session *session, const u32 *ids, u32 count)
{
    for (u32 i = 0; i < count; i++)
        if (ids[i] >= model.vocab)
            die(EXIT_FAILED, "token id %u at position %" PRIu64 " is outside the vocabulary of %u",
                ids[i], session->position + i, model.vocab);
    if (model.context && session->position + count > model.context)
        die(EXIT_FAILED,
            "the context is full: %" PRIu64 " tokens; set a larger 'context' in config/%s.ini and "
            "run 'make MODEL=%s'",
            model.context, model.name, model.name);
}

static void step_prefill(run *r, void *context)
{
    (void)context;
    model.prefill(r);
}

static void step_head(run *r, void *context)
{
    (void)context;
    model.head(r);
}

static void step_decode(run *r, void *context)
{
    (void)context;
    model.decode(r);
}

void session_prefill(struct session *session, const u32 *ids, u32 count)
{
    if (count == 0 || count > session->chunk)
        die(EXIT_FAILED, "internal error: a chunk of %u tokens, at most %u", count, session->chunk);
    check_step(session, ids, count);
    memcpy(session->tokens, ids, count * sizeof *ids);
    session->step->tokens = count;
    session->step->position = session->position;
    trace_begin(TRACE_PREFILL, count);
    team_run(&session->pool, step_prefill, NULL);
    trace_end();
    session->position += count;
}

const f32 *session_head(struct session *session, u32 first, u32 rows)
{
    if (rows == 0 || rows > model.logit_rows || first + rows > session->step->tokens)
        die(EXIT_FAILED, "internal error: logits of rows %u to %u of %u", first, first + rows,
            session->step->tokens);
    session->step->logit_first = first;
    session->step->logit_rows = rows;
    trace_begin(TRACE_HEAD, rows);
    team_run(&session->pool, step_head, NULL);
    trace_end();
    return session->logits;
}

const f32 *session_decode(struct session *session, u32 id)
{
    check_step(session, &id, 1);
    session->tokens[0] = id;
    session->step->tokens = 1;
    session->step->position = session->position;
    session->step->logit_first = 0;
    session->step->logit_rows = 1;
    trace_begin(TRACE_DECODE, session->position);
    team_run(&session->pool, step_decode, NULL);
    trace_end();
    session->position++;
    return session->logits;
}
