/* The times of a text's tokens: over the fake model and a clock that the test moves. The expected
 * figures were computed outside, in Python, from the times of the script. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/measure/latency.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/fake_model.h"
#include "tests/fixtures/run.h"

enum { TOKENS = 320, PART = 16, PARTS = TOKENS / PART, CALLS = 4096 };

static struct session session;
static struct canary canary;
static struct figure figure, first_figure;
static double samples[TOKENS], first_samples[1];
static struct latency_first first;
static u32 ids[FAKE_CHUNK];

/* How far the clock goes at each call. */
static uint64_t script[CALLS], now = 1000;
static u32 calls, scripted;
static uint64_t fake_clock(void)
{
    ck_assert_uint_lt(calls, scripted);
    return now += script[calls++];
}

static void say(uint64_t nanoseconds)
{
    ck_assert_uint_lt(scripted, CALLS);
    script[scripted++] = nanoseconds;
}

/* Around both parts of a canary. */
static void say_canary(uint64_t compute, uint64_t memory)
{
    say(0);
    say(compute);
    say(0);
    say(memory);
}

/* 100 to 109 us, from token 160 on twice that, and token 250 takes 5 ms. */
static uint64_t token_time(u32 i)
{
    return i == 250 ? 5000000 : (100000 + 1000 * (i * 7 % 10)) * (i < 160 ? 1 : 2);
}

/* A prompt of 70 tokens: three chunks, and the question that finds the end. */
static u32 given;
static void begin(void *context)
{
    given = 0;
    (void)context;
}
static u32 next(void *context, u32 *to, u32 capacity)
{
    (void)context;
    u32 count = 0;
    while (count < capacity && given < 70)
        to[count++] = given++;
    return count;
}

static void open_all(void)
{
    uint64_t bytes;
    uint8_t *file = fake_weights(NULL, 0, &bytes);
    const char *path = child_scratch("latency.weights");
    fake_write(path, file, bytes);
    free(file);
    const uint64_t canary_room = arena_rounded(canary_bytes(PARTS + 1));
    session_open(&session,
                 &(struct session_options){.weights = path,
                                           .threads = 1,
                                           .quiet = true,
                                           .host_bytes = canary_room + backend_generate_bytes()});
    backend_generate_open(&session, &(struct generation_options){.sample = {.top_p = 1.0},
                                                                 .vocab = model.vocab,
                                                                 .limit = PART + 1});
    void *memory = arena_take(&session.io, canary_room);
    clock_replace(fake_clock);
    say_canary(0, 0);
    canary_open(&canary, &session, memory, PARTS + 1);
    figure = (struct figure){.name = "token", .samples = samples, .most = TOKENS};
    first_figure = (struct figure){.samples = first_samples, .most = 1};
}

/* The canary's second part takes this long in the second half. */
static void measure(uint64_t memory_later)
{
    static const struct latency_prompt prompt = {begin, next, NULL};
    say(0); /* the call */
    for (u32 chunk = 0; chunk < 4; chunk++) {
        say(1000000 * chunk); /* resetting, prefill of the chunk before */
        say(20000);           /* the tokenizer */
    }
    say(3000000); /* the last prefill, the logits, the choice */
    ck_assert(latency_first_token(&session, &prompt, ids, &first));
    say_canary(1000000, 2000000);
    canary_run(&canary, CANARY_BEFORE, NULL, -1);
    for (u32 part = 0; part < PARTS; part++) {
        say(777777); /* what the first token of a part took is not kept */
        for (u32 i = 0; i < PART; i++)
            say(token_time(part * PART + i));
        say_canary(1000000, part < PARTS / 2 ? 2000000 : memory_later);
    }
    latency_tokens(&session, &canary, &figure, &first);
}

static struct latency analyzed(void)
{
    struct latency latency = {.figure = &figure, .first = &first_figure, .canary = &canary};
    void *memory = malloc(latency_bytes(TOKENS));
    ck_assert_ptr_nonnull(memory);
    latency_analyze(&latency, memory);
    free(memory);
    return latency;
}

#define NEAR(a, b) ck_assert_double_eq_tol(a, b, 1e-12)

START_TEST(the_first_token_and_its_tokenizer_are_timed_apart)
{
    measure(2000000);
    ck_assert_uint_eq(first.tokens, 70);
    NEAR(first.tokenize, 4 * 20e-6);
    NEAR(first.seconds, 6e-3 + 4 * 20e-6 + 3e-3);
}
END_TEST

START_TEST(every_token_has_its_time_and_they_come_to_the_known_figures)
{
    measure(2000000);
    ck_assert_uint_eq(calls, scripted); /* nobody asked for the time besides */
    ck_assert_uint_eq(figure.count, TOKENS);
    for (u32 i = 0; i < TOKENS; i++)
        NEAR(samples[i], 1e-9 * (double)token_time(i));
    const struct latency latency = analyzed();
    NEAR(latency.least, 100e-6);
    NEAR(latency.most, 5000e-6);
    NEAR(latency.mean, 171.75e-6);
    NEAR(latency.quantiles[0], 154.5e-6);
    NEAR(latency.quantiles[1], 216e-6);
    NEAR(latency.quantiles[2], 218e-6);
    NEAR(latency.quantiles[3], 218e-6);
    ck_assert(isnan(latency.quantiles[4])); /* of 320 tokens none is expected beyond */
    ck_assert_double_eq_tol(latency.autocorrelation, 0.05370955279593726, 1e-9);
    ck_assert_uint_eq(latency.slow.above, 160);
    ck_assert_uint_eq(latency.slow.runs, 1);
    ck_assert_uint_eq(latency.slow.at, 160);
    for (u32 i = 0; i < 4; i++) {
        ck_assert_double_le(latency.intervals[i].low, latency.quantiles[i]);
        ck_assert_double_ge(latency.intervals[i].high, latency.quantiles[i]);
    }
}
END_TEST

START_TEST(a_step_that_the_canary_does_not_make_is_not_the_machines)
{
    measure(2000000);
    const struct latency latency = analyzed();
    ck_assert_uint_eq(latency.change_count, 1);
    ck_assert_uint_eq(latency.changes[0].change.at, 160);
    NEAR(latency.changes[0].change.before, 104.5e-6);
    NEAR(latency.changes[0].change.after, 210e-6); /* one of the lowest is an outlier */
    NEAR(latency.changes[0].canary, 1);
    ck_assert(!latency.changes[0].machine);
    ck_assert_uint_eq(canary_disturbed(&canary, &(struct canary_range){0}, 1), 0);
}
END_TEST

START_TEST(a_step_that_the_canary_makes_too_is_the_machines)
{
    measure(3600000);
    const struct latency latency = analyzed();
    ck_assert_uint_eq(latency.change_count, 1);
    NEAR(latency.changes[0].canary, 1.8);
    ck_assert(latency.changes[0].machine);
    struct canary_range range;
    ck_assert_uint_eq(canary_disturbed(&canary, &range, 1), 1);
    ck_assert_int_eq(range.from, 160);
    ck_assert_int_eq(range.to, TOKENS);
}
END_TEST

START_TEST(parts_are_few_and_not_too_short)
{
    ck_assert_uint_eq(latency_part(1), 16);
    ck_assert_uint_eq(latency_part(512), 16);
    ck_assert_uint_eq(latency_part(513), 17);
    ck_assert_uint_eq(latency_part(1000000), 31250);
    ck_assert_uint_eq(latency_positions(512), 512 + 2 * 32 + 1);
    ck_assert_uint_eq(latency_positions(1), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("latency");
    TCase *latency_case = tcase_create("latency");
    tcase_set_timeout(latency_case, 120);
    tcase_add_checked_fixture(latency_case, open_all, NULL);
    tcase_add_test(latency_case, the_first_token_and_its_tokenizer_are_timed_apart);
    tcase_add_test(latency_case, every_token_has_its_time_and_they_come_to_the_known_figures);
    tcase_add_test(latency_case, a_step_that_the_canary_does_not_make_is_not_the_machines);
    tcase_add_test(latency_case, a_step_that_the_canary_makes_too_is_the_machines);
    tcase_add_test(latency_case, parts_are_few_and_not_too_short);
    suite_add_tcase(suite, latency_case);
    return tests_run(suite);
}
