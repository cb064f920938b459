#include "runtime/measure/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/die.h"
#include "runtime/base/digest.h"
#include "runtime/base/machine.h"

#ifndef BUILD_FLAGS /* outside of a model's binary */
#define BUILD_FLAGS ""
#endif

const char fingerprint_version[] = "0.1";

enum { PATH_BYTES = 4096 };

static struct fact *add(struct fingerprint *fingerprint, const char *name)
{
    if (fingerprint->count == FINGERPRINT_FACTS)
        die(EXIT_FAILED, "internal error: more than %d facts", FINGERPRINT_FACTS);
    struct fact *fact = &fingerprint->facts[fingerprint->count++];
    *fact = (struct fact){.name = name};
    return fact;
}

static void add_number(struct fingerprint *fingerprint, const char *name, double number)
{
    struct fact *fact = add(fingerprint, name);
    fact->kind = FACT_NUMBER;
    fact->number = number;
}

static void add_text(struct fingerprint *fingerprint, const char *name, const char *text)
{
    struct fact *fact = add(fingerprint, name);
    fact->kind = FACT_TEXT;
    snprintf(fact->text, sizeof fact->text, "%s", text);
}

__attribute__((format(printf, 3, 4))) static void add_absent(struct fingerprint *fingerprint,
                                                             const char *name, const char *why, ...)
{
    struct fact *fact = add(fingerprint, name);
    fact->kind = FACT_ABSENT;
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(fact->text, sizeof fact->text, why, arguments);
    va_end(arguments);
}

/* What stands behind `key` in a file below `root`, as machine_text() finds it; else a fact says
 * that and why it is absent. */
static bool read_or_absent(struct fingerprint *fingerprint, const char *root, const char *name,
                           const char *file, const char *key, char *text, size_t room)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s", root, file);
    if (machine_text(path, key, text, room))
        return true;
    const int reason = errno;
    if (reason != 0)
        add_absent(fingerprint, name, "%s: %s", file, strerror(reason));
    else
        add_absent(fingerprint, name, "%s: no '%s'", file, key);
    return false;
}

static void read_text(struct fingerprint *fingerprint, const char *root, const char *name,
                      const char *file, const char *key)
{
    char text[160];
    if (read_or_absent(fingerprint, root, name, file, key, text, sizeof text))
        add_text(fingerprint, name, text);
}

static void read_number(struct fingerprint *fingerprint, const char *root, const char *name,
                        const char *file, const char *key, double scale)
{
    char text[160];
    if (read_or_absent(fingerprint, root, name, file, key, text, sizeof text))
        add_number(fingerprint, name, scale * strtod(text, NULL));
}

/* x86 names its processor; aarch64 has numbers (of the vendor, and of his part). */
static void read_processor(struct fingerprint *fingerprint, const char *root)
{
    static const char file[] = "/proc/cpuinfo";
    char path[PATH_BYTES], vendor[64], part[64], text[160];
    snprintf(path, sizeof path, "%s%s", root, file);
    if (machine_text(path, "model name", text, sizeof text))
        add_text(fingerprint, "processor", text);
    else if (machine_text(path, "CPU implementer", vendor, sizeof vendor) &&
             machine_text(path, "CPU part", part, sizeof part)) {
        snprintf(text, sizeof text, "implementer %s, part %s", vendor, part);
        add_text(fingerprint, "processor", text);
    } else {
        add_absent(fingerprint, "processor", "%s: neither 'model name' nor 'CPU part'", file);
    }
}

/* As it runs now: the kernel's estimate, or what the driver of the frequency says. */
static void read_clock(struct fingerprint *fingerprint, const char *root)
{
    static const char file[] = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq";
    char path[PATH_BYTES], text[64];
    snprintf(path, sizeof path, "%s/proc/cpuinfo", root);
    if (machine_text(path, "cpu MHz", text, sizeof text))
        add_number(fingerprint, "clock_hz", 1e6 * strtod(text, NULL));
    else
        read_number(fingerprint, root, "clock_hz", file, "", 1e3);
}

/* "always [madvise] never": the word in brackets. */
static void read_huge_pages(struct fingerprint *fingerprint, const char *root)
{
    char text[160];
    if (!read_or_absent(fingerprint, root, "huge_pages",
                        "/sys/kernel/mm/transparent_hugepage/enabled", "", text, sizeof text))
        return;
    char *word = strchr(text, '[');
    word = word != NULL ? word + 1 : text;
    word[strcspn(word, "]")] = '\0';
    add_text(fingerprint, "huge_pages", word);
}

/* What the process's cgroups leave it. */
static void read_container(struct fingerprint *fingerprint, const char *root)
{
    const uint64_t memory = machine_memory(root);
    const u32 quota = machine_processors(root);
    if (memory < UINT64_MAX)
        add_number(fingerprint, "memory_available_bytes", (double)memory);
    else
        add_absent(fingerprint, "memory_available_bytes", "no MemAvailable and no cgroup's limit");
    if (quota < UINT32_MAX)
        add_number(fingerprint, "container_processors", quota);
    else
        add_absent(fingerprint, "container_processors", "no cgroup has a quota of processors");
}

static void add_reading(struct fingerprint *fingerprint, const char *name, double number,
                        const char *why)
{
    if (isfinite(number))
        add_number(fingerprint, name, number);
    else
        add_absent(fingerprint, name, "%s", why);
}

static void read_gpu(struct fingerprint *fingerprint)
{
    struct gpu_reading gpu;
    if (!backend_gpu(&gpu))
        return;
    const struct {
        const char *name, *text;
    } texts[] = {{"driver", gpu.driver}, {"cuda", gpu.cuda}, {"throttle", gpu.throttle}};
    add_text(fingerprint, "device", backend_device());
    for (u32 i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text[0] != '\0')
            add_text(fingerprint, texts[i].name, texts[i].text);
        else
            add_absent(fingerprint, texts[i].name, "%s", gpu.absent);
    add_reading(fingerprint, "gpu_clock_hz", gpu.clock_hz, gpu.absent);
    add_reading(fingerprint, "gpu_most_clock_hz", gpu.most_clock_hz, gpu.absent);
    add_reading(fingerprint, "gpu_memory_clock_hz", gpu.memory_clock_hz, gpu.absent);
    add_reading(fingerprint, "temperature", gpu.temperature, gpu.absent);
}

static uint64_t digest_of_binary(void)
{
    static char piece[1 << 16];
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    ssize_t got = -1;
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    while (file >= 0 && (got = read(file, piece, sizeof piece)) > 0)
        XXH3_64bits_update(&state, piece, (size_t)got);
    if (file >= 0)
        close(file);
    return got == 0 ? XXH3_64bits_digest(&state) : 0;
}

void fingerprint_read(struct fingerprint *fingerprint, u32 processors, const char *root)
{
    fingerprint->count = 0;
    read_processor(fingerprint, root);
    add_number(fingerprint, "processors", processors);
    read_text(fingerprint, root, "governor",
              "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "");
    read_clock(fingerprint, root);
    read_number(fingerprint, root, "load", "/proc/loadavg", "", 1);
    read_text(fingerprint, root, "kernel", "/proc/sys/kernel/osrelease", "");
    read_number(fingerprint, root, "memory_bytes", "/proc/meminfo", "MemTotal", 1024);
    read_huge_pages(fingerprint, root);
    read_container(fingerprint, root);
    read_gpu(fingerprint);
    fingerprint->binary_digest = digest_of_binary();
}

static void write_facts(struct json *json, const struct fingerprint *fingerprint)
{
    for (u32 i = 0; i < fingerprint->count; i++) {
        const struct fact *fact = &fingerprint->facts[i];
        if (fact->kind == FACT_NUMBER)
            json_add_real(json, fact->name, fact->number);
        else if (fact->kind == FACT_TEXT)
            json_add_string(json, fact->name, fact->text);
        else
            json_add_null(json, fact->name);
    }
    json_open(json, "absent", '{');
    for (u32 i = 0; i < fingerprint->count; i++)
        if (fingerprint->facts[i].kind == FACT_ABSENT)
            json_add_string(json, fingerprint->facts[i].name, fingerprint->facts[i].text);
    json_close(json, '}');
}

void fingerprint_write(struct json *json, const struct fingerprint *fingerprint)
{
    char digest[24];
    snprintf(digest, sizeof digest, "%016" PRIx64, fingerprint->binary_digest);
    json_open(json, "machine", '{');
    write_facts(json, fingerprint);
    json_close(json, '}');
    json_open(json, "build", '{');
#ifdef __clang__
    json_add_string(json, "compiler", __VERSION__);
#else
    json_add_string(json, "compiler", "gcc " __VERSION__);
#endif
    json_add_string(json, "flags", BUILD_FLAGS);
    json_add_string(json, "isa", backend_targets());
    json_add_string(json, "backend", backend_name);
    if (fingerprint->binary_digest != 0)
        json_add_string(json, "binary_digest", digest);
    else
        json_add_null(json, "binary_digest");
    json_close(json, '}');
}

void fingerprint_write_after(struct json *json, const struct gpu_reading *gpu)
{
    json_open(json, "gpu_after", '{');
    if (gpu->throttle[0] != '\0')
        json_add_string(json, "throttle", gpu->throttle);
    else
        json_add_null(json, "throttle");
    json_add_real(json, "gpu_clock_hz", gpu->clock_hz);
    json_add_real(json, "temperature", gpu->temperature);
    json_close(json, '}');
}
