/* The tiny checkpoints against transformers: logits at every position, and the greedy continuation.
 *
 * Reads tests/data/references/ (made by tests/references/make_mamba.py) and runs the binaries that
 * 'make test' built from tests/data/checkpoints/, imported at every weight type. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/run.h"

/* The promise is 1e-4 of the largest logit. A rounding that is forgotten on one matrix of an f16
 * checkpoint costs as little as 3e-5, so the test asks for 2e-5; transformers in f32 is within 2e-6
 * of the exact result here. */
static const double TOLERANCE = 2e-5;

enum { PROMPT_TOKENS = 48, GREEDY_TOKENS = 64, MOST_VOCAB = 512 };

struct reference {
    const char *model;  /* binary and weights: name of the checkpoint, then the weight type */
    const char *prompt; /* tests/data/references/PROMPT.prompt.txt */
    const char *logits; /* .../LOGITS.npy and .../LOGITS.greedy.txt */
};

static const struct reference REFERENCES[] = {
    {"mamba-a-f32", "mamba-a", "mamba-a-f32"},
    {"mamba-a-bf16", "mamba-a", "mamba-a-bf16"},
    {"mamba-a-f16", "mamba-a", "mamba-a-f16"},
    {"mamba-b-f32", "mamba-b", "mamba-b-f32"},
    {"mamba-b-bf16", "mamba-b", "mamba-b-bf16"},
    {"mamba-b-f16", "mamba-b", "mamba-b-f16"},
    {"mamba-c-f32", "mamba-c", "mamba-c-f32"},
    {"mamba-c-bf16", "mamba-c", "mamba-c-bf16"},
    {"mamba-c-f16", "mamba-c", "mamba-c-f16"},
    {"mamba-c-stored-bf16-f32", "mamba-c-stored-bf16", "mamba-c-stored-bf16-f32"},
    {"mamba-c-stored-f16-f32", "mamba-c-stored-f16", "mamba-c-stored-f16-f32"},
    {"mamba-a-sharded-f32", "mamba-a", "mamba-a-f32"},
    {"mamba-a-original-f32", "mamba-a", "mamba-a-f32"},
};

struct array {
    uint64_t rows, cols;
    float values[(PROMPT_TOKENS + GREEDY_TOKENS) * MOST_VOCAB];
};

/* Reads a two-dimensional little-endian float32 .npy of version 1.0. */
static void read_npy(const char *path, struct array *a)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s is missing", path);
    unsigned char magic[10];
    char header[512] = "";
    ck_assert_uint_eq(fread(magic, 1, sizeof magic, f), sizeof magic);
    ck_assert_mem_eq(magic, "\x93NUMPY\x01\x00", 8);
    size_t header_bytes = (size_t)magic[8] + 256u * magic[9];
    ck_assert_uint_lt(header_bytes, sizeof header);
    ck_assert_uint_eq(fread(header, 1, header_bytes, f), header_bytes);
    ck_assert_ptr_nonnull(strstr(header, "'<f4'"));
    const char *shape = strstr(header, "'shape': (");
    ck_assert_ptr_nonnull(shape);
    ck_assert_int_eq(sscanf(shape, "'shape': (%" SCNu64 ", %" SCNu64 ")", &a->rows, &a->cols), 2);
    ck_assert_uint_le(a->rows, PROMPT_TOKENS + GREEDY_TOKENS);
    ck_assert_uint_le(a->cols, MOST_VOCAB);
    size_t count = (size_t)(a->rows * a->cols);
    ck_assert_uint_eq(fread(a->values, sizeof a->values[0], count, f), count);
    ck_assert_int_eq(fgetc(f), EOF);
    ck_assert_int_eq(fclose(f), 0);
}

static void read_ids(const char *path, uint32_t ids[GREEDY_TOKENS])
{
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s is missing", path);
    for (int i = 0; i < GREEDY_TOKENS; i++)
        ck_assert_int_eq(fscanf(f, "%" SCNu32, &ids[i]), 1);
    ck_assert_int_eq(fclose(f), 0);
}

static uint32_t argmax(const float *row, uint64_t cols)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < cols; i++)
        if (row[i] > row[best])
            best = i;
    return best;
}

START_TEST(logits_match_transformers)
{
    static struct array want, got;
    const struct reference *r = &REFERENCES[_i];
    char command[1024], path[512], result[512];
    snprintf(result, sizeof result, TEST_DIR "/%s.npy", r->model);
    snprintf(command, sizeof command,
             TEST_OUT "/%s logits -q -m build/cpu/%s.weights --decode 64 -o %s "
                      "--ids tests/data/references/%s.prompt.txt",
             r->model, r->model, result, r->prompt);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
    read_npy(result, &got);
    snprintf(path, sizeof path, "tests/data/references/%s.npy", r->logits);
    read_npy(path, &want);
    ck_assert_uint_eq(want.rows, PROMPT_TOKENS);
    ck_assert_uint_eq(got.rows, PROMPT_TOKENS + GREEDY_TOKENS);
    ck_assert_uint_eq(got.cols, want.cols);

    double largest = 0, worst = 0;
    for (size_t i = 0; i < want.rows * want.cols; i++) {
        largest = fmax(largest, fabs((double)want.values[i]));
        double difference = fabs((double)want.values[i] - (double)got.values[i]);
        worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
    }
    printf("%-26s max |difference| %.2g of max |logit|\n", r->model, worst / largest);
    ck_assert_msg(worst <= TOLERANCE * largest, "%s: %g of max |logit|, bound %g", r->model,
                  worst / largest, TOLERANCE);

    uint32_t greedy[GREEDY_TOKENS];
    snprintf(path, sizeof path, "tests/data/references/%s.greedy.txt", r->logits);
    read_ids(path, greedy);
    for (size_t i = 0; i < GREEDY_TOKENS; i++)
        ck_assert_uint_eq(argmax(got.values + (PROMPT_TOKENS - 1 + i) * got.cols, got.cols),
                          greedy[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference");
    TCase *each = tcase_create("transformers");
    tcase_set_timeout(each, 60);
    tcase_add_loop_test(each, logits_match_transformers, 0,
                        (int)(sizeof REFERENCES / sizeof REFERENCES[0]));
    suite_add_tcase(suite, each);
    return tests_run(suite);
}
