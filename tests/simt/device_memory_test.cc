/* runtime/engine/cuda/memory.c over the fake CUDA runtime: which kind of memory an arena has on
 * which GPU, what is advised, and by whose memory a plan is judged. */
#include <cuda_runtime_api.h>

#include "runtime/base/model.h"
#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"

extern "C" {
#include "runtime/engine/cuda/memory.h"
#include "runtime/engine/cuda/memory_probe.h"
}

static struct model with_memory(const char *kind)
{
    struct model m = {};
    m.name = "of_no_kernels";
    m.weights_memory = m.state_memory = m.scratch_memory = m.io_memory = kind;
    return m;
}
extern const struct model model;
const struct model model = with_memory("unified");

enum { ARENAS = 5 };

static struct device device;
static struct memory_plan plan;

static void open_on(enum fake_kind kind)
{
    fake_reset();
    fake_device(kind, 0);
    device_open(&device);
    plan = {};
    plan.weights = 1 << 20;
    plan.state = plan.scratch = plan.io = plan.work = 1 << 16;
}

static const struct {
    enum fake_kind kind;
    enum memory_kind automatic;
} gpus[] = {{FAKE_H200, MEMORY_DEVICE}, {FAKE_GB10, MEMORY_UNIFIED}, {FAKE_TEGRA, MEMORY_DEVICE}};

START_TEST(the_kind_of_an_arena)
{
    open_on(gpus[_i].kind);
    ck_assert_int_eq(memory_kind(&device, "weights", "auto"), gpus[_i].automatic);
    ck_assert_int_eq(memory_kind(&device, "weights", "device"), MEMORY_DEVICE);
    ck_assert_int_eq(memory_kind(&device, "weights", "unified"), MEMORY_UNIFIED);
    ck_assert_int_eq(memory_kind(&device, "weights", "pinned"), MEMORY_PINNED);
}
END_TEST

/* Advised and prefetched, or, where the device can do neither, only reserved. */
START_TEST(unified_memory_is_advised_where_it_can_be)
{
    struct device_memory memory;
    cudaStream_t stream;
    open_on(gpus[_i].kind);
    ck_assert_int_eq(cudaStreamCreate(&stream), cudaSuccess);
    device_memory_require(&device, &plan);
    device_memory_reserve(&memory, &device, &plan, stream);
    const u32 advised = gpus[_i].kind == FAKE_TEGRA ? 0 : ARENAS;
    ck_assert_uint_eq(fake_calls("cudaMallocManaged"), ARENAS);
    ck_assert_uint_eq(fake_calls("cudaMemAdvise"), advised);
    ck_assert_uint_eq(fake_calls("cudaMemPrefetchAsync"), advised);
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    device_memory_release(&memory, &device);
    ck_assert_int_eq(cudaStreamDestroy(stream), cudaSuccess);
    ck_assert_uint_eq(fake_leaks(stderr), 0);
    ck_assert_msg(fake_findings() == 0, "%s", fake_finding(0));
}
END_TEST

/* All that is free is in the page cache, which a GPU that shares the host's memory can be given. */
START_TEST(the_page_cache_is_memory_of_a_gpu_that_shares_it)
{
    open_on(FAKE_GB10);
    fake_device_cached(UINT64_MAX);
    device_memory_require(&device, &plan);
    ck_assert_uint_eq(fake_calls("cudaMemGetInfo"), 0);
    ck_assert_uint_gt(device_memory_left(&device), 0);
    ck_assert_uint_eq(fake_calls("cudaMemGetInfo"), 0);
}
END_TEST

START_TEST(but_of_no_other)
{
    open_on(FAKE_H200);
    fake_device_cached(UINT64_MAX);
    device_memory_require(&device, &plan);
}
END_TEST

START_TEST(a_plan_beyond_the_shared_memory_is_refused)
{
    open_on(FAKE_GB10);
    plan.weights = memory_available();
    device_memory_require(&device, &plan);
}
END_TEST

/* A kind that a config names is an order: nothing is measured. */
START_TEST(nothing_is_probed_that_no_arena_asks_for)
{
    struct memory_reason why;
    run r = {};
    open_on(FAKE_GB10);
    ck_assert(!memory_probe(&device, &r, &why));
    ck_assert_str_eq(why.text, "no arena asks for it");
    ck_assert_uint_eq(fake_calls("cudaMalloc") + fake_calls("cudaMallocManaged"), 0);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("device memory");
    TCase *const cases = tcase_create("all");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, the_kind_of_an_arena, 0, 3);
    tcase_add_loop_test(cases, unified_memory_is_advised_where_it_can_be, 0, 3);
    tcase_add_test(cases, the_page_cache_is_memory_of_a_gpu_that_shares_it);
    tcase_add_test(cases, nothing_is_probed_that_no_arena_asks_for);
    tcase_add_exit_test(cases, but_of_no_other, 3);
    tcase_add_exit_test(cases, a_plan_beyond_the_shared_memory_is_refused, 3);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
