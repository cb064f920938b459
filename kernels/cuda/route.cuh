/* route:  route[count][K pairs] <- the K experts of each token, and their weights
 *
 *   Means    kernels/cpu/route.h, which is the definition
 *   Shapes   route [rows][PAD(2 K)], x [rows][XS] f32; W [PAD(E)][PAD(D)] row-major; E <= 256, K
 *            <= 16
 *   Grid     a block of 8 warps for 4, 2 or 1 tokens, whose rows fit into shared memory; a warp
 *            has every 8th expert, and then a token of which it finds the route
 *   Moves    W once per block, from L2; x once. The product is in f32, whatever the type of W: the
 *            choice is to be that of a decode step.
 *   Order    lane l takes vectors l, l + 32, .. of a row of W; two chains, of even and of odd
 *            columns, acc = fma(w, x, acc) from 0; even + odd; the tree of lanes_sum(). From the
 *            logits on the bits are those of kernels/cpu/route.h.
 *   Error    that of kernels/cpu/route.h with e = (D / 64 + 16) 2^-24 sum |W||x| of a logit
 *            (tests/kernels/cuda/experts_kernels_test.cc)
 *
 *   void NAME(run *, u32 op, f32 (*route)[PAD(2 K)], const f32 (*x)[XS], const TYPE *w) */
#ifndef KERNELS_CUDA_ROUTE_CUH
#define KERNELS_CUDA_ROUTE_CUH

#include "kernels/cuda/linear_gemv.cuh"

enum {
    ROUTE_EXPERTS_MOST = 256,
    ROUTE_CHOSEN_MOST = 16,
    ROUTE_WARPS = 8,
    ROUTE_THREADS = ROUTE_WARPS * WARP,
    ROUTE_TOKENS_MOST = 4, /* of a block */
};

HOST_DEVICE constexpr bool route_fits(u32 E, u32 K)
{
    return E <= ROUTE_EXPERTS_MOST && K <= ROUTE_CHOSEN_MOST && K <= E;
}

/* Room in shared memory to find one route: from the logits in p to `route`. */
struct route_room {
    f32 p[ROUTE_EXPERTS_MOST], other[ROUTE_EXPERTS_MOST];
    f32 route[LINE_PAD(2 * ROUTE_CHOSEN_MOST)];
};

HOST_DEVICE constexpr u32 route_shared_bytes(u32 D, u32 tokens)
{
    return tokens * ((u32)sizeof(struct route_room) + LINE_PAD(D) * 4);
}

/* Tokens of a block. */
HOST_DEVICE constexpr u32 route_tokens(u32 D)
{
    return route_shared_bytes(D, 4) <= SHARED_MOST_BYTES   ? 4
           : route_shared_bytes(D, 2) <= SHARED_MOST_BYTES ? 2
                                                           : 1;
}

/* Turns the logits in p into probabilities. One warp; all of it comes here. */
DEVICE void route_softmax(u32 E, struct route_room *room)
{
    f32 most = room->p[0], sum = 0.0f;
    for (u32 e = 1; e < E; e++)
        most = room->p[e] > most ? room->p[e] : most;
    for (u32 e = warp_lane(); e < E; e += WARP)
        room->other[e] = k_exp(room->p[e] - most);
    warp_barrier(); /* other: each lane wrote its own, all read it; p: read above, written below */
    for (u32 e = 0; e < E; e++)
        sum = sum + room->other[e];
    for (u32 e = warp_lane(); e < E; e += WARP)
        room->p[e] = k_div(room->other[e], sum);
    warp_barrier(); /* p: each lane wrote its own, all read it; other: read above, written below */
}

/* Whether fewer than K experts come before e: those of larger p, and of equal p those before it. */
DEVICE bool route_chosen(u32 E, u32 K, const f32 *p, u32 e)
{
    u32 before = 0;
    for (u32 i = 0; i < E; i++)
        before += p[i] > p[e] || (p[i] == p[e] && i < e);
    return before < K;
}

/* route <- that of the logits in p. One warp; all of it comes here. Others see the route after a
 * barrier of their own. */
DEVICE void route_find(u32 E, u32 K, enum route_weights weights, struct route_room *room)
{
    route_softmax(E, room);
    for (u32 e = warp_lane(); e < E; e += WARP)
        room->other[e] = route_chosen(E, K, room->p, e) ? 1.0f : 0.0f;
    warp_barrier(); /* other: each lane wrote its own, all read it */
    for (u32 e = warp_lane(); e < E; e += WARP) {
        u32 slot = 0;
        for (u32 i = 0; i < e; i++)
            slot += room->other[i] != 0.0f;
        if (room->other[e] != 0.0f && slot < K) { /* logits of NaN choose all */
            room->route[slot] = (f32)e;
            room->route[K + slot] = room->p[e];
        }
    }
    warp_barrier(); /* route: written by the chosen's lanes, read by all */
    f32 sum = 0.0f;
    for (u32 slot = 0; slot < K; slot++)
        sum = sum + room->route[K + slot];
    warp_barrier(); /* route: read above, before it is divided */
    if (weights == ROUTE_RENORM && warp_lane() < K)
        room->route[K + warp_lane()] = k_div(room->route[K + warp_lane()], sum);
    for (u32 i = 2 * K + warp_lane(); i < ROUTE_STRIDE(K); i += WARP)
        room->route[i] = 0.0f;
}

/* The route, from shared memory to `to`, by one warp. */
DEVICE void route_store(u32 K, const struct route_room *room, f32 *to)
{
    warp_barrier(); /* route: written by its lanes one by one, read by them turn by turn */
    for (u32 i = warp_lane(); i < ROUTE_STRIDE(K); i += WARP)
        to[i] = room->route[i];
}

/* ---- rows ----------------------------------------------------------------------------------- */
/* sums[tokens] <- the products of row e of W with the rows of x, staged `stride` vectors apart. */
DEVICE void route_products(enum format T, u32 D, u32 tokens, u32 e, const void *w,
                           const struct vec16 *x, f32 *sums)
{
    const u32 vectors = row_vectors(T, D), stride = LINE_PAD(D) / 4;
    f32 chain[ROUTE_TOKENS_MOST][2] = {};
    for (u32 v = warp_lane(); v < vectors; v += WARP) {
        const struct vec16 row = load_weights16((const char *)w + ((size_t)e * vectors + v) * 16);
        UNROLL
        for (u32 t = 0; t < tokens; t++) {
            struct vec16 in[2];
            in[0] = load16(&x[t * stride + v]);
            if (vec_elements(T) == 8)
                in[1] = load16(&x[t * stride + vectors + v]);
            product_vector(T, &row, in, chain[t]);
        }
    }
    UNROLL
    for (u32 t = 0; t < tokens; t++)
        sums[t] = lanes_sum(chain[t][0] + chain[t][1], WARP);
}

struct route_params {
    const struct step *step;
    const void *w;
    const f32 *x;
    f32 *route;
};

template <route_shape s> struct route {
    static_assert(route_fits(s.E, s.K), "route: too many experts");
    static_assert(route_shared_bytes(s.D, 1) <= SHARED_MOST_BYTES, "route: x is too long");
    using params = route_params;
    static constexpr u32 tokens = route_tokens(s.D);
    static constexpr u32 blocks = ceil_div(s.rows, tokens), threads = ROUTE_THREADS;
    static constexpr u32 shared_bytes = route_shared_bytes(s.D, tokens);

    DEVICE void run(const params *p)
    {
        struct route_room *const room = (struct route_room *)shared_memory();
        struct vec16 *const x = (struct vec16 *)(room + tokens);
        const u32 first = block_index() * tokens;
        pdl_trigger();
        pdl_wait();
        const u32 rows = count_rows(s.count, p->step);
        if (first >= rows)
            return; /* the whole block */
        for (u32 t = 0; t < tokens; t++) {
            const u32 row = first + t < rows ? first + t : first;
            stage_row(s.type, s.D, threads, p->x + (size_t)row * s.x_stride,
                      x + t * (LINE_PAD(s.D) / 4));
        }
        block_barrier(); /* x: written by all threads, read by all in route_products() */
        for (u32 e = warp_index(); e < s.E; e += ROUTE_WARPS) {
            f32 sums[ROUTE_TOKENS_MOST];
            route_products(s.type, s.D, tokens, e, p->w, x, sums);
            UNROLL
            for (u32 t = 0; t < tokens; t++)
                if (warp_lane() == t)
                    room[t].p[e] = sums[t];
        }
        block_barrier(); /* p: written by each warp, read by the token's */
        const u32 own = warp_index();
        if (own >= tokens || first + own >= rows)
            return;
        route_find(s.E, s.K, s.weights, &room[own]);
        route_store(s.K, &room[own], p->route + (size_t)(first + own) * ROUTE_STRIDE(s.K));
    }
};

template <route_shape s>
static inline void route_launch(run *r, u32 op, const struct kernels &kernels, f32 *to,
                                const f32 *x, const void *w)
{
    kernel_launch<route<s>>(r, op, kernels.part[0], {r->step, w, x, to});
}

#define ROUTE_KERNELS(name, ...) KERNELS_1(name, kernel, route)

#endif
