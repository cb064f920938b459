/* Who runs next: the threads that can run, the seed that chooses among them, the budget of steps.
 */
#include <stdlib.h>

#include "tests/simt/simt_inner.h"

enum { READY_MOST = SIMT_SLOTS * SIMT_THREADS_MOST }; /* a power of two */

struct fiber simt_host;

static uint64_t random_state; /* 0: in order */
static uint64_t budget;

/* A ring. In order the newest runs first: a warp goes from shuffle to shuffle by itself, and the
 * stacks of its threads stay in the cache. */
static struct simt_thread *ready[READY_MOST];
static u32 ready_first, ready_count;

void simt_schedule(uint64_t seed)
{
    random_state = seed ? seed * 0x9e3779b97f4a7c15u | 1 : 0;
}

bool simt_by_chance(void)
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

u32 simt_tick(void)
{
    if (++simt_now.clock == SIMT_PENDING)
        simt_die("more than 2^32 meetings in one program");
    return simt_now.clock;
}

void simt_ready_reset(void)
{
    ready_first = ready_count = 0;
    simt_now.steps_left = budget ? budget : (uint64_t)1 << 31;
    simt_now.given_up = false;
}

void simt_wake(struct simt_thread *t)
{
    t->wait = WAIT_NOTHING;
    ready[(ready_first + ready_count++) % READY_MOST] = t;
}

/* Takes the next thread to run; there must be one. */
static struct simt_thread *choose(void)
{
    struct simt_thread **last = &ready[(ready_first + --ready_count) % READY_MOST], *t = *last;
    if (random_state) {
        struct simt_thread **one =
            &ready[(ready_first + simt_random(ready_count + 1)) % READY_MOST];
        t = *one;
        *one = *last;
    }
    return t;
}

bool simt_run_ready(void)
{
    if (ready_count == 0)
        return false;
    simt_now.self = choose();
    fiber_switch(&simt_host, &simt_now.self->fiber);
    return !simt_now.given_up;
}

void simt_go_to_host(void)
{
    struct simt_thread *from = simt_now.self;
    simt_now.self = NULL;
    fiber_switch(&from->fiber, &simt_host);
}

void simt_go_on(void)
{
    struct simt_thread *from = simt_now.self;
    simt_step();
    if (ready_count == 0) {
        simt_go_to_host();
        return;
    }
    struct simt_thread *to = choose();
    if (to == from)
        return;
    simt_now.self = to;
    fiber_switch(&from->fiber, &to->fiber);
}

/* Behind all others, when in order. */
void simt_yield(void)
{
    ready[--ready_first % READY_MOST] = simt_now.self;
    ready_count++;
    simt_go_on();
}

void simt_give_up(void)
{
    simt_now.given_up = true;
    simt_go_to_host();
    abort(); /* a launch that was given up is not gone on with */
}

void simt_out_of_steps(void)
{
    simt_now.steps_left = UINT64_MAX; /* for what the finding itself takes */
    simt_find("the budget of steps is spent: some threads wait for what never comes");
    simt_give_up();
}
