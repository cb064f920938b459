/* The pool of threads behind one team: they are started once, pinned, and then execute one piece
 * of work after another, all of them the same one at the same time.
 *
 * The caller is rank 0. Between two pieces of work the others spin for some 5 ms before they sleep,
 * so a steady decode makes no system call here, and an idle program no heat. */
#ifndef RUNTIME_ENGINE_TEAM_H
#define RUNTIME_ENGINE_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/cpu/team.h"
#include "runtime/base/run.h"
#include "runtime/engine/arena.h"

enum { TEAM_MOST_THREADS = 256, TEAM_STACK_BYTES = 512 * 1024 };

/* What every thread executes; `context` is the same pointer for all. */
typedef void team_work(run *r, void *context);

struct pool;

struct worker {
    _Alignas(LINE_BYTES) run run;
    struct pool *pool;
    pthread_t thread; /* not for rank 0 */
};

struct pool {
    struct team team;                       /* the barrier, over the threads in use */
    _Alignas(LINE_BYTES) atomic_uint order; /* counts the pieces of work ordered */
    _Alignas(LINE_BYTES) atomic_uint done;  /* workers that finished the current one */
    _Alignas(LINE_BYTES) atomic_uint idle;  /* workers asleep until the next order */
    atomic_uint waiting;                    /* 1: the caller sleeps until all are done */
    team_work *work;                        /* NULL: leave */
    void *context;
    u32 started;         /* threads that exist, the caller included */
    u32 used;            /* threads that take part: team_use() */
    struct arena stacks; /* of the workers */
    bool pinned;
    struct worker workers[TEAM_MOST_THREADS];
};

/* Processors that this process may keep busy, at least 1: those it may run on, or fewer where its
 * container has a smaller CPU quota. */
u32 team_processors(void);

/* Bytes of stack that `threads` threads take, for the memory plan. */
uint64_t team_stack_bytes(u32 threads);

/* Starts `threads` threads, 1 ..= TEAM_MOST_THREADS, on stacks reserved here. If they are as many
 * as the processors that this process may run on, each gets one to itself (so `taskset` chooses the
 * processors of a smaller team); fewer are left to the scheduler, and more than team_processors()
 * yield instead of spinning.
 * Exits with EXIT_FAILED if a thread cannot be started. The pool must not move afterwards. */
void team_start(struct pool *pool, u32 threads);

/* Gives each thread a processor to itself, if they are not more than those. False: they are. */
bool team_pin(struct pool *pool);

/* From the next piece of work on, only `threads` of the started threads take part. */
void team_use(struct pool *pool, u32 threads);

/* Executes work(r, context) on every thread in use and returns when all have returned. Everything
 * written before the call is seen by the work, and everything it wrote by the caller. */
void team_run(struct pool *pool, team_work *work, void *context);

/* Ends and joins the threads, and gives their stacks back. */
void team_stop(struct pool *pool);

#endif
