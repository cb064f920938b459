/* linear.h against a naive loop in double, and against itself. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { MOST_ROWS = 29, FIRST_LOGIT = 3 };

/* One case with its data; y_before is what y holds before the call, for ADD. */
struct trial {
    const struct linear_case *c;
    struct fixture_matrix w;
    u32 rows;
    f32 *bias, *x, *y, *y_before;
};

static u32 source_row(const struct trial *t, u32 row)
{
    return row + (t->c->shape->count == COUNT_LOGITS ? FIRST_LOGIT : 0);
}

static struct trial trial_new(const struct linear_case *c, u32 rows, f32 scale)
{
    const u32 padded = LINE_PAD(c->shape->M);
    struct trial t = {
        .c = c,
        .rows = rows,
        .w = fixture_matrix_new(c->shape->type, 1 + c->shape->M, c->shape->M, c->shape->K, scale)};
    t.bias = fixture_new(padded);
    t.x = fixture_new((size_t)(MOST_ROWS + FIRST_LOGIT) * c->shape->x_stride);
    t.y = fixture_new((size_t)rows * c->shape->y_stride);
    t.y_before = fixture_new((size_t)rows * c->shape->y_stride);
    fixture_fill(t.bias, 2, 1, padded, c->shape->M, 2.0f);
    /* the columns from K on stay NaN: no kernel may read them */
    for (u32 row = 0; row < MOST_ROWS + FIRST_LOGIT; row++)
        fixture_fill(t.x + (size_t)row * c->shape->x_stride, 3 + row, 1, c->shape->K, c->shape->K,
                     1.0f);
    for (u32 row = 0; row < rows; row++)
        fixture_fill(t.y_before + (size_t)row * c->shape->y_stride, 4 + row, 1, padded, c->shape->M,
                     1.0f);
    return t;
}

static void trial_free(struct trial *t)
{
    fixture_matrix_free(&t->w);
    fixture_free(t->bias);
    fixture_free(t->x);
    fixture_free(t->y);
    fixture_free(t->y_before);
}

static void call(run *r, void *context)
{
    const struct trial *t = context;
    t->c->call(r, t->y, t->w.packed, t->bias, t->x);
}

static void trial_run(struct trial *t, u32 threads)
{
    memcpy(t->y, t->y_before, (size_t)t->rows * t->c->shape->y_stride * sizeof *t->y);
    struct step step = {.tokens = t->rows, .logit_rows = t->rows, .logit_first = FIRST_LOGIT};
    fixture_run(threads, step, call, t);
}

static bool has(const struct trial *t, enum epilogue one, enum epilogue other)
{
    return t->c->shape->epilogue == one || t->c->shape->epilogue == other;
}

/* Output m of row `row` is within the bound that linear.h states; returns error / bound. */
static double check_output(const struct trial *t, u32 row, u32 m)
{
    const struct linear_case *c = t->c;
    const f32 *x = t->x + (size_t)source_row(t, row) * c->shape->x_stride;
    double exact = 0, sizes = 0;
    for (u32 k = 0; k < c->shape->K; k++) {
        const double product = t->w.values[(size_t)m * c->shape->K + k] * x[k];
        exact += product;
        sizes += fabs(product);
    }
    if (has(t, EPILOGUE_BIAS, EPILOGUE_ADD_BIAS) || has(t, EPILOGUE_SOFTPLUS, EPILOGUE_GELU)) {
        exact += t->bias[m];
        sizes += fabs(t->bias[m]);
    }
    if (has(t, EPILOGUE_ADD, EPILOGUE_ADD_BIAS)) {
        exact += t->y_before[(size_t)row * c->shape->y_stride + m];
        sizes += fabs(t->y_before[(size_t)row * c->shape->y_stride + m]);
    }
    double bound = (c->shape->K + 2) * 0x1p-24 * sizes;
    if (c->shape->epilogue == EPILOGUE_SOFTPLUS) {
        exact = fmax(exact, 0) + log1p(exp(-fabs(exact))); /* slope at most 1 */
        bound += 3 * 0x1p-23 * exact;
    }
    if (c->shape->epilogue == EPILOGUE_GELU) {
        const double u = 0.79788456080286536 * (exact + 0.044715 * exact * exact * exact);
        exact = exact / (1 + exp(-2 * u)); /* slope below 1.13 */
        bound = 1.13 * bound + (5 + 8 * fabs(u)) * 0x1p-23 * fabs(exact) + 0x1p-120;
    }
    const double error = fabs(t->y[(size_t)row * c->shape->y_stride + m] - exact);
    ck_assert_msg(error <= bound, "%s row %u output %u: %.9g, exact %.9g, bound %.3g", c->name, row,
                  m, t->y[(size_t)row * c->shape->y_stride + m], exact, bound);
    return bound > 0 ? error / bound : 0;
}

/* Every output, the zero pads, and that nothing else was written. */
static double check_trial(const struct trial *t)
{
    const struct linear_case *c = t->c;
    double worst = 0;
    for (u32 row = 0; row < t->rows; row++) {
        for (u32 m = 0; m < c->shape->M; m++)
            worst = fmax(worst, check_output(t, row, m));
        const f32 *y = t->y + (size_t)row * c->shape->y_stride;
        for (u32 m = c->shape->M; m < LINE_PAD(c->shape->M); m++)
            ck_assert_msg(y[m] == 0, "%s row %u: pad %u is %g", c->name, row, m, y[m]);
        for (u32 m = LINE_PAD(c->shape->M); m < c->shape->y_stride; m++)
            ck_assert_msg(isnan(y[m]), "%s row %u: wrote past the pads", c->name, row);
    }
    ck_assert_msg(fixture_intact(t->y) && fixture_intact(t->x), "%s: wrote outside y", c->name);
    return worst;
}

START_TEST(exact_within_bound)
{
    static const u32 rows[] = {1, 2, 3, 4, 6, 7, 12, 13, MOST_ROWS};
    const struct linear_case *c = &linear_cases[_i];
    double worst = 0;
    for (u32 i = 0; i < (c->shape->count == COUNT_ONE ? 1 : sizeof rows / sizeof rows[0]); i++) {
        struct trial t = trial_new(c, rows[i], 1.0f);
        trial_run(&t, 1);
        worst = fmax(worst, check_trial(&t));
        trial_free(&t);
    }
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
}
END_TEST

/* Sums that cancel to nearly nothing, and huge values: the bound is relative to the sizes. */
START_TEST(cancelling_and_huge)
{
    const struct linear_case *c = &linear_cases[_i];
    struct trial t = trial_new(c, c->shape->count == COUNT_ONE ? 1 : 5, 60.0f);
    for (u32 row = 0; row < MOST_ROWS + FIRST_LOGIT; row++)
        for (u32 k = 0; k < c->shape->K; k++)
            t.x[(size_t)row * c->shape->x_stride + k] = (k % 2 ? -1e30f : 1e30f) * (f32)(1 + k % 3);
    trial_run(&t, 2);
    check_trial(&t);
    trial_free(&t);
}
END_TEST

START_TEST(same_bits_for_any_team)
{
    const struct linear_case *c = &linear_cases[_i];
    const u32 rows = c->shape->count == COUNT_ONE ? 1 : 13;
    struct trial t = trial_new(c, rows, 1.0f);
    trial_run(&t, 1);
    const uint64_t one = fixture_hash(FIXTURE_HASH, t.y, (size_t)rows * c->shape->y_stride);
    for (u32 threads = 2; threads <= 4; threads++) {
        trial_run(&t, threads);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, t.y, (size_t)rows * c->shape->y_stride) == one,
                      "%s: %u threads give other bits than 1", c->name, threads);
    }
    trial_free(&t);
}
END_TEST

/* The table lists each gemv directly before its gemm. */
START_TEST(same_bits_as_gemv)
{
    const struct linear_case *gemv = &linear_cases[2 * _i], *gemm = gemv + 1;
    ck_assert(gemv->shape->count == COUNT_ONE && gemm->shape->count != COUNT_ONE &&
              gemv->shape->M == gemm->shape->M && gemv->shape->K == gemm->shape->K &&
              gemv->shape->epilogue == gemm->shape->epilogue &&
              gemv->shape->type == gemm->shape->type);
    struct trial many = trial_new(gemm, MOST_ROWS, 1.0f), one = trial_new(gemv, 1, 1.0f);
    trial_run(&many, 2);
    for (u32 row = 0; row < MOST_ROWS; row++) {
        memcpy(one.x, many.x + (size_t)source_row(&many, row) * gemm->shape->x_stride,
               gemm->shape->x_stride * sizeof *one.x);
        memcpy(one.y_before, many.y_before + (size_t)row * gemm->shape->y_stride,
               gemm->shape->y_stride * sizeof *one.y);
        trial_run(&one, 1);
        ck_assert_msg(!memcmp(one.y, many.y + (size_t)row * gemm->shape->y_stride,
                              gemm->shape->M * sizeof *one.y),
                      "%s: row %u differs from %s", gemm->name, row, gemv->name);
    }
    trial_free(&many);
    trial_free(&one);
}
END_TEST

/* Any number of lines is split without gap or overlap; 5 lines on 2 threads are 2 and 3. */
START_TEST(shares_cover_everything)
{
    for (u32 lines = 1; lines < 300; lines++)
        for (u32 threads = 1; threads <= 9; threads++) {
            u32 next = 0, most = 0;
            for (u32 rank = 0; rank < threads; rank++) {
                const run r = {.rank = rank, .threads = threads};
                u32 first, last;
                panel_share(&r, lines, &first, &last);
                ck_assert_uint_eq(first, next);
                ck_assert_uint_le(first, last);
                most = last - first > most ? last - first : most;
                next = last;
            }
            ck_assert_uint_eq(next, lines);
            /* an even share, one line for the remainder, one panel more only where that is 1/8 */
            const u32 even = (lines + threads - 1) / threads;
            ck_assert_uint_le(most, even >= 8 * PANEL_LINES ? even + PANEL_LINES : even);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("linear");
    TCase *tests = tcase_create("linear");
    const int cases = (int)linear_case_count;
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, exact_within_bound, 0, cases);
    tcase_add_loop_test(tests, cancelling_and_huge, 0, cases);
    tcase_add_loop_test(tests, same_bits_for_any_team, 0, cases);
    tcase_add_loop_test(tests, same_bits_as_gemv, 0, cases / 2);
    tcase_add_test(tests, shares_cover_everything);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
