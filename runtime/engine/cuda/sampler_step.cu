/* turn:  logits -> token -> ring, io.tokens[0], step.position, and whether to go on
 *
 *   Means    runtime/engine/cuda/sampler_step.h; the token is that of runtime/engine/sample.c
 *   Split    greedy kernel: blocks of 4096 logits each find their largest, nothing if not greedy;
 *            then one block finds the largest of those, or samples (sample.cuh), and one thread of
 *            it does the rest
 *   Moves    the logits once from L2; bound by the latency of two launches
 *   Order    none: the largest logit, the lowest id on a tie, is the least of integer keys; what is
 *            not finite is less than any (sample_rank) */
#include "kernels/cuda/launch.h"
#include "runtime/engine/cuda/sample.cuh"
#include "kernels/cuda/work.h"

enum { TURN_GREEDY_SPAN = TURN_GREEDY_THREADS * TURN_GREEDY_LOGITS };

struct turn_params {
    struct turn_launch launch;
    uint64_t *largest; /* [blocks] of the greedy kernel, keys */
    u32 blocks;
    struct sample_work work; /* of sampling; the two never meet */
};

DEVICE bool turn_greedy(const struct turn *turn)
{
    return !(turn->sample.temperature > 0.0);
}

KERNEL(turn_greedy_kernel, struct turn_params, TURN_GREEDY_THREADS)
{
    pdl_trigger();
    pdl_wait();
    const struct turn *const turn = p.launch.turn;
    if (!turn_greedy(turn))
        return;
    uint64_t key = UINT64_MAX;
    UNROLL
    for (u32 i = 0; i < TURN_GREEDY_LOGITS; i++) {
        const u32 id = block_index() * TURN_GREEDY_SPAN + i * TURN_GREEDY_THREADS + thread_index();
        if (id < turn->vocab) {
            const uint64_t other = (uint64_t)sample_rank(p.launch.logits[id]) << 32 | id;
            key = other < key ? other : key;
        }
    }
    key = sample_least(key, TURN_GREEDY_THREADS, (uint64_t *)shared_memory());
    if (thread_index() == 0)
        p.largest[block_index()] = key;
}

/* Whether the token ends the text. No id below the vocabulary is TURN_NO_EOS. */
DEVICE bool turn_is_eos(const struct turn *turn, u32 id)
{
    bool is = false;
    UNROLL
    for (u32 i = 0; i < TURN_EOS_MOST; i++)
        is |= turn->eos[i] == id;
    return is;
}

/* Whether no entry is free for another token. The host's word is as old as the kernel: the host may
 * have taken tokens since, but never fewer. An entry that it says is free is written by a later
 * kernel, after the release of `made` by this thread. */
DEVICE bool turn_full(const struct turn_ring *ring, u32 made, uint64_t host)
{
    return made - (u32)host >= TURN_RING && made - (u32)load_host_acquire(&ring->host) >= TURN_RING;
}

/* What follows the choice, SAMPLE_NONE included; one thread, which has read ring->host. */
DEVICE void turn_take(const struct turn_launch *l, u32 id, uint64_t host)
{
    struct turn *const turn = l->turn;
    struct turn_ring *const ring = l->ring;
    u32 end = TURN_GOING;
    l->tokens[0] = id == SAMPLE_NONE ? 0 : id; /* any that there is: its step is not looked at */
    l->step->position = turn->position++;
    if (id == SAMPLE_NONE) {
        end = TURN_NOT_FINITE;
    } else if (turn_is_eos(turn, id)) {
        end = TURN_EOS;
    } else {
        struct turn_token *const token = &ring->tokens[turn->made % TURN_RING];
        token->time_ns = global_time_ns();
        token->id = id;
        turn->made++;
        store_release_system(&ring->made, (u32)turn->made); /* after the entry it counts */
        if (host & TURN_STOP)
            end = TURN_STOPPED;
        else if (turn->made >= turn->limit)
            end = TURN_LIMIT;
        else if (turn_full(ring, (u32)turn->made, host))
            end = TURN_FULL;
    }
    turn->end = end;
    if (end != TURN_GOING)
        store_release_system(&ring->end, end); /* after the last entry */
    if (l->looping)
        loop_continue(l->loop, end == TURN_GOING);
}

KERNEL_FEW_BLOCKS(turn_kernel, struct turn_params, TURN_THREADS)
{
    pdl_trigger();
    uint64_t host = 0;
    if (thread_index() == 0)
        host = load_host(&p.launch.ring->host); /* on its way beside the greedy kernel */
    pdl_wait();
    struct sample_shared *const shared = (struct sample_shared *)shared_memory();
    const struct turn *const turn = p.launch.turn;
    if (turn->end != TURN_GOING && turn->end != TURN_FULL) {
        if (thread_index() == 0 && p.launch.looping)
            loop_continue(p.launch.loop, 0);
        return;
    }
    u32 id;
    if (turn_greedy(turn)) {
        uint64_t key = UINT64_MAX;
        for (u32 b = thread_index(); b < p.blocks; b += TURN_THREADS)
            key = p.largest[b] < key ? p.largest[b] : key;
        key = sample_least(key, TURN_THREADS, shared->least);
        id = key >> 32 == 0 ? SAMPLE_NONE : (u32)key;
    } else {
        id = sample_token(shared, p.launch.logits, turn->vocab, &turn->sample, turn->position,
                          &p.work);
    }
    /* Either way a barrier lies between the last reads of struct turn and the writes that follow.
     */
    if (thread_index() == 0)
        turn_take(&p.launch, id, host);
}

extern "C" void turn_launch(run *r, u32 op, const struct turn_launch *t)
{
    struct turn_params params;
    params.launch = *t;
    params.largest = (uint64_t *)r->work;
    params.blocks = (t->vocab + TURN_GREEDY_SPAN - 1) / TURN_GREEDY_SPAN;
    params.work.keys = (uint64_t *)r->work;
    params.work.other = params.work.keys + t->vocab;
    params.work.sums = (double *)(params.work.other + t->vocab);
    LAUNCH(r, op, turn_greedy_kernel, params.blocks, TURN_GREEDY_THREADS,
           TURN_GREEDY_THREADS / WARP * sizeof(uint64_t), params);
    LAUNCH(r, op, turn_kernel, 1, TURN_THREADS, sizeof(struct sample_shared), params);
}
