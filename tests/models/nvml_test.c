/* What the driver of a GPU says of it, from libraries made for the test (fake_nvml.c): one that
 * knows everything, one whose temperature fails, one that cannot start, one that is not there. */
#include <math.h>
#include <string.h>

#include "runtime/engine/cuda/nvml.h"
#include "tests/fixtures/run.h"

static const char address[] = "00000000:3B:00.0";
static struct gpu_reading gpu;

START_TEST(everything_is_read)
{
    nvml_read(TEST_DIR "/libnvml-fake.so", address, &gpu);
    ck_assert_str_eq(gpu.absent, "");
    ck_assert_str_eq(gpu.driver, "580.95.05");
    ck_assert_str_eq(gpu.cuda, "13.2");
    ck_assert_str_eq(gpu.throttle, "power cap, software thermal");
    ck_assert(gpu.clock_hz == 1755e6);
    ck_assert(gpu.memory_clock_hz == 3201e6);
    ck_assert(gpu.most_clock_hz == 1980e6);
    ck_assert(gpu.temperature == 61);
}
END_TEST

START_TEST(what_fails_is_absent_with_the_reason)
{
    nvml_read(TEST_DIR "/libnvml-fake-temperature.so", address, &gpu);
    ck_assert_str_eq(gpu.absent, "NVML, temperature: Not Supported");
    ck_assert(isnan(gpu.temperature));
    ck_assert(gpu.clock_hz == 1755e6);
}
END_TEST

START_TEST(an_unknown_gpu_has_only_its_driver)
{
    nvml_read(TEST_DIR "/libnvml-fake.so", "00000000:01:00.0", &gpu);
    ck_assert_str_eq(gpu.absent, "NVML, 00000000:01:00.0: Not Found");
    ck_assert_str_eq(gpu.driver, "580.95.05");
    ck_assert_str_eq(gpu.throttle, "");
    ck_assert(isnan(gpu.clock_hz) && isnan(gpu.temperature));
}
END_TEST

START_TEST(a_library_that_does_not_start_or_is_not_there_is_named)
{
    nvml_read(TEST_DIR "/libnvml-fake-init.so", address, &gpu);
    ck_assert_str_eq(gpu.absent, TEST_DIR "/libnvml-fake-init.so: nvmlInit_v2: Not Supported");
    nvml_read(TEST_DIR "/libnvml-nowhere.so", address, &gpu);
    ck_assert_ptr_nonnull(strstr(gpu.absent, "libnvml-nowhere.so: cannot open shared object"));
    ck_assert_str_eq(gpu.driver, "");
    ck_assert(isnan(gpu.clock_hz));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nvml");
    TCase *nvml_case = tcase_create("nvml");
    tcase_add_test(nvml_case, everything_is_read);
    tcase_add_test(nvml_case, what_fails_is_absent_with_the_reason);
    tcase_add_test(nvml_case, an_unknown_gpu_has_only_its_driver);
    tcase_add_test(nvml_case, a_library_that_does_not_start_or_is_not_there_is_named);
    suite_add_tcase(suite, nvml_case);
    return tests_run(suite);
}
