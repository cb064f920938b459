#include "runtime/measure/score.h"

#include <math.h>
#include <string.h>

#include "kernels/cpu/simd.h"

/* Doubles in vectors of the machine's width. Sums are in LINE_F32 partial sums whatever that is. */
enum { VD_LANES = VF_BYTES / 8, LINE_VD = LINE_F32 / VD_LANES };
typedef double vd __attribute__((vector_size(VF_BYTES), may_alias));
typedef uint64_t vl __attribute__((vector_size(VF_BYTES), may_alias));
typedef f32 half_vf __attribute__((vector_size(VF_BYTES / 2), aligned(4), may_alias));

#define LOG2_E_D 0x1.71547652b82fep+0

/* What stands behind the last logit of a row, in its last line: its exp is exactly 0. */
#define ABSENT (-1e30f)

/* exp(x) for x <= 0; exactly 0 below -708. Error <= 2 ulp.
 *
 * = 2^n exp(r), n the integer next to x log2(e), which adding 1.5 * 2^52 leaves in the low bits of
 * the sum; ln 2 is a sum of two doubles, of which n times the first is exact; |r| <= 0.347, where
 * the terms of the series from r^14 on are below 2^-57. */
static inline __attribute__((always_inline)) vd vd_exp_below(vd x)
{
    static const double inverse_factorials[] = {1.0 / 6227020800,
                                                1.0 / 479001600,
                                                1.0 / 39916800,
                                                1.0 / 3628800,
                                                1.0 / 362880,
                                                1.0 / 40320,
                                                1.0 / 5040,
                                                1.0 / 720,
                                                1.0 / 120,
                                                1.0 / 24,
                                                1.0 / 6,
                                                1.0 / 2,
                                                1.0,
                                                1.0};
    const double shift = 0x1.8p52;
    const vd shifted = x * LOG2_E_D + shift;
    const vd n = shifted - shift;
    const vd r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    vd sum = r * inverse_factorials[0];
    UNROLL
    for (size_t i = 1; i < sizeof inverse_factorials / sizeof *inverse_factorials - 1; i++) {
        sum = (sum + inverse_factorials[i]) * r;
    }
    sum = sum + 1.0;
    const vd power = sum * (vd)(((vl)shifted + 1023) << 52);
    return (vd)((vl)power & (vl)(x >= -708.0));
}

static inline __attribute__((always_inline)) vd vd_widen(const f32 *at)
{
    return __builtin_convertvector(*(const half_vf *)at, vd);
}

static double sum_lanes(const vd *partial)
{
    double lanes[LINE_F32], sum = 0.0;
    memcpy(lanes, partial, sizeof lanes);
    for (u32 lane = 0; lane < LINE_F32; lane++)
        sum += lanes[lane];
    return sum;
}

/* The last, partial line of a row, filled up. */
static const f32 *last_line(const f32 *logits, u32 count, f32 line[LINE_F32])
{
    for (u32 lane = 0; lane < LINE_F32; lane++)
        line[lane] = lane < count ? logits[lane] : ABSENT;
    return line;
}

static f32 most_of(const f32 *logits)
{
    f32 lanes[LINE_F32];
    const u32 whole = model.vocab / LINE_F32 * LINE_F32;
    last_line(logits + whole, model.vocab - whole, lanes);
    for (u32 id = 0; id < whole; id += LINE_F32)
        for (u32 lane = 0; lane < LINE_F32; lane++)
            lanes[lane] = logits[id + lane] > lanes[lane] ? logits[id + lane] : lanes[lane];
    for (u32 lane = 1; lane < LINE_F32; lane++)
        lanes[0] = lanes[lane] > lanes[0] ? lanes[lane] : lanes[0];
    return lanes[0];
}

/* The first of the largest. */
static u32 top_of(const f32 *logits, f32 most)
{
    u32 top = 0;
    while (top + 1 < model.vocab && logits[top] != most)
        top++;
    return top;
}

static inline __attribute__((always_inline)) void add_exp(vd *partial, const f32 *line, double most)
{
    for (size_t part = 0; part < LINE_VD; part++)
        partial[part] += vd_exp_below(vd_widen(line + part * VD_LANES) - most);
}

/* The logarithm of the sum of exp(logit - most) over a row, of which `most` is the largest. */
static double log_sum_exp(const f32 *logits, double most)
{
    vd partial[LINE_VD] = {{0}};
    const u32 whole = model.vocab / LINE_F32 * LINE_F32;
    f32 line[LINE_F32];
    for (u32 id = 0; id < whole; id += LINE_F32)
        add_exp(partial, logits + id, most);
    if (whole < model.vocab)
        add_exp(partial, last_line(logits + whole, model.vocab - whole, line), most);
    return log(sum_lanes(partial));
}

static inline __attribute__((always_inline)) void
add_weighted(vd *weighted, vd *partial, const f32 *base, const f32 *line, double most)
{
    for (size_t part = 0; part < LINE_VD; part++) {
        const vd p = vd_widen(base + part * VD_LANES), q = vd_widen(line + part * VD_LANES);
        const vd weight = vd_exp_below(p - most);
        partial[part] += weight;
        weighted[part] += weight * (p - q);
    }
}

/* The mean of base - logits under softmax(base), and log_sum_exp() of base. */
static double mean_difference(const f32 *base, const f32 *logits, double most, double *log_sum)
{
    vd weighted[LINE_VD] = {{0}}, partial[LINE_VD] = {{0}};
    const u32 whole = model.vocab / LINE_F32 * LINE_F32, left = model.vocab - whole;
    f32 lines[2][LINE_F32];
    for (u32 id = 0; id < whole; id += LINE_F32)
        add_weighted(weighted, partial, base + id, logits + id, most);
    if (left > 0)
        add_weighted(weighted, partial, last_line(base + whole, left, lines[0]),
                     last_line(logits + whole, left, lines[1]), most);
    const double sum = sum_lanes(partial);
    *log_sum = log(sum);
    return sum_lanes(weighted) / sum;
}

struct score {
    const f32 *logits;
    const uint8_t *base; /* NULL: bits are wanted, otherwise pairs */
    uint64_t base_stride;
    const u32 *targets;
    double *bits;
    struct score_pair *pairs;
    u32 rows;
};

static struct score_pair pair_of(const f32 *base, const f32 *logits, u32 target)
{
    const f32 base_top = most_of(base), top = most_of(logits);
    const double base_most = (double)base_top, most = (double)top;
    double base_sum;
    const double difference = mean_difference(base, logits, base_most, &base_sum);
    const double sum = log_sum_exp(logits, most);
    const double base_nats = base_most - (double)base[target] + base_sum;
    const double nats = most - (double)logits[target] + sum;
    return (struct score_pair){.bits = nats * LOG2_E_D,
                               .base_bits = base_nats * LOG2_E_D,
                               .divergence = difference - ((base_most + base_sum) - (most + sum)),
                               .probability = exp(-nats) - exp(-base_nats),
                               .same_top = top_of(logits, top) == top_of(base, base_top)};
}

static void score_share(run *r, void *context)
{
    const struct score *score = context;
    u32 first, last;
    team_share(r, score->rows, &first, &last);
    for (u32 row = first; row < last; row++) {
        const f32 *logits = score->logits + (size_t)row * model.vocab_pad;
        if (score->base != NULL) {
            const void *base = score->base + row * score->base_stride;
            score->pairs[row] = pair_of(base, logits, score->targets[row]);
            continue;
        }
        const double most = (double)most_of(logits);
        const double distance = most - (double)logits[score->targets[row]];
        score->bits[row] = (distance + log_sum_exp(logits, most)) * LOG2_E_D;
    }
}

void score_logits(struct session *session, const f32 *logits, u32 rows, const u32 *targets,
                  double *bits)
{
    struct score score = {.logits = logits, .targets = targets, .bits = bits, .rows = rows};
    team_run(&session->pool, score_share, &score);
}

void score_rows(struct session *session, u32 first, u32 rows, const u32 *targets, double *bits)
{
    score_logits(session, session_head(session, first, rows), rows, targets, bits);
}

void score_against(struct session *session, const f32 *logits, const void *base,
                   uint64_t base_stride, u32 rows, const u32 *targets, struct score_pair *pairs)
{
    struct score score = {.logits = logits,
                          .base = base,
                          .base_stride = base_stride,
                          .targets = targets,
                          .pairs = pairs,
                          .rows = rows};
    team_run(&session->pool, score_share, &score);
}
