/* runtime/engine/cuda/memory_probe.c over the fake CUDA runtime: what `auto` memory becomes when
 * unified memory is read as fast as device memory, or slower, or when CUDA refuses any call of the
 * measurement; and that nothing of it is left. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/model.h"
#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"
#include "tests/simt/fake_run.h"

extern "C" {
#include "runtime/engine/arena.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/cuda/memory_probe.h"
}

static struct model with_one_automatic_arena(void)
{
    struct model m = {};
    m.name = "of_no_kernels";
    m.weights_memory = m.state_memory = m.scratch_memory = "device";
    m.io_memory = "auto";
    return m;
}
extern const struct model model;
const struct model model = with_one_automatic_arena();

enum { READS = 2 * (MEMORY_PROBE_ROUNDS + 1) };

static struct device device;
static struct memory_reason why;

/* Unified memory at so many percent of the rate of device memory. */
static void open_on(enum fake_kind kind, uint64_t percent)
{
    fake_reset();
    fake_device(kind, 0);
    fake_device_managed(percent);
    device_open(&device);
    memset(&why, 0, sizeof why);
}

static void assert_says(const char *words)
{
    ck_assert_msg(strncmp(why.text, words, strlen(words)) == 0, "'%s', expected '%s'", why.text,
                  words);
}

static void assert_nothing_is_left(void)
{
    ck_assert_uint_eq(fake_leaks(stderr), 0);
    ck_assert_msg(fake_findings() == 0, "%s", fake_finding(0));
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
    ck_assert(!fake_run()->weights && !fake_run()->launcher);
}

static const struct {
    uint64_t percent;
    bool unified;
} rates[] = {{100, true}, {150, true}, {98, true}, {96, false}, {40, false}};
enum { RATES = sizeof rates / sizeof *rates };

START_TEST(the_rates_decide)
{
    double unified, of_device;
    char kind[16];
    open_on(FAKE_GB10, rates[_i].percent);
    device.auto_unified = !rates[_i].unified;
    ck_assert(memory_probe(&device, fake_run(), &why));
    ck_assert_msg(device.auto_unified == rates[_i].unified, "%s", why.text);
    ck_assert_msg(sscanf(why.text,
                         "%15[a-z]: the GPU reads unified memory at %lf GB/s, device memory at "
                         "%lf GB/s (786.4 kB of each, in ",
                         kind, &unified, &of_device) == 3,
                  "%s", why.text);
    ck_assert_str_eq(kind, rates[_i].unified ? "unified" : "device");
    ck_assert_double_eq_tol(unified / of_device * 100, (double)rates[_i].percent, 15);
    ck_assert_uint_eq(fake_calls("cudaLaunchKernelExC"), READS);
    assert_nothing_is_left();
}
END_TEST

/* Unified memory in each round, the first of which is not counted. */
static const struct {
    uint64_t percent[MEMORY_PROBE_ROUNDS + 1];
    bool unified;
} strays[] = {{{1, 100, 100, 10, 10, 100}, true}, {{900, 60, 60, 900, 900, 60}, false}};
enum { STRAYS = sizeof strays / sizeof *strays };

static u32 stray, reads;

static void vary(const struct fake_step *step)
{
    if (strcmp(step->what, "probe_read_kernel") == 0)
        fake_device_managed(strays[stray].percent[reads++ / 2]);
}

START_TEST(single_reads_do_not_decide)
{
    open_on(FAKE_GB10, 100);
    stray = (u32)_i;
    reads = 0;
    fake_watch(vary);
    ck_assert(memory_probe(&device, fake_run(), &why));
    fake_watch(nullptr);
    ck_assert_uint_eq(reads, READS);
    ck_assert_msg(device.auto_unified == strays[_i].unified, "%s", why.text);
}
END_TEST

/* Twice with unified memory of half the rate: a measurement would say otherwise than the rule. */
static const struct {
    const char *call;
    uint64_t n;
    bool gives_back; /* what is refused is then left over */
} refusals[] = {
    {"cudaSetDevice", 1, false},
    {"cudaStreamCreateWithFlags", 1, false},
    {"cudaEventCreate", 1, false},
    {"cudaEventCreate", 2, false},
    {"cudaMalloc", 1, false},
    {"cudaMalloc", 2, false},
    {"cudaMallocManaged", 1, false},
    {"cudaMemAdvise", 1, false},
    {"cudaMemPrefetchAsync", 1, false},
    {"cudaMemsetAsync", 1, false},
    {"cudaMemsetAsync", 2, false},
    {"cudaStreamSynchronize", 1, false},
    {"cudaEventRecord", 1, false},
    {"cudaEventRecord", 2, false},
    {"cudaLaunchKernelExC", 1, false},
    {"cudaLaunchKernelExC", READS, false},
    {"cudaEventSynchronize", 1, false},
    {"cudaEventElapsedTime", 1, false},
    {"cudaEventElapsedTime", READS, false},
    {"cudaFree", 1, true},
    {"cudaFree", 2, true},
    {"cudaFree", 3, true},
    {"cudaEventDestroy", 1, true},
    {"cudaEventDestroy", 2, true},
    {"cudaStreamDestroy", 1, true},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(a_refusal_leaves_the_rule)
{
    char words[256];
    const bool unified = _i % 2 == 0;
    const char *const call = refusals[_i / 2].call;
    open_on(FAKE_GB10, unified ? 40 : 100);
    device.auto_unified = unified;
    fake_fail(call, refusals[_i / 2].n, cudaErrorNotSupported);
    ck_assert(memory_probe(&device, fake_run(), &why));
    snprintf(words, sizeof words, "%s by rule, not measured: %s%s: not supported (fake) (cudaError",
             unified ? "unified" : "device", strstr(call, "Launch") ? "probe_read_kernel: " : "",
             call);
    assert_says(words);
    ck_assert_int_eq(device.auto_unified, unified);
    ck_assert_uint_eq(fake_leaks(NULL), refusals[_i / 2].gives_back);
    ck_assert_msg(fake_findings() == 0, "%s", fake_finding(0));
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
}
END_TEST

static const struct {
    enum fake_kind kind;
    const char *words;
} others[] = {{FAKE_H200, "device: the GPU has its own memory"},
              {FAKE_TEGRA, "device: the GPU cannot prefetch unified memory"}};

/* Nothing is asked of CUDA either. */
START_TEST(where_only_one_kind_serves_nothing_is_decided)
{
    open_on(others[_i].kind, 100);
    ck_assert(!memory_probe(&device, fake_run(), &why));
    ck_assert_str_eq(why.text, others[_i].words);
    ck_assert(!device.auto_unified);
    ck_assert_uint_eq(fake_calls("cudaSetDevice"), 1); /* device_open's */
    ck_assert_uint_eq(fake_calls("cudaStreamCreateWithFlags"), 0);
    assert_nothing_is_left();
}
END_TEST

/* Two blocks would take more than a quarter of what is left, or how large they must be is not
 * known. */
START_TEST(little_memory_is_left_alone)
{
    open_on(FAKE_GB10, 40);
    device.l2_bytes = _i ? 0 : memory_available() / MEMORY_PROBE_L2_TIMES / 7;
    ck_assert(memory_probe(&device, fake_run(), &why));
    assert_says("unified by rule, not measured: too little memory is left for two blocks");
    ck_assert(device.auto_unified);
    ck_assert_uint_eq(fake_calls("cudaMalloc") + fake_calls("cudaMallocManaged"), 0);
    assert_nothing_is_left();
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("memory probe");
    TCase *const cases = tcase_create("all");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, the_rates_decide, 0, RATES);
    tcase_add_loop_test(cases, single_reads_do_not_decide, 0, STRAYS);
    tcase_add_loop_test(cases, a_refusal_leaves_the_rule, 0, 2 * REFUSALS);
    tcase_add_loop_test(cases, where_only_one_kind_serves_nothing_is_decided, 0, 2);
    tcase_add_loop_test(cases, little_memory_is_left_alone, 0, 2);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
