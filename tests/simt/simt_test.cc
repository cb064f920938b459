/* The interpreter of kernels: what is right passes under every schedule with the same bits, and
 * every planted mistake is found, in order and by chance. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/simt/planted.cuh"
#include "tests/run.h"

enum { ROWS = 37, BLOCKS = 5, SEEDS = 20 };

static struct planted_params bed;
static f32 of_host;

static void bed_open(void)
{
    bed.w = (f32 *)simt_memory_new(PLANTED_K * sizeof(f32), SIMT_WEIGHTS, "w");
    bed.x = (f32 *)simt_memory_new(ROWS * PLANTED_K * sizeof(f32), SIMT_ORDINARY, "x");
    bed.y = (f32 *)simt_memory_new(ROWS * sizeof(f32), SIMT_ORDINARY, "y");
    bed.word = (u32 *)simt_memory_new(sizeof(u32), SIMT_ORDINARY, "word");
    *bed.word = 0;
    bed.none = NULL;
    bed.host = &of_host;
    bed.rows = ROWS;
    for (u32 i = 0; i < PLANTED_K; i++)
        ((f32 *)bed.w)[i] = (f32)(i % 13) / 8 - 1;
    for (u32 i = 0; i < ROWS * PLANTED_K; i++)
        ((f32 *)bed.x)[i] = (f32)(i % 1009) / 1009 - 0.5f;
    simt_forget();
    simt_schedule(0);
    simt_budget(0);
}

static void bed_close(void)
{
    simt_memory_free((void *)bed.w);
    simt_memory_free((void *)bed.x);
    simt_memory_free(bed.y);
    simt_memory_free(bed.word);
}

static int launch_with(enum planted planted)
{
    bed.planted = planted;
    return simt_launch((const void *)planted_kernel, BLOCKS, PLANTED_THREADS,
                       sizeof(struct planted_shared) - (planted == SHARED_OUTSIDE ? 4 : 0), &bed);
}

START_TEST(right_kernel)
{
    ck_assert(launch_with(NOTHING));
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
    for (u32 row = 0; row < ROWS; row++) {
        double sum = 1;
        for (u32 i = 0; i < PLANTED_K; i++)
            sum += pow((double)bed.w[i] * (double)bed.x[row * PLANTED_K + i], 2);
        ck_assert_double_eq_tol(bed.y[row], 1 / sqrt(sum), 1e-6);
    }
}
END_TEST

START_TEST(same_bits_by_chance)
{
    f32 expected[ROWS];
    ck_assert(launch_with(NOTHING));
    memcpy(expected, bed.y, sizeof expected);
    for (u32 seed = 1; seed <= SEEDS; seed++) {
        memset(bed.y, 0xff, sizeof expected);
        simt_schedule(seed);
        ck_assert(launch_with(NOTHING));
        ck_assert_mem_eq(expected, bed.y, sizeof expected);
    }
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
}
END_TEST

/* What each mistake is reported with, and whether the launch still comes to its end. */
static const struct {
    enum planted planted;
    const char *says;
    int ends;
} mistakes[] = {
    {NO_BARRIER, "reads byte 20", 1},
    {NO_SECOND_BARRIER, "writes byte 20", 1},
    {HALF_BARRIER, "its 128 threads do not meet: 64 at block_barrier", 0},
    {EARLY_EXIT, "1 at exit (thread 9 first)", 0},
    {LANE_MISSING, "4 at block_barrier (thread 7 first), 124 at warp_xor", 0},
    {MASKS_DIFFER, "comes to warp_xor with mask", 0},
    {NO_COPY_WAIT, "where a copy_async16 of thread", 1},
    {COPY_IN_FLIGHT, "copy_async16 on their way", 1},
    {NO_COPY_BARRIER, "of shared memory, ", 1},
    {STORE_OUTSIDE, "writes 4 bytes at byte 148 of 148 of 'y'", 0},
    {STORE16_OUTSIDE, "writes 16 bytes at byte 144 of 148 of 'y'", 0},
    {SHARED_OUTSIDE, "writes 4 bytes at byte 2060 of 2060 of shared memory", 0},
    {LOAD_MISALIGNED, "load16 at", 0},
    {FLOAT_MISALIGNED, "which is not 4-byte aligned", 0},
    {RACE_OF_BLOCKS, "writes byte 0 of 148 of 'y', which thread 0 of block", 1},
    {READ_OF_BLOCKS, "of 148 of 'y', which thread 0 of block", 1},
    {NO_PDL_WAIT, "reads byte 0 of 75776 of 'x' before pdl_wait()", 1},
    {NEVER_WAITS, "no thread called pdl_wait()", 1},
    {UNWRITTEN, "which nothing has written", 1},
    {WRITES_WEIGHTS, "of 'w', which is weights", 0},
    {WEIGHTS_OF_X, "load_weights16 of byte 0 of 75776 of 'x'", 1},
    {NULL_POINTER, "outside of the memory of kernels", 0},
    {HOST_MEMORY, "reads 4 bytes at", 0},
    {SPINS, "the budget of steps is spent", 0},
};

START_TEST(planted_mistake)
{
    for (u32 seed = 0; seed < 4; seed++) {
        simt_schedule(seed);
        simt_budget(200 * 1000);
        simt_forget();
        const int ends = launch_with(mistakes[_i].planted);
        ck_assert_msg(simt_findings() > 0, "mistake %d is not found", mistakes[_i].planted);
        ck_assert_msg(strstr(simt_report(), mistakes[_i].says), "mistake %d, seed %u: %s",
                      mistakes[_i].planted, seed, simt_report());
        ck_assert_msg(ends == mistakes[_i].ends, "mistake %d: ends %d", mistakes[_i].planted, ends);
        /* And whatever it left behind, the next launch is right. */
        simt_forget();
        ck_assert(launch_with(NOTHING));
        ck_assert_msg(simt_findings() == 0, "after %d: %s", mistakes[_i].planted, simt_report());
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("simt");
    TCase *c = tcase_create("simt");
    tcase_add_checked_fixture(c, bed_open, bed_close);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, right_kernel);
    tcase_add_test(c, same_bits_by_chance);
    tcase_add_loop_test(c, planted_mistake, 0, sizeof mistakes / sizeof *mistakes);
    suite_add_tcase(s, c);
    return s;
}

int main()
{
    return tests_run(suite());
}
