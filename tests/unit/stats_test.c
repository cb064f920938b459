/* Statistics against values of other programs (numpy 2, scipy 1, arch 8: each test says how they
 * were made), against closed forms, and over many made-up series where a rate is promised. */
#include <math.h>
#include <string.h>

#include "runtime/base/philox.h"
#include "runtime/measure/stats.h"
#include "tests/fixtures/run.h"

enum { MOST = 3000 };
static double series[MOST], other[MOST], scratch[4 * MOST];

/* 1 + ((i i 7919 + i 104729) mod 1009) / 1009, i from 0: the same in any language. */
static double *noise(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        series[i] = 1 + (double)((i * i * 7919 + i * 104729) % 1009) / 1009;
    return series;
}

/* x[0] = noise[0], x[i] = phi x[i - 1] + noise[i] */
static double *chain(uint64_t count, double phi)
{
    noise(count);
    for (uint64_t i = 1; i < count; i++)
        series[i] += phi * series[i - 1];
    return series;
}

/* A standard normal number (Box and Muller). */
static double normal(uint64_t seed, uint64_t position)
{
    const double u = 1 - philox_uniform(seed, 2 * position);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * philox_uniform(seed, 2 * position + 1));
}

/* Times of tokens as machines have them: 1 ms, heavy tails on both sides of 1%, and one in a
 * hundred up to several times as long. */
static double *jitter(uint64_t count, uint64_t seed)
{
    for (uint64_t i = 0; i < count; i++) {
        const double z = normal(seed, i), late = philox_uniform(seed + 1, i);
        series[i] = 1e-3 * (1 + 0.01 * copysign(pow(fabs(z), 1.5), z));
        if (late < 0.01)
            series[i] *= 1 - log(late / 0.01);
    }
    return series;
}

static void ck_near(double value, double expected, double relative)
{
    ck_assert_msg(fabs(value - expected) <= relative * fabs(expected), "%.17g, expected %.17g",
                  value, expected);
}

/* numpy: x.mean(), x.std(ddof=1), numpy.quantile(x, share) */
START_TEST(moments_and_quantiles_are_numpys)
{
    static const struct {
        uint64_t count;
        double mean, sd, quantiles[6];
    } cases[] = {
        {1, 1, 0, {1, 1, 1, 1, 1, 1}},
        {2,
         1.321605550049554,
         0.45481893061453854,
         {1, 1.0321605550049555, 1.321605550049554, 1.5788899900891973, 1.642567888999009,
          1.6432111000991081}},
        {7,
         1.4132804757185333,
         0.38346738958341769,
         {1, 1.0059464816650148, 1.3102081268582755, 1.845193260654113, 1.9817720515361743,
          1.9831516352824579}},
        {100,
         1.500445986124876,
         0.3024931461983465,
         {1, 1.0198216055500495, 1.5188305252725471, 1.8890981169474728, 1.9956531219028741,
          1.9970267591674926}},
        {1000,
         1.50398414271556,
         0.29307909529075954,
         {1, 1.0554509415262636, 1.487611496531219, 1.9078295341922695, 1.9990089197224976,
          1.9990089197224976}},
    };
    static const double shares[] = {0, 0.05, 0.5, 0.9, 0.999, 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint64_t n = cases[i].count;
        noise(n);
        ck_near(stats_mean(series, n), cases[i].mean, 1e-14);
        ck_near(stats_sd(series, n), cases[i].sd, 1e-13);
        ck_assert(stats_least(series, n) == cases[i].quantiles[0]);
        ck_assert(stats_most(series, n) == cases[i].quantiles[5]);
        for (int q = 0; q < 6; q++) {
            ck_near(stats_select_quantile(noise(n), n, shares[q]), cases[i].quantiles[q], 1e-14);
            stats_sort(series, n);
            ck_near(stats_quantile(series, n, shares[q]), cases[i].quantiles[q], 1e-14);
        }
        ck_near(stats_median(noise(n), n), cases[i].quantiles[2], 1e-14);
    }
}
END_TEST

START_TEST(sorting_keeps_every_value)
{
    for (uint64_t n = 0; n <= 300; n++) {
        double sum = 0, sorted_sum = 0;
        for (uint64_t i = 0; i < n; i++) {
            series[i] = (double)((i * i * 31 + n) % 17); /* many are equal */
            sum += series[i];
        }
        stats_sort(series, n);
        for (uint64_t i = 0; i < n; i++) {
            sorted_sum += series[i];
            ck_assert(i == 0 || series[i - 1] <= series[i]);
        }
        ck_assert(sum == sorted_sum);
    }
}
END_TEST

/* scipy.stats.rankdata(x) */
START_TEST(equal_values_share_their_ranks)
{
    static const double values[] = {3, 1, 2, 2, 9, 2, 1}, ranks[] = {6, 1.5, 4, 4, 7, 4, 1.5};
    stats_ranks(other, values, 7, scratch);
    ck_assert_mem_eq(other, ranks, sizeof ranks);
}
END_TEST

/* numpy: c = x - x.mean(); (c[:n-k] @ c[k:]) / (c @ c) */
START_TEST(autocorrelation_is_numpys)
{
    static const uint64_t lags[] = {1, 2, 10};
    static const struct {
        uint64_t count;
        double phi, at[3];
    } cases[] = {{200, 0.7, {0.664215158413291, 0.462562540374056, -0.249462430514621}},
                 {1000, 0.7, {0.674627245802157, 0.476388905912498, -0.127408026702195}},
                 {300, -0.5, {-0.548030571050208, 0.236931667387762, 0.136109891044041}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 3; k++)
            ck_near(
                stats_autocorrelation(chain(cases[i].count, cases[i].phi), cases[i].count, lags[k]),
                cases[i].at[k], 1e-11);
    ck_assert(stats_autocorrelation(series, 300, 300) == 0);
    static const double equal[] = {2, 2, 2};
    ck_assert(stats_autocorrelation(equal, 3, 1) == 0);
}
END_TEST

START_TEST(runs_of_a_slow_state)
{
    static const double values[] = {5, 1, 5, 6, 1, 1, 7, 8, 4, 5};
    const struct stats_runs runs = stats_runs_above(values, 10, 4);
    ck_assert_uint_eq(runs.runs, 4);
    ck_assert_uint_eq(runs.above, 6);
    ck_assert_uint_eq(runs.longest, 2);
    ck_assert_uint_eq(runs.at, 2);
    ck_assert_uint_eq(stats_runs_above(values, 10, 8).longest, 0);
    ck_assert_uint_eq(stats_runs_above(values, 10, 0).longest, 10);
    stats_ratios(other, values, values + 1, 9);
    ck_assert(other[0] == 5 && other[6] == 0.875);
}
END_TEST

/* ceil(arch.bootstrap.optimal_block_length(x)["circular"]); for the last, whose autocorrelation
 * grazes the bound on what is negligible, where arch scales it otherwise: the paper's formulas in
 * numpy, 14.8049. */
START_TEST(block_lengths_are_those_of_arch)
{
    ck_assert_uint_eq(stats_block_length(chain(200, 0.7), 200, scratch), 28);
    ck_assert_uint_eq(stats_block_length(noise(1000), 1000, scratch), 3);
    ck_assert_uint_eq(stats_block_length(chain(300, -0.5), 300, scratch), 15);
    ck_assert_uint_eq(stats_block_length(chain(1000, 0.7), 1000, scratch), 15);
    ck_assert_uint_eq(stats_block_length(chain(19, 0.7), 19, scratch), 1);
    for (int i = 0; i < 100; i++)
        series[i] = 3;
    ck_assert_uint_eq(stats_block_length(series, 100, scratch), 1);
}
END_TEST

/* With blocks of one value: numpy, numpy.quantile([statistic(rng.choice(x, n)) for 200,000 draws],
 * [0.025, 0.975]), y = 1.1 times 150 of the same noise. */
START_TEST(intervals_of_independent_draws_are_numpys)
{
    const struct stats_draws how = {.draws = 4000, .block = 1};
    const double share = 0.9;
    noise(150);
    for (int i = 0; i < 150; i++)
        other[i] = 1.1 * series[i];
    struct stats_interval of = stats_bootstrap(series, 100, stats_median_of, NULL, &how, scratch);
    ck_near(of.low, 1.39544103, 0.005);
    ck_near(of.high, 1.64866204, 0.005);
    of = stats_bootstrap(series, 100, stats_quantile_of, &share, &how, scratch);
    ck_near(of.low, 1.82140733, 0.005);
    ck_near(of.high, 1.92051536, 0.005);
    of = stats_bootstrap_ratio(other, 150, series, 100, stats_median_of, NULL, &how, scratch);
    ck_near(of.low, 0.96714976, 0.01);
    ck_near(of.high, 1.23940972, 0.01);
    /* The mean's is normal: 1.96 standard errors, here with n in the denominator. */
    of = stats_bootstrap(series, 100, stats_mean_of, NULL, &how, scratch);
    const double error = 1.959964 * stats_sd(series, 100) * sqrt(0.99) / 10;
    ck_near(of.high - of.low, 2 * error, 0.05);
    ck_near((of.high + of.low) / 2, stats_mean(series, 100), 0.003);
}
END_TEST

START_TEST(few_values_have_wide_intervals)
{
    /* The median of five draws of five is the least value with probability 0.058. */
    static const double five[] = {3, 1, 5, 2, 4}, one[] = {7};
    const struct stats_draws how = {0};
    struct stats_interval of = stats_bootstrap(five, 5, stats_median_of, NULL, &how, scratch);
    ck_assert(of.low == 1 && of.high == 5);
    of = stats_bootstrap(one, 1, stats_median_of, NULL, &how, scratch);
    ck_assert(of.low == 7 && of.high == 7);
    of = stats_bootstrap_ratio(five, 5, one, 1, stats_median_of, NULL, &how, scratch);
    ck_assert(of.low == 1.0 / 7 && of.high == 5.0 / 7);
    ck_assert_uint_eq(stats_bootstrap_scratch(5, &how), 10 + STATS_DRAWS);
}
END_TEST

/* The mean of n values of an autoregressive series varies (1 + phi) / (1 - phi) times as much as
 * that of independent ones. Over 1,500 series of 1,000 values by numpy, 93.3% of the intervals held
 * the true mean; of 200 it must be that, give or take three standard errors. Independent draws hold
 * it in 67%. */
START_TEST(intervals_hold_the_truth_when_neighbours_resemble_each_other)
{
    const double phi = 0.6;
    struct stats_draws how = {.draws = 300};
    int held = 0, held_apart = 0;
    for (uint64_t s = 0; s < 200; s++) {
        series[0] = normal(s, 0) / sqrt(1 - phi * phi);
        for (uint64_t i = 1; i < 1000; i++)
            series[i] = phi * series[i - 1] + normal(s, i);
        how.seed = 1000 + s;
        how.block = 0;
        struct stats_interval of =
            stats_bootstrap(series, 1000, stats_mean_of, NULL, &how, scratch);
        held += of.low <= 0 && 0 <= of.high;
        how.block = 1;
        of = stats_bootstrap(series, 1000, stats_mean_of, NULL, &how, scratch);
        held_apart += of.low <= 0 && 0 <= of.high;
    }
    ck_assert_msg(held >= 176 && held <= 198, "%d of 200 intervals hold the mean", held);
    ck_assert_msg(held_apart <= 150, "%d of 200 without blocks", held_apart);
}
END_TEST

START_TEST(the_seed_decides_the_draws)
{
    struct stats_draws how = {.draws = 100, .seed = 1};
    noise(60);
    const struct stats_interval of =
        stats_bootstrap(series, 60, stats_mean_of, NULL, &how, scratch);
    struct stats_interval again = stats_bootstrap(series, 60, stats_mean_of, NULL, &how, scratch);
    ck_assert_mem_eq(&of, &again, sizeof of);
    how.seed = 2;
    again = stats_bootstrap(series, 60, stats_mean_of, NULL, &how, scratch);
    ck_assert_mem_ne(&of, &again, sizeof of);
}
END_TEST

static const struct stats_change_rule any_step = {.least_step = 1e-9};

/* Promised: 1% of series. More than 12 of 400 would happen by chance once in 2,000 times. */
START_TEST(no_change_is_found_in_noise)
{
    static const uint64_t counts[] = {48, 100, 300, 1000};
    struct stats_change changes[8];
    int wrong = 0;
    for (uint64_t s = 0; s < 400; s++) {
        const uint64_t n = counts[s % 4];
        wrong += stats_changes(jitter(n, 10 * s), n, &any_step, changes, 8, scratch) > 0;
    }
    ck_assert_msg(wrong <= 12, "%d of 400 series of one level have a change", wrong);
    for (int i = 0; i < 200; i++)
        series[i] = 3;
    ck_assert_uint_eq(stats_changes(series, 200, &any_step, changes, 8, scratch), 0);
}
END_TEST

static void ck_change(const struct stats_change *change, uint64_t at, double ratio)
{
    ck_assert_msg(change->at + 10 >= at && change->at <= at + 10,
                  "a change at %llu, planted at %llu", (unsigned long long)change->at,
                  (unsigned long long)at);
    ck_near(change->after / change->before, ratio, 0.01);
    ck_assert(change->p <= 0.01);
}

START_TEST(a_step_is_found_where_it_is)
{
    static const uint64_t counts[] = {60, 100, 300, 1000, 3000};
    const struct stats_change_rule rule = {0};
    struct stats_change changes[8];
    for (uint64_t s = 0; s < 50; s++) {
        const uint64_t n = counts[s % 5], at = n / 3;
        jitter(n, 10 * s);
        for (uint64_t i = at; i < n; i++)
            series[i] *= 1.05;
        ck_assert_uint_eq(stats_changes(series, n, &rule, changes, 8, scratch), 1);
        ck_change(changes, at, 1.05);
    }
}
END_TEST

START_TEST(a_slow_while_in_the_middle_is_found)
{
    const struct stats_change_rule rule = {0};
    struct stats_change changes[8];
    for (uint64_t s = 0; s < 20; s++) {
        jitter(1000, 10 * s);
        for (uint64_t i = 500; i < 620; i++)
            series[i] *= 1.05;
        ck_assert_uint_eq(stats_changes(series, 1000, &rule, changes, 8, scratch), 2);
        ck_change(&changes[0], 500, 1.05);
        ck_change(&changes[1], 620, 1 / 1.05);
    }
    /* No more than there is room for; small steps only if they are asked for. */
    ck_assert_uint_eq(stats_changes(series, 1000, &rule, changes, 1, scratch), 0);
    const struct stats_change_rule large = {.least_step = 0.10};
    ck_assert_uint_eq(stats_changes(series, 1000, &large, changes, 8, scratch), 0);
}
END_TEST

START_TEST(stretches_are_not_shorter_than_asked)
{
    const struct stats_change_rule rule = {.least_length = 150};
    struct stats_change changes[8];
    jitter(1000, 1);
    for (uint64_t i = 0; i < 1000; i++)
        series[i] *= i < 60 || i >= 900 ? 1.5 : 1;
    const uint32_t found = stats_changes(series, 1000, &rule, changes, 8, scratch);
    for (uint32_t i = 0; i < found; i++)
        ck_assert(changes[i].at >= 150 && changes[i].at <= 850);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats");
    TCase *tests = tcase_create("stats");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, moments_and_quantiles_are_numpys);
    tcase_add_test(tests, sorting_keeps_every_value);
    tcase_add_test(tests, equal_values_share_their_ranks);
    tcase_add_test(tests, autocorrelation_is_numpys);
    tcase_add_test(tests, runs_of_a_slow_state);
    tcase_add_test(tests, block_lengths_are_those_of_arch);
    tcase_add_test(tests, intervals_of_independent_draws_are_numpys);
    tcase_add_test(tests, few_values_have_wide_intervals);
    tcase_add_test(tests, intervals_hold_the_truth_when_neighbours_resemble_each_other);
    tcase_add_test(tests, the_seed_decides_the_draws);
    tcase_add_test(tests, no_change_is_found_in_noise);
    tcase_add_test(tests, a_step_is_found_where_it_is);
    tcase_add_test(tests, a_slow_while_in_the_middle_is_found);
    tcase_add_test(tests, stretches_are_not_shorter_than_asked);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
