/* embed.cuh and norm.cuh, interpreted, against their definitions, for one row, for the rows of a
 * chunk that is not full, and for rows of logits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 7, LOGIT_ROWS = 4, SEEDS = 20 };

/* Fewer rows than the instances can have; the logits' source rows begin at FIRST. */
enum { TOKENS = 5, LOGITS = 3, FIRST = 2 };

static u32 rows_of(enum count count)
{
    return count == COUNT_ONE ? 1 : count == COUNT_CHUNK ? TOKENS : LOGITS;
}

static u32 rows_most(enum count count)
{
    return count == COUNT_ONE ? ROWS_MOST_ONE : count == COUNT_CHUNK ? CHUNK : LOGIT_ROWS;
}

static run run_new(void)
{
    run r = {};
    struct step step = {};
    step.tokens = TOKENS, step.logit_first = FIRST, step.logit_rows = LOGITS;
    r.step = fixture_step_new(step);
    return r;
}

/* Rows of the step are as expected by `check`; what lies behind them is as it was, NaN. */
static void rows_behind_untouched(const char *name, const f32 *y, enum count count, u32 stride)
{
    for (size_t i = (size_t)rows_of(count) * stride; i < (size_t)rows_most(count) * stride; i++)
        if (!isnan(y[i]))
            ck_abort_msg("%s: wrote behind the rows of the step", name);
}

/* ---- embed ----------------------------------------------------------------------------------- */
enum { VOCAB_ROWS = 37 }; /* the kernel sees no more of the table's height than the tokens */

#define EMBED_SHAPES(X)                                                                            \
    X(BF16, 160, ONE)                                                                              \
    X(BF16, 768, ONE)                                                                              \
    X(BF16, 1024, CHUNK)                                                                           \
    X(BF16, 1536, ONE)                                                                             \
    X(BF16, 2048, CHUNK)                                                                           \
    X(BF16, 2560, ONE)                                                                             \
    X(F32, 2560, CHUNK)                                                                            \
    X(F16, 1, CHUNK)                                                                               \
    X(BF16, 17, CHUNK)                                                                             \
    X(F32, 50, ONE)                                                                                \
    X(F16, 100, CHUNK)

#define EMBED_MAKE(T, K, COUNT)                                                                    \
    EMBED(embed_##T##_##K##_##COUNT, any_##T, T, VOCAB_ROWS, K, LINE_PAD(K), COUNT)                \
    static void embed_##T##_##K##_##COUNT##_call(run *r, f32 *y, const void *w, const u32 *tokens) \
    {                                                                                              \
        embed_##T##_##K##_##COUNT(r, 0, (f32(*)[LINE_PAD(K)])y, (const any_##T *)w, tokens);       \
    }
EMBED_SHAPES(EMBED_MAKE)

static const struct embed_case {
    const char *name;
    enum format type;
    u32 K;
    enum count count;
    void (*call)(run *r, f32 *y, const void *w, const u32 *tokens);
} embed_cases[] = {
#define EMBED_ROW(T, K, COUNT)                                                                     \
    {"embed " #T " " #K " " #COUNT, FORMAT_##T, K, COUNT_##COUNT, embed_##T##_##K##_##COUNT##_call},
    EMBED_SHAPES(EMBED_ROW)};

static void embed_check(const struct embed_case *c, const struct fixture_matrix *w,
                        const u32 *tokens, const f32 *y)
{
    const u32 S = LINE_PAD(c->K);
    for (u32 row = 0; row < rows_of(c->count); row++)
        for (u32 k = 0; k < S; k++) {
            const double exact = k < c->K ? w->values[(size_t)tokens[row] * c->K + k] : 0;
            if (y[(size_t)row * S + k] != exact)
                ck_abort_msg("%s row %u column %u: %g, expected %g", c->name, row, k,
                             y[(size_t)row * S + k], exact);
        }
    rows_behind_untouched(c->name, y, c->count, S);
}

START_TEST(embed_exact)
{
    const struct embed_case *const c = &embed_cases[_i];
    const u32 values = rows_most(c->count) * LINE_PAD(c->K);
    struct fixture_matrix w = fixture_matrix_new(c->type, c->K, VOCAB_ROWS, c->K, 1.0f);
    f32 *const y = fixture_new(values, SIMT_ORDINARY, "y");
    u32 *const tokens = (u32 *)fixture_new_bytes(CHUNK * sizeof(u32), SIMT_ORDINARY,
                                                 "tokens"); /* past TOKENS: ~0 */
    static const u32 ids[TOKENS] = {VOCAB_ROWS - 1, 0, 17, 17, 3};
    memcpy(tokens, ids, sizeof ids);
    run r = run_new();
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        memset(y, 0xff, values * sizeof(f32));
        c->call(&r, y, w.packed, tokens);
        no_findings(c->name);
        embed_check(c, &w, tokens, y);
    }
    fixture_matrix_free(&w);
}
END_TEST

/* ---- rmsnorm --------------------------------------------------------------------------------- */
#define NORM_SHAPES(X)                                                                             \
    X(160, ONE)                                                                                    \
    X(768, ONE)                                                                                    \
    X(1024, ONE)                                                                                   \
    X(1536, CHUNK)                                                                                 \
    X(2048, ONE)                                                                                   \
    X(2560, ONE)                                                                                   \
    X(2560, CHUNK)                                                                                 \
    X(768, LOGITS)                                                                                 \
    X(8000, CHUNK)                                                                                 \
    X(9000, ONE)                                                                                   \
    X(1, CHUNK)                                                                                    \
    X(17, ONE)                                                                                     \
    X(50, CHUNK)                                                                                   \
    X(100, LOGITS)

#define NORM_MAKE(D, COUNT)                                                                        \
    RMSNORM(rmsnorm_##D##_##COUNT, D, LINE_PAD(D), 1e-5f, COUNT)                                   \
    static void rmsnorm_##D##_##COUNT##_call(run *r, f32 *y, const f32 *x, const f32 *weight)      \
    {                                                                                              \
        rmsnorm_##D##_##COUNT(r, 0, (f32(*)[LINE_PAD(D)])y, (const f32(*)[LINE_PAD(D)])x, weight); \
    }
NORM_SHAPES(NORM_MAKE)

static const struct norm_case {
    const char *name;
    u32 D;
    enum count count;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *weight);
} norm_cases[] = {
#define NORM_ROW(D, COUNT)                                                                         \
    {"rmsnorm " #D " " #COUNT, D, COUNT_##COUNT, rmsnorm_##D##_##COUNT##_call},
    NORM_SHAPES(NORM_ROW)};

struct norm_trial {
    const struct norm_case *c;
    run r;
    u32 S;
    f32 *x, *y, *weight;
};

/* Rows from huge to so small that EPS is most of the mean. */
static struct norm_trial norm_new(const struct norm_case *c)
{
    const u32 S = LINE_PAD(c->D), sources = (u32)CHUNK + FIRST;
    struct norm_trial t = {c,
                           run_new(),
                           S,
                           fixture_new(sources * S, SIMT_ORDINARY, "x"),
                           fixture_new(rows_most(c->count) * S, SIMT_ORDINARY, "y"),
                           fixture_new(S, SIMT_WEIGHTS, "weight")};
    static const f32 scales[] = {1.0f, 30.0f, 1e15f, 1e-3f, 1e-9f};
    for (u32 row = 0; row < sources; row++)
        fixture_fill(t.x + (size_t)row * S, row, 1, S, c->D, scales[row % 5]);
    fixture_fill(t.weight, 99, 1, S, c->D, 2.0f);
    return t;
}

static double norm_check(const struct norm_trial *t, u32 threads)
{
    const double steps = t->S / (2.0 * threads) + threads / 64.0 + 9;
    const u32 first = t->c->count == COUNT_LOGITS ? FIRST : 0;
    double worst = 0;
    for (u32 row = 0; row < rows_of(t->c->count); row++) {
        const f32 *const x = t->x + (size_t)(first + row) * t->S, *y = t->y + (size_t)row * t->S;
        double squares = 0;
        for (u32 i = 0; i < t->c->D; i++)
            squares += (double)x[i] * x[i];
        const double scale = 1 / sqrt(squares / t->c->D + (double)1e-5f);
        for (u32 i = 0; i < t->S; i++) {
            const double exact = x[i] * scale * t->weight[i];
            const double bound = steps * 0x1p-24 * fabs(exact), error = fabs(y[i] - exact);
            if (!(error <= bound))
                ck_abort_msg("%s row %u column %u: %.9g, exact %.9g", t->c->name, row, i, y[i],
                             exact);
            worst = fmax(worst, bound > 0 ? error / bound : 0);
        }
    }
    rows_behind_untouched(t->c->name, t->y, t->c->count, t->S);
    return worst;
}

START_TEST(norm_within_bound)
{
    struct norm_trial t = norm_new(&norm_cases[_i]);
    const u32 values = rows_most(t.c->count) * t.S;
    double worst = 0;
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        memset(t.y, 0xff, values * sizeof(f32));
        t.c->call(&t.r, t.y, t.x, t.weight);
        no_findings(t.c->name);
        worst = norm_check(&t, fixture_last_launch().threads);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t.y, values);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t.c->name, seed);
    }
    printf("%-24s worst error %.3f of the bound\n", t.c->name, worst);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_rows");
    TCase *tests = tcase_create("decode_rows");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, embed_exact, 0, sizeof embed_cases / sizeof embed_cases[0]);
    tcase_add_loop_test(tests, norm_within_bound, 0, sizeof norm_cases / sizeof norm_cases[0]);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
