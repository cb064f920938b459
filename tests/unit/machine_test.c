/* Limits of memory and processors, read from made-up machines: folders in the place of /. */
#include "runtime/base/machine.h"
#include "tests/fixtures/made_machine.h"
#include "tests/fixtures/run.h"

#define ROOT TEST_DIR "/machine"
#define MB   "000000"
enum { MEGABYTE = 1000000 };

static void put(const char *name, const char *text)
{
    made_machine_put(ROOT, name, text);
}

/* A machine with 8 GB available, whose cgroups are as these two files say. */
static void machine(const char *cgroup, const char *mountinfo)
{
    made_machine_clear(ROOT);
    put("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 kB\n"
                         "MemAvailable:    8000000 kB\nBuffers:          500000 kB\n");
    put("/proc/self/cgroup", cgroup);
    put("/proc/self/mountinfo", mountinfo);
}

#define V2_MOUNT                                                                                   \
    "22 28 0:21 / /proc rw,relatime shared:13 - proc proc rw\n"                                    \
    "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"

static uint64_t megabytes(void)
{
    return machine_memory(ROOT) / MEGABYTE;
}

START_TEST(without_cgroups_the_machine_alone_counts)
{
    machine("", "22 28 0:21 / /proc rw,relatime - proc proc rw\n");
    ck_assert_uint_eq(machine_memory(ROOT), UINT64_C(8192000000));
    ck_assert_uint_eq(machine_processors(ROOT), UINT32_MAX);
    ck_assert_uint_eq(machine_memory(ROOT "/nowhere"), UINT64_MAX);
    ck_assert_uint_eq(machine_processors(ROOT "/nowhere"), UINT32_MAX);
}
END_TEST

START_TEST(the_smallest_of_all_ancestors_counts)
{
    machine("0::/app.slice/job/step\n", V2_MOUNT);
    put("/sys/fs/cgroup/app.slice/job/step/memory.max", "max\n");
    put("/sys/fs/cgroup/app.slice/job/step/memory.current", "100" MB "\n");
    ck_assert_uint_eq(megabytes(), 8192);
    put("/sys/fs/cgroup/app.slice/job/memory.max", "500" MB "\n");
    put("/sys/fs/cgroup/app.slice/job/memory.current", "120" MB "\n");
    ck_assert_uint_eq(megabytes(), 380);
    put("/sys/fs/cgroup/app.slice/memory.max", "2000" MB "\n");
    put("/sys/fs/cgroup/app.slice/memory.current", "1900" MB "\n");
    ck_assert_uint_eq(megabytes(), 100);
    put("/sys/fs/cgroup/memory.max", "700" MB "\n"); /* the folder that is mounted counts, too */
    put("/sys/fs/cgroup/memory.current", "650" MB "\n");
    ck_assert_uint_eq(megabytes(), 50);
    put("/sys/fs/cgroup/app.slice/job/step/memory.max", "90" MB "\n"); /* lowered below its use */
    ck_assert_uint_eq(megabytes(), 0);
}
END_TEST

START_TEST(writer_cache_is_not_used_memory)
{
    machine("0::/job\n", V2_MOUNT);
    put("/sys/fs/cgroup/job/memory.max", "1000" MB "\n");
    put("/sys/fs/cgroup/job/memory.current", "990" MB "\n");
    ck_assert_uint_eq(megabytes(), 10);
    put("/sys/fs/cgroup/job/memory.stat",
        "anon 40" MB "\nfile 950" MB "\nshmem 50" MB "\ninactive_anon 1\nactive_anon 2\n"
        "inactive_file 600" MB "\nactive_file 300" MB "\nslab_reclaimable 20" MB "\n");
    ck_assert_uint_eq(megabytes(), 930);
    put("/sys/fs/cgroup/job/memory.current", "800" MB "\n"); /* read at another moment */
    ck_assert_uint_eq(megabytes(), 1000);
}
END_TEST

START_TEST(what_makes_allocations_wait_is_a_limit)
{
    machine("0::/job\n", V2_MOUNT);
    put("/sys/fs/cgroup/job/memory.max", "max\n");
    put("/sys/fs/cgroup/job/memory.high", "300" MB "\n");
    put("/sys/fs/cgroup/job/memory.current", "100" MB "\n");
    ck_assert_uint_eq(megabytes(), 200);
}
END_TEST

/* As Docker without a namespace: the host's path, and the container's folder mounted. */
START_TEST(version_1_in_a_container)
{
    machine("5:cpu,cpuacct:/docker/1f3a\n4:memory:/docker/1f3a/inner\n1:name=systemd:/\n0::/\n",
            "30 29 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
            "33 30 0:31 /docker/1f3a /sys/fs/cgroup/memory ro master:12 - cgroup cgroup rw,memory\n"
            "34 30 0:32 /docker/1f3a /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
            "35 30 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    ck_assert_uint_eq(megabytes(), 8192);
    put("/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/inner/memory.usage_in_bytes", "200" MB "\n");
    put("/sys/fs/cgroup/memory/inner/memory.stat",
        "inactive_file 1\nhierarchical_memory_limit 9223372036854771712\n"
        "total_inactive_file 30" MB "\ntotal_active_file 20" MB "\n");
    ck_assert_uint_eq(megabytes(), 8192);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "400" MB "\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "310" MB "\n");
    ck_assert_uint_eq(megabytes(), 90);
    put("/sys/fs/cgroup/memory/inner/memory.stat", /* of an ancestor that is not to be seen */
        "hierarchical_memory_limit 210" MB "\ntotal_inactive_file 30" MB "\n");
    ck_assert_uint_eq(megabytes(), 40);
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(machine_processors(ROOT), UINT32_MAX);
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
    ck_assert_uint_eq(machine_processors(ROOT), 2);
}
END_TEST

START_TEST(a_path_of_another_namespace_means_the_mounted_folder)
{
    static const char *const paths[] = {"0::/../sibling\n", "0::/elsewhere\n", "0::/box2/job\n"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        machine(paths[i], "31 24 0:27 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        put("/sys/fs/cgroup/memory.max", "60" MB "\n");
        put("/sys/fs/cgroup/2/job/memory.max", "50" MB "\n");
        ck_assert_uint_eq(megabytes(), 60);
    }
    machine("0::/../sibling\n", V2_MOUNT);
    put("/sys/fs/sibling/memory.max", "10" MB "\n");
    put("/sys/fs/cgroup/memory.max", "60" MB "\n");
    ck_assert_uint_eq(megabytes(), 60);
}
END_TEST

START_TEST(mount_points_have_escapes)
{
    machine("0::/job\n", "31 24 0:27 / /my\\040groups rw - cgroup2 none rw\n");
    put("/my groups/job/memory.max", "70" MB "\n");
    ck_assert_uint_eq(megabytes(), 70);
}
END_TEST

START_TEST(a_quota_is_rounded_down_to_whole_processors)
{
    static const struct {
        const char *text;
        uint32_t processors;
    } cases[] = {{"max 100000\n", UINT32_MAX},
                 {"50000 100000\n", 1},
                 {"100000 100000\n", 1},
                 {"190000 100000\n", 1},
                 {"200000 100000\n", 2},
                 {"3200000 100000\n", 32},
                 {"", UINT32_MAX},
                 {"100000\n", UINT32_MAX},
                 {"1 0\n", UINT32_MAX}};
    machine("0::/pod/job\n", V2_MOUNT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("/sys/fs/cgroup/pod/job/cpu.max", cases[i].text);
        ck_assert_uint_eq(machine_processors(ROOT), cases[i].processors);
    }
    put("/sys/fs/cgroup/pod/job/cpu.max", "3200000 100000\n");
    put("/sys/fs/cgroup/pod/cpu.max", "400000 100000\n");
    ck_assert_uint_eq(machine_processors(ROOT), 4);
}
END_TEST

START_TEST(fields_stand_at_the_start_of_a_line)
{
    machine("", "");
    put("/fields", "total_file 1\nfile_mapped 2\nfile 3\nlast: 4");
    ck_assert_uint_eq(machine_field(ROOT "/fields", "file", 9), 3);
    ck_assert_uint_eq(machine_field(ROOT "/fields", "last:", 9), 4);
    ck_assert_uint_eq(machine_field(ROOT "/fields", "apped", 9), 9);
    ck_assert_uint_eq(machine_field(ROOT "/no-file", "file", 9), 9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("machine");
    TCase *tests = tcase_create("machine");
    tcase_add_test(tests, without_cgroups_the_machine_alone_counts);
    tcase_add_test(tests, the_smallest_of_all_ancestors_counts);
    tcase_add_test(tests, writer_cache_is_not_used_memory);
    tcase_add_test(tests, what_makes_allocations_wait_is_a_limit);
    tcase_add_test(tests, version_1_in_a_container);
    tcase_add_test(tests, a_path_of_another_namespace_means_the_mounted_folder);
    tcase_add_test(tests, mount_points_have_escapes);
    tcase_add_test(tests, a_quota_is_rounded_down_to_whole_processors);
    tcase_add_test(tests, fields_stand_at_the_start_of_a_line);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
