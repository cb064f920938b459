/* The measuring kernels do what they are timed at, and the probe finds out when they do not. */
#include <string.h>

#include "runtime/engine/cuda/probe.cuh"
#include "tests/fixtures/run.h"
#include "tests/simt/simt.h"

enum { SEEDS = 20 };

static void begin(uint64_t seed)
{
    simt_forget();
    simt_schedule(seed);
}

#define CHECK_CLEAN() ck_assert_msg(simt_findings() == 0, "%s", simt_report())

static u32 sum_of(const u32 *words, uint64_t count)
{
    u32 sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += words[i];
    return sum;
}

/* Every byte once, whatever part of a turn the last one is. */
static void read_once(uint64_t vectors, u32 blocks)
{
    const u32 warps = blocks * PROBE_READ_THREADS / WARP;
    u32 *const memory = (u32 *)simt_memory_new(vectors * 16, SIMT_WEIGHTS, "memory");
    u32 *const sums = (u32 *)simt_memory_new(warps * sizeof(u32), SIMT_ORDINARY, "sums");
    for (uint64_t i = 0; i < vectors * 4; i++)
        memory[i] = (u32)(i * 2654435761u + 12345u);
    struct probe_read params = {memory, vectors, sums};
    ck_assert(simt_launch((const void *)probe_read_kernel, blocks, PROBE_READ_THREADS, 0, &params));
    ck_assert_uint_eq(sum_of(sums, warps), sum_of(memory, vectors * 4));
    simt_memory_free(memory);
    simt_memory_free(sums);
}

START_TEST(reads_every_byte_once)
{
    const uint64_t turn = (uint64_t)PROBE_READ_THREADS * PROBE_READ_AHEAD;
    begin(0);
    read_once(1, 1);
    read_once(turn - 1, 1);
    read_once(turn, 1);
    read_once(2 * turn * 3 + 5, 3);
    begin(5);
    read_once(2 * turn + 777, 2);
    CHECK_CLEAN();
}
END_TEST

START_TEST(a_chain_counts_its_kernels)
{
    u32 *const count = (u32 *)simt_memory_new(sizeof(u32), SIMT_ORDINARY, "count");
    *count = 0;
    begin(0);
    struct probe_nothing params = {count};
    for (u32 i = 0; i < 10; i++)
        ck_assert(
            simt_launch((const void *)probe_nothing_kernel, 4, PROBE_NOTHING_THREADS, 0, &params));
    ck_assert_uint_eq(*count, 10);
    CHECK_CLEAN();
    simt_memory_free(count);
}
END_TEST

START_TEST(blocks_meet_under_every_schedule)
{
    enum { BLOCKS = 4, ROUNDS = 40 };
    u32 *const words = (u32 *)simt_memory_new((BLOCKS + 2) * sizeof(u32), SIMT_ORDINARY, "words");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        memset(words, 0, (BLOCKS + 2) * sizeof(u32));
        struct probe_meet params = {words, words + 1, words + 2, ROUNDS, seed % 4 != 0};
        ck_assert(
            simt_launch((const void *)probe_meet_kernel, BLOCKS, PROBE_MEET_THREADS, 0, &params));
        ck_assert_uint_eq(words[0], BLOCKS * ROUNDS);
        ck_assert_uint_eq(words[1], 0);
        CHECK_CLEAN();
    }
    simt_memory_free(words);
}
END_TEST

START_TEST(the_clock_ticks)
{
    u32 *const ticks =
        (u32 *)simt_memory_new(PROBE_CLOCK_TICKS * sizeof(u32), SIMT_ORDINARY, "ticks");
    begin(3);
    struct probe_clock params = {ticks};
    ck_assert(simt_launch((const void *)probe_clock_kernel, 1, WARP, 0, &params));
    for (u32 i = 0; i < PROBE_CLOCK_TICKS; i++)
        ck_assert(ticks[i] > 0 && ticks[i] < 1000000);
    CHECK_CLEAN();
    simt_memory_free(ticks);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("probe");
    TCase *const cases = tcase_create("kernels");
    tcase_add_test(cases, reads_every_byte_once);
    tcase_add_test(cases, a_chain_counts_its_kernels);
    tcase_add_test(cases, blocks_meet_under_every_schedule);
    tcase_add_test(cases, the_clock_ticks);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
