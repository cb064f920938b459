/* A library with the functions of NVML that runtime/engine/cuda/nvml.c calls, for a GPU that is not
 * there. FAKE_NVML_FAILS, when it is compiled, is the function that fails. */
#include <stdio.h>
#include <string.h>

#ifndef FAKE_NVML_FAILS
#define FAKE_NVML_FAILS ""
#endif

enum { NOT_SUPPORTED = 3, NOT_FOUND = 6 };
static int device;

static int result(const char *function)
{
    return strcmp(function, FAKE_NVML_FAILS) == 0 ? NOT_SUPPORTED : 0;
}

const char *nvmlErrorString(int code);
int nvmlInit_v2(void);
int nvmlSystemGetDriverVersion(char *version, unsigned bytes);
int nvmlSystemGetCudaDriverVersion_v2(int *version);
int nvmlDeviceGetHandleByPciBusId_v2(const char *address, void **found);
int nvmlDeviceGetClockInfo(void *of, int kind, unsigned *megahertz);
int nvmlDeviceGetMaxClockInfo(void *of, int kind, unsigned *megahertz);
int nvmlDeviceGetCurrentClocksThrottleReasons(void *of, unsigned long long *reasons);
int nvmlDeviceGetTemperature(void *of, int sensor, unsigned *celsius);

const char *nvmlErrorString(int code)
{
    return code == NOT_FOUND ? "Not Found" : "Not Supported";
}

int nvmlInit_v2(void)
{
    return result("init");
}

int nvmlSystemGetDriverVersion(char *version, unsigned bytes)
{
    snprintf(version, bytes, "580.95.05");
    return result("driver");
}

int nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    *version = 13020;
    return result("cuda");
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *address, void **found)
{
    *found = &device;
    return strcmp(address, "00000000:3B:00.0") == 0 ? 0 : NOT_FOUND;
}

int nvmlDeviceGetClockInfo(void *of, int kind, unsigned *megahertz)
{
    *megahertz = of == &device ? (kind == 1 ? 1755 : 3201) : 0;
    return result("clock");
}

int nvmlDeviceGetMaxClockInfo(void *of, int kind, unsigned *megahertz)
{
    *megahertz = of == &device && kind == 1 ? 1980 : 0;
    return 0;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *of, unsigned long long *reasons)
{
    *reasons = of == &device ? 0x24 : 0;
    return 0;
}

int nvmlDeviceGetTemperature(void *of, int sensor, unsigned *celsius)
{
    *celsius = of == &device && sensor == 0 ? 61 : 0;
    return result("temperature");
}
