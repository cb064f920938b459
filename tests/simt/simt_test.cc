/* The interpreter of kernels: what is right passes under every schedule with the same bits, and
 * every planted mistake is found, in order and by chance. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "tests/fixtures/run.h"
#include "tests/simt/planted.cuh"

enum { ROWS = 37, BLOCKS = 5, SEEDS = 20 };

static struct planted_params fixture;
static f32 of_host;

static void fixture_open(void)
{
    fixture.w = (f32 *)simt_memory_new(PLANTED_K * sizeof(f32), SIMT_WEIGHTS, "w");
    fixture.x = (f32 *)simt_memory_new((size_t)ROWS * PLANTED_K * sizeof(f32), SIMT_ORDINARY, "x");
    fixture.y = (f32 *)simt_memory_new(ROWS * sizeof(f32), SIMT_ORDINARY, "y");
    fixture.word = (u32 *)simt_memory_new(sizeof(u32), SIMT_ORDINARY, "word");
    *fixture.word = 0;
    fixture.none = NULL;
    fixture.host = &of_host;
    fixture.rows = ROWS;
    for (u32 i = 0; i < PLANTED_K; i++)
        ((f32 *)fixture.w)[i] = (f32)(i % 13) / 8 - 1;
    for (u32 i = 0; i < (u32)ROWS * PLANTED_K; i++)
        ((f32 *)fixture.x)[i] = (f32)(i % 1009) / 1009 - 0.5f;
    simt_forget();
    simt_schedule(0);
    simt_budget(0);
}

static void fixture_close(void)
{
    simt_memory_free((void *)fixture.w);
    simt_memory_free((void *)fixture.x);
    simt_memory_free(fixture.y);
    simt_memory_free(fixture.word);
}

static int launch_with(enum planted planted)
{
    fixture.planted = planted;
    return simt_launch((const void *)planted_kernel, BLOCKS, PLANTED_THREADS,
                       sizeof(struct planted_shared) - (planted == SHARED_OUTSIDE ? 4 : 0),
                       &fixture);
}

START_TEST(right_kernel)
{
    ck_assert(launch_with(NOTHING));
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
    for (u32 row = 0; row < ROWS; row++) {
        double sum = 1;
        for (u32 i = 0; i < PLANTED_K; i++)
            sum += pow((double)fixture.w[i] * (double)fixture.x[row * PLANTED_K + i], 2);
        ck_assert_double_eq_tol(fixture.y[row], 1 / sqrt(sum), 1e-6);
    }
}
END_TEST

START_TEST(same_bits_by_chance)
{
    f32 expected[ROWS];
    ck_assert(launch_with(NOTHING));
    memcpy(expected, fixture.y, sizeof expected);
    for (u32 seed = 1; seed <= SEEDS; seed++) {
        memset(fixture.y, 0xff, sizeof expected);
        simt_schedule(seed);
        ck_assert(launch_with(NOTHING));
        ck_assert_mem_eq(expected, fixture.y, sizeof expected);
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
    {MMA_FOR_SHUFFLE, "mma with mask 0", 0},
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
    {COPY_SOURCE, "of 75776 of 'x', which thread", 1},
    {COPY_SOURCE_LATER, "of 75776 of 'x', which thread", 1},
    {COPY_MISALIGNED, "copy_async16 from at", 0},
    {WARP_DIVIDES, "lanes of its warp to warp_", 0},
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
        if (mistakes[_i].planted == UNWRITTEN ||
            (seed == 0 && mistakes[_i].planted == NO_COPY_WAIT))
            ck_assert_float_nan(fixture.y[0]); /* by chance the copy may land in time */
        /* And whatever it left behind, the next launch is right. */
        simt_forget();
        ck_assert(launch_with(NOTHING));
        ck_assert_msg(simt_findings() == 0, "after %d: %s", mistakes[_i].planted, simt_report());
    }
}
END_TEST

static u32 conditional_value;

static void listen(uint64_t handle, u32 value)
{
    conditional_value = handle == 42 ? value : 0;
}

START_TEST(every_name)
{
    u32 *y = (u32 *)simt_memory_new(64 * EVERY * sizeof(u32), SIMT_ORDINARY, "y");
    uint64_t *host = (uint64_t *)simt_memory_new(sizeof *host, SIMT_ORDINARY, "host");
    *host = UINT64_C(7) << 32;
    const struct every_params p = {fixture.w, y, fixture.word, host, 42};
    simt_on_conditional(listen);
    ck_assert(simt_launch((const void *)every_kernel, 1, 64, 64 * sizeof(u32), &p));
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
    for (u32 t = 0; t < 64; t++, y += EVERY) {
        const f32 w = fixture.w[t];
        ck_assert_uint_eq(y[0], 100 * (t / 32) + (t % 32 ^ 1 ^ 5));
        ck_assert_uint_eq(y[1], (t ^ 31) << 8 | (t ^ 31));
        ck_assert_uint_eq(y[2], __half_as_ushort(__float2half_rn(w)));
        ck_assert_uint_eq(y[3], __bfloat16_as_ushort(__float2bfloat16_rn(w)));
        ck_assert_float_eq(as_f32(y[4]), w); /* eighths: no rounding */
        ck_assert_float_eq(as_f32(y[5]), w);
        ck_assert_float_eq(as_f32(y[6]), w / 3);
        ck_assert_float_eq(as_f32(y[7]), fabsf(w));
        ck_assert_float_eq(as_f32(y[8]), w * w - 1);
        ck_assert_float_eq(as_f32(y[9]), 1 / sqrtf(1 + w * w));
    }
    ck_assert_uint_eq(conditional_value, 3);
    ck_assert_uint_eq(*fixture.word, 9);
    simt_memory_free(host);
    simt_memory_free(y - 64 * EVERY);
}
END_TEST

/* All f16, and every f32 whose lower 12 bits are one of four: against the headers of CUDA. */
START_TEST(conversions)
{
    for (u32 bits = 0; bits < 1u << 16; bits++) {
        const f32 theirs = __half2float(__ushort_as_half((unsigned short)bits)),
                  ours = widen_f16(bits);
        ck_assert(isnan(theirs) ? isnan(ours) : as_u32(theirs) == as_u32(ours));
    }
    static const u32 lower[] = {0, 1, 0x800, 0xfff};
    for (u32 upper = 0; upper < 1u << 20; upper++) {
        for (u32 i = 0; i < 4; i++) {
            const f32 value = as_f32(upper << 12 | lower[i]);
            if (narrow_f16(value) != __half_as_ushort(__float2half_rn(value)) ||
                narrow_bf16(value) != __bfloat16_as_ushort(__float2bfloat16_rn(value)))
                ck_abort_msg("0x%08x: f16 0x%x, bf16 0x%x", as_u32(value), narrow_f16(value),
                             narrow_bf16(value));
        }
    }
}
END_TEST

enum { GRID = 20, ROUNDS = 7 };

static int launch_grid(u32 *values, enum planted planted)
{
    const struct grid_params p = {values, fixture.word, ROUNDS, planted};
    *fixture.word = 0;
    return simt_launch((const void *)grid_kernel, GRID, 32, 0, &p);
}

START_TEST(blocks_meet)
{
    u32 *values = (u32 *)simt_memory_new(2 * GRID * 32 * sizeof(u32), SIMT_ORDINARY, "values");
    u32 expected[2][GRID];
    for (u32 round = 0; round < ROUNDS; round++)
        for (u32 b = 0; b < GRID; b++)
            expected[round % 2][b] = round == 0 ? b
                                                : expected[(round + 1) % 2][b] +
                                                      expected[(round + 1) % 2][(b + 1) % GRID];
    u32 races = 0;
    for (u32 seed = 0; seed < SEEDS; seed++) {
        simt_schedule(seed);
        ck_assert(launch_grid(values, NOTHING));
        ck_assert_msg(simt_findings() == 0, "%s", simt_report());
        for (u32 b = 0; b < GRID; b++)
            ck_assert_uint_eq(values[((ROUNDS - 1) % 2 * GRID + b) * 32],
                              expected[(ROUNDS - 1) % 2][b]);
        launch_grid(values, RACE_OF_BLOCKS);
        races += strstr(simt_report(), "of 'values', which thread") != NULL;
        simt_forget();
        simt_budget(100 * 1000);
        ck_assert(!launch_grid(values, SPINS));
        ck_assert_msg(strstr(simt_report(), "the budget of steps is spent"), "%s", simt_report());
        simt_forget();
        simt_budget(0);
    }
    ck_assert_uint_ge(races, SEEDS - 1); /* in order the additions themselves order the blocks */
    simt_memory_free(values);
}
END_TEST

START_TEST(halves_of_a_word)
{
    uint16_t *y = (uint16_t *)simt_memory_new(64 * sizeof *y, SIMT_ORDINARY, "y");
    const struct halves_params right = {y, NOTHING}, wrong = {y, NO_BARRIER};
    for (u32 seed = 0; seed < SEEDS; seed++) {
        simt_schedule(seed);
        memset(y, 0, 64 * sizeof *y);
        ck_assert(simt_launch((const void *)halves_kernel, 1, 64, 0, &right));
        ck_assert_msg(simt_findings() == 0, "%s", simt_report());
        for (u32 t = 0; t < 64; t++)
            ck_assert_uint_eq(y[t], 6);
        ck_assert(simt_launch((const void *)halves_kernel, 1, 64, 0, &wrong));
        ck_assert_msg(strstr(simt_report(), "of 128 of 'y', which thread"), "%s", simt_report());
        simt_forget();
        ck_assert(simt_launch((const void *)halves_kernel, 2, 64, 0, &right));
        ck_assert_msg(strstr(simt_report(), "of 128 of 'y', which thread"), "%s", simt_report());
        simt_forget();
    }
    simt_memory_free(y);
}
END_TEST

/* Launches that cannot be are findings, and do not run. */
START_TEST(refused_launches)
{
    static const struct {
        u32 blocks, threads, shared_bytes;
        const char *says;
    } refused[] = {
        {1, 48, 0, "launched with 48 threads"},
        {1, 256, 0, "launched with 256 threads"},
        {0, 128, 0, "launched with 0 blocks"},
        {1, 128, 100 * 1024, "launched with 102400 bytes"},
    };
    for (u32 i = 0; i < sizeof refused / sizeof *refused; i++) {
        ck_assert(!simt_launch((const void *)planted_kernel, refused[i].blocks, refused[i].threads,
                               refused[i].shared_bytes, &fixture));
        ck_assert_msg(strstr(simt_report(), refused[i].says), "%s", simt_report());
    }
    ck_assert(!simt_launch(&of_host, 1, 32, 0, &fixture));
    ck_assert_uint_eq(simt_findings(), 5);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("simt");
    TCase *c = tcase_create("simt");
    tcase_add_checked_fixture(c, fixture_open, fixture_close);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, right_kernel);
    tcase_add_test(c, same_bits_by_chance);
    tcase_add_test(c, every_name);
    tcase_add_test(c, conversions);
    tcase_add_test(c, blocks_meet);
    tcase_add_test(c, halves_of_a_word);
    tcase_add_test(c, refused_launches);
    tcase_add_loop_test(c, planted_mistake, 0, sizeof mistakes / sizeof *mistakes);
    suite_add_tcase(s, c);
    return s;
}

int main()
{
    return tests_run(suite());
}
