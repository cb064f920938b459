/* rope.cuh and rope_append.cuh, interpreted: the bits of kernels/cpu/rope.h and rope_append.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/cpu_attention.h"
#include "tests/kernels/cuda/instances.cuh"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { CHUNK = 9, TOKENS = 7, SEEDS = 20 };

/* Frequencies, for the kernels and for what they are compared with. */
#define TABLE(R, ...)                                                                              \
    ROPE_TABLE(table_##R, (R) / 2, __VA_ARGS__)                                                    \
    static const f32 host_##R[] = {__VA_ARGS__};
TABLE(6, 1.0f, 0.046415888f, 0.0021544348f)
TABLE(32, 1.0f, 0.56234133f, 0.31622776f, 0.17782794f, 0.1f, 0.056234132f, 0.031622775f,
      0.017782794f, 0.01f, 0.0056234132f, 0.0031622776f, 0.0017782794f, 0.001f, 0.00056234132f,
      0.00031622776f, 0.00017782794f)
#define table_0 NULL
#define host_0  NULL

/* T, H, KV, HD, R, C, COUNT */
#define SHAPES(X)                                                                                  \
    X(F32, 3, 3, 16, 6, 64, CHUNK)                                                                 \
    X(F16, 4, 2, 32, 32, 128, CHUNK)                                                               \
    X(BF16, 5, 1, 80, 32, 128, CHUNK)                                                              \
    X(BF16, 40, 10, 64, 32, 64, CHUNK)                                                             \
    X(BF16, 2, 1, 48, 0, 64, ONE)                                                                  \
    X(BF16, 4, 2, 32, 32, 128, CHUNK)

#define MAKE(T, H, KV, HD, R, C, COUNT)                                                            \
    ROPE_APPEND(append_##T##_##H##x##HD, H, KV, HD, R, table_##R, TYPE_##T, T, C, COUNT)           \
    static void append_##T##_##H##x##HD##_call(run *r, f32 *q, const f32 *k, const f32 *v,         \
                                               void *keys, void *values)                           \
    {                                                                                              \
        append_##T##_##H##x##HD(r, 0, (f32(*)[(H) * (HD)]) q, (const f32(*)[(KV) * (HD)]) k,       \
                                (const f32(*)[(KV) * (HD)]) v, (TYPE_##T(*)[C][HD])keys,           \
                                (TYPE_##T(*)[C][HD])values);                                       \
    }
SHAPES(MAKE)

static const struct shape {
    const char *name;
    struct cpu_heads heads;
    u32 R, rows, most;
    const f32 *table;
    void (*call)(run *r, f32 *q, const f32 *k, const f32 *v, void *keys, void *values);
} shapes[] = {
#define ROW(T, H, KV, HD, R, C, COUNT)                                                             \
    {#T " " #H "x" #KV "x" #HD " of which " #R,                                                    \
     {FORMAT_##T, H, KV, HD, C, 0},                                                                \
     R,                                                                                            \
     COUNT_##COUNT == COUNT_ONE ? 1u : (u32)TOKENS,                                                \
     ROWS_MOST_##COUNT,                                                                            \
     host_##R,                                                                                     \
     append_##T##_##H##x##HD##_call},
    SHAPES(ROW)};

struct trial {
    const struct shape *s;
    uint64_t position;
    f32 *q, *k, *v, *before;
    void *keys, *values, *cpu_keys, *cpu_values;
    struct step *step;
};

/* To the end of the cache, over the border at which angles round differently, and far beyond. */
enum { STARTS = 3 };

static struct trial trial_new(const struct shape *s, u32 start)
{
    const struct cpu_heads *const h = &s->heads;
    const u32 q = h->H * h->HD, kv = h->KV * h->HD;
    struct step step = {};
    struct trial t = {};
    t.s = s;
    t.position = start == 0   ? h->C - s->rows
                 : start == 1 ? (1ull << 24) - 2
                              : ((uint64_t)h->C << 24) - 3;
    step.tokens = s->rows, step.position = t.position;
    t.step = fixture_step_new(step);
    t.q = fixture_new(s->most * q, SIMT_ORDINARY, "q");
    t.k = fixture_new(s->most * kv, SIMT_ORDINARY, "k");
    t.v = fixture_new(s->most * kv, SIMT_ORDINARY, "v");
    t.before = (f32 *)aligned_alloc(64, s->most * q * sizeof(f32));
    fixture_fill(t.before, 1, s->rows, q, q, 3.0f);
    fixture_fill(t.k, 2, s->rows, kv, kv, 3.0f);
    fixture_fill(t.v, 3, s->rows, kv, kv, 3.0f);
    for (u32 i = 0; i < 4; i++) /* halfway between two numbers of bf16, and of f16 */
        t.v[i] = 1 + (f32)(i % 2 * 2 + 1) * (i < 2 ? 0x1p-8f : 0x1p-11f);
    t.keys = fixture_new_bytes(cpu_cache_bytes(h), SIMT_ORDINARY, "keys");
    t.values = fixture_new_bytes(cpu_cache_bytes(h), SIMT_ORDINARY, "values");
    t.cpu_keys = cpu_cache_new(h), t.cpu_values = cpu_cache_new(h);
    return t;
}

static void trial_run(struct trial *t)
{
    const struct cpu_heads *const h = &t->s->heads;
    run r = {};
    r.step = t->step;
    memcpy(t->q, t->before, t->s->rows * h->H * h->HD * sizeof(f32));
    memset(t->keys, 0xff, cpu_cache_bytes(h));
    memset(t->values, 0xff, cpu_cache_bytes(h));
    t->s->call(&r, t->q, t->k, t->v, t->keys, t->values);
    ck_assert_msg(simt_findings() == 0, "%s: %s", t->s->name, simt_report());
}

static void trial_free(struct trial *t)
{
    void *const known[] = {t->q, t->k, t->v, t->keys, t->values, t->step};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        fixture_free(known[i]);
    free(t->before), free(t->cpu_keys), free(t->cpu_values);
}

/* The element d that the kernel's cache has of a slot, at the place that cache.cuh says: its bits.
 */
static u32 bits_at(const struct cpu_heads *h, bool keys, const void *cache, u32 g, u32 slot, u32 d)
{
    const u32 width = h->type == FORMAT_F32 ? 4 : 8;
    size_t at = (size_t)g * h->C * h->HD + (size_t)slot * h->HD + d;
    if (keys)
        at = (size_t)g * h->C * h->HD + (size_t)(slot / 32) * 32 * h->HD +
             (d / width * 32 + slot % 32) * width + d % width;
    return h->type == FORMAT_F32 ? ((const u32 *)cache)[at] : ((const uint16_t *)cache)[at];
}

/* All slots, also those that are to stay NaN. */
static void same_caches(const struct trial *t)
{
    const struct cpu_heads *const h = &t->s->heads;
    for (u32 keys = 0; keys < 2; keys++)
        for (u32 g = 0; g < h->KV; g++)
            for (u32 slot = 0; slot < h->C; slot++)
                for (u32 d = 0; d < h->HD; d++) {
                    const u32 got = bits_at(h, keys, keys ? t->keys : t->values, g, slot, d);
                    const u32 want =
                        cpu_cache_bits(h, keys, keys ? t->cpu_keys : t->cpu_values, g, slot, d);
                    ck_assert_msg(got == want, "%s: %s of head %u, slot %u, element %u: %x, not %x",
                                  t->s->name, keys ? "key" : "value", g, slot, d, got, want);
                }
}

START_TEST(append_has_the_bits_of_the_cpu)
{
    struct trial t = trial_new(&shapes[_i / STARTS], _i % STARTS);
    const struct cpu_heads *const h = &t.s->heads;
    const size_t floats = (size_t)t.s->rows * h->H * h->HD;
    f32 *const cpu = (f32 *)aligned_alloc(64, floats * sizeof(f32));
    memcpy(cpu, t.before, floats * sizeof(f32));
    cpu_rope_append(h, t.s->R, t.s->table, t.s->rows, t.position, cpu, t.k, t.v, t.cpu_keys,
                    t.cpu_values);
    for (u32 seed = 0; seed <= SEEDS; seed++) {
        simt_schedule(seed);
        trial_run(&t);
        ck_assert_msg(memcmp(t.q, cpu, floats * sizeof(f32)) == 0, "%s: other queries, schedule %u",
                      t.s->name, seed);
        same_caches(&t);
    }
    for (size_t i = floats; i < (size_t)t.s->most * h->H * h->HD; i++)
        ck_assert_msg(isnan(t.q[i]), "%s: wrote behind the rows of the step", t.s->name);
    free(cpu);
    trial_free(&t);
}
END_TEST

enum { ANGLE_BLOCKS = 256, ANGLE_THREADS = 256, ANGLES = ANGLE_BLOCKS * ANGLE_THREADS };

struct angles_params {
    const double *angle;
    f32 *cosine, *sine;
};

KERNEL(angles_kernel, struct angles_params, ANGLE_THREADS)
{
    const u32 i = block_index() * ANGLE_THREADS + thread_index();
    pdl_trigger();
    pdl_wait();
    rope_angle(p.angle[i], &p.cosine[i], &p.sine[i]);
}

/* Up to where a context ends in f32, and far beyond. */
START_TEST(angles_have_the_bits_of_the_cpu)
{
    double *const angle =
        (double *)fixture_new_bytes(ANGLES * sizeof(double), SIMT_ORDINARY, "the angles");
    f32 *const cosine = fixture_new(ANGLES, SIMT_ORDINARY, "cosines");
    f32 *const sine = fixture_new(ANGLES, SIMT_ORDINARY, "sines");
    const struct angles_params params = {angle, cosine, sine};
    run r = {};
    uint64_t seed = 4;
    for (u32 i = 0; i < ANGLES; i++) {
        const uint64_t random = fixture_random(&seed);
        angle[i] = i % 3 == 0   ? (double)(random >> 40) * 0x1p-20
                   : i % 3 == 1 ? (double)(random >> 40)
                                : (double)(random >> 11) * 0x1p-3;
    }
    LAUNCH(&r, 0, angles_kernel, ANGLE_BLOCKS, ANGLE_THREADS, 0, params);
    ck_assert_msg(simt_findings() == 0, "%s", simt_report());
    for (u32 i = 0; i < ANGLES; i++) {
        f32 cpu_cosine, cpu_sine;
        cpu_rope_angle(angle[i], &cpu_cosine, &cpu_sine);
        ck_assert_msg(cosine[i] == cpu_cosine && sine[i] == cpu_sine,
                      "angle %.17g: (%.9g, %.9g), on the CPU (%.9g, %.9g)", angle[i], cosine[i],
                      sine[i], cpu_cosine, cpu_sine);
    }
    fixture_free(angle), fixture_free(cosine), fixture_free(sine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rope_kernels");
    TCase *tests = tcase_create("rope_append");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, append_has_the_bits_of_the_cpu, 0,
                        STARTS * sizeof shapes / sizeof shapes[0]);
    tcase_add_test(tests, angles_have_the_bits_of_the_cpu);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
