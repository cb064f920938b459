/* attention:  q[count][H][HD] <- softmax(q K^T * scale) V, in place, causal
 *
 *   Means    for row t at position p = step.position + t and head h, with key head g = h KV / H,
 *            seeing the positions i = o .. p, o = 0, or p - window + 1 if that is more and
 *            the window is not 0:
 *              s[i] = scale * (sum over d of q[t][h][d] K[g][i][d])
 *              q[t][h][d] = sum over i of softmax(s)[i] V[g][i][d]
 *   Shapes   q [rows][H HD] f32; keys, values [KV][C][HD] as in cache.h, positions o .. p written;
 *            C >= window + the most rows
 *   Split    tiles of up to 8 rows that share a key head
 *   Moves    K and V of the positions that are seen once per tile, q in and out
 *   Order    a score is one accumulator, fma over ascending d, then * scale. Blocks of 64 keys
 *            from multiples of 64 up; a block with maximum m' (so far m): e[i] = exp(s[i] - m'),
 *            the sum and the result so far * exp(m - m'), then + 16 partial sums of e (lane i % 16,
 *            then a tree) and fma(e[i], V[i], result) over ascending i; at last result / sum.
 *            Nothing depends on which rows go through together.
 *   Error    with h = 2^-24, n = p - o + 1, E = max over i of (HD + 3) h scale (sum over d of
 *            |q||k|):
 *            |y - exact| <= (2 E + (n + n / 16 + 12) h) sum over i of softmax[i] |V[i]|
 *            while the scores span less than 80 (tests/kernels/cpu/attention_test.c)
 *   Source   Vaswani et al.; Milakov and Gimelshein, "Online normalizer calculation for softmax";
 *            eager_attention_forward in f32 */
#ifndef KERNELS_CPU_ATTENTION_H
#define KERNELS_CPU_ATTENTION_H

#include <math.h>

#include "kernels/cpu/cache.h"
#include "kernels/cpu/math.h"
#include "kernels/cpu/norm.h"

enum {
    ATTENTION_KEYS = 64, /* of a block */
    ATTENTION_ROWS = 8,  /* of a tile */
};

/* One row of a tile while it passes over the keys. */
struct attention_row {
    f32 *q;                    /* [HD], overwritten at the end */
    uint64_t oldest, position; /* the keys it sees, first and last */
    f32 most, sum;             /* of the scores so far, and of their exponentials */
};

/* A block of keys and values: those of a head, of which rows see places skip .. count - 1. */
struct attention_block {
    const char *keys, *values;
    u32 skip, count;
};

/* score[64] <- scale * q . k of a block; -infinity before `skip` and from `count` on. */
KERNEL_INLINE void attention_scores(const struct attention_shape *s, struct attention_block block,
                                    const f32 *q, f32 *score)
{
    enum { VECTORS = ATTENTION_KEYS / VF_LANES };
    const size_t panel = cache_bytes(s->cache_type, s->HD, LINE_F32);
    vf acc[VECTORS];
    UNROLL
    for (u32 v = 0; v < VECTORS; v++)
        acc[v] = (vf){0};
    for (u32 d = 0; d < s->HD; d++) {
        const vf element = vf_splat(q[d]);
        const char *pair = block.keys + d / 2 * pair_bytes(s->cache_type) * LINE_F32;
        UNROLL
        for (u32 v = 0; v < VECTORS; v++)
            acc[v] = vf_fma(panel_load(s->cache_type, pair + v / LINE_VF * panel, LINE_F32, d % 2,
                                       v % LINE_VF * VF_LANES),
                            element, acc[v]);
    }
    UNROLL
    for (u32 v = 0; v < VECTORS; v++)
        vf_store(score + (size_t)v * VF_LANES, acc[v] * vf_splat(s->scale));
    for (u32 i = 0; i < block.skip; i++)
        score[i] = -INFINITY;
    for (u32 i = block.count; i < ATTENTION_KEYS; i++)
        score[i] = -INFINITY;
}

/* Turns scores into their exponentials; returns what the sums so far have to be multiplied by. */
KERNEL_INLINE f32 attention_exponentials(struct attention_row *row, f32 *score)
{
    f32 most = row->most;
    for (u32 i = 0; i < ATTENTION_KEYS; i++)
        most = score[i] > most ? score[i] : most;
    const f32 rescale = vf_exp_below(vf_splat(row->most - most))[0];
    _Alignas(LINE_BYTES) f32 lane[LINE_F32] = {0};
    for (u32 i = 0; i < ATTENTION_KEYS; i += VF_LANES) {
        const vf e = vf_exp_below(vf_load(score + i) - vf_splat(most));
        vf_store(score + i, e);
        vf_store(lane + i % LINE_F32, vf_load(lane + i % LINE_F32) + e);
    }
    row->sum = row->sum * rescale + lane_sum(lane);
    row->most = most;
    return rescale;
}

/* result <- result * rescale + sum over the values of a block of e V, for `lines` lines of the head
 * from column `first`. */
KERNEL_INLINE void attention_lines(const struct attention_shape *s, u32 first, u32 lines,
                                   struct attention_block block, f32 rescale, const f32 *e,
                                   f32 *result)
{
    vf acc[PANEL_LINES * LINE_VF];
    UNROLL
    for (u32 v = 0; v < lines * LINE_VF; v++)
        acc[v] = vf_load(result + first + (size_t)v * VF_LANES) * vf_splat(rescale);
    for (u32 i = block.skip; i < block.count; i++) {
        const vf weight = vf_splat(e[i]);
        const char *pair = block.values + i / 2 * pair_bytes(s->cache_type) * s->HD;
        UNROLL
        for (u32 v = 0; v < lines * LINE_VF; v++)
            acc[v] =
                vf_fma(panel_load(s->cache_type, pair, s->HD, i % 2, first + (size_t)v * VF_LANES),
                       weight, acc[v]);
    }
    UNROLL
    for (u32 v = 0; v < lines * LINE_VF; v++)
        vf_store(result + first + (size_t)v * VF_LANES, acc[v]);
}

/* The same for the whole head. */
KERNEL_INLINE void attention_values(const struct attention_shape *s, struct attention_block block,
                                    f32 rescale, const f32 *e, f32 *result)
{
    const u32 whole = s->HD / PANEL_ROWS * PANEL_ROWS, rest = s->HD % PANEL_ROWS / LINE_F32;
    for (u32 first = 0; first < whole; first += PANEL_ROWS)
        attention_lines(s, first, PANEL_LINES, block, rescale, e, result);
    if (rest > 0)
        attention_lines(s, whole, rest, block, rescale, e, result);
}

/* `count` rows that share the keys and values of one head. */
KERNEL_INLINE void attention_tile(const struct attention_shape *s, u32 count,
                                  struct attention_row *rows, const char *keys, const char *values)
{
    const u32 HD = s->HD;
    _Alignas(LINE_BYTES) f32 e[ATTENTION_KEYS], result[ATTENTION_ROWS][HD];
    uint64_t last = 0, oldest = UINT64_MAX;
    for (u32 i = 0; i < count; i++) {
        oldest = rows[i].oldest < oldest ? rows[i].oldest : oldest;
        last = rows[i].position > last ? rows[i].position : last;
        for (u32 d = 0; d < HD; d += VF_LANES)
            vf_store(result[i] + d, (vf){0});
    }
    uint64_t first = oldest / ATTENTION_KEYS * ATTENTION_KEYS;
    for (; first <= last; first += ATTENTION_KEYS) {
        const size_t at = cache_bytes(s->cache_type, HD, first % s->C);
        for (u32 i = 0; i < count; i++) {
            if (rows[i].position < first || rows[i].oldest >= first + ATTENTION_KEYS)
                continue;
            const uint64_t left = rows[i].position - first + 1;
            const struct attention_block block = {
                .keys = keys + at,
                .values = values + at,
                .skip = rows[i].oldest > first ? (u32)(rows[i].oldest - first) : 0,
                .count = left < ATTENTION_KEYS ? (u32)left : ATTENTION_KEYS,
            };
            attention_scores(s, block, rows[i].q, e);
            const f32 rescale = attention_exponentials(&rows[i], e);
            attention_values(s, block, rescale, e, result[i]);
        }
    }
    for (u32 i = 0; i < count; i++)
        for (u32 d = 0; d < HD; d += VF_LANES)
            vf_store(rows[i].q + d, vf_load(result[i] + d) / vf_splat(rows[i].sum));
}

/* This thread's share: the rows of a key head are its query heads, token after token. */
KERNEL_INLINE void attention(const run *r, const struct attention_shape *s, f32 *q,
                             const void *keys, const void *values)
{
    const u32 W = s->window, shared = s->H / s->KV, rows = count_rows(r, s->count) * shared;
    /* Smaller tiles where there are fewer rows than threads could take. */
    const u32 each = (s->KV * rows + r->threads - 1) / r->threads;
    const u32 size = each < ATTENTION_ROWS ? each : ATTENTION_ROWS;
    const u32 tiles = (rows + size - 1) / size;
    u32 first, last;
    team_share(r, s->KV * tiles, &first, &last);
    for (u32 tile = first; tile < last; tile++) {
        struct attention_row row[ATTENTION_ROWS];
        const u32 head = tile / tiles, start = tile % tiles * size;
        const u32 in_tile = rows - start < size ? rows - start : size;
        if (in_tile == 0)
            __builtin_unreachable(); /* every tile has rows; compilers doubt it */
        for (u32 i = 0; i < in_tile; i++) {
            const u32 token = (start + i) / shared, member = (start + i) % shared;
            const uint64_t position = r->step->position + token;
            row[i] = (struct attention_row){
                .q = q + ((size_t)token * s->H + head * shared + member) * s->HD,
                .oldest = W > 0 && position >= W ? position - W + 1 : 0,
                .position = position,
                .most = -INFINITY,
            };
        }
        const size_t at = head * cache_bytes(s->cache_type, s->HD, s->C);
        attention_tile(s, in_tile, row, (const char *)keys + at, (const char *)values + at);
    }
}

#endif
