/* norm_selection.cuh, interpreted, against its definition in double within the bound that it
 * states, and NORM_DT_SCAN against the bits of NORM_SELECTION and DT_SCAN, on 20 schedules. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 6, TOKENS = 4, LOGIT_ROWS = 1, SEEDS = 20 };

/* I, N, R: the model, of which channels are left out; and odd numbers of everything. */
#define SHAPES(X)                                                                                  \
    X(512, 16, 256)                                                                                \
    X(20, 1, 1)                                                                                    \
    X(50, 5, 17)                                                                                   \
    X(33, 37, 3)                                                                                   \
    X(48, 8, 90)

#define ROW(N, R) LINE_PAD((R) + 2 * (N))
#define MAKE(I, N, R)                                                                              \
    NORM_SELECTION(norms_##I##x##N##x##R, R, N, ROW(N, R), 1e-6f, CHUNK)                           \
    NORM_SELECTION(norms_one_##I##x##N##x##R, R, N, ROW(N, R), 1e-6f, ONE)                         \
    DT_SCAN(scan_##I##x##N##x##R, any_BF16, BF16, I, N, R, 2 * LINE_PAD(I), ROW(N, R))             \
    NORM_DT_SCAN(both_##I##x##N##x##R, any_BF16, BF16, I, N, R, 2 * LINE_PAD(I), ROW(N, R), 1e-6f)
SHAPES(MAKE)

struct call {
    f32 *xz, *state, *xdb;
    const f32 *dt_norm, *b_norm, *c_norm, *bias, *A, *D;
    const void *w;
};

static const struct selection_case {
    const char *name;
    u32 I, N, R;
    void (*norms)(run *r, const struct call *c);
    void (*one_by_one)(run *r, const struct call *c);
    void (*both)(run *r, const struct call *c);
} cases[] = {
#define CASE(I, N, R)                                                                              \
    {#I "x" #N " rank " #R,                                                                        \
     I,                                                                                            \
     N,                                                                                            \
     R,                                                                                            \
     [](run *r, const struct call *c) {                                                            \
         norms_##I##x##N##x##R(r, 0, (f32(*)[ROW(N, R)])c->xdb, c->dt_norm, c->b_norm, c->c_norm); \
     },                                                                                            \
     [](run *r, const struct call *c) {                                                            \
         norms_one_##I##x##N##x##R(r, 0, (f32(*)[ROW(N, R)])c->xdb, c->dt_norm, c->b_norm,         \
                                   c->c_norm);                                                     \
         scan_##I##x##N##x##R(r, 0, (f32(*)[2 * LINE_PAD(I)]) c->xz,                               \
                              (f32(*)[N][LINE_F32])c->state, (const f32(*)[ROW(N, R)])c->xdb,      \
                              (const any_BF16 *)c->w, c->bias, (const f32(*)[N][LINE_F32])c->A,    \
                              c->D);                                                               \
     },                                                                                            \
     [](run *r, const struct call *c) {                                                            \
         both_##I##x##N##x##R(r, 0, (f32(*)[2 * LINE_PAD(I)]) c->xz,                               \
                              (f32(*)[N][LINE_F32])c->state, (const f32(*)[ROW(N, R)])c->xdb,      \
                              c->dt_norm, c->b_norm, c->c_norm, (const any_BF16 *)c->w, c->bias,   \
                              (const f32(*)[N][LINE_F32])c->A, c->D);                              \
     }},
    SHAPES(CASE)};
enum { CASES = sizeof cases / sizeof cases[0] };

struct trial {
    const struct selection_case *c;
    run r;
    u32 S, row; /* PAD(I); floats of a row of xdb */
    struct fixture_matrix w;
    f32 *before, *dt_norm, *b_norm, *c_norm, *bias, *A, *D;
    struct call call;
};

static f32 *filled(uint64_t seed, u32 count, u32 used, f32 scale, const char *name)
{
    f32 *const buffer = fixture_new(count, SIMT_WEIGHTS, name);
    fixture_fill(buffer, seed, 1, count, used, scale);
    return buffer;
}

static struct trial trial_new(const struct selection_case *c)
{
    const u32 S = LINE_PAD(c->I), row = ROW(c->N, c->R), states = S * c->N;
    struct trial t = {};
    struct step step = {};
    step.tokens = TOKENS;
    t.c = c, t.S = S, t.row = row;
    t.r.step = fixture_step_new(step);
    t.w = fixture_matrix_new(FORMAT_BF16, 1, c->I, c->R, 1.0f / sqrtf((f32)c->R));
    t.dt_norm = filled(2, LINE_PAD(c->R), c->R, 2.0f, "dt_norm");
    t.b_norm = filled(3, LINE_PAD(c->N), c->N, 2.0f, "b_norm");
    t.c_norm = filled(4, LINE_PAD(c->N), c->N, 2.0f, "c_norm");
    t.bias = filled(5, S, c->I, 2.0f, "bias");
    t.A = filled(6, states, states, -3.0f, "A");
    t.D = filled(7, S, c->I, 1.0f, "D");
    t.before = (f32 *)malloc((size_t)TOKENS * row * sizeof(f32));
    static const f32 scales[TOKENS] = {1.0f, 300.0f, 1e-3f, 1e-12f};
    for (u32 token = 0; token < TOKENS; token++)
        fixture_fill(t.before + token * row, 10 + token, 1, row, c->R + 2 * c->N, scales[token]);
    t.call = {fixture_new(2 * S, SIMT_ORDINARY, "xz"),
              fixture_new(states, SIMT_ORDINARY, "state"),
              fixture_new((size_t)CHUNK * row, SIMT_ORDINARY, "xdb"),
              t.dt_norm,
              t.b_norm,
              t.c_norm,
              t.bias,
              t.A,
              t.D,
              t.w.packed};
    return t;
}

static void trial_free(struct trial *t)
{
    void *const all[] = {(void *)t->r.step, t->dt_norm, t->b_norm, t->c_norm,
                         t->bias,           t->A,       t->D,      t->call.xz,
                         t->call.state,     t->call.xdb};
    for (void *buffer : all)
        fixture_free(buffer);
    fixture_matrix_free(&t->w);
    free(t->before);
}

static void trial_run(struct trial *t, void (*call)(run *r, const struct call *c))
{
    memset(t->call.xdb, 0xff, (size_t)CHUNK * t->row * sizeof(f32));
    memcpy(t->call.xdb, t->before, (size_t)TOKENS * t->row * sizeof(f32));
    fixture_fill(t->call.xz, 20, 2, t->S, t->c->I, 3.0f);
    fixture_fill(t->call.state, 21, 1, t->S * t->c->N, t->S * t->c->N, 1.0f);
    call(&t->r, &t->call);
    ck_assert_msg(simt_findings() == 0, "%s: %s", t->c->name, simt_report());
}

/* One part of a row, of D elements; returns the largest error as a part of the bound. */
static double check_part(const struct trial *t, u32 D, const f32 *x, const f32 *weight,
                         const f32 *y)
{
    double squares = 0, worst = 0;
    for (u32 i = 0; i < D; i++)
        squares += (double)x[i] * x[i];
    const double scale = 1 / sqrt(squares / D + (double)1e-6f);
    for (u32 i = 0; i < D; i++) {
        const double exact = x[i] * scale * weight[i], error = fabs(y[i] - exact);
        const double bound = (D / 64.0 + 10) * 0x1p-24 * fabs(exact);
        if (!(error <= bound))
            ck_abort_msg("%s element %u: %.9g, exact %.9g", t->c->name, i, y[i], exact);
        worst = fmax(worst, bound > 0 ? error / bound : 0);
    }
    return worst;
}

START_TEST(norms_within_bound)
{
    struct trial t = trial_new(&cases[_i]);
    const u32 R = t.c->R, N = t.c->N, used = R + 2 * N;
    double worst = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        trial_run(&t, t.c->norms);
        for (u32 token = 0; token < TOKENS; token++) {
            const f32 *const x = t.before + token * t.row, *const y = t.call.xdb + token * t.row;
            worst = fmax(worst, check_part(&t, R, x, t.dt_norm, y));
            worst = fmax(worst, check_part(&t, N, x + R, t.b_norm, y + R));
            worst = fmax(worst, check_part(&t, N, x + R + N, t.c_norm, y + R + N));
            for (u32 i = used; i < t.row; i++)
                ck_assert_msg(y[i] == 0, "%s: pad %u is %g", t.c->name, i, y[i]);
        }
        for (u32 i = TOKENS * t.row; i < CHUNK * t.row; i++)
            if (!isnan(t.call.xdb[i]))
                ck_abort_msg("%s: wrote behind the rows of the step", t.c->name);
    }
    printf("%-20s worst error %.3f of the bound\n", t.c->name, worst);
    trial_free(&t);
}
END_TEST

START_TEST(both_have_the_bits_of_one_by_one)
{
    struct trial t = trial_new(&cases[_i]);
    uint64_t expected = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        trial_run(&t, seed == 0 ? t.c->one_by_one : t.c->both);
        const uint64_t xz = fixture_hash(FIXTURE_HASH, t.call.xz, 2 * t.S);
        const uint64_t hash = fixture_hash(xz, t.call.state, (size_t)t.S * t.c->N);
        expected = seed == 0 ? hash : expected;
        ck_assert_msg(hash == expected, "%s: schedule %u gives other bits", t.c->name, seed);
        for (u32 i = 0; seed > 0 && i < t.row; i++)
            ck_assert_msg(t.call.xdb[i] == t.before[i], "%s: changed xdb", t.c->name);
    }
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_selection_kernels");
    TCase *tests = tcase_create("norm_selection_kernels");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, norms_within_bound, 0, CASES);
    tcase_add_loop_test(tests, both_have_the_bits_of_one_by_one, 0, CASES);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
