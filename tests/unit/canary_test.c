/* What a canary says of a machine: over a clock that the test moves, by the script of a
 * disturbance. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/measure/canary.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/fake_model.h"
#include "tests/fixtures/run.h"

enum { MOST = 16, ROOM = 4 };

static struct session session;
static struct canary canary;
static struct canary_range ranges[ROOM];
static _Alignas(64) struct canary_time times[MOST];

/* A run asks four times: around the first part, and around the second. */
static uint64_t now = 1, call, compute_ns, memory_ns;
static uint64_t scripted(void)
{
    static const uint64_t *const steps[4] = {NULL, &compute_ns, NULL, &memory_ns};
    const uint64_t *step = steps[call++ % 4];
    return now += step != NULL ? *step : 0;
}

static void run_canary(const char *figure, int64_t index, uint64_t compute, uint64_t memory)
{
    compute_ns = compute;
    memory_ns = memory;
    canary_run(&canary, index < 0 ? CANARY_BEFORE : CANARY_BETWEEN, figure, index);
}

static void open_canary(void)
{
    uint64_t bytes;
    uint8_t *file = fake_weights(NULL, 0, &bytes);
    const char *path = child_scratch("canary.weights");
    fake_write(path, file, bytes);
    free(file);
    session_open(&session, &(struct session_options){.weights = path, .threads = 2, .quiet = true});
    clock_replace(scripted);
    ck_assert_uint_le(canary_bytes(MOST), sizeof times);
    canary_open(&canary, &session, times, MOST);
    ck_assert_uint_eq(canary.count, 0);
}

START_TEST(a_steady_machine_is_not_disturbed)
{
    run_canary(NULL, -1, 1000000, 2000000);
    run_canary("tg", 10, 1140000, 2000000); /* 14% */
    run_canary("tg", 20, 1000000, 2280000);
    ck_assert_uint_eq(canary_disturbed(&canary, ranges, ROOM), 0);
    ck_assert_double_eq_tol(times[1].compute, 1.14e-3, 1e-12);
    ck_assert_double_eq_tol(times[2].memory, 2.28e-3, 1e-12);
    ck_assert(times[1].cycles > 0);
}
END_TEST

START_TEST(a_competitor_from_half_way_on_disturbs_the_second_half)
{
    run_canary(NULL, -1, 1000000, 2000000);
    for (int64_t i = 10; i <= 80; i += 10)
        run_canary("tg", i, i > 40 ? 1900000 : 1010000, i == 60 ? 3000000 : 2000000);
    ck_assert_uint_eq(canary_disturbed(&canary, ranges, ROOM), 1);
    ck_assert_str_eq(ranges[0].figure, "tg");
    ck_assert_int_eq(ranges[0].from, 40); /* it may have come at any time since the last good run */
    ck_assert_int_eq(ranges[0].to, 80);
    ck_assert_double_eq_tol(ranges[0].compute, 1.9, 1e-9);
    ck_assert_double_eq_tol(ranges[0].memory, 1.5, 1e-9);
}
END_TEST

START_TEST(a_competitor_for_memory_that_goes_disturbs_the_middle)
{
    run_canary(NULL, -1, 1000000, 2000000);
    for (int64_t i = 10; i <= 80; i += 10)
        run_canary("tg", i, 1000000, i == 30 || i == 40 || i == 70 ? 3400000 : 2000000);
    ck_assert_uint_eq(canary_disturbed(&canary, ranges, ROOM), 2);
    ck_assert_int_eq(ranges[0].from, 20);
    ck_assert_int_eq(ranges[0].to, 50);
    ck_assert_int_eq(ranges[1].from, 60);
    ck_assert_int_eq(ranges[1].to, 80);
    ck_assert_double_eq_tol(ranges[1].memory, 1.7, 1e-9);
    ck_assert_uint_eq(canary_disturbed(&canary, ranges, 1), 1); /* no more than there is room for */
}
END_TEST

START_TEST(figures_are_told_apart)
{
    static const char pp[] = "pp", tg[] = "tg";
    run_canary(NULL, -1, 1000000, 2000000);
    run_canary(pp, 5, 1000000, 2000000);
    run_canary(tg, 3, 2000000, 2000000);
    run_canary(tg, 6, 2000000, 2000000);
    run_canary("last", 6, 1000000, 2000000);
    ck_assert_uint_eq(canary_disturbed(&canary, ranges, ROOM), 2);
    ck_assert_str_eq(ranges[0].figure, "tg");
    ck_assert_int_eq(ranges[0].from, 0);
    ck_assert_int_eq(ranges[0].to, 6);
    ck_assert_str_eq(ranges[1].figure, "last");
    ck_assert_int_eq(ranges[1].from, 0);
}
END_TEST

START_TEST(a_step_of_the_machine_is_found_where_it_is)
{
    run_canary(NULL, -1, 1000000, 2000000);
    run_canary("tg", 10, 1000000, 2000000);
    run_canary("tg", 20, 1000000, 3000000);
    run_canary("tg", 30, 1000000, 3000000);
    ck_assert_double_eq_tol(canary_step(&canary, "tg", 5), 1, 1e-9);
    ck_assert_double_eq_tol(canary_step(&canary, "tg", 10), 1.5, 1e-9);
    ck_assert_double_eq_tol(canary_step(&canary, "tg", 19), 1.5, 1e-9);
    ck_assert_double_eq_tol(canary_step(&canary, "tg", 20), 1, 1e-9);
    ck_assert(canary_step(&canary, "tg", 30) == 1); /* nothing is known behind */
    ck_assert(canary_step(&canary, "pp", 3) == 1);
}
END_TEST

START_TEST(no_more_runs_than_there_is_room_for)
{
    for (int64_t i = 0; i < MOST + 3; i++)
        run_canary("tg", i, 1, 1);
    ck_assert_uint_eq(canary.count, MOST);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("canary");
    TCase *canary_case = tcase_create("canary");
    tcase_set_timeout(canary_case, 120);
    tcase_add_checked_fixture(canary_case, open_canary, NULL);
    tcase_add_test(canary_case, a_steady_machine_is_not_disturbed);
    tcase_add_test(canary_case, a_competitor_from_half_way_on_disturbs_the_second_half);
    tcase_add_test(canary_case, a_competitor_for_memory_that_goes_disturbs_the_middle);
    tcase_add_test(canary_case, figures_are_told_apart);
    tcase_add_test(canary_case, a_step_of_the_machine_is_found_where_it_is);
    tcase_add_test(canary_case, no_more_runs_than_there_is_room_for);
    suite_add_tcase(suite, canary_case);
    return tests_run(suite);
}
