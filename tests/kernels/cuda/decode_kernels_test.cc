/* The matrix products of a decode step on CUDA, linear_gemv.cuh and norm_linear_conv.cuh,
 * interpreted, against their definitions in double, within the bounds that they state. Shapes are
 * those of the reference models, of which rows of a matrix are left out where they are very many
 * but not so many that the grid would follow another rule; and awkward ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { SEEDS = 20 };

/* ---- linear ---------------------------------------------------------------------------------- */
/* x_proj, out_proj and head of the models, and fc2 of Phi; then every type and epilogue, and odd
 * shapes. */
#define LINEAR_SHAPES(X)                                                                           \
    X(BF16, 48, 320, PLAIN)                                                                        \
    X(BF16, 160, 320, ADD)                                                                         \
    X(BF16, 1024, 160, PLAIN)                                                                      \
    X(BF16, 80, 1536, PLAIN)                                                                       \
    X(BF16, 768, 1536, ADD)                                                                        \
    X(BF16, 96, 2048, PLAIN)                                                                       \
    X(BF16, 1024, 2048, ADD)                                                                       \
    X(BF16, 128, 3072, PLAIN)                                                                      \
    X(BF16, 1536, 3072, ADD)                                                                       \
    X(BF16, 160, 4096, PLAIN)                                                                      \
    X(BF16, 2048, 4096, ADD)                                                                       \
    X(BF16, 192, 5120, PLAIN)                                                                      \
    X(BF16, 2560, 5120, ADD)                                                                       \
    X(BF16, 6160, 768, PLAIN)                                                                      \
    X(BF16, 6160, 1024, PLAIN)                                                                     \
    X(BF16, 6160, 1536, PLAIN)                                                                     \
    X(BF16, 6160, 2048, PLAIN)                                                                     \
    X(BF16, 6160, 2560, PLAIN)                                                                     \
    X(BF16, 2560, 10240, ADD_BIAS)                                                                 \
    X(F32, 6160, 2560, PLAIN)                                                                      \
    X(BF16, 40, 28672, ADD)                                                                        \
    X(F32, 20, 60001, BIAS)                                                                        \
    X(F32, 770, 11000, BIAS)                                                                       \
    LINEAR_SMALL(X)

#define LINEAR_SMALL(X)                                                                            \
    X(F16, 1, 1, PLAIN)                                                                            \
    X(BF16, 17, 17, BIAS)                                                                          \
    X(F32, 50, 50, ADD_BIAS)                                                                       \
    X(F16, 100, 100, SOFTPLUS)                                                                     \
    X(BF16, 100, 1050, ADD_BIAS)                                                                   \
    X(F32, 33, 2100, SOFTPLUS)                                                                     \
    X(F16, 770, 333, BIAS)                                                                         \
    X(F32, 790, 1030, ADD)                                                                         \
    X(BF16, 1550, 260, SOFTPLUS)                                                                   \
    X(BF16, 640, 160, GELU)                                                                        \
    X(F16, 17, 33, GELU)                                                                           \
    X(F32, 100, 1, GELU)                                                                           \
    X(F16, 3080, 40, ADD)

#define GEMV_NAME(T, M, K, E) gemv_##E##_##T##_##M##x##K
#define GEMV_CALL_WITHOUT_BIAS(name, T, M, K)                                                      \
    static void name##_call(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x)          \
    {                                                                                              \
        (void)bias;                                                                                \
        name(r, 0, (f32(*)[LINE_PAD(M)])y, (const any_##T *)w, (const f32(*)[2 * LINE_PAD(K)]) x); \
    }
#define GEMV_CALL_WITH_BIAS(name, T, M, K)                                                         \
    static void name##_call(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x)          \
    {                                                                                              \
        name(r, 0, (f32(*)[LINE_PAD(M)])y, (const any_##T *)w, bias,                               \
             (const f32(*)[2 * LINE_PAD(K)]) x);                                                   \
    }
#define GEMV_CALL_PLAIN    GEMV_CALL_WITHOUT_BIAS
#define GEMV_CALL_ADD      GEMV_CALL_WITHOUT_BIAS
#define GEMV_CALL_BIAS     GEMV_CALL_WITH_BIAS
#define GEMV_CALL_ADD_BIAS GEMV_CALL_WITH_BIAS
#define GEMV_CALL_SOFTPLUS GEMV_CALL_WITH_BIAS
#define GEMV_CALL_GELU     GEMV_CALL_WITH_BIAS

#define GEMV_MAKE(T, M, K, E) GEMV_MAKE_NAMED(GEMV_NAME(T, M, K, E), T, M, K, E)
#define GEMV_MAKE_NAMED(name, T, M, K, E)                                                          \
    LINEAR(name, any_##T, T, M, K, LINE_PAD(M), 2 * LINE_PAD(K), E, ONE)                           \
    GEMV_CALL_##E(name, T, M, K)
LINEAR_SHAPES(GEMV_MAKE)

static const struct linear_case {
    const char *name;
    enum format type;
    u32 M, K;
    enum epilogue epilogue;
    void (*call)(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x);
} linear_cases[] = {
#define GEMV_ROW(T, M, K, E)                                                                       \
    {#T " " #M "x" #K " " #E, FORMAT_##T, M, K, EPILOGUE_##E, gemv_##E##_##T##_##M##x##K##_call},
    LINEAR_SHAPES(GEMV_ROW)};
static const struct linear_case linear_small[] = {LINEAR_SMALL(GEMV_ROW)};

struct linear_trial {
    const struct linear_case *c;
    struct fixture_matrix w;
    f32 *x, *y, *bias, *before;
};

static struct linear_trial linear_new(const struct linear_case *c)
{
    const u32 K = LINE_PAD(c->K), M = LINE_PAD(c->M);
    struct linear_trial t = {c,
                             fixture_matrix_new(c->type, c->M + c->K, c->M, c->K, 1.0f),
                             fixture_new(2 * K, SIMT_ORDINARY, "x"),
                             fixture_new(M, SIMT_ORDINARY, "y"),
                             fixture_new(M, SIMT_WEIGHTS, "bias"),
                             (f32 *)calloc(M, sizeof(f32))};
    fixture_fill(t.x, 7, 1, c->K, c->K,
                 1.0f); /* behind column K-1 it is NaN: not even pads count */
    fixture_fill(t.bias, 8, 1, M, c->M, 2.0f);
    fixture_fill(t.before, 9, 1, M, c->M, 2.0f);
    return t;
}

static void linear_run(struct linear_trial *t)
{
    run r = {};
    if (t->c->epilogue == EPILOGUE_ADD || t->c->epilogue == EPILOGUE_ADD_BIAS)
        memcpy(t->y, t->before, LINE_PAD(t->c->M) * sizeof(f32));
    t->c->call(&r, t->y, t->w.packed, t->bias, t->x);
    no_findings(t->c->name);
}

static void linear_free(struct linear_trial *t)
{
    fixture_matrix_free(&t->w);
    fixture_free(t->x), fixture_free(t->y), fixture_free(t->bias);
    free(t->before);
}

/* Error of output m as a part of its bound. */
static double linear_check(const struct linear_trial *t, u32 m)
{
    const struct linear_case *const c = t->c;
    double exact = 0, sizes = 0;
    for (u32 k = 0; k < c->K; k++) {
        const double product = t->w.values[(size_t)m * c->K + k] * t->x[k];
        exact += product, sizes += fabs(product);
    }
    if (c->epilogue != EPILOGUE_PLAIN && c->epilogue != EPILOGUE_ADD)
        exact += t->bias[m], sizes += fabs(t->bias[m]);
    if (c->epilogue == EPILOGUE_ADD || c->epilogue == EPILOGUE_ADD_BIAS)
        exact += t->before[m], sizes += fabs(t->before[m]);
    double bound = (c->K / 64.0 + 16) * unit * sizes;
    if (c->epilogue == EPILOGUE_SOFTPLUS) {
        exact = fmax(exact, 0) + log1p(exp(-fabs(exact))); /* slope at most 1 */
        bound += 3 * 2 * unit * exact;
    }
    if (c->epilogue == EPILOGUE_GELU) {
        bound = cpu_gelu_bound(exact, bound);
        exact = cpu_gelu_exact(exact);
    }
    const double error = fabs(t->y[m] - exact);
    if (!(error <= bound))
        ck_abort_msg("%s output %u: %.9g, exact %.9g, bound %.3g", c->name, m, t->y[m], exact,
                     bound);
    return bound > 0 ? error / bound : 0;
}

START_TEST(linear_within_bound)
{
    struct linear_trial t = linear_new(&linear_cases[_i]);
    linear_run(&t);
    double worst = 0;
    for (u32 m = 0; m < t.c->M; m++)
        worst = fmax(worst, linear_check(&t, m));
    for (u32 m = t.c->M; m < LINE_PAD(t.c->M); m++)
        ck_assert_msg(t.y[m] == 0, "%s: pad %u is %g", t.c->name, m, t.y[m]);
    const struct launch l = fixture_last_launch();
    printf("%-24s %4u blocks of %3u: worst error %.3f of the bound\n", t.c->name, l.blocks,
           l.threads, worst);
    linear_free(&t);
}
END_TEST

/* Sums that cancel to nearly nothing, of huge values: the bound is relative to the sizes. */
START_TEST(linear_cancelling)
{
    struct linear_trial t = linear_new(&linear_small[_i]);
    for (u32 k = 0; k < t.c->K; k++)
        t.x[k] = (k % 2 ? -1e30f : 1e30f) * (f32)(1 + k % 3);
    linear_run(&t);
    for (u32 m = 0; m < t.c->M; m++)
        linear_check(&t, m);
    linear_free(&t);
}
END_TEST

START_TEST(linear_any_schedule)
{
    struct linear_trial t = linear_new(&linear_small[_i]);
    linear_run(&t);
    const uint64_t in_order = fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.c->M));
    for (u32 seed = 1; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        linear_run(&t);
        ck_assert_msg(fixture_hash(FIXTURE_HASH, t.y, LINE_PAD(t.c->M)) == in_order,
                      "%s: schedule %u gives other bits", t.c->name, seed);
    }
    linear_free(&t);
}
END_TEST

/* ---- norm_linear_conv ------------------------------------------------------------------------ */
/* D, rows before the convolved ones, these, rows behind them, taps. Of the large models fewer
 * rows, but still 16 to a block. */
#define CONV_SHAPES(X)                                                                             \
    X(BF16, 768, 0, 1536, 1536, 4)                                                                 \
    X(BF16, 1024, 0, 2048, 2048, 4)                                                                \
    X(BF16, 1536, 0, 3072, 3072, 4)                                                                \
    X(BF16, 2048, 0, 3072, 3072, 4)                                                                \
    X(BF16, 2560, 0, 3072, 3072, 4)                                                                \
    X(BF16, 768, 1536, 1792, 24, 4)                                                                \
    X(BF16, 1024, 2048, 2304, 32, 4)                                                               \
    X(BF16, 2560, 3072, 3328, 80, 4)                                                               \
    CONV_SMALL(X)

#define CONV_SMALL(X)                                                                              \
    X(BF16, 160, 0, 320, 320, 4)                                                                   \
    X(F32, 1, 0, 1, 1, 2)                                                                          \
    X(F16, 17, 0, 50, 50, 3)                                                                       \
    X(BF16, 100, 0, 17, 17, 4)                                                                     \
    X(F32, 50, 0, 100, 100, 16)                                                                    \
    X(F32, 600, 0, 400, 400, 3)                                                                    \
    X(F16, 1100, 0, 30, 30, 2)                                                                     \
    X(F32, 64, 128, 192, 8, 4)                                                                     \
    X(F16, 64, 128, 256, 4, 4)                                                                     \
    X(BF16, 40, 16, 50, 3, 3)

#define CONV_ROWS(AT, I, BEHIND) LINE_PAD((AT) + LINE_PAD(I) + (BEHIND))
#define CONV_MAKE(T, D, AT, I, BEHIND, K)                                                          \
    CONV_MAKE_NAMED(conv_##T##_##D##x##AT##x##I##x##BEHIND##x##K, T, D, AT, I, BEHIND, K)
#define CONV_MAKE_NAMED(name, T, D, AT, I, BEHIND, K)                                              \
    NORM_LINEAR_CONV(name, any_##T, T, D, LINE_PAD(D), CONV_ROWS(AT, I, BEHIND), AT, I, K, 1e-5f,  \
                     CONV_ROWS(AT, I, BEHIND))                                                     \
    static void name##_call(run *r, f32 *xz, const f32 *x, const f32 *norm, const void *w,         \
                            const f32 *bias, f32 *conv, const f32 *taps, const f32 *conv_bias)     \
    {                                                                                              \
        name(r, 0, (f32(*)[CONV_ROWS(AT, I, BEHIND)])xz, (const f32(*)[LINE_PAD(D)])x, norm,       \
             (const any_##T *)w, bias, (f32(*)[LINE_PAD(I)])conv, (const f32(*)[LINE_PAD(I)])taps, \
             conv_bias);                                                                           \
    }
CONV_SHAPES(CONV_MAKE)

static const struct conv_case {
    const char *name;
    enum format type;
    u32 D, at, I, behind, K;
    void (*call)(run *r, f32 *xz, const f32 *x, const f32 *norm, const void *w, const f32 *bias,
                 f32 *conv, const f32 *taps, const f32 *conv_bias);
} conv_cases[] = {
#define CONV_ROW(T, D, AT, I, BEHIND, K)                                                           \
    {#T " norm " #D "x" #AT "+" #I "+" #BEHIND " taps " #K, FORMAT_##T, D, AT, I, BEHIND, K,       \
     conv_##T##_##D##x##AT##x##I##x##BEHIND##x##K##_call},
    CONV_SHAPES(CONV_ROW)};
static const struct conv_case conv_small[] = {CONV_SMALL(CONV_ROW)};

struct conv_trial {
    const struct conv_case *c;
    u32 S, rows, M; /* PAD(I); rows of W with and without those of the last pad */
    bool biased;
    struct fixture_matrix w;
    f32 *x, *norm, *xz, *bias, *window, *taps, *conv_bias, *before;
};

static struct conv_trial conv_new(const struct conv_case *c, bool biased)
{
    const u32 S = LINE_PAD(c->I), D = LINE_PAD(c->D);
    struct conv_trial t = {};
    t.c = c, t.S = S, t.biased = biased;
    t.rows = c->at + S + c->behind;
    t.M = LINE_PAD(t.rows);
    t.w = fixture_matrix_new(c->type, c->I + c->D, t.rows, c->D, 1.0f / sqrtf((f32)c->D));
    memset((char *)t.w.packed + format_bytes(c->type, c->at + c->I, D), 0, /* x' pads, too */
           format_bytes(c->type, S - c->I, D));
    t.x = fixture_new(D, SIMT_ORDINARY, "x");
    t.norm = fixture_new(D, SIMT_WEIGHTS, "norm");
    t.xz = fixture_new(t.M, SIMT_ORDINARY, "xz");
    t.bias = fixture_new(t.M, SIMT_WEIGHTS, "bias");
    t.window = fixture_new((c->K - 1) * S, SIMT_ORDINARY, "the window");
    t.taps = fixture_new(c->K * S, SIMT_WEIGHTS, "taps");
    t.conv_bias = fixture_new(S, SIMT_WEIGHTS, "conv_bias");
    t.before = (f32 *)calloc((c->K - 1) * S, sizeof(f32));
    fixture_fill(t.x, 1, 1, D, c->D, 30.0f);
    fixture_fill(t.norm, 2, 1, D, c->D, 1.0f);
    fixture_fill(t.bias, 3, 1, t.M, t.rows, 1.0f);
    memset(t.bias + c->at + c->I, 0, (S - c->I) * sizeof(f32));
    fixture_fill(t.before, 4, c->K - 1, S, c->I, 2.0f);
    fixture_fill(t.taps, 5, c->K, S, c->I, 1.0f);
    fixture_fill(t.conv_bias, 6, 1, S, c->I, 1.0f);
    return t;
}

static void conv_run(struct conv_trial *t)
{
    run r = {};
    memcpy(t->window, t->before, (t->c->K - 1) * t->S * sizeof(f32));
    t->c->call(&r, t->xz, t->x, t->norm, t->w.packed, t->biased ? t->bias : NULL, t->window,
               t->taps, t->biased ? t->conv_bias : NULL);
    no_findings(t->c->name);
}

static void conv_free(struct conv_trial *t)
{
    fixture_matrix_free(&t->w);
    f32 *const buffers[] = {t->x, t->norm, t->xz, t->bias, t->window, t->taps, t->conv_bias};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    free(t->before);
}

struct exact {
    double value, bound;
};

/* Row `row` of W rmsnorm(x) + bias. */
static struct exact conv_linear(const struct conv_trial *t, double scale, u32 row)
{
    const u32 D = t->c->D;
    struct exact y = {0, 0};
    for (u32 k = 0; k < D; k++) {
        const double product =
            t->w.values[(size_t)row * D + k] * ((double)t->norm[k] * t->x[k] * scale);
        y.value += product, y.bound += fabs(product);
    }
    if (t->biased)
        y.value += t->bias[row], y.bound += fabs(t->bias[row]);
    y.bound *= (D / 32.0 + 32) * unit;
    return y;
}

static double conv_within(const struct conv_trial *t, const char *what, u32 c, f32 got,
                          struct exact exact)
{
    const double error = fabs(got - exact.value);
    if (!(error <= exact.bound))
        ck_abort_msg("%s: %s of channel %u is %.9g, exact %.9g, bound %.3g", t->c->name, what, c,
                     got, exact.value, exact.bound);
    return exact.bound > 0 ? error / exact.bound : 0;
}

/* The convolution's output where x' is `last`. */
static struct exact conv_output(const struct conv_trial *t, u32 c, struct exact last)
{
    const u32 K = t->c->K;
    const double tap = t->taps[(size_t)(K - 1) * t->S + c];
    double sum = tap * last.value, sizes = fabs(sum);
    for (u32 j = 0; j + 1 < K; j++) {
        const double product = (double)t->taps[(size_t)j * t->S + c] * t->before[j * t->S + c];
        sum += product, sizes += fabs(product);
    }
    if (t->biased)
        sum += t->conv_bias[c], sizes += fabs(t->conv_bias[c]);
    return {sum / (1 + exp(-sum)), 1.1 * last.bound * fabs(tap) + (1.1 * K + 9) * unit * sizes};
}

/* The convolved rows, and the window that they leave. */
static double conv_check_channels(const struct conv_trial *t, double scale)
{
    const u32 at = t->c->at, newest = (t->c->K - 2) * t->S;
    double worst = 0;
    for (u32 c = 0; c < t->c->I; c++) {
        const struct exact x = conv_linear(t, scale, at + c);
        worst = fmax(worst, conv_within(t, "x", c, t->xz[at + c], conv_output(t, c, x)));
        worst = fmax(worst, conv_within(t, "window", c, t->window[newest + c], x));
    }
    for (u32 i = 0; i < newest; i++)
        ck_assert_msg(t->window[i] == t->before[t->S + i], "%s: window %u", t->c->name, i);
    for (u32 c = t->c->I; c < t->S; c++)
        ck_assert_msg(t->xz[at + c] == 0 && t->window[newest + c] == 0, "%s: pad %u is not 0",
                      t->c->name, c);
    return worst;
}

static double conv_check(const struct conv_trial *t)
{
    double squares = 0;
    for (u32 k = 0; k < t->c->D; k++)
        squares += (double)t->x[k] * t->x[k];
    const double scale = 1 / sqrt(squares / t->c->D + (double)1e-5f);
    double worst = conv_check_channels(t, scale);
    for (u32 row = 0; row < t->rows; row++)
        if (row < t->c->at || row >= t->c->at + t->S)
            worst = fmax(worst, conv_within(t, "row", row, t->xz[row], conv_linear(t, scale, row)));
    for (u32 row = t->rows; row < t->M; row++)
        ck_assert_msg(t->xz[row] == 0, "%s: pad %u is not 0", t->c->name, row);
    return worst;
}

START_TEST(conv_within_bound)
{
    struct conv_trial t = conv_new(&conv_cases[_i], _i % 2 == 0);
    conv_run(&t);
    const double worst = conv_check(&t);
    const struct launch l = fixture_last_launch();
    printf("%-24s %4u blocks of %3u: worst error %.3f of the bound\n", t.c->name, l.blocks,
           l.threads, worst);
    conv_free(&t);
}
END_TEST

START_TEST(conv_any_schedule)
{
    struct conv_trial t = conv_new(&conv_small[_i], true);
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        conv_run(&t);
        const uint64_t hash = fixture_hash(fixture_hash(FIXTURE_HASH, t.xz, t.M), t.window,
                                           (size_t)(t.c->K - 1) * t.S);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.c->name, seed);
    }
    conv_check(&t);
    conv_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_kernels");
    TCase *linear = tcase_create("linear"), *conv = tcase_create("norm_linear_conv");
    const int linears = sizeof linear_cases / sizeof linear_cases[0];
    const int linears_small = sizeof linear_small / sizeof linear_small[0];
    tcase_set_timeout(linear, 300);
    tcase_add_loop_test(linear, linear_within_bound, 0, linears);
    tcase_add_loop_test(linear, linear_cancelling, 0, linears_small);
    tcase_add_loop_test(linear, linear_any_schedule, 0, linears_small);
    tcase_set_timeout(conv, 300);
    tcase_add_loop_test(conv, conv_within_bound, 0, sizeof conv_cases / sizeof conv_cases[0]);
    tcase_add_loop_test(conv, conv_any_schedule, 0, sizeof conv_small / sizeof conv_small[0]);
    suite_add_tcase(suite, linear);
    suite_add_tcase(suite, conv);
    return tests_run(suite);
}
