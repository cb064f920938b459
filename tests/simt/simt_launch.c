/* Launches: blocks take turns in a few slots; what a thread is told about itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/simt/simt_inner.h"

enum {
    /* Blocks that run at the same time: by chance, and in order. More when they wait for words. */
    SLOTS_BY_CHANCE = 8,
    SLOTS_IN_ORDER = 1,
    SHARED_ROOM = SIMT_SHARED_MOST + 1024,
    /* Stacks start at different offsets, or their tops would all lie in the same cache set. */
    COLOURS = 16,
    COLOUR_BYTES = 256,
};

/* At the far end of every stack. */
static const uint64_t STACK_END = 0x5afe57ac5afe57ac;

struct simt_launch_state simt_now;

static struct slot {
    struct simt_block block;
    bool live;
} slots[SIMT_SLOTS];
static u32 *order; /* of blocks: the first next_block have been started */
static u32 next_block;
static simt_conditional *on_conditional;

/* ---- what threads ask and tell -------------------------------------------------------------- */
u32 simt_thread_index(void)
{
    return simt_now.self->index;
}

u32 simt_block_index(void)
{
    return simt_now.self->block->index;
}

u32 simt_block_threads(void)
{
    return simt_now.threads;
}

u32 simt_grid_blocks(void)
{
    return simt_now.blocks;
}

void *simt_shared_memory(void)
{
    return simt_now.self->block->shared;
}

void simt_pdl_wait(void)
{
    simt_now.self->pdl_waited = true;
    simt_now.pdl_waited = true;
}

void simt_pdl_trigger(void)
{
}

void simt_on_conditional(simt_conditional *call)
{
    on_conditional = call;
}

void simt_loop_continue(uint64_t handle, u32 value)
{
    struct simt_thread *self = simt_now.self;
    if (!on_conditional) {
        simt_find("loop_continue, but nothing listens");
        return;
    }
    simt_now.self = NULL; /* what listens is of the host */
    on_conditional(handle, value);
    simt_now.self = self;
}

/* A clock that goes on whenever it is looked at. */
uint64_t simt_time_ns(void)
{
    static uint64_t last;
    simt_step();
    return last += 1 + simt_random(100);
}

/* ---- blocks --------------------------------------------------------------------------------- */
static void *map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        simt_die("no %zu bytes for a block", bytes);
    return memory;
}

static void slot_make(struct simt_block *b)
{
    b->shared = map(SHARED_ROOM);
    b->cells = map(SHARED_ROOM / 4 * sizeof *b->cells);
    b->threads = map(SIMT_THREADS_MOST * sizeof *b->threads);
    char *stacks = map((size_t)SIMT_THREADS_MOST * SIMT_STACK_BYTES);
    for (u32 i = 0; i < SIMT_THREADS_MOST; i++)
        b->threads[i].stack = stacks + (size_t)i * SIMT_STACK_BYTES;
}

/* The life of a thread. */
static void thread_main(void)
{
    fiber_arrive(&simt_host);
    simt_now.kernel->thunk(simt_now.params);
    struct simt_thread *t = simt_now.self;
    simt_copies_at_exit();
    if (memcmp(t->stack, &STACK_END, sizeof STACK_END) != 0)
        simt_die("%s needs more than %d bytes of stack", simt_now.kernel->name, SIMT_STACK_BYTES);
    t->wait = WAIT_DONE;
    if (++t->block->exited == simt_now.threads)
        simt_go_to_host(); /* to start the next block, which takes this very stack */
    else
        simt_go_on();
    abort();
}

static void block_start(struct slot *s, u32 index)
{
    struct simt_block *b = &s->block;
    if (!b->threads)
        slot_make(b);
    s->live = true;
    b->index = index;
    b->first_id = index * simt_now.threads;
    b->arrived = b->exited = 0;
    b->began = b->synced = simt_tick();
    b->acquired = b->acquired_by_some = 0;
    memset(b->shared, 0xff, simt_now.shared_bytes);
    for (u32 w = 0; w < simt_now.threads / SIMT_WARP; w++)
        b->warps[w].arrived = b->warps[w].synced = 0;
    for (u32 i = simt_now.threads; i-- > 0;) {
        struct simt_thread *t = &b->threads[i];
        t->id = b->first_id + i;
        t->index = i;
        t->block = b;
        t->warp = &b->warps[i / SIMT_WARP];
        t->pdl_waited = false;
        t->copy_count = t->group = t->acquired = 0;
        memcpy(t->stack, &STACK_END, sizeof STACK_END);
        const size_t colour = (size_t)(i % COLOURS) * COLOUR_BYTES;
        fiber_make(&t->fiber, t->stack, SIMT_STACK_BYTES - colour, thread_main);
        simt_wake(t);
    }
}

/* Starts a block in a slot that has none, if there are both; true if it did. */
static bool start_in(u32 most)
{
    if (next_block == simt_now.blocks)
        return false;
    for (u32 i = 0; i < most; i++) {
        if (slots[i].live)
            continue;
        const u32 pick = next_block + simt_random(simt_now.blocks - next_block);
        const u32 index = order[pick];
        order[pick] = order[next_block++];
        block_start(&slots[i], index);
        return true;
    }
    return false;
}

void simt_start_block(void)
{
    start_in(SIMT_SLOTS);
}

/* ---- launches ------------------------------------------------------------------------------- */
/* Nothing can run, but not all have come to their end: who waits for whom. */
static void find_stuck(const struct simt_block *b)
{
    static const char *const places[] = {"",         "block_barrier", "warp_barrier",
                                         "warp_xor", "mma",           "exit"};
    char text[256] = "";
    size_t used = 0;
    for (u32 place = WAIT_BLOCK; place <= WAIT_DONE; place++) {
        u32 count = 0, first = 0;
        for (u32 i = simt_now.threads; i-- > 0;)
            if (b->threads[i].wait == place) {
                count++;
                first = i;
            }
        if (count > 0)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s %u at %s (thread %u first)",
                                 used ? "," : "", count, places[place], first);
    }
    simt_find("%s, block %u: its %u threads do not meet:%s", simt_now.kernel->name, b->index,
              simt_now.threads, text);
}

/* Until nothing can run: all blocks are done, or stuck. */
static void run_blocks(void)
{
    next_block = 0;
    for (u32 i = 0; i < SIMT_SLOTS; i++)
        slots[i].live = false;
    do {
        for (u32 i = 0; i < SIMT_SLOTS; i++)
            slots[i].live = slots[i].live && slots[i].block.exited < simt_now.threads;
        while (start_in(simt_by_chance() ? SLOTS_BY_CHANCE : SLOTS_IN_ORDER))
            ;
    } while (simt_run_ready());
}

static bool launch_is_valid(const struct simt_kernel *k, u32 blocks, u32 threads, u32 shared_bytes)
{
    if (threads == 0 || threads % SIMT_WARP != 0 || threads > k->threads)
        simt_find("%s: launched with %u threads a block; expected whole warps and at most %u",
                  k->name, threads, k->threads);
    else if (blocks == 0 || (uint64_t)blocks * threads > SIMT_ID_MASK)
        simt_find("%s: launched with %u blocks of %u threads; expected 1 to 2^25 threads", k->name,
                  blocks, threads);
    else if (shared_bytes > SIMT_SHARED_MOST)
        simt_find("%s: launched with %u bytes of shared memory; every target has %d", k->name,
                  shared_bytes, SIMT_SHARED_MOST);
    else if (k->params_bytes > SIMT_PARAMS_MOST || k->threads > SIMT_THREADS_MOST)
        simt_find("%s: %zu bytes of parameters, %u threads; expected at most %d and %d", k->name,
                  k->params_bytes, k->threads, SIMT_PARAMS_MOST, SIMT_THREADS_MOST);
    else
        return true;
    return false;
}

int simt_launch(const void *handle, u32 blocks, u32 threads, u32 shared_bytes, const void *params)
{
    const struct simt_kernel *k = simt_kernel_of(handle);
    if (simt_now.self)
        simt_die("a launch from within %s", simt_now.kernel->name);
    if (!k) {
        simt_find("launch of %p, which is no kernel", handle);
        return 0;
    }
    if (!launch_is_valid(k, blocks, threads, shared_bytes))
        return 0;
    order = malloc(blocks * sizeof *order);
    if (!order)
        simt_die("no memory for the order of %u blocks", blocks);
    for (u32 i = 0; i < blocks; i++)
        order[i] = i;
    simt_now.kernel = k;
    simt_now.blocks = blocks;
    simt_now.threads = threads;
    simt_now.shared_bytes = shared_bytes;
    simt_now.began = simt_tick();
    simt_now.pdl_waited = false;
    memcpy(simt_now.params, params, k->params_bytes);
    simt_ready_reset();
    run_blocks();
    free(order);
    free(simt_now.releases);
    simt_now.releases = NULL;
    if (simt_now.given_up)
        return 0;
    bool stuck = false;
    for (u32 i = 0; i < SIMT_SLOTS; i++)
        if (slots[i].live && slots[i].block.exited < threads) {
            find_stuck(&slots[i].block);
            stuck = true;
        }
    if (!stuck && !simt_now.pdl_waited)
        simt_find("%s: no thread called pdl_wait()", k->name);
    return !stuck;
}
