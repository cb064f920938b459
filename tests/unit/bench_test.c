/* bench: what its figures are made of, over the fake model whose steps take planted times; and its
 * command line. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/interrupt.h"
#include "runtime/measure/bench.h"
#include "tests/fixtures/fake_binary.h"
#include "tests/fixtures/fake_model.h"

/* ---- planted times --------------------------------------------------------------------------- */

/* Nanoseconds: of a look at the clock, a token of a prefill, a row of logits, a decode; and what
 * every later token of the two takes more than the one before. */
enum { TICK = 1000000, PREFILL = 2000000, HEAD = 7000000, DECODE = 30000000, LATER = 1000 };

static uint64_t ticks;
static uint64_t stop_at; /* decodes after which Ctrl-C comes; 0: never */

static uint64_t later(uint64_t count)
{
    return count * count * LATER;
}

static uint64_t planted_clock(void)
{
    if (stop_at > 0 && fake_done.decoded >= stop_at && !interrupt_asked())
        ck_assert_int_eq(raise(SIGINT), 0);
    ticks += TICK;
    return ticks + fake_done.prefilled * PREFILL + later(fake_done.prefilled) +
           fake_done.heads * HEAD + fake_done.decoded * DECODE + later(fake_done.decoded);
}

/* What those tokens take: the next `count` after `before`. */
static double prefill_seconds(uint64_t before, u32 count)
{
    return 1e-9 * (double)(TICK + (uint64_t)count * PREFILL + HEAD + later(before + count) -
                           later(before));
}

static double decode_seconds(uint64_t before, u32 count)
{
    return 1e-9 *
           (double)(count * (uint64_t)(TICK + DECODE) + later(before + count) - later(before));
}

static struct session session;
static struct record record;
static struct record_options quiet = {.format = RECORD_TABLE};
static struct bench bench;

/* Random ids; one thread, or two. Returns whether it came to its end. */
static bool run_plan(const struct bench_plan *plan)
{
    const u32 figures = bench_figures(plan), samples = figures * plan->repetitions;
    const uint64_t ids_bytes = arena_rounded(bench_positions(plan) * sizeof(u32));
    char verb[] = "fake bench";
    char *argv[] = {verb, NULL};
    interrupt_catch();
    record_check(&record, &quiet, "bench", "planted times", 1, argv);
    struct session_options options = {.weights = sound,
                                      .quiet = true,
                                      .threads = (u32)number_list_most(&plan->threads),
                                      .host_bytes = ids_bytes + bench_bytes(plan) +
                                                    backend_bench_bytes() +
                                                    record_bytes(figures, samples, samples),
                                      .snapshot_bytes = state_bytes(1)};
    session_open(&session, &options);
    u32 *ids = arena_take(&session.io, ids_bytes);
    for (uint64_t i = 0; i < bench_positions(plan); i++)
        ids[i] = (u32)(i * 7 % FAKE_VOCAB);
    void *memory = arena_take(&session.io, bench_bytes(plan));
    backend_bench_open(&session, bench_longest_gen(plan));
    record_begin(&record, &session,
                 arena_take(&session.io, record_bytes(figures, samples, samples)), figures,
                 samples);
    bench_open(&bench, plan, &session, &record, ids, memory);
    arena_seal();
    clock_replace(planted_clock);
    return bench_run(&bench);
}

static double scalar(const struct figure *figure, const char *name)
{
    for (u32 i = 0; i < figure->scalar_count; i++)
        if (strcmp(figure->scalars[i].name, name) == 0)
            return figure->scalars[i].value;
    ck_abort_msg("%s has no %s", figure->name, name);
    return 0;
}

static void assert_near(double value, double expected)
{
    ck_assert_double_eq_tol(value / expected, 1, 1e-9);
}

/* The session is behind the first tokens of the ids, and behind nothing else: what comes next is
 * what comes behind a text that was read at once. */
static void assert_behind(u32 tokens)
{
    static f32 found[FAKE_VOCAB];
    ck_assert_uint_eq(session.position, tokens);
    memcpy(found, session_decode(&session, 9), sizeof found);
    session_reset(&session);
    for (u32 i = 0; i < tokens; i++)
        session_decode(&session, bench.ids[i]);
    ck_assert_mem_eq(session_decode(&session, 9), found, sizeof found);
}

/* Every sample is one pass, because that takes longer than the least. */
START_TEST(samples_are_the_planted_times_alone)
{
    const struct bench_plan plan = {.prompts = {1, {48}},
                                    .gens = {1, {5}},
                                    .pairs = {{40, 3}},
                                    .pair_count = 1,
                                    .depths = {2, {0, 100}},
                                    .threads = {1, {1}},
                                    .repetitions = 4,
                                    .warm_up = true};
    ck_assert(run_plan(&plan));
    static const char *const names[] = {"pp48",        "tg5",        "pp40+tg3",
                                        "pp48 @ d100", "tg5 @ d100", "pp40+tg3 @ d100"};
    ck_assert_int_eq(record.count, 6);
    uint64_t prefilled = 0, decoded = 0;
    for (u32 f = 0; f < 6; f++) {
        const struct figure *figure = &record.figures[f];
        const u32 prompt = (u32)figure->n_prompt, gen = (u32)figure->n_gen;
        ck_assert_str_eq(figure->name, names[f]);
        ck_assert_int_eq(figure->count, 4);
        if (f == 3)
            prefilled += 100; /* reached once, outside of every sample */
        prefilled += prompt < FAKE_CHUNK ? prompt : FAKE_CHUNK; /* the warm-up */
        decoded += gen > 0;
        for (u32 i = 0; i < 4; i++) {
            double seconds = 0;
            if (prompt > 0)
                seconds += prefill_seconds(prefilled, prompt);
            if (gen > 0)
                seconds += decode_seconds(decoded, gen);
            assert_near(figure->samples[i], (prompt + gen) / seconds);
            prefilled += prompt;
            decoded += gen;
        }
    }
    ck_assert_uint_eq(fake_done.prefilled, prefilled);
    ck_assert_uint_eq(fake_done.decoded, decoded);
    assert_behind(143);
}
END_TEST

/* The weights, 33 lines, are read in a tick. */
START_TEST(shares_are_of_what_was_measured_beside)
{
    const struct bench_plan plan = {.prompts = {1, {48}},
                                    .gens = {1, {5}},
                                    .depths = {1, {0}},
                                    .threads = {1, {1}},
                                    .repetitions = 3};
    ck_assert(run_plan(&plan));
    const struct figure *prefill = &record.figures[0], *decode = &record.figures[1];
    const double work =
        (48 * 128.0 / (double)FAKE_CHUNK + 8192.0 / (double)FAKE_LOGIT_ROWS) / 2 / 48;
    assert_near(scalar(prefill, "multiply_adds_per_token"), work);
    assert_near(scalar(prefill, "multiply_adds_per_second"), prefill->median * work);
    assert_near(scalar(prefill, "share_of_multiply_adds"),
                prefill->median * work / scalar(prefill, "multiply_adds_peak"));
    const double read = FAKE_VOCAB * 4 + FAKE_STATE_BYTES;
    assert_near(scalar(decode, "bytes_per_token"), read);
    assert_near(scalar(decode, "read_peak"), 33 * 64 / (1e-9 * (double)TICK));
    assert_near(scalar(decode, "share_of_read"),
                decode->samples[1] * read / (33 * 64 / (1e-9 * (double)TICK)));
    const double first = decode_seconds(0, 1), last = decode_seconds(14, 1);
    assert_near(scalar(decode, "token_seconds_p50"), decode_seconds(7, 1));
    assert_near(scalar(decode, "token_seconds_p99"), first + 0.99 * (last - first));
    assert_near(scalar(decode, "token_seconds_max"), last);
    ck_assert_int_eq(bench.reads.count, 3);
    ck_assert_int_eq(bench.multiply_adds.count, 3);
    ck_assert_int_eq(bench.canary.count, 3);
    ck_assert_str_eq(bench.canary.times[2].figure, "tg5");
    ck_assert_int_eq(bench.canary.times[2].when, CANARY_AFTER);
}
END_TEST

START_TEST(thread_counts_have_their_own_figures_and_peaks)
{
    const struct bench_plan plan = {
        .gens = {1, {2}}, .depths = {2, {0, 40}}, .threads = {2, {1, 2}}, .repetitions = 2};
    ck_assert(run_plan(&plan));
    static const char *const names[] = {"tg2 @ t1", "tg2 @ t2", "tg2 @ d40 @ t1", "tg2 @ d40 @ t2"};
    ck_assert_int_eq(record.count, 4);
    for (u32 i = 0; i < 4; i++) {
        ck_assert_str_eq(record.figures[i].name, names[i]);
        assert_near(scalar(&record.figures[i], "threads"), 1 + i % 2);
    }
    ck_assert_int_eq(bench.reads.count, 4); /* those of two threads */
}
END_TEST

/* During the second sample of the second figure. */
START_TEST(an_interrupted_run_keeps_whole_samples)
{
    const struct bench_plan plan = {.prompts = {1, {48}},
                                    .gens = {2, {5, 6}},
                                    .depths = {1, {0}},
                                    .threads = {1, {1}},
                                    .repetitions = 3};
    stop_at = 8;
    ck_assert(!run_plan(&plan));
    ck_assert_int_eq(record.count, 2);
    ck_assert_int_eq(record.figures[0].count, 3);
    ck_assert_int_eq(record.figures[1].count, 1);
    assert_near(record.figures[1].samples[0], 5 / decode_seconds(0, 5));
}
END_TEST

/* ---- lists ----------------------------------------------------------------------------------- */

static void assert_list(const char *text, const char *expected)
{
    struct number_list list = {.count = 0};
    char got[512] = "";
    number_list_add(&list, "--list", text, 0, 1000);
    for (u32 i = 0; i < list.count; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%u", i > 0 ? " " : "",
                 (unsigned)list.at[i]);
    ck_assert_str_eq(got, expected);
}

START_TEST(lists_and_ranges_are_read_as_llama_bench_reads_them)
{
    assert_list("512", "512");
    assert_list("0,4,2", "0 4 2");
    assert_list("1-4", "1 2 3 4");
    assert_list("7-7", "7");
    assert_list("128-512+128", "128 256 384 512");
    assert_list("128-500+128,9", "128 256 384 9");
    assert_list("1-64*2", "1 2 4 8 16 32 64");
    assert_list("3-100*10", "3 30");
    assert_list("5,5,4-6", "5 4 6");
}
END_TEST

/* ---- the command line ------------------------------------------------------------------------ */

#define EXPECTED(least)                                                                            \
    "expected whole numbers from " least " between commas, or ranges of them as in 1-4, "          \
    "128-1024+128 or 1-64*2\n"

START_TEST(lists_that_are_none_are_refused)
{
    static const char *const wrong[] = {"",
                                        "x",
                                        ",1",
                                        "1,",
                                        "1-",
                                        "4-1",
                                        "1 ",
                                        "1-4+0",
                                        "0-4*2",
                                        "1-8*1",
                                        "1-8*0",
                                        "1-4x",
                                        "-1",
                                        "1.5",
                                        "1--4",
                                        "100000001",
                                        "1+2",
                                        "1-18446744073709551615",
                                        "99999999999999999999"};
    char message[512];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(message, sizeof message, "fake: --n-depth: '%s': " EXPECTED("0 to 100000000"),
                 wrong[i]);
        assert_refused(CHILD(fake, "bench", "-d", wrong[i]), 2, message);
    }
    assert_refused(CHILD(fake, "bench", "-t", "1,0"), 2,
                   "fake: --threads: '1,0': " EXPECTED("1 to 256"));
    assert_refused(CHILD(fake, "bench", "-n", "1-65"), 2,
                   "fake: --n-gen: '1-65': more than 64 numbers\n");
}
END_TEST

START_TEST(what_cannot_be_measured_is_refused)
{
    assert_refused(CHILD(fake, "bench", "-p", "0", "-n", "0"), 2,
                   "fake: -p 0 -n 0 leaves nothing to measure; give --prompt-gen, or another "
                   "number\n");
    static const char *const wrong[] = {"", "5", "5,", ",5", "0,5", "5,6,7", "1-2,3", "a,b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct child *child = CHILD(fake, "bench", "-pg", wrong[i]);
        ck_assert_int_eq(child->code, 2);
        ck_assert_msg(strstr(child->err, "--prompt-gen: '"), "%s", child->err);
    }
    const struct child *child = CHILD(fake, "bench", "-pg");
    ck_assert_int_eq(child->code, 2);
    ck_assert_ptr_nonnull(strstr(child->err, "option requires an argument -- 'pg'"));
    const char *path = child_scratch("short");
    fake_write(path, "one two", 7);
    child = CHILD(fake, "bench", "-q", "-m", sound, "-f", path, "-p", "500");
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, " tokens, but the longest test takes 500 with its "
                                             "depth: give a longer text, or smaller numbers\n"));
}
END_TEST

/* The names in the order of the output. */
static void assert_figures(const char *output, const char *const *names)
{
    for (; *names != NULL; names++) {
        char line[128];
        snprintf(line, sizeof line, "\"name\": \"%s\"", *names);
        output = strstr(output, line);
        ck_assert_msg(output != NULL, "no %s there", *names);
        output += strlen(line);
    }
    ck_assert_ptr_null(strstr(output, "\"name\": \""));
}

START_TEST(options_are_those_of_llama_bench)
{
    const struct child *child =
        CHILD(fake, "bench", "-q", "-m", sound, "-r", "1", "-o", "json", "-p", "4,8", "-p", "2",
              "-n", "3", "-pg", "5,6", "--prompt-gen=7,7", "-d", "9,0", "--no-warmup");
    ck_assert_msg(child->code == 0, "%s", child->err);
    static const char *const names[] = {
        "pp4",      "pp8",      "pp2",      "tg3",          "pp5+tg6",      "pp7+tg7", "pp4 @ d9",
        "pp8 @ d9", "pp2 @ d9", "tg3 @ d9", "pp5+tg6 @ d9", "pp7+tg7 @ d9", NULL};
    assert_figures(strstr(child->out, "\"figures\""), names);
    ck_assert_ptr_nonnull(strstr(child->out, "\"tokens\": \"random\""));
    ck_assert_ptr_nonnull(strstr(child->out, "\"complete\": true"));
    child =
        CHILD(fake, "bench", "-q", "-m", sound, "-r", "1", "-o", "json", "-p", "0", "-n", "1,2");
    static const char *const decodes[] = {"tg1", "tg2", NULL};
    assert_figures(strstr(child->out, "\"figures\""), decodes);
}
END_TEST

START_TEST(a_text_is_measured_with_its_own_tokens)
{
    const char *path = child_scratch("text");
    fake_write(path, "A text of a few words, all of them different ones.", 50);
    const struct child *child = CHILD(fake, "bench", "-q", "-m", sound, "-r", "1", "-o", "json",
                                      "-f", path, "-p", "4", "-n", "2", "-d", "3", "--no-warmup");
    ck_assert_msg(child->code == 0, "%s", child->err);
    ck_assert_ptr_nonnull(strstr(child->out, "\"tokens\": \"text\""));
    ck_assert_ptr_nonnull(strstr(child->out, "\"decode_tokens\": \"text\""));
}
END_TEST

START_TEST(every_format_is_printed)
{
    const struct child *child =
        CHILD(fake, "bench", "-q", "-m", sound, "-r", "2", "-p", "4", "-n", "2");
    ck_assert_ptr_nonnull(strstr(child->out, "| figure "));
    ck_assert_ptr_nonnull(strstr(child->out, "| pp4 "));
    ck_assert_ptr_nonnull(strstr(child->out, "| tg2 "));
    ck_assert_str_eq(child->err, "");
    child = CHILD(fake, "bench", "-q", "-m", sound, "-r", "2", "-p", "4", "-n", "2", "-o", "csv");
    ck_assert_ptr_nonnull(strstr(child->out, "\npp4,prefill,tokens/s,higher,4,0,0,2,"));
    child = CHILD(fake, "bench", "-q", "-m", sound, "-r", "2", "-p", "4", "-n", "2", "-o", "jsonl");
    ck_assert_ptr_eq(strstr(child->out, "{\"part\": \"head\""), child->out);
    ck_assert_ptr_nonnull(strstr(child->out, "\n{\"part\": \"figure\", \"name\": \"tg2\""));
    ck_assert_ptr_nonnull(strstr(child->out, "\n{\"part\": \"tail\""));
    child = CHILD(fake, "bench", "-m", sound, "-r", "1", "-p", "4", "-n", "2", "--progress");
    ck_assert_ptr_nonnull(strstr(child->err, "fake: figure 2 of 2: tg2\n"));
}
END_TEST

int main(void)
{
    fake_binary_make();
    Suite *suite = suite_create("bench");
    TCase *planted = add_case(suite, "planted"), *lists = add_case(suite, "lists"),
          *line = add_case(suite, "line");
    tcase_add_test(planted, samples_are_the_planted_times_alone);
    tcase_add_test(planted, shares_are_of_what_was_measured_beside);
    tcase_add_test(planted, thread_counts_have_their_own_figures_and_peaks);
    tcase_add_test(planted, an_interrupted_run_keeps_whole_samples);
    tcase_add_test(lists, lists_and_ranges_are_read_as_llama_bench_reads_them);
    tcase_add_test(line, lists_that_are_none_are_refused);
    tcase_add_test(line, what_cannot_be_measured_is_refused);
    tcase_add_test(line, options_are_those_of_llama_bench);
    tcase_add_test(line, a_text_is_measured_with_its_own_tokens);
    tcase_add_test(line, every_format_is_printed);
    return tests_run(suite);
}
