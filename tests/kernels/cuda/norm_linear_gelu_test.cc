/* norm_linear_gelu.cuh, interpreted, against norm, product and gelu_new in double, within the bound
 * that it states, with LayerNorm and with RMSNorm, for rows around 0 and rows far from it. */
#include <math.h>
#include <stdio.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { SEEDS = 20 };

#define EPS 1e-5f

/* T, D, M: phi-2 with fewer rows but still 16 to a block, and scaled down; then awkward ones. */
#define SHAPES(X)                                                                                  \
    X(BF16, 2560, 6160)                                                                            \
    SMALL(X)

#define SMALL(X)                                                                                   \
    X(BF16, 160, 640)                                                                              \
    X(F16, 64, 100)                                                                                \
    X(F32, 1, 1)                                                                                   \
    X(BF16, 17, 33)                                                                                \
    X(F16, 1000, 50)                                                                               \
    X(F32, 600, 790)

#define MAKE(T, D, M)                                                                              \
    NORM_LINEAR_GELU(gelu_##T##_##D##x##M, any_##T, T, D, LINE_PAD(D), M, EPS)                     \
    static void gelu_##T##_##D##x##M##_call(run *r, f32 *y, const f32 *x, const f32 *norm,         \
                                            const f32 *norm_bias, const void *w, const f32 *bias)  \
    {                                                                                              \
        gelu_##T##_##D##x##M(r, 0, (f32(*)[LINE_PAD(M)])y, (const f32(*)[LINE_PAD(D)])x, norm,     \
                             norm_bias, (const any_##T *)w, bias);                                 \
    }
SHAPES(MAKE)

static const struct shape {
    const char *name;
    enum format type;
    u32 D, M;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *norm, const f32 *norm_bias, const void *w,
                 const f32 *bias);
} shapes[] = {
#define ROW(T, D, M) {#T " " #M "x" #D, FORMAT_##T, D, M, gelu_##T##_##D##x##M##_call},
    SHAPES(ROW)};
static const struct shape small[] = {SMALL(ROW)};

struct trial {
    const struct shape *s;
    bool layer; /* LayerNorm */
    struct fixture_matrix w;
    f32 *x, *norm, *norm_bias, *bias, *y;
};

static struct trial trial_new(const struct shape *s, bool layer, f32 offset)
{
    const u32 D = LINE_PAD(s->D), M = LINE_PAD(s->M);
    struct trial t = {
        s,
        layer,
        fixture_matrix_new(s->type, s->M + s->D, s->M, s->D, 3.0f / sqrtf((f32)s->D)),
        fixture_new(D, SIMT_ORDINARY, "x"),
        fixture_new(D, SIMT_WEIGHTS, "norm"),
        fixture_new(D, SIMT_WEIGHTS, "norm_bias"),
        fixture_new(M, SIMT_WEIGHTS, "bias"),
        fixture_new(M, SIMT_ORDINARY, "y"),
    };
    fixture_fill(t.x, 1, 1, D, s->D, 3.0f);
    for (u32 k = 0; k < s->D; k++)
        t.x[k] += offset;
    fixture_fill(t.norm, 2, 1, D, s->D, 2.0f);
    fixture_fill(t.norm_bias, 3, 1, D, s->D, 1.0f);
    fixture_fill(t.bias, 4, 1, M, s->M, 2.0f);
    return t;
}

static void trial_run(struct trial *t)
{
    run r = {};
    t->s->call(&r, t->y, t->x, t->norm, t->layer ? t->norm_bias : NULL, t->w.packed, t->bias);
    ck_assert_msg(simt_findings() == 0, "%s: %s", t->s->name, simt_report());
}

static void trial_free(struct trial *t)
{
    f32 *const buffers[] = {t->x, t->norm, t->norm_bias, t->bias, t->y};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&t->w);
}

/* What the norm does to the row: the mean that it takes off, and its factor. */
struct row {
    double mean, scale, size; /* size: the mean of |x| */
};

static struct row row_of(const struct trial *t)
{
    const u32 D = t->s->D;
    struct row row = {0, 0, 0};
    for (u32 k = 0; k < D; k++) {
        row.mean += t->layer ? (double)t->x[k] / D : 0;
        row.size += fabs((double)t->x[k]) / D;
    }
    for (u32 k = 0; k < D; k++)
        row.scale += (t->x[k] - row.mean) * (t->x[k] - row.mean) / D;
    row.scale = 1 / sqrt(row.scale + (double)EPS);
    return row;
}

/* Error of output m as a part of its bound. */
static double check(const struct trial *t, const struct row *row, u32 threads, u32 m)
{
    const u32 D = t->s->D;
    const double n = (double)LINE_PAD(D) / threads;
    double exact = t->bias[m], bound = fabs((double)t->bias[m]) * (D / 64.0 + 16);
    for (u32 k = 0; k < D; k++) {
        const double w = fabs(t->w.values[(size_t)m * D + k]), apart = t->x[k] - row->mean;
        const double weight = t->norm[k], bias = t->layer ? t->norm_bias[k] : 0;
        const double u = apart * row->scale * weight + bias;
        exact += t->w.values[(size_t)m * D + k] * u;
        bound += w * fabs(u) * (D / 64.0 + 16);
        bound += w * fabs(apart * row->scale * weight) * (n / 2 + 14);
        bound += t->layer ? w * (n + 20) * row->size * row->scale * fabs(weight) : 0;
        bound += w * fabs(bias) * 2;
    }
    bound = cpu_gelu_bound(exact, bound * unit);
    exact = cpu_gelu_exact(exact);
    const double error = fabs(t->y[m] - exact);
    if (!(error <= bound))
        ck_abort_msg("%s output %u: %.9g, exact %.9g, bound %.3g", t->s->name, m, t->y[m], exact,
                     bound);
    return error / bound;
}

START_TEST(within_bound)
{
    static const f32 offsets[] = {0.0f, 5.0f, -1000.0f};
    for (size_t o = 0; o < sizeof offsets / sizeof offsets[0]; o++)
        for (u32 layer = 0; layer < 2; layer++) {
            struct trial t = trial_new(&shapes[_i], layer, offsets[o]);
            double worst = 0;
            trial_run(&t);
            const struct row row = row_of(&t);
            for (u32 m = 0; m < t.s->M; m++)
                worst = fmax(worst, check(&t, &row, fixture_last_launch().threads, m));
            for (u32 m = t.s->M; m < LINE_PAD(t.s->M); m++)
                ck_assert_msg(t.y[m] == 0, "%s: pad %u is %g", t.s->name, m, t.y[m]);
            printf("%-16s %s around %5g: worst error %.3f of the bound\n", t.s->name,
                   layer ? "layernorm" : "rmsnorm  ", offsets[o], worst);
            trial_free(&t);
        }
}
END_TEST

START_TEST(any_schedule)
{
    struct trial t = trial_new(&small[_i], true, 5.0f);
    trial_run(&t);
    const uint64_t in_order = fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.s->M));
    for (u32 seed = 1; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        trial_run(&t);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.s->M)) == in_order,
                      "%s: schedule %u gives other bits", t.s->name, seed);
    }
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_linear_gelu");
    TCase *tests = tcase_create("norm_linear_gelu");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, within_bound, 0, sizeof shapes / sizeof shapes[0]);
    tcase_add_loop_test(tests, any_schedule, 0, sizeof small / sizeof small[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
