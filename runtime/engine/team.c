#define _GNU_SOURCE
#include "runtime/engine/team.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/machine.h"
#include "runtime/base/stack.h"
#include "runtime/engine/arena.h"
#include "runtime/engine/trace.h"

/* Between two steps the caller chooses and prints a token: workers look for about 5 ms, so that
 * this costs no sleep, and an idle program no heat. */
enum { IDLE_SPINS = 1 << 18 };

/* Processors that the scheduler may put this process on, at least 1. */
static u32 allowed_processors(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return 1;
    int count = CPU_COUNT(&allowed);
    return count > 0 ? (u32)count : 1;
}

u32 team_processors(void)
{
    u32 allowed = allowed_processors(), quota = machine_processors("");
    return allowed < quota ? allowed : quota;
}

_Static_assert(STACK_BYTES >= 2 * TEAM_STACK_BYTES, "the first thread does its share of the work");

uint64_t team_stack_bytes(u32 threads)
{
    return (uint64_t)(threads - 1) * TEAM_STACK_BYTES;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    unsigned seen = 0;
    trace_thread(worker->run.rank);
    for (;;) {
        team_await(&pool->order, seen, &pool->idle, IDLE_SPINS, pool->team.crowded);
        seen = atomic_load_explicit(&pool->order, memory_order_acquire);
        team_work *work = pool->work;
        if (!work)
            return NULL;
        if (worker->run.rank < pool->used)
            work(&worker->run, pool->context);
        /* Orders this thread's writes ahead of team_run()'s acquire of `done`; threads
         * that sit this one out report too, so that none can meet the next order early. */
        atomic_fetch_add(&pool->done, 1);
        team_wake(&pool->done, &pool->waiting);
    }
}

/* The n-th processor that this process may use. */
static cpu_set_t processor(u32 n)
{
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && n-- == 0)
            CPU_SET(cpu, &one);
    return one;
}

/* Signals stay with the caller: the workers block all of them. */
static void start_worker(struct pool *pool, u32 rank, uint8_t *stack, const cpu_set_t *where)
{
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (!failed)
        failed = pthread_attr_setstack(&attributes, stack, TEAM_STACK_BYTES);
    if (!failed && where)
        failed = pthread_attr_setaffinity_np(&attributes, sizeof *where, where);
    if (!failed)
        failed = pthread_create(&pool->workers[rank].thread, &attributes, worker_main,
                                &pool->workers[rank]);
    if (failed)
        die(EXIT_FAILED, "cannot start thread %u of %u: %s; give fewer with --threads", rank + 1,
            pool->started, strerror(failed));
    pthread_attr_destroy(&attributes);
}

void team_start(struct pool *pool, u32 threads)
{
    memset(pool, 0, sizeof *pool);
    pool->team.threads = threads;
    pool->team.crowded = threads > team_processors();
    pool->started = pool->used = threads;
    pool->pinned = threads == allowed_processors();
    for (u32 rank = 0; rank < threads; rank++) {
        pool->workers[rank].pool = pool;
        pool->workers[rank].run.team = &pool->team;
        pool->workers[rank].run.rank = rank;
        pool->workers[rank].run.threads = threads;
    }
    cpu_set_t places[TEAM_MOST_THREADS];
    for (u32 rank = 0; rank < threads && pool->pinned; rank++)
        places[rank] = processor(rank);
    if (threads > 1) {
        pool->stacks = arena_reserve("threads", team_stack_bytes(threads));
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        for (u32 rank = 1; rank < threads; rank++)
            start_worker(pool, rank, arena_take(&pool->stacks, TEAM_STACK_BYTES),
                         pool->pinned ? &places[rank] : NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (pool->pinned)
        sched_setaffinity(0, sizeof places[0], &places[0]);
}

bool team_pin(struct pool *pool)
{
    if (pool->pinned)
        return true;
    if (pool->started > allowed_processors())
        return false;
    cpu_set_t places[TEAM_MOST_THREADS]; /* all of them, before this thread's are fewer */
    for (u32 rank = 0; rank < pool->started; rank++)
        places[rank] = processor(rank);
    pool->pinned = sched_setaffinity(0, sizeof places[0], &places[0]) == 0;
    for (u32 rank = 1; rank < pool->started; rank++)
        pool->pinned &= pthread_setaffinity_np(pool->workers[rank].thread, sizeof places[rank],
                                               &places[rank]) == 0;
    return pool->pinned;
}

void team_use(struct pool *pool, u32 threads)
{
    pool->used = threads;
    pool->team.threads = threads;
    for (u32 rank = 0; rank < pool->started; rank++)
        pool->workers[rank].run.threads = threads;
}

/* Lets the workers take up pool->work; does the caller's part of it; waits for the others. */
void team_run(struct pool *pool, team_work *work, void *context)
{
    if (pool->started == 1) {
        work(&pool->workers[0].run, context);
        return;
    }
    pool->work = work;
    pool->context = context;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    atomic_fetch_add(&pool->order, 1);
    team_wake(&pool->order, &pool->idle);
    work(&pool->workers[0].run, context);
    for (unsigned done; (done = atomic_load(&pool->done)) != pool->started - 1;)
        team_await(&pool->done, done, &pool->waiting, TEAM_SPINS, pool->team.crowded);
}

void team_stop(struct pool *pool)
{
    pool->work = NULL;
    atomic_fetch_add(&pool->order, 1);
    team_wake(&pool->order, &pool->idle);
    for (u32 rank = 1; rank < pool->started; rank++)
        pthread_join(pool->workers[rank].thread, NULL);
    arena_release(&pool->stacks);
}
