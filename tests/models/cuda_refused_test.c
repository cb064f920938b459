/* What CUDA refuses, over the fake runtime of tests/simt: fatal and named where it was asked for,
 * or where there is no other way; in the default mode the next best way, the same text, and one
 * note that says which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/run.h"
#include "tests/fixtures/gpu_child.h"
#include "tests/fixtures/run.h"

#define MODEL   "mamba-a-bf16"
#define BINARY  TEST_SIMT "/" MODEL
#define WEIGHTS "build/cuda/" MODEL ".weights"
static const char binary[] = BINARY, weights[] = WEIGHTS;

/* A fault, and what is said about it. */
static const struct fault {
    const char *environment, *option, *words;
} FAULTS[] = {
    {"fail=cudaLaunchKernelExC:1:cudaErrorLaunchFailure", "-q",
     "operation EMBED of prefill, kernel embed_bf16_32x512x64_kernel: cudaLaunchKernelExC: "},
    {"fail=cudaFuncSetAttribute:1:cudaErrorInvalidValue", "-q", "operation "},
    {"fail=cudaStreamBeginCapture:1:cudaErrorStreamCaptureUnsupported", "--graph",
     "graph of 'decode': cudaStreamBeginCapture: "},
    {"fail=cudaStreamEndCapture:2:cudaErrorStreamCaptureInvalidated", "--loop",
     "graph of 'prefill': cudaStreamEndCapture: "},
    {"fail=cudaGraphInstantiate:3:cudaErrorInvalidValue", "--loop",
     "graph of 'head': cudaGraphInstantiate: "},
    {"fail=cudaGraphAddNode:1:cudaErrorInvalidValue", "--loop",
     "graph of 'loop': cudaGraphAddNode: "},
    {"refuse=early-loop", "--loop", "graph of 'loop': cudaGraphInstantiate: not supported"},
    {"refuse=early", "--graph", "graph of 'decode': cudaGraphInstantiate: not supported"},
    {"refuse=all", "--loop", "; --no-graph runs without graphs"},
    {"fail=cudaGraphLaunch:1:cudaErrorLaunchFailure", "--graph",
     "graph of 'sampler': cudaGraphLaunch"},
    {"fail=cudaGraphLaunch:2:cudaErrorLaunchFailure", "-q", "cudaGraphLaunch: "},
    {"failkernel=sampler_kernel:1:cudaErrorIllegalAddress", "-q", "generation: cudaStreamSync"},
    {"failkernel=sampler_kernel:2:cudaErrorIllegalAddress", "-q", "generation: cudaStreamQuery: "},
    {"fail=cublasLtMatmul:1:14", "-q", "operation IN_PROJ, gemm_bf16_32x256x64"},
};
enum { FAULT_COUNT = sizeof FAULTS / sizeof *FAULTS };

START_TEST(a_fault_is_fatal_and_named)
{
    gpu(FAULTS[_i].environment);
    assert_ends(CHILD(binary, "run", "-m", weights, "-n", "4", FAULTS[_i].option), 1,
                FAULTS[_i].words);
}
END_TEST

/* What is refused, what of the steps and of generation is said, and in which mode it then runs. */
static const struct way {
    const char *environment, *steps, *generation, *mode, *pdl;
} WAYS[] = {
    {"seed=1", NULL, NULL, "loop", "true"},
    {"refuse=early-loop", NULL, "generates as with --loop --no-pdl", "loop", "false"},
    {"refuse=loop", NULL, "generates as with --graph\n", "graph", "true"},
    {"refuse=early", "runs as with --no-pdl", NULL, "loop", "false"},
    {"refuse=early,refuse=loop", "runs as with --no-pdl", "generates as with --graph --no-pdl",
     "graph", "false"},
    {"refuse=all", "runs as with --no-graph --no-pdl", NULL, "no-graph", "false"},
    {"fail=cudaGraphConditionalHandleCreate:1:cudaErrorNotSupported", NULL,
     "graph of 'loop': cudaGraphConditionalHandleCreate: ", "loop", "false"},
    {"fail=cudaGraphAddNode:1:cudaErrorNotSupported", NULL,
     "graph of 'loop': cudaGraphAddNode: ", "loop", "false"},
    {"fail=cudaStreamBeginCaptureToGraph:1:cudaErrorNotSupported", NULL,
     "graph of 'loop': cudaStreamBeginCaptureToGraph: ", "loop", "false"},
    {"fail=cudaGraphUpload:4:cudaErrorMemoryAllocation", NULL,
     "graph of 'loop': cudaGraphUpload: ", "loop", "false"},
    {"fail=cudaGraphLaunch:1:cudaErrorNotSupported", NULL,
     "graph of 'loop': cudaGraphLaunch: ", "loop", "false"},
};
enum { WAY_COUNT = sizeof WAYS / sizeof *WAYS };

static u32 count(const char *text, const char *words)
{
    u32 found = 0;
    for (const char *at = text; (at = strstr(at, words)); at += strlen(words))
        found++;
    return found;
}

static void assert_notes(const struct way *way, const char *err)
{
    ck_assert_msg(count(err, "runs as with") == (way->steps != NULL) &&
                      count(err, "generates as with") == (way->generation != NULL),
                  "%s: %s", way->environment, err);
    ck_assert_msg(!way->steps || strstr(err, way->steps), "'%s': %s", way->steps, err);
    ck_assert_msg(!way->generation || strstr(err, way->generation), "'%s': %s", way->generation,
                  err);
}

static void assert_same_text(const struct way *way)
{
    static char want[CHILD_OUTPUT_BYTES + 1];
    gpu("");
    struct child *child = CHILD(binary, "run", "-q", "-m", weights, "-p", "Hello", "-n", "5",
                                "--ignore-eos", "--no-graph");
    assert_ends(child, 0, "");
    memcpy(want, child->out, child->out_bytes + 1);
    gpu(way->environment);
    child = CHILD(binary, "run", "-q", "-m", weights, "-p", "Hello", "-n", "5", "--ignore-eos");
    assert_ends(child, 0, "");
    ck_assert_str_eq(child->out, want);
    assert_notes(way, child->err);
}

static void assert_way(const struct way *way)
{
    char words[64];
    assert_same_text(way);
    struct child *child =
        CHILD(binary, "bench", "-q", "-m", weights, "-o", "json", "-n", "2", "-p", "4", "-r", "1");
    assert_ends(child, 0, "");
    assert_notes(way, child->err);
    snprintf(words, sizeof words, "\"mode\": \"%s\"", way->mode);
    ck_assert_msg(strstr(child->out, words), "%s is not in: %s", words, child->out);
    snprintf(words, sizeof words, "\"pdl\": %s", way->pdl);
    ck_assert_msg(strstr(child->out, words), "%s is not in: %s", words, child->out);
}

START_TEST(the_default_mode_finds_another_way)
{
    assert_way(&WAYS[_i]);
}
END_TEST

/* The first launch after those that make the steps ready: a program that only asks for the logits
 * of one chunk makes no others. */
START_TEST(a_launch_is_refused_in_the_loop)
{
    char environment[512], report[256];
    const char *ids = child_scratch("ids");
    FILE *file = fopen(ids, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(fprintf(file, "1 2 3"), 0);
    ck_assert_int_eq(fclose(file), 0);
    snprintf(report, sizeof report, "%s", child_scratch("report"));
    snprintf(environment, sizeof environment, "report=%s", report);
    gpu(environment);
    assert_ends(CHILD(binary, "logits", "-q", "-m", weights, "--ids", ids, "--digest"), 0, "");
    snprintf(environment, sizeof environment, "fail=cudaLaunchKernelExC:%ld:cudaErrorNotSupported",
             gpu_calls(report, "cudaLaunchKernelExC") + 1);
    assert_way(&(struct way){environment, NULL,
                             "graph of 'loop': operation TURN, kernel sampler_greedy_kernel: "
                             "cudaLaunchKernelExC: ",
                             "loop", "false"});
}
END_TEST

int main(void)
{
    if (access(BINARY, X_OK)) {
        printf("skip: cuda_refused_test (%s was not built: no CUDA headers)\n", BINARY);
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("cuda_refused");
    TCase *cases = tcase_create("refused");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, a_fault_is_fatal_and_named, 0, FAULT_COUNT);
    tcase_add_loop_test(cases, the_default_mode_finds_another_way, 0, WAY_COUNT);
    tcase_add_test(cases, a_launch_is_refused_in_the_loop);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
