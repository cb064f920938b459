/* Generation on the device: it chooses a token and consumes it, and the host reads what was chosen
 * from a ring that both see. */
#include "runtime/engine/backend.h"

#include <assert.h>
#include <string.h>

#include "kernels/cpu/team.h"
#include "runtime/base/die.h"
#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/session.h"
#include "runtime/engine/trace.h"

/* Looks at the ring between two questions whether the device is still well. */
enum { LOOKS = 256 };

static struct {
    struct sampler_step begin; /* of a text at position 0 */
    struct graph graph; /* a sampler step and a decode step, or the loop of them; zero: no graphs */
    struct graph_mode mode; /* GRAPH_LOOP, GRAPH_STEP or GRAPH_NONE */
    u32 taken;              /* tokens of this text, modulo 2^32 */
    uint64_t time_ns;       /* of the token taken last */
} sampling;

uint64_t backend_generate_bytes(void)
{
    return 0;
}

/* For --check: the step behind a sampler step that ended the text is not looked at. */
static void watch_sampler(void)
{
    const struct sampler_ring *ring = cuda.exchange.ring;
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    if (ring->end == SAMPLER_GOING || ring->end == SAMPLER_FULL)
        cuda_watch_begin(
            &(struct step){.tokens = 1,
                           .logit_rows = 1,
                           .position = cuda.exchange.sampler->position + ring->made - 1});
}

static void record_sampler(cudaGraphConditionalHandle loop)
{
    uint8_t *io = cuda.memory.io;
    struct sampler_launch how = {
        .sampler = cuda.sampler,
        .ring = cuda.exchange.ring,
        .logits = (const f32 *)(io + model.io_logits_at),
        .tokens = (u32 *)(io + model.io_tokens_at),
        .step = (struct step *)io,
        .vocab = model.vocab,
        .looping = loop != 0,
        .loop = loop,
    };
    sampler_launch(&cuda.run, model.op_count, &how);
    if (cuda.launcher.enter && cuda.launcher.pass == PASS_RUN)
        watch_sampler();
    model.decode(&cuda.run);
    cuda_watch_end();
}

/* A text of at most `limit` tokens that goes on from that position. */
static void begin(uint64_t position, uint64_t limit)
{
    struct sampler_ring *ring = cuda.exchange.ring;
    cuda_await_sent();
    ring->made = sampling.taken = 0;
    ring->end = SAMPLER_GOING;
    ring->host = 0;
    *cuda.exchange.sampler = sampling.begin;
    cuda.exchange.sampler->position = position;
    cuda.exchange.sampler->limit = limit;
    CUDA_CHECK(cudaMemcpyAsync(cuda.sampler, cuda.exchange.sampler, sizeof *cuda.sampler,
                               cudaMemcpyHostToDevice, cuda.launcher.stream));
    CUDA_CHECK(cudaEventRecord(cuda.sent, cuda.launcher.stream));
}

/* Puts a sampler step behind what the stream holds; in a loop, all of them. */
static cudaError_t launch_sampler(void)
{
    if (sampling.graph.exec)
        return cudaGraphLaunch(sampling.graph.exec, cuda.launcher.stream);
    record_sampler(0);
    return cudaSuccess;
}

/* A text of one token that nobody sees, from the logits of the warm-up: whatever CUDA puts off
 * until a kernel or a graph is first launched has happened afterwards. */
static bool dry_step(void)
{
    begin(0, 1);
    trace_begin(TRACE_WARM_UP, 0);
    const cudaError_t error = launch_sampler();
    cuda_check(cudaStreamSynchronize(cuda.launcher.stream), "generation: cudaStreamSynchronize");
    trace_end();
    if (error == cudaSuccess && cuda.exchange.ring->end == SAMPLER_GOING)
        die(EXIT_FAILED, "internal error: a text of one token has no end");
    if (error != cudaSuccess)
        cuda.launcher.refused = (struct refusal){.call = "cudaGraphLaunch", .error = error};
    return error == cudaSuccess;
}

/* Makes ready to generate that way, or leaves nothing: launcher.refused then says why. */
static bool prepare(struct graph_mode mode)
{
    const bool steps_pdl = cuda.launcher.pdl;
    bool ready = true;
    sampling.mode = mode;
    cuda.launcher.pdl = !mode.no_pdl;
    if (mode.use != GRAPH_NONE)
        ready = graph_capture(&cuda.launcher, &sampling.graph,
                              mode.use == GRAPH_LOOP ? GRAPH_WHILE : GRAPH_ONCE, record_sampler);
    ready = ready && dry_step();
    if (!ready)
        graph_destroy(&sampling.graph);
    cuda.launcher.pdl = steps_pdl;
    return ready;
}

/* What is tried in the default mode, one after the other. */
static const struct way {
    struct graph_mode mode;
    const char *text;
} ways[] = {
    {{.use = GRAPH_LOOP}, "--loop"},
    {{.use = GRAPH_LOOP, .no_pdl = true}, "--loop --no-pdl"},
    {{.use = GRAPH_STEP}, "--graph"},
    {{.use = GRAPH_STEP, .no_pdl = true}, "--graph --no-pdl"},
};
enum { WAYS = sizeof ways / sizeof *ways };

static void prepare_default(void)
{
    struct refusal first = {0};
    for (u32 i = 0; i < WAYS; i++) {
        if (cuda.mode.no_pdl && !ways[i].mode.no_pdl)
            continue;
        if (prepare(ways[i].mode)) {
            if (first.call)
                note("%s; generates as with %s", graph_refusal("loop", &first), ways[i].text);
            return;
        }
        first = first.call ? first : cuda.launcher.refused;
    }
    graph_refuse("sampler", &cuda.launcher.refused);
}

void backend_generate_open(struct session *session, const struct generation_options *options)
{
    (void)session;
    sampling.begin = (struct sampler_step){
        .sample = options->sample,
        .vocab = options->vocab,
        .limit = options->limit,
    };
    static_assert((int)MODEL_EOS_MOST == (int)SAMPLER_EOS_MOST,
                  "a sampler step has all ids of the model");
    for (u32 i = 0; i < SAMPLER_EOS_MOST; i++)
        sampling.begin.eos[i] = options->eos && i < model.eos_count ? model.eos[i] : SAMPLER_NO_EOS;
    cuda.launcher.pass = PASS_PREPARE;
    record_sampler(0);
    cuda.launcher.pass = PASS_RUN;
    if (cuda.mode.use == GRAPH_DEFAULT)
        prepare_default();
    else if (!prepare(cuda.mode))
        graph_refuse(cuda.mode.use == GRAPH_LOOP ? "loop" : "sampler", &cuda.launcher.refused);
}

struct graph_mode backend_generate_mode(void)
{
    return sampling.mode;
}

void cuda_generate_close(void)
{
    graph_destroy(&sampling.graph);
    memset(&sampling, 0, sizeof sampling);
}

/* Tokens that the device may make at that position: after the one that follows a full context there
 * is no other. */
static uint64_t within_context(uint64_t limit, uint64_t position)
{
    const uint64_t room = model.context - position + 1;
    return model.context && room < limit ? room : limit;
}

void backend_generate_begin(struct session *session, const f32 *logits)
{
    (void)logits; /* the device has them, in row 0 */
    begin(session->position, within_context(sampling.begin.limit, session->position));
    trace_begin(TRACE_GENERATE, session->position);
    if (sampling.mode.use == GRAPH_LOOP)
        CUDA_CHECK(launch_sampler());
}

/* The device's word, with everything that it wrote before. */
static u32 acquire(const u32 *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Waits for a token that nobody has taken yet, or the end. False at the end. */
static bool await_token(struct sampler_ring *ring)
{
    bool idle = false; /* the stream had nothing left before the last look */
    for (u32 looks = 1;; looks++) {
        u32 end = acquire(&ring->end); /* first: what was made before the end is then seen */
        if (acquire(&ring->made) != sampling.taken)
            return true;
        if (end != SAMPLER_GOING && end != SAMPLER_FULL)
            return false;
        if (end == SAMPLER_FULL) {
            ring->end = SAMPLER_GOING;
            CUDA_CHECK(launch_sampler());
            idle = false;
        } else if (idle) {
            die(EXIT_FAILED, "internal error: generation stopped after %u tokens without an end",
                sampling.taken);
        } else if (looks % LOOKS == 0) {
            cudaError_t state = cudaStreamQuery(cuda.launcher.stream);
            idle = state == cudaSuccess;
            if (state != cudaErrorNotReady)
                cuda_check(state, "generation: cudaStreamQuery");
        }
        team_relax();
    }
}

bool backend_generate_next(struct session *session, u32 *id)
{
    struct sampler_ring *ring = cuda.exchange.ring;
    if (sampling.mode.use != GRAPH_LOOP) {
        trace_begin(TRACE_DECODE, session->position);
        CUDA_CHECK(launch_sampler());
        trace_end();
    }
    if (!await_token(ring)) {
        if (ring->end == SAMPLER_NOT_FINITE)
            session_not_finite(session->position - 1);
        if (ring->end == SAMPLER_LIMIT && sampling.taken < sampling.begin.limit)
            session_full();
        return false;
    }
    const struct sampler_token *token = &ring->tokens[sampling.taken % SAMPLER_RING];
    *id = token->id;
    sampling.time_ns = token->time_ns;
    __atomic_store_n(&ring->host, ++sampling.taken, __ATOMIC_RELEASE); /* the entry was read */
    session->position++;
    return true;
}

uint64_t backend_token_time(void)
{
    return sampling.time_ns;
}

void backend_generate_end(struct session *session)
{
    (void)session;
    __atomic_store_n(&cuda.exchange.ring->host, SAMPLER_STOP | sampling.taken, __ATOMIC_RELEASE);
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    trace_end();
}
