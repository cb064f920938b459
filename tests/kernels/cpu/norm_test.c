/* norm.h and embed.h against naive loops in double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { ROWS = 9, FIRST_LOGIT = 3 };

struct norm_trial {
    const struct rmsnorm_case *c;
    f32 *x, *y, *weight;
};

static void call_norm(run *r, void *context)
{
    const struct norm_trial *t = context;
    t->c->call(r, t->y, t->x, t->weight);
}

/* One row of y is the row of x as norm.h says; returns the worst error as a part of its bound. */
static double check_norm_row(const struct norm_trial *t, const f32 *x, const f32 *y)
{
    const u32 D = t->c->shape->D;
    double squares = 0, worst = 0;
    for (u32 i = 0; i < D; i++)
        squares += (double)x[i] * x[i];
    const double scale = 1 / sqrt(squares / D + t->c->shape->epsilon);
    for (u32 i = 0; i < D; i++) {
        const double exact = x[i] * scale * t->weight[i];
        const double bound = (D / 32.0 + 8) * 0x1p-24 * fabs(exact);
        ck_assert_msg(fabs(y[i] - exact) <= bound, "%s element %u: %.9g, exact %.9g", t->c->name, i,
                      y[i], exact);
        worst = fmax(worst, bound > 0 ? fabs(y[i] - exact) / bound : 0);
    }
    for (u32 i = D; i < LINE_PAD(D); i++)
        ck_assert_msg(y[i] == 0, "%s: pad not zero", t->c->name);
    return worst;
}

START_TEST(norm_within_bound)
{
    const struct rmsnorm_case *c = &rmsnorm_cases[_i];
    const size_t S = LINE_PAD(c->shape->D);
    const u32 rows = c->shape->count == COUNT_ONE ? 1 : ROWS;
    const u32 source = c->shape->count == COUNT_LOGITS ? FIRST_LOGIT : 0;
    struct norm_trial t = {c, fixture_new((ROWS + FIRST_LOGIT) * S), fixture_new(rows * S),
                           fixture_new(S)};
    fixture_fill(t.weight, 1, 1, (u32)S, c->shape->D, 2.0f);
    /* from 1e-12, where eps decides, to 1e12 */
    for (u32 row = 0; row < ROWS + FIRST_LOGIT; row++)
        fixture_fill(t.x + row * S, 2 + row, 1, (u32)S, c->shape->D,
                     powf(10.0f, 2.4f * (f32)row - 12));
    uint64_t first_hash = 0;
    double worst = 0;
    for (u32 threads = 1; threads <= 4; threads++) {
        struct step step = {.tokens = rows, .logit_rows = rows, .logit_first = FIRST_LOGIT};
        fixture_run(threads, step, call_norm, &t);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.y, rows * S);
        first_hash = threads == 1 ? hash : first_hash;
        ck_assert_msg(hash == first_hash, "%s: %u threads give other bits", c->name, threads);
    }
    for (u32 row = 0; row < rows; row++)
        worst = fmax(worst, check_norm_row(&t, t.x + (source + row) * S, t.y + row * S));
    ck_assert_msg(fixture_intact(t.y), "%s wrote outside y", c->name);
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    fixture_free(t.x);
    fixture_free(t.y);
    fixture_free(t.weight);
}
END_TEST

struct embed_trial {
    const struct embed_case *c;
    struct fixture_matrix table;
    u32 tokens[ROWS];
    f32 *y;
};

static void call_embed(run *r, void *context)
{
    const struct embed_trial *t = context;
    t->c->call(r, t->y, t->table.packed, t->tokens);
}

START_TEST(embed_is_the_row)
{
    const struct embed_case *c = &embed_cases[_i];
    const size_t S = LINE_PAD(c->shape->K);
    const u32 rows = c->shape->count == COUNT_ONE ? 1 : ROWS;
    struct embed_trial t = {
        c, fixture_matrix_new(c->shape->type, 5, c->shape->M, c->shape->K, 1.0f), {0}, NULL};
    uint64_t seed = 6;
    for (u32 row = 1; row < ROWS; row++)
        t.tokens[row] = row == 1 ? c->shape->M - 1 : (u32)(fixture_random(&seed) % c->shape->M);
    if (c->shape->count == COUNT_ONE)
        t.tokens[0] = 65;
    for (u32 threads = 1; threads <= 3; threads++) {
        t.y = fixture_new(rows * S);
        fixture_run(threads, (struct step){.tokens = rows}, call_embed, &t);
        for (u32 row = 0; row < rows; row++)
            for (u32 k = 0; k < S; k++)
                ck_assert_msg(t.y[row * S + k] ==
                                  (k < c->shape->K
                                       ? t.table.values[(size_t)t.tokens[row] * c->shape->K + k]
                                       : 0),
                              "%s row %u column %u", c->name, row, k);
        ck_assert_msg(fixture_intact(t.y), "%s wrote outside y", c->name);
        fixture_free(t.y);
    }
    fixture_matrix_free(&t.table);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm");
    TCase *tests = tcase_create("norm");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, norm_within_bound, 0, (int)rmsnorm_case_count);
    tcase_add_loop_test(tests, embed_is_the_row, 0, (int)embed_case_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
