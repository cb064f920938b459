/* What the parts of the interpreter share: simt_launch.c runs threads, simt_memory.c and
 * simt_copy.c look at what they touch, simt_hooks.c is called by the compiler, simt_find.c keeps
 * the findings. */
#ifndef TESTS_SIMT_SIMT_INNER_H
#define TESTS_SIMT_SIMT_INNER_H

#include <stdbool.h>

#include "tests/simt/fiber.h"
#include "tests/simt/simt.h"

enum {
    SIMT_WARP = 32,
    SIMT_THREADS_MOST = 1024,
    SIMT_SLOTS = 64, /* blocks that can run at the same time */
    /* The least of the targets: compute capability 12.1; 9.0 has 227 KiB. */
    SIMT_SHARED_MOST = 99 * 1024,
    SIMT_PARAMS_MOST = 4096,
    SIMT_STACK_BYTES = 64 * 1024,
    SIMT_COPIES_MOST = 128,
};

/* Accesses are ordered by a clock that every meeting advances: of two accesses by threads of one
 * group, the earlier one is ordered before the later one if its time is before the group's last
 * meeting. That holds for whole launches and blocks too, which begin with a tick.
 *
 * What is known of 4 bytes of memory. An owner is the id of the last thread, the group that it
 * stands for (the smallest that holds all who own), a mask of the bytes, and whether the bytes are
 * of different owners, which are then not told apart. Memory of zeros is "never touched". */
struct simt_cell {
    u32 writer, written; /* owner and time; SIMT_PENDING: an asynchronous copy is to land here */
    u32 reader, read;
};
enum { SIMT_LEVEL_SHIFT = 25, SIMT_MIXED_SHIFT = 27, SIMT_MASK_SHIFT = 28 };
#define SIMT_ID_MASK ((1u << SIMT_LEVEL_SHIFT) - 1)
#define SIMT_PENDING UINT32_MAX
enum simt_level { LEVEL_THREAD, LEVEL_WARP, LEVEL_BLOCK, LEVEL_GRID };

struct simt_memory {
    uintptr_t base, end;
    enum simt_kind kind;
    struct simt_cell *cells; /* NULL for weights, which nothing writes */
    const char *name;
};

/* What a thread waits for; the names of WAIT_ are in simt_launch.c. */
enum simt_wait { WAIT_NOTHING, WAIT_BLOCK, WAIT_WARP, WAIT_SHUFFLE, WAIT_MATRIX, WAIT_DONE };

struct simt_copy {
    char *to;
    const char *from;
    u32 group;
    bool landed;
};

struct simt_warp {
    enum simt_wait what;
    u32 arrived, mask;
    u32 turn; /* of shuffles and products: their values lie in two sets by turns */
    u32 synced;
    uint64_t values[2][SIMT_WARP];
};

struct simt_thread {
    struct fiber fiber;
    u32 id, index; /* in the launch, in the block */
    struct simt_block *block;
    struct simt_warp *warp;
    char *stack;
    enum simt_wait wait;
    bool pdl_waited;
    u32 acquired; /* time */
    u32 copy_count, group;
    struct simt_copy copies[SIMT_COPIES_MOST]; /* on their way */
};

struct simt_block {
    u32 index, first_id, arrived, exited;
    u32 began, synced, acquired, acquired_by_some; /* times */
    char *shared;
    struct simt_cell *cells;
    struct simt_thread *threads;
    struct simt_warp warps[SIMT_THREADS_MOST / SIMT_WARP];
};

/* The launch that runs, and who runs in it; `self` is NULL outside of kernels. */
struct simt_launch_state {
    struct simt_thread *self;
    const struct simt_kernel *kernel;
    u32 blocks, threads, shared_bytes;
    u32 clock, began;
    uint64_t steps_left;
    bool pdl_waited; /* some thread has */
    bool given_up;
    struct simt_releases *releases; /* [blocks]; NULL: none so far, see simt_meet.c */
    _Alignas(64) char params[SIMT_PARAMS_MOST];
};
extern struct simt_launch_state simt_now;

/* One step of the budget; gives the launch up when it is spent. */
static inline void simt_step(void)
{
    void simt_out_of_steps(void);
    if (simt_now.steps_left-- == 0)
        simt_out_of_steps();
}

/* Advances the clock and returns the new time. */
u32 simt_tick(void);

/* ---- simt_schedule.c */
extern struct fiber simt_host;
void simt_ready_reset(void);

/* From now on this thread can run. */
void simt_wake(struct simt_thread *t);

/* On the host: runs threads until one goes back to it. False when none can run or the launch has
 * been given up. */
bool simt_run_ready(void);

/* In a thread: leaves it for another one, or for the host when none can run; returns when it has
 * been woken and chosen. */
void simt_go_on(void);
void simt_go_to_host(void);

/* Lets other threads run first. */
void simt_yield(void);

/* Ends the launch from within a thread, which has found what makes going on senseless. */
void simt_give_up(void) __attribute__((noreturn));

/* A number below `count`, by the seed of the schedule; 0 in order. */
u32 simt_random(u32 count);
bool simt_by_chance(void);

/* Looks at one access of the running thread. Gives the launch up when the address is none of its
 * memory. `load` is SIMT_LOAD_WEIGHTS for loads that only weights may be read with. */
enum simt_access { ACCESS_READ, ACCESS_WRITE };
void simt_access(const void *at, size_t bytes, enum simt_access access, enum simt_load load);

/* The same for a word that is accessed atomically: no races are looked for. */
void simt_access_word(const u32 *word, enum simt_access access);

/* Whether words that one block released and another acquired order what was done at `time`, before
 * what `t`, of another block, does now: by thread `id`, or, at higher levels, by its group. */
bool simt_ordered_by_words(const struct simt_thread *t, u32 id, enum simt_level level, u32 time);

/* Starts one more block, if there is room and one is left. */
void simt_start_block(void);

/* The 16 bytes at `to` in shared memory: an asynchronous copy begins, and has landed. */
void simt_copy_begins(void *to);
void simt_copy_lands(void *to);
bool simt_in_shared(const void *at, size_t bytes);

/* Copies of a thread that has come to its end. */
void simt_copies_at_exit(void);

/* Clears the line, prints, ends the program: for mistakes of the test itself. */
void simt_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
