/* Generation on the device: it chooses a token and consumes it, and the host reads what was chosen
 * from a ring that both see. */
#include "runtime/engine/backend.h"

#include <assert.h>
#include <string.h>

#include "kernels/cpu/team.h"
#include "runtime/engine/cuda/cuda.h"
#include "runtime/base/die.h"
#include "runtime/engine/session.h"
#include "runtime/engine/trace.h"

/* Looks at the ring between two questions whether the device is still well. */
enum { LOOKS = 256 };

static struct {
    struct turn begin;      /* of a text at position 0 */
    struct graph graph;     /* a turn and a decode step, or the loop of them; zero: no graphs */
    struct graph_mode mode; /* GRAPH_LOOP, GRAPH_STEP or GRAPH_NONE */
    u32 taken;              /* tokens of this text, modulo 2^32 */
    uint64_t time_ns;       /* of the token taken last */
} turns;

uint64_t backend_generate_bytes(void)
{
    return 0;
}

/* For --check: the step behind a turn that ended the text is not looked at. */
static void watch_turn(void)
{
    const struct turn_ring *ring = cuda.exchange.ring;
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    if (ring->end == TURN_GOING || ring->end == TURN_FULL)
        cuda_watch_begin(&(struct step){.tokens = 1,
                                        .logit_rows = 1,
                                        .position = cuda.exchange.turn->position + ring->made - 1});
}

static void record_turn(cudaGraphConditionalHandle loop)
{
    uint8_t *io = cuda.memory.io;
    struct turn_launch how = {
        .turn = cuda.turn,
        .ring = cuda.exchange.ring,
        .logits = (const f32 *)(io + model.io_logits_at),
        .tokens = (u32 *)(io + model.io_tokens_at),
        .step = (struct step *)io,
        .vocab = model.vocab,
        .looping = loop != 0,
        .loop = loop,
    };
    turn_launch(&cuda.run, model.op_count, &how);
    if (cuda.launcher.enter && cuda.launcher.pass == PASS_RUN)
        watch_turn();
    model.decode(&cuda.run);
    cuda_watch_end();
}

/* A text of at most `limit` tokens that goes on from that position. */
static void begin(uint64_t position, uint64_t limit)
{
    struct turn_ring *ring = cuda.exchange.ring;
    cuda_await_sent();
    ring->made = turns.taken = 0;
    ring->end = TURN_GOING;
    ring->host = 0;
    *cuda.exchange.turn = turns.begin;
    cuda.exchange.turn->position = position;
    cuda.exchange.turn->limit = limit;
    CUDA_CHECK(cudaMemcpyAsync(cuda.turn, cuda.exchange.turn, sizeof *cuda.turn,
                               cudaMemcpyHostToDevice, cuda.launcher.stream));
    CUDA_CHECK(cudaEventRecord(cuda.sent, cuda.launcher.stream));
}

/* Puts a turn behind what the stream holds; in a loop, all of them. */
static cudaError_t launch_turn(void)
{
    if (turns.graph.exec)
        return cudaGraphLaunch(turns.graph.exec, cuda.launcher.stream);
    record_turn(0);
    return cudaSuccess;
}

/* A text of one token that nobody sees, from the logits of the warm-up: whatever CUDA puts off
 * until a kernel or a graph is first launched has happened afterwards. */
static bool dry_turn(void)
{
    begin(0, 1);
    trace_begin(TRACE_WARM_UP, 0);
    const cudaError_t error = launch_turn();
    cuda_check(cudaStreamSynchronize(cuda.launcher.stream), "generation: cudaStreamSynchronize");
    trace_end();
    if (error == cudaSuccess && cuda.exchange.ring->end == TURN_GOING)
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
    turns.mode = mode;
    cuda.launcher.pdl = !mode.no_pdl;
    if (mode.use != GRAPH_NONE)
        ready = graph_capture(&cuda.launcher, &turns.graph,
                              mode.use == GRAPH_LOOP ? GRAPH_WHILE : GRAPH_ONCE, record_turn);
    ready = ready && dry_turn();
    if (!ready)
        graph_destroy(&turns.graph);
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
    graph_refuse("turn", &cuda.launcher.refused);
}

void backend_generate_open(struct session *session, const struct generation_options *options)
{
    (void)session;
    turns.begin = (struct turn){
        .sample = options->sample,
        .vocab = options->vocab,
        .limit = options->limit,
    };
    static_assert((int)MODEL_EOS_MOST == (int)TURN_EOS_MOST, "a turn has all ids of the model");
    for (u32 i = 0; i < TURN_EOS_MOST; i++)
        turns.begin.eos[i] = options->eos && i < model.eos_count ? model.eos[i] : TURN_NO_EOS;
    cuda.launcher.pass = PASS_PREPARE;
    record_turn(0);
    cuda.launcher.pass = PASS_RUN;
    if (cuda.mode.use == GRAPH_DEFAULT)
        prepare_default();
    else if (!prepare(cuda.mode))
        graph_refuse(cuda.mode.use == GRAPH_LOOP ? "loop" : "turn", &cuda.launcher.refused);
}

struct graph_mode backend_generate_mode(void)
{
    return turns.mode;
}

void cuda_generate_close(void)
{
    graph_destroy(&turns.graph);
    memset(&turns, 0, sizeof turns);
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
    begin(session->position, within_context(turns.begin.limit, session->position));
    trace_begin(TRACE_GENERATE, session->position);
    if (turns.mode.use == GRAPH_LOOP)
        CUDA_CHECK(launch_turn());
}

/* The device's word, with everything that it wrote before. */
static u32 acquire(const u32 *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Waits for a token that nobody has taken yet, or the end. False at the end. */
static bool await_token(struct turn_ring *ring)
{
    bool idle = false; /* the stream had nothing left before the last look */
    for (u32 looks = 1;; looks++) {
        u32 end = acquire(&ring->end); /* first: what was made before the end is then seen */
        if (acquire(&ring->made) != turns.taken)
            return true;
        if (end != TURN_GOING && end != TURN_FULL)
            return false;
        if (end == TURN_FULL) {
            ring->end = TURN_GOING;
            CUDA_CHECK(launch_turn());
            idle = false;
        } else if (idle) {
            die(EXIT_FAILED, "internal error: generation stopped after %u tokens without an end",
                turns.taken);
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
    struct turn_ring *ring = cuda.exchange.ring;
    if (turns.mode.use != GRAPH_LOOP) {
        trace_begin(TRACE_DECODE, session->position);
        CUDA_CHECK(launch_turn());
        trace_end();
    }
    if (!await_token(ring)) {
        if (ring->end == TURN_NOT_FINITE)
            session_not_finite(session->position - 1);
        if (ring->end == TURN_LIMIT && turns.taken < turns.begin.limit)
            session_full();
        return false;
    }
    const struct turn_token *token = &ring->tokens[turns.taken % TURN_RING];
    *id = token->id;
    turns.time_ns = token->time_ns;
    __atomic_store_n(&ring->host, ++turns.taken, __ATOMIC_RELEASE); /* the entry was read */
    session->position++;
    return true;
}

uint64_t cuda_token_time(void)
{
    return turns.time_ns;
}

void backend_generate_end(struct session *session)
{
    (void)session;
    __atomic_store_n(&cuda.exchange.ring->host, TURN_STOP | turns.taken, __ATOMIC_RELEASE);
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    trace_end();
}
