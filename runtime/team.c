#define _GNU_SOURCE
#include "runtime/team.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/arena.h"
#include "runtime/die.h"

enum { SPIN_NANOSECONDS = 20 * 1000 * 1000, SPINS_PER_LOOK = 512 };

static int64_t now_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* through the vDSO: no system call */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

u32 team_processors(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return 1;
    int count = CPU_COUNT(&allowed);
    return count > 0 ? (u32)count : 1;
}

uint64_t team_stack_bytes(u32 threads)
{
    return (uint64_t)(threads - 1) * TEAM_STACK_BYTES;
}

static void sleep_until_changed(struct pool *pool, unsigned seen)
{
    /* The increment of `asleep` is ordered before the kernel's look at `order`, and team_run()'s
     * store to `order` before its look at `asleep`: one of the two sees the other. */
    atomic_fetch_add(&pool->asleep, 1);
    while (atomic_load(&pool->order) == seen)
        syscall(SYS_futex, &pool->order, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_fetch_sub(&pool->asleep, 1);
}

/* Returns the new value of `order` once it differs from `seen`. */
static unsigned await_order(struct pool *pool, unsigned seen)
{
    int64_t start = now_nanoseconds();
    for (;;) {
        for (int spin = 0; spin < SPINS_PER_LOOK; spin++) {
            unsigned order = atomic_load_explicit(&pool->order, memory_order_acquire);
            if (order != seen)
                return order;
            if (pool->team.crowded)
                sched_yield();
            else
                team_relax();
        }
        if (now_nanoseconds() - start > SPIN_NANOSECONDS)
            sleep_until_changed(pool, seen);
    }
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    unsigned seen = 0;
    for (;;) {
        seen = await_order(pool, seen);
        team_work *work = pool->work;
        if (!work)
            return NULL;
        if (worker->run.rank < pool->used)
            work(&worker->run, pool->context);
        /* Orders this thread's writes ahead of the acquire of `done` in team_run(); threads
         * that sit this one out report too, so that none can meet the next order early. */
        atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
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
    u32 processors = team_processors();
    pool->team.threads = threads;
    pool->team.crowded = threads > processors;
    pool->started = pool->used = threads;
    pool->pinned = threads == processors;
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
        struct arena stacks = arena_reserve("threads", team_stack_bytes(threads));
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        for (u32 rank = 1; rank < threads; rank++)
            start_worker(pool, rank, arena_take(&stacks, TEAM_STACK_BYTES),
                         pool->pinned ? &places[rank] : NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (pool->pinned)
        sched_setaffinity(0, sizeof places[0], &places[0]);
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
    if (atomic_load(&pool->asleep) > 0)
        syscall(SYS_futex, &pool->order, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    work(&pool->workers[0].run, context);
    while (atomic_load_explicit(&pool->done, memory_order_acquire) != pool->started - 1) {
        if (pool->team.crowded)
            sched_yield();
        else
            team_relax();
    }
}

void team_stop(struct pool *pool)
{
    pool->work = NULL;
    atomic_fetch_add(&pool->order, 1);
    syscall(SYS_futex, &pool->order, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    for (u32 rank = 1; rank < pool->started; rank++)
        pthread_join(pool->workers[rank].thread, NULL);
}
