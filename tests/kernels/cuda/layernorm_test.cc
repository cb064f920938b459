/* layernorm.cuh, interpreted, against its definition in double: one row, the rows of a chunk that
 * is not full, and rows of logits; rows around 0, rows far from it, huge ones, and ones so small
 * that EPS is most of their variance. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 7, LOGIT_ROWS = 4, SEEDS = 20 };

/* Fewer rows than the instances can have; the logits' source rows begin at FIRST. */
enum { TOKENS = 5, LOGITS = 3, FIRST = 2 };

#define EPS 1e-5f

/* phi-2, and it scaled down; then odd widths, and those at which the block changes. */
#define SHAPES(X)                                                                                  \
    X(2560, ONE)                                                                                   \
    X(2560, CHUNK)                                                                                 \
    X(2560, LOGITS)                                                                                \
    X(160, ONE)                                                                                    \
    X(160, CHUNK)                                                                                  \
    X(1, ONE)                                                                                      \
    X(17, CHUNK)                                                                                   \
    X(50, LOGITS)                                                                                  \
    X(1000, CHUNK)                                                                                 \
    X(8192, ONE)                                                                                   \
    X(8200, CHUNK)

#define MAKE(D, COUNT)                                                                             \
    LAYERNORM(layernorm_##D##_##COUNT, D, LINE_PAD(D), EPS, COUNT)                                 \
    static void layernorm_##D##_##COUNT##_call(run *r, f32 *y, const f32 *x, const f32 *weight,    \
                                               const f32 *bias)                                    \
    {                                                                                              \
        layernorm_##D##_##COUNT(r, 0, (f32(*)[LINE_PAD(D)])y, (const f32(*)[LINE_PAD(D)])x,        \
                                weight, bias);                                                     \
    }
SHAPES(MAKE)

static const struct shape {
    const char *name;
    u32 D;
    enum count count;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *weight, const f32 *bias);
} shapes[] = {
#define ROW(D, COUNT) {#D " " #COUNT, D, COUNT_##COUNT, layernorm_##D##_##COUNT##_call},
    SHAPES(ROW)};

static u32 rows_of(enum count count)
{
    return count == COUNT_ONE ? 1 : count == COUNT_CHUNK ? TOKENS : LOGITS;
}

static u32 rows_most(enum count count)
{
    return count == COUNT_ONE ? ROWS_MOST_ONE : count == COUNT_CHUNK ? CHUNK : LOGIT_ROWS;
}

struct trial {
    const struct shape *s;
    run r;
    u32 S;
    f32 *x, *y, *weight, *bias;
};

/* Each source row of another kind: its scale, and how far from 0 it lies. */
static const struct {
    f32 scale, offset;
} kinds[] = {{1.0f, 0.0f}, {3.0f, 5.0f}, {2.0f, -1000.0f}, {1e15f, 1e15f}, {1e-6f, 0.0f}};

static struct trial trial_new(const struct shape *s)
{
    const u32 S = LINE_PAD(s->D), sources = (u32)CHUNK + FIRST;
    struct trial t = {s,
                      {},
                      S,
                      fixture_new(sources * S, SIMT_ORDINARY, "x"),
                      fixture_new(rows_most(s->count) * S, SIMT_ORDINARY, "y"),
                      fixture_new(S, SIMT_WEIGHTS, "weight"),
                      fixture_new(S, SIMT_WEIGHTS, "bias")};
    struct step step = {};
    step.tokens = TOKENS, step.logit_first = FIRST, step.logit_rows = LOGITS;
    t.r.step = fixture_step_new(step);
    for (u32 row = 0; row < sources; row++) {
        f32 *const x = t.x + (size_t)row * S;
        fixture_fill(x, row, 1, S, s->D, kinds[row % 5].scale);
        for (u32 i = 0; i < s->D; i++)
            x[i] += kinds[row % 5].offset;
    }
    fixture_fill(t.weight, 98, 1, S, s->D, 2.0f);
    fixture_fill(t.bias, 99, 1, S, s->D, 1.0f);
    return t;
}

static void trial_free(struct trial *t)
{
    f32 *const buffers[] = {t->x, t->y, t->weight, t->bias};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_free((void *)t->r.step);
}

/* The worst error of a row as a part of its bound. */
static double check_row(const struct trial *t, u32 threads, const f32 *x, const f32 *y)
{
    const double n = (double)t->S / threads, w = threads / 64.0 + 12, h = 0x1p-24;
    double mean = 0, size = 0, variance = 0, worst = 0;
    for (u32 i = 0; i < t->s->D; i++)
        mean += (double)x[i] / t->s->D, size += fabs((double)x[i]) / t->s->D;
    for (u32 i = 0; i < t->s->D; i++)
        variance += (x[i] - mean) * (x[i] - mean) / t->s->D;
    const double scale = 1 / sqrt(variance + (double)EPS);
    for (u32 i = 0; i < t->s->D; i++) {
        const double exact = (x[i] - mean) * scale * t->weight[i] + t->bias[i];
        const double apart = (n / 2 + w) * h * fabs(x[i] - mean) + (n + 2 * w) * h * size;
        const double bound =
            apart * scale * fabs((double)t->weight[i]) + 2 * h * fabs((double)t->bias[i]);
        const double error = fabs(y[i] - exact);
        if (!(error <= bound))
            ck_abort_msg("%s column %u: %.9g, exact %.9g, bound %.3g", t->s->name, i, y[i], exact,
                         bound);
        worst = fmax(worst, bound > 0 ? error / bound : 0);
    }
    for (u32 i = t->s->D; i < t->S; i++)
        ck_assert_msg(y[i] == 0, "%s: pad %u is %g", t->s->name, i, y[i]);
    return worst;
}

static double check(const struct trial *t, u32 threads)
{
    const u32 first = t->s->count == COUNT_LOGITS ? FIRST : 0, rows = rows_of(t->s->count);
    double worst = 0;
    for (u32 row = 0; row < rows; row++)
        worst = fmax(worst, check_row(t, threads, t->x + (size_t)(first + row) * t->S,
                                      t->y + (size_t)row * t->S));
    for (size_t i = (size_t)rows * t->S; i < (size_t)rows_most(t->s->count) * t->S; i++)
        ck_assert_msg(isnan(t->y[i]), "%s: wrote behind the rows of the step", t->s->name);
    return worst;
}

START_TEST(within_bound_on_any_schedule)
{
    struct trial t = trial_new(&shapes[_i]);
    const u32 values = rows_most(t.s->count) * t.S;
    double worst = 0;
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        memset(t.y, 0xff, values * sizeof(f32));
        t.s->call(&t.r, t.y, t.x, t.weight, t.bias);
        ck_assert_msg(simt_findings() == 0, "%s: %s", t.s->name, simt_report());
        worst = check(&t, fixture_last_launch().threads);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.y, values);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.s->name, seed);
    }
    printf("layernorm %-12s worst error %.3f of the bound\n", t.s->name, worst);
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layernorm");
    TCase *tests = tcase_create("layernorm");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, within_bound_on_any_schedule, 0, sizeof shapes / sizeof shapes[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
