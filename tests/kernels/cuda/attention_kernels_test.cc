/* attention_one.cuh and attention_chunk.cuh, interpreted: a chunk against the bits of
 * kernels/cpu/attention.h, one row against the definition in double, within the bound that it
 * states. Keys and values that nobody wrote, and bytes beside the caches, are NaN or a finding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_attention.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 37, SEEDS = 20 };

/* The square root as a constant, by Newton: sqrt() of nvcc is none. */
static constexpr double root(double x)
{
    double y = x;
    for (int i = 0; i < 32; i++)
        y = (y + x / y) / 2;
    return y;
}

/* T, H, KV, HD, C, W. One row: models, of fewer heads where they have many; then every number of
 * heads of a block, one split and several spans of a split, the widest and narrowest heads, windows
 * in rings that are larger and smaller than a span. */
#define ONE_SHAPES(X)                                                                              \
    X(BF16, 8, 2, 128, 2048, 0)                                                                    \
    X(BF16, 16, 2, 64, 1024, 0)                                                                    \
    X(F16, 4, 4, 80, 1024, 0)                                                                      \
    X(BF16, 40, 40, 16, 4096, 0)                                                                   \
    X(F32, 1, 1, 16, 64, 0)                                                                        \
    X(F32, 6, 2, 48, 576, 0)                                                                       \
    X(BF16, 13, 1, 32, 512, 0)                                                                     \
    X(F16, 14, 2, 256, 512, 0)                                                                     \
    X(F32, 5, 1, 256, 512, 0)                                                                      \
    X(BF16, 3, 1, 272, 512, 0)                                                                     \
    X(F32, 8, 1, 512, 512, 0)                                                                      \
    X(BF16, 12, 2, 112, 1024, 700)                                                                 \
    X(BF16, 12, 2, 112, 4096, 0)                                                                   \
    X(F32, 4, 2, 16, 64, 8)                                                                        \
    X(F16, 2, 2, 64, 320, 255)

/* A chunk: tiles of 64 and of 32 rows, one slice of columns and two, rows that end in a tile. */
#define CHUNK_SHAPES(X)                                                                            \
    X(BF16, 8, 2, 128, 256, 0)                                                                     \
    X(F16, 3, 3, 80, 256, 0)                                                                       \
    X(F32, 1, 1, 16, 64, 0)                                                                        \
    X(F32, 6, 2, 48, 320, 0)                                                                       \
    X(BF16, 9, 1, 64, 192, 0)                                                                      \
    X(F16, 2, 1, 256, 128, 0)                                                                      \
    X(F32, 2, 2, 144, 128, 0)                                                                      \
    X(BF16, 3, 1, 272, 128, 0)                                                                     \
    X(F16, 1, 1, 512, 64, 0)                                                                       \
    X(BF16, 4, 1, 32, 128, 50)                                                                     \
    X(F16, 4, 4, 16, 64, 1)                                                                        \
    X(F32, 6, 2, 48, 192, 130)

#define SCALE(HD)                       ((f32)(1.0 / root(HD)))
#define NAME(COUNT, T, H, KV, HD, C, W) COUNT##_##T##_##H##x##KV##x##HD##_##C##_##W
#define MAKE(COUNT, T, H, KV, HD, C, W)                                                            \
    MAKE_NAMED(NAME(COUNT, T, H, KV, HD, C, W), T, H, KV, HD, C, W, COUNT)
#define MAKE_NAMED(...) MAKE_EXPANDED(__VA_ARGS__)
#define MAKE_EXPANDED(name, T, H, KV, HD, C, W, COUNT)                                             \
    ATTENTION(name, H, KV, HD, TYPE_##T, T, C, W, SCALE(HD), COUNT)                                \
    static void name##_call(run *r, f32 *q, const void *keys, const void *values)                  \
    {                                                                                              \
        name(r, 0, (f32(*)[(H) * (HD)]) q, (const TYPE_##T(*)[C][HD])keys,                         \
             (const TYPE_##T(*)[C][HD])values);                                                    \
    }
#define MAKE_ONE(T, H, KV, HD, C, W)   MAKE(ONE, T, H, KV, HD, C, W)
#define MAKE_CHUNK(T, H, KV, HD, C, W) MAKE(CHUNK, T, H, KV, HD, C, W)
ONE_SHAPES(MAKE_ONE)
CHUNK_SHAPES(MAKE_CHUNK)

static const struct shape {
    const char *name;
    struct cpu_heads heads;
    size_t work;
    void (*call)(run *r, f32 *q, const void *keys, const void *values);
} one_shapes[] = {
#define ROW(COUNT, T, H, KV, HD, C, W)                                                             \
    {#T " " #H "x" #KV "x" #HD " of " #C ", window " #W,                                           \
     {FORMAT_##T, H, KV, HD, C, W},                                                                \
     WORK_ATTENTION_BYTES(H, KV, HD, C),                                                           \
     ROW_CALL(NAME(COUNT, T, H, KV, HD, C, W))},
#define ROW_CALL(name)                ROW_CALL_OF(name)
#define ROW_CALL_OF(name)             name##_call
#define ROW_ONE(T, H, KV, HD, C, W)   ROW(ONE, T, H, KV, HD, C, W)
#define ROW_CHUNK(T, H, KV, HD, C, W) ROW(CHUNK, T, H, KV, HD, C, W)
    ONE_SHAPES(ROW_ONE)};
static const struct shape chunk_shapes[] = {CHUNK_SHAPES(ROW_CHUNK)};

/* The caches of a text: the kernels' in their order, the CPU's in its own. */
struct text {
    const struct shape *s;
    u32 rows;
    uint64_t position; /* of the first row */
    void *keys, *values, *cpu_keys, *cpu_values, *work;
    f32 *q, *before;
    struct step *step;
};

/* Where element d of a position's key or value lies in a head, as cache.cuh says, in elements. */
static size_t place(const struct cpu_heads *h, bool keys, u32 slot, u32 d)
{
    const u32 width = h->type == FORMAT_F32 ? 4 : 8;
    if (!keys)
        return (size_t)slot * h->HD + d;
    return (size_t)(slot / 32) * 32 * h->HD + (d / width * 32 + slot % 32) * width + d % width;
}

/* Copies what the CPU's cache has of one position. */
static void carry(const struct cpu_heads *h, bool keys, const void *from, void *to, u32 slot)
{
    for (u32 g = 0; g < h->KV; g++)
        for (u32 d = 0; d < h->HD; d++) {
            const u32 bits = cpu_cache_bits(h, keys, from, g, slot, d);
            const size_t at = (size_t)g * h->C * h->HD + place(h, keys, slot, d);
            if (h->type == FORMAT_F32)
                ((u32 *)to)[at] = bits;
            else
                ((uint16_t *)to)[at] = (uint16_t)bits;
        }
}

/* Positions up to the last row's, as far as the cache holds them. */
static void fill(struct text *t, f32 scale)
{
    const struct cpu_heads *const h = &t->s->heads;
    const u32 width = h->KV * h->HD;
    const uint64_t end = t->position + t->rows, first = end < h->C ? 0 : end - h->C;
    f32 *const rows = (f32 *)aligned_alloc(64, 2 * width * sizeof(f32)), none[16] = {};
    for (uint64_t p = first; p < end; p++) {
        fixture_fill(rows, p + 1, 1, width, width, 1.0f);
        fixture_fill(rows + width, p + 1000000, 1, width, width, 2.0f);
        cpu_rope_append(h, 0, NULL, 1, p, (f32 *)none, rows, rows + width, t->cpu_keys,
                        t->cpu_values);
        carry(h, true, t->cpu_keys, t->keys, (u32)(p % h->C));
        carry(h, false, t->cpu_values, t->values, (u32)(p % h->C));
    }
    free(rows);
    fixture_fill(t->before, 3, t->rows, h->H * h->HD, h->H * h->HD, scale);
}

static struct text text_new(const struct shape *s, u32 rows, uint64_t position, f32 scale)
{
    const struct cpu_heads *const h = &s->heads;
    const size_t floats = (size_t)rows * h->H * h->HD;
    struct step step = {};
    struct text t = {};
    step.tokens = rows, step.position = position;
    t.s = s, t.rows = rows, t.position = position;
    t.keys = fixture_new_bytes(cpu_cache_bytes(h), SIMT_ORDINARY, "keys");
    t.values = fixture_new_bytes(cpu_cache_bytes(h), SIMT_ORDINARY, "values");
    t.cpu_keys = cpu_cache_new(h), t.cpu_values = cpu_cache_new(h);
    t.work = fixture_new_bytes(s->work, SIMT_ORDINARY, "the workspace");
    t.q = fixture_new(floats, SIMT_ORDINARY, "q");
    t.before = (f32 *)aligned_alloc(64, floats * sizeof(f32));
    t.step = fixture_step_new(step);
    fill(&t, scale);
    return t;
}

static void text_free(struct text *t)
{
    void *const known[] = {t->keys, t->values, t->work, t->q, t->step};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        fixture_free(known[i]);
    free(t->cpu_keys), free(t->cpu_values), free(t->before);
}

static void text_run(struct text *t)
{
    run r = {};
    r.step = t->step, r.work = t->work;
    memset(t->work, 0xff, t->s->work);
    memcpy(t->q, t->before, (size_t)t->rows * t->s->heads.H * t->s->heads.HD * sizeof(f32));
    t->s->call(&r, t->q, t->keys, t->values);
    ck_assert_msg(simt_findings() == 0, "%s, position %llu: %s", t->s->name,
                  (unsigned long long)t->position, simt_report());
}

/* The exact key or value element of a position. */
static double exact_of(const struct text *t, bool keys, u32 g, uint64_t p, u32 d)
{
    const struct cpu_heads *const h = &t->s->heads;
    return fixture_widen(h->type, cpu_cache_bits(h, keys, keys ? t->cpu_keys : t->cpu_values, g,
                                                 (u32)(p % h->C), d));
}

/* ---- one row --------------------------------------------------------------------------------- */
/* s[i] <- the score of position first + i; returns the largest error that the bound allows one. */
static double scores(const struct text *t, u32 head, uint64_t first, u32 n, double *s)
{
    const struct cpu_heads *const h = &t->s->heads;
    const f32 *const q = t->before + (size_t)head * h->HD;
    double worst = 0;
    for (u32 i = 0; i < n; i++) {
        double dot = 0, sizes = 0;
        for (u32 d = 0; d < h->HD; d++) {
            const double product = q[d] * exact_of(t, true, head * h->KV / h->H, first + i, d);
            dot += product, sizes += fabs(product);
        }
        s[i] = dot * SCALE(h->HD);
        worst = fmax(worst, (h->HD + 3) * unit * SCALE(h->HD) * sizes);
    }
    return worst;
}

static double one_check(const struct text *t, u32 head)
{
    const struct cpu_heads *const h = &t->s->heads;
    const uint64_t end = t->position + 1, first = h->W > 0 && end > h->W ? end - h->W : 0;
    const u32 n = (u32)(end - first), g = head * h->KV / h->H;
    double *const s = (double *)calloc(n, sizeof *s), most = -INFINITY, sum = 0, worst = 0;
    const double error = scores(t, head, first, n, s);
    for (u32 i = 0; i < n; i++)
        most = fmax(most, s[i]);
    for (u32 i = 0; i < n; i++)
        sum += s[i] = exp(s[i] - most);
    for (u32 d = 0; d < h->HD; d++) {
        double exact = 0, sizes = 0;
        for (u32 i = 0; i < n; i++) {
            const double part = s[i] / sum * exact_of(t, false, g, first + i, d);
            exact += part, sizes += fabs(part);
        }
        const double bound = (2 * error + (n + n / 16.0 + 40) * unit) * sizes;
        const f32 got = t->q[(size_t)head * h->HD + d];
        if (!(fabs(got - exact) <= bound))
            ck_abort_msg("%s, position %llu, head %u element %u: %.9g, exact %.9g, bound %.3g",
                         t->s->name, (unsigned long long)t->position, head, d, got, exact, bound);
        worst = fmax(worst, fabs(got - exact) / bound);
    }
    free(s);
    return worst;
}

START_TEST(one_within_bound)
{
    const struct shape *const s = &one_shapes[_i];
    const u32 C = s->heads.C;
    const uint64_t positions[] = {0,
                                  1,
                                  63,
                                  64,
                                  65,
                                  255,
                                  256,
                                  257,
                                  C / 2 + 40,
                                  C - 1,
                                  3ull * C + 5,
                                  17ull * C - 1,
                                  (1ull << 40) + 100};
    double worst = 0;
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        if (s->heads.W == 0 && positions[i] >= C)
            continue;
        struct text t = text_new(s, 1, positions[i], i % 2 == 0 ? 12.0f : 1.0f);
        text_run(&t);
        for (u32 head = 0; head < s->heads.H; head++)
            worst = fmax(worst, one_check(&t, head));
        text_free(&t);
    }
    printf("one row  %-36s worst error %.3f of the bound\n", s->name, worst);
}
END_TEST

static void any_schedule(struct text *t)
{
    const size_t floats = (size_t)t->rows * t->s->heads.H * t->s->heads.HD;
    uint64_t in_order = 0;
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        text_run(t);
        const uint64_t hash = fixture_hash(FIXTURE_HASH, t->q, floats);
        if (seed == 0)
            in_order = hash;
        ck_assert_msg(hash == in_order, "%s: schedule %u gives other bits", t->s->name, seed);
    }
    text_free(t);
}

START_TEST(one_any_schedule)
{
    const struct shape *const s = &one_shapes[_i];
    if (s->heads.H * s->heads.HD > 1024)
        return; /* the large ones differ from others in their numbers only */
    struct text t = text_new(s, 1, s->heads.W > 0 ? 3ull * s->heads.C + 5 : s->heads.C - 3, 1.0f);
    any_schedule(&t);
}
END_TEST

/* While a window hides nothing, a row has the bits that it has without one, though the ring is
 * smaller than a cache and its spans are shared out among fewer blocks. */
START_TEST(one_window_that_hides_nothing)
{
    const uint64_t positions[] = {0, 255, 256, 600, 699};
    const struct shape *windowed = one_shapes, *whole;
    while (windowed->heads.W != 700)
        windowed++;
    whole = windowed + 1; /* the same heads */
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        struct text seen = text_new(windowed, 1, positions[i], 1.0f);
        struct text all = text_new(whole, 1, positions[i], 1.0f);
        text_run(&seen), text_run(&all);
        ck_assert_msg(memcmp(seen.q, all.q, 12 * 112 * sizeof(f32)) == 0,
                      "position %llu: a window of 700 changes bits",
                      (unsigned long long)positions[i]);
        text_free(&seen), text_free(&all);
    }
}
END_TEST

/* ---- a chunk --------------------------------------------------------------------------------- */
/* As kernels/cpu/attention.h has it; the sign of a zero may differ. */
static void chunk_check(const struct text *t)
{
    const struct cpu_heads *const h = &t->s->heads;
    const u32 width = h->H * h->HD;
    f32 *const cpu = (f32 *)aligned_alloc(64, (size_t)t->rows * width * sizeof(f32));
    memcpy(cpu, t->before, (size_t)t->rows * width * sizeof(f32));
    cpu_attention(h, SCALE(h->HD), t->rows, t->position, cpu, t->cpu_keys, t->cpu_values);
    for (u32 row = 0; row < t->rows; row++)
        for (u32 i = 0; i < width; i++) {
            const f32 got = t->q[(size_t)row * width + i], want = cpu[(size_t)row * width + i];
            if (!(got == want))
                ck_abort_msg("%s, position %llu, row %u element %u: %.9g, on the CPU %.9g",
                             t->s->name, (unsigned long long)t->position, row, i, got, want);
        }
    free(cpu);
}

START_TEST(chunk_has_the_bits_of_the_cpu)
{
    const struct shape *const s = &chunk_shapes[_i];
    const u32 C = s->heads.C;
    const uint64_t positions[] = {0, 1, 27, 63, 64, C - CHUNK, 3ull * C - 11, (1ull << 40) + 2};
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        const u32 rows = i % 2 == 0 ? CHUNK : 21;
        if (s->heads.W == 0 && positions[i] + rows > C)
            continue;
        struct text t = text_new(s, rows, positions[i], i % 3 == 0 ? 12.0f : 1.0f);
        text_run(&t);
        chunk_check(&t);
        text_free(&t);
    }
}
END_TEST

START_TEST(chunk_any_schedule)
{
    const struct shape *const s = &chunk_shapes[_i];
    if (s->heads.H * s->heads.HD > 300)
        return;
    struct text t = text_new(s, 21, s->heads.W > 0 ? 3ull * s->heads.C - 11 : 27, 1.0f);
    any_schedule(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attention_kernels");
    TCase *one = tcase_create("one"), *chunk = tcase_create("chunk");
    const int ones = sizeof one_shapes / sizeof one_shapes[0];
    const int chunks = sizeof chunk_shapes / sizeof chunk_shapes[0];
    tcase_set_timeout(one, 300);
    tcase_add_loop_test(one, one_within_bound, 0, ones);
    tcase_add_loop_test(one, one_any_schedule, 0, ones);
    tcase_add_test(one, one_window_that_hides_nothing);
    tcase_set_timeout(chunk, 300);
    tcase_add_loop_test(chunk, chunk_has_the_bits_of_the_cpu, 0, chunks);
    tcase_add_loop_test(chunk, chunk_any_schedule, 0, chunks);
    suite_add_tcase(suite, one);
    suite_add_tcase(suite, chunk);
    return tests_run(suite);
}
