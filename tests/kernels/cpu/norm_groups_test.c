/* norm_groups.h against a naive loop in double, and norm_linear_add.h against the two operations
 * that it is made of. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { ROWS = 9, BESIDE = 48 };

struct norm_call {
    const struct rmsnorm_groups_case *c;
    f32 *x, *weight;
};

static void call_norm(run *r, void *context)
{
    const struct norm_call *call = context;
    call->c->call(r, call->x, call->weight);
}

/* One group of a row; returns the worst error as a part of its bound. */
static double check_group(const struct rmsnorm_groups_case *c, const f32 *x, const f32 *y,
                          const f32 *weight)
{
    const u32 width = c->shape->D / c->shape->G, inner = c->shape->I / c->shape->G;
    double squares = 0, worst = 0;
    for (u32 i = 0; i < width; i++)
        squares += (double)x[i] * x[i];
    const double scale = 1 / sqrt(squares / inner + (double)c->shape->epsilon);
    for (u32 i = 0; i < width; i++) {
        const double exact = x[i] * scale * weight[i];
        const double bound = (width / 32.0 + 8) * 0x1p-24 * fabs(exact);
        ck_assert_msg(fabs(y[i] - exact) <= bound, "%s: %.9g, exact %.9g", c->name, y[i], exact);
        worst = fmax(worst, bound > 0 ? fabs(y[i] - exact) / bound : 0);
    }
    return worst;
}

/* Groups of very different size, whose norms must not mix. */
START_TEST(norm_within_bound)
{
    const struct rmsnorm_groups_case *const c = &rmsnorm_groups_cases[_i];
    const u32 stride = c->shape->D + BESIDE, rows = c->shape->count == COUNT_ONE ? 1 : ROWS;
    f32 *const x = fixture_new((size_t)rows * stride), *const y =
                                                           fixture_new((size_t)rows * stride);
    f32 *const weight = fixture_new(c->shape->D);
    static const f32 scales[] = {1.0f, 1e15f, 30.0f, 1e-3f, 1e-9f};
    fixture_fill(weight, 1, 1, c->shape->D, c->shape->D, 2.0f);
    fixture_fill(x, 2, rows, stride, stride, 1.0f);
    for (u32 row = 0; row < rows; row++)
        for (u32 i = 0; i < c->shape->D; i++)
            x[(size_t)row * stride + i] *= scales[(row + i / (c->shape->D / c->shape->G)) % 5];
    double worst = 0;
    for (u32 threads = 1; threads <= 4; threads++) {
        memcpy(y, x, (size_t)rows * stride * sizeof(f32));
        fixture_run(threads, (struct step){.tokens = rows}, call_norm,
                    &(struct norm_call){c, y, weight});
        for (u32 row = 0; row < rows; row++) {
            const size_t at = (size_t)row * stride;
            for (u32 i = 0; i < c->shape->D; i += c->shape->D / c->shape->G)
                worst = fmax(worst, check_group(c, x + at + i, y + at + i, weight + i));
            ck_assert_msg(!memcmp(x + at + c->shape->D, y + at + c->shape->D, BESIDE * sizeof(f32)),
                          "%s wrote beside the row", c->name);
        }
    }
    ck_assert_msg(fixture_intact(y), "%s wrote outside", c->name);
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    fixture_free(x);
    fixture_free(y);
    fixture_free(weight);
}
END_TEST

struct exit_call {
    const struct norm_linear_add_case *c;
    bool apart;
    const void *w;
    f32 *y, *x, *norm, *bias;
};

static void call_exit(run *r, void *context)
{
    const struct exit_call *e = context;
    (e->apart ? e->c->apart : e->c->call)(r, e->y, e->x, e->norm, e->w, e->bias);
}

START_TEST(same_bits_as_one_by_one)
{
    const struct norm_linear_add_case *const c = &norm_linear_add_cases[_i];
    const u32 M = LINE_PAD(c->shape->M);
    struct fixture_matrix w = fixture_matrix_new(c->shape->type, 1, c->shape->M, c->shape->D, 1.0f);
    struct exit_call e = {c,
                          true,
                          w.packed,
                          fixture_new(M),
                          fixture_new(c->shape->D + BESIDE),
                          fixture_new(c->shape->D),
                          fixture_new(M)};
    f32 *const want = fixture_new(M), *const x = fixture_new(c->shape->D + BESIDE);
    fixture_fill(e.norm, 2, 1, c->shape->D, c->shape->D, 2.0f);
    fixture_fill(e.bias, 3, 1, M, c->shape->M, 2.0f);
    fixture_fill(x, 4, 1, c->shape->D + BESIDE, c->shape->D, 3.0f);
    for (u32 threads = 1; threads <= 5; threads++)
        for (u32 part = 0; part < 2; part++) {
            e.apart = part == 0;
            memcpy(e.x, x, (c->shape->D + BESIDE) * sizeof(f32));
            fixture_fill(e.y, 5, 1, M, c->shape->M, 1.0f);
            fixture_run(threads, (struct step){.tokens = 1}, call_exit, &e);
            if (e.apart)
                memcpy(want, e.y, M * sizeof(f32));
            ck_assert_msg(!memcmp(want, e.y, M * sizeof(f32)), "%s, %u threads: other bits",
                          c->name, threads);
            ck_assert_msg(e.apart || !memcmp(x, e.x, (c->shape->D + BESIDE) * sizeof(f32)),
                          "%s wrote to x", c->name);
            ck_assert_msg(fixture_intact(e.y) && fixture_intact(e.x), "%s wrote outside", c->name);
        }
    f32 *const buffers[] = {e.y, e.x, e.norm, e.bias, want, x};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    fixture_matrix_free(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_groups");
    TCase *tests = tcase_create("norm_groups");
    tcase_add_loop_test(tests, norm_within_bound, 0, (int)rmsnorm_groups_case_count);
    tcase_add_loop_test(tests, same_bits_as_one_by_one, 0, (int)norm_linear_add_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
