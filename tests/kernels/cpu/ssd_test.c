/* ssd.h against the recurrence in double, with the error bound carried along, and cut into chunks
 * in every way. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { TOKENS = 67 };
static const double unit = 0x1p-24; /* half the distance from 1 to the next f32 */

/* A whole text for one kernel: inputs, results, and the state left behind. */
struct text {
    const struct ssd_case *c;
    u32 I, B, C, dt; /* channels; columns of zx where these start */
    size_t states;
    f32 *zx, *A, *D, *bias, *y, *state;
};

static struct text text_new(const struct ssd_case *c)
{
    const u32 I = c->shape->H * c->shape->P, heads = LINE_PAD(c->shape->H);
    struct text t = {
        .c = c, .I = I, .B = 2 * I, .states = (size_t)c->shape->H * c->shape->N * c->shape->P};
    t.C = t.B + c->shape->G * c->shape->N;
    t.dt = t.C + c->shape->G * c->shape->N;
    t.zx = fixture_new((size_t)TOKENS * c->shape->zx_stride);
    t.A = fixture_new(heads);
    t.D = fixture_new(heads);
    t.bias = fixture_new(heads);
    t.y = fixture_new((size_t)TOKENS * I);
    t.state = fixture_new(t.states);
    fixture_fill(t.zx, 1, TOKENS, c->shape->zx_stride, t.dt + c->shape->H, 3.0f);
    fixture_fill(t.A, 2, 1, heads, c->shape->H, 1.0f);
    fixture_fill(t.D, 3, 1, heads, c->shape->H, 1.0f);
    fixture_fill(t.bias, 4, 1, heads, c->shape->H, 4.0f);
    /* decays from slower than f32 can hold to gone within one step; time steps beyond softplus */
    static const f32 rates[] = {1, 8, 1e-6f, 16, 0.1f, 3e8f, 100};
    for (u32 head = 0; head < c->shape->H; head++) {
        t.A[head] = -fabsf(t.A[head]) * rates[head % 7];
        for (u32 row = 0; row < TOKENS; row++)
            t.zx[(size_t)row * c->shape->zx_stride + t.dt + head] *= row % 16 == 3 ? 10 : 1;
    }
    return t;
}

static void text_free(struct text *t)
{
    f32 *const buffers[] = {t->zx, t->A, t->D, t->bias, t->y, t->state};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
}

struct chunk {
    const struct text *text;
    f32 *zx;
};

static void call(run *r, void *context)
{
    const struct chunk *chunk = context;
    const struct text *t = chunk->text;
    t->c->call(r, chunk->zx, t->state, t->A, t->D, t->bias);
}

/* Rows first .. first+rows-1 through the kernel. */
static void chunk_run(struct text *t, u32 first, u32 rows, u32 threads)
{
    const u32 XS = t->c->shape->zx_stride, I = t->I;
    struct chunk chunk = {t, fixture_new((size_t)rows * XS)};
    memcpy(chunk.zx, t->zx + (size_t)first * XS, (size_t)rows * XS * sizeof(f32));
    fixture_run(threads, (struct step){.tokens = rows}, call, &chunk);
    for (u32 row = 0; row < rows; row++) {
        const f32 *const got = chunk.zx + (size_t)row * XS;
        memcpy(t->y + (size_t)(first + row) * I, got, I * sizeof(f32));
        ck_assert_msg(
            !memcmp(got + I, t->zx + (size_t)(first + row) * XS + I, (XS - I) * sizeof(f32)),
            "%s wrote beside z", t->c->name);
    }
    ck_assert_msg(fixture_intact(chunk.zx) && fixture_intact(t->state), "%s wrote outside",
                  t->c->name);
    fixture_free(chunk.zx);
}

/* The whole text in chunks of `cut`, from the state of a text's start. */
static void text_run(struct text *t, u32 cut, u32 threads)
{
    memset(t->state, 0, t->states * sizeof(f32));
    if (t->c->shape->count == COUNT_ONE)
        cut = 1;
    for (u32 first = 0; first < TOKENS; first += cut)
        chunk_run(t, first, TOKENS - first < cut ? TOKENS - first : cut, threads);
}

/* A number, and how far the kernel's may be from it. */
struct exact {
    double value, error;
};

static struct exact time_step(const struct text *t, u32 row, u32 head)
{
    const double raw =
        (double)t->zx[(size_t)row * t->c->shape->zx_stride + t->dt + head] + t->bias[head];
    const double dt = fmax(raw, 0) + log1p(exp(-fabs(raw)));
    return (struct exact){fmin(fmax(dt, t->c->shape->low), t->c->shape->high),
                          6.1 * unit * dt + unit * fabs(raw)};
}

static struct exact decay_of(struct exact dt, double A)
{
    const double power = A * dt.value, decay = exp(power);
    return (struct exact){decay, exp(A * fmax(dt.value - dt.error, 0)) - decay +
                                     decay * unit * (1.1 * fabs(power) + 3.1) +
                                     0x1p-125 /* exp is 0 where it would be smaller */};
}

/* Advances the states of a channel by one token; returns the sum over n and its error bound. */
static struct exact advance(const struct text *t, struct exact *s, u32 row, u32 channel)
{
    const u32 head = channel / t->c->shape->P, group = head / (t->c->shape->H / t->c->shape->G),
              N = t->c->shape->N;
    const f32 *const zx = t->zx + (size_t)row * t->c->shape->zx_stride;
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
    struct exact *s = calloc(t->c->shape->N, sizeof *s);
    ck_assert_ptr_nonnull(s);
    double worst = 0;
    for (u32 row = 0; row < TOKENS; row++) {
        const struct exact sum = advance(t, s, row, channel);
        const double z = t->zx[(size_t)row * t->c->shape->zx_stride + channel],
                     gate = z / (1 + exp(-z));
        const double exact = sum.value * gate;
        const double bound = fabs(gate) * (sum.error * 1.01 + 7.1 * unit * fabs(sum.value));
        const f32 got = t->y[(size_t)row * t->I + channel];
        ck_assert_msg(fabs(got - exact) <= bound,
                      "%s row %u channel %u: %.9g, exact %.9g, bound %.3g", t->c->name, row,
                      channel, got, exact, bound);
        worst = fmax(worst, bound > 0 ? fabs(got - exact) / bound : 0);
    }
    const u32 head = channel / t->c->shape->P;
    for (u32 n = 0; n < t->c->shape->N; n++) {
        const size_t at =
            ((size_t)head * t->c->shape->N + n) * t->c->shape->P + channel % t->c->shape->P;
        ck_assert_msg(fabs(t->state[at] - s[n].value) <= s[n].error, "%s: state %u of channel %u",
                      t->c->name, n, channel);
    }
    free(s);
    return worst;
}

START_TEST(exact_within_bound)
{
    struct text t = text_new(&ssd_cases[_i]);
    text_run(&t, TOKENS, 1);
    double worst = 0;
    for (u32 channel = 0; channel < t.I; channel++)
        worst = fmax(worst, check_channel(&t, channel));
    printf("%-28s worst error %.3f of the bound\n", t.c->name, worst);
    text_free(&t);
}
END_TEST

START_TEST(same_bits_for_any_cut_and_team)
{
    struct text t = text_new(&ssd_cases[_i]);
    text_run(&t, TOKENS, 1);
    const size_t outputs = (size_t)TOKENS * t.I;
    const uint64_t whole =
        fixture_hash(fixture_hash(FIXTURE_HASH, t.y, outputs), t.state, t.states);
    static const u32 cuts[] = {1, 2, 7, 32, TOKENS, 5, 64};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        const u32 threads = 1 + (u32)i * 3 % 8;
        text_run(&t, cuts[i], threads);
        ck_assert_msg(
            fixture_hash(fixture_hash(FIXTURE_HASH, t.y, outputs), t.state, t.states) == whole,
            "%s: chunks of %u on %u threads give other bits", t.c->name, cuts[i], threads);
    }
    text_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ssd");
    TCase *tests = tcase_create("ssd");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, exact_within_bound, 0, (int)ssd_case_count);
    tcase_add_loop_test(tests, same_bits_for_any_cut_and_team, 0, (int)ssd_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
