/* tests/reference64 against transformers: logits of the stored tiny checkpoints of every family, at
 * all positions of a prompt and at some of a long one. It is what tests/sweep/sweep.sh compares
 * random shapes with. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fixtures/npy.h"
#include "tests/fixtures/run.h"
#include "tests/reference64/reference64.h"

/* How far transformers' f32 is from exact, in largest logits (measured: at most 5e-6). */
static const double TOLERANCE = 1e-5;

enum { PROMPT_TOKENS = 48, LONG_TOKENS = 300 };

static const struct stored {
    const char *checkpoint, *prompt;
} STORED[] = {
    {"mamba-a", "prompt"},  {"mamba-b", "prompt"},  {"mamba-c", "prompt"}, {"mamba2-a", "long"},
    {"mamba2-b", "long"},   {"llama-a", "long"},    {"llama-b", "long"},   {"llama-c", "long"},
    {"phi-a", "long"},      {"phi-b", "long"},      {"mixtral-a", "long"}, {"mixtral-w", "long"},
    {"deepseek-a", "long"}, {"deepseek-b", "long"}, {"jamba-a", "long"},   {"jamba-b", "long"},
};

/* Rows of the long prompt whose logits are stored. */
static const uint32_t POSITIONS[] = {63, 64, 127, 128, 191, 255, 256, 299};

static struct npy want;

static size_t read_ids(const char *checkpoint, const char *prompt, uint32_t ids[LONG_TOKENS])
{
    char path[256];
    size_t count = 0;
    snprintf(path, sizeof path, "tests/data/references/%s.%s.txt", checkpoint, prompt);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is missing", path);
    while (count < LONG_TOKENS && fscanf(file, "%u", &ids[count]) == 1)
        count++;
    fclose(file);
    return count;
}

/* Stored row i is row rows[i] of `logits`, or row i where there are no rows. */
static void check(const char *what, const double *logits, const uint32_t *rows)
{
    double largest = 0, worst = 0;
    for (uint64_t row = 0; row < want.rows; row++)
        for (uint64_t col = 0; col < want.cols; col++) {
            const double stored = want.values[row * want.cols + col];
            const uint64_t at = rows != NULL ? rows[row] : row;
            const double difference = fabs(stored - logits[at * want.cols + col]);
            largest = fmax(largest, fabs(stored));
            worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
        }
    printf("%-24s max |difference| %.2g of max |logit|\n", what, worst / largest);
    ck_assert_msg(worst <= TOLERANCE * largest, "%s: %g of max |logit|, bound %g", what,
                  worst / largest, TOLERANCE);
}

START_TEST(is_what_transformers_computes)
{
    const struct stored *s = &STORED[_i];
    char path[256], what[64];
    uint32_t ids[LONG_TOKENS];
    const size_t count = read_ids(s->checkpoint, s->prompt, ids);
    snprintf(path, sizeof path, "tests/data/checkpoints/%s", s->checkpoint);
    struct model64 *m = model64_open(path);
    ck_assert_uint_ge(count, PROMPT_TOKENS);
    double *logits = calloc(count * model64_vocab(m), sizeof *logits);
    ck_assert_ptr_nonnull(logits);
    model64_run(m, ids, count, logits);
    snprintf(path, sizeof path, "tests/data/references/%s-f32.npy", s->checkpoint);
    npy_read(path, &want);
    ck_assert_uint_eq(want.rows, PROMPT_TOKENS);
    ck_assert_uint_eq(want.cols, model64_vocab(m));
    check(s->checkpoint, logits, NULL);
    if (count == LONG_TOKENS) {
        snprintf(path, sizeof path, "tests/data/references/%s-f32.long.npy", s->checkpoint);
        snprintf(what, sizeof what, "%s, long", s->checkpoint);
        npy_read(path, &want);
        check(what, logits, POSITIONS);
    }
    free(logits);
    model64_close(m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference64");
    TCase *each = tcase_create("transformers");
    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, is_what_transformers_computes, 0, sizeof STORED / sizeof STORED[0]);
    suite_add_tcase(suite, each);
    return tests_run(suite);
}
