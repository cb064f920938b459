/* The end of an operation orders it before the next one: two kernels in turn, the second reading
 * everything that all threads wrote in the first, many times over. */
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { TURNS = 2000 };

/* y[turn] = narrow(wide(x[turn])): `wide` makes 1536 outputs from 48, `narrow` 80 from those. */
struct chain {
    const struct linear_case *wide, *narrow;
    struct fixture_matrix wide_w, narrow_w;
    f32 *bias, *x, *between, *y;
};

static const struct linear_case *find(const char *name)
{
    for (u32 i = 0; i < linear_case_count; i++)
        if (!strcmp(linear_cases[i].name, name))
            return &linear_cases[i];
    ck_abort_msg("no kernel %s", name);
}

static void call(run *r, void *context)
{
    const struct chain *c = context;
    for (size_t turn = 0; turn < TURNS; turn++) {
        c->wide->call(r, c->between, c->wide_w.packed, c->bias,
                      c->x + turn * c->wide->shape->x_stride);
        c->narrow->call(r, c->y + turn * c->narrow->shape->y_stride, c->narrow_w.packed, NULL,
                        c->between);
    }
}

START_TEST(a_barrier_between_operations)
{
    struct chain c = {find("gemv_softplus_f32_1536x48"), find("gemv_bf16_80x1536"),
                      .bias = fixture_new(1536)};
    const size_t outputs = (size_t)TURNS * c.narrow->shape->y_stride;
    c.wide_w = fixture_matrix_new(c.wide->shape->type, 1, c.wide->shape->M, c.wide->shape->K, 1.0f);
    c.narrow_w =
        fixture_matrix_new(c.narrow->shape->type, 2, c.narrow->shape->M, c.narrow->shape->K, 1.0f);
    c.x = fixture_new((size_t)TURNS * c.wide->shape->x_stride);
    c.between = fixture_new(c.wide->shape->y_stride);
    c.y = fixture_new(outputs);
    ck_assert_uint_eq(c.wide->shape->y_stride, c.narrow->shape->x_stride);
    fixture_fill(c.bias, 3, 1, 1536, 1536, 1.0f);
    fixture_fill(c.x, 4, TURNS, c.wide->shape->x_stride, c.wide->shape->K, 1.0f);
    fixture_run(1, (struct step){.tokens = 1}, call, &c);
    const uint64_t alone = fixture_hash(FIXTURE_HASH, c.y, outputs);
    for (u32 threads = 2; threads <= 4; threads++) {
        memset(c.between, 0, c.wide->shape->y_stride * sizeof *c.between);
        fixture_run(threads, (struct step){.tokens = 1}, call, &c);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, c.y, outputs) == alone,
                      "%u threads: an operation began before the one before it had ended", threads);
    }
    fixture_matrix_free(&c.wide_w);
    fixture_matrix_free(&c.narrow_w);
    f32 *const buffers[] = {c.bias, c.x, c.between, c.y};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("op");
    TCase *tests = tcase_create("op");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_barrier_between_operations);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
