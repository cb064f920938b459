/* Launches: blocks take turns in a few slots, their threads are fibers, meetings wake each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/simt/simt_inner.h"

enum {
    SLOTS = 8, /* blocks that run at the same time, by chance */
    SLOTS_IN_ORDER = 2,
    READY_MOST = SLOTS * SIMT_THREADS_MOST, /* a power of two */
    SHARED_ROOM = SIMT_SHARED_MOST + 1024,
    /* Stacks start at different offsets, or their tops would all lie in the same cache set. */
    COLOURS = 16,
    COLOUR_BYTES = 256,
    GUARD_BYTES = 4096,
};

struct simt_launch_state simt_now;

static struct slot {
    struct simt_block block;
    bool live;
} slots[SLOTS];
static struct fiber host;
static bool given_up;
static uint64_t random_state; /* 0: in order */
static uint64_t budget;
static uint64_t switches;
static simt_conditional *on_conditional;

/* Threads that can run: a queue when in order, a bag otherwise. */
static struct simt_thread *ready[READY_MOST];
static u32 ready_first, ready_count;

/* ---- the schedule ------------------------------------------------------------------------------
 */
void simt_schedule(uint64_t seed)
{
    random_state = seed ? seed * 0x9e3779b97f4a7c15u | 1 : 0;
}

bool simt_random_schedule(void)
{
    return random_state != 0;
}

/* xorshift64*, the upper half of it scaled. */
u32 simt_random(u32 count)
{
    if (!random_state)
        return 0;
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    const uint64_t upper = random_state * 0x2545f4914f6cdd1du >> 32;
    return (u32)(upper * count >> 32);
}

void simt_budget(uint64_t steps)
{
    budget = steps;
}

uint64_t simt_switches(void)
{
    return switches;
}

u32 simt_tick(void)
{
    if (++simt_now.clock == SIMT_PENDING)
        simt_die("more than 2^32 meetings in one program");
    return simt_now.clock;
}

static void wake(struct simt_thread *t)
{
    t->wait = WAIT_NOTHING;
    ready[(ready_first + ready_count++) % READY_MOST] = t;
}

/* Takes the next thread to run; there must be one. */
static struct simt_thread *choose(void)
{
    struct simt_thread **first = &ready[ready_first % READY_MOST];
    struct simt_thread **one = &ready[(ready_first + simt_random(ready_count)) % READY_MOST];
    struct simt_thread *t = *one;
    *one = *first;
    ready_first++;
    ready_count--;
    return t;
}

static void go_to_host(void)
{
    struct simt_thread *from = simt_now.self;
    simt_now.self = NULL;
    fiber_switch(&from->fiber, &host);
}

/* Leaves the running thread for another one, or for the host when none can run. Returns when the
 * thread has been woken and chosen. */
static void go_on(void)
{
    struct simt_thread *from = simt_now.self;
    simt_step();
    switches++;
    if (ready_count == 0) {
        go_to_host();
        return;
    }
    struct simt_thread *to = choose();
    if (to == from)
        return;
    simt_now.self = to;
    fiber_switch(&from->fiber, &to->fiber);
}

void simt_yield(void)
{
    wake(simt_now.self);
    go_on();
}

void simt_give_up(void)
{
    given_up = true;
    go_to_host();
    abort(); /* a launch that was given up is not gone on with */
}

void simt_out_of_steps(void)
{
    simt_now.steps_left = UINT64_MAX; /* for what the finding itself takes */
    simt_find("the budget of steps is spent: some threads wait for what never comes");
    simt_give_up();
}

/* ---- meetings ----------------------------------------------------------------------------------
 */
static void wake_waiting(struct simt_thread *first, u32 count, enum simt_wait what)
{
    for (u32 i = 0; i < count; i++)
        if (first[i].wait == what)
            wake(&first[i]);
}

void simt_block_barrier(void)
{
    struct simt_thread *t = simt_now.self;
    struct simt_block *b = t->block;
    if (++b->arrived < simt_now.threads) {
        t->wait = WAIT_BLOCK;
        go_on();
        return;
    }
    b->arrived = 0;
    b->synced = simt_tick();
    wake_waiting(b->threads, simt_now.threads, WAIT_BLOCK);
    if (random_state)
        simt_yield();
}

static const char *name_of(enum simt_wait what)
{
    return what == WAIT_WARP ? "warp_barrier" : "warp_xor";
}

/* All lanes come here, to the same thing. */
static void meet_warp(enum simt_wait what, u32 mask)
{
    struct simt_thread *t = simt_now.self;
    struct simt_warp *w = t->warp;
    if (w->arrived == 0) {
        w->what = what;
        w->mask = mask;
    } else if (w->what != what || w->mask != mask) {
        simt_find("comes to %s with mask %u, other lanes of its warp to %s with mask %u",
                  name_of(what), mask, name_of(w->what), w->mask);
        simt_give_up();
    }
    if (++w->arrived < SIMT_WARP) {
        t->wait = what;
        go_on();
        return;
    }
    w->arrived = 0;
    if (what == WAIT_WARP)
        w->synced = simt_tick();
    else
        w->turn++;
    wake_waiting(t - t->index % SIMT_WARP, SIMT_WARP, what);
    if (random_state)
        simt_yield();
}

void simt_warp_barrier(void)
{
    meet_warp(WAIT_WARP, 0);
}

/* A lane may come to the next shuffle before another has taken its value of this one, but not to
 * the one after that: two sets of values are enough. */
uint64_t simt_warp_xor(uint64_t value, u32 mask)
{
    struct simt_warp *w = simt_now.self->warp;
    const u32 lane = simt_now.self->index % SIMT_WARP;
    uint64_t *values = w->values[w->turn % 2];
    if (mask >= SIMT_WARP) {
        simt_find("warp_xor with mask %u of 32 lanes", mask);
        simt_give_up();
    }
    values[lane] = value;
    meet_warp(WAIT_SHUFFLE, mask);
    return values[lane ^ mask];
}

/* ---- what threads ask and tell -----------------------------------------------------------------
 */
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
    if (on_conditional)
        on_conditional(handle, value);
    else
        simt_find("loop_continue, but nothing listens");
}

/* A clock that stands still for no one: 1 ns a step. */
uint64_t simt_time_ns(void)
{
    static uint64_t last;
    simt_step();
    return last += 1 + simt_random(100);
}

/* ---- blocks ------------------------------------------------------------------------------------
 */
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
    for (u32 i = 0; i < SIMT_THREADS_MOST; i++) {
        b->threads[i].stack = stacks + (size_t)i * SIMT_STACK_BYTES;
        if (mprotect(b->threads[i].stack, GUARD_BYTES, PROT_NONE) != 0)
            simt_die("cannot protect the end of a stack");
    }
}

/* The life of a thread. */
static void thread_main(void)
{
    fiber_arrive(&host);
    simt_now.kernel->thunk(simt_now.params);
    struct simt_thread *t = simt_now.self;
    simt_copies_at_exit();
    t->wait = WAIT_DONE;
    if (++t->block->exited == simt_now.threads)
        go_to_host(); /* to start the next block, which takes this very stack */
    else
        go_on();
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
    memset(b->shared, 0xff, simt_now.shared_bytes);
    for (u32 w = 0; w < simt_now.threads / SIMT_WARP; w++)
        b->warps[w].arrived = b->warps[w].synced = 0;
    for (u32 i = 0; i < simt_now.threads; i++) {
        struct simt_thread *t = &b->threads[i];
        t->id = b->first_id + i;
        t->index = i;
        t->block = b;
        t->warp = &b->warps[i / SIMT_WARP];
        t->pdl_waited = false;
        t->copy_count = t->group = 0;
        const size_t colour = (size_t)(i % COLOURS) * COLOUR_BYTES;
        fiber_make(&t->fiber, t->stack, SIMT_STACK_BYTES - colour, thread_main);
        wake(t);
    }
}

/* ---- launches ----------------------------------------------------------------------------------
 */
/* Nothing can run, but not all have come to their end: who waits for whom. */
static void find_stuck(const struct simt_block *b)
{
    static const char *const places[] = {"", "block_barrier", "warp_barrier", "warp_xor", "exit"};
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

static void run_blocks(u32 *order)
{
    const u32 most = random_state ? SLOTS : SLOTS_IN_ORDER;
    u32 next = 0;
    ready_first = ready_count = 0;
    for (u32 i = 0; i < SLOTS; i++)
        slots[i].live = false;
    for (;;) {
        for (u32 i = 0; i < most; i++) {
            struct slot *s = &slots[i];
            if (s->live && s->block.exited == simt_now.threads)
                s->live = false;
            if (s->live || next == simt_now.blocks)
                continue;
            const u32 pick = next + simt_random(simt_now.blocks - next), index = order[pick];
            order[pick] = order[next++];
            block_start(s, index);
        }
        if (given_up || ready_count == 0)
            return;
        simt_now.self = choose();
        switches++;
        fiber_switch(&host, &simt_now.self->fiber);
    }
}

static bool launch_is_valid(const struct simt_kernel *k, u32 blocks, u32 threads, u32 shared_bytes)
{
    if (threads == 0 || threads % SIMT_WARP != 0 || threads > k->threads)
        simt_find("%s: launched with %u threads a block; expected whole warps and at most %u",
                  k->name, threads, k->threads);
    else if (blocks == 0 || (uint64_t)blocks * threads > SIMT_ID_MASK)
        simt_find("%s: launched with %u blocks of %u threads; expected 1 to 2^26 threads", k->name,
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
    u32 *order = malloc(blocks * sizeof *order);
    if (!order)
        simt_die("no memory for the order of %u blocks", blocks);
    for (u32 i = 0; i < blocks; i++)
        order[i] = i;
    simt_now.kernel = k;
    simt_now.blocks = blocks;
    simt_now.threads = threads;
    simt_now.shared_bytes = shared_bytes;
    simt_now.began = simt_tick();
    simt_now.steps_left = budget ? budget : (uint64_t)1 << 40;
    simt_now.pdl_waited = false;
    memcpy(simt_now.params, params, k->params_bytes);
    given_up = false;
    run_blocks(order);
    free(order);
    if (given_up)
        return 0;
    bool stuck = false;
    for (u32 i = 0; i < SLOTS; i++)
        if (slots[i].live && slots[i].block.exited < threads) {
            find_stuck(&slots[i].block);
            stuck = true;
        }
    if (!stuck && !simt_now.pdl_waited)
        simt_find("%s: no thread called pdl_wait()", k->name);
    return !stuck;
}
