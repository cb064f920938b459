/* A libcuda.so.1 without a GPU, for tests of tools/bench/driver_watch.c: it has the ways by which
 * the driver's functions are found, and under every name one function.
 *
 * That function returns 0 if it is given the numbers 1 to 11, as tests/gpu/driver_calls.c gives
 * them, six in registers and more on the stack; otherwise "no device", which is what the CUDA
 * runtime then says. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { NO_DEVICE = 100, VERSION = 13000, WITH_WHY = 12000 };

int cuGetProcAddress(const char *name, void **found, int version, uint64_t flags);
int cuGetProcAddress_v2(const char *name, void **found, int version, uint64_t flags, int *why);
int cuDriverGetVersion(int *version);
int cuInit(unsigned flags);
int cuMemAlloc_v2(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j,
                  long k);
int cuLaunchKernel(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j,
                   long k);

int cuDriverGetVersion(int *version)
{
    *version = VERSION;
    return 0;
}

int cuInit(unsigned flags)
{
    (void)flags;
    return NO_DEVICE;
}

int cuMemAlloc_v2(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j,
                  long k)
{
    const long given[] = {a, b, c, d, e, f, g, h, i, j, k};
    for (size_t at = 0; at < sizeof given / sizeof *given; at++)
        if (given[at] != (long)at + 1)
            return NO_DEVICE;
    return 0;
}

int cuLaunchKernel(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j,
                   long k)
{
    return cuMemAlloc_v2(a, b, c, d, e, f, g, h, i, j, k);
}

int cuGetProcAddress(const char *name, void **found, int version, uint64_t flags)
{
    return cuGetProcAddress_v2(name, found, version, flags, NULL);
}

int cuGetProcAddress_v2(const char *name, void **found, int version, uint64_t flags, int *why)
{
    (void)flags;
    if (strcmp(name, "cuGetProcAddress") == 0)
        *found = version < WITH_WHY ? (void *)(uintptr_t)cuGetProcAddress
                                    : (void *)(uintptr_t)cuGetProcAddress_v2;
    else if (strcmp(name, "cuDriverGetVersion") == 0)
        *found = (void *)(uintptr_t)cuDriverGetVersion;
    else
        *found = (void *)(uintptr_t)cuMemAlloc_v2;
    if (why)
        *why = 0;
    return 0;
}
