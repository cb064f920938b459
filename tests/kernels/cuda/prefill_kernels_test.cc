/* conv.cuh, convert.cuh and linear.cuh with COUNT CHUNK and LOGITS, in the interpreter: against the
 * definitions, cut into chunks in many ways, on 20 schedules. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cuda/work.h"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 200, LOGIT_ROWS = 16, SCHEDULES = 20, POSITIONS = 400 };

#define PAD(count) LINE_PAD(count)
#define MATRIX(TYPE, type, M, K)                                                                   \
    struct type##_##M##x##K {                                                                      \
        TYPE w[PAD(M) * PAD(K)];                                                                   \
    };

static void sound(const char *what)
{
    EXPECT(simt_findings() == 0, "%s: %s", what, simt_report());
}

/* ---- the product that the instances ask for, in double ------------------------------------------
 */
static double element(enum format type, const void *at, size_t i)
{
    return fixture_widen(type,
                         type == FORMAT_F32 ? ((const u32 *)at)[i] : ((const uint16_t *)at)[i]);
}

static struct matmul last;

void matmul(run *, u32, const struct matmul *m)
{
    last = *m;
    for (size_t row = 0; row < m->rows; row++)
        for (size_t i = 0; i < m->M; i++) {
            double sum = m->add ? m->y[row * m->y_stride + i] : 0.0;
            for (size_t k = 0; k < m->K; k++)
                sum += element(m->type, m->w, i * m->w_stride + k) *
                       element(m->type, m->x, row * m->x_stride + k);
            m->y[row * m->y_stride + i] = (f32)sum;
        }
}

/* ---- conv ---------------------------------------------------------------------------------------
 */
CONV_SILU(conv_1536x4, 0, 1536, 4, 3072, BIAS, CHUNK)
CONV_SILU(conv_17x2, 16, 17, 2, 64, BIAS, CHUNK)
CONV_SILU(conv_50x3, 0, 50, 3, 128, PLAIN, CHUNK)
CONV_SILU(conv_16x16, 32, 16, 16, 48, PLAIN, CHUNK)
CONV_SILU(conv_one_50x4, 0, 50, 4, 128, BIAS, ONE)

typedef void conv_call(run *r, f32 *x, f32 *state, const f32 *taps, const f32 *bias);

/* x lies AT columns behind the start of a row of xz. */
#define CONV_CALL(name, AT, I, XS, ...)                                                            \
    static void name##_call(run *r, f32 *x, f32 *state, const f32 *taps, const f32 *bias)          \
    {                                                                                              \
        (void)bias;                                                                                \
        name(r, 0, (f32(*)[XS])(x - (AT)), (f32(*)[PAD(I)])state,                                  \
             (const f32(*)[PAD(I)])taps __VA_ARGS__);                                              \
    }
CONV_CALL(conv_1536x4, 0, 1536, 3072, , bias)
CONV_CALL(conv_17x2, 16, 17, 64, , bias)
CONV_CALL(conv_50x3, 0, 50, 128)
CONV_CALL(conv_16x16, 32, 16, 48)
CONV_CALL(conv_one_50x4, 0, 50, 128, , bias)

static const struct conv_case {
    const char *name;
    u32 I, K, XS;
    bool biased;
    conv_call *call;
} convs[] = {
    {"conv_17x2", 17, 2, 64, true, conv_17x2_call},
    {"conv_50x3", 50, 3, 128, false, conv_50x3_call},
    {"conv_16x16", 16, 16, 48, false, conv_16x16_call},
    {"conv_1536x4", 1536, 4, 3072, true, conv_1536x4_call},
};

/* One text of POSITIONS tokens: the raw rows, what they should become, and what they became. */
struct conv_text {
    const struct conv_case *c;
    f32 *raw, *expected, *xz, *state, *taps, *bias;
    struct step *step;
};

static struct conv_text conv_text_new(const struct conv_case *c)
{
    const u32 S = PAD(c->I);
    struct conv_text t = {};
    t.c = c;
    t.raw = fixture_new((size_t)POSITIONS * c->XS, SIMT_ORDINARY, "raw rows");
    t.expected = fixture_new((size_t)POSITIONS * c->XS, SIMT_ORDINARY, "expected rows");
    t.xz = fixture_new((size_t)CHUNK * c->XS, SIMT_ORDINARY, "xz");
    t.state = fixture_new((size_t)(c->K - 1) * S, SIMT_ORDINARY, "state");
    t.taps = fixture_new((size_t)c->K * S, SIMT_WEIGHTS, "taps");
    t.bias = fixture_new(S, SIMT_WEIGHTS, "bias");
    t.step = fixture_step_new((struct step){});
    fixture_fill(t.raw, 1, POSITIONS, c->XS, c->I, 4.0f);
    fixture_fill(t.taps, 2, c->K, S, c->I, 1.0f);
    fixture_fill(t.bias, 3, 1, S, c->I, 1.0f);
    for (u32 row = 0; row < POSITIONS; row++)
        for (u32 i = S; i < c->XS; i++)
            t.raw[(size_t)row * c->XS + i] = (f32)(row + i); /* z, to be left alone */
    memcpy(t.expected, t.raw, (size_t)POSITIONS * c->XS * sizeof(f32));
    for (u32 row = 0; row < POSITIONS; row++)
        for (u32 i = 0; i < S; i++) {
            f32 sum = 0.0f;
            for (u32 j = 0; j < c->K; j++) {
                const f32 in =
                    row + j < c->K - 1 ? 0.0f : t.raw[(size_t)(row + j - (c->K - 1)) * c->XS + i];
                const f32 tap = t.taps[(size_t)j * S + i];
                sum = j == 0 ? tap * in : fmaf(tap, in, sum);
            }
            sum = c->biased ? sum + t.bias[i] : sum;
            t.expected[(size_t)row * c->XS + i] = cpu_silu(sum);
        }
    return t;
}

static void conv_text_free(struct conv_text *t)
{
    void *const all[] = {t->raw, t->expected, t->xz, t->state, t->taps, t->bias, t->step};
    for (void *buffer : all)
        fixture_free(buffer);
}

/* The text through the kernel in chunks of the lengths given, again and again. */
static void conv_run(struct conv_text *t, const u32 *lengths, u32 count)
{
    const struct conv_case *c = t->c;
    const size_t row_bytes = c->XS * sizeof(f32);
    run r = {};
    r.step = t->step;
    memset(t->state, 0, (size_t)(c->K - 1) * PAD(c->I) * sizeof(f32));
    u32 chunk = 0;
    for (u32 first = 0, rows; first < POSITIONS; first += rows, chunk++) {
        rows =
            lengths[chunk % count] < POSITIONS - first ? lengths[chunk % count] : POSITIONS - first;
        memset(t->xz, 0xff, CHUNK * row_bytes);
        memcpy(t->xz, t->raw + (size_t)first * c->XS, rows * row_bytes);
        t->step->tokens = rows;
        c->call(&r, t->xz, t->state, t->taps, t->bias);
        sound(c->name);
        EXPECT(!memcmp(t->xz, t->expected + (size_t)first * c->XS, rows * row_bytes),
               "%s: rows %u .. %u in chunks of %u differ", c->name, first, first + rows,
               lengths[0]);
        for (size_t i = rows * (size_t)c->XS; i < (size_t)CHUNK * c->XS; i++)
            EXPECT(isnan(t->xz[i]), "%s wrote behind row %u", c->name, rows);
    }
}

START_TEST(conv_has_the_bits_of_the_definition_for_any_chunks)
{
    static const u32 plans[][3] = {
        {200, 200, 200}, {1, 2, 3}, {16, 17, 15}, {127, 128, 129}, {5, 190, 1}};
    simt_schedule(0);
    struct conv_text t = conv_text_new(&convs[_i]);
    for (const u32(&plan)[3] : plans)
        conv_run(&t, plan, convs[_i].I > 100 ? 1 : 3);
    conv_text_free(&t);
}
END_TEST

START_TEST(conv_is_the_same_on_any_schedule)
{
    static const u32 lengths[] = {200, 3, 140};
    struct conv_text t = conv_text_new(&convs[_i]);
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        simt_schedule(seed);
        conv_run(&t, lengths, 3);
    }
    conv_text_free(&t);
}
END_TEST

START_TEST(conv_of_one_token)
{
    static const struct conv_case one = {"conv_one_50x4", 50, 4, 128, true, conv_one_50x4_call};
    static const u32 lengths[] = {1};
    simt_schedule(1);
    struct conv_text t = conv_text_new(&one);
    conv_run(&t, lengths, 1);
    conv_text_free(&t);
}
END_TEST

/* ---- linear -------------------------------------------------------------------------------------
 */
MATRIX(bf16, bf16, 80, 1536)
MATRIX(bf16, bf16, 1536, 48)
MATRIX(bf16, bf16, 257, 50)
MATRIX(bf16, bf16, 640, 160)
MATRIX(f16, f16, 17, 50)
MATRIX(f16, f16, 50, 17)
MATRIX(f32, f32, 50, 17)
MATRIX(f32, f32, 257, 50)

LINEAR(gemm_bf16_80x1536, bf16_80x1536, BF16, 80, 1536, 80, 3072, PLAIN, CHUNK)
LINEAR(gemm_softplus_bf16_1536x48, bf16_1536x48, BF16, 1536, 48, 1536, 80, SOFTPLUS, CHUNK)
LINEAR(gemm_add_bf16_257x50, bf16_257x50, BF16, 257, 50, 288, 64, ADD, CHUNK)
LINEAR(gemm_add_bias_f16_17x50, f16_17x50, F16, 17, 50, 32, 64, ADD_BIAS, CHUNK)
LINEAR(gemm_softplus_f16_50x17, f16_50x17, F16, 50, 17, 80, 32, SOFTPLUS, CHUNK)
LINEAR(gemm_gelu_bf16_640x160, bf16_640x160, BF16, 640, 160, 640, 160, GELU, CHUNK)
LINEAR(gemm_gelu_f16_50x17, f16_50x17, F16, 50, 17, 80, 32, GELU, CHUNK)
LINEAR(gemm_gelu_f32_257x50, f32_257x50, F32, 257, 50, 272, 64, GELU, LOGITS)
LINEAR(gemm_bias_f32_50x17, f32_50x17, F32, 50, 17, 64, 32, BIAS, CHUNK)
LINEAR(gemm_logits_bf16_257x50, bf16_257x50, BF16, 257, 50, 272, 64, PLAIN, LOGITS)
LINEAR(gemm_logits_bias_f32_257x50, f32_257x50, F32, 257, 50, 272, 80, BIAS, LOGITS)

typedef void linear_call(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x);

#define LINEAR_CALL(name, TYPE, YS, XS, ...)                                                       \
    static void name##_call(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x)          \
    {                                                                                              \
        (void)bias;                                                                                \
        name(r, 0, (f32(*)[YS])y, (const TYPE *)w __VA_ARGS__, (const f32(*)[XS])x);               \
    }
LINEAR_CALL(gemm_bf16_80x1536, bf16_80x1536, 80, 3072)
LINEAR_CALL(gemm_softplus_bf16_1536x48, bf16_1536x48, 1536, 80, , bias)
LINEAR_CALL(gemm_add_bf16_257x50, bf16_257x50, 288, 64)
LINEAR_CALL(gemm_add_bias_f16_17x50, f16_17x50, 32, 64, , bias)
LINEAR_CALL(gemm_softplus_f16_50x17, f16_50x17, 80, 32, , bias)
LINEAR_CALL(gemm_gelu_bf16_640x160, bf16_640x160, 640, 160, , bias)
LINEAR_CALL(gemm_gelu_f16_50x17, f16_50x17, 80, 32, , bias)
LINEAR_CALL(gemm_gelu_f32_257x50, f32_257x50, 272, 64, , bias)
LINEAR_CALL(gemm_bias_f32_50x17, f32_50x17, 64, 32, , bias)
LINEAR_CALL(gemm_logits_bf16_257x50, bf16_257x50, 272, 64)
LINEAR_CALL(gemm_logits_bias_f32_257x50, f32_257x50, 272, 80, , bias)

static const struct linear_case {
    const char *name;
    enum format type;
    u32 M, K, YS, XS;
    enum epilogue E;
    enum count count;
    linear_call *call;
} linears[] = {
#define CASE(name, type, M, K, YS, XS, E, count)                                                   \
    {                                                                                              \
#name, FORMAT_##type, M, K, YS, XS, EPILOGUE_##E, COUNT_##count, name##_call               \
    }
    CASE(gemm_bf16_80x1536, BF16, 80, 1536, 80, 3072, PLAIN, CHUNK),
    CASE(gemm_softplus_bf16_1536x48, BF16, 1536, 48, 1536, 80, SOFTPLUS, CHUNK),
    CASE(gemm_add_bf16_257x50, BF16, 257, 50, 288, 64, ADD, CHUNK),
    CASE(gemm_add_bias_f16_17x50, F16, 17, 50, 32, 64, ADD_BIAS, CHUNK),
    CASE(gemm_softplus_f16_50x17, F16, 50, 17, 80, 32, SOFTPLUS, CHUNK),
    CASE(gemm_gelu_bf16_640x160, BF16, 640, 160, 640, 160, GELU, CHUNK),
    CASE(gemm_gelu_f16_50x17, F16, 50, 17, 80, 32, GELU, CHUNK),
    CASE(gemm_gelu_f32_257x50, F32, 257, 50, 272, 64, GELU, LOGITS),
    CASE(gemm_bias_f32_50x17, F32, 50, 17, 64, 32, BIAS, CHUNK),
    CASE(gemm_logits_bf16_257x50, BF16, 257, 50, 272, 64, PLAIN, LOGITS),
    CASE(gemm_logits_bias_f32_257x50, F32, 257, 50, 272, 80, BIAS, LOGITS),
#undef CASE
};

/* One row of y against the sum in double; `before` is what ADD adds to. */
static void linear_row(const struct linear_case *c, const struct fixture_matrix *w, const f32 *bias,
                       const f32 *x, const f32 *before, const f32 *y)
{
    const double h = 0x1p-24;
    const double rounding = c->type == FORMAT_F32 ? 0 : c->type == FORMAT_F16 ? 0x1p-11 : 0x1p-8;
    const bool add = c->E == EPILOGUE_ADD || c->E == EPILOGUE_ADD_BIAS;
    const bool biased = c->E != EPILOGUE_PLAIN && c->E != EPILOGUE_ADD;
    for (u32 m = 0; m < c->M; m++) {
        double sum = add ? before[m] : 0.0, size = 0, weights = 0;
        for (u32 k = 0; k < c->K; k++) {
            sum += w->values[(size_t)m * c->K + k] * x[k];
            size += fabs(w->values[(size_t)m * c->K + k] * x[k]);
            weights += fabs(w->values[(size_t)m * c->K + k]);
        }
        sum += biased ? bias[m] : 0.0;
        double bound = (rounding + c->K * h) * size +
                       (c->type == FORMAT_F16 ? 0x1p-25 : 0) * weights +
                       h * (fabs(sum) + (add ? fabs(before[m]) : 0) + (biased ? fabs(bias[m]) : 0));
        if (c->E == EPILOGUE_SOFTPLUS) {
            sum = fmax(sum, 0) + log1p(exp(-fabs(sum)));
            bound += 6 * h * sum;
        }
        if (c->E == EPILOGUE_GELU) {
            bound = cpu_gelu_bound(sum, bound);
            sum = cpu_gelu_exact(sum);
        }
        EXPECT(fabs(y[m] - sum) <= bound, "%s: row %u is %g, should be %g within %g", c->name, m,
               y[m], sum, bound);
    }
    for (u32 m = c->M; m < PAD(c->M); m++)
        EXPECT(y[m] == 0.0f, "%s: pad %u is %g", c->name, m, y[m]);
}

/* Instance `c` on `rows` rows from source row `first`; returns the digest of y's rows. */
static uint64_t linear_run(const struct linear_case *c, u32 rows, u32 first)
{
    const u32 most = c->count == COUNT_CHUNK ? CHUNK : LOGIT_ROWS, sources = first + rows;
    struct fixture_matrix w = fixture_matrix_new(c->type, 7, c->M, c->K, 0.5f);
    f32 *const bias = fixture_new(PAD(c->M), SIMT_WEIGHTS, "bias");
    f32 *const x = fixture_new((size_t)sources * c->XS, SIMT_ORDINARY, "x");
    f32 *const y = fixture_new((size_t)most * c->YS, SIMT_ORDINARY, "y");
    f32 *const before = fixture_new((size_t)most * c->YS, SIMT_ORDINARY, "y before");
    fixture_fill(bias, 8, 1, PAD(c->M), c->M, 2.0f);
    fixture_fill(x, 9, sources, c->XS, c->K, 2.0f);
    fixture_fill(before, 10, most, c->YS, c->M, 2.0f);
    for (u32 t = 0; t < sources; t++)
        for (u32 k = c->K; k < c->XS; k++)
            x[(size_t)t * c->XS + k] = NAN; /* other columns are no business of the product's */
    memcpy(y, before, (size_t)most * c->YS * sizeof(f32));
    run r = {};
    r.step = fixture_step_new((struct step){rows, first, rows, 0, 0});
    r.work = fixture_new_bytes(WORK_LINEAR_BYTES(most, c->K, c->type), SIMT_ORDINARY, "work");
    c->call(&r, y, w.packed, bias, x);
    sound(c->name);
    ck_assert_uint_eq(last.rows, most);
    uint64_t digest = FIXTURE_HASH;
    for (u32 t = 0; t < rows; t++) {
        linear_row(c, &w, bias, x + (size_t)(first + t) * c->XS, before + (size_t)t * c->YS,
                   y + (size_t)t * c->YS);
        digest = fixture_hash(digest, y + (size_t)t * c->YS, c->YS);
    }
    void *const all[] = {bias, x, y, before, (void *)r.step, r.work};
    fixture_matrix_free(&w);
    for (void *buffer : all)
        fixture_free(buffer);
    return digest;
}

START_TEST(linear_of_many_rows_is_within_its_bound)
{
    simt_schedule(0);
    const bool chunk = linears[_i].count == COUNT_CHUNK;
    linear_run(&linears[_i], chunk ? 37 : 16, chunk ? 0 : 5);
    linear_run(&linears[_i], 1, chunk ? 0 : 199);
}
END_TEST

START_TEST(linear_of_many_rows_is_the_same_on_any_schedule)
{
    const bool chunk = linears[_i].count == COUNT_CHUNK;
    if (linears[_i].M * linears[_i].K > 40000)
        return; /* the large shapes take the same kernels through more blocks */
    simt_schedule(0);
    const uint64_t digest = linear_run(&linears[_i], 3, chunk ? 0 : 2);
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        simt_schedule(seed);
        ck_assert_uint_eq(linear_run(&linears[_i], 3, chunk ? 0 : 2), digest);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefill kernels");
    TCase *tests = tcase_create("prefill kernels");
    tcase_set_timeout(tests, 300);
    const int conv_count = sizeof convs / sizeof *convs;
    const int linear_count = sizeof linears / sizeof *linears;
    tcase_add_loop_test(tests, conv_has_the_bits_of_the_definition_for_any_chunks, 0, conv_count);
    tcase_add_loop_test(tests, conv_is_the_same_on_any_schedule, 0, conv_count - 1);
    tcase_add_test(tests, conv_of_one_token);
    tcase_add_loop_test(tests, linear_of_many_rows_is_within_its_bound, 0, linear_count);
    tcase_add_loop_test(tests, linear_of_many_rows_is_the_same_on_any_schedule, 0, linear_count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
