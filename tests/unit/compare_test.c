/* compare: its statistics against values of other programs, its verdicts, and its command line,
 * over records and over programs that measure nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/philox.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"
#include "tools/measure/comparison.h"
#include "tools/measure/paired.h"

#define COMPARE TEST_TOOLS "/compare"
#define FAKE    "tests/fixtures/fake_bench.sh "

/* ---- pairs ----------------------------------------------------------------------------------- */

/* By numpy, from all 2^12 ways to give the ranks signs, and the sorted means of all pairs. */
START_TEST(intervals_of_pairs_are_those_of_all_signs)
{
    double values[12], scratch[12 * 13], centre;
    for (int i = 0; i < 12; i++)
        values[i] = 0.01 * (i + 1) * (i % 2 ? 1 : -1) + 0.02;
    struct stats_interval of = paired_interval(values, 12, 0.05, &centre, scratch);
    ck_assert_double_eq_tol(centre, 0.025, 1e-15);
    ck_assert_double_eq_tol(of.low, -0.03, 1e-15);
    ck_assert_double_eq_tol(of.high, 0.08, 1e-15);
    of = paired_interval(values, 12, 0.05 / 7, &centre, scratch);
    ck_assert_double_eq_tol(of.low, -0.05, 1e-15);
    ck_assert_double_eq_tol(of.high, 0.1, 1e-15);
    /* 5 values with one sign: probability 2 / 32. */
    of = paired_interval(values, 5, 0.05, &centre, scratch);
    ck_assert(isinf(of.low) && isinf(of.high));
    of = paired_interval(values, 5, 0.0625, &centre, scratch);
    ck_assert(of.low == values[4] && of.high == values[3]);
}
END_TEST

START_TEST(looks_are_fixed_beforehand)
{
    static const uint64_t looks[] = {10, 15, 23, 35, 53, 80, 100};
    uint64_t done = 0;
    for (size_t i = 0; i < 7; i++) {
        done = paired_next_look(done, 100);
        ck_assert_uint_eq(done, looks[i]);
    }
    ck_assert_uint_eq(paired_looks(100), 7);
    ck_assert_uint_eq(paired_looks(10), 1);
    int first = 0;
    for (uint64_t block = 0; block < 400; block++) {
        const int a = paired_program(block, 0);
        ck_assert_int_eq(paired_program(block, 3), a);
        ck_assert_int_eq(paired_program(block, 1), !a);
        ck_assert_int_eq(paired_program(block, 2), !a);
        first += a;
    }
    ck_assert(first > 160 && first < 240);
}
END_TEST

/* In how many of 300 series of equal programs an interval misses at any look. */
static int series_with_a_miss(double error)
{
    static double values[100], scratch[100 * 101];
    int missed = 0;
    for (uint64_t s = 0; s < 300; s++) {
        for (uint64_t i = 0; i < 100; i++) /* Laplace's distribution: heavier tails than normal */
            values[i] = log((1 - philox_uniform(s, 2 * i)) / (1 - philox_uniform(s, 2 * i + 1)));
        bool miss = false;
        for (uint64_t done = 0; done < 100 && !miss;) {
            double centre;
            done = paired_next_look(done, 100);
            const struct stats_interval of = paired_interval(values, done, error, &centre, scratch);
            miss = of.low > 0 || of.high < 0;
        }
        missed += miss;
    }
    return missed;
}

/* 5% of 300 are 15. Without sharing the error between the looks, they would be three times as
 * many. */
START_TEST(looking_often_keeps_the_error)
{
    const int shared = series_with_a_miss(0.05 / paired_looks(100));
    const int unshared = series_with_a_miss(0.05);
    ck_assert_msg(shared <= 15, "%d of 300 series have a miss", shared);
    ck_assert_msg(unshared >= 30, "%d of 300 without sharing", unshared);
}
END_TEST

/* ---- verdicts -------------------------------------------------------------------------------- */

START_TEST(the_whole_interval_decides)
{
    static const struct {
        double low, high;
        const char *of_speed, *of_time;
    } cases[] = {{0.985, 1.019, "same", "same"},      {0.98, 1.01, "unclear", "unclear"},
                 {0.99, 1.021, "unclear", "unclear"}, {0.9, 0.98, "slower", "faster"},
                 {0.9, 0.981, "unclear", "unclear"},  {1.021, 1.1, "faster", "slower"},
                 {0.5, 2, "unclear", "unclear"},      {1.005, 1.03, "unclear", "unclear"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct comparison of = {.kind = "decode", .interval = {cases[i].low, cases[i].high}};
        comparison_decide(&of, 0.02);
        ck_assert_str_eq(comparison_word(&of), cases[i].of_speed);
        ck_assert((of.why[0] != '\0') == (of.verdict == VERDICT_UNCLEAR));
        of.lower_is_better = true;
        comparison_decide(&of, 0.02);
        ck_assert_str_eq(comparison_word(&of), cases[i].of_time);
        of.kind = "quality";
        if (of.verdict == VERDICT_WORSE)
            ck_assert_str_eq(comparison_word(&of), "worse");
    }
}
END_TEST

/* ---- records --------------------------------------------------------------------------------- */

#define FIGURE(name, kind, unit, better, samples)                                                  \
    "{\"name\": \"" name "\", \"kind\": \"" kind "\", \"unit\": \"" unit                           \
    "\", \"better\": \"" better "\", \"samples\": [" samples "]}"
#define SPEED(name, samples) FIGURE(name, "decode", "tokens/s", "higher", samples)
#define CANARY(compute, memory)                                                                    \
    ", \"canary\": [{\"seconds\": 0.02, \"compute_seconds\": " compute                             \
    ", \"memory_seconds\": " memory "}]"
#define RECORD(model, threads, figures, more)                                                      \
    "{\"schema\": 2, \"verb\": \"bench\", \"complete\": true, \"model\": {\"name\": \"" model      \
    "\"}, \"run\": {\"threads\": " threads "}" more ", \"figures\": [" figures "]}"

/* Runs compare over these two; options NULL or one. The exit code. */
static const struct child *compare(const char *a, const char *b, const char *option)
{
    const char *const texts[] = {a, b};
    const char *paths[2];
    for (int i = 0; i < 2; i++) {
        static char names[2][4096];
        snprintf(names[i], sizeof names[i], "%s", child_scratch(i ? "b.json" : "a.json"));
        paths[i] = names[i];
        FILE *file = fopen(paths[i], "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(texts[i], file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    return option ? CHILD(COMPARE, paths[0], paths[1], option) : CHILD(COMPARE, paths[0], paths[1]);
}

static void ck_prints(const struct child *child, int code, const char *text)
{
    ck_assert_msg(strstr(child->out, text) || strstr(child->err, text), "no '%s' in: %s%s", text,
                  child->out, child->err);
    ck_assert_msg(child->code == code, "exit code %d, expected %d: %s", child->code, code,
                  child->err);
}

#define FIVE  "100, 101, 99, 100.5, 99.5"
#define LESS  "95, 96, 94, 95.5, 94.5"
#define WIDE  "80, 120, 100, 90, 110"
#define STILL CANARY("0.01", "0.01")

START_TEST(records_are_compared_figure_by_figure)
{
    const char *a =
        RECORD("m", "1", SPEED("tg8", FIVE) ", " SPEED("pp8", FIVE) ", " SPEED("old", FIVE), STILL);
    ck_prints(compare(a, a, NULL), 0, "| tg8 | tokens/s | 100.0 | 100.0 | 1.0000 |");
    ck_prints(compare(a, a, NULL), 0, "| same |");
    const char *slow =
        RECORD("m", "2", SPEED("tg8", LESS) ", " SPEED("pp8", WIDE) ", " SPEED("new", FIVE), STILL);
    const struct child *child = compare(a, slow, NULL);
    ck_prints(child, 1, "| tg8 | tokens/s | 100.0 | 95.00 | 0.9500 |");
    ck_prints(child, 1, "| 5 | slower |");
    ck_prints(child, 1,
              "| 5 | unclear: the interval reaches beyond both ends of the margin of 2% |");
    ck_prints(child, 1, "- only in A: old\n- only in B: new\n- run.threads: A 1, B 2\n");
    ck_prints(compare(slow, a, NULL), 0, "| 5 | faster |");
    ck_prints(compare(a, slow, "--margin=7"), 0, "| 5 | same |");
    ck_prints(compare(a, slow, "-ojson"), 1, "\"verdict\": \"slower\"");
    ck_prints(compare(a, slow, "-ojson"), 1, "\"ratio\": 0.95,");
}
END_TEST

START_TEST(what_cannot_be_told_is_unclear)
{
    const char *a = RECORD("m", "1", SPEED("tg8", FIVE), STILL);
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", LESS), CANARY("0.01", "0.0103")), NULL), 0,
              "unclear: the machine has changed");
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", LESS), CANARY("0.0097", "0.01")), NULL), 0,
              "computing took 10 ms in A, 9.7 ms in B (-3.0%): the machine has changed");
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", LESS), CANARY("0.0101", "0.0099")), NULL), 1,
              "slower");
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", LESS), ""), NULL), 1,
              "no canary in both: nothing shows whether the machine was the same");
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", "90, 90, 90, 90"), STILL), NULL), 0,
              "unclear: 4 samples; it takes 5 of each");
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", "1, 0, 2, 3, 4"), STILL), NULL), 0,
              "unclear: samples that are not above 0 have no ratio");
    ck_prints(compare(a, RECORD("m", "1", SPEED("tg8", ""), STILL), NULL), 0,
              "unclear: no samples");
    const char *disturbed =
        RECORD("m", "1", SPEED("tg8", "50, 51, " FIVE),
               STILL ", \"disturbed\": [{\"figure\": \"tg8\", \"from\": 0, \"to\": 2}]");
    ck_prints(compare(a, disturbed, NULL), 0, "| 5 | same |");
    ck_prints(compare(a, disturbed, NULL), 0,
              "tg8: without 2 of 7 samples of B that were disturbed");
    const char *hardly =
        RECORD("m", "1", SPEED("tg8", "50, 51, 52, 53, 54, 55"),
               STILL ", \"disturbed\": [{\"figure\": \"tg8\", \"from\": 4, \"to\": 6}]");
    ck_prints(compare(a, hardly, NULL), 0, "unclear: 2 of 6 samples of B were disturbed");
    /* A loss is what it is: one sample decides, and no canary undoes it. */
    ck_prints(compare(RECORD("m", "1", FIGURE("loss", "quality", "bits/byte", "lower", "2"), STILL),
                      RECORD("m", "1", FIGURE("loss", "quality", "bits/byte", "lower", "2.1"),
                             CANARY("1", "1")),
                      NULL),
              1, "| 1 | worse |");
}
END_TEST

START_TEST(what_is_not_to_be_compared_is_refused)
{
    const char *a = RECORD("m", "1", SPEED("tg8", FIVE), STILL);
    const char *other = RECORD("n", "1", SPEED("tg8", FIVE), STILL);
    ck_prints(compare(a, other, NULL), 4, "A is of the model 'm', B of 'n'");
    ck_prints(compare(a, other, "--different"), 0, "same");
    ck_prints(compare(a, RECORD("m", "1", SPEED("pp8", FIVE), STILL), NULL), 4,
              "have no figure in common");
    ck_prints(
        compare(a,
                RECORD("m", "1", FIGURE("tg8", "decode", "s", "lower", FIVE) ", " SPEED("x", "1"),
                       STILL),
                NULL),
        4, "no figure in common");
    ck_prints(compare(a, "{\"schema\": 1}", NULL), 4, "b.json: schema 1; this program reads 2");
    ck_prints(CHILD(COMPARE, "a.json"), 2, "expected two records");
    ck_prints(CHILD(COMPARE, "a", "b", "c"), 2, "one argument too many: 'c'");
    ck_prints(CHILD(COMPARE, "a", "b", "--margin=0"), 2, "--margin 0: expected a number");
    ck_prints(CHILD(COMPARE, "a", "b", "-o", "csv"), 2, "-o csv: expected md or json");
    ck_prints(CHILD(COMPARE, "--pairs=30", "a", "b"), 2, "--pairs goes with --run");
    ck_prints(CHILD(COMPARE, "--run", "--pairs=19", "a", "b"), 2, "--pairs 19");
    ck_prints(CHILD(COMPARE, "/nonexistent", "b"), 4, "/nonexistent: cannot read");
}
END_TEST

/* ---- programs in turn ------------------------------------------------------------------------ */

/* Runs compare over two fake programs of these speeds. */
static const struct child *run(const char *a, const char *b, const char *option)
{
    static char commands[2][4096];
    snprintf(commands[0], sizeof commands[0], FAKE "%s %s", child_scratch("runs"), a);
    snprintf(commands[1], sizeof commands[1], FAKE "%s %s", child_scratch("runs"), b);
    return CHILD(COMPARE, "--run", "--pairs=60", commands[0], commands[1], "--", option);
}

START_TEST(programs_are_run_in_turn)
{
    ck_prints(run("200", "200", "-p8"), 0, "| 20 | same |");
    ck_prints(run("200", "190", "-p8"), 1, "| 20 | slower |");
    ck_prints(run("190", "200", "-p8"), 0, "| 20 | faster |");
    ck_prints(run("200", "196", "-p8"), 0, "| 60 | unclear: the interval reaches");
}
END_TEST

/* After 2 runs that do not count and 7 blocks of 4; the figure is not decided before the 10th. */
START_TEST(what_was_measured_before_ctrl_c_is_kept)
{
    ck_prints(run("200", "190", "interrupt"), 130, "unclear: interrupted after 14 pairs");
}
END_TEST

START_TEST(programs_that_fail_are_named)
{
    ck_prints(run("200", "200 no-figure", "-p8"), 4, "B printed no 'tg8' this time");
    ck_prints(run("200", "200", "fail"), 1,
              "failed with exit code 3; it said: fake_bench: no weights");
    ck_prints(run("200", "200", "garbage"), 4, "A: " FAKE);
    ck_prints(CHILD(COMPARE, "--run", "/nonexistent", "b"), 1,
              "A, '/nonexistent', cannot be run: No such file or directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compare");
    TCase *tests = tcase_create("compare");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, intervals_of_pairs_are_those_of_all_signs);
    tcase_add_test(tests, looks_are_fixed_beforehand);
    tcase_add_test(tests, looking_often_keeps_the_error);
    tcase_add_test(tests, the_whole_interval_decides);
    tcase_add_test(tests, records_are_compared_figure_by_figure);
    tcase_add_test(tests, what_cannot_be_told_is_unclear);
    tcase_add_test(tests, what_is_not_to_be_compared_is_refused);
    tcase_add_test(tests, programs_are_run_in_turn);
    tcase_add_test(tests, what_was_measured_before_ctrl_c_is_kept);
    tcase_add_test(tests, programs_that_fail_are_named);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
