/* attention, one row:  q[H][HD] <- softmax(q K^T * SCALE) V, in place
 *
 *   Means    kernels/cpu/attention.h with COUNT ONE, which is the definition
 *   Shapes   q [1][H HD] f32; keys, values [KV][C][HD] as in cache.cuh
 *   Split    two kernels:
 *              spans  a block of 256 threads for up to 8 query heads of one key head and a split of
 *                     the positions. Span c, positions 256 c .. 256 c + 255, belongs to split c %
 *                     SPLITS (work.h), whatever the position of the row; a split without a span
 *                     that the row sees has nothing to do. A thread has a position while scores are
 *                     computed, and 16 bytes of columns for the sums over values
 *              merge  a block per query head. Where the row sees spans of one split only, the
 *                     kernel before has finished, and there is nothing to do
 *   Moves    K and V of the positions that are seen, once per 8 query heads; partial sums out and
 *            in, from L2
 *   Order    a score is one accumulator, fma over ascending d, then * SCALE. Spans of a split
 *            ascending, with a running maximum m: e[i] = exp(s[i] - m'), the sums so far * exp(m -
 *            m'). Sum of e: lane l of 32 over i = l, l + 32, .. of the span, the tree of
 *            lanes_sum(). Values: thread g of G = 256 / (vectors of a row) over i = g, g + G, ..
 *            of every span, at last g ascending. Merge: weights exp(m of the split - largest m);
 *            sums of e by the tree, warps ascending; values as before, G = 1024 / HD, over splits
 *   Error    with h = 2^-24, n positions seen, E as in kernels/cpu/attention.h:
 *            |y - exact| <= (2 E + (n + n / 16 + 40) h) sum over i of softmax[i] |V[i]|
 *            while the scores span less than 80 (tests/kernels/cuda/attention_kernels_test.cc)
 *   Source   Dao et al., "Flash-Decoding for long-context inference" */
#ifndef KERNELS_CUDA_ATTENTION_ONE_CUH
#define KERNELS_CUDA_ATTENTION_ONE_CUH

#include "kernels/cuda/cache.cuh"
#include "kernels/cuda/math.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/work.h"

enum {
    SPANS_THREADS = ATTENTION_SPAN,
    SPANS_MOST_HEADS = 8,
    SPANS_MOST_WIDTH = 8, /* elements in 16 bytes */
    SPANS_AHEAD = 8,      /* vectors that a thread has on the way */
    SPANS_SCORES = ATTENTION_SPAN / WARP,
};
#define MINUS_INFINITY 0xff800000u

struct attention_params {
    const struct step *step;
    f32 *q;
    const void *keys, *values;
    f32 *work; /* values [SPLITS][H][HD], then largest score and sum of exponentials [SPLITS][H][2]
                */
};

/* What the row sees. */
struct seen {
    uint64_t oldest, position;      /* first and last */
    uint64_t first_span, last_span; /* the spans that they lie in */
};

DEVICE struct seen seen_of(u32 W, const struct step *step)
{
    const uint64_t position = step->position, oldest = cache_oldest(W, position);
    return {oldest, position, oldest / ATTENTION_SPAN, position / ATTENTION_SPAN};
}

/* The first span of a split that the row sees; beyond the last one: it has none. */
DEVICE uint64_t split_first(u32 splits, u32 split, const struct seen *seen)
{
    const u32 at = (u32)(seen->first_span % splits);
    return seen->first_span + (split + splits - at) % splits;
}

/* Whether the row sees spans of one split only. */
DEVICE bool split_alone(u32 splits, const struct seen *seen)
{
    return splits == 1 || seen->first_span == seen->last_span;
}

/* Query heads of a block. */
HOST_DEVICE constexpr u32 spans_heads(const struct attention_shape &s)
{
    return ATTENTION_HEADS(s.H / s.KV);
}

HOST_DEVICE constexpr u32 spans_part_floats(enum format T)
{
    return SPANS_THREADS * vec_elements(T);
}

/* Where the parts lie in shared memory. */
struct spans_shared {
    f32 *part;                 /* [2][spans_part_floats()] */
    f32 *q;                    /* [N][HD] */
    f32 *score;                /* [N][ATTENTION_SPAN], then their exponentials */
    f32 *rescale, *sum, *most; /* [N] */
};

DEVICE struct spans_shared spans_shared_of(enum format T, u32 N, u32 HD)
{
    struct spans_shared s;
    s.part = (f32 *)shared_memory();
    s.q = s.part + 2 * spans_part_floats(T);
    s.score = s.q + N * HD;
    s.rescale = s.score + N * ATTENTION_SPAN;
    s.sum = s.rescale + N;
    s.most = s.sum + N;
    return s;
}

/* score[head][thread] <- scale * q . k of this thread's position; -infinity if it is not seen. */
template <attention_shape s>
DEVICE void spans_scores(uint64_t span, const struct seen *seen, const char *keys,
                         const struct spans_shared *shared)
{
    constexpr enum format T = s.cache_type;
    constexpr u32 N = spans_heads(s);
    constexpr u32 width = vec_elements(T), vectors = s.HD / width;
    const uint64_t position = span * ATTENTION_SPAN + thread_index();
    const bool visible = position >= seen->oldest && position <= seen->position;
    const u32 slot = (u32)(position % s.C);
    f32 sum[SPANS_MOST_HEADS] = {};
    for (u32 base = 0; visible && base < vectors; base += SPANS_AHEAD) {
        struct vec16 hold[SPANS_AHEAD] = {};
        UNROLL
        for (u32 i = 0; i < SPANS_AHEAD; i++)
            if (base + i < vectors)
                hold[i] = load16(keys + cache_key_at(T, s.HD, slot, base + i) * 16);
        UNROLL
        for (u32 i = 0; i < SPANS_AHEAD; i++) {
            if (base + i >= vectors)
                break;
            UNROLL
            for (u32 head = 0; head < N; head++) {
                const f32 *const q = shared->q + head * s.HD + (base + i) * width;
                UNROLL
                for (u32 e = 0; e < width; e += 4) {
                    const struct vec16 four = load16(q + e);
                    UNROLL
                    for (u32 j = 0; j < 4; j++)
                        sum[head] = k_fma(weight_element(T, &hold[i], e + j), as_f32(four.word[j]),
                                          sum[head]);
                }
            }
        }
    }
    UNROLL
    for (u32 head = 0; head < N; head++)
        shared->score[head * ATTENTION_SPAN + thread_index()] =
            visible ? sum[head] * s.scale : as_f32(MINUS_INFINITY);
}

DEVICE f32 lanes_most(f32 value)
{
    UNROLL
    for (u32 mask = WARP / 2; mask > 0; mask /= 2) {
        const f32 other = warp_xor(value, mask);
        value = other > value ? other : value;
    }
    return value;
}

/* One warp: turns the scores of a head into exponentials, moves on its running maximum and sum. */
DEVICE void spans_exponentials(u32 head, f32 *most, f32 *sum, const struct spans_shared *s)
{
    f32 *const score = s->score + head * ATTENTION_SPAN + warp_lane();
    f32 e[SPANS_SCORES], largest = *most, total = 0.0f;
    UNROLL
    for (u32 i = 0; i < SPANS_SCORES; i++) {
        e[i] = score[i * WARP];
        largest = e[i] > largest ? e[i] : largest;
    }
    largest = lanes_most(largest);
    UNROLL
    for (u32 i = 0; i < SPANS_SCORES; i++) {
        e[i] = k_exp_below(e[i] - largest);
        score[i * WARP] = e[i];
        total = total + e[i];
    }
    const f32 rescale = k_exp_below(*most - largest);
    *sum = *sum * rescale + lanes_sum(total, WARP);
    *most = largest;
    if (warp_lane() == 0)
        s->rescale[head] = rescale;
}

/* This thread's sums over the values of a span. */
template <attention_shape s>
DEVICE void spans_values(uint64_t span, const struct seen *seen, const char *values,
                         const struct spans_shared *shared, f32 (*acc)[SPANS_MOST_WIDTH])
{
    constexpr enum format T = s.cache_type;
    constexpr u32 N = spans_heads(s), width = vec_elements(T), vectors = s.HD / width;
    constexpr u32 groups = SPANS_THREADS / vectors;
    const u32 v = thread_index() % vectors, group = thread_index() / vectors;
    const uint64_t first = span * ATTENTION_SPAN;
    UNROLL
    for (u32 head = 0; head < N; head++) {
        const f32 rescale = shared->rescale[head];
        UNROLL
        for (u32 e = 0; e < width; e++)
            acc[head][e] = acc[head][e] * rescale;
    }
    for (u32 base = group; group < groups && base < ATTENTION_SPAN; base += SPANS_AHEAD * groups) {
        struct vec16 hold[SPANS_AHEAD] = {};
        UNROLL
        for (u32 i = 0; i < SPANS_AHEAD; i++) {
            const u32 at = base + i * groups;
            const uint64_t position = first + at;
            if (at < ATTENTION_SPAN && position >= seen->oldest && position <= seen->position)
                hold[i] = load16(values + cache_value_at(T, s.HD, (u32)(position % s.C), v) * 16);
        }
        UNROLL
        for (u32 i = 0; i < SPANS_AHEAD; i++) {
            const u32 at = base + i * groups;
            if (at >= ATTENTION_SPAN)
                break;
            UNROLL
            for (u32 head = 0; head < N; head++) {
                const f32 weight = shared->score[head * ATTENTION_SPAN + at];
                UNROLL
                for (u32 e = 0; e < width; e++)
                    acc[head][e] = k_fma(weight_element(T, &hold[i], e), weight, acc[head][e]);
            }
        }
    }
}

/* Column d of a head: its part of all groups' sums. */
DEVICE void spans_column(u32 HD, u32 groups, bool alone, size_t at, u32 d, const f32 *part,
                         f32 exponentials, const struct attention_params *p)
{
    f32 sum = 0.0f;
    for (u32 g = 0; g < groups && d < HD; g++)
        sum = sum + part[g * HD + d];
    if (d < HD)
        (alone ? p->q : p->work)[at * HD + d] = alone ? k_div(sum, exponentials) : sum;
}

/* The sums of all threads, head by head: results of the row, or partial sums. */
template <attention_shape s>
DEVICE void spans_finish(u32 split, u32 head_first, bool alone, const struct spans_shared *shared,
                         f32 (*acc)[SPANS_MOST_WIDTH], const struct attention_params *p)
{
    constexpr enum format T = s.cache_type;
    constexpr u32 H = s.H, HD = s.HD, splits = ATTENTION_SPLITS(H, s.KV, s.C);
    constexpr u32 N = spans_heads(s), width = vec_elements(T), vectors = HD / width;
    constexpr u32 groups = SPANS_THREADS / vectors;
    const u32 v = thread_index() % vectors, group = thread_index() / vectors;
    UNROLL
    for (u32 head = 0; head < N; head++) {
        f32 *const part = shared->part + head % 2 * spans_part_floats(T);
        UNROLL
        for (u32 e = 0; e < width && group < groups; e += 4)
            store16(part + group * HD + v * width + e,
                    {{as_u32(acc[head][e]), as_u32(acc[head][e + 1]), as_u32(acc[head][e + 2]),
                      as_u32(acc[head][e + 3])}});
        block_barrier(); /* part, and sum and most before the first head: by all, read below; what
                            is written next is the other part, whose readers came by here */
        const size_t at = (size_t)(alone ? 0 : split) * H + head_first + head;
        spans_column(HD, groups, alone, at, thread_index(), part, shared->sum[head], p);
        if (HD > SPANS_THREADS)
            spans_column(HD, groups, alone, at, SPANS_THREADS + thread_index(), part,
                         shared->sum[head], p);
        f32 *const scalars = p->work + ((size_t)splits * H * HD + at * 2);
        if (!alone && thread_index() == 0) {
            scalars[0] = shared->most[head];
            scalars[1] = shared->sum[head];
        }
    }
}

using attention_spans_params = attention_params;

template <attention_shape s> struct attention_spans {
    static_assert(s.HD <= 512, "attention: a head has at most 512 elements");
    using params = attention_spans_params;
    static constexpr enum format T = s.cache_type;
    static constexpr u32 N = spans_heads(s), groups = ATTENTION_GROUPS(s.H, s.KV), HD = s.HD;
    static constexpr u32 splits = ATTENTION_SPLITS(s.H, s.KV, s.C);
    static constexpr u32 blocks = splits * groups, threads = SPANS_THREADS;
    static constexpr u32 shared_bytes =
        (N * (HD + ATTENTION_SPAN + 3) + 2 * spans_part_floats(T)) * sizeof(f32);

    DEVICE void run(const params *p)
    {
        const u32 split = block_index() / groups;
        const u32 head_first = block_index() % groups * N;
        const struct spans_shared shared = spans_shared_of(T, N, HD);
        pdl_trigger();
        pdl_wait();
        const struct seen seen = seen_of(s.window, p->step);
        uint64_t span = split_first(splits, split, &seen);
        if (span > seen.last_span)
            return; /* the whole block */
        const size_t of_head = head_first / (s.H / s.KV) * cache_bytes(T, HD, s.C);
        const char *const keys = (const char *)p->keys + of_head;
        const char *const values = (const char *)p->values + of_head;
        for (u32 i = thread_index(); i < N * HD / 4; i += threads)
            store16(shared.q + i * 4, load16(p->q + (size_t)head_first * HD + i * 4));
        f32 acc[SPANS_MOST_HEADS][SPANS_MOST_WIDTH] = {}, most = as_f32(MINUS_INFINITY), sum = 0.0f;
        block_barrier(); /* q: written by all threads, read by all in spans_scores() */
        for (; span <= seen.last_span; span += splits) {
            spans_scores<s>(span, &seen, keys, &shared);
            block_barrier(); /* score: written by all threads, read by the warp of each head */
            if (warp_index() < N)
                spans_exponentials(warp_index(), &most, &sum, &shared);
            block_barrier(); /* score, rescale: written by the warp of each head, read by all */
            spans_values<s>(span, &seen, values, &shared, acc);
            block_barrier(); /* score: read by all threads before the next span's are written */
        }
        if (warp_index() < N && warp_lane() == 0) {
            shared.most[warp_index()] = most;
            shared.sum[warp_index()] = sum;
        }
        spans_finish<s>(split, head_first, split_alone(splits, &seen), &shared, acc, p);
    }
};

/* ---- merge ---------------------------------------------------------------------------------- */
enum { MERGE_THREADS = 256, MERGE_WARPS = MERGE_THREADS / WARP };

struct merge_shared {
    f32 most[MERGE_WARPS], sum[MERGE_WARPS];
    f32 weight[MERGE_THREADS]; /* of each split; 0: has nothing */
    f32 part[MERGE_THREADS * 4];
};

/* This thread's sums of 4 columns over the splits. */
DEVICE struct vec16 merge_values(u32 H, u32 HD, u32 splits, u32 head, const struct merge_shared *s,
                                 const f32 *work)
{
    const u32 vectors = HD / 4, groups = MERGE_THREADS / vectors;
    const u32 v = thread_index() % vectors, group = thread_index() / vectors;
    f32 acc[4] = {};
    for (u32 split = group; group < groups && split < splits; split += groups) {
        const f32 weight = s->weight[split];
        if (weight == 0.0f)
            continue; /* nobody may have written its sums */
        const struct vec16 four = load16(work + ((size_t)split * H + head) * HD + v * 4);
        UNROLL
        for (u32 j = 0; j < 4; j++)
            acc[j] = k_fma(as_f32(four.word[j]), weight, acc[j]);
    }
    return {{as_u32(acc[0]), as_u32(acc[1]), as_u32(acc[2]), as_u32(acc[3])}};
}

/* Column d of a head. */
DEVICE void merge_column(u32 HD, u32 groups, u32 d, const struct merge_shared *s, f32 *q)
{
    f32 total = 0.0f;
    if (d >= HD)
        return;
    for (u32 g = 0; g < groups; g++)
        total = total + s->part[g * HD + d];
    q[d] = k_div(total, warps_sum(MERGE_WARPS, s->sum));
}

using attention_merge_params = attention_params;

template <attention_shape s> struct attention_merge {
    using params = attention_merge_params;
    static constexpr u32 H = s.H, HD = s.HD, splits = ATTENTION_SPLITS(H, s.KV, s.C);
    static constexpr u32 blocks = H, threads = MERGE_THREADS, groups = threads / (HD / 4);
    static constexpr u32 shared_bytes = sizeof(struct merge_shared);

    DEVICE void run(const params *p)
    {
        struct merge_shared *const shared = (struct merge_shared *)shared_memory();
        const u32 head = block_index(), t = thread_index();
        pdl_trigger();
        pdl_wait();
        const struct seen seen = seen_of(s.window, p->step);
        if (split_alone(splits, &seen))
            return; /* the whole grid */
        const bool mine = t < splits && split_first(splits, t, &seen) <= seen.last_span;
        const f32 *const scalars = p->work + ((size_t)splits * H * HD + ((size_t)t * H + head) * 2);
        const f32 most_here = mine ? scalars[0] : as_f32(MINUS_INFINITY);
        f32 most = lanes_most(most_here);
        if (warp_lane() == 0)
            shared->most[warp_index()] = most;
        block_barrier(); /* most: written by each warp, read by all threads below */
        UNROLL
        for (u32 i = 0; i < MERGE_WARPS; i++)
            most = shared->most[i] > most ? shared->most[i] : most;
        const f32 weight = k_exp_below(most_here - most);
        shared->weight[t] = weight;
        const f32 sum = lanes_sum(mine ? scalars[1] * weight : 0.0f, WARP);
        if (warp_lane() == 0)
            shared->sum[warp_index()] = sum;
        block_barrier(); /* weight, sum: written by all threads, read by all below */
        const struct vec16 four = merge_values(H, HD, splits, head, shared, p->work);
        if (t / (HD / 4) < groups)
            store16(shared->part + t * 4, four);
        block_barrier(); /* part: written by all groups, read by the owner of a column */
        merge_column(HD, groups, t, shared, p->q + (size_t)head * HD);
        if (HD > threads)
            merge_column(HD, groups, threads + t, shared, p->q + (size_t)head * HD);
    }
};

#endif
