/* attention.h and rope_append.h with the caches between them, against naive loops in double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cpu/kernel_fixture.h"
#include "tests/kernels/cpu/kernel_instances.h"

enum { ROWS = 21 };

/* One cache of a case: [KV][C][HD] of its type, and the same values in double. */
struct cache {
    f32 *packed; /* NaN where nothing was put */
    double *values;
    size_t floats; /* of `packed` */
};

static struct cache cache_new(enum format type, u32 KV, u32 C, u32 HD)
{
    struct cache c = {.floats = format_bytes(type, (size_t)KV * C, HD) / sizeof(f32)};
    c.packed = fixture_new(c.floats);
    c.values = calloc((size_t)KV * C * HD, sizeof *c.values);
    ck_assert_ptr_nonnull(c.values);
    return c;
}

static void cache_free(struct cache *c)
{
    fixture_free(c->packed);
    free(c->values);
}

/* The value that a type keeps of `value`, rounded a second way: by the spacing of its numbers. */
static double kept(enum format type, double value)
{
    int exponent;
    if (type == FORMAT_F32 || value == 0)
        return value;
    frexp(value, &exponent);
    if (type == FORMAT_F16 && exponent < -13)
        exponent = -13;
    const double unit = ldexp(1, exponent - (type == FORMAT_F16 ? 11 : 8));
    return nearbyint(value / unit) * unit;
}

static uint32_t bits_of(enum format type, double value)
{
    f32 single = (f32)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    if (type == FORMAT_F32)
        return bits;
    if (type == FORMAT_BF16)
        return bits >> 16;
    if (fabs(value) < 0x1p-14)
        return (uint32_t)fabs(value * 0x1p24) | (bits >> 16 & 0x8000);
    return (bits >> 16 & 0x8000) | ((bits >> 13 & 0x3ffff) - (112 << 10));
}

static double value_of(enum format type, uint32_t bits)
{
    if (type == FORMAT_F16) {
        const int exponent = (int)(bits >> 10 & 31), mantissa = (int)(bits & 1023);
        const double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
        return bits >> 15 ? -size : size;
    }
    const uint32_t word = type == FORMAT_BF16 ? bits << 16 : bits;
    f32 value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* Where element d of position p of a head lies, as cache.h says, counted in elements. */
static size_t place(enum format type, u32 HD, bool keys, u32 p, u32 d)
{
    const size_t panel = (size_t)(p / 16) * 16 * HD;
    if (keys)
        return type == FORMAT_BF16 ? panel + ((size_t)(d / 2) * 16 + p % 16) * 2 + d % 2
                                   : panel + (size_t)d * 16 + p % 16;
    return type == FORMAT_BF16 ? ((size_t)(p / 2) * HD + d) * 2 + p % 2 : (size_t)p * HD + d;
}

static uint32_t stored(const struct cache *c, enum format type, size_t at)
{
    return type == FORMAT_F32 ? ((const uint32_t *)(const void *)c->packed)[at]
                              : ((const uint16_t *)(const void *)c->packed)[at];
}

/* What the last `C` of the positions left. */
static void fill_cache(struct cache *c, const struct attention_case *a, bool keys, uint64_t seed,
                       u32 positions, f32 scale)
{
    f32 *row = fixture_new(a->shape->HD);
    for (u32 g = 0; g < a->shape->KV; g++)
        for (u32 i = positions < a->shape->C ? 0 : positions - a->shape->C; i < positions; i++) {
            const u32 p = i % a->shape->C;
            fixture_fill(row, fixture_random(&seed), 1, a->shape->HD, a->shape->HD, scale);
            for (u32 d = 0; d < a->shape->HD; d++) {
                const double value = kept(a->shape->cache_type, row[d]);
                const size_t head = (size_t)g * a->shape->C * a->shape->HD;
                const size_t at = head + place(a->shape->cache_type, a->shape->HD, keys, p, d);
                c->values[head + (size_t)p * a->shape->HD + d] = value;
                if (a->shape->cache_type == FORMAT_F32)
                    c->packed[at] = (f32)value;
                else
                    ((uint16_t *)(void *)c->packed)[at] =
                        (uint16_t)bits_of(a->shape->cache_type, value);
            }
        }
    fixture_free(row);
}

struct attention_trial {
    const struct attention_case *c;
    struct cache keys, values;
    u32 rows, position; /* of the first row */
    f32 *before, *q;
};

static struct attention_trial trial_new(const struct attention_case *c, u32 rows, u32 position,
                                        f32 scale)
{
    struct attention_trial t = {.c = c, .rows = rows, .position = position};
    const u32 width = c->shape->H * c->shape->HD;
    t.keys = cache_new(c->shape->cache_type, c->shape->KV, c->shape->C, c->shape->HD);
    t.values = cache_new(c->shape->cache_type, c->shape->KV, c->shape->C, c->shape->HD);
    fill_cache(&t.keys, c, true, 1, position + rows, 1.0f);
    fill_cache(&t.values, c, false, 2, position + rows, 2.0f);
    t.before = fixture_new((size_t)rows * width);
    t.q = fixture_new((size_t)rows * width);
    fixture_fill(t.before, 3, rows, width, width, scale);
    return t;
}

static void trial_free(struct attention_trial *t)
{
    cache_free(&t->keys);
    cache_free(&t->values);
    fixture_free(t->before);
    fixture_free(t->q);
}

static void call_attention(run *r, void *context)
{
    const struct attention_trial *t = context;
    t->c->call(r, t->q, t->keys.packed, t->values.packed);
}

static void trial_run(const struct attention_trial *t, u32 threads)
{
    memcpy(t->q, t->before, (size_t)t->rows * t->c->shape->H * t->c->shape->HD * sizeof *t->q);
    fixture_run(threads, (struct step){.tokens = t->rows, .position = t->position}, call_attention,
                (void *)(uintptr_t)t);
}

/* The first position that a row sees. */
static u32 oldest(const struct attention_trial *t, u32 row)
{
    const u32 seen = t->position + row + 1, W = t->c->shape->window;
    return W > 0 && seen > W ? seen - W : 0;
}

/* The scores of one row from its oldest position on, and the largest error that attention.h allows
 * one of them. */
static double scores(const struct attention_trial *t, u32 row, u32 head, double *s)
{
    const struct attention_case *c = t->c;
    const f32 *q = t->before + ((size_t)row * c->shape->H + head) * c->shape->HD;
    const double *keys =
        t->keys.values + (size_t)(head * c->shape->KV / c->shape->H) * c->shape->C * c->shape->HD;
    double worst = 0;
    for (u32 i = oldest(t, row); i <= t->position + row; i++) {
        const double *key = keys + (size_t)(i % c->shape->C) * c->shape->HD;
        double dot = 0, sizes = 0;
        for (u32 d = 0; d < c->shape->HD; d++) {
            dot += q[d] * key[d];
            sizes += fabs(q[d] * key[d]);
        }
        s[i - oldest(t, row)] = dot * c->shape->scale;
        worst = fmax(worst, (c->shape->HD + 3) * 0x1p-24 * c->shape->scale * sizes);
    }
    return worst;
}

/* One row of one head is within its bound; returns the worst error as a part of it. */
static double check_row(const struct attention_trial *t, u32 row, u32 head, double *s)
{
    const struct attention_case *c = t->c;
    const u32 first = oldest(t, row), n = t->position + row + 1 - first;
    const double error = scores(t, row, head, s);
    const double *values =
        t->values.values + (size_t)(head * c->shape->KV / c->shape->H) * c->shape->C * c->shape->HD;
    const f32 *y = t->q + ((size_t)row * c->shape->H + head) * c->shape->HD;
    double most = -INFINITY, sum = 0, worst = 0;
    for (u32 i = 0; i < n; i++)
        most = fmax(most, s[i]);
    for (u32 i = 0; i < n; i++)
        sum += s[i] = exp(s[i] - most);
    for (u32 d = 0; d < c->shape->HD; d++) {
        double exact = 0, sizes = 0;
        for (u32 i = 0; i < n; i++) {
            const double value = values[(size_t)((first + i) % c->shape->C) * c->shape->HD + d];
            exact += s[i] / sum * value;
            sizes += s[i] / sum * fabs(value);
        }
        const double bound = (2 * error + (n + n / 16.0 + 12) * 0x1p-24) * sizes;
        ck_assert_msg(fabs(y[d] - exact) <= bound,
                      "%s row %u head %u element %u: %.9g, exact %.9g, bound %.3g", c->name, row,
                      head, d, y[d], exact, bound);
        worst = fmax(worst, fabs(y[d] - exact) / bound);
    }
    return worst;
}

/* From the first position, across the borders of blocks, and to the end of the context, or several
 * times around the ring of a window; keys that nobody wrote are NaN. */
START_TEST(attention_within_bound)
{
    const struct attention_case *c = &attention_cases[_i];
    const u32 starts[] = {0,  1,  40,
                          50, 63, c->shape->window > 0 ? 3 * c->shape->C - 7 : c->shape->C - ROWS};
    double worst = 0, *s = calloc(c->shape->C, sizeof *s);
    ck_assert_ptr_nonnull(s);
    for (u32 i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (u32 large = 0; large < 2; large++) {
            const u32 left = c->shape->window > 0 ? ROWS : c->shape->C - starts[i];
            const u32 most = c->shape->count == COUNT_ONE ? 1 : ROWS;
            const u32 rows = most < left ? most : left;
            struct attention_trial t = trial_new(c, rows, starts[i], large ? 12.0f : 1.0f);
            trial_run(&t, 1);
            const uint64_t one =
                fixture_hash(FIXTURE_HASH, t.q, (size_t)rows * c->shape->H * c->shape->HD);
            for (u32 row = 0; row < rows; row++)
                for (u32 head = 0; head < c->shape->H; head++)
                    worst = fmax(worst, check_row(&t, row, head, s));
            for (u32 threads = 2; threads <= 4; threads++) {
                trial_run(&t, threads);
                ck_assert_msg(fixture_hash(FIXTURE_HASH, t.q,
                                           (size_t)rows * c->shape->H * c->shape->HD) == one,
                              "%s: %u threads give other bits", c->name, threads);
            }
            ck_assert_msg(fixture_intact(t.q), "%s wrote outside q", c->name);
            trial_free(&t);
        }
    printf("%-28s worst error %.3f of the bound\n", c->name, worst);
    free(s);
}
END_TEST

/* A row has the same bits whichever rows are in its chunk. */
START_TEST(attention_does_not_see_the_chunk)
{
    const struct attention_case *c = &attention_cases[_i];
    const size_t width = (size_t)c->shape->H * c->shape->HD;
    const u32 rows = c->shape->count == COUNT_ONE ? 1 : ROWS;
    const u32 start = c->shape->window > 0 ? 2 * c->shape->C + 55 : 55 % (c->shape->C - ROWS);
    struct attention_trial all = trial_new(c, rows, start, 1.0f), one = all;
    trial_run(&all, 2);
    for (u32 row = 0; row < rows; row++) {
        one.q = fixture_new(width);
        one.before = all.before + row * width;
        one.rows = 1;
        one.position = all.position + row;
        trial_run(&one, 1);
        ck_assert_msg(memcmp(one.q, all.q + row * width, width * sizeof *one.q) == 0,
                      "%s: row %u alone has other bits", c->name, row);
        fixture_free(one.q);
    }
    trial_free(&all);
}
END_TEST

struct rope_trial {
    const struct rope_append_case *c;
    f32 *before, *q, *k, *v;
    struct cache keys, values;
};

static void call_rope(run *r, void *context)
{
    const struct rope_trial *t = context;
    t->c->call(r, t->q, t->k, t->v, t->keys.packed, t->values.packed);
}

/* exact[HD] <- a turned head, by cos and sin of the C library. */
static void turn(const struct rope_append_case *c, uint64_t position, const f32 *head,
                 double *exact)
{
    for (u32 d = 0; d < c->shape->HD; d++)
        exact[d] = head[d];
    for (u32 j = 0; j < c->shape->R / 2; j++) {
        const double a = position <= 1 << 24 ? (double)((f32)position * c->frequencies[j])
                                             : (double)position * (double)c->frequencies[j];
        const double x = head[j], y = head[j + c->shape->R / 2];
        exact[j] = x * cos(a) - y * sin(a);
        exact[j + c->shape->R / 2] = y * cos(a) + x * sin(a);
    }
}

static double rope_bound(const struct rope_append_case *c, const f32 *head, u32 d)
{
    const u32 half = c->shape->R / 2;
    if (d >= c->shape->R)
        return 0;
    return 3 * 0x1p-24 * (fabs((double)head[d % half]) + fabs((double)head[d % half + half]));
}

/* Place p of head g of a cache holds `exact`, rounded once more. */
static void check_kept(const struct rope_append_case *c, const struct cache *cache, bool keys,
                       u32 g, u32 p, const f32 *head, const double *exact)
{
    for (u32 d = 0; d < c->shape->HD; d++) {
        const double slack = keys ? rope_bound(c, head, d) : 0;
        const size_t at = (size_t)g * c->shape->C * c->shape->HD +
                          place(c->shape->cache_type, c->shape->HD, keys, p, d);
        const uint32_t bits = stored(cache, c->shape->cache_type, at);
        const double value = value_of(c->shape->cache_type, bits);
        const bool found = value >= kept(c->shape->cache_type, exact[d] - slack) &&
                           value <= kept(c->shape->cache_type, exact[d] + slack);
        ck_assert_msg(found, "%s: %s of head %u, position %u, element %u: bits %x", c->name,
                      keys ? "key" : "value", g, p, d, bits);
    }
}

/* To the end of the cache; from positions that f32 holds to those that it does not; and far beyond,
 * where no angle that was rounded to f32 is near its own. */
enum { ROPE_STARTS = 3 };

START_TEST(rope_turns_and_appends)
{
    const struct rope_append_case *c = &rope_append_cases[_i / ROPE_STARTS];
    const u32 rows = c->shape->count == COUNT_ONE ? 1 : ROWS;
    const uint64_t starts[ROPE_STARTS] = {c->shape->C - ROWS, (1 << 24) - 2,
                                          ((uint64_t)c->shape->C << 24) - 7};
    const uint64_t position = starts[_i % ROPE_STARTS];
    const u32 width = c->shape->H * c->shape->HD, kv = c->shape->KV * c->shape->HD;
    struct rope_trial t = {.c = c, .before = fixture_new((size_t)rows * width)};
    double *exact = calloc(c->shape->HD, sizeof *exact);
    ck_assert_ptr_nonnull(exact);
    t.q = fixture_new((size_t)rows * width);
    t.k = fixture_new((size_t)rows * kv);
    t.v = fixture_new((size_t)rows * kv);
    t.keys = cache_new(c->shape->cache_type, c->shape->KV, c->shape->C, c->shape->HD);
    t.values = cache_new(c->shape->cache_type, c->shape->KV, c->shape->C, c->shape->HD);
    fixture_fill(t.before, 1, rows, width, width, 3.0f);
    fixture_fill(t.k, 2, rows, kv, kv, 3.0f);
    fixture_fill(t.v, 3, rows, kv, kv, 3.0f);
    for (u32 i = 0; i < 4; i++) /* halfway between two numbers of bf16, and of f16 */
        t.v[i] = 1 + (f32)(i % 2 * 2 + 1) * (i < 2 ? 0x1p-8f : 0x1p-11f);
    memcpy(t.q, t.before, (size_t)rows * width * sizeof *t.q);
    fixture_run(3, (struct step){.tokens = rows, .position = position}, call_rope, &t);
    for (u32 row = 0; row < rows; row++)
        for (u32 h = 0; h < c->shape->H; h++) {
            const size_t at = (size_t)row * width + (size_t)h * c->shape->HD;
            turn(c, position + row, t.before + at, exact);
            for (u32 d = 0; d < c->shape->HD; d++)
                ck_assert_msg(fabs(t.q[at + d] - exact[d]) <= rope_bound(c, t.before + at, d),
                              "%s row %u head %u element %u: %.9g, exact %.9g", c->name, row, h, d,
                              t.q[at + d], exact[d]);
        }
    for (u32 row = 0; row < rows; row++)
        for (u32 g = 0; g < c->shape->KV; g++) {
            const f32 *k = t.k + (size_t)row * kv + (size_t)g * c->shape->HD;
            const f32 *v = t.v + (size_t)row * kv + (size_t)g * c->shape->HD;
            turn(c, position + row, k, exact);
            check_kept(c, &t.keys, true, g, (u32)((position + row) % c->shape->C), k, exact);
            for (u32 d = 0; d < c->shape->HD; d++)
                exact[d] = v[d];
            check_kept(c, &t.values, false, g, (u32)((position + row) % c->shape->C), v, exact);
        }
    /* The position before the first row, if there is one, was left alone. */
    for (u32 d = 0; d < c->shape->HD; d++) {
        const size_t at =
            place(c->shape->cache_type, c->shape->HD, true, (u32)((position - 1) % c->shape->C), d);
        const uint32_t untouched = stored(&t.keys, c->shape->cache_type, at);
        ck_assert(untouched == (c->shape->cache_type == FORMAT_F32 ? 0x7fc5a5a5u
                                : at % 2 == 0                      ? 0xa5a5u
                                                                   : 0x7fc5u));
    }
    ck_assert(fixture_intact(t.q) && fixture_intact(t.keys.packed) &&
              fixture_intact(t.values.packed));
    f32 *const buffers[] = {t.before, t.q, t.k, t.v};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        fixture_free(buffers[i]);
    cache_free(&t.keys);
    cache_free(&t.values);
    free(exact);
}
END_TEST

/* Small angles, angles near multiples of a quarter turn, and the largest that a context gives. */
START_TEST(angles_are_rounded_once)
{
    uint64_t seed = 4;
    for (u32 i = 0; i < 2000000; i++) {
        const f32 quarters = (f32)(i % 1000 * 1.5707963267948966);
        const uint64_t random = fixture_random(&seed);
        const double angle = i % 4 == 0   ? quarters
                             : i % 4 == 1 ? (double)(random >> 40)
                             : i % 4 == 2 ? (double)(random >> 40) * 0x1p-20
                                          : (double)(random >> 11) * 0x1p-3;
        f32 cosine, sine;
        rope_angle(angle, &cosine, &sine);
        const double c = cos(angle), s = sin(angle);
        ck_assert_msg(fabs(cosine - c) <= 0x1.01p-24 * fmax(fabs(c), 0x1p-24) + 1e-11 &&
                          fabs(sine - s) <= 0x1.01p-24 * fmax(fabs(s), 0x1p-24) + 1e-11,
                      "angle %.9g: (%.9g, %.9g), exact (%.9g, %.9g)", angle, cosine, sine, c, s);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attention");
    TCase *tests = tcase_create("attention");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, attention_within_bound, 0, (int)attention_case_count);
    tcase_add_loop_test(tests, attention_does_not_see_the_chunk, 0, (int)attention_case_count);
    tcase_add_loop_test(tests, rope_turns_and_appends, 0,
                        (int)rope_append_case_count * ROPE_STARTS);
    tcase_add_test(tests, angles_are_rounded_once);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
