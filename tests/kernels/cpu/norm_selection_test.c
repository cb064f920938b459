/* norm_selection.h: the norms against naive loops in double, and the operation of decode against
 * those that it is made of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { ROWS = 9 };

/* The data of one kernel; `before` is xdb before the call. */
struct trial {
    const struct norm_dt_scan_case *c;
    struct fixture_matrix w;
    f32 *before, *state_before, *xz_before;
    f32 *bias, *A, *D, *dt_norm, *b_norm, *c_norm;
    struct selection_call call;
    void (*work)(run *r, const struct selection_call *call);
};

static size_t stride(const struct norm_dt_scan_case *c)
{
    return LINE_PAD(c->shape->R + 2 * c->shape->N);
}

/* `count` floats in whole lines, in [-scale, scale). */
static f32 *filled(uint64_t seed, u32 count, f32 scale)
{
    f32 *floats = fixture_new(LINE_PAD(count));
    fixture_fill(floats, seed, 1, LINE_PAD(count), count, scale);
    return floats;
}

static struct trial trial_new(const struct norm_dt_scan_case *c)
{
    const u32 S = LINE_PAD(c->shape->I), DS = (u32)stride(c), parts = c->shape->R + 2 * c->shape->N;
    struct trial t = {.c = c,
                      .w = fixture_matrix_new(c->shape->type, 1, c->shape->I, c->shape->R, 1.0f)};
    t.bias = filled(2, c->shape->I, 2.0f);
    t.A = filled(3, c->shape->N * S, 4.0f);
    t.D = filled(4, c->shape->I, 1.0f);
    t.dt_norm = filled(5, c->shape->R, 2.0f);
    t.b_norm = filled(6, c->shape->N, 2.0f);
    t.c_norm = filled(7, c->shape->N, 2.0f);
    t.state_before = filled(8, c->shape->N * S, 2.0f);
    t.xz_before = fixture_new(2 * S);
    t.before = fixture_new((size_t)ROWS * DS);
    fixture_fill(t.xz_before, 9, 2, S, c->shape->I, 3.0f);
    /* from 1e-12, where eps decides, to 1e12 */
    for (u32 row = 0; row < ROWS; row++)
        fixture_fill(t.before + (size_t)row * DS, 10 + row, 1, DS, parts,
                     powf(10.0f, 3.0f * (f32)row - 12));
    for (u32 i = 0; i < c->shape->N * S;
         i++) { /* by lines of channels; the pads of the last one are 0 */
        const bool pad = i / (c->shape->N * LINE_F32) * LINE_F32 + i % LINE_F32 >= c->shape->I;
        t.A[i] = pad ? 0 : -fabsf(t.A[i]);
        t.state_before[i] = pad ? 0 : t.state_before[i];
    }
    t.call = (struct selection_call){.xz = fixture_new(2 * S),
                                     .state = fixture_new(c->shape->N * S),
                                     .xdb = fixture_new((size_t)ROWS * DS),
                                     .dt = fixture_new(S),
                                     .dt_norm = t.dt_norm,
                                     .b_norm = t.b_norm,
                                     .c_norm = t.c_norm,
                                     .w = t.w.packed,
                                     .bias = t.bias,
                                     .A = t.A,
                                     .D = t.D};
    return t;
}

static void trial_free(struct trial *t)
{
    f32 *const buffers[] = {t->before,     t->state_before, t->xz_before, t->bias,   t->A,
                            t->D,          t->dt_norm,      t->b_norm,    t->c_norm, t->call.xz,
                            t->call.state, t->call.xdb,     t->call.dt};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&t->w);
}

static void work(run *r, void *context)
{
    const struct trial *t = context;
    t->work(r, &t->call);
}

/* Starts from the same data every time; the first row is `row` of `before`. */
static void trial_run(struct trial *t, u32 threads, u32 row,
                      void (*operation)(run *r, const struct selection_call *call))
{
    const size_t S = LINE_PAD(t->c->shape->I), DS = stride(t->c);
    memcpy(t->call.xdb, t->before + row * DS, (ROWS - row) * DS * sizeof *t->before);
    memcpy(t->call.state, t->state_before, t->c->shape->N * S * sizeof *t->before);
    memcpy(t->call.xz, t->xz_before, 2 * S * sizeof *t->before);
    t->work = operation;
    fixture_run(threads, (struct step){.tokens = ROWS - row}, work, t);
}

/* One part of a row as norm.h says; returns the worst error as a part of its bound. */
static double check_part(const struct trial *t, u32 D, const f32 *x, const f32 *y,
                         const f32 *weight)
{
    double squares = 0, worst = 0;
    for (u32 i = 0; i < D; i++)
        squares += (double)x[i] * x[i];
    const double scale = 1 / sqrt(squares / D + t->c->shape->epsilon);
    for (u32 i = 0; i < D; i++) {
        const double exact = x[i] * scale * weight[i];
        const double bound = (D / 32.0 + 8) * 0x1p-24 * fabs(exact);
        ck_assert_msg(fabs(y[i] - exact) <= bound, "%s, element %u of %u: %.9g, exact %.9g",
                      t->c->name, i, D, y[i], exact);
        worst = fmax(worst, bound > 0 ? fabs(y[i] - exact) / bound : 0);
    }
    return worst;
}

START_TEST(norms_within_bound)
{
    const struct norm_dt_scan_case *c = &norm_dt_scan_cases[_i];
    const size_t DS = stride(c);
    struct trial t = trial_new(c);
    uint64_t first_hash = 0;
    double worst = 0;
    for (u32 threads = 1; threads <= 4; threads++) {
        trial_run(&t, threads, 0, c->norm);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.call.xdb, ROWS * DS);
        first_hash = threads == 1 ? hash : first_hash;
        ck_assert_msg(hash == first_hash, "%s: %u threads give other bits", c->name, threads);
    }
    for (u32 row = 0; row < ROWS; row++) {
        const f32 *x = t.before + row * DS, *y = t.call.xdb + row * DS;
        worst = fmax(worst, check_part(&t, c->shape->R, x, y, t.dt_norm));
        worst =
            fmax(worst, check_part(&t, c->shape->N, x + c->shape->R, y + c->shape->R, t.b_norm));
        worst = fmax(worst, check_part(&t, c->shape->N, x + c->shape->R + c->shape->N,
                                       y + c->shape->R + c->shape->N, t.c_norm));
        for (size_t i = c->shape->R + 2 * c->shape->N; i < DS; i++)
            ck_assert_msg(y[i] == 0, "%s: pad not zero", c->name);
    }
    ck_assert_msg(fixture_intact(t.call.xdb), "%s wrote outside xdb", c->name);
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    trial_free(&t);
}
END_TEST

/* The bits of the result and of the state, for a row of about 1e-3, 1 and 1e3. */
START_TEST(decode_is_the_three_operations)
{
    const struct norm_dt_scan_case *c = &norm_dt_scan_cases[_i];
    const size_t S = LINE_PAD(c->shape->I), states = c->shape->N * S;
    struct trial t = trial_new(c);
    for (u32 row = 3; row <= 5; row++) {
        trial_run(&t, 1, row, c->apart);
        const uint64_t want =
            fixture_hash(fixture_hash(FIXTURE_HASH, t.call.xz, 2 * S), t.call.state, states);
        for (u32 threads = 1; threads <= 4; threads++) {
            trial_run(&t, threads, row, c->call);
            ck_assert_msg(fixture_hash(fixture_hash(FIXTURE_HASH, t.call.xz, 2 * S), t.call.state,
                                       states) == want,
                          "%s, row %u, %u threads: other bits than one by one", c->name, row,
                          threads);
            ck_assert_mem_eq(t.call.xdb, t.before + row * stride(c), stride(c) * sizeof(f32));
        }
        for (size_t i = 0; i < 2 * S; i++)
            ck_assert_msg(isfinite(t.call.xz[i]), "%s: not finite", c->name);
        ck_assert(memcmp(t.call.xz, t.xz_before, S * sizeof(f32)) != 0);
    }
    ck_assert(fixture_intact(t.call.xz) && fixture_intact(t.call.state) &&
              fixture_intact(t.call.xdb));
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_selection");
    TCase *tests = tcase_create("norm_selection");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, norms_within_bound, 0, (int)norm_dt_scan_case_count);
    tcase_add_loop_test(tests, decode_is_the_three_operations, 0, (int)norm_dt_scan_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
