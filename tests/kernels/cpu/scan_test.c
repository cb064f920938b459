/* scan.h against the recurrence in double, with the error bound carried along, and cut into chunks
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
    const struct scan_case *c;
    u32 S, DS; /* PAD(I), PAD(R + 2N) */
    f32 *xz, *dt, *xdb, *A, *D, *y, *state;
};

/* Where state n of a channel lies. */
static size_t state_at(const struct text *t, u32 n, u32 channel)
{
    return ((size_t)(channel / LINE_F32) * t->c->shape->N + n) * LINE_F32 + channel % LINE_F32;
}

static struct text text_new(const struct scan_case *c)
{
    const u32 S = LINE_PAD(c->shape->I), DS = LINE_PAD(c->shape->R + 2 * c->shape->N);
    struct text t = {.c = c, .S = S, .DS = DS};
    t.xz = fixture_new((size_t)TOKENS * 2 * S);
    t.dt = fixture_new((size_t)TOKENS * S);
    t.xdb = fixture_new((size_t)TOKENS * DS);
    t.A = fixture_new((size_t)c->shape->N * S);
    t.D = fixture_new(S);
    t.y = fixture_new((size_t)TOKENS * S);
    t.state = fixture_new((size_t)c->shape->N * S);
    for (u32 row = 0; row < 2 * TOKENS; row++)
        fixture_fill(t.xz + (size_t)row * S, 1 + row, 1, S, c->shape->I, 3.0f);
    fixture_fill(t.dt, 200, TOKENS, S, c->shape->I, 1.0f);
    fixture_fill(t.xdb, 201, TOKENS, DS, c->shape->R + 2 * c->shape->N, 2.0f);
    fixture_fill(t.A, 202, 1, c->shape->N * S, c->shape->N * S, 1.0f);
    fixture_fill(t.D, 203, 1, S, c->shape->I, 1.0f);
    for (size_t i = 0; i < (size_t)TOKENS * S; i++)
        t.dt[i] = fabsf(t.dt[i]); /* from a softplus */
    /* decays of trained models: from slower than f32 can hold to gone within one step */
    static const f32 rates[] = {1, 8, 16, 1e-6f, 0.1f, 100, 3e8f};
    for (size_t i = 0; i < (size_t)c->shape->N * S; i++)
        t.A[i] = -fabsf(t.A[i]) * rates[i % 7];
    for (u32 pad = c->shape->I; pad < S; pad++)
        for (u32 n = 0; n < c->shape->N; n++)
            t.A[state_at(&t, n, pad)] = 0;
    return t;
}

static void text_free(struct text *t)
{
    f32 *const buffers[] = {t->xz, t->dt, t->xdb, t->A, t->D, t->y, t->state};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
}

struct chunk {
    const struct text *text;
    u32 first;
    f32 *xz;
};

static void call(run *r, void *context)
{
    const struct chunk *chunk = context;
    const struct text *t = chunk->text;
    t->c->call(r, chunk->xz, t->state, t->dt + (size_t)chunk->first * t->S,
               t->xdb + (size_t)chunk->first * t->DS, t->A, t->D);
}

/* Rows first .. first+rows-1 through the kernel. */
static void chunk_run(struct text *t, u32 first, u32 rows, u32 threads)
{
    const size_t S = t->S, bytes = S * sizeof(f32);
    struct chunk chunk = {t, first, fixture_new(rows * 2 * S)};
    memcpy(chunk.xz, t->xz + first * 2 * S, rows * 2 * bytes);
    fixture_run(threads, (struct step){.tokens = rows}, call, &chunk);
    for (u32 row = 0; row < rows; row++) {
        memcpy(t->y + (first + row) * S, chunk.xz + row * 2 * S, bytes);
        ck_assert_msg(
            !memcmp(chunk.xz + (row * 2 + 1) * S, t->xz + ((first + row) * 2 + 1) * S, bytes),
            "%s wrote to z", t->c->name);
    }
    ck_assert_msg(fixture_intact(chunk.xz) && fixture_intact(t->state), "%s wrote outside",
                  t->c->name);
    fixture_free(chunk.xz);
}

/* The whole text in chunks of `cut`, from the state of a text's start. */
static void text_run(struct text *t, u32 cut, u32 threads)
{
    memset(t->state, 0, (size_t)t->c->shape->N * t->S * sizeof(f32));
    if (t->c->shape->count == COUNT_ONE)
        cut = 1;
    for (u32 first = 0; first < TOKENS; first += cut)
        chunk_run(t, first, TOKENS - first < cut ? TOKENS - first : cut, threads);
}

/* One state of one channel, and how far the kernel's may be from it. */
struct exact {
    double value, error;
};

/* Advances the states of a channel by one token; returns the sum over n and its error bound. */
static struct exact advance(const struct text *t, struct exact *s, u32 row, u32 channel)
{
    const double dt = t->dt[(size_t)row * t->S + channel];
    const double u = dt * t->xz[(size_t)row * 2 * t->S + channel];
    const f32 *B = t->xdb + (size_t)row * t->DS + t->c->shape->R, *C = B + t->c->shape->N;
    struct exact sum = {0, 0};
    double sizes = 0;
    for (u32 n = 0; n < t->c->shape->N; n++) {
        const double power = t->A[state_at(t, n, channel)] * dt, decay = exp(power);
        const double kept = decay * s[n].value, added = u * B[n];
        s[n].error = decay * s[n].error +
                     unit * (fabs(kept) * (2 * fabs(power) + 3.1) + fabs(added) * 2.1) +
                     0x1p-125 * fabs(s[n].value); /* exp is 0 where it would be smaller */
        s[n].value = kept + added;
        s[n].error += unit * (fabs(s[n].value) + s[n].error);
        sum.value += s[n].value * C[n];
        sum.error += s[n].error * fabs(C[n]);
        sizes += (fabs(s[n].value) + s[n].error) * fabs(C[n]);
    }
    const double skip = (double)t->xz[(size_t)row * 2 * t->S + channel] * t->D[channel];
    sum.value += skip;
    sum.error += unit * 1.01 * (t->c->shape->N + 1) * (sizes + fabs(skip));
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
        const double z = t->xz[((size_t)row * 2 + 1) * t->S + channel], gate = z / (1 + exp(-z));
        const double exact = sum.value * gate;
        const double bound = fabs(gate) * (sum.error * 1.01 + 7.1 * unit * fabs(sum.value));
        const f32 got = t->y[(size_t)row * t->S + channel];
        ck_assert_msg(fabs(got - exact) <= bound,
                      "%s row %u channel %u: %.9g, exact %.9g, bound %.3g", t->c->name, row,
                      channel, got, exact, bound);
        worst = fmax(worst, bound > 0 ? fabs(got - exact) / bound : 0);
    }
    for (u32 n = 0; n < t->c->shape->N; n++)
        ck_assert_msg(fabs(t->state[state_at(t, n, channel)] - s[n].value) <= s[n].error,
                      "%s: state %u of channel %u", t->c->name, n, channel);
    free(s);
    return worst;
}

START_TEST(exact_within_bound)
{
    struct text t = text_new(&scan_cases[_i]);
    text_run(&t, TOKENS, 1);
    double worst = 0;
    for (u32 channel = 0; channel < t.c->shape->I; channel++)
        worst = fmax(worst, check_channel(&t, channel));
    for (u32 pad = t.c->shape->I; pad < t.S; pad++) {
        for (u32 row = 0; row < TOKENS; row++)
            ck_assert_msg(t.y[(size_t)row * t.S + pad] == 0, "%s: pad not zero", t.c->name);
        for (u32 n = 0; n < t.c->shape->N; n++)
            ck_assert_msg(t.state[state_at(&t, n, pad)] == 0, "%s: pad not zero", t.c->name);
    }
    printf("%-28s worst error %.3f of the bound\n", t.c->name, worst);
    text_free(&t);
}
END_TEST

START_TEST(same_bits_for_any_cut_and_team)
{
    struct text t = text_new(&scan_cases[_i]);
    text_run(&t, TOKENS, 1);
    const size_t outputs = (size_t)TOKENS * t.S, states = (size_t)t.c->shape->N * t.S;
    const uint64_t whole = fixture_hash(fixture_hash(FIXTURE_HASH, t.y, outputs), t.state, states);
    static const u32 cuts[] = {1, 2, 7, 32, TOKENS, 5, 64};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        text_run(&t, cuts[i], 1 + (u32)i % 4);
        ck_assert_msg(
            fixture_hash(fixture_hash(FIXTURE_HASH, t.y, outputs), t.state, states) == whole,
            "%s: chunks of %u on %u threads give other bits", t.c->name, cuts[i], 1 + (u32)i % 4);
    }
    text_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tests = tcase_create("scan");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, exact_within_bound, 0, (int)scan_case_count);
    tcase_add_loop_test(tests, same_bits_for_any_cut_and_team, 0, (int)scan_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
