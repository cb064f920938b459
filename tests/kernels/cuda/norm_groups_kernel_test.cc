/* norm_groups.cuh and norm_linear_add.cuh, interpreted, against their definitions in double, within
 * the bounds that they state. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 7, TOKENS = 5, BESIDE = 48, SEEDS = 20 };

/* ---- rmsnorm_groups -------------------------------------------------------------------------- */
/* D, I, G; I of the D columns count; the rows have BESIDE more floats. */
#define NORM_SHAPES(X)                                                                             \
    X(1536, 1536, 1)                                                                               \
    X(5120, 5120, 1)                                                                               \
    X(8192, 8192, 8)                                                                               \
    X(96, 96, 1)                                                                                   \
    X(240, 240, 5)                                                                                 \
    X(160, 100, 2)                                                                                 \
    X(112, 36, 1)

#define NORM_MAKE(D, I, G)                                                                         \
    RMSNORM_GROUPS(norm_##D##x##G, D, I, G, (D) + BESIDE, 1e-5f, CHUNK)                            \
    static void norm_##D##x##G##_call(run *r, f32 *x, const f32 *weight)                           \
    {                                                                                              \
        norm_##D##x##G(r, 0, (f32(*)[(D) + BESIDE]) x, weight);                                    \
    }
NORM_SHAPES(NORM_MAKE)

static const struct norm_case {
    const char *name;
    u32 D, I, G;
    void (*call)(run *r, f32 *x, const f32 *weight);
} norm_cases[] = {
#define NORM_ROW(D, I, G) {"norm " #D " by " #G, D, I, G, norm_##D##x##G##_call},
    NORM_SHAPES(NORM_ROW)};

/* One group of a row; returns the worst error as a part of its bound. */
static double check_group(const struct norm_case *c, u32 threads, const f32 *x, const f32 *y,
                          const f32 *weight)
{
    const u32 width = c->D / c->G;
    const double steps = width / (2.0 * threads) + threads / 64.0 + 9;
    double squares = 0, worst = 0;
    for (u32 i = 0; i < width; i++)
        squares += (double)x[i] * x[i];
    const double scale = 1 / sqrt(squares / (c->I / c->G) + (double)1e-5f);
    for (u32 i = 0; i < width; i++) {
        const double exact = x[i] * scale * weight[i], bound = steps * unit * fabs(exact);
        if (!(fabs(y[i] - exact) <= bound))
            ck_abort_msg("%s: %.9g, exact %.9g", c->name, y[i], exact);
        worst = fmax(worst, bound > 0 ? fabs(y[i] - exact) / bound : 0);
    }
    return worst;
}

static double check_rows(const struct norm_case *c, const f32 *x, const f32 *y, const f32 *weight)
{
    const size_t XS = c->D + BESIDE, width = c->D / c->G;
    double worst = 0;
    for (size_t row = 0; row < TOKENS; row++) {
        for (u32 g = 0; g < c->G; g++)
            worst =
                fmax(worst, check_group(c, fixture_last_launch().threads, x + row * XS + g * width,
                                        y + row * XS + g * width, weight + g * width));
        ck_assert_msg(!memcmp(x + row * XS + c->D, y + row * XS + c->D, BESIDE * sizeof(f32)),
                      "%s wrote beside the row", c->name);
    }
    for (size_t i = TOKENS * XS; i < CHUNK * XS; i++)
        ck_assert_msg(y[i] == x[i], "%s wrote behind the rows of the step", c->name);
    return worst;
}

/* Groups of very different size, whose norms must not mix. */
START_TEST(norm_within_bound)
{
    const struct norm_case *const c = &norm_cases[_i];
    const u32 XS = c->D + BESIDE, values = CHUNK * XS;
    f32 *const x = (f32 *)calloc(values, sizeof(f32));
    f32 *const y = fixture_new(values, SIMT_ORDINARY, "x");
    f32 *const weight = fixture_new(c->D, SIMT_WEIGHTS, "weight");
    static const f32 scales[] = {1.0f, 1e15f, 30.0f, 1e-3f, 1e-9f};
    fixture_fill(weight, 1, 1, c->D, c->D, 2.0f);
    fixture_fill(x, 2, CHUNK, XS, XS, 1.0f);
    for (u32 row = 0; row < CHUNK; row++)
        for (u32 i = 0; i < c->D; i++)
            x[row * XS + i] *= scales[(row + i / (c->D / c->G)) % 5];
    run r = {};
    struct step step = {};
    step.tokens = TOKENS;
    r.step = fixture_step_new(step);
    double worst = 0;
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= (c->D > 300 ? 2 : SEEDS); seed++) {
        simt_schedule(seed);
        memcpy(y, x, values * sizeof(f32));
        c->call(&r, y, weight);
        no_findings(c->name);
        worst = check_rows(c, x, y, weight);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, y, values);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", c->name, seed);
    }
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    free(x), fixture_free(y), fixture_free(weight);
}
END_TEST

/* ---- norm_linear_add ------------------------------------------------------------------------- */
/* M, D, G: out_proj of the models; then every type and several groups. */
#define EXIT_SHAPES(X)                                                                             \
    X(BF16, 768, 1536, 1536, 1)                                                                    \
    X(BF16, 1024, 2048, 2048, 1)                                                                   \
    X(BF16, 1536, 3072, 3072, 1)                                                                   \
    X(BF16, 2560, 5120, 5120, 1)                                                                   \
    X(BF16, 800, 8192, 8192, 8)                                                                    \
    EXIT_SMALL(X)

#define EXIT_SMALL(X)                                                                              \
    X(F32, 50, 96, 96, 1)                                                                          \
    X(F16, 17, 16, 16, 1)                                                                          \
    X(F16, 112, 240, 240, 5)                                                                       \
    X(BF16, 1550, 160, 160, 2)                                                                     \
    X(F32, 780, 1056, 1056, 3)                                                                     \
    X(F32, 50, 112, 36, 1)                                                                         \
    X(BF16, 40, 160, 100, 2)

#define EXIT_MAKE(T, M, D, I, G)                                                                   \
    NORM_LINEAR_ADD(exit_##T##_##M##x##D##x##G, any_##T, T, M, D, I, G, (D) + BESIDE, 1e-5f)       \
    static void exit_##T##_##M##x##D##x##G##_call(run *r, f32 *y, const f32 *x, const f32 *norm,   \
                                                  const void *w, const f32 *bias)                  \
    {                                                                                              \
        exit_##T##_##M##x##D##x##G(r, 0, (f32(*)[LINE_PAD(M)])y, (const f32(*)[(D) + BESIDE]) x,   \
                                   norm, (const any_##T *)w, bias);                                \
    }
EXIT_SHAPES(EXIT_MAKE)

static const struct exit_case {
    const char *name;
    enum format type;
    u32 M, D, I, G;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *norm, const void *w, const f32 *bias);
} exit_cases[] = {
#define EXIT_ROW(T, M, D, I, G)                                                                    \
    {#T " " #M "x" #D " by " #G, FORMAT_##T, M, D, I, G, exit_##T##_##M##x##D##x##G##_call},
    EXIT_SHAPES(EXIT_ROW)};
static const struct exit_case exit_small[] = {EXIT_SMALL(EXIT_ROW)};

struct exit_trial {
    const struct exit_case *c;
    bool biased;
    struct fixture_matrix w;
    f32 *x, *y, *norm, *bias, *before;
};

static struct exit_trial exit_new(const struct exit_case *c, bool biased)
{
    const u32 M = LINE_PAD(c->M);
    struct exit_trial t = {c,
                           biased,
                           fixture_matrix_new(c->type, c->M, c->M, c->D, 1.0f / sqrtf((f32)c->D)),
                           fixture_new(c->D + BESIDE, SIMT_ORDINARY, "x"),
                           fixture_new(M, SIMT_ORDINARY, "y"),
                           fixture_new(c->D, SIMT_WEIGHTS, "norm"),
                           fixture_new(M, SIMT_WEIGHTS, "bias"),
                           (f32 *)calloc(M, sizeof(f32))};
    static const f32 scales[] = {1.0f, 30.0f, 1e-3f};
    fixture_fill(t.x, 1, 1, c->D, c->D, 3.0f); /* behind column D-1 it is NaN */
    for (u32 i = 0; i < c->D; i++)
        t.x[i] *= scales[i / (c->D / c->G) % 3];
    fixture_fill(t.norm, 2, 1, c->D, c->D, 1.0f);
    fixture_fill(t.bias, 3, 1, M, c->M, 1.0f);
    fixture_fill(t.before, 4, 1, M, c->M, 2.0f);
    return t;
}

static void exit_run(struct exit_trial *t)
{
    run r = {};
    memcpy(t->y, t->before, LINE_PAD(t->c->M) * sizeof(f32));
    t->c->call(&r, t->y, t->x, t->norm, t->w.packed, t->biased ? t->bias : NULL);
    no_findings(t->c->name);
}

static void exit_free(struct exit_trial *t)
{
    f32 *const buffers[] = {t->x, t->y, t->norm, t->bias};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&t->w);
    free(t->before);
}

/* Error of output m as a part of its bound. */
static double exit_check(const struct exit_trial *t, const double *scales, u32 m)
{
    const struct exit_case *const c = t->c;
    double sum = 0, sizes = 0;
    for (u32 k = 0; k < c->D; k++) {
        const double product =
            t->w.values[(size_t)m * c->D + k] * t->norm[k] * t->x[k] * scales[k / (c->D / c->G)];
        sum += product, sizes += fabs(product);
    }
    if (t->biased)
        sum += t->bias[m], sizes += fabs(t->bias[m]);
    const double e = (c->D / 32.0 + 32) * unit * sizes, exact = t->before[m] + sum;
    const double bound = e + unit * (fabs(exact) + e), error = fabs(t->y[m] - exact);
    if (!(error <= bound))
        ck_abort_msg("%s output %u: %.9g, exact %.9g, bound %.3g", c->name, m, t->y[m], exact,
                     bound);
    return bound > 0 ? error / bound : 0;
}

START_TEST(exit_within_bound)
{
    struct exit_trial t = exit_new(&exit_cases[_i], _i % 2 == 0);
    const u32 width = t.c->D / t.c->G;
    double scales[8], worst = 0;
    for (u32 g = 0; g < t.c->G; g++) {
        double squares = 0;
        for (u32 i = g * width; i < (g + 1) * width; i++)
            squares += (double)t.x[i] * t.x[i];
        scales[g] = 1 / sqrt(squares / (t.c->I / t.c->G) + (double)1e-5f);
    }
    exit_run(&t);
    for (u32 m = 0; m < t.c->M; m++)
        worst = fmax(worst, exit_check(&t, scales, m));
    for (u32 m = t.c->M; m < LINE_PAD(t.c->M); m++)
        ck_assert_msg(t.y[m] == 0, "%s: pad %u is %g", t.c->name, m, t.y[m]);
    printf("%-28s worst error %.3f of the bound\n", t.c->name, worst);
    exit_free(&t);
}
END_TEST

START_TEST(exit_on_any_schedule)
{
    struct exit_trial t = exit_new(&exit_small[_i], true);
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        exit_run(&t);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.c->M));
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.c->name, seed);
    }
    exit_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_groups_kernel");
    TCase *tests = tcase_create("norm_groups_kernel");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, norm_within_bound, 0, sizeof norm_cases / sizeof norm_cases[0]);
    tcase_add_loop_test(tests, exit_within_bound, 0, sizeof exit_cases / sizeof exit_cases[0]);
    tcase_add_loop_test(tests, exit_on_any_schedule, 0, sizeof exit_small / sizeof exit_small[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
