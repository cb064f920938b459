/* The fake cuBLASLt: products against sums in f64, and what it refuses or finds. */
#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "runtime/base/run.h"
#include "tests/fixtures/run.h"
#include "tests/simt/fake_cuda.h"

enum { M = 37, N = 5, K = 83, LD_A = 96, LD_B = 88, LD_D = 48, WORKSPACE = 1 << 17 };

#define OK(call)            ck_assert_int_eq((call), CUBLAS_STATUS_SUCCESS)
#define FAILS(status, call) ck_assert_int_eq((call), (status))

static cublasLtHandle_t handle;
static cudaStream_t stream;
static void *workspace;

static void start(void)
{
    fake_reset();
    OK(cublasLtCreate(&handle));
    ck_assert_int_eq(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    ck_assert_int_eq(cudaMalloc(&workspace, WORKSPACE), cudaSuccess);
}

struct plan {
    cublasLtMatmulDesc_t desc;
    cublasLtMatrixLayout_t a, b, d;
    cublasLtMatmulPreference_t preference;
    cublasLtMatmulHeuristicResult_t choice[4];
    int choices;
};

/* op(A) is m x k, op(B) k x n; leading dimensions as given. */
static struct plan plan_new(cudaDataType type, bool ta, bool tb, uint64_t m, uint64_t n, uint64_t k,
                            int64_t lda, int64_t ldb, int64_t ldd)
{
    struct plan p = {};
    cublasOperation_t transposed = CUBLAS_OP_T;
    OK(cublasLtMatmulDescCreate(&p.desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    if (ta)
        OK(cublasLtMatmulDescSetAttribute(p.desc, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                          sizeof transposed));
    if (tb)
        OK(cublasLtMatmulDescSetAttribute(p.desc, CUBLASLT_MATMUL_DESC_TRANSB, &transposed,
                                          sizeof transposed));
    OK(cublasLtMatrixLayoutCreate(&p.a, type, ta ? k : m, ta ? m : k, lda));
    OK(cublasLtMatrixLayoutCreate(&p.b, type, tb ? n : k, tb ? k : n, ldb));
    OK(cublasLtMatrixLayoutCreate(&p.d, CUDA_R_32F, m, n, ldd));
    OK(cublasLtMatmulPreferenceCreate(&p.preference));
    return p;
}

static void choose(struct plan *p, uint32_t reduction, size_t workspace_bytes)
{
    OK(cublasLtMatmulPreferenceSetAttribute(
        p->preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reduction, sizeof reduction));
    OK(cublasLtMatmulPreferenceSetAttribute(p->preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                            &workspace_bytes, sizeof workspace_bytes));
    OK(cublasLtMatmulAlgoGetHeuristic(handle, p->desc, p->a, p->b, p->d, p->d, p->preference, 4,
                                      p->choice, &p->choices));
}

static cublasStatus_t product(const struct plan *p, const void *a, const void *b, f32 beta, f32 *d)
{
    const f32 alpha = 1;
    return cublasLtMatmul(handle, p->desc, &alpha, a, p->a, b, p->b, &beta, d, p->d, d, p->d,
                          &p->choice[0].algo, workspace, p->choice[0].workspaceSize, stream);
}

/* Pinned, so that the test sees it; filled with numbers that every type holds exactly. */
static void *operand(cudaDataType type, size_t count, u32 seed)
{
    void *at;
    ck_assert_int_eq(cudaMallocHost(&at, count * 4), cudaSuccess);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525U + 1013904223U;
        f32 value = (f32)((int)(seed >> 24) - 128) / 64;
        __half_raw f16_value = __float2half_rn(value);
        __nv_bfloat16_raw bf16_value = __float2bfloat16_rn(value);
        if (type == CUDA_R_32F)
            ((f32 *)at)[i] = value;
        else if (type == CUDA_R_16F)
            ((uint16_t *)at)[i] = f16_value.x;
        else
            ((uint16_t *)at)[i] = bf16_value.x;
    }
    return at;
}

static f32 widen_half(uint16_t bits)
{
    __half_raw raw;
    raw.x = bits;
    return __half2float(raw);
}

static double element(cudaDataType type, const void *at, size_t i)
{
    if (type == CUDA_R_32F)
        return (double)((const f32 *)at)[i];
    uint16_t bits = ((const uint16_t *)at)[i];
    __nv_bfloat16_raw raw;
    raw.x = bits;
    return (double)(type == CUDA_R_16F ? widen_half(bits) : __bfloat162float(raw));
}

static const cudaDataType types[] = {CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF};

/* Every type, both layouts of both operands, beta 0 and 1; nothing beside the product is written.
 */
START_TEST(products_are_right)
{
    cudaDataType type = types[_i / 8];
    bool ta = _i & 1, tb = _i & 2, add = _i & 4;
    struct plan p = plan_new(type, ta, tb, M, N, K, LD_A, LD_B, LD_D);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, WORKSPACE);
    const void *a = operand(type, LD_A * LD_A, 1), *b = operand(type, LD_B * LD_B, 2);
    f32 *d = (f32 *)operand(CUDA_R_32F, N * LD_D, 3), before[N * LD_D];
    memcpy(before, d, sizeof before);
    OK(product(&p, a, b, add, d));
    ck_assert_float_eq(d[0], before[0]); /* not before somebody waits */
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < LD_D; m++) {
            double sum = 0;
            for (size_t k = 0; k < K; k++)
                sum += element(type, a, ta ? m * LD_A + k : m + k * LD_A) *
                       element(type, b, tb ? n + k * LD_B : n * LD_B + k);
            f32 old = before[n * LD_D + m];
            f32 expected = m >= M ? old : (f32)sum + (add ? old : 0);
            ck_assert_msg(d[n * LD_D + m] == expected, "%zu %zu: %g, expected %g", m, n,
                          (double)d[n * LD_D + m], (double)expected);
        }
}
END_TEST

START_TEST(subnormal_and_infinite_halves)
{
    struct plan p = plan_new(CUDA_R_16F, true, false, 16, 1, 16, 16, 16, 16);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, 0);
    const uint16_t bits[] = {0x0001, 0x83ff, 0x0400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x3c01};
    uint16_t *a = (uint16_t *)operand(CUDA_R_16F, 256, 1),
             *b = (uint16_t *)operand(CUDA_R_16F, 16, 2);
    memset(a, 0, 512);
    memset(b, 0, 32);
    for (int m = 0; m < 8; m++)
        a[m * 16] = bits[m];
    b[0] = 0x3c00;
    f32 *d = (f32 *)operand(CUDA_R_32F, 16, 3);
    OK(product(&p, a, b, 0, d));
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    for (int m = 0; m < 8; m++)
        ck_assert_float_eq(d[m], widen_half(bits[m]));
}
END_TEST

/* Whoever does not forbid split sums gets other bits in another run. */
START_TEST(split_sums_are_not_reproducible)
{
    struct plan p = plan_new(CUDA_R_32F, true, false, M, N, K, LD_A, LD_B, LD_D);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_MASK, WORKSPACE);
    uint32_t scheme = 0;
    OK(cublasLtMatmulAlgoConfigGetAttribute(
        &p.choice[0].algo, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, &scheme, sizeof scheme, nullptr));
    ck_assert_uint_ne(scheme, CUBLASLT_REDUCTION_SCHEME_NONE);
    f32 *a = (f32 *)operand(CUDA_R_32F, LD_A * LD_A, 1),
        *b = (f32 *)operand(CUDA_R_32F, LD_B * LD_B, 2);
    for (int i = 0; i < LD_A * LD_A; i++)
        a[i] = sinf((f32)i);
    f32 *d = (f32 *)operand(CUDA_R_32F, N * LD_D, 3), first[N * LD_D];
    int different = 0;
    for (int turn = 0; turn < 10; turn++) {
        OK(product(&p, a, b, 0, d));
        ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
        if (turn == 0)
            memcpy(first, d, sizeof first);
        different += memcmp(first, d, sizeof first) != 0;
    }
    ck_assert_int_gt(different, 0);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, WORKSPACE);
    for (int i = 0; i < p.choices; i++) {
        OK(cublasLtMatmulAlgoConfigGetAttribute(&p.choice[i].algo,
                                                CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, &scheme,
                                                sizeof scheme, nullptr));
        ck_assert_uint_eq(scheme, CUBLASLT_REDUCTION_SCHEME_NONE);
    }
}
END_TEST

START_TEST(the_workspace_is_used)
{
    struct plan p = plan_new(CUDA_R_32F, true, false, M, N, K, LD_A, LD_B, LD_D);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, 0);
    ck_assert_int_eq(p.choices, 1);
    ck_assert_uint_eq(p.choice[0].workspaceSize, 0);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, WORKSPACE);
    ck_assert_uint_gt(p.choice[0].workspaceSize, 0);
    const void *a = operand(CUDA_R_32F, LD_A * LD_A, 1), *b = operand(CUDA_R_32F, LD_B * LD_B, 2);
    f32 *d = (f32 *)operand(CUDA_R_32F, N * LD_D, 3), word;
    ck_assert_int_eq(cudaMemsetAsync(workspace, 0, WORKSPACE, stream), cudaSuccess);
    OK(product(&p, a, b, 0, d));
    ck_assert_int_eq(cudaMemcpyAsync(&word, workspace, 4, cudaMemcpyDeviceToHost, stream),
                     cudaSuccess);
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    ck_assert(isnan(word));
    const f32 alpha = 1, beta = 0;
    FAILS(CUBLAS_STATUS_INVALID_VALUE,
          cublasLtMatmul(handle, p.desc, &alpha, a, p.a, b, p.b, &beta, d, p.d, d, p.d,
                         &p.choice[0].algo, workspace, p.choice[0].workspaceSize - 1, stream));
}
END_TEST

/* As the product would read the workspace while it is written, or lose what it wrote there. */
START_TEST(the_workspace_lies_apart)
{
    struct plan p = plan_new(CUDA_R_32F, true, false, M, N, K, LD_A, LD_B, LD_D);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, WORKSPACE);
    void *a = operand(CUDA_R_32F, LD_A * LD_A, 1), *b = operand(CUDA_R_32F, LD_B * LD_B, 2);
    f32 *d = (f32 *)operand(CUDA_R_32F, WORKSPACE, 3);
    workspace = a;
    FAILS(CUBLAS_STATUS_INVALID_VALUE, product(&p, a, b, 0, d));
    ck_assert_uint_eq(fake_findings(), 1);
    workspace = d;
    FAILS(CUBLAS_STATUS_INVALID_VALUE, product(&p, a, b, 0, d));
    ck_assert_uint_eq(fake_findings(), 2);
    fake_findings_take();
    workspace = (char *)d + WORKSPACE;
    OK(product(&p, a, b, 0, d));
}
END_TEST

START_TEST(mistakes_are_refused)
{
    struct plan p = plan_new(CUDA_R_16F, true, false, M, N, K, LD_A, LD_B, LD_D);
    struct plan q = plan_new(CUDA_R_16F, true, false, M, N + 1, K, LD_A, LD_B, LD_D);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, 0);
    choose(&q, CUBLASLT_REDUCTION_SCHEME_NONE, 0);
    uint16_t *a = (uint16_t *)operand(CUDA_R_16F, LD_A * LD_A, 1);
    uint16_t *b = (uint16_t *)operand(CUDA_R_16F, LD_B * LD_B, 2);
    f32 *d = (f32 *)operand(CUDA_R_32F, N * LD_D, 3), host[16];
    const f32 alpha = 1, beta = 0;
    FAILS(CUBLAS_STATUS_NOT_SUPPORTED, /* the algorithm of another shape */
          cublasLtMatmul(handle, p.desc, &alpha, a, p.a, b, p.b, &beta, d, p.d, d, p.d,
                         &q.choice[0].algo, nullptr, 0, stream));
    FAILS(CUBLAS_STATUS_INVALID_VALUE, /* matrices that do not go together */
          cublasLtMatmul(handle, p.desc, &alpha, a, p.a, b, q.b, &beta, d, p.d, d, p.d,
                         &p.choice[0].algo, nullptr, 0, stream));
    ck_assert_uint_eq(fake_findings(), 0);
    FAILS(CUBLAS_STATUS_NOT_SUPPORTED, /* none at all */
          cublasLtMatmul(handle, p.desc, &alpha, a, p.a, b, p.b, &beta, d, p.d, d, p.d, nullptr,
                         nullptr, 0, stream));
    FAILS(CUBLAS_STATUS_INVALID_VALUE, product(&p, a + 1, b, 0, d));    /* not aligned */
    FAILS(CUBLAS_STATUS_INVALID_VALUE, product(&p, a, b, 0, host));     /* the host's memory */
    FAILS(CUBLAS_STATUS_INVALID_VALUE, product(&p, a, b, 0, d + 16));   /* too short */
    FAILS(CUBLAS_STATUS_INVALID_VALUE, product(&p, a, b, 0, (f32 *)a)); /* on top of A */
    ck_assert_uint_eq(fake_findings(), 5);
    fake_findings_take();
    fake_fail("cublasLtMatmul", 1, CUBLAS_STATUS_EXECUTION_FAILED);
    FAILS(CUBLAS_STATUS_EXECUTION_FAILED, product(&p, a, b, 0, d));
    ck_assert_str_eq(cublasLtGetStatusName(CUBLAS_STATUS_EXECUTION_FAILED),
                     "CUBLAS_STATUS_EXECUTION_FAILED");
    OK(product(&p, a, b, 0, d));
}
END_TEST

START_TEST(products_are_captured)
{
    struct plan p = plan_new(CUDA_R_32F, true, false, M, N, K, LD_A, LD_B, LD_D);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, WORKSPACE);
    const void *a = operand(CUDA_R_32F, LD_A * LD_A, 1), *b = operand(CUDA_R_32F, LD_B * LD_B, 2);
    f32 *d = (f32 *)operand(CUDA_R_32F, N * LD_D, 3), before = d[0];
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    ck_assert_int_eq(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
    OK(product(&p, a, b, 0, d));
    ck_assert_int_eq(cudaStreamEndCapture(stream, &graph), cudaSuccess);
    ck_assert_int_eq(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    ck_assert_float_eq(d[0], before);
    ck_assert_int_eq(cudaGraphLaunch(exec, stream), cudaSuccess);
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    ck_assert_float_ne(d[0], before);
}
END_TEST

START_TEST(descriptors_are_counted)
{
    uint64_t at_first = fake_leaks(nullptr);
    struct plan p = plan_new(CUDA_R_32F, true, false, M, N, K, LD_A, LD_B, LD_D);
    ck_assert_uint_eq(fake_leaks(nullptr), at_first + 5);
    OK(cublasLtMatmulDescDestroy(p.desc));
    OK(cublasLtMatrixLayoutDestroy(p.a));
    OK(cublasLtMatrixLayoutDestroy(p.b));
    OK(cublasLtMatrixLayoutDestroy(p.d));
    OK(cublasLtMatmulPreferenceDestroy(p.preference));
    OK(cublasLtDestroy(handle));
    ck_assert_uint_eq(fake_leaks(nullptr), at_first - 1);
    fake_device(FAKE_NONE, 0);
    FAILS(CUBLAS_STATUS_NOT_INITIALIZED, cublasLtCreate(&handle));
}
END_TEST

/* A real shape, in_proj of mamba-130m over 64 rows, must not make a test slow. */
START_TEST(a_large_product_ends)
{
    enum { m = 3072, n = 64, k = 768 };
    struct plan p = plan_new(CUDA_R_16BF, true, false, m, n, k, k, k, m);
    choose(&p, CUBLASLT_REDUCTION_SCHEME_NONE, 0);
    const void *a = operand(CUDA_R_16BF, m * k, 1), *b = operand(CUDA_R_16BF, n * k, 2);
    f32 *d = (f32 *)operand(CUDA_R_32F, m * n, 3);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    OK(product(&p, a, b, 0, d));
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double seconds =
        (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    ck_assert_double_lt(seconds, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fake_cublaslt");
    TCase *cases = tcase_create("products");
    tcase_set_timeout(cases, 30);
    tcase_add_checked_fixture(cases, start, nullptr);
    tcase_add_loop_test(cases, products_are_right, 0, 24);
    tcase_add_test(cases, subnormal_and_infinite_halves);
    tcase_add_test(cases, split_sums_are_not_reproducible);
    tcase_add_test(cases, the_workspace_is_used);
    tcase_add_test(cases, the_workspace_lies_apart);
    tcase_add_test(cases, mistakes_are_refused);
    tcase_add_test(cases, products_are_captured);
    tcase_add_test(cases, descriptors_are_counted);
    tcase_add_test(cases, a_large_product_ends);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
