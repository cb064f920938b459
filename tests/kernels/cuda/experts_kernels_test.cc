/* The experts on CUDA, interpreted, against their definition in double within the bounds that
 * route.cuh, experts.cuh and experts_rows.cuh state: one token as in decode, and chunks, whose
 * tokens choose at random, all the same experts, or only some of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_math.h"
#include "tests/kernels/cuda/cpu_route.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 72, LOGIT_ROWS = 1, SEEDS = 20, MOST_EXPERTS = 64 };

/* Types of the router and of the experts, D, F, E, K: widths that fill no tile and no vector; rows
 * of one stage and of several; more tiles than one to a block. The last are too many rows for a
 * chunk in the interpreter. */
#define EXPERTS_CHUNKS(X)                                                                          \
    X(F32, F32, 20, 33, 2, 1, RAW)                                                                 \
    X(F16, F16, 48, 80, 8, 2, RENORM)                                                              \
    X(BF16, BF16, 100, 70, 16, 2, RAW)                                                             \
    X(F32, BF16, 40, 24, 64, 6, RENORM)                                                            \
    X(F32, BF16, 200, 40, 5, 3, RENORM)                                                            \
    X(F16, F32, 90, 70, 3, 2, RAW)                                                                 \
    X(F16, F16, 1, 1, 1, 1, RENORM)
#define EXPERTS_ONLY_ONE(X)                                                                        \
    X(BF16, BF16, 40, 1408, 64, 6, RAW)                                                            \
    X(F16, F16, 17, 3072, 8, 2, RENORM)                                                            \
    X(F16, BF16, 600, 1100, 16, 2, RAW)                                                            \
    X(F32, F32, 16, 4096, 7, 6, RENORM)

#define EXPERTS_NAME(T, D, F, E, K) experts_##T##_##D##x##F##_##E##x##K
#define ROWS_OF(buffer, stride)     ((f32(*)[stride])(buffer))
#define CONST_OF(buffer, stride)    ((const f32(*)[stride])(buffer))

struct experts_call {
    const void *router, *gate, *up, *down;
    const f32 *norm, *x;
    f32 *y, *route, *xg, *h;
};

#define EXPERTS_MAKE_ONE(RT, T, D, F, E, K, WEIGHTS)                                               \
    EXPERTS_MAKE_ONE_NAMED(EXPERTS_NAME(T, D, F, E, K), RT, T, D, F, E, K, WEIGHTS)
#define EXPERTS_MAKE_ONE_NAMED(name, RT, T, D, F, E, K, WEIGHTS)                                   \
    EXPERTS_MAKE_ONE_OF(name, RT, T, D, F, E, K, WEIGHTS)
#define EXPERTS_MAKE_ONE_OF(name, RT, T, D, F, E, K, WEIGHTS)                                      \
    NORM_EXPERTS_SWIGLU(name##_swiglu_one, any_##RT, RT, any_##T, T, D, LINE_PAD(D), F, 1e-5f, E,  \
                        K, WEIGHTS)                                                                \
    EXPERTS_ADD(name##_add_one, any_##T, T, F, LINE_PAD(F), D, E, K, 1, ONE)                       \
    static void name##_one(run *r, const struct experts_call *c)                                   \
    {                                                                                              \
        name##_swiglu_one(r, 0, ROWS_OF(c->h, LINE_PAD(F)), ROWS_OF(c->route, ROUTE_STRIDE(K)),    \
                          CONST_OF(c->x, LINE_PAD(D)), c->norm, (const any_##RT *)c->router,       \
                          (const any_##T *)c->gate, (const any_##T *)c->up);                       \
        name##_add_one(r, 0, ROWS_OF(c->y, LINE_PAD(D)), CONST_OF(c->h, LINE_PAD(F)),              \
                       CONST_OF(c->route, ROUTE_STRIDE(K)), (const any_##T *)c->down);             \
    }

#define EXPERTS_MAKE_CHUNK(RT, T, D, F, E, K, WEIGHTS)                                             \
    EXPERTS_MAKE_CHUNK_NAMED(EXPERTS_NAME(T, D, F, E, K), RT, T, D, F, E, K, WEIGHTS)
#define EXPERTS_MAKE_CHUNK_NAMED(name, RT, T, D, F, E, K, WEIGHTS)                                 \
    EXPERTS_MAKE_CHUNK_OF(name, RT, T, D, F, E, K, WEIGHTS)
#define EXPERTS_MAKE_CHUNK_OF(name, RT, T, D, F, E, K, WEIGHTS)                                    \
    ROUTE(name##_route, any_##RT, RT, D, LINE_PAD(D), E, K, WEIGHTS, CHUNK)                        \
    GATHER(name##_gather, LINE_PAD(D), E, K, CHUNK)                                                \
    EXPERTS_SWIGLU(name##_swiglu, any_##T, T, D, LINE_PAD(D), F, E, K, CHUNK)                      \
    EXPERTS_ADD(name##_add, any_##T, T, F, LINE_PAD(F), D, E, K, CHUNK, CHUNK)                     \
    static void name##_chunk(run *r, const struct experts_call *c)                                 \
    {                                                                                              \
        const f32(*route)[ROUTE_STRIDE(K)] = CONST_OF(c->route, ROUTE_STRIDE(K));                  \
        name##_route(r, 0, ROWS_OF(c->route, ROUTE_STRIDE(K)), CONST_OF(c->x, LINE_PAD(D)),        \
                     (const any_##RT *)c->router);                                                 \
        name##_gather(r, 0, ROWS_OF(c->xg, LINE_PAD(D)), CONST_OF(c->x, LINE_PAD(D)), route);      \
        name##_swiglu(r, 0, ROWS_OF(c->h, LINE_PAD(F)), CONST_OF(c->xg, LINE_PAD(D)), route,       \
                      (const any_##T *)c->gate, (const any_##T *)c->up);                           \
        name##_add(r, 0, ROWS_OF(c->y, LINE_PAD(D)), CONST_OF(c->h, LINE_PAD(F)), route,           \
                   (const any_##T *)c->down);                                                      \
    }
EXPERTS_CHUNKS(EXPERTS_MAKE_ONE)
EXPERTS_CHUNKS(EXPERTS_MAKE_CHUNK)
EXPERTS_ONLY_ONE(EXPERTS_MAKE_ONE)

static const struct experts_case {
    const char *name;
    enum format router_type, type;
    u32 D, F, E, K;
    enum route_weights weights;
    void (*one)(run *r, const struct experts_call *call);
    void (*chunk)(run *r, const struct experts_call *call);
} cases[] = {
#define EXPERTS_ROW(RT, T, D, F, E, K, WEIGHTS)                                                    \
    {#RT " " #T " " #D "x" #F " " #K " of " #E,                                                    \
     FORMAT_##RT,                                                                                  \
     FORMAT_##T,                                                                                   \
     D,                                                                                            \
     F,                                                                                            \
     E,                                                                                            \
     K,                                                                                            \
     ROUTE_##WEIGHTS,                                                                              \
     experts_##T##_##D##x##F##_##E##x##K##_one,                                                    \
     experts_##T##_##D##x##F##_##E##x##K##_chunk},
#define EXPERTS_ROW_ONE(RT, T, D, F, E, K, WEIGHTS)                                                \
    {#RT " " #T " " #D "x" #F " " #K " of " #E,                                                    \
     FORMAT_##RT,                                                                                  \
     FORMAT_##T,                                                                                   \
     D,                                                                                            \
     F,                                                                                            \
     E,                                                                                            \
     K,                                                                                            \
     ROUTE_##WEIGHTS,                                                                              \
     experts_##T##_##D##x##F##_##E##x##K##_one,                                                    \
     NULL},
    EXPERTS_CHUNKS(EXPERTS_ROW) EXPERTS_ONLY_ONE(EXPERTS_ROW_ONE)};
enum { CASES = sizeof cases / sizeof cases[0], CHUNKED = 7 };

/* ---- a trial --------------------------------------------------------------------------------- */
/* E matrices of one shape, their packed forms one behind another. */
struct stack {
    struct fixture_matrix one[MOST_EXPERTS];
    void *packed;
};

static struct stack stack_new(enum format type, uint64_t seed, u32 count, u32 rows, u32 cols)
{
    const size_t bytes = format_bytes(type, LINE_PAD(rows), LINE_PAD(cols));
    struct stack s;
    s.packed = fixture_new_bytes(count * bytes, SIMT_WEIGHTS, "experts");
    for (u32 e = 0; e < count; e++) {
        s.one[e] = fixture_matrix_new(type, seed + e, rows, cols, 2.0f / sqrtf((f32)cols));
        memcpy((char *)s.packed + e * bytes, s.one[e].packed, bytes);
    }
    return s;
}

static void stack_free(struct stack *s, u32 count)
{
    for (u32 e = 0; e < count; e++)
        fixture_matrix_free(&s->one[e]);
    fixture_free(s->packed);
}

struct trial {
    const struct experts_case *c;
    bool one; /* the operations of decode */
    u32 rows; /* tokens of the step */
    u32 most; /* of the instance */
    run r;
    struct fixture_matrix router;
    struct stack gate, up, down;
    f32 *norm, *x, *before;
    struct experts_call call;
};

static size_t most_of(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t work_bytes(const struct experts_case *c, u32 rows)
{
    return most_of(WORK_LOGITS_BYTES(c->E),
                   most_of(WORK_EXPERTS_SWIGLU_BYTES(rows, c->D, c->E, c->type),
                           WORK_EXPERTS_ADD_BYTES(rows, c->F, c->D, c->E, c->type)));
}

static struct trial trial_new(const struct experts_case *c, bool one, u32 rows)
{
    const u32 D = LINE_PAD(c->D), F = LINE_PAD(c->F), most = one ? 1 : (u32)CHUNK;
    struct trial t = {};
    struct step step = {};
    t.c = c, t.one = one, t.rows = rows, t.most = most;
    step.tokens = rows;
    t.r.step = fixture_step_new(step);
    t.r.work = fixture_new_bytes(work_bytes(c, most * c->K), SIMT_ORDINARY, "work");
    t.router = fixture_matrix_new(c->router_type, 1, c->E, c->D, 4.0f / sqrtf((f32)c->D));
    t.gate = stack_new(c->type, 100, c->E, c->F, c->D);
    t.up = stack_new(c->type, 200, c->E, c->F, c->D);
    t.down = stack_new(c->type, 300, c->E, c->D, c->F);
    t.norm = fixture_new(D, SIMT_WEIGHTS, "norm");
    t.x = fixture_new((size_t)most * D, SIMT_ORDINARY, "x");
    t.before = (f32 *)malloc((size_t)rows * D * sizeof(f32));
    fixture_fill(t.norm, 4, 1, D, c->D, 2.0f);
    fixture_fill(t.x, 5, rows, D, c->D, 2.0f);
    fixture_fill(t.before, 6, rows, D, c->D, 3.0f);
    t.call = {t.router.packed,
              t.gate.packed,
              t.up.packed,
              t.down.packed,
              t.norm,
              t.x,
              fixture_new((size_t)most * D, SIMT_ORDINARY, "y"),
              fixture_new((size_t)most * ROUTE_STRIDE(c->K), SIMT_ORDINARY, "route"),
              fixture_new((size_t)most * c->K * D, SIMT_ORDINARY, "xg"),
              fixture_new((size_t)most * c->K * F, SIMT_ORDINARY, "h")};
    return t;
}

static void trial_free(struct trial *t)
{
    fixture_matrix_free(&t->router);
    stack_free(&t->gate, t->c->E), stack_free(&t->up, t->c->E), stack_free(&t->down, t->c->E);
    void *const all[] = {(void *)t->r.step, t->r.work,     t->norm,    t->x,
                         t->call.y,         t->call.route, t->call.xg, t->call.h};
    for (void *buffer : all)
        fixture_free(buffer);
    free(t->before);
}

static void trial_run(struct trial *t)
{
    const size_t D = LINE_PAD(t->c->D), F = LINE_PAD(t->c->F);
    memset(t->call.y, 0xff, t->most * D * sizeof(f32));
    memcpy(t->call.y, t->before, t->rows * D * sizeof(f32));
    memset(t->call.h, 0xff, (size_t)t->most * t->c->K * F * sizeof(f32));
    memset(t->call.route, 0xff, (size_t)t->most * ROUTE_STRIDE(t->c->K) * sizeof(f32));
    (t->one ? t->c->one : t->c->chunk)(&t->r, &t->call);
    no_findings(t->c->name);
}

static uint64_t trial_hash(const struct trial *t)
{
    const uint64_t y = fixture_hash(FIXTURE_HASH, t->call.y, (size_t)t->most * LINE_PAD(t->c->D));
    return fixture_hash(y, t->call.route, (size_t)t->most * ROUTE_STRIDE(t->c->K));
}

/* ---- the definition -------------------------------------------------------------------------- */
/* How far a product may be off: `order` times the sum of sizes, and the rounding of what it reads.
 */
struct rounding {
    double order, relative, absolute;
};

static struct rounding rounding_of(const struct trial *t, u32 columns)
{
    const enum format type = t->c->type;
    if (t->one)
        return {(columns / 32.0 + 32) * unit, 0, 0};
    return {columns * (type == FORMAT_F32 ? unit : 2 * unit),
            type == FORMAT_BF16  ? 0x1p-8
            : type == FORMAT_F16 ? 0x1p-11
                                 : 0,
            type == FORMAT_F16 ? 0x1p-25 : 0};
}

/* Row m of W x, and its error where x is off by `off` (or NULL). */
static double exact_sum(const struct fixture_matrix *w, u32 m, const double *x, const double *off,
                        struct rounding r, double *error)
{
    double sum = 0, sizes = 0, carried = 0;
    for (u32 k = 0; k < w->cols; k++) {
        const double value = w->values[(size_t)m * w->cols + k];
        sum += value * x[k];
        sizes += fabs(value * x[k]);
        carried += fabs(value) * ((off ? off[k] : 0) * (1 + r.relative + r.order) + r.absolute);
    }
    *error = (r.order + r.relative) * sizes + carried;
    return sum;
}

/* What the experts read: x, or in decode its norm. */
static void exact_input(const struct trial *t, u32 row, double *u)
{
    const f32 *const x = t->x + (size_t)row * LINE_PAD(t->c->D);
    double squares = 0;
    for (u32 k = 0; k < t->c->D; k++)
        squares += (double)x[k] * x[k];
    const double scale = t->one ? 1 / sqrt(squares / t->c->D + (double)1e-5f) : 1;
    for (u32 k = 0; k < t->c->D; k++)
        u[k] = x[k] * (t->one ? scale * t->norm[k] : 1);
}

/* The right experts in ascending order, and weights within the bound of kernels/cpu/route.h. */
static void check_route(const struct trial *t, const double *u, const f32 *route)
{
    const struct experts_case *const c = t->c;
    const struct rounding r = {t->one ? (c->D / 32.0 + 32) * unit : (c->D / 64.0 + 16) * unit, 0,
                               0};
    double p[MOST_EXPERTS], sum = 0, chosen = 0, error = 0;
    for (u32 e = 0; e < c->E; e++) {
        double of_logit;
        sum += p[e] = exp(exact_sum(&t->router, e, u, NULL, r, &of_logit));
        error = fmax(error, of_logit);
    }
    for (u32 slot = 0; slot < c->K; slot++) {
        const f32 e = route[slot];
        ck_assert_msg(e >= 0 && e < (f32)c->E && e == floorf(e) &&
                          (slot == 0 || route[slot - 1] < e),
                      "%s: chose expert %g", c->name, e);
        chosen += p[(u32)e];
    }
    for (u32 slot = 0; slot < c->K; slot++) {
        const double own = p[(u32)route[slot]];
        const double exact = own / (c->weights == ROUTE_RENORM ? chosen : sum);
        u32 larger = 0;
        for (u32 e = 0; e < c->E; e++)
            larger += p[e] > own * (1 + 4 * error);
        ck_assert_msg(larger < c->K, "%s: chose expert %g, the %uth", c->name, route[slot], larger);
        ck_assert_msg(fabs(route[c->K + slot] - exact) <= (4 * error + (c->E + 8) * unit) * exact,
                      "%s: weight %.9g, exact %.9g", c->name, route[c->K + slot], exact);
    }
    for (u32 i = 2 * c->K; i < ROUTE_STRIDE(c->K); i++)
        ck_assert_msg(route[i] == 0, "%s: pad %u of the route is %g", c->name, i, route[i]);
}

static void exact_h(const struct trial *t, u32 e, const double *u, double *h, double *error)
{
    const struct rounding r = rounding_of(t, t->c->D);
    for (u32 f = 0; f < t->c->F; f++) {
        double g_error, v_error;
        const double g = exact_sum(&t->gate.one[e], f, u, NULL, r, &g_error);
        const double v = exact_sum(&t->up.one[e], f, u, NULL, r, &v_error);
        const double silu = g / (1 + exp(-g));
        h[f] = silu * v;
        error[f] =
            1.1 * g_error * (fabs(v) + v_error) + fabs(silu) * v_error + 8 * unit * fabs(h[f]);
    }
}

/* The largest error of a row of y as a part of its bound. */
static double check_row(const struct trial *t, u32 row)
{
    const struct experts_case *const c = t->c;
    const f32 *const route = t->call.route + (size_t)row * ROUTE_STRIDE(c->K);
    const f32 *const y = t->call.y + (size_t)row * LINE_PAD(c->D);
    double *const room = (double *)calloc(3 * c->D + 2 * c->F, sizeof(double));
    double *const exact = room, *const bound = room + c->D, *const u = room + 2 * c->D;
    double *const h = room + 3 * c->D, *const h_error = h + c->F, worst = 0;
    exact_input(t, row, u);
    check_route(t, u, route);
    for (u32 d = 0; d < c->D; d++) {
        exact[d] = t->before[(size_t)row * LINE_PAD(c->D) + d];
        bound[d] = (c->K + 1) * unit * fabs(exact[d]);
    }
    for (u32 slot = 0; slot < c->K; slot++) {
        const u32 e = (u32)route[slot];
        const double weight = route[c->K + slot];
        exact_h(t, e, u, h, h_error);
        for (u32 d = 0; d < c->D; d++) {
            double error;
            const double product =
                exact_sum(&t->down.one[e], d, h, h_error, rounding_of(t, c->F), &error);
            exact[d] += weight * product;
            bound[d] += weight * (error + (c->K + 1) * unit * (fabs(product) + error));
        }
    }
    for (u32 d = 0; d < c->D; d++) {
        const double error = fabs(y[d] - exact[d]);
        if (!(error <= bound[d]))
            ck_abort_msg("%s row %u element %u: %.9g, exact %.9g, bound %.3g", c->name, row, d,
                         y[d], exact[d], bound[d]);
        worst = fmax(worst, error / bound[d]);
    }
    for (u32 d = c->D; d < LINE_PAD(c->D); d++)
        ck_assert_msg(y[d] == 0, "%s row %u: pad %u is %g", c->name, row, d, y[d]);
    free(room);
    return worst;
}

/* F32 weights in a chunk: a row of y, product by product, in the order of the CPU. */
static void check_bits(const struct trial *t, u32 row)
{
    const struct experts_case *const c = t->c;
    const f32 *const route = t->call.route + (size_t)row * ROUTE_STRIDE(c->K);
    const f32 *const x = t->x + (size_t)row * LINE_PAD(c->D);
    f32 *const h = (f32 *)calloc(c->F, sizeof(f32));
    for (u32 d = 0; d < c->D; d++) {
        f32 y = t->before[(size_t)row * LINE_PAD(c->D) + d];
        for (u32 slot = 0; slot < c->K; slot++) {
            const u32 e = (u32)route[slot];
            f32 sum = 0;
            for (u32 f = 0; f < c->F; f++) {
                f32 g = 0, v = 0;
                for (u32 k = 0; k < c->D; k++) {
                    g = fmaf((f32)t->gate.one[e].values[(size_t)f * c->D + k], x[k], g);
                    v = fmaf((f32)t->up.one[e].values[(size_t)f * c->D + k], x[k], v);
                }
                h[f] = cpu_silu(g) * v;
                sum = fmaf((f32)t->down.one[e].values[(size_t)d * c->F + f], h[f], sum);
            }
            y = fmaf(sum, route[c->K + slot], y);
        }
        ck_assert_msg(t->call.y[(size_t)row * LINE_PAD(c->D) + d] == y,
                      "%s row %u element %u: not the bits of the CPU", c->name, row, d);
    }
    free(h);
}

/* ---- tests ----------------------------------------------------------------------------------- */
static void any_schedule(struct trial *t, u32 seeds)
{
    simt_schedule(0);
    trial_run(t);
    const uint64_t in_order = trial_hash(t);
    for (u32 seed = 1; seed <= seeds; seed++) {
        simt_schedule(seed);
        trial_run(t);
        ck_assert_msg(trial_hash(t) == in_order, "%s: schedule %u gives other bits", t->c->name,
                      seed);
    }
}

START_TEST(one_within_bound)
{
    struct trial t = trial_new(&cases[_i], true, 1);
    any_schedule(&t, _i < CHUNKED ? (u32)SEEDS : 1);
    printf("%-24s one token: worst error %.3f of the bound\n", t.c->name, check_row(&t, 0));
    trial_free(&t);
}
END_TEST

START_TEST(chunk_within_bound)
{
    static const u32 lengths[] = {CHUNK, 1, 37};
    double worst = 0;
    for (u32 i = 0; i < 3; i++) {
        struct trial t = trial_new(&cases[_i], false, lengths[i]);
        any_schedule(&t, 1);
        for (u32 row = 0; row < t.rows; row++)
            worst = fmax(worst, check_row(&t, row));
        if (t.c->type == FORMAT_F32)
            check_bits(&t, t.rows - 1);
        for (size_t k = (size_t)t.rows * LINE_PAD(t.c->D); k < (size_t)CHUNK * LINE_PAD(t.c->D);
             k++)
            if (!isnan(t.call.y[k]))
                ck_abort_msg("%s: wrote behind the rows of the step", t.c->name);
        trial_free(&t);
    }
    printf("%-24s chunks: worst error %.3f of the bound\n", cases[_i].name, worst);
}
END_TEST

START_TEST(chunk_any_schedule)
{
    struct trial t = trial_new(&cases[_i], false, 3);
    any_schedule(&t, SEEDS);
    trial_free(&t);
}
END_TEST

/* All tokens alike: all go to the same experts, which fill several tiles, and nobody to others. */
START_TEST(all_tokens_to_the_same_experts)
{
    struct trial t = trial_new(&cases[_i], false, CHUNK);
    const u32 D = LINE_PAD(t.c->D);
    for (u32 row = 1; row < t.rows; row++)
        memcpy(t.x + (size_t)row * D, t.x, D * sizeof(f32));
    trial_run(&t);
    for (u32 row = 0; row < t.rows; row++) {
        check_row(&t, row);
        ck_assert_msg(!memcmp(t.call.route, t.call.route + (size_t)row * ROUTE_STRIDE(t.c->K),
                              ROUTE_STRIDE(t.c->K) * sizeof(f32)),
                      "%s: row %u goes elsewhere", t.c->name, row);
    }
    trial_free(&t);
}
END_TEST

/* Equal logits everywhere: the experts of lowest index, with the weights of the CPU. */
START_TEST(ties_go_to_the_lower_index)
{
    const struct experts_case *const c = &cases[_i];
    f32 expected[LINE_PAD(2 * ROUTE_CHOSEN_MOST)] = {}, logits[MOST_EXPERTS] = {};
    cpu_route(c->E, c->K, c->weights == ROUTE_RENORM, logits, expected);
    for (u32 one = 0; one < 2; one++) {
        struct trial t = trial_new(c, one, one ? 1 : 3);
        memset(t.x, 0, (size_t)t.rows * LINE_PAD(c->D) * sizeof(f32));
        trial_run(&t);
        for (u32 i = 0; i < t.rows * c->K; i++) {
            const u32 slot = i % c->K;
            const f32 *const route = t.call.route + i / c->K * ROUTE_STRIDE(c->K) + slot;
            ck_assert_msg(route[0] == (f32)slot && route[c->K] == expected[c->K + slot],
                          "%s: expert %g, weight %g", c->name, route[0], route[c->K]);
        }
        ck_assert(!memcmp(t.call.y, t.before, (size_t)t.rows * LINE_PAD(c->D) * sizeof(f32)));
        trial_free(&t);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("experts_kernels");
    TCase *tests = tcase_create("experts_kernels");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, one_within_bound, 0, CASES);
    tcase_add_loop_test(tests, chunk_within_bound, 0, CHUNKED);
    tcase_add_loop_test(tests, chunk_any_schedule, 0, CHUNKED);
    tcase_add_loop_test(tests, all_tokens_to_the_same_experts, 0, CHUNKED);
    tcase_add_loop_test(tests, ties_go_to_the_lower_index, 0, CHUNKED);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
