/* runtime/engine/cuda/sampler_step.cu in the interpreter: the tokens of runtime/engine/sample.c for
 * random and for nasty logits, and what a sampler step tells the host, the next step, and the loop.
 * */
#include <math.h>
#include <string.h>

extern "C" {
#include "runtime/base/philox.h"
#include "runtime/engine/sample.h"
}
#include "kernels/cuda/device.h"
#include "kernels/cuda/work.h"
#include "runtime/engine/cuda/philox.cuh"
#include "runtime/engine/cuda/sampler_step.h"
#include "tests/fixtures/run.h"
#include "tests/kernels/cuda/kernel_fixture.h"

enum { VOCAB_MOST = 50280, SCHEDULES = 20 };

/* ---- the device's side --------------------------------------------------------------------------
 */
static struct device {
    struct sampler_step *sampler;
    struct sampler_ring *ring;
    struct step *step;
    u32 *tokens;
    f32 *logits; /* [vocab] */
    run r;
    struct sampler_launch launch;
} device;

static u32 continued, asked; /* the last value of loop_continue(), and how often it was called */

static void on_conditional(uint64_t handle, u32 value)
{
    EXPECT(handle == 77, "handle %d", (int)handle);
    continued = value;
    asked++;
}

static void device_open(u32 vocab, struct sample_options options)
{
    memset(&device, 0, sizeof device);
    device.sampler =
        (struct sampler_step *)fixture_new_bytes(sizeof *device.sampler, SIMT_ORDINARY, "sampler");
    device.ring =
        (struct sampler_ring *)fixture_new_bytes(sizeof *device.ring, SIMT_ORDINARY, "ring");
    device.tokens = (u32 *)fixture_new_bytes(sizeof *device.tokens, SIMT_ORDINARY, "tokens");
    device.logits = fixture_new(vocab, SIMT_ORDINARY, "logits");
    device.step = fixture_step_new((struct step){});
    device.r.work = fixture_new_bytes(WORK_SAMPLER_BYTES(vocab), SIMT_ORDINARY, "work");
    memset(device.ring, 0, sizeof *device.ring);
    memset(device.sampler, 0, sizeof *device.sampler);
    device.sampler->sample = options;
    device.sampler->vocab = vocab;
    for (u32 &id : device.sampler->eos)
        id = SAMPLER_NO_EOS;
    device.sampler->limit = UINT64_MAX;
    device.launch = (struct sampler_launch){
        device.sampler, device.ring, device.logits, device.tokens, device.step, vocab, false, 0};
}

static void device_close(void)
{
    void *const all[] = {device.sampler, device.ring, device.tokens,
                         device.logits,  device.step, device.r.work};
    for (void *buffer : all)
        fixture_free(buffer);
}

/* One sampler step; returns the token that the next step will consume. */
static u32 device_step(void)
{
    memset(device.r.work, 0xff, WORK_SAMPLER_BYTES(device.launch.vocab));
    *device.tokens = UINT32_MAX;
    sampler_launch(&device.r, 0, &device.launch);
    EXPECT(simt_findings() == 0, "%s", simt_report());
    return *device.tokens;
}

/* ---- logits -------------------------------------------------------------------------------------
 */
enum { KINDS = 16 };

static f32 uniform(uint64_t *seed)
{
    return (f32)(fixture_random(seed) >> 40) * 0x1p-24f;
}

/* One logit of a row of this kind. */
static f32 logit_of(u32 kind, uint64_t *seed, u32 id, u32 vocab)
{
    const f32 wide = (uniform(seed) + uniform(seed) + uniform(seed) - 1.5f) * 12;
    const uint64_t dice = fixture_random(seed) % 8;
    switch (kind) {
    case 0:
        return wide;
    case 1:
        return rintf(wide); /* many ties */
    case 2:
        return 1.5f; /* one plateau */
    case 3:
        return dice == 0 ? NAN : wide;
    case 4:
        return dice == 0 ? INFINITY : wide;
    case 5:
        return dice < 4 ? -INFINITY : wide;
    case 6:
        return NAN;
    case 7:
        return -INFINITY;
    case 8:
        return dice < 4 ? 0.0f : -0.0f;
    case 9:
        return id == 0 ? NAN : -INFINITY;
    case 10:
        return dice == 0 ? -NAN : dice == 1 ? INFINITY : dice == 2 ? -INFINITY : rintf(wide);
    case 11:
        return -(f32)id * 0.25f; /* sorted already */
    case 12:
        return (f32)(id - vocab / 2.0) * 40; /* most weights are 0 */
    case 13:
        return wide * 0x1p-140f; /* subnormal */
    case 14:
        return dice < 6 ? 3.0f : rintf(wide); /* a plateau within */
    default:
        return wide * 1e37f;
    }
}

/* Returns whether all of them are finite. */
static bool logits_fill(u32 kind, uint64_t seed, u32 vocab)
{
    bool finite = true;
    for (u32 id = 0; id < vocab; id++) {
        device.logits[id] = logit_of(kind, &seed, id, vocab);
        finite = finite && isfinite(device.logits[id]);
    }
    return finite;
}

static const struct sample_options options[] = {
    /* temperature, top_k, top_p, min_p, seed */
    {0.0, 0, 1.0, 0.0, 1},      {1.0, 0, 1.0, 0.0, 2},    {0.7, 40, 1.0, 0.0, 3},
    {0.8, 0, 0.9, 0.0, 4},      {1.3, 0, 1.0, 0.05, 5},   {1.0, 5, 0.5, 0.1, UINT64_MAX},
    {0.01, 1, 1.0, 0.0, 7},     {1e-9, 0, 1.0, 0.0, 8},   {100.0, 3, 1.0, 0.0, 9},
    {1.0, 257, 0.999, 0.0, 10}, {2.0, 256, 0.1, 1.0, 11}, {1.0, 1000000, 1.0, 1e-5, 12},
    {1e300, 6, 0.0, 0.0, 13},   {0.9, 7, 1.0, 0.5, 14},
};
enum { OPTIONS = sizeof options / sizeof *options };

/* Every kind of logits with every option_step-th set of options, `rows` rows each: the host's
 * token, always, or the end of the text if one of them is not finite. */
static void compare(u32 vocab, u32 rows, u32 option_first, u32 option_step)
{
    void *const scratch = malloc(sample_bytes(vocab));
    for (u32 o = option_first; o < OPTIONS; o += option_step) {
        device_open(vocab, options[o]);
        struct sampler sampler;
        sample_open(&sampler, &options[o], vocab, scratch);
        for (u32 row = 0; row < rows; row++)
            for (u32 kind = 0; kind < KINDS; kind++) {
                const uint64_t position = row % 2 ? (uint64_t)row << 33 | kind : row * 31 + kind;
                const bool finite = logits_fill(kind, 1000 * row + kind + o, vocab);
                const u32 made = device.ring->made;
                device.sampler->position = position;
                device.sampler->end = SAMPLER_GOING;
                device.ring->host = device.ring->made;
                const u32 expected = finite ? sample_next(&sampler, device.logits, position) : 0;
                const u32 id = device_step();
                EXPECT((device.sampler->end == SAMPLER_NOT_FINITE) == !finite &&
                           device.ring->made == made + finite,
                       "vocabulary %u, options %u, row %u, kind %u: ends with %u", vocab, o, row,
                       kind, device.sampler->end);
                EXPECT(id == expected, "vocabulary %u, options %u, row %u, kind %u: %u, not %u",
                       vocab, o, row, kind, id, expected);
            }
        device_close();
    }
    free(scratch);
}

START_TEST(one_token)
{
    compare(1, 1, 0, 3);
}
END_TEST

START_TEST(seven_tokens)
{
    compare(7, 2, 0, 1);
}
END_TEST

START_TEST(as_many_tokens_as_are_awkward)
{
    compare(257, 2, 0, 1);
    compare(513, 1, 1, 3);
}
END_TEST

START_TEST(a_real_vocabulary)
{
    compare(VOCAB_MOST, 1, 1, 5);
}
END_TEST

START_TEST(greedy)
{
    compare(257, 100, 0, OPTIONS);
    compare(VOCAB_MOST, 3, 0, OPTIONS);
}
END_TEST

/* A wrong last bit of a sum would change a token once in a blue moon. */
START_TEST(sums_have_the_bits_of_the_host)
{
    enum { VOCAB = 2500 }; /* more than one tile of them */
    void *const scratch = malloc(sample_bytes(VOCAB));
    struct sampler sampler;
    sample_open(&sampler, &options[_i], VOCAB, scratch);
    device_open(VOCAB, options[_i]);
    for (u32 kind = 0; kind < KINDS; kind++) {
        if (!logits_fill(kind, kind, VOCAB))
            continue;
        device.sampler->end = SAMPLER_GOING;
        sample_next(&sampler, device.logits, 1);
        device_step();
        const double *const sums = (const double *)device.r.work + 2 * VOCAB;
        const u32 kept = options[_i].top_k ? options[_i].top_k : (u32)VOCAB;
        double sum = 0.0;
        for (u32 i = 0; i < kept; i++) {
            sum += sampler.weights[i];
            EXPECT(sums[i] == sum, "kind %u, sum %u: %a, not %a", kind, i, sums[i], sum);
        }
    }
    device_close();
    free(scratch);
}
END_TEST

START_TEST(the_same_on_any_schedule)
{
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        simt_schedule(seed);
        compare(seed % 2 ? 33 : 300, 1, (u32)seed % OPTIONS, OPTIONS);
    }
}
END_TEST

#ifdef DEVICE_HEADER /* calls what a GPU build has on the device only */
START_TEST(philox_is_that_of_the_host)
{
    uint64_t seed = 1;
    for (u32 i = 0; i < 10000; i++) {
        const uint64_t key = fixture_random(&seed), position = fixture_random(&seed) >> i % 64;
        EXPECT(philox_draw(key, position) == philox_uniform(key, position), "draw %u", i);
    }
}
END_TEST
#endif

/* ---- sampler steps
 * --------------------------------------------------------------------------------------
 */
/* A greedy device of 50 tokens that will choose `id`. */
static void choose(u32 id)
{
    for (u32 i = 0; i < 50; i++)
        device.logits[i] = i == id ? 1.0f : 0.0f;
}

START_TEST(a_sampler_step_hands_over_the_token)
{
    device_open(50, options[0]);
    device.sampler->position = 1000;
    uint64_t before = 0;
    const u32 launches = fixture_launches();
    for (u32 i = 0; i < 3; i++) {
        choose(7 + i);
        ck_assert_uint_eq(device_step(), 7 + i);
        ck_assert_uint_eq(device.step->position, 1000 + i);
        ck_assert_uint_eq(device.sampler->position, 1001 + i);
        ck_assert_uint_eq(device.sampler->made, i + 1);
        ck_assert_uint_eq(device.ring->made, i + 1);
        ck_assert_uint_eq(device.ring->tokens[i].id, 7 + i);
        ck_assert_uint_gt(device.ring->tokens[i].time_ns, before);
        ck_assert_uint_eq(fixture_launches() - launches, 2 * (i + 1));
        ck_assert_uint_eq(device.ring->end, SAMPLER_GOING);
        before = device.ring->tokens[i].time_ns;
    }
    device_close();
}
END_TEST

START_TEST(padding_of_the_vocabulary_is_never_chosen)
{
    for (u32 o = 0; o < 2; o++) {
        device_open(50, options[o]);
        device.sampler->vocab = 20;
        choose(30);
        ck_assert_uint_lt(device_step(), 20);
        device_close();
    }
}
END_TEST

/* A sampler step that ends the text for this reason; afterwards sampler steps change nothing. */
static void check_end(enum sampler_end end, u32 made)
{
    device.launch.looping = true;
    device.launch.loop = 77;
    asked = 0;
    device_step();
    ck_assert_uint_eq(asked, 1);
    ck_assert_uint_eq(continued, 0);
    ck_assert_uint_eq(device.ring->end, end);
    ck_assert_uint_eq(device.sampler->end, end);
    ck_assert_uint_eq(device.ring->made, made);
    ck_assert_uint_eq(device_step(), UINT32_MAX);
    ck_assert_uint_eq(device.ring->made, made);
    ck_assert_uint_eq(asked, 2);
    ck_assert_uint_eq(continued, 0);
}

START_TEST(the_end_of_text_ends)
{
    for (u32 i = 0; i < SAMPLER_EOS_MOST; i++) { /* any of them does */
        device_open(50, options[0]);
        device.sampler->eos[i] = 3;
        choose(3);
        check_end(SAMPLER_EOS, 0);
        device_close();
    }
    device_open(50, options[0]); /* and does not where it is a token like any other */
    choose(3);
    device_step();
    ck_assert_uint_eq(device.sampler->end, SAMPLER_GOING);
    device_close();
}
END_TEST

/* One in a vocabulary of many blocks is enough. */
START_TEST(logits_that_are_not_finite_end)
{
    static const f32 values[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (u32 i = 0; i < 4; i++)
        for (u32 o = 0; o < 3; o++) {
            device_open(9000, options[o]);
            logits_fill(0, i, 9000);
            device.logits[2999 * i] = values[i];
            check_end(SAMPLER_NOT_FINITE, 0);
            device_close();
            device_open(50, options[o]); /* beyond the ids that can be chosen it does not matter */
            device.sampler->vocab = 20;
            choose(3);
            device.logits[20 + i] = values[i];
            device_step();
            ck_assert_uint_eq(device.sampler->end, SAMPLER_GOING);
            device_close();
        }
}
END_TEST

START_TEST(the_limit_ends)
{
    device_open(50, options[0]);
    device.sampler->limit = 2;
    choose(3);
    device_step();
    ck_assert_uint_eq(device.sampler->end, SAMPLER_GOING);
    check_end(SAMPLER_LIMIT, 2);
    device_close();
}
END_TEST

START_TEST(the_host_ends)
{
    device_open(50, options[0]);
    device.ring->host = SAMPLER_STOP;
    choose(3);
    check_end(SAMPLER_STOPPED, 1);
    device_close();
}
END_TEST

/* The counters of the host's side have wrapped. */
START_TEST(a_full_ring_pauses)
{
    device_open(50, options[0]);
    device.sampler->made = UINT64_C(0x100000002);
    device.ring->made = 2;
    device.ring->host = UINT32_MAX & (3 - SAMPLER_RING);
    choose(3);
    device.launch.looping = true;
    device.launch.loop = 77;
    device_step();
    ck_assert_uint_eq(device.sampler->end, SAMPLER_FULL);
    ck_assert_uint_eq(device.ring->made, 3);
    ck_assert_uint_eq(device.ring->tokens[2].id, 3);
    ck_assert_uint_eq(continued, 0);
    device.ring->host = 3; /* the host drains, clears the end, and launches again */
    device.ring->end = SAMPLER_GOING;
    ck_assert_uint_eq(device_step(), 3);
    ck_assert_uint_eq(device.sampler->end, SAMPLER_GOING);
    ck_assert_uint_eq(device.ring->made, 4);
    ck_assert_uint_eq(continued, 1);
    device_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sample kernels");
    TCase *tests = tcase_create("sample kernels");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, one_token);
    tcase_add_test(tests, seven_tokens);
    tcase_add_test(tests, as_many_tokens_as_are_awkward);
    tcase_add_test(tests, a_real_vocabulary);
    tcase_add_test(tests, greedy);
    tcase_add_loop_test(tests, sums_have_the_bits_of_the_host, 1, 3);
    tcase_add_test(tests, the_same_on_any_schedule);
    tcase_add_test(tests, a_sampler_step_hands_over_the_token);
    tcase_add_test(tests, padding_of_the_vocabulary_is_never_chosen);
#ifdef DEVICE_HEADER /* on a GPU only a graph can be told to go on, as that of --loop is */
    simt_on_conditional(on_conditional);
    tcase_add_test(tests, philox_is_that_of_the_host);
    tcase_add_test(tests, the_end_of_text_ends);
    tcase_add_test(tests, logits_that_are_not_finite_end);
    tcase_add_test(tests, the_limit_ends);
    tcase_add_test(tests, the_host_ends);
    tcase_add_test(tests, a_full_ring_pauses);
#endif
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
