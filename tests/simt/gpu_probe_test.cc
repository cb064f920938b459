/* The probe's measures over the fake CUDA runtime: each does its work and leaves nothing behind;
 * what cannot be measured says why; a kernel that does not do its work ends the program. */
#include <string.h>

#include "runtime/base/die.h"
#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"
#include "tools/bench/gpu_probe.h"

static struct probe probe;

static struct probe_sizes small_sizes(void)
{
    struct probe_sizes sizes = {};
    sizes.bytes = 3 << 20;
    sizes.bytes_mapped = 1 << 20;
    sizes.matrix = 32;
    sizes.chain = 20;
    sizes.meetings = 10;
    sizes.blocks = 2;
    return sizes;
}

static void open_with(const char *only)
{
    const struct probe_sizes sizes = small_sizes();
    for (u32 i = 0; i < PROBE_MEASURES; i++)
        probe_measures[i].chosen = !only || strcmp(probe_measures[i].name, only) == 0;
    probe_open(&probe, &sizes);
    for (u32 i = 0; i < PROBE_MEMORIES; i++)
        if (probe.memory[i].at)
            fake_weights(probe.memory[i].at); /* read as weights are, and written by nobody now */
}

START_TEST(every_measure)
{
    fake_reset();
    open_with(NULL);
    probe_run(&probe, 3);
    for (u32 i = 0; i < PROBE_MEASURES; i++) {
        const struct probe_measure *const m = &probe_measures[i];
        ck_assert_msg(!m->left_out, "%s: %s", m->name, m->left_out);
        ck_assert_msg(m->count == 3, "%s: %u samples", m->name, m->count);
        ck_assert(m->samples[0] <= m->samples[1] && m->samples[1] <= m->samples[2]);
        ck_assert(probe_median(m) == m->samples[1]);
    }
    probe_close(&probe);
    ck_assert_uint_eq(fake_leaks(stderr), 0);
    ck_assert_msg(fake_findings() == 0, "%s", fake_finding(0));
}
END_TEST

START_TEST(programmatic_edges_are_in_their_graph_alone)
{
    fake_reset();
    open_with("gap_pdl");
    const struct probe_sizes sizes = small_sizes();
    ck_assert_uint_eq(fake_edges(cudaGraphDependencyTypeProgrammatic),
                      (CHAINS - 1) * (sizes.chain - 1 + sizes.chain / 10 - 1));
    probe_close(&probe);
}
END_TEST

static u32 shared_kernels, plain_kernels, carved_kernels;

static void count(const struct fake_step *step)
{
    if (strncmp(step->what, "probe_", 6) != 0)
        return;
    shared_kernels += step->shared_bytes == 48 << 10;
    plain_kernels += step->shared_bytes == 0;
    carved_kernels += step->carveout == cudaSharedmemCarveoutMaxShared;
}

/* Every other kernel has 48 KiB, and all of the one chain prefer the split of the other half. */
START_TEST(chains_alternate_and_one_is_carved)
{
    static const char *const names[] = {"gap_shared", "gap_carved"};
    const struct probe_sizes sizes = small_sizes();
    const u32 kernels = 2 * (sizes.chain + sizes.chain / 10);
    fake_reset();
    open_with(names[_i]);
    fake_watch(count);
    probe_run(&probe, 1);
    fake_watch(nullptr);
    ck_assert_uint_eq(shared_kernels, kernels / 2);
    ck_assert_uint_eq(plain_kernels, kernels / 2);
    ck_assert_uint_eq(carved_kernels, _i ? kernels : 0);
    probe_close(&probe);
}
END_TEST

START_TEST(managed_memory_only_where_there_is_plenty)
{
    fake_reset();
    fake_device(FAKE_H200, 5 << 20);
    open_with("read_managed");
    probe_run(&probe, 1);
    ck_assert_str_eq(probe_measures[1].left_out, "less than twice as much device memory is free");
    ck_assert_uint_eq(fake_calls("cudaMallocManaged"), 0);
    probe_close(&probe);
}
END_TEST

START_TEST(without_a_gpu)
{
    fake_reset();
    fake_device(FAKE_NONE, 0);
    open_with(NULL);
}
END_TEST

/* The sum of what was read is not that of the memory. */
START_TEST(a_wrong_sum_ends_it)
{
    fake_reset();
    open_with("read_mapped");
    ((unsigned char *)probe.memory[2].at)[12345] = 7;
    probe_run(&probe, 1);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("gpu_probe");
    TCase *const cases = tcase_create("all");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, every_measure);
    tcase_add_test(cases, programmatic_edges_are_in_their_graph_alone);
    tcase_add_loop_test(cases, chains_alternate_and_one_is_carved, 0, 2);
    tcase_add_test(cases, managed_memory_only_where_there_is_plenty);
    tcase_add_exit_test(cases, without_a_gpu, EXIT_PROCESSOR);
    tcase_add_exit_test(cases, a_wrong_sum_ends_it, EXIT_WRONG);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
