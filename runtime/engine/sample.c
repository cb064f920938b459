#include "runtime/engine/sample.h"

#include <math.h>
#include <string.h>

#include "runtime/base/philox.h"

enum { RADIX = 256 };

uint64_t sample_bytes(u32 vocab)
{
    return 2 * (uint64_t)vocab * sizeof(struct candidate) + (uint64_t)vocab * sizeof(double);
}

void sample_open(struct sampler *sampler, const struct sample_options *options, u32 vocab,
                 void *scratch)
{
    sampler->options = *options;
    sampler->vocab = vocab;
    sampler->weights = scratch;
    sampler->candidates = (struct candidate *)(sampler->weights + vocab);
}

u32 sample_greedy(const f32 *logits, u32 vocab)
{
    u32 best = 0;
    f32 most = -INFINITY;
    for (u32 id = 0; id < vocab; id++)
        if (logits[id] > most) {
            most = logits[id];
            best = id;
        }
    return best;
}

/* exp(x) for x <= 0, within 1 unit in the last place of a double; 0 below -700. libm's own differs
 * between machines in rare last bits, which is enough to change a token. */
static double exp_of(double x)
{
    if (!(x > -700.0))
        return 0.0;
    double n = nearbyint(x * 0x1.71547652b82fep+0);
    double r = fma(n, -0x1.62e42fefa39efp-1, x);
    r = fma(n, -0x1.abc9e3b39803fp-56, r);
    double sum = 1.0 / 6227020800.0; /* 1/13!, then Horner down the series of exp */
    static const double factorial[] = {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0,
                                       5040.0,      720.0,      120.0,     24.0,     6.0,
                                       2.0,         1.0,        1.0};
    for (u32 i = 0; i < sizeof factorial / sizeof *factorial; i++)
        sum = fma(sum, r, 1.0 / factorial[i]);
    return ldexp(sum, (int)n);
}

/* Bits whose ascending order is the descending order of the numbers; NaN comes last. */
static u32 rank_bits(f32 logit)
{
    u32 bits;
    memcpy(&bits, &logit, sizeof bits);
    if (logit != logit)
        return UINT32_MAX;
    if (bits == 0x80000000u)
        bits = 0; /* -0 equals 0 */
    return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
}

/* All tokens by descending logit, then ascending id: a stable radix sort of 8 bits per pass, which
 * after an even number of passes leaves its result in the first half. */
static struct candidate *sort(struct sampler *sampler, const f32 *logits)
{
    u32 vocab = sampler->vocab;
    struct candidate *from = sampler->candidates, *to = from + vocab;
    for (u32 id = 0; id < vocab; id++)
        from[id] = (struct candidate){.rank_bits = rank_bits(logits[id]), .id = id};
    for (u32 shift = 0; shift < 32; shift += 8) {
        u32 first[RADIX] = {0};
        for (u32 i = 0; i < vocab; i++)
            first[from[i].rank_bits >> shift & (RADIX - 1)]++;
        u32 sum = 0;
        for (u32 digit = 0; digit < RADIX; digit++) {
            u32 count = first[digit];
            first[digit] = sum;
            sum += count;
        }
        for (u32 i = 0; i < vocab; i++)
            to[first[from[i].rank_bits >> shift & (RADIX - 1)]++] = from[i];
        struct candidate *swapped = from;
        from = to;
        to = swapped;
    }
    return from;
}

/* How many of the sorted candidates top-k, top-p and min-p leave; at least one. */
static u32 filter(const struct sampler *sampler, const struct candidate *sorted, const f32 *logits)
{
    const struct sample_options *options = &sampler->options;
    double *weights = sampler->weights;
    u32 kept = sampler->vocab;
    if (options->top_k && options->top_k < kept)
        kept = options->top_k;
    double most = logits[sorted[0].id], total = 0.0;
    for (u32 i = 0; i < kept; i++) {
        weights[i] = exp_of(logits[sorted[i].id] - most);
        total += weights[i];
    }
    if (options->top_p < 1.0) {
        double sum = 0.0;
        for (u32 i = 0; i < kept; i++) {
            sum += weights[i];
            if (sum >= options->top_p * total)
                kept = i + 1;
        }
    }
    while (kept > 1 && weights[kept - 1] < options->min_p)
        kept--; /* the most likely token has weight 1 */
    return kept;
}

u32 sample_next(struct sampler *sampler, const f32 *logits, uint64_t position)
{
    if (!(sampler->options.temperature > 0.0))
        return sample_greedy(logits, sampler->vocab);
    const struct candidate *sorted = sort(sampler, logits);
    u32 kept = filter(sampler, sorted, logits);
    double *weights = sampler->weights;
    double most = logits[sorted[0].id], total = 0.0;
    for (u32 i = 0; i < kept; i++) {
        weights[i] = exp_of((logits[sorted[i].id] - most) / sampler->options.temperature);
        total += weights[i];
    }
    double drawn = philox_uniform(sampler->options.seed, position) * total;
    double sum = 0.0;
    for (u32 i = 0; i < kept; i++) {
        sum += weights[i];
        if (drawn < sum)
            return sorted[i].id;
    }
    return sorted[kept - 1].id; /* drawn is below total, so only rounding leads here */
}
