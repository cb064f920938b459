/* dt_scan.cuh, interpreted, token by token against the recurrence in double, each token from the
 * state that the kernel left, within the bound that it states. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { TOKENS = 4, SEEDS = 20 };

/* I, N, R: the models; then every type and odd numbers of everything. */
#define SCAN_SHAPES(X)                                                                             \
    X(BF16, 1536, 16, 48)                                                                          \
    X(BF16, 2048, 16, 64)                                                                          \
    X(BF16, 3072, 16, 96)                                                                          \
    X(BF16, 4096, 16, 128)                                                                         \
    X(BF16, 5120, 16, 160)                                                                         \
    SCAN_SMALL(X)

#define SCAN_SMALL(X)                                                                              \
    X(BF16, 320, 16, 16)                                                                           \
    X(F32, 1, 1, 1)                                                                                \
    X(F16, 17, 5, 3)                                                                               \
    X(BF16, 50, 5, 17)                                                                             \
    X(F32, 100, 16, 300)                                                                           \
    X(F16, 100, 37, 1000)                                                                          \
    X(BF16, 20, 256, 3)                                                                            \
    X(F32, 17, 1021, 5)

#define SCAN_MAKE(T, I, N, R)                                                                      \
    DT_SCAN(scan_##T##_##I##x##N##x##R, any_##T, T, I, N, R, 2 * LINE_PAD(I), LINE_PAD(R + 2 * N)) \
    static void scan_##T##_##I##x##N##x##R##_call(run *r, f32 *xz, f32 *state, const f32 *xdb,     \
                                                  const void *w, const f32 *bias, const f32 *A,    \
                                                  const f32 *D)                                    \
    {                                                                                              \
        scan_##T##_##I##x##N##x##R(r, 0, (f32(*)[2 * LINE_PAD(I)]) xz, (f32(*)[N][LINE_F32])state, \
                                   (const f32(*)[LINE_PAD(R + 2 * N)]) xdb, (const any_##T *)w,    \
                                   bias, (const f32(*)[N][LINE_F32])A, D);                         \
    }
SCAN_SHAPES(SCAN_MAKE)

static const struct scan_case {
    const char *name;
    enum format type;
    u32 I, N, R;
    void (*call)(run *r, f32 *xz, f32 *state, const f32 *xdb, const void *w, const f32 *bias,
                 const f32 *A, const f32 *D);
} scan_cases[] = {
#define SCAN_ROW(T, I, N, R)                                                                       \
    {#T " " #I "x" #N " rank " #R, FORMAT_##T, I, N, R, scan_##T##_##I##x##N##x##R##_call},
    SCAN_SHAPES(SCAN_ROW)};
static const struct scan_case scan_small[] = {SCAN_SMALL(SCAN_ROW)};

struct text {
    const struct scan_case *c;
    u32 S, DS;
    struct fixture_matrix w;
    f32 *xz, *state, *xdb, *bias, *A, *D;
    f32 *x, *before; /* x and the state before a token */
};

static size_t state_at(const struct text *t, u32 channel, u32 n)
{
    return ((size_t)(channel / LINE_F32) * t->c->N + n) * LINE_F32 + channel % LINE_F32;
}

static struct text text_new(const struct scan_case *c)
{
    const u32 S = LINE_PAD(c->I), DS = LINE_PAD(c->R + 2 * c->N);
    const size_t states = (size_t)S * c->N;
    struct text t = {};
    t.c = c, t.S = S, t.DS = DS;
    t.w = fixture_matrix_new(c->type, c->R, c->I, c->R, 1.0f / sqrtf((f32)c->R));
    t.xz = fixture_new(2 * S, SIMT_ORDINARY, "xz");
    t.state = fixture_new(states, SIMT_ORDINARY, "the state");
    t.xdb = fixture_new(DS, SIMT_ORDINARY, "xdb");
    t.bias = fixture_new(S, SIMT_WEIGHTS, "bias");
    t.A = fixture_new(states, SIMT_WEIGHTS, "A");
    t.D = fixture_new(S, SIMT_WEIGHTS, "D");
    t.x = (f32 *)calloc(S, sizeof(f32));
    t.before = (f32 *)calloc(states, sizeof(f32));
    fixture_fill(t.bias, 1, 1, S, c->I, 2.0f);
    fixture_fill(t.D, 2, 1, S, c->I, 1.0f);
    fixture_fill(t.A, 3, 1, (u32)states, (u32)states, 1.0f);
    /* decays of trained models: from slower than f32 can hold to gone within one step */
    static const f32 rates[] = {1, 8, 16, 1e-6f, 0.1f, 100, 3e8f};
    for (u32 channel = 0; channel < S; channel++)
        for (u32 n = 0; n < c->N; n++) {
            f32 *const a = &t.A[state_at(&t, channel, n)];
            *a = channel < c->I ? -fabsf(*a) * rates[(channel + n) % 7] : 0.0f;
        }
    memset(t.state, 0, states * sizeof(f32));
    return t;
}

static void text_free(struct text *t)
{
    f32 *const buffers[] = {t->xz, t->state, t->xdb, t->bias, t->A, t->D};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&t->w);
    free(t->x), free(t->before);
}

/* One token with inputs of its own. */
static void text_step(struct text *t, u32 token)
{
    const struct scan_case *const c = t->c;
    run r = {};
    fixture_fill(t->xz, 10 + token, 2, t->S, c->I, 3.0f);
    fixture_fill(t->xdb, 100 + token, 1, t->DS, c->R + 2 * c->N, 2.0f);
    memcpy(t->x, t->xz, t->S * sizeof(f32));
    memcpy(t->before, t->state, (size_t)t->S * c->N * sizeof(f32));
    c->call(&r, t->xz, t->state, t->xdb, t->w.packed, t->bias, t->A, t->D);
    ck_assert_msg(simt_findings() == 0, "%s: %s", c->name, simt_report());
}

struct exact {
    double value, error;
};

static struct exact time_step(const struct text *t, u32 channel)
{
    const u32 R = t->c->R;
    double sum = t->bias[channel], sizes = fabs(sum);
    for (u32 k = 0; k < R; k++) {
        const double product = t->w.values[(size_t)channel * R + k] * t->xdb[k];
        sum += product, sizes += fabs(product);
    }
    const double dt = fmax(sum, 0) + log1p(exp(-fabs(sum)));
    return {dt, (R / 16.0 + 12) * unit * sizes + 6 * unit * dt};
}

/* State n of a channel after the token. */
static struct exact advance(const struct text *t, struct exact dt, u32 channel, u32 n)
{
    const size_t at = state_at(t, channel, n);
    const double before = t->before[at], x = t->x[channel], B = t->xdb[t->c->R + n];
    const double power = t->A[at] * dt.value, decay = exp(power);
    const double kept = decay * before, added = dt.value * x * B;
    const double decay_error = exp(t->A[at] * fmax(dt.value - dt.error, 0)) - decay;
    struct exact s = {kept + added, decay_error * fabs(before) + dt.error * fabs(x * B)};
    s.error += 1.01 * unit * (fabs(kept) * (2 * fabs(power) + 3.1) + fabs(added) * 2.1) +
               0x1p-125 * fabs(before);
    s.error += unit * (fabs(s.value) + s.error);
    return s;
}

/* One channel after a token; returns the error of y as a part of its bound. */
static double check_channel(const struct text *t, u32 channel)
{
    const u32 N = t->c->N;
    const struct exact dt = time_step(t, channel);
    double sum = (double)t->x[channel] * t->D[channel], sizes = fabs(sum), error = 0;
    for (u32 n = 0; n < N; n++) {
        const struct exact s = advance(t, dt, channel, n);
        const double C = t->xdb[t->c->R + N + n], got = t->state[state_at(t, channel, n)];
        if (!(fabs(got - s.value) <= s.error))
            ck_abort_msg("%s: state %u of channel %u is %.9g, exact %.9g, bound %.3g", t->c->name,
                         n, channel, got, s.value, s.error);
        sum += s.value * C, sizes += (fabs(s.value) + s.error) * fabs(C);
        error += s.error * fabs(C);
    }
    error += unit * 1.01 * (N + 1) * sizes;
    const double z = t->xz[t->S + channel], gate = z / (1 + exp(-z));
    const double bound = fabs(gate) * (error * 1.01 + 7.1 * unit * fabs(sum));
    const double off = fabs(t->xz[channel] - sum * gate);
    if (!(off <= bound))
        ck_abort_msg("%s: channel %u is %.9g, exact %.9g, bound %.3g", t->c->name, channel,
                     t->xz[channel], sum * gate, bound);
    return bound > 0 ? off / bound : 0;
}

static void check_pads(const struct text *t)
{
    for (u32 pad = t->c->I; pad < t->S; pad++) {
        ck_assert_msg(t->xz[pad] == 0 && t->xz[t->S + pad] == 0, "%s: pad %u", t->c->name, pad);
        for (u32 n = 0; n < t->c->N; n++)
            ck_assert_msg(t->state[state_at(t, pad, n)] == 0, "%s: state of a pad", t->c->name);
    }
}

START_TEST(scan_within_bound)
{
    struct text t = text_new(&scan_cases[_i]);
    double worst = 0;
    for (u32 token = 0; token < TOKENS; token++) {
        text_step(&t, token);
        for (u32 channel = 0; channel < t.c->I; channel++)
            worst = fmax(worst, check_channel(&t, channel));
        check_pads(&t);
    }
    printf("%-24s worst error %.3f of the bound\n", t.c->name, worst);
    text_free(&t);
}
END_TEST

START_TEST(scan_any_schedule)
{
    struct text t = text_new(&scan_small[_i]);
    const size_t states = (size_t)t.S * t.c->N;
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        memset(t.state, 0, states * sizeof(f32));
        uint64_t hash = FIXTURE_HASH;
        for (u32 token = 0; token < 2; token++) {
            text_step(&t, token);
            hash = fixture_hash(hash, t.xz, 2 * t.S);
        }
        hash = fixture_hash(hash, t.state, states);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.c->name, seed);
    }
    text_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_scan");
    TCase *tests = tcase_create("decode_scan");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, scan_within_bound, 0, sizeof scan_cases / sizeof scan_cases[0]);
    tcase_add_loop_test(tests, scan_any_schedule, 0, sizeof scan_small / sizeof scan_small[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
