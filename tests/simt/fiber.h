/* Fibers: stacks that one thread of the host switches between, in a few nanoseconds.
 *
 * x86-64 and aarch64, System V calling conventions: a switch saves the registers that a function
 * call keeps, and no more. The floating point environment is shared by all. */
#ifndef TESTS_SIMT_FIBER_H
#define TESTS_SIMT_FIBER_H

#include <stddef.h>

struct fiber {
    void *sp;           /* while it does not run */
    const void *bottom; /* of its stack; unknown for the host's own until it is first left */
    size_t bytes;
    void *sanitizer; /* what AddressSanitizer keeps of it */
};

/* Makes `f` begin with entry() on this stack, 16-byte aligned at both ends, at the first switch to
 * it. entry() must not return. */
void fiber_make(struct fiber *f, void *stack, size_t bytes, void (*entry)(void));

/* Leaves the running fiber, whose place is kept in `from`, and goes on with `to`. Returns when
 * something switches to `from`. */
void fiber_switch(struct fiber *from, struct fiber *to);

/* The first thing a fiber's entry() does: tells that the switch from `from` has arrived. */
void fiber_arrive(struct fiber *from);

#endif
