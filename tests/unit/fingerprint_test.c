/* What the record says of the machine: read from made-up ones, and what is missing from them. */
#include <string.h>

#include "runtime/measure/fingerprint.h"
#include "tests/fixtures/made_machine.h"
#include "tests/fixtures/run.h"

#define ROOT TEST_DIR "/fingerprint"

static struct fingerprint fingerprint;

static const struct fact *fact(const char *name)
{
    for (u32 i = 0; i < fingerprint.count; i++)
        if (strcmp(fingerprint.facts[i].name, name) == 0)
            return &fingerprint.facts[i];
    ck_abort_msg("no fact %s", name);
}

static void text_is(const char *name, const char *text)
{
    ck_assert_int_eq(fact(name)->kind, FACT_TEXT);
    ck_assert_str_eq(fact(name)->text, text);
}

static void number_is(const char *name, double number)
{
    ck_assert_msg(fact(name)->kind == FACT_NUMBER, "%s: %s", name, fact(name)->text);
    ck_assert(fact(name)->number == number);
}

static void is_absent(const char *name, const char *why)
{
    ck_assert_int_eq(fact(name)->kind, FACT_ABSENT);
    ck_assert_str_eq(fact(name)->text, why);
}

START_TEST(a_machine_is_read)
{
    made_machine_clear(ROOT);
    made_machine_put(ROOT, "/proc/cpuinfo",
                     "processor\t: 0\nmodel name\t: Some  CPU @ 3 GHz \n"
                     "cpu MHz\t\t: 2596.125\nflags\t\t: fpu\n\nprocessor\t: 1\n"
                     "model name\t: Another\n");
    made_machine_put(ROOT, "/proc/meminfo",
                     "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n");
    made_machine_put(ROOT, "/proc/loadavg", "0.75 0.20 0.10 1/99 1234\n");
    made_machine_put(ROOT, "/proc/sys/kernel/osrelease", "6.8.0-45-generic\n");
    made_machine_put(ROOT, "/proc/self/cgroup", "0::/job\n");
    made_machine_put(ROOT, "/proc/self/mountinfo",
                     "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
    made_machine_put(ROOT, "/sys/fs/cgroup/job/cpu.max", "350000 100000\n");
    made_machine_put(ROOT, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                     "performance\n");
    made_machine_put(ROOT, "/sys/kernel/mm/transparent_hugepage/enabled",
                     "always [madvise] never\n");
    fingerprint_read(&fingerprint, 12, ROOT);
    text_is("processor", "Some  CPU @ 3 GHz");
    number_is("clock_hz", 2596125000);
    number_is("memory_bytes", 16384000000);
    number_is("memory_available_bytes", 8192000000);
    number_is("container_processors", 3);
    number_is("load", 0.75);
    number_is("processors", 12);
    text_is("kernel", "6.8.0-45-generic");
    text_is("governor", "performance");
    text_is("huge_pages", "madvise");
    ck_assert_uint_ne(fingerprint.binary_digest, 0);
}
END_TEST

START_TEST(an_aarch64_machine_has_numbers_and_a_driver_of_the_frequency)
{
    made_machine_clear(ROOT);
    made_machine_put(ROOT, "/proc/cpuinfo",
                     "processor\t: 0\nBogoMIPS\t: 2000.00\n"
                     "CPU implementer\t: 0x41\nCPU part\t: 0xd4f\n");
    made_machine_put(ROOT, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3200000\n");
    fingerprint_read(&fingerprint, 12, ROOT);
    text_is("processor", "implementer 0x41, part 0xd4f");
    number_is("clock_hz", 3200000000);
}
END_TEST

START_TEST(what_is_not_there_is_absent_with_the_reason)
{
    made_machine_clear(ROOT);
    made_machine_put(ROOT, "/proc/meminfo", "MemFree: 5 kB\nMemTotal:\n");
    fingerprint_read(&fingerprint, 12, ROOT);
    is_absent("processor", "/proc/cpuinfo: neither 'model name' nor 'CPU part'");
    is_absent("governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor: No such file or "
                          "directory");
    is_absent("clock_hz", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq: No such file or "
                          "directory");
    is_absent("memory_bytes", "/proc/meminfo: no 'MemTotal'");
    is_absent("memory_available_bytes", "no MemAvailable and no cgroup's limit");
    is_absent("container_processors", "no cgroup has a quota of processors");
    is_absent("huge_pages", "/sys/kernel/mm/transparent_hugepage/enabled: No such file or "
                            "directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fingerprint");
    TCase *fingerprint_case = tcase_create("fingerprint");
    tcase_add_test(fingerprint_case, a_machine_is_read);
    tcase_add_test(fingerprint_case, an_aarch64_machine_has_numbers_and_a_driver_of_the_frequency);
    tcase_add_test(fingerprint_case, what_is_not_there_is_absent_with_the_reason);
    suite_add_tcase(suite, fingerprint_case);
    return tests_run(suite);
}
