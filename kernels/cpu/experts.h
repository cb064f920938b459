/* experts_swiglu, norm_experts_swiglu, experts_add:  an MLP for every expert, of which each token
 * goes through a few
 *
 *   Means    experts_swiglu: h[i] = silu(G[e] xg[i]) * (U[e] xg[i]) for every row i of group e
 *            (route.h)
 *            norm_experts_swiglu: the entrance of experts in a decode step: norm.h, route.h and
 *            the above for the chosen experts of one token
 *            experts_add: y[t] = y[t] + weight * (W[e] h[i]), for the rows i of token t in
 *            ascending order of their experts e
 *   Shapes   xg [K rows][S], h [K rows][PAD(F)], y [rows][YS] f32; route [rows][PAD(2 K)] as in
 *            route.h; G, U [E] of [F][D] and W [E] of [D][F], each packed as in panels.h
 *   Split    lines of 16 outputs, of all experts alike
 *   Moves    the matrices of the experts that are chosen, and no others
 *   Order    products as in linear.h, then one product with silu; y = fma(weight, product, y)
 *   Error    as norm.h, route.h, linear.h and swiglu; of experts_add with h = 2^-24:
 *            |y - exact| <= (K + 1) h (|y| + sum |weight W h|) + sum of |weight| the products'
 *            errors (tests/kernels/cpu/experts_test.c)
 *   Source   MixtralSparseMoeBlock in f32
 *
 *   void NAME(run *, u32 op, f32 (*h)[PAD(F)], const f32 (*xg)[S], const f32 (*route)[PAD(2 K)],
 *             const TYPE *gate, const TYPE *up)
 *   void NAME(run *, u32 op, f32 (*h)[PAD(F)], f32 (*route)[PAD(2 K)], const f32 (*x)[S],
 *             const f32 *norm, const ROUTER_TYPE *router, const TYPE *gate, const TYPE *up)
 *   void NAME(run *, u32 op, f32 (*y)[YS], const f32 (*h)[PAD(F)], const f32 (*route)[PAD(2 K)],
 *             const TYPE *w) */
#ifndef KERNELS_CPU_EXPERTS_H
#define KERNELS_CPU_EXPERTS_H

#include "kernels/cpu/mlp.h"
#include "kernels/cpu/route.h"

/* Rows that pass a part of a panel together. */
enum { EXPERT_ROWS = 32 };

/* y[rows][..] <- W x, the lines of `part`, without an epilogue. */
KERNEL_INLINE void expert_product(enum format T, u32 D, u32 YS, u32 XS, u32 rows,
                                  struct panel_part part, f32 *y, const f32 *x)
{
    gemm_panel(T, D, YS, XS, EPILOGUE_PLAIN, rows, part.lines, part.at, part.width, y, NULL, x);
}

/* The rows of one group through lines first .. last-1 of its expert. */
KERNEL_INLINE void expert_swiglu(enum format T, u32 D, u32 S, u32 F, u32 rows, u32 first, u32 last,
                                 f32 *h, const f32 *x, const void *gate, const void *up)
{
    _Alignas(LINE_BYTES) f32 other[EXPERT_ROWS][PANEL_ROWS];
    const u32 lines = LINE_PAD(F) / LINE_F32;
    for (u32 line = first, step; line < last; line += step) {
        const struct panel_part g = panel_part(T, lines, D, gate, line, last);
        const struct panel_part u = panel_part(T, lines, D, up, line, last);
        step = g.lines;
        for (u32 row = 0, count; row < rows; row += count) {
            f32 *to = h + (size_t)row * LINE_PAD(F) + (size_t)line * LINE_F32;
            count = rows - row < EXPERT_ROWS ? rows - row : EXPERT_ROWS;
            expert_product(T, D, LINE_PAD(F), S, count, g, to, x + (size_t)row * S);
            expert_product(T, D, PANEL_ROWS, S, count, u, other[0], x + (size_t)row * S);
            for (u32 i = 0; i < count; i++)
                swiglu_span((size_t)step * LINE_F32, to + (size_t)i * LINE_PAD(F), other[i]);
        }
    }
}

/* This thread's share of the outputs of all groups. */
KERNEL_INLINE void experts_swiglu(enum format T, u32 D, u32 S, u32 F, u32 E, const run *r, f32 *h,
                                  const f32 *xg, const char *gate, const char *up,
                                  struct groups groups)
{
    const size_t expert = row_bytes(T, D) * LINE_PAD(F);
    u32 first, last;
    panel_share(r, LINE_PAD(F) / LINE_F32, &first, &last);
    for (u32 e = 0; e < E; e++) {
        const size_t row = groups.first[e];
        expert_swiglu(T, D, S, F, groups.first[e + 1] - groups.first[e], first, last,
                      h + row * LINE_PAD(F), xg + row * S, gate + e * expert, up + e * expert);
    }
}

/* The same for one token, whose rows are all x. */
KERNEL_INLINE void chosen_swiglu(enum format T, u32 D, u32 F, u32 K, const run *r, f32 *h,
                                 const f32 *x, const f32 *route, const char *gate, const char *up)
{
    const size_t expert = row_bytes(T, D) * LINE_PAD(F);
    for (u32 slot = 0; slot < K; slot++) {
        const size_t at = (size_t)route[slot] * expert;
        linear_swiglu(T, F, D, r, h + (size_t)slot * LINE_PAD(F), x, gate + at, up + at);
    }
}

/* The rows of one group through lines first .. last-1 of its expert, added to their tokens. */
KERNEL_INLINE void expert_add(enum format T, u32 F, u32 HS, u32 D, u32 rows, u32 first, u32 last,
                              f32 *y, const f32 *h, const void *w, const u32 *token,
                              const f32 *weight)
{
    _Alignas(LINE_BYTES) f32 product[EXPERT_ROWS][PANEL_ROWS];
    const u32 lines = LINE_PAD(D) / LINE_F32;
    for (u32 line = first, step; line < last; line += step) {
        const struct panel_part part = panel_part(T, lines, F, w, line, last);
        step = part.lines;
        for (u32 row = 0, count; row < rows; row += count) {
            count = rows - row < EXPERT_ROWS ? rows - row : EXPERT_ROWS;
            expert_product(T, F, PANEL_ROWS, HS, count, part, product[0], h + (size_t)row * HS);
            for (u32 i = 0; i < count; i++) {
                f32 *to = y + (size_t)token[row + i] * LINE_PAD(D) + (size_t)line * LINE_F32;
                const vf share = vf_splat(weight[row + i]);
                for (u32 lane = 0; lane < step * LINE_F32; lane += VF_LANES)
                    vf_store(to + lane,
                             vf_fma(vf_load(product[i] + lane), share, vf_load(to + lane)));
            }
        }
    }
}

/* This thread's share of the outputs: group after group, so experts ascend for every token. */
KERNEL_INLINE void experts_add(enum format T, u32 F, u32 HS, u32 D, u32 E, const run *r, f32 *y,
                               const f32 *h, const char *w, struct groups groups)
{
    const size_t expert = row_bytes(T, F) * LINE_PAD(D);
    u32 first, last;
    panel_share(r, LINE_PAD(D) / LINE_F32, &first, &last);
    for (u32 e = 0; e < E; e++) {
        const u32 row = groups.first[e];
        expert_add(T, F, HS, D, groups.first[e + 1] - row, first, last, y, h + (size_t)row * HS,
                   w + e * expert, groups.token + row, groups.weight + row);
    }
}

#define EXPERTS_SWIGLU(name, TYPE, T, D, S, F, E, K, ROWS)                                         \
    void name(run *r, u32 op, f32(*h)[LINE_PAD(F)], const f32(*xg)[S],                             \
              const f32(*route)[ROUTE_STRIDE(K)], const TYPE *gate, const TYPE *up)                \
    {                                                                                              \
        GROUPS(groups, E, K, ROWS);                                                                \
        groups_find(E, K, r->step->tokens, route[0], groups);                                      \
        experts_swiglu(FORMAT_##T, D, S, F, E, r, h[0], xg[0], (const char *)(const void *)gate,   \
                       (const char *)(const void *)up, groups);                                    \
        op_done(r, op); /* h before down_proj reads it; xg before it is overwritten */             \
    }

#define NORM_EXPERTS_SWIGLU(name, ROUTER_TYPE, TYPE, T, D, S, F, EPS, E, K, WEIGHTS)               \
    void name(run *r, u32 op, f32(*h)[LINE_PAD(F)], f32(*route)[ROUTE_STRIDE(K)],                  \
              const f32(*x)[S], const f32 *norm, const ROUTER_TYPE *router, const TYPE *gate,      \
              const TYPE *up)                                                                      \
    {                                                                                              \
        _Alignas(LINE_BYTES) f32 xn[S], p[LINE_PAD(E)], own[ROUTE_STRIDE(K)];                      \
        rmsnorm_row(D, S, EPS, xn, x[0], norm);                                                    \
        route_row(FORMAT_##T, D, E, K, ROUTE_##WEIGHTS, router->w, xn, p, own);                    \
        if (r->rank == 0)                                                                          \
            memcpy(route[0], own, sizeof own);                                                     \
        chosen_swiglu(FORMAT_##T, D, F, K, r, h[0], xn, own, (const char *)(const void *)gate,     \
                      (const char *)(const void *)up);                                             \
        op_done(r, op); /* h and the route before down_proj reads them */                          \
    }

#define EXPERTS_ADD(name, TYPE, T, F, HS, D, E, K, ROWS, COUNT)                                    \
    void name(run *r, u32 op, f32(*y)[LINE_PAD(D)], const f32(*h)[HS],                             \
              const f32(*route)[ROUTE_STRIDE(K)], const TYPE *w)                                   \
    {                                                                                              \
        GROUPS(groups, E, K, ROWS);                                                                \
        groups_find(E, K, count_rows(r, COUNT_##COUNT), route[0], groups);                         \
        experts_add(FORMAT_##T, F, HS, D, E, r, y[0], h[0], (const char *)(const void *)w,         \
                    groups);                                                                       \
        op_done(r, op); /* y before the next norm reads it; h before it is overwritten */          \
    }

#endif
