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

/* Threads, and so runs of tokens: what they count fits into 64 KiB. */
HOST_DEVICE constexpr u32 groups_threads(u32 E)
{
    return E <= 64 ? 256 : 64;
}

struct groups {
    struct vec16 *tiles;
    u32 *token, *place;
};

struct groups_shared {
    u32 size[ROUTE_EXPERTS_MOST], first[ROUTE_EXPERTS_MOST];
    u32 count[]; /* [threads][E] */
};

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

struct groups_find_params {
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
        tile += ceil_div(shared->size[i], EXPERT_TILE_ROWS);
    }
    shared->first[e] = first;
    for (u32 row = 0; row < shared->size[e]; row += EXPERT_TILE_ROWS) {
        const u32 left = shared->size[e] - row;
        store16(&tiles[tile++], {{e, first + row, u32_min(left, EXPERT_TILE_ROWS), 0}});
    }
}

/* The groups of the rows of a chunk: of the shape of any operation that goes by expert. */
template <auto s> struct groups_find {
    static_assert(route_fits(s.E, s.K), "experts: too many");
    using params = groups_find_params;
    static constexpr u32 E = s.E, K = s.K, tiles = (u32)WORK_TILES(s.rows * K, E);
    static constexpr u32 blocks = 1, threads = groups_threads(E);
    static constexpr u32 shared_bytes = (u32)sizeof(struct groups_shared) + threads * E * 4;

    DEVICE void run(const params *p)
    {
        struct groups_shared *const shared = (struct groups_shared *)shared_memory();
        const u32 thread = thread_index();
        u32 *const own = shared->count + thread * E;
        pdl_trigger();
        pdl_wait();
        const u32 rows = p->step->tokens, share = ceil_div(rows, threads);
        const u32 begin = u32_min(thread * share, rows) * K;
        const u32 end = u32_min((thread + 1) * share, rows) * K;
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
            used += ceil_div(shared->size[e], EXPERT_TILE_ROWS);
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
};

struct gather_params {
    const struct step *step;
    const u32 *token;
    const f32 *x;
    f32 *xg;
};

/* ---- gather --------------------------------------------------------------------------------- */
template <gather_shape s> struct gather {
    using params = gather_params;
    static constexpr u32 S = s.x_stride, threads = 256, shared_bytes = 0;
    static constexpr u32 blocks = ceil_div(s.rows * s.K * (S / 4), threads);

    DEVICE void run(const params *p)
    {
        pdl_trigger();
        pdl_wait();
        const u32 i = block_index() * threads + thread_index();
        const u32 row = i / (S / 4), column = i % (S / 4) * 4;
        if (row < p->step->tokens * s.K)
            store16(p->xg + (size_t)i * 4, load16(p->x + (size_t)p->token[row] * S + column));
    }
};

template <gather_shape s>
static inline void gather_launch(run *r, u32 op, const struct kernels &kernels, f32 *xg,
                                 const f32 *x, const f32 *route)
{
    const struct groups groups = groups_in(r->work, s.rows * s.K, s.E);
    kernel_launch<groups_find<s>>(r, op, kernels.part[0], {r->step, route, groups});
    kernel_launch<gather<s>>(r, op, kernels.part[1], {r->step, groups.token, x, xg});
}

#define GATHER_KERNELS(name, ...) KERNELS_2(name, groups_kernel, groups_find, kernel, gather)

#endif
