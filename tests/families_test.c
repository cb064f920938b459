/* The tiny checkpoints with attention against transformers: logits of a prompt, those of a long one
 * around the borders of blocks, and the greedy continuations of its beginnings.
 *
 * Reads tests/data/references/ (its README and tests/references/ say how it was made) and runs the
 * binaries that 'make test' built from tests/data/checkpoints/, with a cache of f32. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/npy.h"
#include "tests/run.h"

/* The promise is 1e-4 of the largest logit; see reference_test.c. */
static const double TOLERANCE = 2e-5;

enum { PROMPT_TOKENS = 48, LONG_TOKENS = 300, GREEDY_TOKENS = 64 };

struct family_case {
    const char *model;  /* binary and weights: name of the checkpoint, then the weight type */
    const char *prompt; /* tests/data/references/PROMPT.prompt.txt and .long.txt */
    const char *logits; /* .../LOGITS.npy, .long.npy and .paths.txt */
};

static const struct family_case CASES[] = {
    {"llama-a-f32", "llama-a", "llama-a-f32"},
    {"llama-a-bf16", "llama-a", "llama-a-bf16"},
    {"llama-a-f16", "llama-a", "llama-a-f16"},
    {"llama-b-bf16", "llama-b", "llama-b-f32"},
    {"llama-c-f16", "llama-c", "llama-c-f32"},
    {"phi-a-bf16", "phi-a", "phi-a-f32"},
    {"phi-b-f16", "phi-b", "phi-b-f32"},
    {"mixtral-a-bf16", "mixtral-a", "mixtral-a-f32"},
    {"deepseek-a-bf16", "deepseek-a", "deepseek-a-f32"},
    {"deepseek-b-f16", "deepseek-b", "deepseek-b-f32"},
    {"jamba-a-bf16", "jamba-a", "jamba-a-f32"},
    {"jamba-b-f16", "jamba-b", "jamba-b-f32"},
};

/* The rows of the long prompt whose logits are stored. */
static const uint32_t POSITIONS[] = {63, 64, 127, 128, 191, 255, 256, 299};
enum { STORED = sizeof POSITIONS / sizeof POSITIONS[0] };

static struct npy got, want;

/* Runs a model over the ids at `path` and `decode` greedy tokens; the logits are in `got`. */
static void run_model(const char *model, const char *ids, uint32_t decode)
{
    char command[1024], result[256];
    snprintf(result, sizeof result, TEST_DIR "/family-%s.npy", model);
    snprintf(command, sizeof command,
             TEST_OUT "/%s logits -q -m build/cpu/%s.weights --decode %u -o %s --ids %s", model,
             model, decode, result, ids);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
    npy_read(result, &got);
}

/* Compares stored row i with row rows[i] of `got`, rows[i] = i if NULL. */
static void check_logits(const char *model, const char *what, const uint32_t *rows)
{
    double largest = 0, worst = 0;
    ck_assert_uint_eq(got.cols, want.cols);
    for (uint64_t row = 0; row < want.rows; row++)
        for (uint64_t col = 0; col < want.cols; col++) {
            const double exact = want.values[row * want.cols + col];
            const uint64_t at = rows != NULL ? rows[row] : row;
            const double difference = fabs(exact - got.values[at * got.cols + col]);
            largest = fmax(largest, fabs(exact));
            worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
        }
    printf("%-14s %-6s max |difference| %.2g of max |logit|\n", model, what, worst / largest);
    ck_assert_msg(worst <= TOLERANCE * largest, "%s, %s: %g of max |logit|, bound %g", model, what,
                  worst / largest, TOLERANCE);
}

START_TEST(prompt)
{
    const struct family_case *c = &CASES[_i];
    char path[256];
    snprintf(path, sizeof path, "tests/data/references/%s.prompt.txt", c->prompt);
    run_model(c->model, path, 0);
    snprintf(path, sizeof path, "tests/data/references/%s.npy", c->logits);
    npy_read(path, &want);
    ck_assert_uint_eq(want.rows, PROMPT_TOKENS);
    ck_assert_uint_eq(got.rows, PROMPT_TOKENS);
    check_logits(c->model, "prompt", NULL);
}
END_TEST

START_TEST(long_prompt)
{
    const struct family_case *c = &CASES[_i];
    char path[256];
    snprintf(path, sizeof path, "tests/data/references/%s.long.txt", c->prompt);
    run_model(c->model, path, 0);
    snprintf(path, sizeof path, "tests/data/references/%s.long.npy", c->logits);
    npy_read(path, &want);
    ck_assert_uint_eq(want.rows, STORED);
    ck_assert_uint_eq(got.rows, LONG_TOKENS);
    check_logits(c->model, "long", POSITIONS);
}
END_TEST

static uint32_t argmax(const float *row, uint64_t cols)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < cols; i++)
        if (row[i] > row[best])
            best = i;
    return best;
}

/* Writes the first `count` ids of the long prompt into a file of its own. */
static void cut_prompt(const struct family_case *c, uint32_t count, const char *path)
{
    char whole[256];
    snprintf(whole, sizeof whole, "tests/data/references/%s.long.txt", c->prompt);
    FILE *from = fopen(whole, "r"), *to = fopen(path, "w");
    ck_assert_msg(from != NULL && to != NULL, "%s or %s cannot be opened", whole, path);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id;
        ck_assert_int_eq(fscanf(from, "%" SCNu32, &id), 1);
        fprintf(to, "%u\n", id);
    }
    fclose(from);
    ck_assert_int_eq(fclose(to), 0);
}

/* Each line of the paths: the tokens of the prompt that go in, then the 64 that follow. */
START_TEST(greedy_paths)
{
    const struct family_case *c = &CASES[_i];
    char path[256], ids[256];
    snprintf(path, sizeof path, "tests/data/references/%s.paths.txt", c->logits);
    snprintf(ids, sizeof ids, TEST_DIR "/family-%s.ids", c->model);
    FILE *paths = fopen(path, "r");
    ck_assert_msg(paths != NULL, "%s is missing", path);
    uint32_t count, lines = 0;
    for (; fscanf(paths, "%" SCNu32, &count) == 1; lines++) {
        cut_prompt(c, count, ids);
        run_model(c->model, ids, GREEDY_TOKENS);
        ck_assert_uint_eq(got.rows, count + GREEDY_TOKENS);
        for (uint32_t i = 0; i < GREEDY_TOKENS; i++) {
            uint32_t id;
            ck_assert_int_eq(fscanf(paths, "%" SCNu32, &id), 1);
            ck_assert_msg(argmax(got.values + (count - 1 + i) * got.cols, got.cols) == id,
                          "%s, %u tokens: another token %u than %u", c->model, count, i, id);
        }
    }
    ck_assert_uint_eq(lines, 7);
    fclose(paths);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("families");
    TCase *each = tcase_create("transformers");
    const int cases = (int)(sizeof CASES / sizeof CASES[0]);
    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, prompt, 0, cases);
    tcase_add_loop_test(each, long_prompt, 0, cases);
    tcase_add_loop_test(each, greedy_paths, 0, cases);
    suite_add_tcase(suite, each);
    return tests_run(suite);
}
