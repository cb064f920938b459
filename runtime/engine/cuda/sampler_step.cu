/* sampler step:  logits -> token -> ring, io.tokens[0], step.position, and whether to go on
 *
 *   Means    runtime/engine/cuda/sampler_step.h; the token is that of runtime/engine/sample.c
 *   Split    greedy kernel: blocks of 4096 logits each find their largest, nothing if not greedy;
 *            then one block finds the largest of those, or samples (sample.cuh), and one thread of
 *            it does the rest
 *   Moves    the logits once from L2; bound by the latency of two launches
 *   Order    none: the largest logit, the lowest id on a tie, is the least of integer keys; what is
 *            not finite is less than any (sample_rank) */
#include "kernels/cuda/launch.h"
#include "kernels/cuda/work.h"
#include "runtime/engine/cuda/sample.cuh"

enum { SAMPLER_GREEDY_SPAN = SAMPLER_GREEDY_THREADS * SAMPLER_GREEDY_LOGITS };

struct sampler_params {
    struct sampler_launch launch;
    uint64_t *largest; /* [blocks] of the greedy kernel, keys */
    u32 blocks;
    struct sample_work work; /* of sampling; the two never meet */
};

DEVICE bool sampler_greedy(const struct sampler_step *sampler)
{
    return !(sampler->sample.temperature > 0.0);
}

KERNEL(sampler_greedy_kernel, struct sampler_params, SAMPLER_GREEDY_THREADS)
{
    pdl_trigger();
    pdl_wait();
    const struct sampler_step *const sampler = p.launch.sampler;
    if (!sampler_greedy(sampler))
        return;
    uint64_t key = UINT64_MAX;
    UNROLL
    for (u32 i = 0; i < SAMPLER_GREEDY_LOGITS; i++) {
        const u32 id =
            block_index() * SAMPLER_GREEDY_SPAN + i * SAMPLER_GREEDY_THREADS + thread_index();
        if (id < sampler->vocab) {
            const uint64_t other = (uint64_t)sample_rank(p.launch.logits[id]) << 32 | id;
            key = other < key ? other : key;
        }
    }
    key = sample_least(key, SAMPLER_GREEDY_THREADS, (uint64_t *)shared_memory());
    if (thread_index() == 0)
        p.largest[block_index()] = key;
}

/* Whether the token ends the text. No id below the vocabulary is SAMPLER_NO_EOS. */
DEVICE bool sampler_is_eos(const struct sampler_step *sampler, u32 id)
{
    bool is = false;
    UNROLL
    for (u32 i = 0; i < SAMPLER_EOS_MOST; i++)
        is |= sampler->eos[i] == id;
    return is;
}

/* Whether no entry is free for another token. The host's word is as old as the kernel: the host may
 * have taken tokens since, but never fewer. An entry that it says is free is written by a later
 * kernel, after the release of `made` by this thread. */
DEVICE bool sampler_full(const struct sampler_ring *ring, u32 made, uint64_t host)
{
    return made - (u32)host >= SAMPLER_RING &&
           made - (u32)load_host_acquire(&ring->host) >= SAMPLER_RING;
}

/* What follows the choice, SAMPLE_NONE included; one thread, which has read ring->host. */
DEVICE void sampler_take(const struct sampler_launch *l, u32 id, uint64_t host)
{
    struct sampler_step *const sampler = l->sampler;
    struct sampler_ring *const ring = l->ring;
    u32 end = SAMPLER_GOING;
    l->tokens[0] = id == SAMPLE_NONE ? 0 : id; /* any that there is: its step is not looked at */
    l->step->position = sampler->position++;
    if (id == SAMPLE_NONE) {
        end = SAMPLER_NOT_FINITE;
    } else if (sampler_is_eos(sampler, id)) {
        end = SAMPLER_EOS;
    } else {
        struct sampler_token *const token = &ring->tokens[sampler->made % SAMPLER_RING];
        token->time_ns = global_time_ns();
        token->id = id;
        sampler->made++;
        store_release_system(&ring->made, (u32)sampler->made); /* after the entry it counts */
        if (host & SAMPLER_STOP)
            end = SAMPLER_STOPPED;
        else if (sampler->made >= sampler->limit)
            end = SAMPLER_LIMIT;
        else if (sampler_full(ring, (u32)sampler->made, host))
            end = SAMPLER_FULL;
    }
    sampler->end = end;
    if (end != SAMPLER_GOING)
        store_release_system(&ring->end, end); /* after the last entry */
    if (l->looping)
        loop_continue(l->loop, end == SAMPLER_GOING);
}

KERNEL_FEW_BLOCKS(sampler_kernel, struct sampler_params, SAMPLER_THREADS)
{
    pdl_trigger();
    uint64_t host = 0;
    if (thread_index() == 0)
        host = load_host(&p.launch.ring->host); /* on its way beside the greedy kernel */
    pdl_wait();
    struct sample_shared *const shared = (struct sample_shared *)shared_memory();
    const struct sampler_step *const sampler = p.launch.sampler;
    if (sampler->end != SAMPLER_GOING && sampler->end != SAMPLER_FULL) {
        if (thread_index() == 0 && p.launch.looping)
            loop_continue(p.launch.loop, 0);
        return;
    }
    u32 id;
    if (sampler_greedy(sampler)) {
        uint64_t key = UINT64_MAX;
        for (u32 b = thread_index(); b < p.blocks; b += SAMPLER_THREADS)
            key = p.largest[b] < key ? p.largest[b] : key;
        key = sample_least(key, SAMPLER_THREADS, shared->least);
        id = key >> 32 == 0 ? SAMPLE_NONE : (u32)key;
    } else {
        id = sample_token(shared, p.launch.logits, sampler->vocab, &sampler->sample,
                          sampler->position, &p.work);
    }
    /* Either way a barrier lies between the last reads of struct sampler_step and the writes that
     * follow.
     */
    if (thread_index() == 0)
        sampler_take(&p.launch, id, host);
}

extern "C" void sampler_launch(run *r, u32 op, const struct sampler_launch *t)
{
    struct sampler_params params;
    params.launch = *t;
    params.largest = (uint64_t *)r->work;
    params.blocks = (t->vocab + SAMPLER_GREEDY_SPAN - 1) / SAMPLER_GREEDY_SPAN;
    params.work.keys = (uint64_t *)r->work;
    params.work.other = params.work.keys + t->vocab;
    params.work.sums = (double *)(params.work.other + t->vocab);
    LAUNCH(r, op, sampler_greedy_kernel, params.blocks, SAMPLER_GREEDY_THREADS,
           SAMPLER_GREEDY_THREADS / WARP * sizeof(uint64_t), params);
    LAUNCH(r, op, sampler_kernel, 1, SAMPLER_THREADS, sizeof(struct sample_shared), params);
}
