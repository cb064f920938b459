/* The convolution and the gated selective scan of Mamba-1, forward and backward, for training on
 * a CPU:
 *
 *   u[t]  = silu(bias + sum_k weight[k] x[t - 3 + k])                       k = 0..3
 *   h[n]  = exp(dt A[n]) h[n] + dt u B[n]          dt = softplus(raw)       n = 0..15
 *   y     = (sum_n C[n] h[n] + D u) silu(z)
 *
 * Arrays are f32, row-major: x, u, raw, z, y and their gradients [batch][time][width]; B and C
 * [batch][time][16]; A and the states [..][width][16]. Sixteen channels make one vector, their
 * sixteen states sixteen vectors; width is a multiple of 16. The forward scan keeps the state at
 * the start of every TIME_BLOCK steps and the backward scan recomputes each block from there, which
 * saves the memory for the states in between. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

enum { LANES = 16, STATES = 16, TAPS = 4, TIME_BLOCK = 16 };

static const float log2_e = 1.44269504f;

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));

struct sizes {
    int64_t batch, time, width;
};

static inline vec load(const float *from)
{
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void store(float *to, vec v)
{
    memcpy(to, &v, sizeof v);
}

static inline vec spread(float value)
{
    return value - (vec){0};
}

static inline vec pick(ivec mask, vec yes, vec no)
{
    return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask));
}

/* 2^v to about 3e-6 relative. */
static inline vec exp2_vec(vec v)
{
#ifdef __AVX512F__
    const vec whole = (vec)_mm512_roundscale_ps((__m512)v, _MM_FROUND_TO_NEAREST_INT);
#else
    const vec low = spread(-126.0f), high = spread(126.0f);
    const vec magic = spread(12582912.0f); /* adding 1.5 * 2^23 rounds to a whole number */
    v = pick(v < low, low, v);
    v = pick(v > high, high, v);
    const vec whole = (v + magic) - magic;
#endif
    const vec part = v - whole;
    vec p = spread(1.3333558e-3f);
    p = p * part + 9.6181291e-3f;
    p = p * part + 5.5504109e-2f;
    p = p * part + 2.4022651e-1f;
    p = p * part + 6.9314718e-1f;
    p = p * part + 1.0f;
#ifdef __AVX512F__
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)whole);
#else
    return (vec)((ivec)p + (__builtin_convertvector(whole, ivec) << 23));
#endif
}

static inline vec sigmoid(vec v)
{
    return 1.0f / (1.0f + exp2_vec(v * -log2_e));
}

/* max(v, 0) + log(1 + e), e = exp(-|v|); the logarithm as 2 atanh(e / (2 + e)). */
static inline vec softplus(vec v)
{
    const vec zero = {0};
    const vec size = pick(v > zero, v, -v);
    const vec e = exp2_vec(size * -log2_e);
    const vec r = e / (2.0f + e), q = r * r;
    vec p = spread(1.0f / 13);
    p = p * q + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    p = p * q + 1.0f;
    return pick(v > zero, v, zero) + 2.0f * r * p;
}

/* Channels c..c+15 of a [width][16] array, one vector per state. */
static inline void load_states(vec out[STATES], const float *from)
{
    for (int n = 0; n < STATES; n++)
        for (int lane = 0; lane < LANES; lane++)
            out[n][lane] = from[lane * STATES + n];
}

static inline void store_states(float *to, const vec in[STATES])
{
    for (int n = 0; n < STATES; n++)
        for (int lane = 0; lane < LANES; lane++)
            to[lane * STATES + n] = in[n][lane];
}

/* Adds the sum over lanes of each of 16 vectors to 16 floats. */
static inline void add_lane_sums(float to[STATES], const vec in[STATES])
{
    vec v[STATES];
    memcpy(v, in, sizeof v);
    const ivec low[4] = {
        {0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30},
        {0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29},
        {0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27},
        {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23},
    };
#pragma GCC unroll 4
    for (int stage = 0; stage < 4; stage++) {
        const int step = 1 << stage;
#pragma GCC unroll 8
        for (int k = 0; k < STATES; k += 2 * step) {
            const vec a = v[k], b = v[k + step];
            v[k] = __builtin_shuffle(a, b, low[stage]) + __builtin_shuffle(a, b, low[stage] + step);
        }
    }
    store(to, load(to) + v[0]);
}

/* u from x; `before` holds the last 3 inputs of the text so far, [batch][3][width]. */
void conv_forward(const struct sizes *s, const float *x, const float *before, const float *weight,
                  const float *bias, float *u)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t row = 0; row < s->batch; row++) {
        for (int64_t channel = 0; channel < s->width; channel += LANES) {
            vec taps[TAPS], past[TAPS - 1];
            for (int k = 0; k < TAPS; k++)
                taps[k] = load(weight + k * s->width + channel);
            for (int k = 0; k < TAPS - 1; k++)
                past[k] = load(before + (row * (TAPS - 1) + k) * s->width + channel);
            for (int64_t t = row * s->time; t < (row + 1) * s->time; t++) {
                const vec now = load(x + t * s->width + channel);
                const vec sum = load(bias + channel) + taps[0] * past[0] + taps[1] * past[1] +
                                taps[2] * past[2] + taps[3] * now;
                store(u + t * s->width + channel, sum * sigmoid(sum));
                past[0] = past[1];
                past[1] = past[2];
                past[2] = now;
            }
        }
    }
}

/* Gradients from gu: gx [batch][time][width]; one copy per row of gweight [batch][4][width] and
 * gbias [batch][width]. */
void conv_backward(const struct sizes *s, const float *x, const float *before, const float *weight,
                   const float *bias, const float *gu, float *gx, float *gweight, float *gbias)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t row = 0; row < s->batch; row++) {
        for (int64_t channel = 0; channel < s->width; channel += LANES) {
            vec taps[TAPS], gtaps[TAPS] = {{0}}, gsum_all = {0}, ahead[TAPS - 1] = {{0}};
            for (int k = 0; k < TAPS; k++)
                taps[k] = load(weight + k * s->width + channel);
            for (int64_t t = s->time - 1; t >= 0; t--) {
                const int64_t at = (row * s->time + t) * s->width + channel;
                vec in[TAPS], sum = load(bias + channel);
                for (int k = 0; k < TAPS; k++) {
                    const int64_t from = t - (TAPS - 1) + k;
                    const int64_t kept = (row * (TAPS - 1) + t + k) * s->width + channel;
                    in[k] = from < 0 ? load(before + kept)
                                     : load(x + (row * s->time + from) * s->width + channel);
                    sum += taps[k] * in[k];
                }
                const vec gate = sigmoid(sum);
                const vec gsum = load(gu + at) * gate * (1.0f + sum * (1.0f - gate));
                for (int k = 0; k < TAPS; k++)
                    gtaps[k] += gsum * in[k];
                gsum_all += gsum;
                store(gx + at, taps[3] * gsum + taps[2] * ahead[0] + taps[1] * ahead[1] +
                                   taps[0] * ahead[2]);
                ahead[2] = ahead[1];
                ahead[1] = ahead[0];
                ahead[0] = gsum;
            }
            for (int k = 0; k < TAPS; k++)
                store(gweight + (row * TAPS + k) * s->width + channel, gtaps[k]);
            store(gbias + row * s->width + channel, gsum_all);
        }
    }
}

/* y and the states after the last step, from the states before the first; kept
 * [batch][time / 16][width][16] gets the states before every 16 steps, in the order of vectors. */
void scan_forward(const struct sizes *s, const float *u, const float *raw, const float *z,
                  const float *a, const float *b, const float *c, const float *d,
                  const float *start, float *y, float *end, float *kept)
{
    const int64_t blocks = s->width / LANES;
#pragma omp parallel for schedule(dynamic)
    for (int64_t job = 0; job < s->batch * blocks; job++) {
        const int64_t row = job / blocks, channel = job % blocks * LANES;
        const int64_t state_at = (row * s->width + channel) * STATES;
        vec h[STATES], rate[STATES];
        load_states(h, start + state_at);
        load_states(rate, a + channel * STATES);
        for (int n = 0; n < STATES; n++)
            rate[n] *= log2_e;
        const vec skip = load(d + channel);
        for (int64_t t = row * s->time; t < (row + 1) * s->time; t++) {
            const int64_t at = t * s->width + channel;
            if (t % TIME_BLOCK == 0)
                memcpy(kept + (t / TIME_BLOCK * s->width + channel) * STATES, h, sizeof h);
            const vec in = load(u + at), gate = load(z + at);
            const vec step = softplus(load(raw + at));
            const vec fed = step * in;
            vec sum = skip * in;
#pragma GCC unroll 16
            for (int n = 0; n < STATES; n++) {
                h[n] = exp2_vec(step * rate[n]) * h[n] + fed * b[t * STATES + n];
                sum += h[n] * c[t * STATES + n];
            }
            store(y + at, sum * gate * sigmoid(gate));
        }
        store_states(end + state_at, h);
    }
}

struct scan {
    const struct sizes *sizes;
    const float *u, *raw, *z, *a, *b, *c, *d, *kept, *gy;
    float *gu, *graw, *gz, *ga, *gb, *gc, *gd;
};

/* Sixteen channels over TIME_BLOCK steps. */
struct block {
    vec h[TIME_BLOCK + 1][STATES]; /* the state before each step and after the last */
    vec decay[TIME_BLOCK][STATES];
    vec step[TIME_BLOCK];
};

struct sums {
    vec rate[STATES], gh[STATES], grate[STATES], skip, gskip;
};

static void recompute(struct block *k, const struct scan *s, int64_t first, int64_t channel,
                      const vec rate[STATES])
{
    for (int64_t i = 0; i < TIME_BLOCK; i++) {
        const int64_t t = first + i, at = t * s->sizes->width + channel;
        k->step[i] = softplus(load(s->raw + at));
        const vec fed = k->step[i] * load(s->u + at), scaled = k->step[i] * log2_e;
#pragma GCC unroll 16
        for (int n = 0; n < STATES; n++) {
            k->decay[i][n] = exp2_vec(scaled * rate[n]);
            k->h[i + 1][n] = k->decay[i][n] * k->h[i][n] + fed * s->b[t * STATES + n];
        }
    }
}

static inline void step_back(const struct block *k, const struct scan *s, int64_t t, int64_t i,
                             int64_t channel, struct sums *m)
{
    const int64_t at = t * s->sizes->width + channel;
    const vec in = load(s->u + at), z = load(s->z + at), gy = load(s->gy + at);
    const vec step = k->step[i], fed = step * in, open = sigmoid(z), g = gy * z * open;
    vec gfed = {0}, gstep = {0}, to_b[STATES], to_c[STATES], sum = m->skip * in;
#pragma GCC unroll 16
    for (int n = 0; n < STATES; n++) {
        const float c = s->c[t * STATES + n];
        sum += k->h[i + 1][n] * c;
        to_c[n] = g * k->h[i + 1][n];
        m->gh[n] += g * c;
        to_b[n] = m->gh[n] * fed;
        gfed += m->gh[n] * s->b[t * STATES + n];
        m->gh[n] *= k->decay[i][n];
        const vec gexponent = m->gh[n] * k->h[i][n];
        gstep += gexponent * m->rate[n];
        m->grate[n] += gexponent * step;
    }
    add_lane_sums(s->gb + t * STATES, to_b);
    add_lane_sums(s->gc + t * STATES, to_c);
    m->gskip += g * in;
    store(s->gu + at, gfed * step + g * m->skip);
    store(s->graw + at, (gfed * in + gstep) * sigmoid(load(s->raw + at)));
    store(s->gz + at, gy * sum * open * (1.0f + z * (1.0f - open)));
}

/* Sixteen channels of one row, from the last step to the first. */
static void channels_back(const struct scan *s, int64_t row, int64_t channel)
{
    const int64_t time = s->sizes->time, from = row * time;
    const int64_t state_at = (row * s->sizes->width + channel) * STATES;
    struct block k;
    struct sums m = {.skip = load(s->d + channel)};
    load_states(m.rate, s->a + channel * STATES);
    for (int64_t first = from + time - TIME_BLOCK; first >= from; first -= TIME_BLOCK) {
        memcpy(k.h[0], s->kept + (first / TIME_BLOCK * s->sizes->width + channel) * STATES,
               sizeof k.h[0]);
        recompute(&k, s, first, channel, m.rate);
        for (int64_t i = TIME_BLOCK - 1; i >= 0; i--)
            step_back(&k, s, first + i, i, channel, &m);
    }
    store_states(s->ga + state_at, m.grate);
    store(s->gd + row * s->sizes->width + channel, m.gskip);
}

/* Gradients from gy. gu, graw, gz are written; gb, gc must come zeroed; ga [batch][width][16] and
 * gd [batch][width] hold one copy per row. time is a multiple of 16. One thread
 * takes a whole row, so the sums over channels need no lock. */
void scan_backward(const struct scan *s)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t row = 0; row < s->sizes->batch; row++) {
        for (int64_t channel = 0; channel < s->sizes->width; channel += LANES)
            channels_back(s, row, channel);
    }
}
