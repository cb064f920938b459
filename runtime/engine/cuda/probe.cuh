/* What a GPU can give at best: kernels that measure the machine, not a model.
 *
 *   probe_read           reads memory as the matrix kernels read weights, and nothing else
 *   probe_nothing        a kernel of a chain: what it costs is what every kernel costs
 *   probe_carved_kernel  the same, for which the host prefers as much shared memory as there is
 *   probe_again          the last kernel of a loop that runs on the device
 *   probe_meet           all blocks of a grid wait for each other, again and again
 *   probe_clock          how finely the device's clock counts
 *
 * Each leaves a result that is right only if it did its work: a sum, a count of kernels, of
 * meetings, of ticks. */
#ifndef RUNTIME_ENGINE_CUDA_PROBE_CUH
#define RUNTIME_ENGINE_CUDA_PROBE_CUH

#include "kernels/cuda/device.h"

enum {
    PROBE_READ_THREADS = 512,
    PROBE_READ_AHEAD = 8,  /* loads of a thread that are on their way together */
    PROBE_READ_BLOCKS = 4, /* per multiprocessor: 2048 threads of it, all it can hold */
    PROBE_NOTHING_THREADS = 256,
    PROBE_MEET_THREADS = 256,
    PROBE_CLOCK_TICKS = 64,
};

/* read:  sums[warp] <- sum of the 32-bit words that the warp reads, modulo 2^32
 *
 *   Shapes   memory: `vectors` times 16 bytes, 16-byte aligned, written by nobody meanwhile;
 *            sums u32 [blocks * PROBE_READ_THREADS / 32]
 *   Grid     any number of blocks; they take turns of PROBE_READ_AHEAD vectors per thread
 *   Moves    every byte of memory once, past L1
 *   Order    integers: any */
struct probe_read {
    const void *memory;
    uint64_t vectors;
    u32 *sums;
};

DEVICE u32 probe_sum(struct vec16 v)
{
    return v.word[0] + v.word[1] + v.word[2] + v.word[3];
}

KERNEL(probe_read_kernel, struct probe_read, PROBE_READ_THREADS)
{
    const uint64_t all = (uint64_t)grid_blocks() * PROBE_READ_THREADS;
    const uint64_t mine = (uint64_t)block_index() * PROBE_READ_THREADS + thread_index();
    const char *const memory = (const char *)p.memory;
    u32 sum = 0;
    pdl_wait();
    uint64_t at = mine;
    for (; at + (PROBE_READ_AHEAD - 1) * all < p.vectors; at += PROBE_READ_AHEAD * all) {
        struct vec16 v[PROBE_READ_AHEAD];
        UNROLL
        for (u32 i = 0; i < PROBE_READ_AHEAD; i++)
            v[i] = load_weights16(memory + (at + i * all) * 16);
        UNROLL
        for (u32 i = 0; i < PROBE_READ_AHEAD; i++)
            sum += probe_sum(v[i]);
    }
    for (; at < p.vectors; at += all)
        sum += probe_sum(load_weights16(memory + at * 16));
    UNROLL
    for (u32 mask = WARP / 2; mask > 0; mask /= 2)
        sum += warp_xor_u32(sum, mask);
    if (warp_lane() == 0)
        p.sums[mine / WARP] = sum;
}

/* nothing:  *count <- *count + 1
 *
 *   Grid     any; one block as wide as the device is filled with is what a small operation is
 *   Means    after n of them in a chain the count is n more, or one did not wait for the one before
 */
struct probe_nothing {
    u32 *count;
};

DEVICE void probe_count(u32 *count)
{
    pdl_trigger();
    pdl_wait();
    if (block_index() == 0 && thread_index() == 0)
        *count = *count + 1;
}

KERNEL(probe_nothing_kernel, struct probe_nothing, PROBE_NOTHING_THREADS)
{
    probe_count(p.count);
}

KERNEL(probe_carved_kernel, struct probe_nothing, PROBE_NOTHING_THREADS)
{
    probe_count(p.count);
}

/* again:  the conditional node of `loop` runs again while *count < most
 *
 *   Grid     one thread does it */
struct probe_again {
    const u32 *count;
    u32 most;
    cudaGraphConditionalHandle loop;
};

KERNEL(probe_again_kernel, struct probe_again, WARP)
{
    pdl_trigger();
    pdl_wait();
    if (thread_index() == 0)
        loop_continue(p.loop, *p.count < p.most);
}

/* meet:  `rounds` times: every block comes to a counter in memory, none goes on before all have
 *
 *   Shapes   counter: 0 before; afterwards rounds * blocks. late: 0, and stays it. came u32
 *            [blocks]
 *   Grid     at most as many blocks as the device holds at the same time: launched cooperatively
 *   Moves    one atomic addition per block and round, and reads until the last one has come
 *   Checked  every block writes down in came[] that it comes, and counts in `late` what it does not
 *            see of its neighbour: takes longer, so not what is timed */
struct probe_meet {
    u32 *counter, *late, *came;
    u32 rounds, checked;
};

KERNEL(probe_meet_kernel, struct probe_meet, PROBE_MEET_THREADS)
{
    const u32 blocks = grid_blocks(), next = (block_index() + 1) % blocks;
    pdl_wait();
    for (u32 round = 1; round <= p.rounds; round++) {
        if (p.checked && thread_index() == 0)
            store_release_system(&p.came[block_index()], round);
        block_barrier(); /* what the block's threads wrote before they meet; read by other blocks */
        if (thread_index() == 0) {
            atomic_add_u32(p.counter, 1);
            while (load_acquire_u32(p.counter) < round * blocks)
                continue;
        }
        block_barrier(); /* what other blocks wrote before they met; read by this block's threads */
        if (p.checked && thread_index() == 0 && load_acquire_u32(&p.came[next]) < round)
            atomic_add_u32(p.late, 1);
    }
}

/* clock:  ticks[i] <- nanoseconds from one value of the device's clock to the next, different one
 *
 *   Shapes   ticks u32 [PROBE_CLOCK_TICKS]
 *   Grid     one thread does it */
struct probe_clock {
    u32 *ticks;
};

KERNEL(probe_clock_kernel, struct probe_clock, WARP)
{
    pdl_wait();
    if (thread_index() != 0)
        return;
    uint64_t before = global_time_ns();
    for (u32 i = 0; i < PROBE_CLOCK_TICKS; i++) {
        uint64_t now = before;
        while (now == before)
            now = global_time_ns();
        p.ticks[i] = (u32)(now - before);
        before = now;
    }
}

#endif
