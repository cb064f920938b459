/* Generation on the device: it chooses a token and consumes it, and the host reads what was chosen
 * from a ring that both see. */
#include "runtime/backend.h"

#include "kernels/cpu/team.h"
#include "runtime/cuda/cuda.h"
#include "runtime/cuda/graph.h"
#include "runtime/die.h"
#include "runtime/session.h"
#include "runtime/trace.h"

/* Looks at the ring between two questions whether the device is still well. */
enum { LOOKS = 256 };

static struct {
    struct turn begin;    /* of a text at position 0 */
    cudaGraphExec_t exec; /* a turn and a decode step, or the loop of them; NULL: no graphs */
    bool loop;
    u32 taken;        /* tokens of this text, modulo 2^32 */
    uint64_t time_ns; /* of the token taken last */
} turns;

uint64_t backend_generate_bytes(void)
{
    return 0;
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
    model.decode(&cuda.run);
}

void backend_generate_open(struct session *session, const struct generation_options *options)
{
    (void)session;
    turns.begin = (struct turn){
        .sample = options->sample,
        .vocab = options->vocab,
        .eos = options->eos ? model.eos : TURN_NO_EOS,
        .limit = options->limit,
    };
    turns.loop = cuda.mode.use == GRAPH_DEFAULT || cuda.mode.use == GRAPH_LOOP;
    cuda.launcher.pass = PASS_PREPARE;
    record_turn(0);
    cuda.launcher.pass = PASS_RUN;
    if (turns.loop)
        turns.exec = graph_capture_loop(&cuda.launcher, "loop", record_turn);
    else if (cuda.mode.use == GRAPH_STEP)
        turns.exec = graph_capture(&cuda.launcher, "turn", record_turn);
}

/* Puts a turn behind what the stream holds; in a loop, all of them. */
static void launch_turn(void)
{
    if (turns.exec)
        CUDA_CHECK(cudaGraphLaunch(turns.exec, cuda.launcher.stream));
    else
        record_turn(0);
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
    cuda_await_sent();
    struct turn_ring *ring = cuda.exchange.ring;
    ring->made = turns.taken = 0;
    ring->end = TURN_GOING;
    ring->host = 0;
    *cuda.exchange.turn = turns.begin;
    cuda.exchange.turn->position = session->position;
    cuda.exchange.turn->limit = within_context(turns.begin.limit, session->position);
    CUDA_CHECK(cudaMemcpyAsync(cuda.turn, cuda.exchange.turn, sizeof *cuda.turn,
                               cudaMemcpyHostToDevice, cuda.launcher.stream));
    CUDA_CHECK(cudaEventRecord(cuda.sent, cuda.launcher.stream));
    trace_begin(TRACE_GENERATE, session->position);
    if (turns.loop)
        launch_turn();
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
            launch_turn();
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
    if (!turns.loop) {
        trace_begin(TRACE_DECODE, session->position);
        launch_turn();
        trace_end();
    }
    if (!await_token(ring)) {
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
