/* sample:  the next token from a row of logits, by one block
 *
 *   Means    sample_next() of runtime/engine/sample.c, which is the definition: the same token,
 *            always, if the logits are finite; otherwise SAMPLE_NONE
 *   Split    one block of SAMPLER_THREADS. Top-k cuts first: 8 counting passes over the logits find
 *            the k-th of them. What is left is sorted by 8 passes of a radix sort of 4 bits, in
 *            which a thread owns a run of neighbours, so equal logits stay in the order of their
 *            ids. Sums are added by one thread from the most likely on, as the definition does
 *   Moves    everything within L2: per pass 4 bytes a logit for top-k, 16 per sorted candidate; 8
 *            bytes per candidate and sum. The sums of n candidates take n additions one after
 *            another, twice with top-p: bound by latency, so top-k makes sampling cheap and a
 *            vocabulary without it is sorted and added in full
 *   Order    double sums in the order of the sorted candidates
 *   Error    none
 *
 * Greedy is not here: the blocks of runtime/engine/cuda/sampler_step.cu find the largest logit
 * together. */
#ifndef RUNTIME_ENGINE_CUDA_SAMPLE_CUH
#define RUNTIME_ENGINE_CUDA_SAMPLE_CUH

#include <string.h>

#include "kernels/cuda/device.h"
#include "runtime/engine/cuda/philox.cuh"
#include "runtime/engine/cuda/sampler_step.h"

enum {
    SAMPLE_DIGITS = 16, /* of 4 bits; as many as the block has warps */
    SAMPLE_TILE = 2048, /* candidates whose weights are in shared memory together */
    SAMPLE_RUN = 8,     /* of them that the adding thread has in registers */
};
static_assert(SAMPLER_THREADS == SAMPLE_DIGITS * WARP, "a warp adds the counts of a digit");

struct sample_shared {
    union {
        u32 counts[SAMPLE_DIGITS][SAMPLER_THREADS]; /* per digit and thread: count, then position */
        double tile[SAMPLE_TILE];
    };
    u32 totals[SAMPLE_DIGITS];
    uint64_t least[SAMPLE_DIGITS]; /* of a warp */
};

/* The candidates in run.work; a key is rank << 32 | id, so the most likely has the least. */
struct sample_work {
    uint64_t *keys, *other; /* [vocab] each */
    double *sums;           /* [vocab] */
};

/* The token of logits that are not all finite. */
#define SAMPLE_NONE UINT32_MAX

/* Bits whose ascending order is the descending order of the numbers. What is not finite has rank 0
 * and no number has, so whoever looks for the least rank finds it without looking for it. */
DEVICE u32 sample_rank(f32 logit)
{
    u32 bits = as_u32(logit);
    if ((bits & 0x7f800000u) == 0x7f800000u)
        return 0;
    if (bits == 0x80000000u)
        bits = 0; /* -0 equals 0 */
    return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
}

/* exp(x) for x <= 0, bit for bit that of runtime/engine/sample.c; 0 below -700. */
DEVICE double sample_exp(double x)
{
    if (!(x > -700.0))
        return 0.0;
    const double to_integer = 0x1.8p52;
    const double n = (x * 0x1.71547652b82fep+0 + to_integer) - to_integer;
    double r = d_fma(n, -0x1.62e42fefa39efp-1, x);
    r = d_fma(n, -0x1.abc9e3b39803fp-56, r);
    const double inverse[] = {1.0 / 479001600.0,
                              1.0 / 39916800.0,
                              1.0 / 3628800.0,
                              1.0 / 362880.0,
                              1.0 / 40320.0,
                              1.0 / 5040.0,
                              1.0 / 720.0,
                              1.0 / 120.0,
                              1.0 / 24.0,
                              1.0 / 6.0,
                              1.0 / 2.0,
                              1.0,
                              1.0};
    double sum = 1.0 / 6227020800.0; /* 1/13!, then Horner down the series of exp */
    UNROLL
    for (u32 i = 0; i < sizeof inverse / sizeof *inverse; i++)
        sum = d_fma(sum, r, inverse[i]);
    const uint64_t bits = (uint64_t)(1023 + (int)n) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power; /* exact: both are normal, and so is the product */
}

/* The least of all threads' keys, in every thread. Every thread of a block of `threads` calls. */
DEVICE uint64_t sample_least(uint64_t key, u32 threads, uint64_t *of_warp)
{
    UNROLL
    for (u32 mask = WARP / 2; mask > 0; mask /= 2) {
        const uint64_t other = warp_xor_u64(key, mask);
        key = other < key ? other : key;
    }
    block_barrier(); /* reads of an earlier call's of_warp before this call's writes */
    if (warp_lane() == 0)
        of_warp[warp_index()] = key;
    block_barrier(); /* the warps' keys before everyone reads them */
    for (u32 w = 0; w < threads / WARP; w++)
        key = of_warp[w] < key ? of_warp[w] : key;
    return key;
}

/* Replaces the counts, read as one row from digit 0 thread 0 on, by the sums of those before each;
 * returns the sum of all. Between threads: called when all counts are written, and left when all
 * positions are. */
DEVICE u32 sample_positions(struct sample_shared *shared)
{
    u32 *const mine = shared->counts[0] + thread_index() * SAMPLE_DIGITS;
    u32 before = 0, total = 0, all = 0;
    block_barrier(); /* every thread's counts before others add them */
    for (u32 i = 0; i < SAMPLE_DIGITS; i++)
        total += mine[i];
    UNROLL
    for (u32 mask = 1; mask < WARP; mask *= 2) {
        const u32 other = warp_xor_u32(total, mask);
        before += warp_lane() & mask ? other : 0;
        total += other;
    }
    if (warp_lane() == 0)
        shared->totals[warp_index()] = total;
    block_barrier(); /* the warps' totals before everyone reads them */
    for (u32 w = 0; w < SAMPLE_DIGITS; w++) {
        before += w < warp_index() ? shared->totals[w] : 0;
        all += shared->totals[w];
    }
    u32 position = before;
    for (u32 i = 0; i < SAMPLE_DIGITS; i++) {
        const u32 count = mine[i];
        mine[i] = position;
        position += count;
    }
    block_barrier(); /* positions before the threads that use them; totals before the next call */
    return all;
}

DEVICE void sample_clear(struct sample_shared *shared)
{
    for (u32 digit = 0; digit < SAMPLE_DIGITS; digit++)
        shared->counts[digit][thread_index()] = 0;
}

/* The rank of the k-th most likely of logits[vocab], 1 <= k <= vocab: digit by digit from the
 * highest, by counting those that agree with the digits found so far. */
DEVICE u32 sample_rank_of(struct sample_shared *shared, const f32 *logits, u32 vocab, u32 k)
{
    u32 found = 0;
    for (u32 shift = 32; shift > 0;) {
        shift -= 4;
        sample_clear(shared);
        for (u32 id = thread_index(); id < vocab; id += SAMPLER_THREADS) {
            const u32 rank = sample_rank(logits[id]);
            if ((uint64_t)rank >> (shift + 4) == (uint64_t)found >> (shift + 4))
                shared->counts[rank >> shift & (SAMPLE_DIGITS - 1)][thread_index()]++;
        }
        block_barrier(); /* every thread's counts before a warp adds those of its digit */
        u32 total = 0;
        for (u32 t = warp_lane(); t < SAMPLER_THREADS; t += WARP)
            total += shared->counts[warp_index()][t];
        UNROLL
        for (u32 mask = WARP / 2; mask > 0; mask /= 2)
            total += warp_xor_u32(total, mask);
        if (warp_lane() == 0)
            shared->totals[warp_index()] = total;
        block_barrier(); /* the totals before everyone reads them; counts before they are cleared */
        u32 digit = 0;
        while (shared->totals[digit] < k)
            k -= shared->totals[digit++];
        found |= digit << shift;
        block_barrier(); /* the totals before the next digit's */
    }
    return found;
}

/* keys <- the candidates of at most this rank, by ascending id; returns how many. */
DEVICE u32 sample_gather(struct sample_shared *shared, const f32 *logits, u32 vocab, u32 rank,
                         uint64_t *keys)
{
    const u32 each = (vocab + SAMPLER_THREADS - 1) / SAMPLER_THREADS;
    const u32 first = thread_index() * each < vocab ? thread_index() * each : vocab;
    const u32 last = vocab - first < each ? vocab : first + each;
    u32 *const count = &shared->counts[0][thread_index()];
    sample_clear(shared);
    for (u32 id = first; id < last; id++)
        *count += sample_rank(logits[id]) <= rank;
    const u32 all = sample_positions(shared);
    for (u32 id = first; id < last; id++) {
        const u32 own = sample_rank(logits[id]);
        if (own <= rank)
            keys[(*count)++] = (uint64_t)own << 32 | id;
    }
    block_barrier(); /* keys before the sort reads them; counts before they are cleared */
    return all;
}

/* Sorts keys[n] by rank, equal ones as they stand; the even number of passes ends in `keys`. */
DEVICE void sample_sort(struct sample_shared *shared, uint64_t *keys, uint64_t *other, u32 n)
{
    const u32 each = (n + SAMPLER_THREADS - 1) / SAMPLER_THREADS;
    const u32 first = thread_index() * each < n ? thread_index() * each : n;
    const u32 last = n - first < each ? n : first + each;
    for (u32 shift = 32; shift < 64; shift += 4) {
        sample_clear(shared);
        for (u32 i = first; i < last; i++)
            shared->counts[keys[i] >> shift & (SAMPLE_DIGITS - 1)][thread_index()]++;
        sample_positions(shared);
        for (u32 i = first; i < last; i++) {
            const u32 digit = keys[i] >> shift & (SAMPLE_DIGITS - 1);
            other[shared->counts[digit][thread_index()]++] = keys[i];
        }
        block_barrier(); /* this pass's keys before the next reads them; counts before clearing */
        uint64_t *const swapped = keys;
        keys = other;
        other = swapped;
    }
}

/* The weight of a sorted candidate beside the most likely one's, which is 1. */
DEVICE double sample_weight(const f32 *logits, const uint64_t *keys, u32 i, double temperature)
{
    const double most = logits[(u32)keys[0]];
    return sample_exp((logits[(u32)keys[i]] - most) / temperature);
}

/* sums[i] <- weight of candidate 0 + ... + weight of candidate i, added in this order; n > 0. */
DEVICE void sample_sums(struct sample_shared *shared, const f32 *logits,
                        const struct sample_work *work, u32 n, double temperature)
{
    double sum = 0.0;
    for (u32 base = 0; base < n; base += SAMPLE_TILE) {
        const u32 count = n - base < SAMPLE_TILE ? n - base : (u32)SAMPLE_TILE;
        const u32 whole = (count + SAMPLE_RUN - 1) / SAMPLE_RUN * SAMPLE_RUN;
        for (u32 i = thread_index(); i < whole; i += SAMPLER_THREADS)
            shared->tile[i] =
                i < count ? sample_weight(logits, work->keys, base + i, temperature) : 0.0;
        block_barrier(); /* the weights before one thread adds them */
        for (u32 i = 0; thread_index() == 0 && i < whole; i += SAMPLE_RUN) {
            double part[SAMPLE_RUN];
            UNROLL
            for (u32 k = 0; k < SAMPLE_RUN; k++)
                part[k] = shared->tile[i + k];
            UNROLL
            for (u32 k = 0; k < SAMPLE_RUN; k++)
                shared->tile[i + k] = sum = sum + part[k];
        }
        block_barrier(); /* the sums before all threads take them out */
        for (u32 i = thread_index(); i < count; i += SAMPLER_THREADS)
            work->sums[base + i] = shared->tile[i];
        block_barrier(); /* sums before anyone reads them; the tile before it is overwritten */
    }
}

/* How many of the n sorted candidates top-p and min-p leave; at least one. */
DEVICE u32 sample_filter(struct sample_shared *shared, const f32 *logits,
                         const struct sample_options *options, const struct sample_work *work,
                         u32 n)
{
    if (options->top_p < 1.0) {
        sample_sums(shared, logits, work, n, 1.0);
        const double enough = options->top_p * work->sums[n - 1];
        uint64_t first = n - 1;
        for (u32 i = thread_index(); i < n; i += SAMPLER_THREADS)
            if (work->sums[i] >= enough && i < first)
                first = i;
        n = (u32)sample_least(first, SAMPLER_THREADS, shared->least) + 1;
    }
    if (options->min_p > 0.0) {
        uint64_t dropped = n - 1; /* from the end: the fewer, the later the last one kept */
        for (u32 i = thread_index(); i < n; i += SAMPLER_THREADS)
            if (!(sample_weight(logits, work->keys, i, 1.0) < options->min_p) &&
                n - 1 - i < dropped)
                dropped = n - 1 - i;
        n -= (u32)sample_least(dropped, SAMPLER_THREADS, shared->least);
    }
    return n;
}

/* The token of sample_next() for temperature > 0, or SAMPLE_NONE, in every thread of the block. */
DEVICE u32 sample_token(struct sample_shared *shared, const f32 *logits, u32 vocab,
                        const struct sample_options *options, uint64_t position,
                        const struct sample_work *work)
{
    const bool cut = options->top_k > 0 && options->top_k < vocab;
    const u32 rank = cut ? sample_rank_of(shared, logits, vocab, options->top_k) : UINT32_MAX;
    u32 kept = sample_gather(shared, logits, vocab, rank, work->keys);
    sample_sort(shared, work->keys, work->other, kept);
    if (work->keys[0] >> 32 == 0)
        return SAMPLE_NONE;
    kept = cut ? options->top_k : kept; /* ties with the k-th came along */
    kept = sample_filter(shared, logits, options, work, kept);

    sample_sums(shared, logits, work, kept, options->temperature);
    const double drawn = philox_draw(options->seed, position) * work->sums[kept - 1];
    uint64_t chosen = kept - 1; /* drawn is below the sum, so only rounding leads to the last */
    for (u32 i = thread_index(); i < kept; i += SAMPLER_THREADS)
        if (drawn < work->sums[i] && i < chosen)
            chosen = i;
    return (u32)work->keys[sample_least(chosen, SAMPLER_THREADS, shared->least)];
}

#endif
