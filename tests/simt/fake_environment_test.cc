/* The fake CUDA runtime in a child process: what FAKE_CUDA sets, what the report and the trace say.
 * The program runs itself: with an argument it is the child. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/run.h"
extern "C" {
#include "tests/fixtures/child.h"
}
#include "tests/simt/fake_cuda.h"
#include "tests/simt/fake_test_kernels.h"

enum { COUNT = 64 };

/* What the child does: a fill and a kernel; prints the text of the first error and ends with it.
 * The stream is left over. */
static int work(void)
{
    f32 *x = nullptr;
    cudaStream_t stream;
    struct test_scale params = {nullptr, nullptr, 1, 1, COUNT};
    void *args[] = {&params};
    cudaError_t error = cudaMalloc((void **)&x, COUNT * sizeof(f32));
    params.x = params.y = x;
    if (error == cudaSuccess)
        error = cudaStreamCreate(&stream);
    if (error == cudaSuccess)
        error = cudaMemsetAsync(x, 0, COUNT * sizeof(f32), stream);
    if (error == cudaSuccess)
        error = cudaLaunchKernel((const void *)test_scale_kernel, dim3(1), dim3(TEST_THREADS), args,
                                 0, stream);
    if (error == cudaSuccess)
        error = cudaStreamSynchronize(stream);
    size_t free_bytes = 0, total = 0;
    cudaMemGetInfo(&free_bytes, &total);
    printf("%s, %zu bytes free\n", cudaGetErrorName(error), free_bytes);
    if (error == cudaSuccess)
        cudaFree(x);
    return error == cudaSuccess ? 0 : 3;
}

/* A host that follows a pointer of the device's. */
static int stray(void)
{
    f32 *x = nullptr;
    cudaMalloc((void **)&x, COUNT * sizeof(f32));
    x[5] = 1;
    printf("written\n");
    return 0;
}

static int late(void)
{
    void *x;
    fake_seal();
    return cudaMalloc(&x, 16) == cudaSuccess ? 0 : 3;
}

static struct child *run_child(const char *setting, const char *what)
{
    setenv("FAKE_CUDA", setting, 1);
    const char *const arguments[] = {what, nullptr};
    struct child *child = child_run("/proc/self/exe", arguments, "", 0);
    unsetenv("FAKE_CUDA");
    return child;
}

START_TEST(the_device_is_chosen)
{
    struct child *child = run_child("", "work");
    ck_assert_int_eq(child->code, 0);
    child = run_child("device=none", "work");
    ck_assert_int_eq(child->code, 3);
    ck_assert_str_eq(child->out, "cudaErrorNoDevice, 0 bytes free\n");
    child = run_child("device=gb10,free=1048576", "work");
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->out, "cudaSuccess, 1044480 bytes free\n");
    child = run_child("free=100", "work");
    ck_assert_int_eq(child->code, 3);
    ck_assert_str_eq(child->out, "cudaErrorMemoryAllocation, 100 bytes free\n");
}
END_TEST

START_TEST(calls_and_kernels_fail)
{
    struct child *child = run_child("fail=cudaStreamCreate:1:cudaErrorUnknown", "work");
    ck_assert_ptr_nonnull(strstr(child->out, "cudaErrorUnknown,"));
    child = run_child("fail=cudaStreamCreate:2:cudaErrorUnknown", "work");
    ck_assert_int_eq(child->code, 0);
    child = run_child("fail=cudaStreamCreate:1:719", "work");
    ck_assert_ptr_nonnull(strstr(child->out, "cudaErrorLaunchFailure,"));
    child = run_child("failkernel=test_scale_kernel:1:cudaErrorIllegalAddress", "work");
    ck_assert_ptr_nonnull(strstr(child->out, "cudaErrorIllegalAddress,"));
}
END_TEST

static char text[1 << 14];
static const char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

START_TEST(a_report_and_a_trace_are_written)
{
    char setting[2048], report[512], trace[512];
    snprintf(report, sizeof report, "%s", child_scratch("report"));
    snprintf(trace, sizeof trace, "%s", child_scratch("trace"));
    snprintf(setting, sizeof setting, "seed=7,report=%s,trace=%s", report, trace);
    struct child *child = run_child(setting, "work");
    ck_assert_int_eq(child->code, 0);
    const char *lines = file_text(report);
    ck_assert_ptr_nonnull(strstr(lines, "call cudaMalloc 1\n"));
    ck_assert_ptr_nonnull(strstr(lines, "call cudaLaunchKernel 1\n"));
    ck_assert_ptr_nonnull(strstr(lines, "leak stream\n"));
    ck_assert_ptr_null(strstr(lines, "leak memory"));
    ck_assert_ptr_null(strstr(lines, "finding"));
    ck_assert_ptr_nonnull(strstr(lines, "executed 2\n"));
    ck_assert_str_eq(file_text(trace), "fill 0 0 0 256 full stream\n"
                                       "test_scale_kernel 1 64 0 0 full stream\n");
}
END_TEST

START_TEST(a_finding_ends_in_status_99)
{
    char setting[1024];
    snprintf(setting, sizeof setting, "report=%s", child_scratch("report"));
    struct child *child = run_child(setting, "late");
    ck_assert_int_eq(child->code, 99);
    ck_assert_ptr_nonnull(strstr(child->err, "cudaMalloc allocates after sealing"));
    ck_assert_ptr_nonnull(
        strstr(file_text(child_scratch("report")), "finding cudaMalloc allocates after sealing\n"));
}
END_TEST

START_TEST(a_host_in_device_memory_dies)
{
    struct child *child = run_child("", "stray");
    /* By a signal, or by AddressSanitizer, which takes it and exits. */
    ck_assert(child->code >= 128 || strstr(child->err, "AddressSanitizer") != NULL);
    ck_assert_ptr_nonnull(strstr(child->err, "the host touches device memory: byte 20 of 256"));
    child = run_child("protect=0", "stray");
    ck_assert_int_eq(child->code, 0);
}
END_TEST

static const char *const mistakes[] = {
    "device=h300", "free=much", "fail=cudaMalloc:1", "fail=cudaMalloc:1:cudaErrorNone",
    "colour=red",  "seed",      "refuse=loops",      "managed=0"};
enum { MISTAKES = sizeof mistakes / sizeof *mistakes };

START_TEST(a_mistake_is_refused)
{
    struct child *child = run_child(mistakes[_i], "work");
    ck_assert_int_eq(child->code, 99);
    ck_assert_ptr_nonnull(strstr(child->err, "FAKE_CUDA: cannot read"));
}
END_TEST

int main(int count, char **arguments)
{
    if (count == 2 && !strcmp(arguments[1], "work"))
        return work();
    if (count == 2 && !strcmp(arguments[1], "stray"))
        return stray();
    if (count == 2 && !strcmp(arguments[1], "late"))
        return late();
    Suite *suite = suite_create("fake_environment");
    TCase *cases = tcase_create("children");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, the_device_is_chosen);
    tcase_add_test(cases, calls_and_kernels_fail);
    tcase_add_test(cases, a_report_and_a_trace_are_written);
    tcase_add_test(cases, a_finding_ends_in_status_99);
    tcase_add_test(cases, a_host_in_device_memory_dies);
    tcase_add_loop_test(cases, a_mistake_is_refused, 0, MISTAKES);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
