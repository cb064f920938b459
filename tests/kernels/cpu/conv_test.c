/* conv.h against a naive loop in double, cut into chunks in every way, with the window carried. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { TOKENS = 33 };

/* A whole text for one kernel: raw inputs, results, and the state left behind. */
struct text {
    const struct conv_silu_case *c;
    u32 S, XS; /* PAD(I), and the floats of a row of xz */
    f32 *taps, *bias, *x, *y, *state;
};

static struct text text_new(const struct conv_silu_case *c)
{
    const u32 S = LINE_PAD(c->shape->I);
    struct text t = {.c = c, .S = S, .XS = c->shape->conv_at + 2 * S};
    t.taps = fixture_new((size_t)c->shape->K * S);
    t.bias = fixture_new(S);
    t.x = fixture_new((size_t)TOKENS * S);
    t.y = fixture_new((size_t)TOKENS * S);
    t.state = fixture_new((size_t)(c->shape->K - 1) * S);
    fixture_fill(t.taps, 1, c->shape->K, S, c->shape->I, 1.5f);
    fixture_fill(t.bias, 2, 1, S, c->shape->I, 1.0f);
    fixture_fill(t.x, 3, TOKENS, S, c->shape->I, 4.0f);
    return t;
}

static void text_free(struct text *t)
{
    f32 *const buffers[] = {t->taps, t->bias, t->x, t->y, t->state};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
}

struct chunk {
    const struct text *text;
    f32 *xz;
};

static void call(run *r, void *context)
{
    const struct chunk *chunk = context;
    const struct text *t = chunk->text;
    t->c->call(r, chunk->xz, t->state, t->taps, t->bias);
}

/* Rows first .. first+rows-1 through the kernel; what is not x is NaN and must stay so. */
static void chunk_run(struct text *t, u32 first, u32 rows, u32 threads)
{
    const u32 S = t->S, XS = t->XS, at = t->c->shape->conv_at;
    struct chunk chunk = {t, fixture_new((size_t)rows * XS)};
    for (u32 row = 0; row < rows; row++)
        memcpy(chunk.xz + (size_t)row * XS + at, t->x + (size_t)(first + row) * S, S * sizeof(f32));
    fixture_run(threads, (struct step){.tokens = rows}, call, &chunk);
    for (u32 row = 0; row < rows; row++) {
        const f32 *const xz = chunk.xz + (size_t)row * XS;
        memcpy(t->y + (size_t)(first + row) * S, xz + at, S * sizeof(f32));
        for (u32 i = 0; i < XS; i++)
            ck_assert_msg(isnan(xz[i]) || (i >= at && i < at + S), "%s wrote beside x", t->c->name);
    }
    ck_assert_msg(fixture_intact(chunk.xz) && fixture_intact(t->state), "%s wrote outside",
                  t->c->name);
    fixture_free(chunk.xz);
}

/* The whole text in chunks of `cut`, from the state of a text's start. */
static void text_run(struct text *t, u32 cut, u32 threads)
{
    memset(t->state, 0, (size_t)(t->c->shape->K - 1) * t->S * sizeof(f32));
    if (t->c->shape->count == COUNT_ONE)
        cut = 1;
    for (u32 first = 0; first < TOKENS; first += cut)
        chunk_run(t, first, TOKENS - first < cut ? TOKENS - first : cut, threads);
}

static double check_output(const struct text *t, u32 row, u32 channel)
{
    const u32 K = t->c->shape->K;
    double sum = t->c->shape->epilogue == EPILOGUE_BIAS ? t->bias[channel] : 0, sizes = fabs(sum);
    for (u32 j = 0; j < K; j++) {
        if (row + j < K - 1)
            continue;
        const double product = (double)t->taps[(size_t)j * t->S + channel] *
                               t->x[(size_t)(row + j - (K - 1)) * t->S + channel];
        sum += product;
        sizes += fabs(product);
    }
    const double exact = sum / (1 + exp(-sum)), bound = (1.1 * K + 9) * 0x1p-24 * sizes;
    const f32 got = t->y[(size_t)row * t->S + channel];
    ck_assert_msg(fabs(got - exact) <= bound, "%s row %u channel %u: %.9g, exact %.9g, bound %.3g",
                  t->c->name, row, channel, got, exact, bound);
    return bound > 0 ? fabs(got - exact) / bound : 0;
}

START_TEST(exact_within_bound)
{
    struct text t = text_new(&conv_silu_cases[_i]);
    text_run(&t, TOKENS, 1);
    double worst = 0;
    for (u32 row = 0; row < TOKENS; row++) {
        for (u32 channel = 0; channel < t.c->shape->I; channel++)
            worst = fmax(worst, check_output(&t, row, channel));
        for (u32 pad = t.c->shape->I; pad < t.S; pad++)
            ck_assert_msg(t.y[(size_t)row * t.S + pad] == 0, "%s: pad not zero", t.c->name);
    }
    for (u32 j = 0; j + 1 < t.c->shape->K; j++)
        ck_assert_msg(!memcmp(t.state + (size_t)j * t.S,
                              t.x + (size_t)(TOKENS - (t.c->shape->K - 1) + j) * t.S,
                              t.S * sizeof(f32)),
                      "%s: row %u of the window is not that input", t.c->name, j);
    printf("%-28s worst error %.3f of the bound\n", t.c->name, worst);
    text_free(&t);
}
END_TEST

START_TEST(same_bits_for_any_cut_and_team)
{
    struct text t = text_new(&conv_silu_cases[_i]);
    text_run(&t, TOKENS, 1);
    const uint64_t whole = fixture_hash(FIXTURE_HASH, t.y, (size_t)TOKENS * t.S);
    static const u32 cuts[] = {1, 2, 3, 4, 7, 32, TOKENS};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        text_run(&t, cuts[i], 1 + (u32)i % 4);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, t.y, (size_t)TOKENS * t.S) == whole,
                      "%s: chunks of %u on %u threads give other bits", t.c->name, cuts[i],
                      1 + (u32)i % 4);
        ck_assert_msg(!memcmp(t.state, t.x + (size_t)(TOKENS - (t.c->shape->K - 1)) * t.S,
                              (size_t)(t.c->shape->K - 1) * t.S * sizeof(f32)),
                      "%s: chunks of %u leave another window", t.c->name, cuts[i]);
    }
    text_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conv");
    TCase *tests = tcase_create("conv");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, exact_within_bound, 0, (int)conv_silu_case_count);
    tcase_add_loop_test(tests, same_bits_for_any_cut_and_team, 0, (int)conv_silu_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
