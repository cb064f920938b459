/* The fake CUDA runtime: devices, memory, order in streams, kernels, errors on order. */
#include <math.h>
#include <signal.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"
#include "tests/simt/fake_test_kernels.h"

enum { COUNT = 1000 };

#define OK(call)           ck_assert_int_eq((call), cudaSuccess)
#define FAILS(error, call) ck_assert_int_eq((call), (error))

static f32 *device_floats(size_t count)
{
    void *at = nullptr;
    OK(cudaMalloc(&at, count * sizeof(f32)));
    return (f32 *)at;
}

static f32 *pinned_floats(size_t count)
{
    void *at = nullptr;
    OK(cudaHostAlloc(&at, count * sizeof(f32), cudaHostAllocMapped));
    return (f32 *)at;
}

static cudaStream_t new_stream(void)
{
    cudaStream_t stream = nullptr;
    OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

static cudaError_t scale(f32 *y, const f32 *x, f32 factor, f32 add, cudaStream_t stream)
{
    struct test_scale params = {y, x, factor, add, COUNT};
    void *args[] = {&params};
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(2);
    config.blockDim = dim3(TEST_THREADS);
    config.stream = stream;
    return cudaLaunchKernelExC(&config, (const void *)test_scale_kernel, args);
}

static void start(void)
{
    fake_reset();
}

/* ---- devices
 * -------------------------------------------------------------------------------------- */

/* Asked by AddressSanitizer where it is linked: it shall not catch the signal by which a host that
 * touches device memory ends. */
extern "C" const char *__asan_default_options(void)
{
    return "handle_segv=0";
}

START_TEST(without_a_gpu_every_call_says_so)
{
    fake_device(FAKE_NONE, 0);
    int count = -1, version = -1;
    FAILS(cudaErrorNoDevice, cudaGetDeviceCount(&count));
    ck_assert_int_eq(count, 0);
    void *at;
    FAILS(cudaErrorNoDevice, cudaMalloc(&at, 16));
    FAILS(cudaErrorNoDevice, cudaGetLastError());
    OK(cudaDriverGetVersion(&version));
    ck_assert_int_eq(version, 0);
}
END_TEST

START_TEST(devices_differ)
{
    struct cudaDeviceProp prop;
    int value;
    OK(cudaGetDeviceProperties(&prop, 0));
    ck_assert_int_eq(prop.major, 9);
    ck_assert_int_eq(prop.integrated, 0);
    ck_assert_int_eq(prop.multiProcessorCount, 132);
    FAILS(cudaErrorInvalidDevice, cudaGetDeviceProperties(&prop, 1));
    FAILS(cudaErrorInvalidDevice, cudaSetDevice(1));
    fake_device(FAKE_GB10, 1 << 20);
    OK(cudaDeviceGetAttribute(&value, cudaDevAttrIntegrated, 0));
    ck_assert_int_eq(value, 1);
    OK(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
    ck_assert_int_eq(value, 101376);
    size_t free_bytes, total;
    OK(cudaMemGetInfo(&free_bytes, &total));
    ck_assert_uint_eq(free_bytes, 1 << 20);
    ck_assert_uint_eq(total, 128453148672);
}
END_TEST

/* ---- memory
 * --------------------------------------------------------------------------------------- */

START_TEST(fresh_memory_is_nan_and_counts)
{
    fake_device(FAKE_H200, 1 << 20);
    f32 *x = device_floats(COUNT), host[COUNT];
    OK(cudaMemcpy(host, x, sizeof host, cudaMemcpyDeviceToHost));
    for (int i = 0; i < COUNT; i++)
        ck_assert(isnan(host[i]));
    void *more = nullptr;
    FAILS(cudaErrorMemoryAllocation, cudaMalloc(&more, 1 << 20));
    ck_assert_ptr_null(more);
    OK(cudaFree(x));
    OK(cudaMalloc(&more, 1 << 20));
    FAILS(cudaErrorInvalidValue, cudaFree((char *)more + 16));
    FAILS(cudaErrorInvalidValue, cudaFreeHost(more));
    ck_assert_uint_eq(fake_device_bytes(), 1 << 20);
    /* Pinned memory is the host's on a discrete GPU, and the GPU's too on an integrated one. */
    f32 *pinned = pinned_floats(16);
    ck_assert(isnan(pinned[15]));
    fake_device(FAKE_GB10, 1 << 20);
    FAILS(cudaErrorMemoryAllocation, cudaMallocHost(&more, 4096));
}
END_TEST

START_TEST(managed_memory_is_everybodys)
{
    void *at;
    OK(cudaMallocManaged(&at, COUNT * sizeof(f32), cudaMemAttachGlobal));
    f32 *x = (f32 *)at;
    for (int i = 0; i < COUNT; i++)
        x[i] = (f32)i;
    struct cudaMemLocation here = {};
    here.type = cudaMemLocationTypeDevice;
    OK(cudaMemAdvise(x, COUNT * sizeof(f32), cudaMemAdviseSetPreferredLocation, here));
    OK(cudaMemPrefetchAsync(x, COUNT * sizeof(f32), here, 0, nullptr));
    FAILS(cudaErrorInvalidValue,
          cudaMemPrefetchAsync(x, COUNT * sizeof(f32) + 1, here, 0, nullptr));
    here.id = 3;
    FAILS(cudaErrorInvalidDevice, cudaMemPrefetchAsync(x, 4, here, 0, nullptr));
    OK(scale(x, x, 2, 0, nullptr));
    OK(cudaDeviceSynchronize());
    ck_assert_float_eq(x[COUNT - 1], 2 * (COUNT - 1));
}
END_TEST

START_TEST(copies_keep_to_their_memory)
{
    f32 *x = device_floats(COUNT), *y = device_floats(COUNT), host[COUNT] = {};
    FAILS(cudaErrorInvalidValue, cudaMemcpy(x, host, sizeof host + 4, cudaMemcpyHostToDevice));
    FAILS(cudaErrorInvalidValue, cudaMemcpy(x, y, sizeof host, cudaMemcpyHostToDevice));
    FAILS(cudaErrorInvalidValue, cudaMemcpy(host, x, sizeof host, cudaMemcpyHostToDevice));
    FAILS(cudaErrorInvalidValue, cudaMemcpy(host, x, sizeof host, cudaMemcpyDeviceToDevice));
    OK(cudaMemcpy(x, host, sizeof host, cudaMemcpyDefault));
    OK(cudaMemcpy(y, x, sizeof host, cudaMemcpyDefault));
    FAILS(cudaErrorInvalidValue, cudaMemset(x, 0, sizeof host + 1));
    FAILS(cudaErrorInvalidValue, cudaMemset(host, 0, sizeof host));
    struct cudaPointerAttributes attributes;
    OK(cudaPointerGetAttributes(&attributes, x + 5));
    ck_assert_int_eq(attributes.type, cudaMemoryTypeDevice);
    OK(cudaPointerGetAttributes(&attributes, host));
    ck_assert_int_eq(attributes.type, cudaMemoryTypeUnregistered);
    void *mapped;
    f32 *pinned = pinned_floats(4);
    OK(cudaHostGetDevicePointer(&mapped, pinned, 0));
    ck_assert_ptr_eq(mapped, pinned);
    FAILS(cudaErrorInvalidValue, cudaHostGetDevicePointer(&mapped, host, 0));
}
END_TEST

/* Dies by the signal, in the child that Check runs it in. */
START_TEST(the_host_cannot_touch_device_memory)
{
    f32 *x = device_floats(COUNT);
    x[0] = 1;
}
END_TEST

START_TEST(the_host_cannot_go_beyond_pinned_memory)
{
    char *x = (char *)pinned_floats(1024);
    x[4096] = 1;
}
END_TEST

START_TEST(the_protection_can_be_switched_off)
{
    f32 *x = device_floats(COUNT);
    fake_protect(false);
    x[0] = 1;
    ck_assert_float_eq(x[0], 1);
}
END_TEST

/* ---- streams
 * --------------------------------------------------------------------------------------- */

START_TEST(work_executes_late_and_in_order)
{
    cudaStream_t stream = new_stream();
    f32 *x = device_floats(COUNT), *in = pinned_floats(COUNT), *out = pinned_floats(COUNT);
    for (int i = 0; i < COUNT; i++)
        in[i] = (f32)i;
    OK(cudaMemcpyAsync(x, in, COUNT * sizeof(f32), cudaMemcpyHostToDevice, stream));
    OK(scale(x, x, 2, 1, stream));
    OK(scale(x, x, 3, 0, stream));
    OK(cudaMemcpyAsync(out, x, COUNT * sizeof(f32), cudaMemcpyDeviceToHost, stream));
    ck_assert(isnan(out[7])); /* a host that does not wait reads what was there */
    in[8] = 100;              /* a host that does not wait changes what is sent */
    OK(cudaStreamSynchronize(stream));
    ck_assert_float_eq(out[7], 45);
    ck_assert_float_eq(out[8], 603);
    ck_assert_uint_eq(fake_executed(), 4);
    ck_assert_uint_eq(fake_calls("cudaLaunchKernelExC"), 2);
    ck_assert_uint_eq(fake_calls("cudaMemcpyAsync"), 2);
    ck_assert_uint_eq(fake_calls("cudaMalloc"), 1);
}
END_TEST

START_TEST(a_query_gets_some_of_it_done)
{
    cudaStream_t stream = new_stream();
    f32 *x = device_floats(COUNT);
    OK(cudaStreamQuery(stream));
    for (int i = 0; i < 20; i++)
        OK(cudaMemsetAsync(x, i, 4, stream));
    int not_ready = 0;
    while (cudaStreamQuery(stream) == cudaErrorNotReady)
        ck_assert_int_lt(not_ready++, 1000);
    ck_assert_int_gt(not_ready, 5);
    ck_assert_uint_eq(fake_executed(), 20);
}
END_TEST

START_TEST(streams_are_not_ordered_but_by_events)
{
    cudaStream_t a = new_stream(), b = new_stream();
    f32 *x = device_floats(COUNT), *y = device_floats(COUNT), host[COUNT];
    OK(cudaMemsetAsync(x, 0, COUNT * sizeof(f32), a));
    OK(scale(y, x, 1, 5, b));
    OK(cudaStreamSynchronize(b));
    OK(cudaMemcpy(host, y, sizeof host, cudaMemcpyDeviceToHost));
    ck_assert(isnan(host[0])); /* b did not wait for a */
    cudaEvent_t event;
    OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    OK(cudaEventRecord(event, a));
    OK(cudaStreamWaitEvent(b, event, 0));
    OK(scale(y, x, 1, 5, b));
    OK(cudaStreamSynchronize(b));
    OK(cudaMemcpy(host, y, sizeof host, cudaMemcpyDeviceToHost));
    ck_assert_float_eq(host[0], 5);
}
END_TEST

START_TEST(the_default_stream_waits_for_blocking_ones)
{
    cudaStream_t blocking, apart = new_stream();
    OK(cudaStreamCreate(&blocking));
    f32 *x = device_floats(4), *y = device_floats(4), host[4];
    OK(cudaMemsetAsync(x, 0, 16, blocking));
    OK(cudaMemsetAsync(y, 0, 16, apart));
    OK(cudaMemcpy(host, x, 16, cudaMemcpyDeviceToHost));
    ck_assert_float_eq(host[0], 0);
    OK(cudaMemcpy(host, y, 16, cudaMemcpyDeviceToHost));
    ck_assert(isnan(host[0]));
    OK(cudaMemset(y, 1, 16)); /* does not wait, but is before what a blocking stream gets next */
    ck_assert_uint_eq(fake_executed(), 3);
    OK(cudaMemsetAsync(x, 0, 16, blocking));
    OK(cudaStreamSynchronize(blocking));
    ck_assert_uint_eq(fake_executed(), 5);
    OK(cudaMemsetAsync(x, 0, 16, blocking));
    OK(cudaStreamSynchronize(nullptr));
    ck_assert_uint_eq(fake_executed(), 6);
}
END_TEST

START_TEST(events_tell_when)
{
    cudaStream_t stream = new_stream();
    cudaEvent_t before, after;
    OK(cudaEventCreate(&before));
    OK(cudaEventCreate(&after));
    f32 *x = device_floats(COUNT);
    float ms;
    FAILS(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&ms, before, after));
    OK(cudaEventQuery(before)); /* never recorded: nothing to wait for */
    OK(cudaEventRecord(before, stream));
    OK(cudaMemsetAsync(x, 0, 4, stream));
    OK(cudaEventRecord(after, stream));
    OK(cudaMemsetAsync(x, 0, 4, stream));
    FAILS(cudaErrorNotReady, cudaEventElapsedTime(&ms, before, after));
    OK(cudaEventSynchronize(after));
    ck_assert_uint_eq(fake_executed(), 1); /* what comes after the event may wait */
    OK(cudaEventElapsedTime(&ms, before, after));
    ck_assert_float_gt(ms, 0);
    OK(cudaEventDestroy(before));
    FAILS(cudaErrorInvalidResourceHandle, cudaEventSynchronize(before));
}
END_TEST

/* ---- kernels
 * --------------------------------------------------------------------------------------- */

/* Three blocks of it. */
static cudaError_t shared_kernel(f32 *y, u32 words, size_t bytes, u32 threads)
{
    struct test_shared params = {y, words};
    void *args[] = {&params};
    return cudaLaunchKernel((const void *)test_shared_kernel, dim3(3), dim3(threads), args, bytes,
                            nullptr);
}

START_TEST(launches_are_checked)
{
    f32 *y = device_floats(3), host[3];
    FAILS(cudaErrorInvalidDeviceFunction,
          cudaLaunchKernel((const void *)host, dim3(1), dim3(1), nullptr, 0, nullptr));
    FAILS(cudaErrorInvalidConfiguration, shared_kernel(y, 1, 4, 0));
    FAILS(cudaErrorInvalidConfiguration, shared_kernel(y, 1, 4, 1025));
    FAILS(cudaErrorLaunchOutOfResources, shared_kernel(y, 1, 4, 33)); /* its bound is 32 */
    FAILS(cudaErrorInvalidValue, shared_kernel(y, 1, 49156, 32));
    FAILS(cudaErrorInvalidValue,
          cudaFuncSetAttribute((const void *)test_shared_kernel,
                               cudaFuncAttributeMaxDynamicSharedMemorySize, 232449));
    OK(cudaFuncSetAttribute((const void *)test_shared_kernel,
                            cudaFuncAttributeMaxDynamicSharedMemorySize, 49156));
    OK(shared_kernel(y, 12289, 49156, 32));
    OK(cudaMemcpy(host, y, sizeof host, cudaMemcpyDeviceToHost));
    for (int block = 0; block < 3; block++)
        ck_assert_float_eq(host[block], 12289);
    ck_assert_uint_eq(fake_findings(), 0);
}
END_TEST

START_TEST(parameters_are_copied)
{
    f32 *x = device_floats(COUNT), host;
    struct test_scale params = {x, x, 0, 4, COUNT};
    OK(cudaMemset(x, 0, COUNT * sizeof(f32)));
    void *args[] = {&params};
    OK(cudaLaunchKernel((const void *)test_scale_kernel, dim3(1), dim3(TEST_THREADS), args, 0,
                        nullptr));
    params.add = 5;
    OK(cudaMemcpy(&host, x, 4, cudaMemcpyDeviceToHost));
    ck_assert_float_eq(host, 4);
}
END_TEST

START_TEST(a_stray_store_is_found)
{
    struct test_stray params = {device_floats(4), 4};
    void *args[] = {&params};
    OK(cudaLaunchKernel((const void *)test_stray_kernel, dim3(1), dim3(32), args, 0, nullptr));
    cudaDeviceSynchronize();
    ck_assert_uint_gt(fake_findings(), 0);
    ck_assert_ptr_nonnull(strstr(fake_finding(0), "test_stray_kernel, block 0, thread 0: writes"));
    fake_findings_take();
}
END_TEST

START_TEST(weights_are_not_written)
{
    f32 *x = device_floats(COUNT);
    OK(cudaMemset(x, 0, COUNT * sizeof(f32)));
    OK(scale(x, x, 1, 1, nullptr));
    OK(cudaDeviceSynchronize());
    ck_assert_uint_eq(fake_findings(), 0);
    fake_weights(x);
    OK(scale(x, x, 1, 1, nullptr));
    cudaDeviceSynchronize();
    ck_assert_uint_gt(fake_findings(), 0);
    fake_findings_take();
}
END_TEST

static struct fake_step seen[8];
static int seen_count;
static void watch(const struct fake_step *step)
{
    ck_assert_int_lt(seen_count, 8);
    seen[seen_count++] = *step;
}

START_TEST(steps_can_be_watched)
{
    f32 *x = device_floats(COUNT);
    fake_watch(watch);
    OK(cudaMemset(x, 0, COUNT * sizeof(f32)));
    OK(scale(x, x, 1, 1, nullptr));
    OK(cudaDeviceSynchronize());
    ck_assert_int_eq(seen_count, 2);
    ck_assert_str_eq(seen[0].what, "fill");
    ck_assert_uint_eq(seen[0].bytes, COUNT * sizeof(f32));
    ck_assert_str_eq(seen[1].what, "test_scale_kernel");
    ck_assert_uint_eq(seen[1].blocks, 2);
    ck_assert_uint_eq(seen[1].threads, TEST_THREADS);
    ck_assert(!seen[1].graph && !seen[1].programmatic);
}
END_TEST

/* ---- errors, sealing, leaks
 * ------------------------------------------------------------------------ */

START_TEST(calls_fail_on_order)
{
    f32 *x = device_floats(4);
    void *at;
    fake_fail("cudaMalloc", 2, cudaErrorMemoryAllocation);
    OK(cudaMalloc(&at, 16));
    FAILS(cudaErrorMemoryAllocation, cudaMalloc(&at, 16));
    OK(cudaMalloc(&at, 16));
    FAILS(cudaErrorMemoryAllocation, cudaPeekAtLastError());
    FAILS(cudaErrorMemoryAllocation, cudaGetLastError());
    OK(cudaGetLastError());
    ck_assert_str_eq(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation");
    ck_assert_ptr_nonnull(strstr(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory"));
    OK(cudaFree(x));
}
END_TEST

START_TEST(a_fault_stays)
{
    f32 *x = device_floats(COUNT);
    OK(cudaMemset(x, 0, COUNT * sizeof(f32)));
    fake_fail_kernel("test_scale_kernel", 2, cudaErrorIllegalAddress);
    OK(scale(x, x, 1, 1, nullptr));
    OK(scale(x, x, 1, 1, nullptr));
    OK(scale(x, x, 1, 1, nullptr)); /* nobody knows yet */
    FAILS(cudaErrorIllegalAddress, cudaDeviceSynchronize());
    ck_assert_uint_eq(fake_executed(), 3);
    FAILS(cudaErrorIllegalAddress, scale(x, x, 1, 1, nullptr));
    FAILS(cudaErrorIllegalAddress, cudaGetLastError());
    FAILS(cudaErrorIllegalAddress, cudaGetLastError());
}
END_TEST

START_TEST(allocating_after_sealing_is_found)
{
    f32 *x = device_floats(4);
    fake_seal();
    OK(cudaMemset(x, 0, 16));
    ck_assert_uint_eq(fake_findings(), 0);
    void *at;
    OK(cudaMalloc(&at, 16));
    OK(cudaHostAlloc(&at, 16, 0));
    cudaEvent_t event;
    OK(cudaEventCreate(&event));
    ck_assert_uint_eq(fake_findings(), 3);
    ck_assert_str_eq(fake_finding(0), "cudaMalloc allocates after sealing");
    fake_findings_take();
}
END_TEST

START_TEST(leaks_are_counted)
{
    ck_assert_uint_eq(fake_leaks(nullptr), 0);
    f32 *x = device_floats(4), *y = pinned_floats(4);
    cudaStream_t stream = new_stream();
    cudaEvent_t event;
    OK(cudaEventCreate(&event));
    ck_assert_uint_eq(fake_leaks(nullptr), 4);
    OK(cudaFree(x));
    OK(cudaFreeHost(y));
    OK(cudaStreamDestroy(stream));
    OK(cudaEventDestroy(event));
    ck_assert_uint_eq(fake_leaks(nullptr), 0);
    FAILS(cudaErrorInvalidResourceHandle, cudaStreamSynchronize(stream));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fake_cuda");
    TCase *cases = tcase_create("runtime");
    tcase_add_checked_fixture(cases, start, nullptr);
    tcase_add_test(cases, without_a_gpu_every_call_says_so);
    tcase_add_test(cases, devices_differ);
    tcase_add_test(cases, fresh_memory_is_nan_and_counts);
    tcase_add_test(cases, managed_memory_is_everybodys);
    tcase_add_test(cases, copies_keep_to_their_memory);
    tcase_add_test_raise_signal(cases, the_host_cannot_touch_device_memory, SIGSEGV);
    tcase_add_test_raise_signal(cases, the_host_cannot_go_beyond_pinned_memory, SIGSEGV);
    tcase_add_test(cases, the_protection_can_be_switched_off);
    tcase_add_test(cases, work_executes_late_and_in_order);
    tcase_add_test(cases, a_query_gets_some_of_it_done);
    tcase_add_test(cases, streams_are_not_ordered_but_by_events);
    tcase_add_test(cases, the_default_stream_waits_for_blocking_ones);
    tcase_add_test(cases, events_tell_when);
    tcase_add_test(cases, launches_are_checked);
    tcase_add_test(cases, parameters_are_copied);
    tcase_add_test(cases, a_stray_store_is_found);
    tcase_add_test(cases, weights_are_not_written);
    tcase_add_test(cases, steps_can_be_watched);
    tcase_add_test(cases, calls_fail_on_order);
    tcase_add_test(cases, a_fault_stays);
    tcase_add_test(cases, allocating_after_sealing_is_found);
    tcase_add_test(cases, leaks_are_counted);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
