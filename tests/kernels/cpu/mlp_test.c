/* layernorm.h, mlp.h and the gelu_new of math.h against naive loops in double. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { ROWS = 9, FIRST_LOGIT = 3 };

struct layernorm_trial {
    const struct layernorm_case *c;
    f32 *x, *y, *weight, *bias;
};

static void call_layernorm(run *r, void *context)
{
    const struct layernorm_trial *t = context;
    t->c->call(r, t->y, t->x, t->weight, t->bias);
}

/* One row of y is the row of x as layernorm.h says; returns the worst error as a part of its bound.
 */
static double check_layernorm_row(const struct layernorm_trial *t, const f32 *x, const f32 *y)
{
    const u32 D = t->c->shape->D;
    double mean = 0, size = 0, squares = 0, worst = 0;
    for (u32 i = 0; i < D; i++) {
        mean += (double)x[i] / D;
        size += fabs((double)x[i]) / D;
    }
    for (u32 i = 0; i < D; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    const double scale = 1 / sqrt(squares / D + t->c->shape->epsilon), h = 0x1p-24;
    for (u32 i = 0; i < D; i++) {
        const double exact = (x[i] - mean) * scale * t->weight[i] + t->bias[i];
        const double bound = ((D / 16.0 + 14) * h * fabs(x[i] - mean) + (D / 8.0 + 8) * h * size) *
                                 scale * fabs((double)t->weight[i]) +
                             2 * h * fabs((double)t->bias[i]);
        ck_assert_msg(fabs(y[i] - exact) <= bound, "%s element %u: %.9g, exact %.9g, bound %.3g",
                      t->c->name, i, y[i], exact, bound);
        worst = fmax(worst, bound > 0 ? fabs(y[i] - exact) / bound : 0);
    }
    for (u32 i = D; i < LINE_PAD(D); i++)
        ck_assert_msg(y[i] == 0, "%s: pad not zero", t->c->name);
    return worst;
}

START_TEST(layernorm_within_bound)
{
    const struct layernorm_case *c = &layernorm_cases[_i];
    const size_t S = LINE_PAD(c->shape->D);
    const u32 rows = c->shape->count == COUNT_ONE ? 1 : ROWS;
    const u32 source = c->shape->count == COUNT_LOGITS ? FIRST_LOGIT : 0;
    struct layernorm_trial t = {c, fixture_new((ROWS + FIRST_LOGIT) * S), fixture_new(rows * S),
                                fixture_new(S), fixture_new(S)};
    fixture_fill(t.weight, 1, 1, (u32)S, c->shape->D, 2.0f);
    fixture_fill(t.bias, 2, 1, (u32)S, c->shape->D, 2.0f);
    /* from 1e-9, where eps decides, to 1e6, every third row far from 0 */
    for (u32 row = 0; row < ROWS + FIRST_LOGIT; row++) {
        const f32 size = powf(10.0f, 1.25f * (f32)row - 9);
        fixture_fill(t.x + row * S, 3 + row, 1, (u32)S, c->shape->D, size);
        for (u32 i = 0; row % 3 == 2 && i < c->shape->D; i++)
            t.x[row * S + i] += 7 * size;
    }
    uint64_t first_hash = 0;
    double worst = 0;
    for (u32 threads = 1; threads <= 4; threads++) {
        const struct step step = {.tokens = rows, .logit_rows = rows, .logit_first = FIRST_LOGIT};
        fixture_run(threads, step, call_layernorm, &t);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.y, rows * S);
        first_hash = threads == 1 ? hash : first_hash;
        ck_assert_msg(hash == first_hash, "%s: %u threads give other bits", c->name, threads);
    }
    for (u32 row = 0; row < rows; row++)
        worst = fmax(worst, check_layernorm_row(&t, t.x + (source + row) * S, t.y + row * S));
    ck_assert_msg(fixture_intact(t.y), "%s wrote outside y", c->name);
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    f32 *const buffers[] = {t.x, t.y, t.weight, t.bias};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
}
END_TEST

struct swiglu_trial {
    const struct swiglu_case *c;
    f32 *gate, *up;
};

static void call_swiglu(run *r, void *context)
{
    const struct swiglu_trial *t = context;
    t->c->call(r, t->gate, t->up);
}

START_TEST(swiglu_within_bound)
{
    const struct swiglu_case *c = &swiglu_cases[_i];
    const size_t count = (size_t)ROWS * c->shape->gate_stride;
    f32 *before = fixture_new(count);
    struct swiglu_trial t = {c, fixture_new(count), fixture_new(count)};
    fixture_fill(before, 1, 1, (u32)count, (u32)count, 20.0f);
    fixture_fill(t.up, 2, 1, (u32)count, (u32)count, 3.0f);
    for (u32 threads = 1; threads <= 4; threads++) {
        memcpy(t.gate, before, count * sizeof *before);
        fixture_run(threads, (struct step){.tokens = ROWS - 1}, call_swiglu, &t);
        for (size_t i = 0; i < count; i++) {
            const double x = before[i], exact = x / (1 + exp(-x)) * t.up[i];
            if (i >= count - c->shape->gate_stride)
                ck_assert_msg(t.gate[i] == before[i], "%s wrote a row that is not there", c->name);
            else
                ck_assert_msg(fabs(t.gate[i] - exact) <= 8 * 0x1p-24 * fabs(exact),
                              "%s element %zu: %.9g, exact %.9g", c->name, i, t.gate[i], exact);
        }
    }
    ck_assert_msg(fixture_intact(t.gate), "%s wrote outside gate", c->name);
    fixture_free(before);
    fixture_free(t.gate);
    fixture_free(t.up);
}
END_TEST

/* All of the range where the function is neither x nor 0, and what is far outside. */
START_TEST(gelu_within_bound)
{
    double worst = 0;
    for (f32 x = -11.0f; x < 11.0f; x += 0x1p-12f) {
        const double u = 0.79788456080286536 * (x + 0.044715 * x * x * (double)x);
        const double exact = x / (1 + exp(-2 * u));
        const double bound = (5 + 8 * fabs(u)) * 0x1p-23 * fabs(exact) + 0x1p-120;
        const f32 y = vf_gelu_new(vf_splat(x))[0];
        ck_assert_msg(fabs(y - exact) <= bound, "gelu_new(%.9g): %.9g, exact %.9g", x, y, exact);
        worst = fmax(worst, fabs(y - exact) / bound);
    }
    ck_assert(vf_gelu_new(vf_splat(0.0f))[0] == 0);
    ck_assert(vf_gelu_new(vf_splat(1e4f))[0] == 1e4f && vf_gelu_new(vf_splat(1e30f))[0] == 1e30f);
    ck_assert(vf_gelu_new(vf_splat(-1e4f))[0] == 0 && vf_gelu_new(vf_splat(-1e30f))[0] == 0);
    printf("gelu_new: worst error %.3f of the bound\n", worst);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mlp");
    TCase *tests = tcase_create("mlp");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, layernorm_within_bound, 0, (int)layernorm_case_count);
    tcase_add_loop_test(tests, swiglu_within_bound, 0, (int)swiglu_case_count);
    tcase_add_test(tests, gelu_within_bound);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
