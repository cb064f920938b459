/* The rows of a chunk by expert: what GATHER and the products of experts are made of.
 *
 *   Means    struct groups of kernels/cpu/route.h: group e holds, in order of tokens, a row for
 *            every token that chose e; groups follow one another in the order of experts
 *   Shapes   route [rows][PAD(2 K)] f32; in run.work, where every operation finds them anew: tiles
 *            [WORK_TILES] of (expert, first row, rows, 0), group by group, behind the last one
 *            zeros; token [K rows] of each row; place [rows][K], the row of each choice
 *   Grid     one block. A thread has a run of neighbouring tokens: it counts its choices, one
 *            thread per expert sums the counts over the runs, and each thread puts its tokens in
 *            their places: a counting sort that is stable, without atomics.
 *   Moves    the experts of the route twice; bound by latency
 *   Order    whole numbers only
 *
 * gather:  xg [K rows][S] <- x [rows][S], row token[i] as row i; a thread copies 4 neighbouring
 * elements
 *
 *   void NAME(run *, u32 op, f32 (*xg)[S], const f32 (*x)[S], const f32 (*route)[PAD(2 K)]) */
#ifndef KERNELS_CUDA_GROUPS_CUH
#define KERNELS_CUDA_GROUPS_CUH

#include "kernels/cuda/route.cuh"
#include "kernels/cuda/work.h"

enum { GATHER_THREADS = 256 };

/* Threads, and so runs of tokens: what they count fits into 64 KiB. */
#define GROUPS_THREADS(E) ((E) <= 64 ? 256u : 64u)

struct groups {
    struct vec16 *tiles;
    u32 *token, *place;
};

struct groups_shared {
    u32 size[ROUTE_EXPERTS_MOST], first[ROUTE_EXPERTS_MOST];
    u32 count[]; /* [threads][E] */
};
#define GROUPS_SHARED_BYTES(E) ((u32)sizeof(struct groups_shared) + GROUPS_THREADS(E) * (E)*4)

/* Where the groups of up to `rows` rows lie in run.work, and what lies behind them. */
static inline struct groups groups_in(void *work, u32 rows, u32 E)
{
    struct groups g;
    g.tiles = (struct vec16 *)work;
    g.token = (u32 *)(g.tiles + WORK_TILES(rows, E));
    g.place = g.token + rows;
    return g;
}

static inline void *groups_behind(void *work, u32 rows, u32 E)
{
    return (char *)work + WORK_GROUPS_BYTES(rows, E);
}

struct groups_params {
    const struct step *step;
    const f32 *route;
    struct groups to;
};

/* The expert of choice i, K to a token. */
DEVICE u32 group_of(u32 K, const f32 *route, u32 i)
{
    return (u32)route[(size_t)(i / K) * ROUTE_STRIDE(K) + i % K];
}

/* The tiles of group e, and the group's first row. */
DEVICE void group_tiles(u32 e, struct groups_shared *shared, struct vec16 *tiles)
{
    u32 first = 0, tile = 0;
    for (u32 i = 0; i < e; i++) {
        first += shared->size[i];
        tile += CEIL_DIV(shared->size[i], (u32)EXPERT_TILE_ROWS);
    }
    shared->first[e] = first;
    for (u32 row = 0; row < shared->size[e]; row += EXPERT_TILE_ROWS) {
        const u32 left = shared->size[e] - row;
        store16(&tiles[tile++], {{e, first + row, GEMV_LEAST(left, (u32)EXPERT_TILE_ROWS), 0}});
    }
}

DEVICE void groups_find(u32 E, u32 K, u32 tiles, const struct groups_params *p)
{
    struct groups_shared *const shared = (struct groups_shared *)shared_memory();
    const u32 threads = GROUPS_THREADS(E), thread = thread_index();
    u32 *const own = shared->count + thread * E;
    pdl_trigger();
    pdl_wait();
    const u32 rows = p->step->tokens, share = CEIL_DIV(rows, threads);
    const u32 begin = GEMV_LEAST(thread * share, rows) * K;
    const u32 end = GEMV_LEAST((thread + 1) * share, rows) * K;
    for (u32 e = 0; e < E; e++)
        own[e] = 0;
    for (u32 i = begin; i < end; i++)
        own[group_of(K, p->route, i)]++;
    block_barrier(); /* count: written run by run, read expert by expert */
    for (u32 e = thread; e < E; e += threads) {
        u32 sum = 0;
        for (u32 i = 0; i < threads; i++) {
            const u32 of_run = shared->count[i * E + e];
            shared->count[i * E + e] = sum;
            sum += of_run;
        }
        shared->size[e] = sum;
    }
    block_barrier(); /* size: written by the expert's thread, read by all; count: as below */
    u32 used = 0;
    for (u32 e = 0; e < E; e++)
        used += CEIL_DIV(shared->size[e], (u32)EXPERT_TILE_ROWS);
    for (u32 e = thread; e < E; e += threads)
        group_tiles(e, shared, p->to.tiles);
    for (u32 i = used + thread; i < tiles; i += threads)
        store16(&p->to.tiles[i], {});
    block_barrier(); /* first: written by the expert's thread, read by all */
    for (u32 i = begin; i < end; i++) {
        const u32 e = group_of(K, p->route, i), at = shared->first[e] + own[e]++;
        p->to.token[at] = i / K;
        p->to.place[i] = at;
    }
}

#define GROUPS_KERNEL(name, E, K, ROWS)                                                            \
    static_assert(ROUTE_FITS(E, K), "experts: too many");                                          \
    KERNEL(name##_groups_kernel, struct groups_params, GROUPS_THREADS(E))                          \
    {                                                                                              \
        groups_find(E, K, (u32)WORK_TILES((ROWS) * (K), E), &p);                                   \
    }

#define GROUPS_LAUNCH(r, op, name, E, route, groups)                                               \
    do {                                                                                           \
        const struct groups_params find = {(r)->step, (route)[0], groups};                         \
        LAUNCH(r, op, name##_groups_kernel, 1, GROUPS_THREADS(E), GROUPS_SHARED_BYTES(E), find);   \
    } while (0)

/* ---- gather --------------------------------------------------------------------------------- */
struct gather_params {
    const struct step *step;
    const u32 *token;
    const f32 *x;
    f32 *xg;
};

DEVICE void gather(u32 S, u32 K, const struct gather_params *p)
{
    pdl_trigger();
    pdl_wait();
    const u32 i = block_index() * GATHER_THREADS + thread_index();
    const u32 row = i / (S / 4), column = i % (S / 4) * 4;
    if (row < p->step->tokens * K)
        store16(p->xg + (size_t)i * 4, load16(p->x + (size_t)p->token[row] * S + column));
}

#define GATHER(name, S, E, K, ROWS)                                                                \
    GROUPS_KERNEL(name, E, K, ROWS)                                                                \
    KERNEL(name##_kernel, struct gather_params, GATHER_THREADS)                                    \
    {                                                                                              \
        gather(S, K, &p);                                                                          \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*xg)[S], const f32(*x)[S],                            \
                         const f32(*route)[ROUTE_STRIDE(K)])                                       \
    {                                                                                              \
        const struct groups groups = groups_in(r->work, (ROWS) * (K), E);                          \
        GROUPS_LAUNCH(r, op, name, E, route, groups);                                              \
        const struct gather_params params = {r->step, groups.token, x[0], xg[0]};                  \
        LAUNCH(r, op, name##_kernel, CEIL_DIV((ROWS) * (K) * ((S) / 4), GATHER_THREADS),           \
               GATHER_THREADS, 0, params);                                                         \
    }

#endif
