/* What every call of the fake CUDA runtime begins and ends with: counting, failing on order, the
 * rules of sealing and of stream capture, the last error and the fault that stays. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/simt/fake_cuda_inner.h"
#include "tests/simt/simt.h"

struct call {
    char name[64];
    uint64_t uses;
    uint64_t fail_at; /* value of `uses`; 0: never */
    int error;
};
struct kernel_order {
    char name[128];
    uint64_t uses, fail_at;
    int error;
};
enum { CALLS_MOST = 256, KERNEL_ORDERS_MOST = 16, FINDINGS_MOST = 64, FINDING_BYTES = 256 };

static struct {
    struct call calls[CALLS_MOST];
    int call_count;
    struct kernel_order kernels[KERNEL_ORDERS_MOST];
    int kernel_count;
    char findings[FINDINGS_MOST][FINDING_BYTES];
    uint64_t finding_count;
    cudaError_t last, fault;
    bool sealed;
    uint64_t random;
    uint64_t serial;
} fake = {};

static const struct {
    cudaError_t error;
    const char *name, *text;
} errors[] = {
#define ERROR(name, text) {name, #name, text},
    ERROR(cudaSuccess, "no error") ERROR(cudaErrorInvalidValue, "invalid argument (fake)") ERROR(
        cudaErrorMemoryAllocation, "out of memory (fake)") ERROR(cudaErrorInitializationError,
                                                                 "initialization error (fake)")
        ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument (fake)") ERROR(
            cudaErrorInvalidDevicePointer,
            "invalid device pointer (fake)") ERROR(cudaErrorInvalidMemcpyDirection,
                                                   "invalid direction of a copy (fake)")
            ERROR(cudaErrorInsufficientDriver, "the driver is older than the runtime (fake)") ERROR(
                cudaErrorInvalidDeviceFunction, "not a kernel of this program (fake)")
                ERROR(cudaErrorNoDevice, "no CUDA-capable device (fake)") ERROR(
                    cudaErrorInvalidDevice,
                    "no such device (fake)") ERROR(cudaErrorNoKernelImageForDevice,
                                                   "no kernel image for this device (fake)")
                    ERROR(cudaErrorIllegalState, "not possible in this state (fake)") ERROR(
                        cudaErrorInvalidResourceHandle,
                        "no such object (fake)") ERROR(cudaErrorNotReady, "not ready (fake)")
                        ERROR(cudaErrorIllegalAddress, "illegal memory access (fake)") ERROR(
                            cudaErrorLaunchOutOfResources, "too many resources asked for (fake)")
                            ERROR(cudaErrorLaunchTimeout, "the launch timed out (fake)") ERROR(
                                cudaErrorMisalignedAddress, "misaligned address (fake)")
                                ERROR(cudaErrorAssert, "assertion on the device (fake)")
                                    ERROR(cudaErrorLaunchFailure, "launch failure (fake)") ERROR(
                                        cudaErrorNotPermitted, "not permitted (fake)")
                                        ERROR(cudaErrorNotSupported, "not supported (fake)") ERROR(
                                            cudaErrorStreamCaptureUnsupported,
                                            "not permitted while a stream captures (fake)")
                                            ERROR(cudaErrorStreamCaptureInvalidated,
                                                  "an earlier call broke the capture (fake)")
                                                ERROR(cudaErrorStreamCaptureUnmatched,
                                                      "the stream is not the one that began (fake)")
                                                    ERROR(
                                                        cudaErrorStreamCaptureUnjoined,
                                                        "the capture has a branch left over (fake)")
                                                        ERROR(cudaErrorStreamCaptureIsolation,
                                                              "dependency on work outside the "
                                                              "capture (fake)")
                                                            ERROR(cudaErrorStreamCaptureImplicit,
                                                                  "implicit dependency on the "
                                                                  "default stream (fake)")
                                                                ERROR(cudaErrorCapturedEvent,
                                                                      "the event was recorded in a "
                                                                      "capture (fake)")
                                                                    ERROR(cudaErrorUnknown,
                                                                          "unknown error (fake)")
#undef ERROR
};

/* ---- storage
 * ------------------------------------------------------------------------------------- */

enum : size_t { STORE_BYTES = (size_t)1 << 31 };
enum { SMALLEST = 6, CLASSES = 32 };

static struct {
    unsigned char *base;
    size_t used;
    void *free[CLASSES];
} store;

static int store_class(size_t bytes)
{
    int shift = SMALLEST;
    while (((size_t)1 << shift) < bytes)
        shift++;
    return shift;
}

void *fake_keep(size_t bytes)
{
    if (!store.base) {
        void *base = mmap(nullptr, STORE_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED)
            abort();
        store.base = (unsigned char *)base;
    }
    int shift = store_class(bytes);
    void *block = store.free[shift];
    if (block) {
        memcpy(&store.free[shift], block, sizeof(void *));
    } else {
        if (STORE_BYTES - store.used < (size_t)1 << shift) {
            fputs("fake CUDA: more objects than it has room for\n", stderr);
            abort();
        }
        block = store.base + store.used;
        store.used += (size_t)1 << shift;
    }
    return memset(block, 0, bytes);
}

void fake_drop(void *block, size_t bytes)
{
    int shift = store_class(bytes);
    memcpy(block, &store.free[shift], sizeof(void *));
    store.free[shift] = block;
}

void fake_keep_reset(void)
{
    store.used = 0;
    memset(store.free, 0, sizeof store.free);
}

/* ---- findings, random choices
 * --------------------------------------------------------------------- */

void fake_found(const char *format, ...)
{
    char text[FINDING_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (fake.finding_count++ >= FINDINGS_MOST)
        return;
    memcpy(fake.findings[fake.finding_count - 1], text, sizeof text);
    /* Not by stdio: the buffer of stderr is none of ours, and a finding may come from a signal. */
    static const char prefix[] = "fake CUDA: finding: ";
    ssize_t ignored = write(STDERR_FILENO, prefix, sizeof prefix - 1);
    ignored += write(STDERR_FILENO, text, strlen(text));
    ignored += write(STDERR_FILENO, "\n", 1);
    (void)ignored;
}

uint64_t fake_findings(void)
{
    return fake.finding_count;
}

const char *fake_finding(uint64_t index)
{
    return index < fake.finding_count && index < FINDINGS_MOST ? fake.findings[index] : "";
}

void fake_findings_take(void)
{
    fake.finding_count = 0;
}

void fake_findings_print(FILE *out)
{
    for (uint64_t i = 0; i < fake.finding_count && i < FINDINGS_MOST; i++)
        fprintf(out, "finding %s\n", fake.findings[i]);
}

void fake_seed(uint64_t seed)
{
    fake.random = seed * 0x9e3779b97f4a7c15U + 0x1234567;
    simt_schedule(seed);
}

/* SplitMix64. */
uint64_t fake_random(uint64_t below)
{
    uint64_t z = fake.random += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % below;
}

uint64_t fake_serial(void)
{
    return ++fake.serial;
}

/* ---- calls
 * ---------------------------------------------------------------------------------------- */

static struct call *call_named(const char *name)
{
    for (int i = 0; i < fake.call_count; i++)
        if (!strcmp(fake.calls[i].name, name))
            return &fake.calls[i];
    if (fake.call_count == CALLS_MOST)
        abort();
    struct call *call = &fake.calls[fake.call_count++];
    snprintf(call->name, sizeof call->name, "%s", name);
    return call;
}

uint64_t fake_calls(const char *call)
{
    return call_named(call)->uses;
}

void fake_calls_print(FILE *out)
{
    for (int i = 0; i < fake.call_count; i++)
        if (fake.calls[i].uses)
            fprintf(out, "call %s %llu\n", fake.calls[i].name,
                    (unsigned long long)fake.calls[i].uses);
}

void fake_fail(const char *call, uint64_t n, int error)
{
    struct call *found = call_named(call);
    found->fail_at = n ? found->uses + n : 0;
    found->error = error;
}

void fake_fail_kernel(const char *kernel, uint64_t n, int error)
{
    if (fake.kernel_count == KERNEL_ORDERS_MOST)
        abort();
    struct kernel_order *order = &fake.kernels[fake.kernel_count++];
    snprintf(order->name, sizeof order->name, "%s", kernel);
    order->uses = 0;
    order->fail_at = n;
    order->error = error;
}

cudaError_t fake_kernel_order(const char *name)
{
    for (int i = 0; i < fake.kernel_count; i++) {
        struct kernel_order *order = &fake.kernels[i];
        if (!strcmp(order->name, name) && ++order->uses == order->fail_at)
            return (cudaError_t)order->error;
    }
    return cudaSuccess;
}

void fake_seal(void)
{
    fake.sealed = true;
}

cudaError_t fake_result(cudaError_t error)
{
    if (error != cudaSuccess)
        fake.last = error;
    return error;
}

void fake_fault(cudaError_t error)
{
    if (fake.fault == cudaSuccess)
        fake.fault = error;
}

cudaError_t fake_fault_now(void)
{
    return fake.fault;
}

/* The rules of a call while streams capture: each capture that it must not meet is broken. */
static cudaError_t meet_captures(int rules)
{
    cudaError_t error = cudaSuccess;
    for (cudaStream_t s = fake_capturing(nullptr); s; s = fake_capturing(s)) {
        bool relaxed = s->capture.mode == cudaStreamCaptureModeRelaxed;
        if ((rules & CALL_WAITS) || ((rules & CALL_UNSAFE) && !relaxed))
            error = fake_capture_break(s, cudaErrorStreamCaptureUnsupported);
    }
    return error;
}

cudaError_t fake_enter(const char *name, int rules)
{
    fake_configure();
    fake_observe();
    struct call *call = call_named(name);
    call->uses++;
    if (call->uses == call->fail_at)
        return (cudaError_t)call->error;
    if ((rules & CALL_ALLOCATES) && fake.sealed)
        fake_found("%s allocates after sealing", name);
    if (rules & CALL_ANYWHERE)
        return cudaSuccess;
    if (fake_device_kind() == FAKE_NONE)
        return cudaErrorNoDevice;
    if (fake.fault != cudaSuccess)
        return fake.fault;
    return meet_captures(rules);
}

cudaError_t cudaGetLastError(void)
{
    (void)fake_enter(__func__, CALL_ANYWHERE);
    cudaError_t error = fake.fault != cudaSuccess ? fake.fault : fake.last;
    fake.last = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void)
{
    (void)fake_enter(__func__, CALL_ANYWHERE);
    return fake.fault != cudaSuccess ? fake.fault : fake.last;
}

const char *cudaGetErrorName(cudaError_t error)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].error == error)
            return errors[i].name;
    return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].error == error)
            return errors[i].text;
    return "unrecognized error code";
}

int fake_error_number(const char *text)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (!strcasecmp(errors[i].name, text))
            return errors[i].error;
    if (fake_status_number(text) >= 0)
        return fake_status_number(text);
    char *end;
    long number = strtol(text, &end, 10);
    return *text && !*end && number >= 0 && number < 10000 ? (int)number : -1;
}

void fake_reset(void)
{
    fake_configure();
    fake_stream_reset();
    fake_graph_reset();
    fake_cublaslt_reset();
    fake_memory_reset();
    fake_launch_reset();
    fake_keep_reset();
    simt_forget();
    memset(&fake, 0, sizeof fake);
    fake_seed(0);
    fake_protect(true);
    fake_device(FAKE_H200, 0);
    fake_device_cached(0);
    fake_device_managed(100);
}
