/* The team of threads that executes one step together, and the barrier at the end of each
 * operation.
 *
 * Work is split statically by rank, so which thread computes what never depends on timing; and no
 * output element is ever split between threads, so it does not depend on the thread count either.
 */
#ifndef KERNELS_CPU_TEAM_H
#define KERNELS_CPU_TEAM_H

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/run.h"

struct team {
    _Alignas(LINE_BYTES) atomic_uint arrived; /* threads waiting at the current barrier */
    _Alignas(LINE_BYTES) atomic_uint phase;   /* completed barriers, modulo 2^32 */
    _Alignas(LINE_BYTES) atomic_uint asleep;  /* threads that gave up spinning */
    u32 threads;
    bool crowded; /* more threads than processors: yield instead of spinning */
};

/* How often a thread looks before it sleeps: about 0.2 ms, longer than running threads wait for one
 * another, so a steady decode makes no system call here. Who waits longer waits for a thread whose
 * processor another program has got, and had better give up its own: spinning on made a step on a
 * busy machine several times slower. */
enum { TEAM_SPINS = 1 << 13 };

static inline void team_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits until *word is not `seen` any more: looks `spins` times, then sleeps. Acquires what was
 * written before the change. The increment of `asleep` comes before the kernel's look at *word, and
 * the change of *word before team_wake()'s look at `asleep`: one of the two sees the other. */
static __attribute__((noinline, unused)) void team_await(atomic_uint *word, unsigned seen,
                                                         atomic_uint *asleep, u32 spins, bool yield)
{
    for (u32 spin = 0; spin < spins; spin++) {
        if (atomic_load_explicit(word, memory_order_acquire) != seen)
            return;
        if (yield)
            sched_yield();
        else
            team_relax();
    }
    atomic_fetch_add(asleep, 1);
    while (atomic_load(word) == seen)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_fetch_sub(asleep, 1);
}

/* Wakes who sleeps on `word`, which was changed by a sequentially consistent store. */
static inline void team_wake(atomic_uint *word, atomic_uint *asleep)
{
    if (atomic_load(asleep) > 0)
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* Orders everything that any thread wrote before the barrier ahead of everything that any thread
 * reads after it: the last arrival's store to `phase` pairs with the others' acquire. */
static inline void team_barrier(const run *r)
{
    struct team *t = r->team;
    if (t->threads == 1)
        return;
    unsigned phase = atomic_load_explicit(&t->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel) + 1 == t->threads) {
        atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
        atomic_store(&t->phase, phase + 1);
        team_wake(&t->phase, &t->asleep);
        return;
    }
    team_await(&t->phase, phase, &t->asleep, TEAM_SPINS, t->crowded);
}

/* The part of `count` equal pieces that this thread does: [*first, *last). */
static inline void team_share(const run *r, u32 count, u32 *first, u32 *last)
{
    *first = (u32)((uint64_t)count * r->rank / r->threads);
    *last = (u32)((uint64_t)count * (r->rank + 1) / r->threads);
}

#endif
