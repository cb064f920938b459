/* Kernels for the interpreter's own test: one that is right and uses every name of device.h, and
 * the same with one mistake, which `planted` chooses. nvcc compiles them too. */
#ifndef TESTS_SIMT_PLANTED_CUH
#define TESTS_SIMT_PLANTED_CUH

#include "kernels/cuda/device.h"

enum planted {
    NOTHING,
    NO_BARRIER,        /* the sum reads the warps' parts without a barrier */
    NO_SECOND_BARRIER, /* the parts of one row overwrite those of the last while they are read */
    HALF_BARRIER,      /* only half of the threads come to the barrier */
    EARLY_EXIT,        /* a thread returns before a barrier */
    LANE_MISSING,      /* a lane does not come to the shuffle */
    MASKS_DIFFER,      /* lanes shuffle with different masks */
    MMA_FOR_SHUFFLE,   /* a lane multiplies where the others shuffle */
    NO_COPY_WAIT,      /* the copied row is read before it has landed */
    COPY_IN_FLIGHT,    /* a thread exits before its copy has landed */
    NO_COPY_BARRIER,   /* other threads' copies are read behind one's own wait alone */
    STORE_OUTSIDE,     /* a plain store one element past y */
    STORE16_OUTSIDE,   /* store16 that reaches beyond the end */
    SHARED_OUTSIDE,    /* the launch asks for too little shared memory */
    LOAD_MISALIGNED,   /* load16 on 4 bytes */
    FLOAT_MISALIGNED,  /* a float on 2 bytes */
    RACE_OF_BLOCKS,    /* every block stores its sum in y[0] */
    READ_OF_BLOCKS,    /* a block reads what the one before it writes */
    NO_PDL_WAIT,       /* x is read before pdl_wait() */
    NEVER_WAITS,       /* a kernel that touches only weights and never waits */
    UNWRITTEN,         /* a part that no warp has written */
    WRITES_WEIGHTS,    /* a store to weights */
    WEIGHTS_OF_X,      /* load_weights16 of what a kernel writes */
    NULL_POINTER,      /* a store through NULL */
    HOST_MEMORY,       /* a load from a variable of the host */
    SPINS,             /* waits for a word that nobody changes */
    COPY_SOURCE,       /* the source of a copy is overwritten before the copy is waited for */
    COPY_SOURCE_LATER, /* the same, but a barrier lies between the copy's begin and the store */
    COPY_MISALIGNED,   /* a copy from 8 bytes off */
    WARP_DIVIDES,      /* half of a warp comes to the barrier of the warp, half to a shuffle */
    PLANTED,
};

/* y[row] = 1/sqrt(1 + sum over K of (w x)^2), row = block, block + blocks, ..; K = 4 threads. */
struct planted_params {
    const f32 *w; /* [K], weights */
    const f32 *x; /* [rows][K] */
    f32 *y;       /* [rows] */
    u32 *word;    /* that the host looks at */
    f32 *none;
    f32 *host;
    cudaGraphConditionalHandle loop;
    u32 rows;
    enum planted planted;
};

enum { PLANTED_THREADS = 128, PLANTED_K = 4 * PLANTED_THREADS };

struct planted_shared {
    f32 row[PLANTED_K];
    f32 part[PLANTED_THREADS / WARP];
};

DEVICE f32 planted_product(const struct planted_params *p, struct planted_shared *s, struct vec16 w)
{
    const u32 t = thread_index(), from = p->planted == NO_COPY_BARRIER ? t ^ 1 : t;
    const struct vec16 x = load16(s->row + 4 * from);
    f32 sum = 0;
    UNROLL
    for (u32 i = 0; i < 4; i++) {
        const f32 product = as_f32(w.word[i]) * as_f32(x.word[i]);
        sum = k_fma(product, product, sum);
    }
    return sum;
}

/* The sum over the block, in all threads. */
DEVICE f32 planted_sum(const struct planted_params *p, struct planted_shared *s, f32 sum)
{
    for (u32 mask = WARP / 2; mask > 0; mask /= 2) {
        if (p->planted == LANE_MISSING && warp_lane() == 7)
            continue;
        if (p->planted == MMA_FOR_SHUFFLE && warp_lane() == 7) {
            const u32 zeros[4] = {};
            f32 c[4] = {};
            mma_bf16(c, zeros, zeros);
        }
        sum += warp_xor(sum, p->planted == MASKS_DIFFER && warp_lane() == 7 ? mask ^ 3 : mask);
    }
    if (warp_lane() == 0 && !(p->planted == UNWRITTEN && warp_index() == 1))
        s->part[warp_index()] = sum;
    if (p->planted != NO_BARRIER && !(p->planted == HALF_BARRIER && thread_index() >= 64))
        block_barrier(); /* part: every warp's first lane writes it, all threads read it */
    f32 all = 0;
    for (u32 i = 0; i < PLANTED_THREADS / WARP; i++)
        all += s->part[i];
    if (p->planted != NO_SECOND_BARRIER)
        block_barrier(); /* part: read here, written again for the next row */
    return all;
}

DEVICE void planted_store(const struct planted_params *p, struct planted_shared *s, u32 row, f32 y)
{
    if (thread_index() != 0)
        return;
    p->y[p->planted == RACE_OF_BLOCKS ? 0 : row] = k_rsqrt(1.0f + y);
    switch (p->planted) {
    case STORE_OUTSIDE:
        p->y[p->rows] = 1;
        break;
    case STORE16_OUTSIDE:
        store16(p->y + p->rows / 4 * 4, load16(s->row));
        break;
    case LOAD_MISALIGNED:
        p->y[row] = as_f32(load16(s->row + 1).word[0]);
        break;
    case FLOAT_MISALIGNED:
        p->y[row] = *(f32 *)(void *)((char *)s->row + 2);
        break;
    case READ_OF_BLOCKS:
        p->y[row] += p->y[(row + 1) % p->rows];
        break;
    case WRITES_WEIGHTS:
        ((f32 *)p->w)[row] = 1;
        break;
    case WEIGHTS_OF_X:
        p->y[row] = as_f32(load_weights16(p->x).word[0]);
        break;
    case NULL_POINTER:
        *p->none = 1;
        break;
    case HOST_MEMORY:
        p->y[row] = *p->host;
        break;
    case SPINS:
        while (load_acquire_u32(p->word) != 77)
            ;
        break;
    default:
        break;
    }
}

KERNEL(planted_kernel, struct planted_params, PLANTED_THREADS)
{
    struct planted_shared *s = (struct planted_shared *)shared_memory();
    const u32 t = thread_index();
    pdl_trigger();
    const struct vec16 w = load_weights16(p.w + 4 * t);
    if (p.planted == NEVER_WAITS)
        return;
    if (p.planted == NO_PDL_WAIT && t == 5 && p.x[0] == 0.0f)
        return;
    pdl_wait();
    if (p.planted == EARLY_EXIT && t == 9)
        return;
    for (u32 row = block_index(); row < p.rows; row += grid_blocks()) {
        if (p.planted == NO_COPY_WAIT)
            store16(s->row + 4 * t, w); /* numbers, which a copy that is to land here hides */
        copy_async16(s->row + 4 * t, p.x + (size_t)row * PLANTED_K + 4 * t +
                                         (p.planted == COPY_MISALIGNED ? 2 : 0));
        copy_async_commit();
        if (p.planted == COPY_IN_FLIGHT)
            continue;
        if (p.planted == COPY_SOURCE_LATER)
            block_barrier();
        if (p.planted == COPY_SOURCE || p.planted == COPY_SOURCE_LATER)
            store16((f32 *)p.x + (size_t)row * PLANTED_K + 4 * (t ^ 1), w);
        if (p.planted == WARP_DIVIDES && warp_lane() < 16)
            warp_barrier();
        else if (p.planted == WARP_DIVIDES)
            (void)warp_xor(0, 0);
        copy_async_wait(p.planted == NO_COPY_WAIT ? 1 : 0);
        const f32 sum = planted_sum(&p, s, planted_product(&p, s, w));
        planted_store(&p, s, row, sum);
    }
}

/* Everything else of device.h, in one block of two warps: y[64][EVERY] words. */
enum { EVERY = 10 };
struct every_params {
    const f32 *w; /* [64] */
    u32 *y;
    u32 *word;
    const uint64_t *host; /* written by nobody but the host */
    cudaGraphConditionalHandle loop;
};

KERNEL(every_kernel, struct every_params, 64)
{
    const u32 t = thread_index();
    u32 *row = (u32 *)shared_memory(), *y = p.y + EVERY * t;
    const uint64_t host = load_host(p.host);
    pdl_wait();
    row[t] = warp_xor_u32(100 * warp_index() + warp_lane(), 5);
    warp_barrier(); /* row: a lane writes its own word, its neighbour reads it */
    y[0] = row[t ^ 1];
    const uint64_t wide = warp_xor_u64((uint64_t)t << 40 | t, 31);
    y[1] = (u32)(wide >> 40) << 8 | (u32)wide;
    y[2] = narrow_f16(p.w[t]);
    y[3] = narrow_bf16(p.w[t]);
    y[4] = as_u32(widen_f16(y[2]));
    y[5] = as_u32(widen_bf16(y[3]));
    y[6] = as_u32(k_div(p.w[t], 3.0f));
    y[7] = as_u32(k_sqrt(p.w[t] * p.w[t]));
    y[8] = as_u32((f32)d_fma(p.w[t], p.w[t], -1.0));
    y[9] = as_u32(k_rsqrt(1.0f + p.w[t] * p.w[t]));
    if (t == 0) {
        loop_continue(p.loop, 3);
        const uint64_t start = global_time_ns();
        const u32 same = load_host_acquire(p.host) == host;
        store_release_system(p.word, (u32)(host >> 32) + same + (global_time_ns() >= start));
    }
}

/* Blocks that meet at a word, `rounds` times: in each, every block adds to all slots of its own
 * what its neighbour has; `planted` SPINS: one block does not come, RACE_OF_BLOCKS: none waits. */
struct grid_params {
    u32 *values; /* [2][blocks][32] */
    u32 *word;   /* 0 */
    u32 rounds;
    enum planted planted;
};

DEVICE void grid_barrier(const struct grid_params *p, u32 round)
{
    block_barrier(); /* values: all threads have written them, thread 0 tells other blocks */
    if (thread_index() == 0) {
        if (!(p->planted == SPINS && block_index() == 1))
            atomic_add_u32(p->word, 1);
        while (p->planted != RACE_OF_BLOCKS &&
               load_acquire_u32(p->word) < (round + 1) * grid_blocks())
            ;
    }
    block_barrier(); /* values of other blocks: thread 0 has seen them come, all threads read them
                      */
}

KERNEL(grid_kernel, struct grid_params, 32)
{
    const u32 t = thread_index(), b = block_index(), blocks = grid_blocks();
    pdl_wait();
    for (u32 round = 0; round < p.rounds; round++) {
        u32 *to = p.values + (size_t)(round % 2) * blocks * 32;
        const u32 *from = p.values + (size_t)((round + 1) % 2) * blocks * 32;
        to[b * 32 + t] = round == 0 ? b + t : from[b * 32 + t] + from[(b + 1) % blocks * 32 + t];
        grid_barrier(&p, round);
    }
}

/* Halves of words, each of its own thread: read, written, and after a barrier read by another warp.
 * Two blocks both do so with the same words; `planted` NO_BARRIER leaves the barrier out. */
struct halves_params {
    uint16_t *y; /* [64] */
    enum planted planted;
};

KERNEL(halves_kernel, struct halves_params, 64)
{
    const u32 t = thread_index();
    pdl_wait();
    for (u32 i = 0; i < 2; i++) {
        p.y[t] = (uint16_t)(p.y[t] + 1);
        if (p.planted != NO_BARRIER)
            block_barrier(); /* y: its owner has written it, a thread of the other warp reads it */
        const u32 other = p.y[t ^ 33];
        block_barrier(); /* y: read by the other warp, its owner overwrites it */
        p.y[t] = (uint16_t)(p.y[t] + other);
    }
}

#endif
