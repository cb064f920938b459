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
#define EXPERTS_OWN_ROUTE(RT, T, E) ((E) <= 16 && VEC_ELEMENTS(RT) == VEC_ELEMENTS(T))

/* Rows of gate and up of all chosen experts, and tiles of them that one block takes. */
#define EXPERTS_ROWS(F, K) (2 * (K)*LINE_PAD(F))
#define EXPERTS_TILES_ARE(rows, tiles)                                                             \
    (PAIR_BLOCKS(rows) % (tiles) == 0 && PAIR_BLOCKS(rows) / (tiles) >= 384)
#define EXPERTS_TILES(rows)                                                                        \
    (EXPERTS_TILES_ARE(rows, 8)   ? 8u                                                             \
     : EXPERTS_TILES_ARE(rows, 4) ? 4u                                                             \
     : EXPERTS_TILES_ARE(rows, 2) ? 2u                                                             \
                                  : 1u)

/* Bytes of one matrix of R rows and K columns. */
#define EXPERT_BYTES(T, R, K) ((size_t)LINE_PAD(R) * ROW_VECTORS(T, K) * 16)

/* The room to find the route lies behind the row that is staged. */
#define EXPERTS_SHARED_BYTES(D) (GEMV_SHARED_BYTES(D) + (u32)sizeof(struct route_room))

struct norm_experts_params {
    const void *router, *gate, *up;
    const f32 *norm, *x;
    f32 *logits; /* [PAD(E)], of the kernel in front */
    f32 *h, *route;
};

/* ---- the route of one row ------------------------------------------------------------------- */
/* This lane's part of row e of the router. */
DEVICE struct product router_product(enum format T, u32 D, u32 e, const void *router)
{
    const u32 vectors = ROW_VECTORS(T, D);
    struct product p;
    p.type = T;
    p.rows = 1;
    p.vectors = p.pitch = vectors;
    p.first = warp_lane();
    p.stride = WARP;
    p.turns = CEIL_DIV(vectors, (u32)WARP);
    p.ahead = GEMV_LEAST(p.turns, (u32)GEMV_AHEAD);
    p.w = p.odd = (const char *)router + (size_t)e * vectors * 16;
    p.step = 2;
    p.x_vector = 1;
    p.x_half = vectors;
    return p;
}

/* p of the room <- the logits, by all warps; `hold` has the first weights of this warp's first row.
 */
DEVICE void router_logits(enum format T, u32 D, u32 E, u32 warps, const void *router, f32 scale,
                          const struct vec16 *x, struct vec16 *hold, struct route_room *room)
{
    for (u32 e = warp_index(); e < E; e += warps) {
        const struct product row = router_product(T, D, e, router);
        f32 sum;
        if (e >= warps)
            product_begin(&row, hold);
        product_sums(&row, hold, x, &sum);
        sum = lanes_sum(sum, WARP);
        if (warp_lane() == 0)
            room->p[e] = sum * scale;
    }
}

/* The kernel in front, where it is launched: logits <- router norm(x), rows of the router as in
 * linear_gemv.cuh. */
DEVICE void norm_logits(enum format T, u32 D, u32 E, f32 eps, const struct norm_experts_params *p)
{
    const u32 threads = GEMV_THREADS(T, E, D), row = gemv_row(T, E, D);
    struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
    const struct product product = gemv_product(T, E, D, p->router);
    struct vec16 hold[GEMV_AHEAD] = {};
    f32 sums[GEMV_MOST_ROWS];
    pdl_trigger();
    product_begin(&product, hold);
    norm_begin(T, D, threads, {p->norm, NULL}, shared);
    pdl_wait();
    const f32 scale = norm_row(T, D, eps, threads, false, p->x, shared);
    product_sums(&product, hold, shared->x, sums);
    const f32 total = gemv_total(T, E, D, shared, sums);
    if (row != ~0u)
        p->logits[row] = total * scale;
}

/* ---- gate and up ---------------------------------------------------------------------------- */
/* This lane's part of the rows of a tile that begins with row `row` of all chosen experts'. */
DEVICE struct product chosen_product(enum format T, u32 M, u32 D, u32 F, u32 row, const f32 *route,
                                     const struct norm_experts_params *p)
{
    const u32 slot = row / (2 * LINE_PAD(F));
    const size_t at = (size_t)(u32)route[slot] * EXPERT_BYTES(T, F, D);
    return pair_product(T, M, D, row % (2 * LINE_PAD(F)), (const char *)p->gate + at,
                        (const char *)p->up + at);
}

/* The tiles of this block, from x in shared memory. */
DEVICE void chosen_swiglu(enum format T, u32 D, u32 F, u32 rows, f32 scale, const f32 *route,
                          struct gemv_shared *shared, struct vec16 *hold,
                          const struct norm_experts_params *p)
{
    const u32 M = PAIR_ROWS(rows), tiles = EXPERTS_TILES(rows), tile = GEMV_BLOCK_ROWS(M);
    const u32 first = block_index() * tiles * tile;
    const u32 own = gemv_row(T, M, D) - block_index() * tile; /* in a tile; large: none */
    struct product product = chosen_product(T, M, D, F, first, route, p);
    product_begin(&product, hold);
    for (u32 i = 0; i < tiles; i++) {
        f32 sums[GEMV_MOST_ROWS];
        product_sums(&product, hold, shared->x, sums);
        if (i + 1 < tiles) {
            product = chosen_product(T, M, D, F, first + (i + 1) * tile, route, p);
            product_begin(&product, hold);
        }
        const f32 h = pair_swiglu(gemv_total(T, M, D, shared, sums) * scale);
        if (own < tile && own % 2 == 0)
            p->h[(first + i * tile + own) / 2] = h;
        if (GEMV_SPLIT(T, M, D) > 1 && i + 1 < tiles)
            block_barrier(); /* part: read by the owners of rows, before it is written again */
    }
}

DEVICE void norm_experts_swiglu(enum format RT, enum format T, u32 D, u32 F, f32 eps, u32 E, u32 K,
                                enum route_weights weights, const struct norm_experts_params *p)
{
    const u32 rows = EXPERTS_ROWS(F, K), threads = GEMV_THREADS(T, PAIR_ROWS(rows), D);
    struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
    struct route_room *const room = (struct route_room *)(shared->x + LINE_PAD(D) / 4);
    struct vec16 hold[GEMV_AHEAD] = {};
    pdl_trigger();
    if (EXPERTS_OWN_ROUTE(RT, T, E) && warp_index() < E) {
        const struct product first = router_product(RT, D, warp_index(), p->router);
        product_begin(&first, hold);
    }
    norm_begin(T, D, threads, {p->norm, NULL}, shared);
    pdl_wait();
    const f32 scale = norm_row(T, D, eps, threads, false, p->x, shared);
    if (EXPERTS_OWN_ROUTE(RT, T, E))
        router_logits(RT, D, E, threads / WARP, p->router, scale, shared->x, hold, room);
    for (u32 e = thread_index(); !EXPERTS_OWN_ROUTE(RT, T, E) && e < E; e += threads)
        room->p[e] = p->logits[e];
    block_barrier(); /* p: written by all warps, read by the first */
    if (warp_index() == 0) {
        route_find(E, K, weights, room);
        if (block_index() == 0)
            route_store(K, room, p->route);
    }
    block_barrier(); /* route: written by the first warp, read by all */
    chosen_swiglu(T, D, F, rows, scale, room->route, shared, hold, p);
}

#define NORM_EXPERTS_THREADS(T, D, F, K) GEMV_THREADS(T, PAIR_ROWS(EXPERTS_ROWS(F, K)), D)

#define NORM_EXPERTS_SWIGLU(name, ROUTER_TYPE, RT, TYPE, T, D, S, F, EPS, E, K, WEIGHTS)           \
    static_assert(ROUTE_FITS(E, K), "norm_experts_swiglu: too many experts");                      \
    static_assert(EXPERTS_SHARED_BYTES(D) <= SHARED_MOST_BYTES,                                    \
                  "norm_experts_swiglu: x is too long");                                           \
    KERNEL_FEW_BLOCKS(name##_logits_kernel, struct norm_experts_params,                            \
                      GEMV_THREADS(FORMAT_##RT, E, D))                                             \
    {                                                                                              \
        norm_logits(FORMAT_##RT, D, E, EPS, &p);                                                   \
    }                                                                                              \
    KERNEL(name##_kernel, struct norm_experts_params, NORM_EXPERTS_THREADS(FORMAT_##T, D, F, K))   \
    {                                                                                              \
        norm_experts_swiglu(FORMAT_##RT, FORMAT_##T, D, F, EPS, E, K, ROUTE_##WEIGHTS, &p);        \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*h)[LINE_PAD(F)], f32(*route)[ROUTE_STRIDE(K)],       \
                         const f32(*x)[S], const f32 *norm, const ROUTER_TYPE *router,             \
                         const TYPE *gate, const TYPE *up)                                         \
    {                                                                                              \
        const struct norm_experts_params params = {router->w, gate,           up,   norm,          \
                                                   x[0],      (f32 *)r->work, h[0], route[0]};     \
        if (!EXPERTS_OWN_ROUTE(FORMAT_##RT, FORMAT_##T, E))                                        \
            LAUNCH(r, op, name##_logits_kernel, GEMV_BLOCKS(E), GEMV_THREADS(FORMAT_##RT, E, D),   \
                   GEMV_SHARED_BYTES(D), params);                                                  \
        LAUNCH(r, op, name##_kernel,                                                               \
               PAIR_BLOCKS(EXPERTS_ROWS(F, K)) / EXPERTS_TILES(EXPERTS_ROWS(F, K)),                \
               NORM_EXPERTS_THREADS(FORMAT_##T, D, F, K), EXPERTS_SHARED_BYTES(D), params);        \
    }

/* ---- the way back --------------------------------------------------------------------------- */
struct experts_add_params {
    const void *w;
    const f32 *route, *h;
    f32 *y;
};

/* This lane's part of the rows of the expert in `slot`. */
DEVICE struct product down_product(enum format T, u32 F, u32 D, u32 slot,
                                   const struct experts_add_params *p)
{
    const size_t expert = (u32)p->route[slot];
    return gemv_product(T, D, F, (const char *)p->w + expert * EXPERT_BYTES(T, D, F));
}

DEVICE void experts_add_one(enum format T, u32 F, u32 HS, u32 D, u32 K,
                            const struct experts_add_params *p)
{
    struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
    const u32 row = gemv_row(T, D, F);
    struct vec16 hold[GEMV_AHEAD] = {};
    pdl_trigger();
    pdl_wait();
    struct product product = down_product(T, F, D, 0, p);
    product_begin(&product, hold);
    f32 y = row == ~0u ? 0.0f : p->y[row];
    for (u32 slot = 0; slot < K; slot++) {
        f32 sums[GEMV_MOST_ROWS];
        stage_row(T, F, GEMV_THREADS(T, D, F), p->h + (size_t)slot * HS, shared->x);
        block_barrier(); /* x: written by all threads, read by all in product_sums() */
        product_sums(&product, hold, shared->x, sums);
        if (slot + 1 < K) {
            product = down_product(T, F, D, slot + 1, p);
            product_begin(&product, hold);
        }
        y = k_fma(gemv_total(T, D, F, shared, sums), p->route[K + slot], y);
        if (slot + 1 < K)
            block_barrier(); /* x, part: read by all, before the next slot's are written */
    }
    if (row != ~0u)
        p->y[row] = y;
}

#define EXPERTS_ADD_ONE(name, TYPE, T, F, HS, D, E, K, ROWS)                                       \
    static_assert(GEMV_SHARED_BYTES(F) <= SHARED_MOST_BYTES, "experts_add: h is too long");        \
    KERNEL(name##_kernel, struct experts_add_params, GEMV_THREADS(FORMAT_##T, D, F))               \
    {                                                                                              \
        experts_add_one(FORMAT_##T, F, HS, D, K, &p);                                              \
    }                                                                                              \
    extern "C" void name(run *r, u32 op, f32(*y)[LINE_PAD(D)], const f32(*h)[HS],                  \
                         const f32(*route)[ROUTE_STRIDE(K)], const TYPE *w)                        \
    {                                                                                              \
        const struct experts_add_params params = {w, route[0], h[0], y[0]};                        \
        LAUNCH(r, op, name##_kernel, GEMV_BLOCKS(D), GEMV_THREADS(FORMAT_##T, D, F),               \
               GEMV_SHARED_BYTES(F), params);                                                      \
    }

#define EXPERTS_ADD(name, TYPE, T, F, HS, D, E, K, ROWS, COUNT)                                    \
    EXPERTS_ADD_##COUNT(name, TYPE, T, F, HS, D, E, K, ROWS)

#endif
