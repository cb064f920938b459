#include "runtime/engine/cuda/nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The library's interface (NVML API Reference, "NvmlDeviceQueries"), which NVIDIA keeps stable: a
 * function that changed has a new name. Every function returns 0 on success. */
enum { CLOCK_SM = 1, CLOCK_MEMORY = 2, SENSOR_GPU = 0, NVML_SUCCESS = 0 };
typedef void *nvml_device;

static struct {
    void *library;
    const char *(*error)(int code);
    int (*init)(void);
    int (*driver)(char *version, unsigned bytes);
    int (*cuda)(int *version);
    int (*device)(const char *address, nvml_device *device);
    int (*clock)(nvml_device device, int kind, unsigned *megahertz);
    int (*most_clock)(nvml_device device, int kind, unsigned *megahertz);
    int (*throttle)(nvml_device device, unsigned long long *reasons);
    int (*temperature)(nvml_device device, int sensor, unsigned *celsius);
} nvml;

/* The bits of nvmlDeviceGetCurrentClocksThrottleReasons(). */
static const struct {
    unsigned long long bit;
    const char *name;
} reasons[] = {{0x1, "idle"},
               {0x2, "application clocks"},
               {0x4, "power cap"},
               {0x8, "hardware slowdown"},
               {0x10, "sync boost"},
               {0x20, "software thermal"},
               {0x40, "hardware thermal"},
               {0x80, "power brake"},
               {0x100, "display clocks"}};

static void name_reasons(unsigned long long bits, char *text, size_t room)
{
    size_t used = 0;
    snprintf(text, room, "none");
    for (u32 i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if ((bits & reasons[i].bit) != 0 && used < room)
            used += (size_t)snprintf(text + used, room - used, "%s%s", used > 0 ? ", " : "",
                                     reasons[i].name);
}

/* A function of the library under its name; false if it is not there. */
static bool find(const char *name, void *function)
{
    void *found = dlsym(nvml.library, name);
    memcpy(function, &found, sizeof found); /* ISO C has no cast from data to functions */
    return found != NULL;
}

static bool load(const char *library, struct gpu_reading *reading)
{
    if (nvml.library != NULL)
        return true;
    nvml.library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (nvml.library == NULL) {
        snprintf(reading->absent, sizeof reading->absent, "%s", dlerror());
        return false;
    }
    if (find("nvmlErrorString", &nvml.error) && find("nvmlInit_v2", &nvml.init) &&
        find("nvmlSystemGetDriverVersion", &nvml.driver) &&
        find("nvmlSystemGetCudaDriverVersion_v2", &nvml.cuda) &&
        find("nvmlDeviceGetHandleByPciBusId_v2", &nvml.device) &&
        find("nvmlDeviceGetClockInfo", &nvml.clock) &&
        find("nvmlDeviceGetMaxClockInfo", &nvml.most_clock) &&
        find("nvmlDeviceGetCurrentClocksThrottleReasons", &nvml.throttle) &&
        find("nvmlDeviceGetTemperature", &nvml.temperature)) {
        const int code = nvml.init();
        if (code == NVML_SUCCESS)
            return true;
        snprintf(reading->absent, sizeof reading->absent, "%s: nvmlInit_v2: %s", library,
                 nvml.error(code));
    } else {
        snprintf(reading->absent, sizeof reading->absent, "%s: %s", library, dlerror());
    }
    dlclose(nvml.library);
    nvml.library = NULL;
    return false;
}

/* Notes the first call that failed. */
static bool worked(int code, const char *what, struct gpu_reading *reading)
{
    if (code != NVML_SUCCESS && reading->absent[0] == '\0')
        snprintf(reading->absent, sizeof reading->absent, "NVML, %s: %s", what, nvml.error(code));
    return code == NVML_SUCCESS;
}

void nvml_read(const char *library, const char *address, struct gpu_reading *reading)
{
    nvml_device device;
    unsigned value;
    int version;
    unsigned long long bits;
    memset(reading, 0, sizeof *reading);
    reading->clock_hz = reading->memory_clock_hz = (double)NAN;
    reading->most_clock_hz = reading->temperature = (double)NAN;
    if (!load(library, reading))
        return;
    if (!worked(nvml.driver(reading->driver, sizeof reading->driver), "driver", reading))
        reading->driver[0] = '\0';
    if (worked(nvml.cuda(&version), "cuda", reading))
        snprintf(reading->cuda, sizeof reading->cuda, "%d.%d", version / 1000, version % 1000 / 10);
    if (!worked(nvml.device(address, &device), address, reading))
        return;
    if (worked(nvml.clock(device, CLOCK_SM, &value), "clock", reading))
        reading->clock_hz = 1e6 * value;
    if (worked(nvml.clock(device, CLOCK_MEMORY, &value), "memory clock", reading))
        reading->memory_clock_hz = 1e6 * value;
    if (worked(nvml.most_clock(device, CLOCK_SM, &value), "highest clock", reading))
        reading->most_clock_hz = 1e6 * value;
    if (worked(nvml.throttle(device, &bits), "throttle", reading))
        name_reasons(bits, reading->throttle, sizeof reading->throttle);
    if (worked(nvml.temperature(device, SENSOR_GPU, &value), "temperature", reading))
        reading->temperature = value;
}
