/* norm_gemv.cuh, interpreted, in front of the product of one row, against the norm and the product
 * in double, within the bounds that norm_gemv.cuh and linear_gemv.cuh state: rows around 0, and
 * rows far from it, which LayerNorm has to move. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/cuda/norm_gemv.cuh"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { SEEDS = 20 };

#define EPS 1e-5f

/* T, M, D: widths of models; then every type, odd shapes and more vectors than one turn has. */
#define SHAPES(X)                                                                                  \
    X(F16, 1536, 2560)                                                                             \
    X(BF16, 800, 4096)                                                                             \
    X(BF16, 17, 64)                                                                                \
    X(F32, 1, 1)                                                                                   \
    X(F16, 100, 17)                                                                                \
    X(F32, 50, 1000)                                                                               \
    X(F32, 6160, 600)                                                                              \
    X(F32, 40, 8000)

struct norm_product_params {
    const void *w;
    struct norm_weights norm;
    const f32 *x;
    f32 *y;
};

struct product_shape {
    enum format type;
    u32 M, D;
};

template <product_shape s> struct norm_product {
    using params = norm_product_params;
    static constexpr struct gemv_grid grid = gemv_grid_of(s.type, s.M, s.D);
    static constexpr u32 blocks = grid.blocks, threads = grid.threads;
    static constexpr u32 shared_bytes = norm_gemv_shared_bytes(s.D, true);

    DEVICE void run(const params *p)
    {
        constexpr struct gemv_grid g = grid;
        struct gemv_shared *const shared = (struct gemv_shared *)shared_memory();
        const struct product product = gemv_product(g, p->w);
        const u32 row = gemv_row(g);
        struct vec16 hold[GEMV_AHEAD] = {};
        f32 sums[GEMV_MOST_ROWS];
        pdl_trigger();
        product_begin(&product, hold);
        norm_begin(g, p->norm, shared);
        pdl_wait();
        const f32 factor = norm_row(g, EPS, p->norm.bias != NULL, p->x, shared);
        product_sums(&product, hold, shared->x, sums);
        const f32 total = gemv_total(g, shared, sums) * factor;
        if (row != ~0u)
            p->y[row] = total;
    }
};

#define MAKE(T, M, D) MAKE_NAMED(norm_##T##_##M##x##D, T, M, D)
#define MAKE_NAMED(name, T, M, D)                                                                  \
    static constexpr product_shape name##_shape = {FORMAT_##T, M, D};                              \
    KERNELS_1(name, kernel, norm_product)                                                          \
    static void name(run *r, struct norm_product_params p)                                         \
    {                                                                                              \
        kernel_launch<norm_product<name##_shape>>(r, 0, name##_kernels.part[0], p,                 \
                                                  norm_gemv_shared_bytes(D, p.norm.bias));         \
    }
SHAPES(MAKE)

static const struct shape {
    const char *name;
    enum format type;
    u32 M, D;
    void (*call)(run *r, struct norm_product_params p);
} shapes[] = {
#define ROW(T, M, D) {#T " " #M "x" #D, FORMAT_##T, M, D, norm_##T##_##M##x##D},
    SHAPES(ROW)};

struct trial {
    const struct shape *s;
    struct fixture_matrix w;
    f32 *x, *weight, *bias, *y;
};

static struct trial trial_new(const struct shape *s, f32 offset)
{
    const u32 D = LINE_PAD(s->D), M = LINE_PAD(s->M);
    struct trial t = {s,
                      fixture_matrix_new(s->type, s->M + s->D, s->M, s->D, 1.0f),
                      fixture_new(D, SIMT_ORDINARY, "x"),
                      fixture_new(D, SIMT_WEIGHTS, "weight"),
                      fixture_new(D, SIMT_WEIGHTS, "bias"),
                      fixture_new(M, SIMT_ORDINARY, "y")};
    fixture_fill(t.x, 1, 1, D, s->D, 3.0f);
    for (u32 k = 0; k < s->D; k++)
        t.x[k] += offset;
    fixture_fill(t.weight, 2, 1, D, s->D, 1.0f);
    fixture_fill(t.bias, 3, 1, D, s->D, 1.0f);
    return t;
}

static void trial_run(struct trial *t, bool biased)
{
    run r = {};
    t->s->call(&r, {t->w.packed, {t->weight, biased ? t->bias : NULL}, t->x, t->y});
    ck_assert_msg(simt_findings() == 0, "%s: %s", t->s->name, simt_report());
}

static void trial_free(struct trial *t)
{
    f32 *const buffers[] = {t->x, t->weight, t->bias, t->y};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&t->w);
}

/* What the norm's bound needs to know of a row. */
struct row {
    double mean, scale, size; /* 0 of RMSNorm; 1 / deviation; mean of |x| */
};

static struct row row_of(const struct trial *t, bool biased)
{
    const u32 D = t->s->D;
    struct row row = {0, 0, 0};
    for (u32 k = 0; k < D; k++)
        row.mean += biased ? (double)t->x[k] / D : 0, row.size += fabs((double)t->x[k]) / D;
    for (u32 k = 0; k < D; k++)
        row.scale += (t->x[k] - row.mean) * (t->x[k] - row.mean) / D;
    row.scale = 1 / sqrt(row.scale + (double)EPS);
    return row;
}

/* Error of output m as a part of its bound. */
static double check(const struct trial *t, bool biased, const struct row *row, u32 m)
{
    const u32 D = t->s->D;
    const double n = (double)D / (GEMV_MOST_WARPS * WARP) * 2; /* 4 warps at least: twice that */
    double exact = 0, bound = 0;
    for (u32 k = 0; k < D; k++) {
        const double w = t->w.values[(size_t)m * D + k], apart = t->x[k] - row->mean;
        const double bias = biased ? t->bias[k] : 0, weight = t->weight[k];
        const double u = apart * row->scale * weight + bias;
        exact += w * u;
        bound += fabs(w * u) * (D / 64.0 + 16);
        bound += fabs(w * apart * row->scale * weight) * (n / 2 + 14);
        bound += biased ? fabs(w) * (n + 20) * row->size * row->scale * fabs(weight) : 0;
        bound += fabs(w * bias) * 2;
    }
    bound *= unit;
    const double error = fabs(t->y[m] - exact);
    if (!(error <= bound))
        ck_abort_msg("%s output %u: %.9g, exact %.9g, bound %.3g", t->s->name, m, t->y[m], exact,
                     bound);
    return bound > 0 ? error / bound : 0;
}

START_TEST(within_bound)
{
    static const f32 offsets[] = {0.0f, 5.0f, -1000.0f};
    for (size_t o = 0; o < sizeof offsets / sizeof offsets[0]; o++)
        for (u32 biased = 0; biased < 2; biased++) {
            struct trial t = trial_new(&shapes[_i], offsets[o]);
            double worst = 0;
            trial_run(&t, biased);
            const struct row row = row_of(&t, biased);
            for (u32 m = 0; m < t.s->M; m++)
                worst = fmax(worst, check(&t, biased, &row, m));
            printf("%-16s %s around %5g: worst error %.3f of the bound\n", t.s->name,
                   biased ? "layernorm" : "rmsnorm  ", offsets[o], worst);
            trial_free(&t);
        }
}
END_TEST

START_TEST(any_schedule)
{
    const u32 M = LINE_PAD(shapes[_i].M);
    struct trial t = trial_new(&shapes[_i], 5.0f);
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS && t.s->M <= 100; seed++) {
        simt_schedule(seed);
        trial_run(&t, true);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.y, M);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.s->name, seed);
    }
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_gemv");
    TCase *all = tcase_create("all");
    const int count = sizeof shapes / sizeof shapes[0];
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, within_bound, 0, count);
    tcase_add_loop_test(all, any_schedule, 0, count);
    suite_add_tcase(suite, all);
    return tests_run(suite);
}
