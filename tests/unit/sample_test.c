/* Sampling: the generator against published answers, the filters on distributions worked out by
 * hand, and draws against the probabilities they should have. */
#include <math.h>
#include <stdlib.h>

#include "runtime/base/philox.h"
#include "runtime/engine/sample.h"
#include "tests/fixtures/run.h"

enum { VOCAB = 512, DRAWS = 20000 };
static const double draws = DRAWS;

static f32 logits[VOCAB];

static struct sampler make(struct sample_options options, u32 vocab)
{
    struct sampler sampler;
    sample_open(&sampler, &options, vocab, aligned_alloc(64, (sample_bytes(vocab) + 63) / 64 * 64));
    return sampler;
}

/* Logits whose softmax is 0.4, 0.3, 0.2, 0.1 at ids 2, 0, 3, 1. */
static const f32 FOUR[4] = {-1.2039728f, -2.3025851f, -0.9162907f, -1.6094379f};

/* How often each of four ids comes in DRAWS positions. */
static void count(struct sample_options options, u32 counts[4])
{
    struct sampler sampler = make(options, 4);
    for (u32 i = 0; i < 4; i++)
        counts[i] = 0;
    for (uint64_t position = 0; position < DRAWS; position++)
        counts[sample_next(&sampler, FOUR, position)]++;
    free(sampler.weights);
}

/* Five standard deviations of a binomial count. */
static void assert_share(u32 counted, double probability)
{
    double deviation = sqrt(draws * probability * (1 - probability));
    ck_assert_double_le(fabs(counted - draws * probability), 5 * deviation);
}

/* The known answers that Random123 publishes (kat_vectors, philox4x32 10). */
START_TEST(philox_gives_the_published_answers)
{
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (u32 i = 0; i < 3; i++) {
        uint32_t words[4];
        for (u32 w = 0; w < 4; w++)
            words[w] = known[i].counter[w];
        philox(words, known[i].key[0], known[i].key[1]);
        for (u32 w = 0; w < 4; w++)
            ck_assert_uint_eq(words[w], known[i].answer[w]);
    }
}
END_TEST

START_TEST(uniform_is_in_range_and_depends_on_both_halves)
{
    double sum = 0;
    for (uint64_t position = 0; position < DRAWS; position++) {
        double drawn = philox_uniform(7, position);
        ck_assert_double_ge(drawn, 0.0);
        ck_assert_double_lt(drawn, 1.0);
        sum += drawn;
    }
    ck_assert_double_eq_tol(sum / draws, 0.5, 5 * sqrt(1.0 / 12 / draws));
    ck_assert_double_ne(philox_uniform(7, 1), philox_uniform(7, 1 + (UINT64_C(1) << 32)));
    ck_assert_double_ne(philox_uniform(7, 1), philox_uniform(7 + (UINT64_C(1) << 32), 1));
}
END_TEST

START_TEST(greedy_takes_the_lowest_id_on_a_tie)
{
    for (u32 id = 0; id < VOCAB; id++)
        logits[id] = -1.0f;
    logits[300] = logits[77] = logits[511] = 2.5f;
    ck_assert_uint_eq(sample_greedy(logits, VOCAB), 77);
    logits[76] = NAN;
    ck_assert_uint_eq(sample_greedy(logits, VOCAB), 77);
    ck_assert_uint_eq(sample_greedy(logits, 77), 0);
    struct sampler sampler = make((struct sample_options){.top_p = 1.0}, VOCAB);
    ck_assert_uint_eq(sample_next(&sampler, logits, 9), 77);
    free(sampler.weights);
}
END_TEST

START_TEST(draws_follow_the_softmax)
{
    u32 counts[4];
    count((struct sample_options){.temperature = 1, .top_p = 1, .seed = 5}, counts);
    assert_share(counts[2], 0.4);
    assert_share(counts[0], 0.3);
    assert_share(counts[3], 0.2);
    assert_share(counts[1], 0.1);
}
END_TEST

START_TEST(temperature_flattens_and_sharpens)
{
    u32 counts[4];
    /* At T = 1/2 probabilities are squared, then normalised: 16 : 9 : 4 : 1. */
    count((struct sample_options){.temperature = 0.5, .top_p = 1, .seed = 5}, counts);
    assert_share(counts[2], 16.0 / 30);
    assert_share(counts[0], 9.0 / 30);
    assert_share(counts[3], 4.0 / 30);
    assert_share(counts[1], 1.0 / 30);
}
END_TEST

START_TEST(top_k_keeps_the_likeliest)
{
    u32 counts[4];
    count((struct sample_options){.temperature = 1, .top_k = 2, .top_p = 1, .seed = 5}, counts);
    ck_assert_uint_eq(counts[1] + counts[3], 0);
    assert_share(counts[2], 0.4 / 0.7);
    count((struct sample_options){.temperature = 1, .top_k = 9, .top_p = 1, .seed = 5}, counts);
    ck_assert_uint_gt(counts[1], 0);
}
END_TEST

START_TEST(top_p_keeps_the_token_that_reaches_p)
{
    u32 counts[4];
    count((struct sample_options){.temperature = 1, .top_p = 0.65, .seed = 5}, counts);
    ck_assert_uint_eq(counts[1] + counts[3], 0);
    count((struct sample_options){.temperature = 1, .top_p = 0.75, .seed = 5}, counts);
    ck_assert_uint_eq(counts[1], 0);
    ck_assert_uint_gt(counts[3], 0);
    count((struct sample_options){.temperature = 1, .top_p = 0.0, .seed = 5}, counts);
    ck_assert_uint_eq(counts[2], DRAWS);
    /* top-p counts within what top-k left: of 4/7 and 3/7 the first reaches 0.55 alone. */
    count((struct sample_options){.temperature = 1, .top_k = 2, .top_p = 0.55, .seed = 5}, counts);
    ck_assert_uint_eq(counts[2], DRAWS);
}
END_TEST

START_TEST(min_p_is_relative_to_the_likeliest)
{
    u32 counts[4];
    count((struct sample_options){.temperature = 1, .top_p = 1, .min_p = 0.6, .seed = 5}, counts);
    ck_assert_uint_eq(counts[1] + counts[3], 0);
    ck_assert_uint_gt(counts[0], 0);
    /* Before the temperature: a hot 5 would let 0.1 pass (it is then 0.76 of the likeliest). */
    count((struct sample_options){.temperature = 5, .top_p = 1, .min_p = 0.6, .seed = 5}, counts);
    ck_assert_uint_eq(counts[1] + counts[3], 0);
}
END_TEST

/* Every logit drawn exactly once from a permutation: top-k = k leaves the k largest. */
START_TEST(the_order_is_total_and_exact)
{
    for (u32 id = 0; id < VOCAB; id++)
        logits[id] = (f32)((id * 37) % VOCAB) - 256.0f; /* -256 .. 255, zero included */
    for (u32 k = 1; k <= VOCAB; k += 73) {
        struct sampler sampler =
            make((struct sample_options){.temperature = 1000, .top_k = k, .top_p = 1}, VOCAB);
        for (uint64_t position = 0; position < 300; position++) {
            u32 id = sample_next(&sampler, logits, position);
            ck_assert_float_ge(logits[id], 256.0f - (f32)k);
        }
        free(sampler.weights);
    }
}
END_TEST

START_TEST(equal_logits_sort_by_id_and_infinities_work)
{
    for (u32 id = 0; id < VOCAB; id++)
        logits[id] = id % 2 ? 0.0f : -0.0f;
    struct sampler sampler =
        make((struct sample_options){.temperature = 1, .top_k = 5, .top_p = 1}, VOCAB);
    for (uint64_t position = 0; position < 300; position++)
        ck_assert_uint_lt(sample_next(&sampler, logits, position), 5);
    for (u32 id = 0; id < VOCAB; id++)
        logits[id] = id == 400 ? 1.0f : -INFINITY;
    ck_assert_uint_eq(sample_next(&sampler, logits, 3), 400);
    logits[3] = NAN;
    ck_assert_uint_eq(sample_next(&sampler, logits, 4), 400);
    free(sampler.weights);
}
END_TEST

START_TEST(the_draw_depends_on_seed_and_position_only)
{
    for (u32 id = 0; id < VOCAB; id++)
        logits[id] = (f32)(id % 11) * 0.1f;
    struct sample_options options = {.temperature = 1, .top_p = 0.9, .seed = 1};
    struct sampler first = make(options, VOCAB), second = make(options, VOCAB);
    options.seed = 2;
    struct sampler third = make(options, VOCAB);
    u32 differ = 0;
    sample_next(&first, logits, 999); /* an extra draw changes nothing */
    for (uint64_t position = 0; position < 100; position++) {
        u32 id = sample_next(&first, logits, position);
        ck_assert_uint_eq(id, sample_next(&second, logits, position));
        differ += id != sample_next(&third, logits, position);
    }
    ck_assert_uint_gt(differ, 50);
    free(first.weights);
    free(second.weights);
    free(third.weights);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sample");
    TCase *cases = tcase_create("sample");
    tcase_add_test(cases, philox_gives_the_published_answers);
    tcase_add_test(cases, uniform_is_in_range_and_depends_on_both_halves);
    tcase_add_test(cases, greedy_takes_the_lowest_id_on_a_tie);
    tcase_add_test(cases, draws_follow_the_softmax);
    tcase_add_test(cases, temperature_flattens_and_sharpens);
    tcase_add_test(cases, top_k_keeps_the_likeliest);
    tcase_add_test(cases, top_p_keeps_the_token_that_reaches_p);
    tcase_add_test(cases, min_p_is_relative_to_the_likeliest);
    tcase_add_test(cases, the_order_is_total_and_exact);
    tcase_add_test(cases, equal_logits_sort_by_id_and_infinities_work);
    tcase_add_test(cases, the_draw_depends_on_seed_and_position_only);
    suite_add_tcase(suite, cases);
    return tests_run(suite);
}
