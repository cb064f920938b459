/* `auto` memory as a user meets it, over the fake CUDA runtime of tests/simt: which kind a run
 * takes, what it and `info` say about it, and that the text is the same. A call that allocates
 * after sealing ends a binary with code 99. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/gpu_child.h"
#include "tests/fixtures/run.h"

#define MODEL   "mamba-a-bf16"
#define BINARY  TEST_SIMT "/" MODEL
#define WEIGHTS "build/cuda/" MODEL ".weights"
static const char binary[] = BINARY, weights[] = WEIGHTS;

#define MEASURED ": the GPU reads unified memory at "
#define BY_RULE  " by rule, not measured: "

/* What there is or is refused, of which kind the arenas then are, and what is said. */
static const struct choice {
    const char *environment, *kind, *words;
} CHOICES[] = {
    {"device=gb10", "unified", "unified" MEASURED},
    {"device=gb10,managed=98", "unified", "unified" MEASURED},
    {"device=gb10,managed=60", "device", "device" MEASURED},
    {"device=gb10,managed=60,fail=cudaMallocManaged:1:cudaErrorMemoryAllocation", "unified",
     "unified" BY_RULE "cudaMallocManaged: out of memory (fake) (cudaErrorMemoryAllocation)\n"},
    {"device=gb10,managed=60,fail=cudaLaunchKernelExC:1:cudaErrorInvalidValue", "unified",
     "unified" BY_RULE "probe_read_kernel: cudaLaunchKernelExC: invalid argument (fake) "},
    {"device=gb10,managed=60,fail=cudaFree:3:cudaErrorInvalidValue", "unified",
     "unified" BY_RULE "cudaFree: invalid argument (fake) "},
};
enum { CHOICE_COUNT = sizeof CHOICES / sizeof *CHOICES };

static void assert_words(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words), "'%s' is not in: %s", words, text);
}

START_TEST(a_run_takes_the_kind_and_says_why)
{
    const struct choice *choice = &CHOICES[_i];
    char kind[32], words[256];
    static char want[CHILD_OUTPUT_BYTES + 1];
    gpu("device=h200");
    struct child *child =
        CHILD(binary, "run", "-m", weights, "-p", "Hello", "-n", "3", "--ignore-eos");
    assert_ends(child, 0, "(device)");
    ck_assert_msg(!strstr(child->err, "'auto'"), "%s", child->err);
    memcpy(want, child->out, child->out_bytes + 1);
    gpu(choice->environment);
    child = CHILD(binary, "run", "-m", weights, "-p", "Hello", "-n", "3", "--ignore-eos");
    snprintf(kind, sizeof kind, "kB (%s), ", choice->kind);
    assert_ends(child, 0, kind);
    snprintf(words, sizeof words, ": memory 'auto' is %s", choice->words);
    assert_words(child->err, words);
    ck_assert_str_eq(child->out, want);
}
END_TEST

START_TEST(a_quiet_run_says_nothing)
{
    gpu("device=gb10");
    struct child *child = CHILD(binary, "run", "-q", "-m", weights, "-p", "Hello", "-n", "1");
    assert_ends(child, 0, "");
    ck_assert_str_eq(child->err, "");
}
END_TEST

static const struct choice INFOS[] = {
    {"device=gb10", NULL, "unified" MEASURED},
    {"device=gb10,managed=60", NULL, "device" MEASURED},
    {"device=gb10,fail=cudaMemAdvise:1:cudaErrorNotSupported", NULL,
     "unified" BY_RULE "cudaMemAdvise: not supported (fake) "},
    {"device=h200", NULL, "device: the GPU has its own memory"},
    {"device=tegra", NULL, "device: the GPU cannot prefetch unified memory"},
    {"device=none", NULL, "as fast as device memory, else device; here is none: no CUDA-capable"},
    {"fail=cudaGetDeviceProperties:1:cudaErrorUnknown", NULL, "else device; here is none: "},
};
enum { INFO_COUNT = sizeof INFOS / sizeof *INFOS };

START_TEST(info_says_what_a_run_would_find)
{
    char environment[512], line[512];
    const char *report = child_scratch("report");
    snprintf(environment, sizeof environment, "%s,report=%s", INFOS[_i].environment, report);
    gpu(environment);
    struct child *child = CHILD(binary, "info", "-m", weights);
    assert_ends(child, 0, "");
    assert_words(child->out, "\nmemory 'auto': ");
    assert_words(child->out, INFOS[_i].words);
    FILE *file = fopen(report, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        ck_assert_msg(strncmp(line, "leak ", 5) != 0, "%s", line);
    ck_assert_int_eq(fclose(file), 0);
    child = CHILD(binary, "info", "-m", weights, "--json");
    assert_ends(child, 0, "");
    assert_words(child->out, "\"auto\": \"");
    assert_words(child->out, INFOS[_i].words);
}
END_TEST

int main(void)
{
    if (access(BINARY, X_OK)) {
        printf("skip: cuda_memory_test (%s was not built: no CUDA headers)\n", BINARY);
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("cuda_memory");
    TCase *cases = tcase_create("auto");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, a_run_takes_the_kind_and_says_why, 0, CHOICE_COUNT);
    tcase_add_test(cases, a_quiet_run_says_nothing);
    tcase_add_loop_test(cases, info_says_what_a_run_would_find, 0, INFO_COUNT);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
