/* An interpreter of CUDA kernels for a machine without a GPU: every thread of a grid is a fiber.
 *
 * Kernels are compiled by the host compiler (kernels/cuda/device.h over simt_device.h) with a hook
 * at each of their loads and stores, so that every access of memory is looked at, not only those
 * that go through a function of device.h. What breaks a rule is a finding: text, and a count.
 *
 * - bounds: an access lies in memory that was added, in the shared memory that the launch asked
 *   for, in this thread's stack, or reads constants of the program
 * - races: two threads touch the same bytes, one of them writes, and no barrier lies between; of
 *   two blocks: always, unless one released a word that the other acquired since. Without such
 *   words this does not depend on the order that was run
 * - unwritten: shared memory is written before it is read; it and new memory start as NaN
 * - alignment: accesses of 16 bytes, and of every type, are aligned
 * - weights: no kernel writes them; load_weights16() reads nothing else
 * - pdl: before pdl_wait() a thread touches no global memory but weights; and some thread of every
 *   kernel waits, or the next kernel could end before the one before this one
 * - copies: copy_async16() lands late, at a random time up to the wait; neither end is touched
 *   before it; none is on its way when a thread exits
 * - meetings: all threads of the block (barrier) or warp (barrier, shuffle) come, to the same thing
 * - steps: a launch ends within the budget of steps
 *
 * A finding after which going on makes no sense (threads that wait for ever, an access outside)
 * gives the launch up. Two things are not seen: what a library function called by a kernel touches
 * (memcpy of a length that is no small constant), and a race of two threads of one group for halves
 * of a word that both have touched. One thread of the host. */
#ifndef TESTS_SIMT_SIMT_H
#define TESTS_SIMT_SIMT_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- for tests and for a launcher ----------------------------------------------------------- */
enum simt_kind {
    SIMT_WEIGHTS,  /* kernels read it, also before pdl_wait(), and never write it */
    SIMT_ORDINARY, /* all other global memory */
};

/* Tells that kernels may access these bytes; `name` (a literal) stands in findings. Contents are
 * left alone. Removing takes the same pointer; adding memory twice ends the program. */
void simt_memory_add(const void *memory, size_t bytes, enum simt_kind kind, const char *name);
void simt_memory_remove(const void *memory);

/* New memory, 256-byte aligned, added, every byte 0xff (NaN as f32, f16 and bf16); simt_memory_free
 * removes it and gives it back. Ends the program when there is none. */
void *simt_memory_new(size_t bytes, enum simt_kind kind, const char *name);
void simt_memory_free(void *memory);

/* What a launch does with the time: in order (seed 0: threads run from barrier to barrier, blocks
 * ascending; the fastest) or by chance (any other seed: threads, blocks, landing of copies). Holds
 * for later launches. */
void simt_schedule(uint64_t seed);

/* Steps (switches and accesses of memory) that one launch may take; 0: the default, 2^31. */
void simt_budget(uint64_t steps);

/* Runs the kernel with this handle (its address), from its first thread to its last; `params` is
 * its one parameter and is copied. Returns whether it ran to the end; a handle that is no kernel,
 * too many threads or too much shared memory is a finding and does not run. */
int simt_launch(const void *handle, u32 blocks, u32 threads, u32 shared_bytes, const void *params);

/* Findings since the start or the last simt_forget(): how many, and the text of the first of them,
 * a line each ("" when there are none). */
uint64_t simt_findings(void);
const char *simt_report(void);
void simt_forget(void);

/* Adds a finding; printf. For what a fake of the CUDA runtime finds. */
void simt_find(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What KERNEL registers. simt_kernel_of() is NULL for a handle that is no kernel. */
struct simt_kernel {
    const void *handle;
    const char *name;
    size_t params_bytes;
    u32 threads; /* the most of a block */
    void (*thunk)(const void *params);
    struct simt_kernel *next;
};
void simt_register(struct simt_kernel *kernel);
const struct simt_kernel *simt_kernel_of(const void *handle);

/* Called for every loop_continue() of a kernel; NULL (at the start): it is a finding. */
typedef void simt_conditional(uint64_t handle, u32 value);
void simt_on_conditional(simt_conditional *call);

/* ---- for simt_device.h: what threads call --------------------------------------------------- */
enum simt_load { SIMT_LOAD_ANY, SIMT_LOAD_WEIGHTS, SIMT_LOAD_HOST };

/* const: the same for as long as a thread lives. */
u32 simt_thread_index(void) __attribute__((const));
u32 simt_block_index(void) __attribute__((const));
u32 simt_block_threads(void) __attribute__((const));
u32 simt_grid_blocks(void) __attribute__((const));
void *simt_shared_memory(void) __attribute__((const));

void simt_block_barrier(void);
void simt_warp_barrier(void);
uint64_t simt_warp_xor(uint64_t value, u32 mask);

/* C[16][8] += A[16][16] B[16][8] of a warp, of which this lane has 8 elements of A, 4 of B and 4 of
 * C as device.h says; each of C is a chain of fused multiply-adds over ascending columns of A. */
void simt_warp_mma(f32 *c, const f32 *a, const f32 *b);
void simt_load16(u32 *words, const void *from, enum simt_load what);
void simt_store16(void *to, const u32 *words);
void simt_copy_async16(void *shared, const void *global);
void simt_copy_async_commit(void);
void simt_copy_async_wait(u32 pending);
void simt_pdl_wait(void);
void simt_pdl_trigger(void);
void simt_loop_continue(uint64_t handle, u32 value);
void simt_store_release(u32 *word, u32 value);
u32 simt_load_acquire(const u32 *word);
uint64_t simt_load_host(const uint64_t *word, bool acquires);
u32 simt_atomic_add(u32 *word, u32 add);
uint64_t simt_time_ns(void);

#ifdef __cplusplus
}
#endif

#endif
