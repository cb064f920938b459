/* runtime/engine/cuda/matmul.cu over the fake cuBLASLt: right products, one question per shape,
 * nothing allocated after PREPARE, and messages that say which operation failed and how. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/model.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/cuda/matmul.h"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/kernel_fixture.h"
#include "tests/simt/fake_cuda.h"

enum { ROWS = 9, M = 48, K = 80, W_STRIDE = 96, X_STRIDE = 80, Y_STRIDE = 64 };
enum { WORKSPACE = 1 << 20 };

static const struct model_op ops[] = {
    {"prefill", "PREFILL_IN_PROJ", "gemm_9x48x80", 1, 0, 0, 0, 0}};
extern const struct model model;
static struct model with_ops()
{
    struct model m = {};
    m.ops = ops;
    m.op_count = 1;
    return m;
}
const struct model model = with_ops();

static struct matmul_plans plans;
static struct launcher launcher;
static run r;
static void *workspace;
static void *w[3], *x[3]; /* of every type, on the device */
static f32 *y;
static double w_values[M * W_STRIDE], x_values[ROWS * X_STRIDE];
static f32 y_before[ROWS * Y_STRIDE], y_after[ROWS * Y_STRIDE];

static void ok(cudaError_t error)
{
    ck_assert_str_eq(cudaGetErrorName(error), "cudaSuccess");
}

/* Every type holds it exactly, so that one expectation serves all; of sizes so different that a sum
 * depends on its order. */
static double random_value(uint64_t *seed)
{
    const double size =
        ldexp(128 + (int)(fixture_random(seed) % 128), -(int)(fixture_random(seed) % 16) - 6);
    return fixture_random(seed) % 2 ? size : -size;
}

static void *upload(enum format type, const double *values, size_t count)
{
    static uint32_t packed[M * W_STRIDE];
    for (size_t i = 0; i < count; i++) {
        const f32 value = (f32)values[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        uint16_t narrow = (uint16_t)(bits >> 16);
        if (type == FORMAT_F16)
            narrow = (uint16_t)((bits >> 16 & 0x8000) | ((bits >> 13 & 0x3ffff) - 0x1c000));
        if (type == FORMAT_F32)
            packed[i] = bits;
        else
            memcpy((uint16_t *)packed + i, &narrow, sizeof narrow);
    }
    void *device;
    const size_t bytes = format_bytes(type, 1, count);
    ok(cudaMalloc(&device, bytes));
    ok(cudaMemcpy(device, packed, bytes, cudaMemcpyHostToDevice));
    return device;
}

static void start(void)
{
    fake_reset();
    uint64_t seed = 5;
    for (double &value : w_values)
        value = random_value(&seed);
    for (double &value : x_values)
        value = random_value(&seed);
    for (f32 &value : y_before)
        value = (f32)(fixture_random(&seed) % 99);
    memset(&launcher, 0, sizeof launcher);
    ok(cudaStreamCreateWithFlags(&launcher.stream, cudaStreamNonBlocking));
    ok(cudaMalloc(&workspace, WORKSPACE));
    ok(cudaMalloc((void **)&y, sizeof y_before));
    for (int type = FORMAT_F32; type <= FORMAT_BF16; type++) {
        w[type] = upload((enum format)type, w_values, M * W_STRIDE);
        x[type] = upload((enum format)type, x_values, ROWS * X_STRIDE);
    }
    matmul_open(&plans, workspace, WORKSPACE);
    launcher.matmuls = &plans;
    r.launcher = &launcher;
}

static struct matmul shape(int type, bool add)
{
    struct matmul m;
    m.name = "gemm_9x48x80";
    m.type = (enum format)type;
    m.rows = ROWS, m.M = M, m.K = K;
    m.w_stride = W_STRIDE, m.x_stride = X_STRIDE, m.y_stride = Y_STRIDE;
    m.w = w[type], m.x = x[type], m.y = y;
    m.add = add;
    return m;
}

static void prepare(const struct matmul *m)
{
    launcher.pass = PASS_PREPARE;
    matmul(&r, 0, m);
    launcher.pass = PASS_RUN;
}

static void clean(void)
{
    ck_assert_msg(fake_findings() == 0, "%s", fake_finding(0));
}

static void y_set(void)
{
    ok(cudaMemcpy(y, y_before, sizeof y_before, cudaMemcpyHostToDevice));
}

/* y on the device against the product in double. */
static void y_check(bool add)
{
    ok(cudaStreamSynchronize(launcher.stream));
    ok(cudaMemcpy(y_after, y, sizeof y_after, cudaMemcpyDeviceToHost));
    for (u32 row = 0; row < ROWS; row++)
        for (u32 m = 0; m < Y_STRIDE; m++) {
            const size_t at = row * Y_STRIDE + m;
            double sum = add || m >= M ? y_before[at] : 0, size = fabs(sum);
            for (u32 k = 0; m < M && k < K; k++) {
                sum += w_values[m * W_STRIDE + k] * x_values[row * X_STRIDE + k];
                size += fabs(w_values[m * W_STRIDE + k] * x_values[row * X_STRIDE + k]);
            }
            ck_assert_double_le(fabs(y_after[at] - sum), (double)K * 0x1p-24 * size);
        }
    clean();
}

START_TEST(products_are_right_for_every_type)
{
    start();
    for (int add = 0; add < 2; add++) {
        const struct matmul m = shape(_i, add);
        prepare(&m);
        y_set();
        matmul(&r, 0, &m);
        y_check(add);
    }
    matmul_close(&plans);
}
END_TEST

START_TEST(a_shape_is_asked_for_once_and_nothing_is_allocated_later)
{
    start();
    const struct matmul plain = shape(FORMAT_BF16, false), add = shape(FORMAT_BF16, true);
    struct matmul wider = plain;
    wider.K = K - 16;
    const struct matmul *const all[] = {&plain, &add, &wider, &plain, &add, &wider};
    for (const struct matmul *m : all)
        prepare(m);
    ck_assert_uint_eq(plans.count, 3);
    ck_assert_uint_eq(fake_calls("cublasLtMatmulAlgoGetHeuristic"), 3);
    ck_assert_uint_eq(fake_calls("cublasLtMatmul"), 0);
    fake_seal();
    f32 first[ROWS * Y_STRIDE];
    for (int round = 0; round < 10; round++) {
        fake_seed((uint64_t)round);
        y_set();
        matmul(&r, 0, &add);
        y_check(true);
        if (round == 0)
            memcpy(first, y_after, sizeof first);
        ck_assert_mem_eq(first, y_after, sizeof first);
    }
    ck_assert_uint_eq(fake_calls("cublasLtMatmulAlgoGetHeuristic"), 3);
    clean();
}
END_TEST

START_TEST(a_captured_product_can_be_launched_again)
{
    start();
    const struct matmul m = shape(FORMAT_F16, true);
    prepare(&m);
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    launcher.pass = PASS_CAPTURE;
    ok(cudaStreamBeginCapture(launcher.stream, cudaStreamCaptureModeThreadLocal));
    matmul(&r, 0, &m);
    ok(cudaStreamEndCapture(launcher.stream, &graph));
    ok(cudaGraphInstantiate(&exec, graph, 0));
    for (int round = 0; round < 2; round++) {
        y_set();
        ok(cudaGraphLaunch(exec, launcher.stream));
        y_check(true);
    }
    ok(cudaGraphExecDestroy(exec));
    ok(cudaGraphDestroy(graph));
}
END_TEST

/* The library may name an algorithm and say of it that it cannot be used. */
START_TEST(the_first_algorithm_that_can_be_used_is_taken)
{
    start();
    fake_fail("cublasLtMatmulHeuristicResult_t", 1, CUBLAS_STATUS_NOT_SUPPORTED);
    const struct matmul m = shape(FORMAT_BF16, true);
    prepare(&m);
    y_set();
    matmul(&r, 0, &m);
    y_check(true);
    matmul_close(&plans);
}
END_TEST

/* ---- failures -----------------------------------------------------------------------------------
 */
static void not_prepared(void)
{
    const struct matmul m = shape(FORMAT_BF16, false);
    launcher.pass = PASS_RUN;
    matmul(&r, 0, &m);
}

static void refused_when_asked(void)
{
    fake_fail("cublasLtMatmulAlgoGetHeuristic", 1, CUBLAS_STATUS_NOT_SUPPORTED);
    const struct matmul m = shape(FORMAT_BF16, false);
    prepare(&m);
}

static void refused_when_run(void)
{
    const struct matmul m = shape(FORMAT_BF16, false);
    prepare(&m);
    fake_fail("cublasLtMatmul", 1, CUBLAS_STATUS_EXECUTION_FAILED);
    matmul(&r, 0, &m);
}

/* Without a workspace one algorithm is named, and that cannot be used. */
static void none_can_be_used(void)
{
    plans.workspace_bytes = 0;
    fake_fail("cublasLtMatmulHeuristicResult_t", 1, CUBLAS_STATUS_NOT_SUPPORTED);
    const struct matmul m = shape(FORMAT_BF16, false);
    prepare(&m);
}

static void too_many(void)
{
    struct matmul m = shape(FORMAT_BF16, false);
    for (m.rows = 1; m.rows <= MATMUL_PLANS_MOST + 1; m.rows++)
        prepare(&m);
}

static const struct failure {
    void (*act)(void);
    const char *text;
} failures[] = {
    {not_prepared, "PREFILL_IN_PROJ, gemm_9x48x80: its matrix product was not prepared"},
    {refused_when_asked, "PREFILL_IN_PROJ, gemm_9x48x80, 9 rows by [48][80]: "
                         "cublasLtMatmulAlgoGetHeuristic: "},
    {refused_when_asked, "CUBLAS_STATUS_NOT_SUPPORTED"},
    {refused_when_run, "9 rows by [48][80]: cublasLtMatmul: "},
    {refused_when_run, "CUBLAS_STATUS_EXECUTION_FAILED"},
    {none_can_be_used, "9 rows by [48][80]: cuBLASLt has no algorithm that sums in one piece "
                       "within a workspace of 0 bytes, of 1 that it names"},
    {too_many, "more than 64 shapes"},
};

/* The message goes to a pipe, and is looked at on the way out. */
static int captured[2];

static const char *awaited;

static void listen(void)
{
    char said[4096] = "";
    if (read(captured[0], said, sizeof said - 1) <= 0 || !strstr(said, awaited)) {
        printf("said \"%s\", not \"%s\"\n", said, awaited);
        fflush(stdout);
        _exit(99);
    }
}

START_TEST(failures_name_the_operation_and_the_status)
{
    start();
    awaited = failures[_i].text;
    ck_assert_int_eq(pipe2(captured, O_NONBLOCK), 0);
    ck_assert_int_ge(dup2(captured[1], STDERR_FILENO), 0);
    atexit(listen);
    failures[_i].act();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefill matmul");
    TCase *tests = tcase_create("prefill matmul");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, products_are_right_for_every_type, FORMAT_F32, FORMAT_BF16 + 1);
    tcase_add_test(tests, a_shape_is_asked_for_once_and_nothing_is_allocated_later);
    tcase_add_test(tests, a_captured_product_can_be_launched_again);
    tcase_add_test(tests, the_first_algorithm_that_can_be_used_is_taken);
    tcase_add_loop_exit_test(tests, failures_name_the_operation_and_the_status, EXIT_FAILURE, 0,
                             sizeof failures / sizeof *failures);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
