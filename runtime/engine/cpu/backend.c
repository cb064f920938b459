/* The CPU backend: every thread of the team executes the generated step at the same time. */
#include "runtime/engine/backend.h"

#include <stdio.h>
#include <string.h>

#include "runtime/engine/finite.h"
#include "runtime/engine/session.h"
#include "runtime/engine/trace.h"

const char backend_name[] = "cpu";
const char backend_make[] = "";
const bool backend_has_graphs = false;
const bool backend_has_random_weights = false;
const bool backend_same_in_chunks = true;

static struct {
    struct arena state, scratch, snapshot;
    struct step *step;
    u32 *tokens; /* [model.chunk] */
    f32 *logits; /* [model.logit_rows][model.vocab_pad] */
} cpu;

const char *backend_memory_auto(void)
{
    return NULL;
}

const char *backend_targets(void)
{
    return session_isa();
}

const char *backend_device(void)
{
    return NULL;
}

bool backend_gpu(struct gpu_reading *reading)
{
    (void)reading;
    return false;
}

u32 backend_threads(u32 asked, u32 processors)
{
    u32 threads = asked ? asked : processors;
    return threads < TEAM_MOST_THREADS ? threads : TEAM_MOST_THREADS;
}

struct memory_plan backend_plan(uint64_t tokenizer, uint64_t host, u32 threads)
{
    return (struct memory_plan){
        .weights = model.weights_bytes,
        .tokenizer = tokenizer,
        .state = model.state_bytes,
        .scratch = model.scratch_bytes,
        .io = model.io_bytes + host,
        .threads = team_stack_bytes(threads),
    };
}

static op_hook *traced; /* what the trace wants after an operation; NULL: nothing */

static const f32 *in_place(const void *at, uint64_t bytes)
{
    (void)bytes;
    return at;
}

static void check_op(run *r, u32 op)
{
    const struct finite_view view = {
        .scratch = (const uint8_t *)r->scratch,
        .io = (const uint8_t *)r->io,
        .position = r->step->position,
        .tokens = r->step->tokens,
        .logit_rows = r->step->logit_rows,
        .fetch = in_place,
    };
    finite_check(&view, op);
    if (traced)
        traced(r, op);
}

void backend_open(struct session *session, const struct session_options *options)
{
    session->plan =
        backend_plan(session->weights.header.weights_at, options->host_bytes, options->threads);
    session->plan.snapshot = options->snapshot_bytes;
    if (!options->quiet)
        session_note_plan(&session->plan, options->threads);
    memory_require(&session->plan, memory_available());
    cpu.state = arena_reserve("state", model.state_bytes);
    cpu.scratch = arena_reserve("scratch", model.scratch_bytes);
    session->io = arena_reserve("io", model.io_bytes + options->host_bytes);
    if (options->snapshot_bytes > 0)
        cpu.snapshot = arena_reserve("snapshot", options->snapshot_bytes);
    session->snapshot = cpu.snapshot.at;
    team_start(&session->pool, options->threads);
    trace_begin(TRACE_LOAD, model.weights_bytes);
    weights_load(&session->weights, &session->pool);
    trace_end();

    struct io *io = arena_take(&session->io, model.io_bytes);
    cpu.step = (struct step *)io;
    cpu.tokens = (u32 *)((uint8_t *)io + model.io_tokens_at);
    cpu.logits = (f32 *)((uint8_t *)io + model.io_logits_at);
    traced = trace_op_hook();
    for (u32 rank = 0; rank < options->threads; rank++) {
        run *r = &session->pool.workers[rank].run;
        r->weights = session->weights.image;
        r->state = (struct state *)cpu.state.at;
        r->scratch = (union scratch *)cpu.scratch.at;
        r->io = io;
        r->step = cpu.step;
        r->after_op = options->check ? check_op : traced;
    }
}

void backend_close(struct session *session)
{
    (void)session;
    arena_release(&cpu.state);
    arena_release(&cpu.scratch);
    arena_release(&cpu.snapshot);
    memset(&cpu, 0, sizeof cpu);
}

void backend_reset(struct session *session)
{
    (void)session;
    memset(cpu.state.at, 0, model.state_bytes - model.cache_bytes);
}

void backend_state_out(struct session *session, const struct state_rows *rows, void *memory)
{
    (void)session;
    for (u32 row = 0; row < rows->rows; row++)
        memcpy((uint8_t *)memory + row * rows->bytes, cpu.state.at + rows->at + row * rows->pitch,
               rows->bytes);
}

void backend_state_in(struct session *session, const struct state_rows *rows, const void *memory)
{
    (void)session;
    for (u32 row = 0; row < rows->rows; row++)
        memcpy(cpu.state.at + rows->at + row * rows->pitch,
               (const uint8_t *)memory + row * rows->bytes, rows->bytes);
}

const void *backend_state_read(struct session *session, uint64_t at, uint64_t bytes)
{
    (void)session, (void)bytes;
    return cpu.state.at + at;
}

void *backend_state_room(struct session *session, uint64_t at)
{
    (void)session;
    return cpu.state.at + at;
}

void backend_state_filled(struct session *session, uint64_t at, uint64_t bytes)
{
    (void)session, (void)at, (void)bytes;
}

f32 *backend_logits_room(struct session *session)
{
    (void)session;
    return cpu.logits;
}

void backend_logits_filled(struct session *session)
{
    (void)session;
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

void backend_prefill(struct session *session, const u32 *ids, u32 count)
{
    memcpy(cpu.tokens, ids, count * sizeof *ids);
    cpu.step->tokens = count;
    cpu.step->position = session->position;
    team_run(&session->pool, step_prefill, NULL);
}

const f32 *backend_head(struct session *session, u32 first, u32 rows)
{
    cpu.step->logit_first = first;
    cpu.step->logit_rows = rows;
    team_run(&session->pool, step_head, NULL);
    return cpu.logits;
}

const f32 *backend_decode(struct session *session, u32 id)
{
    cpu.tokens[0] = id;
    cpu.step->tokens = 1;
    cpu.step->position = session->position;
    cpu.step->logit_first = 0;
    cpu.step->logit_rows = 1;
    team_run(&session->pool, step_decode, NULL);
    return cpu.logits;
}

void backend_wait(struct session *session)
{
    (void)session; /* every call returns when it is done */
}

void backend_profile(bool on)
{
    (void)on;
}

bool backend_variant(struct session *session, u32 index, char text[32])
{
    u32 started = session->pool.started, threads = index < 32 ? 1u << index : started + 1;
    if (threads > started && threads / 2 >= started)
        return false; /* the last one had them all */
    threads = threads < started ? threads : started;
    team_use(&session->pool, threads);
    snprintf(text, 32, "%3u %-8s", threads, threads == 1 ? "thread," : "threads,");
    return true;
}
