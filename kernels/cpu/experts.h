/* experts_swiglu, norm_experts_swiglu, experts_add:  an MLP for every expert, of which each token
 * goes through a few
 *
 *   Means    experts_swiglu: h[i] = silu(G[e] xg[i]) * (U[e] xg[i]) for every row i of group e
 *            (route.h)
 *            norm_experts_swiglu: how experts begin in a decode step: norm.h, route.h and the
 *            above for the chosen experts of one token
 *            experts_add: y[t] = y[t] + weight * (W[e] h[i]), for the rows i of token t in
 *            ascending order of their experts e
 *   Shapes   xg [K rows][xg_stride], h [K rows][PAD(F)] (of experts_add: [h_stride]), y
 *            [rows][PAD(D)] f32; route [rows][PAD(2 K)] as in route.h; G, U [E] of [F][D] and W [E]
 *            of [D][F], each packed as in panels.h
 *   Split    lines of 16 outputs, of all experts alike
 *   Moves    the matrices of the experts that are chosen, and no others
 *   Order    products as in linear.h, then one product with silu; y = fma(weight, product, y)
 *   Error    as norm.h, route.h, linear.h and swiglu; of experts_add with h = 2^-24:
 *            |y - exact| <= (K + 1) h (|y| + sum |weight W h|) + sum of |weight| the products'
 *            errors (tests/kernels/cpu/experts_test.c)
 *   Source   MixtralSparseMoeBlock in f32 */
#ifndef KERNELS_CPU_EXPERTS_H
#define KERNELS_CPU_EXPERTS_H

#include "kernels/cpu/mlp.h"
#include "kernels/cpu/route.h"

/* Rows that pass a part of a panel together. */
enum { EXPERT_ROWS = 32 };

/* A product of an expert's, whose rows lie among others. */
KERNEL_INLINE struct linear_shape expert_product(enum format type, u32 M, u32 K, u32 y_stride,
                                                 u32 x_stride)
{
    return (struct linear_shape){.type = type,
                                 .M = M,
                                 .K = K,
                                 .y_stride = y_stride,
                                 .x_stride = x_stride,
                                 .epilogue = EPILOGUE_PLAIN,
                                 .count = COUNT_CHUNK};
}

/* `rows` rows of one group through lines first .. last-1 of its expert. */
KERNEL_INLINE void expert_swiglu(const struct experts_swiglu_shape *s, u32 rows, u32 first,
                                 u32 last, f32 *h, const f32 *x, const void *gate, const void *up)
{
    const u32 F = LINE_PAD(s->F);
    const struct linear_shape to_h = expert_product(s->type, s->F, s->D, F, s->xg_stride);
    const struct linear_shape aside = expert_product(s->type, s->F, s->D, PANEL_ROWS, s->xg_stride);
    _Alignas(LINE_BYTES) f32 other[EXPERT_ROWS][PANEL_ROWS];
    for (u32 line = first, step; line < last; line += step) {
        const struct panel_part g = panel_part(&to_h, gate, line, last);
        const struct panel_part u = panel_part(&aside, up, line, last);
        step = g.lines;
        for (u32 row = 0, count; row < rows; row += count) {
            const f32 *from = x + (size_t)row * s->xg_stride;
            f32 *to = h + (size_t)row * F + (size_t)line * LINE_F32;
            count = rows - row < EXPERT_ROWS ? rows - row : EXPERT_ROWS;
            gemm_panel(&to_h, count, g, to, NULL, from);
            gemm_panel(&aside, count, u, other[0], NULL, from);
            for (u32 i = 0; i < count; i++)
                swiglu_span((size_t)step * LINE_F32, to + (size_t)i * F, other[i]);
        }
    }
}

/* This thread's share of the outputs of all groups. */
KERNEL_INLINE void experts_swiglu(const run *r, const struct experts_swiglu_shape *s, f32 *h,
                                  const f32 *xg, const f32 *route, const void *gate, const void *up)
{
    const size_t expert = row_bytes(s->type, s->D) * LINE_PAD(s->F);
    u32 start[s->E + 1], token[s->rows * s->K];
    f32 weight[s->rows * s->K];
    u32 first, last;
    groups_find(s->E, s->K, r->step->tokens, route, (struct groups){start, token, weight});
    panel_share(r, LINE_PAD(s->F) / LINE_F32, &first, &last);
    for (u32 e = 0; e < s->E; e++) {
        const size_t row = start[e];
        expert_swiglu(s, start[e + 1] - start[e], first, last, h + row * LINE_PAD(s->F),
                      xg + row * s->xg_stride, (const char *)gate + e * expert,
                      (const char *)up + e * expert);
    }
}

KERNEL_INLINE void norm_experts_swiglu(const run *r, const struct norm_experts_swiglu_shape *s,
                                       f32 *h, f32 *route, const f32 *x, const f32 *norm,
                                       const void *router, const void *gate, const void *up)
{
    const struct route_shape routed = {
        .type = s->router_type, .D = s->D, .E = s->E, .K = s->K, .weights = s->weights};
    const struct linear_shape product = {
        .type = s->type, .M = s->F, .K = s->D, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE};
    const size_t expert = row_bytes(s->type, s->D) * LINE_PAD(s->F);
    _Alignas(LINE_BYTES) f32 xn[LINE_PAD(s->D)], own[ROUTE_STRIDE(s->K)];
    rmsnorm_row(s->D, LINE_PAD(s->D), s->epsilon, xn, x, norm);
    route_row(&routed, own, xn, router);
    if (r->rank == 0)
        memcpy(route, own, sizeof own);
    for (u32 slot = 0; slot < s->K; slot++) {
        const size_t at = (size_t)own[slot] * expert;
        linear_swiglu(r, &product, h + (size_t)slot * LINE_PAD(s->F), (const char *)gate + at,
                      (const char *)up + at, xn);
    }
}

/* The rows of one group: whose they are, and the weight of the expert there. */
struct expert_rows {
    u32 count;
    const u32 *token;
    const f32 *weight;
};

/* The rows of one group through lines first .. last-1 of its expert, added to their tokens. */
KERNEL_INLINE void expert_add(const struct experts_add_shape *s, struct expert_rows rows, u32 first,
                              u32 last, f32 *y, const f32 *h, const void *w)
{
    const struct linear_shape aside = expert_product(s->type, s->D, s->F, PANEL_ROWS, s->h_stride);
    _Alignas(LINE_BYTES) f32 product[EXPERT_ROWS][PANEL_ROWS];
    for (u32 line = first, step; line < last; line += step) {
        const struct panel_part part = panel_part(&aside, w, line, last);
        step = part.lines;
        for (u32 row = 0, count; row < rows.count; row += count) {
            count = rows.count - row < EXPERT_ROWS ? rows.count - row : EXPERT_ROWS;
            gemm_panel(&aside, count, part, product[0], NULL, h + (size_t)row * s->h_stride);
            for (u32 i = 0; i < count; i++) {
                f32 *to =
                    y + (size_t)rows.token[row + i] * LINE_PAD(s->D) + (size_t)line * LINE_F32;
                const vf share = vf_splat(rows.weight[row + i]);
                for (u32 lane = 0; lane < step * LINE_F32; lane += VF_LANES)
                    vf_store(to + lane,
                             vf_fma(vf_load(product[i] + lane), share, vf_load(to + lane)));
            }
        }
    }
}

/* This thread's share of the outputs: group after group, so experts ascend for every token. */
KERNEL_INLINE void experts_add(const run *r, const struct experts_add_shape *s, f32 *y,
                               const f32 *h, const f32 *route, const void *w)
{
    const size_t expert = row_bytes(s->type, s->F) * LINE_PAD(s->D);
    u32 start[s->E + 1], token[s->rows * s->K];
    f32 weight[s->rows * s->K];
    u32 first, last;
    groups_find(s->E, s->K, count_rows(r, s->count), route, (struct groups){start, token, weight});
    panel_share(r, LINE_PAD(s->D) / LINE_F32, &first, &last);
    for (u32 e = 0; e < s->E; e++) {
        const u32 row = start[e];
        const struct expert_rows rows = {start[e + 1] - row, token + row, weight + row};
        expert_add(s, rows, first, last, y, h + (size_t)row * s->h_stride,
                   (const char *)w + e * expert);
    }
}

#endif
