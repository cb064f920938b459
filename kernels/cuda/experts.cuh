/* norm_experts_swiglu, experts_add with COUNT ONE:  the experts of one token
 *
 *   Means    kernels/cpu/experts.h, which is the definition
 *   Shapes   x [1][S], norm [S], S = PAD(D); h [K][PAD(F)]; route [1][PAD(2 K)]; y [1][PAD(D)];
 *            router [PAD(E)][S], G, U [E] of [PAD(F)][S], W [E] of [PAD(D)][PAD(F)], row-major
 *   Grid     norm_experts_swiglu: the rows of G and U of all K chosen experts one behind another,
 *            as pairs (mlp.cuh), by the rule of linear_gemv.cuh; a block takes up to 8 such tiles
 *            as long as there are 384 blocks, so every block reads the same bytes and what it does
 *            once (norm, route) is paid by many rows. Up to 16 experts every block finds the route
 *            for itself; for more, or where 16 bytes hold other numbers of weights of router and
 *            experts, a kernel in front leaves the logits in run.work.
 *            experts_add: that of linear_gemv.cuh for D rows; a block goes through the K experts
 *            one after another, asking for the next one's weights before it adds up the last one's
 *   Moves    of G, U and W the chosen experts' alone, once. Which these are is known only with the
 *            route: before pdl_wait() there is but the router to ask for.
 *   Order    the route: u and s of norm_gemv.cuh, a warp to a row of the router as in route.cuh,
 *            * s, then route.cuh. h: as norm_linear_swiglu. y = fma(W h, weight, y) in ascending
 *            order of experts, W h as in linear_gemv.cuh
 *   Error    of a logit (D / 32 + 32) 2^-24 sum |W||norm x| s, of a weight as kernels/cpu/route.h;
 *            of h as norm_linear_swiglu; of experts_add as kernels/cpu/experts.h, with products as
 *            in linear_gemv.cuh (tests/kernels/cuda/experts_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*h)[PAD(F)], f32 (*route)[PAD(2 K)], const f32 (*x)[S],
 *             const f32 *norm, const ROUTER_TYPE *router, const TYPE *gate, const TYPE *up)
 *   void NAME(run *, u32 op, f32 (*y)[PAD(D)], const f32 (*h)[HS], const f32 (*route)[PAD(2 K)],
 *             const TYPE *w) */
#ifndef KERNELS_CUDA_EXPERTS_CUH
#define KERNELS_CUDA_EXPERTS_CUH

#include "kernels/cuda/mlp.cuh"
#include "kernels/cuda/route.cuh"

/* Whether every block finds the route for itself, from the row that it stages for its experts. */
HOST_DEVICE constexpr bool experts_own_route(const struct norm_experts_swiglu_shape &s)
{
    return s.E <= 16 && vec_elements(s.router_type) == vec_elements(s.type);
}

/* Tiles of rows of gate and up, of `blocks` in all, that one block takes. */
HOST_DEVICE constexpr u32 experts_tiles(u32 blocks)
{
    for (u32 tiles = 8; tiles > 1; tiles /= 2)
        if (blocks % tiles == 0 && blocks / tiles >= 384)
            return tiles;
    return 1;
}

/* Bytes of one matrix. */
HOST_DEVICE constexpr size_t expert_bytes(enum format T, u32 rows, u32 K)
{
    return (size_t)LINE_PAD(rows) * row_vectors(T, K) * 16;
}

struct norm_experts_swiglu_params {
    const void *router, *gate, *up;
    const f32 *norm, *x;
    f32 *logits; /* [PAD(E)], of the kernel in front */
    f32 *h, *route;
};

/* ---- the route of one row ------------------------------------------------------------------- */
/* This lane's part of row e of the router. */
template <norm_experts_swiglu_shape s>
DEVICE struct product router_product(u32 e, const void *router)
{
    const u32 vectors = row_vectors(s.router_type, s.D);
    struct product p;
    p.type = s.router_type;
    p.rows = 1;
    p.vectors = p.pitch = vectors;
    p.first = warp_lane();
    p.stride = WARP;
    p.turns = ceil_div(vectors, WARP);
    p.ahead = u32_min(p.turns, GEMV_AHEAD);
    p.w = p.odd = (const char *)router + (size_t)e * vectors * 16;
    p.step = 2;
    p.x_vector = 1;
    p.x_half = vectors;
    return p;
}

/* p of the room <- the logits, by all warps; `hold` has the first weights of this warp's first row.
 */
template <norm_experts_swiglu_shape s>
DEVICE void router_logits(u32 warps, const void *router, f32 scale, const struct vec16 *x,
                          struct vec16 *hold, struct route_room *room)
{
    for (u32 e = warp_index(); e < s.E; e += warps) {
        const struct product row = router_product<s>(e, router);
        f32 sum;
        if (e >= warps)
            product_begin(&row, hold);
        product_sums(&row, hold, x, &sum);
        sum = lanes_sum(sum, WARP);
        if (warp_lane() == 0)
            room->p[e] = sum * scale;
    }
}

using norm_logits_params = norm_experts_swiglu_params;

/* The kernel in front, where it is launched: logits <- router norm(x), rows of the router as in
 * linear_gemv.cuh. */
template <norm_experts_swiglu_shape s> struct norm_logits {
    using params = norm_logits_params;
    static constexpr struct gemv_grid grid = gemv_grid_of(s.router_type, s.E, s.D);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = gemv_shared_bytes(s.D);

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        const u32 row = gemv_row(g);
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const struct product product = gemv_product(g, p->router);
        struct vec16 hold[GEMV_AHEAD] = {};
        f32 sums[GEMV_MOST_ROWS];
        pdl_trigger();
        product_begin(&product, hold);
        norm_begin(g, {p->norm, NULL}, shared);
        pdl_wait();
        const f32 scale = norm_row(g, s.epsilon, false, p->x, shared);
        product_sums(&product, hold, shared->x, sums);
        const f32 total = gemv_total(g, shared, sums);
        if (row != ~0u)
            p->logits[row] = total * scale;
    }
};

/* ---- gate and up ---------------------------------------------------------------------------- */
/* This lane's part of the rows of a tile that begins with row `row` of all chosen experts'. */
DEVICE struct product chosen_product(struct gemv_grid g, u32 F, u32 row, const f32 *route,
                                     const struct norm_experts_swiglu_params *p)
{
    const u32 slot = row / (2 * LINE_PAD(F));
    const size_t at = (size_t)(u32)route[slot] * expert_bytes(g.type, F, g.K);
    return pair_product(g, row % (2 * LINE_PAD(F)), (const char *)p->gate + at,
                        (const char *)p->up + at);
}

/* The tiles of this block, from x in shared memory. */
DEVICE void chosen_swiglu(struct gemv_grid g, u32 F, f32 scale, const f32 *route,
                          struct gemv_shared *shared, struct vec16 *hold,
                          const struct norm_experts_swiglu_params *p)
{
    const u32 tiles = experts_tiles(g.blocks), tile = g.block_rows;
    const u32 first = block_index() * tiles * tile;
    const u32 own = gemv_row(g) - block_index() * tile; /* in a tile; large: none */
    struct product product = chosen_product(g, F, first, route, p);
    product_begin(&product, hold);
    for (u32 i = 0; i < tiles; i++) {
        f32 sums[GEMV_MOST_ROWS];
        product_sums(&product, hold, shared->x, sums);
        if (i + 1 < tiles) {
            product = chosen_product(g, F, first + (i + 1) * tile, route, p);
            product_begin(&product, hold);
        }
        const f32 h = pair_swiglu(gemv_total(g, shared, sums) * scale);
        if (own < tile && own % 2 == 0)
            p->h[(first + i * tile + own) / 2] = h;
        if (g.split > 1 && i + 1 < tiles)
            block_barrier(); /* part: read by the owners of rows, before it is written again */
    }
}

template <norm_experts_swiglu_shape s> struct norm_experts_swiglu {
    static_assert(route_fits(s.E, s.K), "norm_experts_swiglu: too many experts");
    using params = norm_experts_swiglu_params;
    static constexpr bool own_route = experts_own_route(s);
    static constexpr struct gemv_grid grid = pair_grid_of(s.type, 2 * s.K * LINE_PAD(s.F), s.D);
    static constexpr u32 blocks = grid.blocks / experts_tiles(grid.blocks), threads = grid.threads;
    /* The room to find the route lies behind the row that is staged. */
    static constexpr u32 shared_bytes = gemv_shared_bytes(s.D) + sizeof(struct route_room);
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "norm_experts_swiglu: x is too long");

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        struct route_room *const room = (struct route_room *)(shared->x + LINE_PAD(s.D) / 4);
        struct vec16 hold[GEMV_AHEAD] = {};
        pdl_trigger();
        if (own_route && warp_index() < s.E) {
            const struct product first = router_product<s>(warp_index(), p->router);
            product_begin(&first, hold);
        }
        norm_begin(g, {p->norm, NULL}, shared);
        pdl_wait();
        const f32 scale = norm_row(g, s.epsilon, false, p->x, shared);
        if (own_route)
            router_logits<s>(threads / WARP, p->router, scale, shared->x, hold, room);
        for (u32 e = thread_index(); !own_route && e < s.E; e += threads)
            room->p[e] = p->logits[e];
        block_barrier(); /* p: written by all warps, read by the first */
        if (warp_index() == 0) {
            route_find(s.E, s.K, s.weights, room);
            if (block_index() == 0)
                route_store(s.K, room, p->route);
        }
        block_barrier(); /* route: written by the first warp, read by all */
        chosen_swiglu(g, s.F, scale, room->route, shared, hold, p);
    }
};

template <norm_experts_swiglu_shape s>
static inline void norm_experts_swiglu_launch(run *r, u32 op, const struct kernels &kernels, f32 *h,
                                              f32 *route, const f32 *x, const f32 *norm,
                                              const void *router, const void *gate, const void *up)
{
    const struct norm_experts_swiglu_params params = {router, gate,           up, norm,
                                                      x,      (f32 *)r->work, h,  route};
    if constexpr (!experts_own_route(s))
        kernel_launch<norm_logits<s>>(r, op, kernels.part[0], params);
    kernel_launch<norm_experts_swiglu<s>>(r, op, kernels.part[1], params);
}

#define NORM_EXPERTS_SWIGLU_KERNELS(name, ...)                                                     \
    KERNEL_OF_FEW_BLOCKS(name##_logits_kernel, norm_logits, name##_shape)                          \
    KERNEL_OF(name##_kernel, norm_experts_swiglu, name##_shape)                                    \
    static const struct kernels name##_kernels = {                                                 \
        #name, {KERNEL_NAMED(name##_logits_kernel), KERNEL_NAMED(name##_kernel)}};

/* ---- the way back --------------------------------------------------------------------------- */
struct experts_add_one_params {
    const void *w;
    const f32 *route, *h;
    f32 *y;
};

/* This lane's part of the rows of the expert in `slot`. */
DEVICE struct product down_product(struct gemv_grid g, u32 D, u32 slot,
                                   const struct experts_add_one_params *p)
{
    const size_t expert = (u32)p->route[slot];
    return gemv_product(g, (const char *)p->w + expert * expert_bytes(g.type, D, g.K));
}

template <experts_add_shape s> struct experts_add_one {
    using params = experts_add_one_params;
    static constexpr struct gemv_grid grid = gemv_grid_of(s.type, s.D, s.F);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = gemv_shared_bytes(s.F);
    static_assert(shared_bytes <= SHARED_MOST_BYTES, "experts_add: h is too long");

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const u32 row = gemv_row(g);
        struct vec16 hold[GEMV_AHEAD] = {};
        pdl_trigger();
        pdl_wait();
        struct product product = down_product(g, s.D, 0, p);
        product_begin(&product, hold);
        f32 y = row == ~0u ? 0.0f : p->y[row];
        for (u32 slot = 0; slot < s.K; slot++) {
            f32 sums[GEMV_MOST_ROWS];
            stage_row(s.type, s.F, threads, p->h + (size_t)slot * s.h_stride, shared->x);
            block_barrier(); /* x: written by all threads, read by all in product_sums() */
            product_sums(&product, hold, shared->x, sums);
            if (slot + 1 < s.K) {
                product = down_product(g, s.D, slot + 1, p);
                product_begin(&product, hold);
            }
            y = k_fma(gemv_total(g, shared, sums), p->route[s.K + slot], y);
            if (slot + 1 < s.K)
                block_barrier(); /* x, part: read by all, before the next slot's are written */
        }
        if (row != ~0u)
            p->y[row] = y;
    }
};

#endif
