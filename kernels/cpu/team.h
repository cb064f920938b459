/* The team of threads that executes one step together, and the barrier at the end of each
 * operation.
 *
 * Work is split statically by rank, so which thread computes what never depends on timing; and no
 * output element is ever split between threads, so it does not depend on the thread count either.
 */
#ifndef KERNELS_CPU_TEAM_H
#define KERNELS_CPU_TEAM_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/run.h"

struct team {
    _Alignas(LINE_BYTES) atomic_uint arrived; /* threads waiting at the current barrier */
    _Alignas(LINE_BYTES) atomic_uint phase;   /* completed barriers, modulo 2^32 */
    u32 threads;
    bool crowded; /* more threads than processors: yield instead of spinning */
};

static inline void team_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Orders everything that any thread wrote before the barrier ahead of everything that any thread
 * reads after it: the last arrival's release of `phase` pairs with the others' acquire. */
static inline void team_barrier(const run *r)
{
    struct team *t = r->team;
    if (t->threads == 1)
        return;
    unsigned phase = atomic_load_explicit(&t->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel) + 1 == t->threads) {
        atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&t->phase, phase + 1, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&t->phase, memory_order_acquire) == phase) {
        if (t->crowded)
            sched_yield();
        else
            team_relax();
    }
}

/* The part of `count` equal pieces that this thread does: [*first, *last). */
static inline void team_share(const run *r, u32 count, u32 *first, u32 *last)
{
    *first = (u32)((uint64_t)count * r->rank / r->threads);
    *last = (u32)((uint64_t)count * (r->rank + 1) / r->threads);
}

#endif
