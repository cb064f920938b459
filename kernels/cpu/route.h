/* route:  route[count][K pairs] <- the K experts of each token, and their weights
 *
 *   Means    p = softmax(W x[t]) over the E experts; the K largest are chosen, of equal ones the
 *            one with the lower index; each weight is p / (sum of the chosen p) or, with
 *            ROUTE_RAW, p itself
 *   Shapes   route [rows][PAD(2 K)] f32: the chosen experts in ascending order as whole numbers,
 *            then their weights, then zeros; x [rows][x_stride] f32; W [E][D] packed as in panels.h
 *   Split    tokens
 *   Moves    W once per token, from the caches; x once
 *   Order    products as in linear.h; exp(l - largest l), their sum over ascending experts, one
 *            division; ROUTE_RENORM: the sum of the chosen over ascending experts, one division
 *   Error    with e the error of a logit by linear.h: |weight - exact| <= (4 e + (E + 8) 2^-24)
 *            weight, where the choice is clear (tests/kernels/cpu/experts_test.c)
 *   Source   Jiang et al., "Mixtral of Experts"; MixtralSparseMoeBlock in f32. DeepSeekMoE adds
 *            1e-20 to the sum of the chosen, which is at least K / E: no f32 changes
 *
 * gather:  xg <- the rows of x once for each chosen expert, grouped by expert
 *
 *   Means    group e holds, in order of tokens, x[t] of every token t that chose e; groups follow
 *            one another in the order of experts
 *   Shapes   xg [K rows][x_stride], x [rows][x_stride] f32; route as above
 *   Split    rows of xg */
#ifndef KERNELS_CPU_ROUTE_H
#define KERNELS_CPU_ROUTE_H

#include <stdbool.h>
#include <string.h>

#include "kernels/cpu/linear.h"

/* The routes of a chunk by expert: rows first[e] .. first[e + 1] - 1 are those of expert e, each
 * with its token and its weight. */
struct groups {
    u32 *first;  /* [E + 1] */
    u32 *token;  /* [rows K] */
    f32 *weight; /* [rows K] */
};

/* p[E] <- softmax of logits[E], in place; the memory holds whole lines. */
KERNEL_INLINE void route_softmax(u32 E, f32 *p)
{
    f32 most = p[0], sum = 0;
    for (u32 e = 1; e < E; e++)
        most = p[e] > most ? p[e] : most;
    for (u32 e = 0; e < LINE_PAD(E); e += VF_LANES)
        vf_store(p + e, vf_exp(vf_load(p + e) - vf_splat(most)));
    for (u32 e = 0; e < E; e++)
        sum += p[e];
    for (u32 e = 0; e < E; e++)
        p[e] /= sum;
}

/* Whether fewer than K experts come before e: those of larger p, and of equal p those before it. */
KERNEL_INLINE bool route_chosen(u32 E, u32 K, const f32 *p, u32 e)
{
    u32 before = 0;
    for (u32 other = 0; other < E; other++)
        before += p[other] > p[e] || (p[other] == p[e] && other < e);
    return before < K;
}

/* The route of one token, from its probabilities. */
KERNEL_INLINE void route_write(const struct route_shape *s, const f32 *p, f32 *route)
{
    const u32 K = s->K;
    f32 sum = 0;
    u32 slot = 0;
    for (u32 i = 0; i < ROUTE_STRIDE(K); i++)
        route[i] = 0.0f;
    for (u32 e = 0; e < s->E; e++)
        if (slot < K && route_chosen(s->E, K, p, e)) { /* logits of NaN choose all */
            route[slot] = (f32)e;
            route[K + slot] = p[e];
            sum += p[e];
            slot++;
        }
    for (u32 i = K; s->weights == ROUTE_RENORM && i < 2 * K; i++)
        route[i] /= sum;
}

/* The route of one row x. */
KERNEL_INLINE void route_row(const struct route_shape *s, f32 *route, const f32 *x, const void *w)
{
    const struct linear_shape router = {
        .type = s->type, .M = s->E, .K = s->D, .epilogue = EPILOGUE_PLAIN, .count = COUNT_ONE};
    _Alignas(LINE_BYTES) f32 p[LINE_PAD(s->E)];
    linear_lines(&router, 1, 0, LINE_PAD(s->E) / LINE_F32, p, w, NULL, x);
    route_softmax(s->E, p);
    route_write(s, p, route);
}

/* This thread's share of the tokens. */
KERNEL_INLINE void route(const run *r, const struct route_shape *s, f32 *route, const f32 *x,
                         const void *w)
{
    u32 first, last;
    team_share(r, count_rows(r, s->count), &first, &last);
    for (size_t t = first; t < last; t++)
        route_row(s, route + t * ROUTE_STRIDE(s->K), x + t * s->x_stride, w);
}

/* Sorts the routes of `rows` tokens into groups; every thread does it for itself. */
KERNEL_INLINE void groups_find(u32 E, u32 K, u32 rows, const f32 *route, struct groups groups)
{
    for (u32 e = 0; e <= E; e++)
        groups.first[e] = 0;
    for (u32 t = 0; t < rows; t++)
        for (u32 slot = 0; slot < K; slot++)
            groups.first[(u32)route[(size_t)t * ROUTE_STRIDE(K) + slot] + 1]++;
    for (u32 e = 0; e < E; e++)
        groups.first[e + 1] += groups.first[e];
    for (u32 t = 0; t < rows; t++)
        for (u32 slot = 0; slot < K; slot++) {
            const f32 *from = route + (size_t)t * ROUTE_STRIDE(K) + slot;
            const u32 at = groups.first[(u32)*from]++;
            groups.token[at] = t;
            groups.weight[at] = from[K];
        }
    for (u32 e = E; e > 0; e--)
        groups.first[e] = groups.first[e - 1];
    groups.first[0] = 0;
}

/* This thread's share of the rows. */
KERNEL_INLINE void gather(const run *r, const struct gather_shape *s, f32 *xg, const f32 *x,
                          const f32 *route)
{
    const size_t S = s->x_stride;
    const u32 rows = r->step->tokens;
    u32 start[s->E + 1], token[s->rows * s->K];
    f32 weight[s->rows * s->K];
    const struct groups groups = {start, token, weight};
    u32 first, last;
    groups_find(s->E, s->K, rows, route, groups);
    team_share(r, rows * s->K, &first, &last);
    for (size_t row = first; row < last; row++)
        memcpy(xg + row * S, x + token[row] * S, S * sizeof *xg);
}

#endif
