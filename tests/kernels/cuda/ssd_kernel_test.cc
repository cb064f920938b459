/* ssd.cuh, interpreted, against the recurrence in double with the error bound carried along: one
 * token at a time, and chunks that are cut in every way. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 40, TOKENS = 53, SEEDS = 20 };

#define STRIDE(H, P, G, N) LINE_PAD(2 * (H) * (P) + 2 * (G) * (N) + (H))

/* name, H, P, G, N, LOW, HIGH, COUNT. Of the models fewer heads: blocks share nothing. */
#define SSD_SHAPES(X)                                                                              \
    X(ssd_one_model, 3, 64, 1, 128, 0, INFINITY, ONE)                                              \
    X(ssd_model, 2, 64, 1, 128, 0, INFINITY, CHUNK)                                                \
    X(ssd_one_1x16x1024, 1, 16, 1, 1024, 0, INFINITY, ONE)                                         \
    X(ssd_1x16x640, 1, 16, 1, 640, 0, INFINITY, CHUNK)                                             \
    X(ssd_1x16x1024, 1, 16, 1, 1024, 0, INFINITY, CHUNK)                                           \
    SSD_SMALL(X)

#define SSD_SMALL(X)                                                                               \
    X(ssd_one_6x48x16, 6, 48, 3, 16, 0.01f, 0.1f, ONE)                                             \
    X(ssd_one_1x16x272, 1, 16, 1, 272, 0, INFINITY, ONE)                                           \
    X(ssd_6x16x16, 6, 16, 3, 16, 0.01f, 0.1f, CHUNK)                                               \
    X(ssd_2x48x144, 2, 48, 2, 144, 0, INFINITY, CHUNK)

#define SSD_MAKE(name, H, P, G, N, LOW, HIGH, COUNT)                                               \
    SSD(name, H, P, G, N, STRIDE(H, P, G, N), LOW, HIGH, COUNT)                                    \
    static void name##_call(run *r, f32 *zx, f32 *state, const f32 *A, const f32 *D,               \
                            const f32 *bias)                                                       \
    {                                                                                              \
        name(r, 0, (f32(*)[STRIDE(H, P, G, N)])zx, (f32(*)[N][P])state, A, D, bias);               \
    }
SSD_SHAPES(SSD_MAKE)

static const struct ssd_case {
    const char *name;
    u32 H, P, G, N, XS;
    f32 low, high;
    enum count count;
    void (*call)(run *r, f32 *zx, f32 *state, const f32 *A, const f32 *D, const f32 *bias);
} ssd_cases[] = {
#define SSD_ROW(name, H, P, G, N, LOW, HIGH, COUNT)                                                \
    {#name, H, P, G, N, STRIDE(H, P, G, N), LOW, HIGH, COUNT_##COUNT, name##_call},
    SSD_SHAPES(SSD_ROW)};
static const struct ssd_case ssd_small[] = {SSD_SMALL(SSD_ROW)};

/* A whole text: inputs, results, and the state left behind. */
struct text {
    const struct ssd_case *c;
    u32 I, B, C, dt; /* channels; columns of zx where these start */
    size_t states;
    f32 *raw, *y;
    f32 *zx, *A, *D, *bias, *state;
    struct step *step;
};

static struct text text_new(const struct ssd_case *c)
{
    const u32 I = c->H * c->P, heads = LINE_PAD(c->H);
    struct text t = {};
    t.c = c, t.I = I, t.B = 2 * I, t.C = t.B + c->G * c->N, t.dt = t.C + c->G * c->N;
    t.states = (size_t)I * c->N;
    t.raw = (f32 *)calloc((size_t)TOKENS * c->XS, sizeof(f32));
    t.y = (f32 *)calloc((size_t)TOKENS * I, sizeof(f32));
    t.zx = fixture_new((c->count == COUNT_ONE ? 1 : CHUNK) * c->XS, SIMT_ORDINARY, "zx");
    t.state = fixture_new(t.states, SIMT_ORDINARY, "the state");
    t.A = fixture_new(heads, SIMT_WEIGHTS, "A");
    t.D = fixture_new(heads, SIMT_WEIGHTS, "D");
    t.bias = fixture_new(heads, SIMT_WEIGHTS, "bias");
    t.step = fixture_step_new((struct step){});
    fixture_fill(t.raw, 1, TOKENS, c->XS, t.dt + c->H, 3.0f);
    fixture_fill(t.A, 2, 1, heads, c->H, 1.0f);
    fixture_fill(t.D, 3, 1, heads, c->H, 1.0f);
    fixture_fill(t.bias, 4, 1, heads, c->H, 4.0f);
    /* decays from slower than f32 can hold to gone within one step; time steps beyond softplus */
    static const f32 rates[] = {1, 8, 1e-6f, 16, 0.1f, 3e8f, 100};
    for (u32 head = 0; head < c->H; head++) {
        t.A[head] = -fabsf(t.A[head]) * rates[head % 7];
        for (u32 row = 3; row < TOKENS; row += 16)
            t.raw[(size_t)row * c->XS + t.dt + head] *= 10;
    }
    return t;
}

static void text_free(struct text *t)
{
    f32 *const buffers[] = {t->zx, t->state, t->A, t->D, t->bias};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    free(t->raw), free(t->y);
}

/* Rows first .. first+rows-1 through the kernel; rows behind them are NaN and stay so. */
static void chunk_run(struct text *t, u32 first, u32 rows)
{
    const struct ssd_case *const c = t->c;
    const u32 most = c->count == COUNT_ONE ? 1 : CHUNK, XS = c->XS;
    run r = {};
    t->step->tokens = rows;
    r.step = t->step;
    memset(t->zx, 0xff, (size_t)most * XS * sizeof(f32));
    memcpy(t->zx, t->raw + (size_t)first * XS, (size_t)rows * XS * sizeof(f32));
    c->call(&r, t->zx, t->state, t->A, t->D, t->bias);
    ck_assert_msg(simt_findings() == 0, "%s: %s", c->name, simt_report());
    for (u32 row = 0; row < rows; row++) {
        const f32 *const got = t->zx + (size_t)row * XS, *raw = t->raw + (first + row) * XS;
        memcpy(t->y + (size_t)(first + row) * t->I, got, t->I * sizeof(f32));
        ck_assert_msg(!memcmp(got + t->I, raw + t->I, (XS - t->I) * sizeof(f32)),
                      "%s wrote beside z", c->name);
    }
    for (size_t i = (size_t)rows * XS; i < (size_t)most * XS; i++)
        ck_assert_msg(isnan(t->zx[i]), "%s wrote behind the rows of the step", c->name);
}

/* The whole text in chunks of `cut`, from the state of a text's start. */
static uint64_t text_run(struct text *t, u32 cut)
{
    memset(t->state, 0, t->states * sizeof(f32));
    if (t->c->count == COUNT_ONE)
        cut = 1;
    for (u32 first = 0; first < TOKENS; first += cut)
        chunk_run(t, first, TOKENS - first < cut ? TOKENS - first : cut);
    return fixture_hash(fixture_hash(FIXTURE_HASH, t->y, (size_t)TOKENS * t->I), t->state,
                        t->states);
}

/* A number, and how far the kernel's may be from it. */
struct exact {
    double value, error;
};

static struct exact time_step(const struct text *t, u32 row, u32 head)
{
    const double raw = (double)t->raw[(size_t)row * t->c->XS + t->dt + head] + t->bias[head];
    const double dt = fmax(raw, 0) + log1p(exp(-fabs(raw)));
    return {fmin(fmax(dt, t->c->low), t->c->high), 6.1 * unit * dt + unit * fabs(raw)};
}

static struct exact decay_of(struct exact dt, double A)
{
    const double power = A * dt.value, decay = exp(power);
    return {decay, exp(A * fmax(dt.value - dt.error, 0)) - decay +
                       decay * unit * (1.1 * fabs(power) + 3.1) + 0x1p-125};
}

/* Advances the states of a channel by one token; returns the sum over n and its error bound. */
static struct exact advance(const struct text *t, struct exact *s, u32 row, u32 channel)
{
    const u32 head = channel / t->c->P, group = head / (t->c->H / t->c->G), N = t->c->N;
    const f32 *const zx = t->raw + (size_t)row * t->c->XS;
    const f32 *const B = zx + t->B + (size_t)group * N, *const C = zx + t->C + (size_t)group * N;
    const struct exact dt = time_step(t, row, head), decay = decay_of(dt, t->A[head]);
    const double x = zx[t->I + channel], skip = x * t->D[head];
    struct exact sum = {skip, 0};
    double sizes = fabs(skip);
    for (u32 n = 0; n < N; n++) {
        const double added = dt.value * x * B[n];
        s[n].error = (decay.value + decay.error) * s[n].error + decay.error * fabs(s[n].value) +
                     dt.error * fabs(x * B[n]) + 2.1 * unit * fabs(added);
        s[n].value = decay.value * s[n].value + added;
        s[n].error += unit * (fabs(s[n].value) + s[n].error);
        sum.value += s[n].value * C[n];
        sum.error += s[n].error * fabs(C[n]);
        sizes += (fabs(s[n].value) + s[n].error) * fabs(C[n]);
    }
    sum.error += unit * 1.01 * (N + 1) * sizes;
    return sum;
}

/* One channel from the first token to the last; returns the worst error as a part of its bound. */
static double check_channel(const struct text *t, u32 channel)
{
    const u32 N = t->c->N, P = t->c->P;
    struct exact *s = (struct exact *)calloc(N, sizeof *s);
    double worst = 0;
    for (u32 row = 0; row < TOKENS; row++) {
        const struct exact sum = advance(t, s, row, channel);
        const double z = t->raw[(size_t)row * t->c->XS + channel], gate = z / (1 + exp(-z));
        const double exact = sum.value * gate;
        const double bound = fabs(gate) * (sum.error * 1.01 + 7.1 * unit * fabs(sum.value));
        const f32 got = t->y[(size_t)row * t->I + channel];
        if (!(fabs(got - exact) <= bound))
            ck_abort_msg("%s row %u channel %u: %.9g, exact %.9g, bound %.3g", t->c->name, row,
                         channel, got, exact, bound);
        worst = fmax(worst, bound > 0 ? fabs(got - exact) / bound : 0);
    }
    for (u32 n = 0; n < N; n++) {
        const f32 got = t->state[((size_t)(channel / P) * N + n) * P + channel % P];
        ck_assert_msg(fabs(got - s[n].value) <= s[n].error, "%s: state %u of channel %u",
                      t->c->name, n, channel);
    }
    free(s);
    return worst;
}

START_TEST(within_bound)
{
    struct text t = text_new(&ssd_cases[_i]);
    double worst = 0;
    text_run(&t, CHUNK);
    for (u32 channel = 0; channel < t.I; channel++)
        worst = fmax(worst, check_channel(&t, channel));
    const struct launch l = fixture_last_launch();
    printf("%-20s %2u blocks of %u: worst error %.3f of the bound\n", t.c->name, l.blocks,
           l.threads, worst);
    text_free(&t);
}
END_TEST

/* The states as kernels/cpu/ssd.h says, in f32, with the CPU's functions, whose bits are the same
 * (decode_math_test.cc). */
static f32 state_of(const struct text *t, u32 channel, u32 n)
{
    const struct ssd_case *const c = t->c;
    const u32 head = channel / c->P, at = head / (c->H / c->G) * c->N + n;
    f32 s = 0;
    for (u32 row = 0; row < TOKENS; row++) {
        const f32 *const zx = t->raw + (size_t)row * c->XS;
        f32 dt = cpu_softplus(zx[t->dt + head] + t->bias[head]);
        dt = dt < c->low ? c->low : dt > c->high ? c->high : dt;
        s = fmaf(cpu_exp(t->A[head] * dt), s, dt * zx[t->I + channel] * zx[t->B + at]);
    }
    return s;
}

START_TEST(states_have_the_bits_of_the_definition)
{
    struct text t = text_new(&ssd_small[_i]);
    const u32 N = t.c->N, P = t.c->P;
    text_run(&t, CHUNK);
    for (u32 channel = 0; channel < t.I; channel++)
        for (u32 n = 0; n < N; n++) {
            const f32 expected = state_of(&t, channel, n);
            const f32 got = t.state[((size_t)(channel / P) * N + n) * P + channel % P];
            if (memcmp(&got, &expected, sizeof got) != 0)
                ck_abort_msg("%s: state %u of channel %u is %.9g, expected %.9g", t.c->name, n,
                             channel, got, expected);
        }
    text_free(&t);
}
END_TEST

/* No sum depends on where a tile or a chunk begins. */
START_TEST(same_bits_for_any_cut)
{
    static const u32 cuts[] = {1, 7, 15, 16, 17, 32};
    struct text t = text_new(&ssd_small[_i]);
    const uint64_t whole = text_run(&t, CHUNK);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        ck_assert_msg(text_run(&t, cuts[i]) == whole, "%s: chunks of %u give other bits", t.c->name,
                      cuts[i]);
    text_free(&t);
}
END_TEST

START_TEST(same_bits_on_any_schedule)
{
    struct text t = text_new(&ssd_small[_i]);
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        memset(t.state, 0, t.states * sizeof(f32));
        const u32 rows = t.c->count == COUNT_ONE ? 1 : 35;
        for (u32 first = 0; first < 2 * rows && first + rows <= TOKENS; first += rows)
            chunk_run(&t, first, rows);
        const uint64_t hash =
            fixture_hash(fixture_hash(FIXTURE_HASH, t.y, (size_t)rows * t.I), t.state, t.states);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.c->name, seed);
    }
    text_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ssd_kernel");
    TCase *tests = tcase_create("ssd_kernel");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, within_bound, 0, sizeof ssd_cases / sizeof ssd_cases[0]);
    tcase_add_loop_test(tests, states_have_the_bits_of_the_definition, 0,
                        sizeof ssd_small / sizeof ssd_small[0]);
    tcase_add_loop_test(tests, same_bits_for_any_cut, 0, sizeof ssd_small / sizeof ssd_small[0]);
    tcase_add_loop_test(tests, same_bits_on_any_schedule, 0,
                        sizeof ssd_small / sizeof ssd_small[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
