/* What losses come to: words, windows, batches, positions and divergences, against what their
 * definitions say of small series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/philox.h"
#include "runtime/measure/divergence.h"
#include "runtime/measure/loss.h"
#include "runtime/measure/windows.h"
#include "tests/fixtures/run.h"

/* ---- words -------------------------------------------------------------------------------- */

/* len(re.split(r"\s+", text)) of Python 3.11. */
static const struct {
    const char *text;
    uint64_t words;
} WORDS[] = {
    {"", 1},
    {"one", 1},
    {"one two\tthree\n\n four", 4},
    {" one ", 3},
    {"  \r\n ", 2},
    {"a\x1c"
     "b\x1d"
     "c\x1e"
     "d\x1f"
     "e\x0b"
     "f\x0c"
     "g",
     7},
    {"a\x08"
     "b\x7f"
     "c\x1b"
     "d",
     1},
    {"a\xc2\x85"
     "b\xc2\xa0"
     "c",
     3},
    {"a\xe1\x9a\x80"
     "b\xe2\x80\x80"
     "c\xe2\x80\x8a"
     "d\xe2\x80\xa8\xe2\x80\xa9"
     "e\xe2\x80\xaf"
     "f\xe2\x81\x9f"
     "g\xe3\x80\x80"
     "h",
     8},
    {"a\xe2\x80\x8b"
     "b\xe1\xa0\x8e"
     "c\xef\xbb\xbf"
     "d\xc2\x84\xe2\x80\x8c",
     1},
    {"na\xc3\xafve caf\xc3\xa9 \xf0\x9f\xa6\x8a fox", 4},
    {"bytes that are none \x85 \xa0\x85\xe2\x80 x", 7},
};

START_TEST(words_are_those_of_lm_eval)
{
    const char *text = WORDS[_i].text;
    const uint64_t bytes = strlen(text);
    struct words whole = {0}, cut = {0};
    words_count(&whole, (const uint8_t *)text, bytes);
    for (uint64_t i = 0; i < bytes; i++)
        words_count(&cut, (const uint8_t *)text + i, 1);
    ck_assert_uint_eq(whole.runs + 1, WORDS[_i].words);
    ck_assert_uint_eq(whole.bytes, bytes);
    ck_assert_uint_eq(cut.runs, whole.runs);
    ck_assert_uint_eq(cut.bytes, bytes);
}
END_TEST

/* ---- windows ------------------------------------------------------------------------------ */

/* By walking through the pieces. */
static uint64_t scored(const struct windows *windows, uint64_t tokens)
{
    uint64_t count = 0, before = 0;
    if (windows->kind == WINDOWS_NONE)
        return tokens > 0 ? tokens - 1 : 0;
    for (uint64_t begin = 0; begin < tokens; begin += windows->stride) {
        const uint64_t end = begin + windows->window < tokens ? begin + windows->window : tokens;
        const bool whole = end - begin == windows->window;
        for (uint64_t at = begin + 1; at < end; at++)
            count += windows->kind == WINDOWS_STRIDED ? at >= before
                                                      : whole && at > begin + windows->window / 2;
        before = end;
        if (end == tokens)
            break;
    }
    return count;
}

START_TEST(windows_count_what_they_score)
{
    for (uint64_t tokens = 0; tokens < 40; tokens++) {
        ck_assert_uint_eq(windows_scored(&(struct windows){WINDOWS_NONE, 0, 0}, tokens),
                          scored(&(struct windows){WINDOWS_NONE, 0, 0}, tokens));
        for (uint64_t window = 2; window < 12; window++) {
            struct windows windows = {WINDOWS_HALVES, window, window};
            ck_assert_uint_eq(windows_scored(&windows, tokens), scored(&windows, tokens));
            windows.kind = WINDOWS_STRIDED;
            for (windows.stride = 1; windows.stride <= window; windows.stride++)
                ck_assert_uint_eq(windows_scored(&windows, tokens), scored(&windows, tokens));
        }
    }
}
END_TEST

/* ---- batches ------------------------------------------------------------------------------ */

enum { MOST = 5000 };
static double above[MOST], below[MOST];

static double sum_of(const double *values, uint64_t count)
{
    double sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

/* The same error from the whole series, cut afterwards. */
static double error_of(uint64_t count, uint64_t length)
{
    const double ratio = sum_of(above, count) / sum_of(below, count);
    double squares = 0;
    uint64_t batches = 0;
    for (uint64_t at = 0; at < count; at += length, batches++) {
        const uint64_t size = count - at < length ? count - at : length;
        squares += pow(sum_of(above + at, size) - ratio * sum_of(below + at, size), 2);
    }
    return sqrt((double)batches / (double)(batches - 1) * squares) / sum_of(below, count);
}

START_TEST(batches_are_cut_in_powers_of_two)
{
    static struct batches batches;
    batches_begin(&batches, 2);
    ck_assert(isnan(batches_ratio(&batches, 0, 1)) && isnan(batches_error(&batches, 0, 1)));
    for (uint64_t i = 0; i < MOST; i++) {
        above[i] = 5 * philox_uniform(1, i);
        below[i] = 1 + philox_uniform(2, i);
        batches_add(&batches, (const double[]){above[i], below[i]});
        uint64_t length = 1;
        while (i + 1 > length * BATCHES_MOST)
            length *= 2;
        ck_assert_uint_eq(batches.length, length);
        ck_assert_uint_eq(batches.count, (i + length) / length);
        if (i == 0)
            ck_assert(isnan(batches_error(&batches, 0, 1)));
        else if (i < 130 || i % 97 == 0)
            ck_assert_double_eq_tol(batches_error(&batches, 0, 1), error_of(i + 1, length), 1e-13);
    }
    ck_assert_double_eq_tol(batches_ratio(&batches, 0, 1),
                            sum_of(above, MOST) / sum_of(below, MOST), 1e-13);
}
END_TEST

/* A first-order autoregression with coefficient a: its mean has (1 + a) / (1 - a) times the
 * variance that independent values would have. Over 300 series the mean of the estimated variances
 * is within 10% of that (some 20% is the spread of one estimate); as if independent, it is a fifth
 * of it. */
START_TEST(batches_see_that_neighbours_are_alike)
{
    const uint64_t series_count = 300, length = 8192;
    const double a = 2.0 / 3.0, share = 1.0 / 300;
    double batch = 0, independent = 0;
    static struct batches batches;
    for (uint64_t series = 0; series < series_count; series++) {
        double value = 0;
        batches_begin(&batches, 3);
        for (uint64_t i = 0; i < length + 100; i++) {
            value = a * value + (philox_uniform(series, i) - 0.5) * sqrt(12);
            if (i >= 100)
                batches_add(&batches, (const double[]){value, 1, value * value});
        }
        batch += pow(batches_error(&batches, 0, 1), 2) * share;
        independent += pow(batches_error_independent(&batches, 0, 2), 2) * share;
    }
    const double exact = 1 / ((1 - a) * (1 - a)) / (double)length;
    printf("variance of a mean, of the exact one: batches %.3f, independent %.3f\n", batch / exact,
           independent / exact);
    ck_assert_double_eq_tol(batch / exact, 1, 0.1);
    ck_assert_double_eq_tol(independent / exact, (1 - a) / (1 + a), 0.02);
}
END_TEST

/* ---- loss --------------------------------------------------------------------------------- */

START_TEST(positions_are_two_to_a_doubling)
{
    uint64_t next = 1;
    for (u32 i = 0; i < LOSS_POSITIONS; i++) {
        uint64_t from, to;
        loss_position_range(i, &from, &to);
        ck_assert_uint_eq(from, next);
        ck_assert_uint_ge(to, from);
        static struct loss loss;
        loss_begin(&loss);
        loss_add(&loss, NULL, 0, 1, from);
        loss_add(&loss, NULL, 0, 1, to);
        ck_assert_uint_eq(loss.positions[i].tokens, 2);
        next = to + 1;
    }
    ck_assert_uint_eq(next, 0); /* every 64-bit position has its place */
}
END_TEST

static void add(struct loss *loss, const char *text, double bits)
{
    loss_add(loss, (const uint8_t *)text, strlen(text), bits, loss->seen);
}

/* "Once upon a  time": the first token is not scored. */
START_TEST(losses_are_shared_out)
{
    static struct loss loss;
    loss_begin(&loss);
    struct loss_result none = loss_summarize(&loss, false, false);
    ck_assert(isnan(none.token_perplexity.value) && isnan(none.bits_per_byte.value));
    words_count(&loss.text, (const uint8_t *)"Once upon a  time", 17);
    loss_pass(&loss, (const uint8_t *)"Once", 4);
    add(&loss, " upon", 3);
    add(&loss, " a", 1);
    add(&loss, " ", 2);
    add(&loss, " time", 6);
    const struct loss_result result = loss_summarize(&loss, true, false);
    ck_assert_uint_eq(result.tokens, 5);
    ck_assert_uint_eq(result.scored, 4);
    ck_assert_uint_eq(result.bytes, 13);
    ck_assert_uint_eq(result.words, 4);
    ck_assert_double_eq_tol(result.token_perplexity.value, 8, 1e-12);
    ck_assert_double_eq_tol(result.bits_per_byte.value, 12.0 / 13, 1e-12);
    ck_assert_double_eq_tol(result.byte_perplexity.value, exp2(12.0 / 13), 1e-12);
    ck_assert_double_eq_tol(result.word_perplexity.value, 8, 1e-12);
    /* Four batches of a token: deviations 0, -2, -1, 3 from 3 bits. */
    const double error = sqrt(4.0 / 3 * 14) / 4;
    ck_assert_double_eq_tol(result.token_bits.error, error, 1e-12);
    ck_assert_double_eq_tol(result.token_perplexity.error, 8 * log(2) * error, 1e-12);
    /* llama.cpp's: sqrt((50 / 4 - 9) / 3) of the logarithm. */
    const struct loss_result llama = loss_summarize(&loss, true, true);
    ck_assert_double_eq_tol(llama.token_perplexity.error, 8 * log(2) * sqrt(3.5 / 3), 1e-12);
}
END_TEST

/* A tokenizer that puts a blank in front of a text: the text's own bytes count. */
START_TEST(bytes_are_those_of_the_text)
{
    static struct loss loss;
    loss_begin(&loss);
    words_count(&loss.text, (const uint8_t *)"Once upon", 9);
    loss_pass(&loss, NULL, 0); /* BOS */
    add(&loss, " Once", 2);
    add(&loss, " upon", 2);
    ck_assert_uint_eq(loss_summarize(&loss, true, false).bytes, 9);
    ck_assert_uint_eq(loss_summarize(&loss, true, false).words, 2);
    ck_assert_uint_eq(loss_summarize(&loss, false, false).bytes, 10);
}
END_TEST

/* ---- divergence --------------------------------------------------------------------------- */

START_TEST(divergences_are_summed_up)
{
    static const struct score_pair pairs[] = {
        {2, 1, 0.5, -0.25, true}, {1, 1, 0, 0, true}, {3, 2.5, 0.25, 0.125, false}};
    double memory[6];
    struct divergence divergence;
    ck_assert_uint_eq(divergence_bytes(3), sizeof memory);
    divergence_begin(&divergence, 3, memory);
    ck_assert(isnan(divergence_summarize(&divergence, false).nats_at.median));
    for (size_t i = 0; i < 3; i++)
        divergence_add(&divergence, &pairs[i]);
    const struct divergence_result result = divergence_summarize(&divergence, true);
    ck_assert_double_eq_tol(result.nats.value, 0.25, 1e-15);
    ck_assert_double_eq_tol(result.nats.error, sqrt((0.3125 / 3 - 0.0625) / 2), 1e-15);
    ck_assert_double_eq_tol(result.nats_at.median, 0.25, 1e-15);
    ck_assert_double_eq_tol(result.nats_at.p99, 0.495, 1e-15); /* between the 2nd and the 3rd */
    ck_assert_double_eq(result.nats_at.most, 0.5);
    ck_assert_double_eq_tol(result.same_top.value, 2.0 / 3, 1e-15);
    ck_assert_double_eq_tol(result.same_top.error, sqrt(2.0 / 9 / 2), 1e-15);
    ck_assert_double_eq_tol(result.change.value, -0.125 / 3, 1e-15);
    ck_assert_double_eq_tol(result.change_rms.value, sqrt(0.078125 / 3), 1e-15);
    const double fourths = 0.00390625 + 0.000244140625, squares = 0.078125 / 3;
    ck_assert_double_eq_tol(result.change_rms.error,
                            0.5 / sqrt(squares) * sqrt((fourths / 3 - squares * squares) / 2),
                            1e-15);
    ck_assert_double_eq(result.change_at.least, -0.25);
    ck_assert_double_eq_tol(result.base_perplexity, exp2(1.5), 1e-14);
    ck_assert_double_eq_tol(result.perplexity_ratio.value, exp2(0.5), 1e-14);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss");
    TCase *cases = tcase_create("loss");
    tcase_add_loop_test(cases, words_are_those_of_lm_eval, 0, sizeof WORDS / sizeof *WORDS);
    tcase_add_test(cases, windows_count_what_they_score);
    tcase_add_test(cases, batches_are_cut_in_powers_of_two);
    tcase_add_test(cases, batches_see_that_neighbours_are_alike);
    tcase_add_test(cases, positions_are_two_to_a_doubling);
    tcase_add_test(cases, losses_are_shared_out);
    tcase_add_test(cases, bytes_are_those_of_the_text);
    tcase_add_test(cases, divergences_are_summed_up);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
