/* The CUDA backend as a user meets it, without a GPU: whole tiny models over the fake CUDA runtime
 * and the interpreter of tests/simt, which look at every call and every access. A binary in which
 * they find anything, such as an allocation after sealing, ends with code 99.
 *
 * FAKE_CUDA (tests/simt/fake_cuda.h) says which GPU there is and what goes wrong. */
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engine/cuda/device.h"
#include "tests/fixtures/gpu_child.h"
#include "tests/fixtures/run.h"

#define MODEL   "mamba-a-bf16"
#define BINARY  TEST_SIMT "/" MODEL
#define WEIGHTS "build/cuda/" MODEL ".weights"
static const char binary[] = BINARY, weights[] = WEIGHTS, f32_binary[] = TEST_SIMT "/mamba-a-f32";

/* One that remembers in a state of fixed size, one with a cache of 400 positions, and one whose
 * tokens go through experts of their own choice. */
static const struct {
    const char *binary, *weights;
} KINDS[] = {
    {BINARY, WEIGHTS},
    {TEST_SIMT "/llama-a-f16", "build/cuda/llama-a-f16.weights"},
    {TEST_SIMT "/mixtral-a-bf16", "build/cuda/mixtral-a-bf16.weights"},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* ---- what cannot be -------------------------------------------------------------------------- */

static const struct {
    const char *targets;
    int major, minor;
    bool suits;
} GPUS[] = {
    {"sm_90a sm_121a compute_90", 9, 0, true},
    {"sm_90a sm_121a compute_90", 12, 1, true},
    {"sm_90a sm_121a compute_90", 10, 0, true},
    {"sm_90a sm_121a compute_90", 8, 9, false},
    {"sm_121a", 12, 0, false},
    {"sm_121a", 12, 2, false},
    {"sm_90a", 9, 1, false},
    {"sm_80", 8, 6, true},
    {"sm_86", 8, 0, false},
    {"sm_80", 9, 0, false},
    {"compute_90", 9, 0, true},
    {"compute_121", 12, 0, false},
    {"sm_75 compute_100", 10, 0, true},
    {"", 9, 0, false},
};

START_TEST(a_gpu_suits_if_its_code_is_there)
{
    for (size_t i = 0; i < sizeof GPUS / sizeof *GPUS; i++)
        ck_assert_msg(device_suits(GPUS[i].targets, GPUS[i].major, GPUS[i].minor) == GPUS[i].suits,
                      "'%s' on %d.%d", GPUS[i].targets, GPUS[i].major, GPUS[i].minor);
}
END_TEST

START_TEST(without_a_gpu_only_what_needs_one_is_refused)
{
    gpu("device=none");
    struct child *child = CHILD(binary, "run", "-q", "-m", weights);
    assert_ends(child, 6, MODEL ": no suitable GPU: ");
    ck_assert_ptr_nonnull(strstr(child->err, "; this binary was built for sm_90a sm_121a "
                                             "compute_90. 'info' and 'tokenize' work without"));
    ck_assert_uint_eq(child->out_bytes, 0);
    assert_ends(CHILD(binary, "info", "-m", weights), 0, "");
    child = CHILD(binary, "tokenize", "-m", weights, "hello");
    assert_ends(child, 0, "");
    ck_assert_str_eq(child->out, "324 347 80\n");
}
END_TEST

START_TEST(weights_of_another_backend_are_refused)
{
    gpu("");
    assert_ends(CHILD(binary, "run", "-m", "build/cpu/" MODEL ".weights"), 4,
                "packed for the backend 'cpu', this binary is for 'cuda'; make it again with 'make "
                "MODEL=" MODEL " BACKEND=cuda CHECKPOINT=DIR'");
}
END_TEST

START_TEST(too_little_memory_is_refused_with_numbers)
{
    gpu("device=h200,free=1000000");
    struct child *child = CHILD(binary, "run", "-q", "-m", weights);
    assert_ends(child, 3, "not enough memory on fake NVIDIA H200: ");
    uint64_t needed = 0, left = 0;
    const char *numbers = strstr(child->err, "H200: ");
    ck_assert_int_eq(sscanf(numbers, "H200: %" SCNu64 " bytes needed", &needed), 1);
    numbers = strstr(child->err, "), ");
    ck_assert_ptr_nonnull(numbers);
    ck_assert_int_eq(sscanf(numbers, "), %" SCNu64 " bytes free of", &left), 1);
    ck_assert_uint_eq(left, 1000000);
    char enough[64];
    snprintf(enough, sizeof enough, "free=%" PRIu64, needed + 65536); /* CUDA rounds arenas up */
    gpu(enough);
    assert_ends(CHILD(binary, "run", "-q", "-m", weights, "-n", "1"), 0, "");
    snprintf(enough, sizeof enough, "free=%" PRIu64, needed - 1);
    gpu(enough);
    assert_ends(CHILD(binary, "run", "-q", "-m", weights, "-n", "1"), 3, "not enough memory");
    gpu("device=h200,cached=1000000000000"); /* memory of the system's is none of this GPU's */
    assert_ends(CHILD(binary, "run", "-q", "-m", weights), 3, "), 0 bytes free of");
    gpu("device=gb10,cached=1000000000000");
    assert_ends(CHILD(binary, "run", "-q", "-m", weights, "-n", "1"), 0, "");
    gpu("device=gb10,free=1000000");
    assert_ends(CHILD(binary, "run", "-q", "-m", weights), 3, "arena on fake NVIDIA GB10: ");
    gpu("fail=cudaMalloc:2:cudaErrorMemoryAllocation");
    assert_ends(CHILD(binary, "run", "-q", "-m", weights), 3, "bytes for the state arena on");
}
END_TEST

START_TEST(damaged_weights_are_named)
{
    static char command[512];
    const char *path = child_scratch("damaged.weights");
    snprintf(command, sizeof command,
             "cp " WEIGHTS " %s && printf 'x' | dd of=%s bs=1 seek=%d conv=notrunc 2>/dev/null",
             path, path, 200000);
    ck_assert_int_eq(system(command), 0);
    gpu("");
    assert_ends(CHILD(binary, "run", "-q", "-m", path), 4, "' is damaged: digest ");
}
END_TEST

/* ---- the same bits --------------------------------------------------------------------------- */

/* Each twice, the second time without early starts of kernels. */
static const char *const MODES[] = {"--no-graph", "--graph", "--loop"};
enum { ALL_MODES = 6 };

static const char *pdl(int mode)
{
    return mode % 2 ? "--no-pdl" : "-q";
}

START_TEST(every_mode_writes_the_same_text)
{
    static const char *const temperatures[] = {"0", "0.9"};
    static char want[CHILD_OUTPUT_BYTES + 1];
    for (int mode = 0; mode < ALL_MODES; mode++) {
        char environment[32];
        snprintf(environment, sizeof environment, "seed=%d", mode);
        gpu(environment);
        struct child *child = CHILD(KINDS[_i / 2].binary, "run", "-q", "-m", KINDS[_i / 2].weights,
                                    "-p", "Hello there", "-n", "12", "--temp", temperatures[_i % 2],
                                    "--ignore-eos", MODES[mode / 2], pdl(mode));
        assert_ends(child, 0, "");
        ck_assert_uint_gt(child->out_bytes, strlen("Hello there\n"));
        if (mode == 0)
            memcpy(want, child->out, child->out_bytes + 1);
        ck_assert_msg(strcmp(child->out, want) == 0, "%s %s: '%s', expected '%s'", MODES[mode / 2],
                      pdl(mode), child->out, want);
    }
}
END_TEST

START_TEST(every_mode_has_the_same_logits)
{
    static char want[CHILD_OUTPUT_BYTES + 1];
    const char *ids = child_scratch("ids");
    FILE *file = fopen(ids, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 40; i++)
        fprintf(file, "%d ", (i * i * 7 + 3) % 500);
    ck_assert_int_eq(fclose(file), 0);
    for (int mode = 0; mode < 4; mode++) {
        gpu(mode == 3 ? "device=gb10,seed=3" : "");
        struct child *child =
            CHILD(KINDS[_i].binary, "logits", "-q", "-m", KINDS[_i].weights, "--ids", ids,
                  "--decode", "3", "--digest", MODES[mode / 2], pdl(mode));
        assert_ends(child, 0, "");
        if (mode == 0)
            memcpy(want, child->out, child->out_bytes + 1);
        ck_assert_str_eq(child->out, want);
    }
}
END_TEST

/* Nothing waits between the chunks of a prompt: what one of them is sent must be on the device
 * before the next one takes its place. Weights of f32, with which chunks of any length choose
 * alike. */
START_TEST(chunks_in_flight_keep_their_tokens)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog, and then sleeps.";
    static const char *const chunks[] = {"32", "3"};
    static char want[CHILD_OUTPUT_BYTES + 1];
    gpu("");
    for (int i = 0; i < 2; i++) {
        struct child *child = CHILD(f32_binary, "run", "-q", "-m", "build/cuda/mamba-a-f32.weights",
                                    "-p", text, "-n", "8", "--ignore-eos", "-b", chunks[i]);
        assert_ends(child, 0, "");
        if (i == 0)
            memcpy(want, child->out, child->out_bytes + 1);
        ck_assert_str_eq(child->out, want);
    }
}
END_TEST

START_TEST(the_selftest_finds_the_same)
{
    gpu("");
    struct child *child = CHILD(binary, "selftest", "-m", weights, "-b", "7");
    assert_ends(child, 0, "");
    ck_assert_ptr_nonnull(strstr(child->out, "graph    PDL,"));
    ck_assert_ptr_null(strstr(child->out, "DIFFERENT"));
}
END_TEST

/* ---- generation ------------------------------------------------------------------------------ */

/* By the device as well: it makes no token that nobody asked for. */
START_TEST(the_limit_is_kept)
{
    static const char *const limits[] = {"0", "1", "5"};
    static const char *const words[] = {"generated 0 tokens", "generated 1 token,",
                                        "generated 5 tokens"};
    char report[256], trace[256], environment[1024];
    snprintf(report, sizeof report, "%s", child_scratch("report"));
    snprintf(trace, sizeof trace, "%s", child_scratch("trace"));
    snprintf(environment, sizeof environment, "report=%s,trace=%s", report, trace);
    gpu(environment);
    for (size_t i = 0; i < 3; i++) {
        struct child *child = CHILD(binary, "run", "-m", weights, "-p", "Hi", "--ignore-eos", "-n",
                                    limits[i], MODES[_i]);
        assert_ends(child, 0, words[i]);
        long sampling = strtol(limits[i], NULL, 10); /* beside a dry one, a prefill and a head */
        long launches = _i == 0 ? 0 : _i == 1 ? 3 + sampling : 3 + (sampling > 0);
        ck_assert_int_eq(gpu_calls(report, "cudaGraphLaunch"), launches);
        ck_assert_int_eq(gpu_executions(trace, "sampler_greedy_kernel"), 1 + sampling);
    }
}
END_TEST

/* Two ids end a text (families_test.c); the seventh token is the second of them. */
START_TEST(any_end_of_text_ends)
{
    gpu("");
    assert_ends(CHILD(TEST_SIMT "/llama-a-f32", "run", "-m", "build/cuda/llama-a-f32.weights", "-p",
                      "Hello there", "-n", "40", MODES[_i]),
                0, "generated 6 tokens, ");
}
END_TEST

/* All kernels prefer the same split of a multiprocessor's memory: a change of it would wait until
 * one is idle. */
START_TEST(every_kernel_is_carved_alike)
{
    const char *trace = child_scratch("trace");
    char environment[512], line[256];
    u32 kernels = 0;
    snprintf(environment, sizeof environment, "trace=%s", trace);
    gpu(environment);
    assert_ends(CHILD(binary, "run", "-q", "-m", weights, "-p", "Hello", "-n", "2"), 0, "");
    FILE *file = fopen(trace, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        if (strstr(line, "_kernel ")) {
            ck_assert_msg(strstr(line, " carved\n"), "%s", line);
            kernels++;
        }
    ck_assert_uint_gt(kernels, 20);
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

/* The same tokens as on the CPU, and then the same message; in a loop the device counts them. */
START_TEST(a_full_context_ends_the_text)
{
    static char prompt[387], want[CHILD_OUTPUT_BYTES + 1];
    gpu("");
    for (size_t i = 0; i + 1 < sizeof prompt; i++)
        prompt[i] = (char)('!' + (i * i * 7 + i * 5) % 90);
    for (int mode = 0; mode <= ALL_MODES; mode++) {
        const bool cpu = mode == 0;
        const int of = cpu ? 0 : mode - 1;
        struct child *child = CHILD(
            cpu ? TEST_OUT "/llama-a-f32" : TEST_SIMT "/llama-a-f32", "run", "-m",
            cpu ? "build/cpu/llama-a-f32.weights" : "build/cuda/llama-a-f32.weights", "-p", prompt,
            "-n", "100", "--ignore-eos", cpu ? "-q" : MODES[of / 2], cpu ? "-q" : pdl(of));
        assert_ends(child, 1,
                    "the context is full: 400 tokens; set a larger 'context' in "
                    "config/llama-a-f32.ini and run 'make MODEL=llama-a-f32");
        if (cpu)
            memcpy(want, child->out, child->out_bytes + 1);
        ck_assert_uint_gt(child->out_bytes, sizeof prompt);
        ck_assert_str_eq(child->out, want);
    }
    strcat(want, "\n");
    for (int mode = 0; mode < 3; mode++) { /* -2 asks for just that, and is no failure */
        struct child *child =
            CHILD(TEST_SIMT "/llama-a-f32", "run", "-q", "-m", "build/cuda/llama-a-f32.weights",
                  "-p", prompt, "-n", "-2", "--ignore-eos", MODES[mode]);
        assert_ends(child, 0, "");
        ck_assert_str_eq(child->out, want);
    }
}
END_TEST

START_TEST(ctrl_c_ends_an_endless_text)
{
    gpu("");
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const char *arguments[] = {"run",          "-q", "-m",    weights,     "-n",      "-1",
                               "--ignore-eos", "-p", "Hello", "--no-echo", MODES[_i], NULL};
    pid_t pid = child_start(BINARY, arguments, STDIN_FILENO, ends[1], STDERR_FILENO);
    ck_assert_int_eq(close(ends[1]), 0);
    char text[4096];
    ck_assert_int_gt(read(ends[0], text, 1), 0); /* the first token is out */
    ck_assert_int_eq(kill(pid, SIGINT), 0);
    ssize_t got, last = 0;
    char newline = '\0';
    while ((got = read(ends[0], text, sizeof text)) > 0) {
        last += got;
        newline = text[got - 1];
    }
    ck_assert_int_eq(child_wait(pid), 130);
    ck_assert_int_gt(last, 0);
    ck_assert_int_eq(newline, '\n');
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

/* Twice in one process: what a session, generation and measuring have made is given back. */
START_TEST(a_closed_session_leaves_nothing)
{
    static const char *const uses[] = {"run", "bench"};
    const char *report = child_scratch("report");
    char environment[512], line[512];
    snprintf(environment, sizeof environment, "report=%s", report);
    gpu(environment);
    struct child *child = CHILD(TEST_SIMT "/reopened", uses[_i]);
    assert_ends(child, 0, "");
    ck_assert_str_eq(child->out, "3 tokens\n3 tokens\n");
    FILE *file = fopen(report, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        ck_assert_msg(strncmp(line, "leak ", 5) != 0, "%s", line);
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

START_TEST(a_reader_that_leaves_ends_the_text)
{
    gpu("");
    ck_assert_int_eq(system(BINARY " run -q -m " WEIGHTS " -n -1 --ignore-eos | head -c 3 "
                                   ">/dev/null"),
                     0);
}
END_TEST

int main(void)
{
    if (access(BINARY, X_OK)) {
        printf("skip: cuda_runtime_test (%s was not built: no CUDA headers)\n", BINARY);
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("cuda_runtime");
    TCase *refused = tcase_create("refused"), *same = tcase_create("same"),
          *generated = tcase_create("generated");
    tcase_set_timeout(refused, 120);
    tcase_add_test(refused, a_gpu_suits_if_its_code_is_there);
    tcase_add_test(refused, without_a_gpu_only_what_needs_one_is_refused);
    tcase_add_test(refused, weights_of_another_backend_are_refused);
    tcase_add_test(refused, too_little_memory_is_refused_with_numbers);
    tcase_add_test(refused, damaged_weights_are_named);
    tcase_set_timeout(same, 300);
    tcase_add_loop_test(same, every_mode_writes_the_same_text, 0, 2 * KIND_COUNT);
    tcase_add_loop_test(same, every_mode_has_the_same_logits, 0, KIND_COUNT);
    tcase_add_test(same, chunks_in_flight_keep_their_tokens);
    tcase_add_test(same, the_selftest_finds_the_same);
    tcase_set_timeout(generated, 120);
    tcase_add_loop_test(generated, the_limit_is_kept, 0, 3);
    tcase_add_loop_test(generated, any_end_of_text_ends, 0, 3);
    tcase_add_loop_test(generated, ctrl_c_ends_an_endless_text, 0, 3);
    tcase_add_test(generated, every_kernel_is_carved_alike);
    tcase_add_test(generated, a_full_context_ends_the_text);
    tcase_add_loop_test(generated, a_closed_session_leaves_nothing, 0, 2);
    tcase_add_test(generated, a_reader_that_leaves_ends_the_text);
    suite_add_tcase(suite, refused);
    suite_add_tcase(suite, same);
    suite_add_tcase(suite, generated);
    return tests_run(suite);
}
