/* mlp.cuh, interpreted: swiglu against the bits of the CPU, norm_linear_swiglu against its
 * definition in double within the bound that it states, on 20 schedules. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 7, TOKENS = 5, LOGIT_ROWS = 1, SEEDS = 20 };

/* ---- swiglu ---------------------------------------------------------------------------------- */
SWIGLU(swiglu_16, 16, CHUNK)
SWIGLU(swiglu_96, 96, ONE)
SWIGLU(swiglu_5632, 5632, CHUNK)

static const struct swiglu_case {
    const char *name;
    u32 S, rows, most;
    void (*call)(run *r, f32 *gate, const f32 *up);
} swiglu_cases[] = {
#define SWIGLU_ROW(S, rows, most)                                                                  \
    {                                                                                              \
        "swiglu " #S, S, rows, most, [](run *r, f32 *gate, const f32 *up) {                        \
            swiglu_##S(r, 0, (f32(*)[S])gate, (const f32(*)[S])up);                                \
        }                                                                                          \
    }
    SWIGLU_ROW(16, TOKENS, CHUNK), SWIGLU_ROW(96, 1, 1), SWIGLU_ROW(5632, TOKENS, CHUNK)};

START_TEST(swiglu_has_the_bits_of_the_cpu)
{
    const struct swiglu_case *const c = &swiglu_cases[_i];
    const size_t used = (size_t)c->rows * c->S, all = (size_t)c->most * c->S;
    f32 *const gate = fixture_new(all, SIMT_ORDINARY, "gate"), *const up = fixture_new(
                                                                   all, SIMT_ORDINARY, "up");
    f32 *const before = (f32 *)malloc(used * sizeof *before);
    run r = {};
    struct step step = {};
    step.tokens = TOKENS;
    r.step = fixture_step_new(step);
    fixture_fill(before, 1, c->rows, c->S, c->S - 3, 20.0f);
    fixture_fill(up, 2, c->rows, c->S, c->S - 3, 5.0f);
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        memset(gate, 0xff, all * sizeof *gate);
        memcpy(gate, before, used * sizeof *gate);
        c->call(&r, gate, up);
        no_findings(c->name);
        for (size_t i = 0; i < used; i++)
            if (gate[i] != cpu_silu(before[i]) * up[i])
                ck_abort_msg("%s element %zu: %.9g", c->name, i, gate[i]);
        for (size_t i = used; i < all; i++)
            if (!isnan(gate[i]))
                ck_abort_msg("%s: wrote behind the rows of the step", c->name);
    }
    fixture_free(gate), fixture_free(up), fixture_free((void *)r.step);
    free(before);
}
END_TEST

/* ---- norm_linear_swiglu ---------------------------------------------------------------------- */
/* D, M; of the models fewer outputs, but still 16 rows to a block; then blocks of 2, 4 and 8. */
#define GATE_SHAPES(X)                                                                             \
    X(BF16, 2048, 3072)                                                                            \
    X(BF16, 4096, 3072)                                                                            \
    GATE_SMALL(X)

#define GATE_SMALL(X)                                                                              \
    X(F32, 1, 1)                                                                                   \
    X(F16, 17, 50)                                                                                 \
    X(BF16, 64, 96)                                                                                \
    X(BF16, 100, 17)                                                                               \
    X(F32, 600, 400)                                                                               \
    X(F16, 1100, 30)                                                                               \
    X(BF16, 330, 780)                                                                              \
    X(F32, 40, 1600)

#define GATE_MAKE(T, D, M)                                                                         \
    NORM_LINEAR_SWIGLU(gate_##T##_##D##x##M, any_##T, T, D, LINE_PAD(D), M, 1e-5f)                 \
    static void gate_##T##_##D##x##M##_call(run *r, f32 *y, const f32 *x, const f32 *norm,         \
                                            const void *gate, const void *up)                      \
    {                                                                                              \
        gate_##T##_##D##x##M(r, 0, (f32(*)[LINE_PAD(M)])y, (const f32(*)[LINE_PAD(D)])x, norm,     \
                             (const any_##T *)gate, (const any_##T *)up);                          \
    }
GATE_SHAPES(GATE_MAKE)

static const struct gate_case {
    const char *name;
    enum format type;
    u32 D, M;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *norm, const void *gate, const void *up);
} gate_cases[] = {
#define GATE_ROW(T, D, M) {#T " norm " #D "x" #M, FORMAT_##T, D, M, gate_##T##_##D##x##M##_call},
    GATE_SHAPES(GATE_ROW)};
static const struct gate_case gate_small[] = {GATE_SMALL(GATE_ROW)};

struct gate_trial {
    const struct gate_case *c;
    struct fixture_matrix gate, up;
    f32 *x, *norm, *y;
};

static struct gate_trial gate_new(const struct gate_case *c)
{
    const u32 D = LINE_PAD(c->D);
    const f32 scale = 2.0f / sqrtf((f32)c->D);
    struct gate_trial t = {c,
                           fixture_matrix_new(c->type, 11, c->M, c->D, scale),
                           fixture_matrix_new(c->type, 12, c->M, c->D, scale),
                           fixture_new(D, SIMT_ORDINARY, "x"),
                           fixture_new(D, SIMT_WEIGHTS, "norm"),
                           fixture_new(LINE_PAD(c->M), SIMT_ORDINARY, "y")};
    fixture_fill(t.x, 1, 1, D, c->D, 30.0f);
    fixture_fill(t.norm, 2, 1, D, c->D, 2.0f);
    return t;
}

static void gate_run(struct gate_trial *t)
{
    run r = {};
    memset(t->y, 0xff, LINE_PAD(t->c->M) * sizeof(f32));
    t->c->call(&r, t->y, t->x, t->norm, t->gate.packed, t->up.packed);
    no_findings(t->c->name);
}

static void gate_free(struct gate_trial *t)
{
    fixture_matrix_free(&t->gate), fixture_matrix_free(&t->up);
    fixture_free(t->x), fixture_free(t->norm), fixture_free(t->y);
}

/* Row `m` of W rmsnorm(x), and how far the kernel's may be from it. */
static double exact_sum(const struct gate_trial *t, const struct fixture_matrix *w, double scale,
                        u32 m, double *error)
{
    double sum = 0, sizes = 0;
    for (u32 k = 0; k < t->c->D; k++) {
        const double term =
            w->values[(size_t)m * t->c->D + k] * ((double)t->norm[k] * t->x[k] * scale);
        sum += term, sizes += fabs(term);
    }
    *error = (t->c->D / 32.0 + 32) * unit * sizes;
    return sum;
}

static double gate_check(const struct gate_trial *t)
{
    double squares = 0, worst = 0;
    for (u32 k = 0; k < t->c->D; k++)
        squares += (double)t->x[k] * t->x[k];
    const double scale = 1 / sqrt(squares / t->c->D + (double)1e-5f);
    for (u32 m = 0; m < t->c->M; m++) {
        double g_error, u_error;
        const double g = exact_sum(t, &t->gate, scale, m, &g_error);
        const double u = exact_sum(t, &t->up, scale, m, &u_error);
        const double silu = g / (1 + exp(-g)), exact = silu * u, error = fabs(t->y[m] - exact);
        const double bound =
            1.1 * g_error * (fabs(u) + u_error) + fabs(silu) * u_error + 8 * unit * fabs(exact);
        if (!(error <= bound))
            ck_abort_msg("%s output %u: %.9g, exact %.9g, bound %.3g", t->c->name, m, t->y[m],
                         exact, bound);
        worst = fmax(worst, bound > 0 ? error / bound : 0);
    }
    for (u32 m = t->c->M; m < LINE_PAD(t->c->M); m++)
        ck_assert_msg(t->y[m] == 0, "%s: pad %u is %g", t->c->name, m, t->y[m]);
    return worst;
}

START_TEST(gate_within_bound)
{
    struct gate_trial t = gate_new(&gate_cases[_i]);
    gate_run(&t);
    const double worst = gate_check(&t);
    const struct launch l = fixture_last_launch();
    printf("%-24s %4u blocks of %3u: worst error %.3f of the bound\n", t.c->name, l.blocks,
           l.threads, worst);
    gate_free(&t);
}
END_TEST

START_TEST(gate_any_schedule)
{
    struct gate_trial t = gate_new(&gate_small[_i]);
    gate_run(&t);
    const uint64_t in_order = fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.c->M));
    for (u32 seed = 1; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        gate_run(&t);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.c->M)) == in_order,
                      "%s: schedule %u gives other bits", t.c->name, seed);
    }
    gate_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mlp_kernels");
    TCase *tests = tcase_create("mlp_kernels");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, swiglu_has_the_bits_of_the_cpu, 0,
                        sizeof swiglu_cases / sizeof swiglu_cases[0]);
    tcase_add_loop_test(tests, gate_within_bound, 0, sizeof gate_cases / sizeof gate_cases[0]);
    tcase_add_loop_test(tests, gate_any_schedule, 0, sizeof gate_small / sizeof gate_small[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
