/* norm_qkv.cuh, interpreted, against the norm, the products, the turn and the append in double,
 * within the bounds that it states. What is no place of the position in the caches stays NaN. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_attention.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { SEEDS = 20 };

#define EPS 1e-5f

/* Frequencies, for the kernels and for what they are compared with. */
#define TABLE(R, ...)                                                                              \
    ROPE_TABLE(table_##R, (R) / 2, __VA_ARGS__)                                                    \
    static const f32 host_##R[] = {__VA_ARGS__};
TABLE(6, 1.0f, 0.046415888f, 0.0021544348f)
TABLE(16, 1.0f, 0.31622776f, 0.1f, 0.031622775f, 0.01f, 0.0031622776f, 0.001f, 0.00031622776f)
TABLE(32, 1.0f, 0.56234133f, 0.31622776f, 0.17782794f, 0.1f, 0.056234132f, 0.031622775f,
      0.017782794f, 0.01f, 0.0056234132f, 0.0031622776f, 0.0017782794f, 0.001f, 0.00056234132f,
      0.00031622776f, 0.00017782794f)
#define table_0 NULL
#define host_0  NULL

/* T of the weights, D, H, KV, HD, R, T of the caches, C. Heads of the models, of which there are
 * fewer where they are many but not so few that the grid would follow another rule; rotations that
 * end anywhere in a warp's rows; none. */
#define SHAPES(X)                                                                                  \
    X(BF16, 600, 32, 8, 128, 32, BF16, 128)                                                        \
    X(F16, 320, 32, 32, 80, 32, F16, 64)                                                           \
    X(BF16, 200, 80, 10, 64, 6, BF16, 64)                                                          \
    X(F32, 64, 4, 2, 16, 16, F32, 64)                                                              \
    X(F16, 64, 4, 2, 16, 6, F32, 64)                                                               \
    X(BF16, 17, 3, 1, 48, 32, F16, 128)                                                            \
    X(BF16, 100, 2, 2, 32, 0, BF16, 64)

#define MAKE(T, D, H, KV, HD, R, KT, C)                                                            \
    NORM_QKV(qkv_##T##_##D##_##H##x##HD##_##R, any_##T, any_##T, T, D, LINE_PAD(D), EPS, H, KV,    \
             HD, R, table_##R, TYPE_##KT, KT, C)                                                   \
    static void qkv_##T##_##D##_##H##x##HD##_##R##_call(                                           \
        run *r, f32 *q, const f32 *x, const f32 *norm, const f32 *norm_bias, const void *const *w, \
        const f32 *const *b, void *keys, void *values)                                             \
    {                                                                                              \
        qkv_##T##_##D##_##H##x##HD##_##R(                                                          \
            r, 0, (f32(*)[(H) * (HD)]) q, (const f32(*)[LINE_PAD(D)])x, norm, norm_bias,           \
            (const any_##T *)w[0], b[0], (const any_##T *)w[1], b[1], (const any_##T *)w[2], b[2], \
            (TYPE_##KT(*)[C][HD])keys, (TYPE_##KT(*)[C][HD])values);                               \
    }
SHAPES(MAKE)

static const struct shape {
    const char *name;
    enum format type;
    u32 D, R;
    struct cpu_heads heads;
    const f32 *table;
    void (*call)(run *r, f32 *q, const f32 *x, const f32 *norm, const f32 *norm_bias,
                 const void *const *w, const f32 *const *b, void *keys, void *values);
} shapes[] = {
#define ROW(T, D, H, KV, HD, R, KT, C)                                                             \
    {#T " " #D ", " #H "x" #KV "x" #HD " of which " #R " to " #KT,                                 \
     FORMAT_##T,                                                                                   \
     D,                                                                                            \
     R,                                                                                            \
     {FORMAT_##KT, H, KV, HD, C, 0},                                                               \
     host_##R,                                                                                     \
     qkv_##T##_##D##_##H##x##HD##_##R##_call},
    SHAPES(ROW)};

struct trial {
    const struct shape *s;
    bool biased; /* LayerNorm, and biases on the products */
    uint64_t position;
    struct fixture_matrix w[3];
    f32 *bias[3], *x, *norm, *norm_bias, *q;
    void *keys, *values;
    struct step *step;
};

static u32 rows_of(const struct shape *s, u32 matrix)
{
    return (matrix == 0 ? s->heads.H : s->heads.KV) * s->heads.HD;
}

static struct trial trial_new(const struct shape *s, bool biased, uint64_t position)
{
    const u32 D = LINE_PAD(s->D);
    struct step step = {};
    struct trial t = {};
    t.s = s, t.biased = biased, t.position = position;
    step.tokens = 1, step.position = position;
    t.step = fixture_step_new(step);
    for (u32 m = 0; m < 3; m++) {
        const u32 rows = rows_of(s, m);
        t.w[m] = fixture_matrix_new(s->type, 10 + m, rows, s->D, 1.0f / sqrtf((f32)s->D));
        t.bias[m] = fixture_new(rows, SIMT_WEIGHTS, "a bias");
        fixture_fill(t.bias[m], 20 + m, 1, rows, rows, 0.5f);
    }
    t.x = fixture_new(D, SIMT_ORDINARY, "x");
    t.norm = fixture_new(D, SIMT_WEIGHTS, "norm");
    t.norm_bias = fixture_new(D, SIMT_WEIGHTS, "norm_bias");
    fixture_fill(t.x, 1, 1, D, s->D, 3.0f);
    fixture_fill(t.norm, 2, 1, D, s->D, 1.0f);
    fixture_fill(t.norm_bias, 3, 1, D, s->D, 0.5f);
    for (u32 k = 0; k < s->D; k++)
        t.x[k] += 1.0f;
    t.q = fixture_new(rows_of(s, 0), SIMT_ORDINARY, "q");
    t.keys = fixture_new_bytes(cpu_cache_bytes(&s->heads), SIMT_ORDINARY, "keys");
    t.values = fixture_new_bytes(cpu_cache_bytes(&s->heads), SIMT_ORDINARY, "values");
    return t;
}

static void trial_run(struct trial *t)
{
    const void *const w[] = {t->w[0].packed, t->w[1].packed, t->w[2].packed};
    const f32 *const none[3] = {}, *const b[] = {t->bias[0], t->bias[1], t->bias[2]};
    run r = {};
    r.step = t->step;
    t->s->call(&r, t->q, t->x, t->norm, t->biased ? t->norm_bias : NULL, w, t->biased ? b : none,
               t->keys, t->values);
    ck_assert_msg(simt_findings() == 0, "%s: %s", t->s->name, simt_report());
}

static void trial_free(struct trial *t)
{
    void *const known[] = {t->x,      t->norm, t->norm_bias, t->q,       t->keys,
                           t->values, t->step, t->bias[0],   t->bias[1], t->bias[2]};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        fixture_free(known[i]);
    for (u32 m = 0; m < 3; m++)
        fixture_matrix_free(&t->w[m]);
}

struct exact {
    double value, bound;
};

/* The normalised row, and what one element of it may be wrong by. */
static void normalised(const struct trial *t, struct exact *u)
{
    const u32 D = t->s->D;
    const double n = D / 128.0; /* 4 warps at least */
    double mean = 0, size = 0, variance = 0;
    for (u32 k = 0; k < D; k++)
        mean += t->biased ? (double)t->x[k] / D : 0, size += fabs((double)t->x[k]) / D;
    for (u32 k = 0; k < D; k++)
        variance += (t->x[k] - mean) * (t->x[k] - mean) / D;
    const double scale = 1 / sqrt(variance + (double)EPS);
    for (u32 k = 0; k < D; k++) {
        const double weight = t->norm[k], bias = t->biased ? t->norm_bias[k] : 0;
        u[k].value = (t->x[k] - mean) * scale * weight + bias;
        u[k].bound =
            ((n / 2 + 14) * fabs(t->x[k] - mean) + (n + 20) * size) * scale * fabs(weight) * unit +
            2 * unit * fabs(bias);
    }
}

/* Row `row` of matrix m, before any turn. */
static struct exact row_product(const struct trial *t, const struct exact *u, u32 m, u32 row)
{
    const u32 D = t->s->D;
    double value = 0, sizes = 0, carried = 0;
    for (u32 k = 0; k < D; k++) {
        const double w = t->w[m].values[(size_t)row * D + k];
        value += w * u[k].value, sizes += fabs(w * u[k].value), carried += fabs(w) * u[k].bound;
    }
    if (!t->biased)
        return {value, (D / 32.0 + 32) * unit * sizes};
    const double bias = t->bias[m][row];
    return {value + bias, (D / 64.0 + 17) * unit * (sizes + fabs(bias)) + carried};
}

/* Element d of a head of matrix m (0, 1: turned). */
static struct exact turned(const struct trial *t, const struct exact *u, u32 m, u32 head, u32 d)
{
    const u32 half = t->s->R / 2, row = head * t->s->heads.HD;
    if (m == 2 || d >= t->s->R)
        return row_product(t, u, m, row + d);
    const u32 j = d % half;
    const struct exact a = row_product(t, u, m, row + j), b = row_product(t, u, m, row + j + half);
    const double angle = t->position <= 1 << 24 ? (double)((f32)t->position * t->s->table[j])
                                                : (double)t->position * (double)t->s->table[j];
    const double c = cos(angle), s = sin(angle);
    return {d < half ? a.value * c - b.value * s : b.value * c + a.value * s,
            a.bound + b.bound + 3 * unit * (fabs(a.value) + fabs(b.value))};
}

/* The value that a type keeps of `value`, by the spacing of its numbers. */
static double kept(enum format type, double value)
{
    int exponent;
    if (type == FORMAT_F32 || value == 0)
        return value;
    frexp(value, &exponent);
    if (type == FORMAT_F16 && exponent < -13)
        exponent = -13;
    const double spacing = ldexp(1, exponent - (type == FORMAT_F16 ? 11 : 8));
    return nearbyint(value / spacing) * spacing;
}

static u32 bits_at(const struct cpu_heads *h, bool keys, const void *cache, u32 g, u32 slot, u32 d)
{
    const u32 width = h->type == FORMAT_F32 ? 4 : 8;
    size_t at = (size_t)g * h->C * h->HD + (size_t)slot * h->HD + d;
    if (keys)
        at = (size_t)g * h->C * h->HD + (size_t)(slot / 32) * 32 * h->HD +
             (d / width * 32 + slot % 32) * width + d % width;
    return h->type == FORMAT_F32 ? ((const u32 *)cache)[at] : ((const uint16_t *)cache)[at];
}

static void check_cache(const struct trial *t, const struct exact *u, bool keys)
{
    const struct cpu_heads *const h = &t->s->heads;
    const void *const cache = keys ? t->keys : t->values;
    for (u32 g = 0; g < h->KV; g++)
        for (u32 slot = 0; slot < h->C; slot++)
            for (u32 d = 0; d < h->HD; d++) {
                const u32 bits = bits_at(h, keys, cache, g, slot, d);
                const double got = fixture_widen(h->type, bits);
                if (slot != t->position % h->C) {
                    ck_assert_msg(bits == (h->type == FORMAT_F32 ? ~0u : 0xffffu),
                                  "%s: wrote to slot %u", t->s->name, slot);
                    continue;
                }
                const struct exact e = turned(t, u, keys ? 1 : 2, g, d);
                ck_assert_msg(got >= kept(h->type, e.value - e.bound) &&
                                  got <= kept(h->type, e.value + e.bound),
                              "%s: %s %u element %u: %.9g, exact %.9g, bound %.3g", t->s->name,
                              keys ? "key" : "value", g, d, got, e.value, e.bound);
            }
}

START_TEST(within_bound)
{
    const struct shape *const s = &shapes[_i];
    const struct cpu_heads *const h = &s->heads;
    const uint64_t positions[] = {0, h->C - 1, (1 << 24) - 1, ((uint64_t)h->C << 24) + 5};
    struct exact *const u = (struct exact *)calloc(s->D, sizeof *u);
    double worst = 0;
    for (u32 i = 0; i < 4; i++) {
        struct trial t = trial_new(s, i % 2 == 0, positions[i]);
        trial_run(&t);
        normalised(&t, u);
        for (u32 row = 0; row < h->H * h->HD; row++) {
            const struct exact e = turned(&t, u, 0, row / h->HD, row % h->HD);
            const double error = fabs(t.q[row] - e.value);
            ck_assert_msg(error <= e.bound, "%s: query %u: %.9g, exact %.9g, bound %.3g", s->name,
                          row, t.q[row], e.value, e.bound);
            worst = fmax(worst, error / e.bound);
        }
        check_cache(&t, u, true);
        check_cache(&t, u, false);
        trial_free(&t);
    }
    const struct launch l = fixture_last_launch();
    printf("%-44s %4u blocks of %3u: worst error %.3f of the bound\n", s->name, l.blocks, l.threads,
           worst);
    free(u);
}
END_TEST

START_TEST(any_schedule)
{
    const struct shape *const s = &shapes[_i];
    const size_t words = cpu_cache_bytes(&s->heads) / sizeof(f32);
    if (s->D > 100)
        return;
    struct trial t = trial_new(s, true, 40);
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        trial_run(&t);
        uint64_t hash = fixture_hash(FIXTURE_HASH, t.q, rows_of(s, 0));
        hash = fixture_hash(hash, (const f32 *)t.keys, words);
        hash = fixture_hash(hash, (const f32 *)t.values, words);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", s->name, seed);
    }
    trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norm_qkv");
    TCase *tests = tcase_create("norm_qkv");
    const int count = sizeof shapes / sizeof shapes[0];
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, within_bound, 0, count);
    tcase_add_loop_test(tests, any_schedule, 0, count);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
