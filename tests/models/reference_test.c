/* The tiny checkpoints against transformers: logits at every position, and the greedy continuation.
 *
 * Reads tests/data/references/ (made by make_mamba.py and make_mamba2.py of tests/references/) and
 * runs the binaries that 'make test' built from tests/data/checkpoints/, imported at every weight
 * type: for the CPU, and for CUDA over the interpreter of tests/simt. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/npy.h"
#include "tests/fixtures/run.h"

/* In largest logits, for these checkpoints; what holds for deep models and long texts is in
 * tests/models/precision.sh. A rounding that is forgotten on one matrix of an f16 checkpoint costs
 * as little as 3e-5; transformers in f32 is within 2e-6 of the exact result here. */
static const double TOLERANCE = 2e-5;

/* On CUDA, prefill rounds what each matrix product reads to the type of its weights: an error of
 * half a unit in the last place, 2^-9 for bf16 and 2^-12 for f16, four times a layer (the head
 * reads what is rounded once more). The tiny models have at most 3 layers, and their norms keep a
 * relative error what it is; so 13 roundings in a row bound the error of a logit beside the largest
 * one. */
static const struct {
    const char *type;
    double tolerance;
} CUDA_TOLERANCES[] = {{"-f32", 2e-5}, {"-bf16", 13 * 0x1p-9}, {"-f16", 13 * 0x1p-12}};

enum { PROMPT_TOKENS = 48, GREEDY_TOKENS = 64 };

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
    {"mamba2-a-f32", "mamba2-a", "mamba2-a-f32"},
    {"mamba2-a-bf16", "mamba2-a", "mamba2-a-f32"},
    {"mamba2-a-f16", "mamba2-a", "mamba2-a-f32"},
    {"mamba2-b-f32", "mamba2-b", "mamba2-b-f32"},
    {"mamba2-b-bf16", "mamba2-b", "mamba2-b-f32"},
    {"mamba2-b-f16", "mamba2-b", "mamba2-b-f32"},
};

static void read_ids(const char *path, uint32_t ids[GREEDY_TOKENS])
{
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s is missing", path);
    for (int i = 0; i < GREEDY_TOKENS; i++)
        ck_assert_int_eq(fscanf(f, "%" SCNu32, &ids[i]), 1);
    ck_assert_int_eq(fclose(f), 0);
}

/* Runs BINARIES/MODEL with the weights for that backend over the prompt and 64 greedy tokens. */
static void run_model(const struct reference *r, const char *binaries, const char *backend,
                      struct npy *got)
{
    char command[1024], result[512];
    snprintf(result, sizeof result, TEST_DIR "/%s-%s.npy", r->model, backend);
    snprintf(command, sizeof command,
             "%s/%s logits -q -m build/%s/%s.weights --decode 64 -o %s "
             "--ids tests/data/references/%s.prompt.txt",
             binaries, r->model, backend, r->model, result, r->prompt);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
    npy_read(result, got);
}

/* Returns the largest difference over the prompt as a part of the largest logit. */
static double worst_difference(const struct reference *r, const struct npy *got)
{
    static struct npy want;
    char path[512];
    snprintf(path, sizeof path, "tests/data/references/%s.npy", r->logits);
    npy_read(path, &want);
    ck_assert_uint_eq(want.rows, PROMPT_TOKENS);
    ck_assert_uint_eq(got->rows, PROMPT_TOKENS + GREEDY_TOKENS);
    ck_assert_uint_eq(got->cols, want.cols);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < want.rows * want.cols; i++) {
        largest = fmax(largest, fabs((double)want.values[i]));
        double difference = fabs((double)want.values[i] - (double)got->values[i]);
        worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
    }
    return worst / largest;
}

static void same_greedy_tokens(const struct reference *r, const struct npy *got)
{
    char path[512];
    uint32_t greedy[GREEDY_TOKENS];
    snprintf(path, sizeof path, "tests/data/references/%s.greedy.txt", r->logits);
    read_ids(path, greedy);
    for (size_t i = 0; i < GREEDY_TOKENS; i++)
        ck_assert_uint_eq(npy_argmax(got->values + (PROMPT_TOKENS - 1 + i) * got->cols, got->cols),
                          greedy[i]);
}

START_TEST(logits_match_transformers)
{
    static struct npy got;
    const struct reference *r = &REFERENCES[_i];
    run_model(r, TEST_OUT, "cpu", &got);
    const double worst = worst_difference(r, &got);
    printf("cpu  %-26s max |difference| %.2g of max |logit|\n", r->model, worst);
    ck_assert_msg(worst <= TOLERANCE, "%s: %g of max |logit|, bound %g", r->model, worst,
                  TOLERANCE);
    same_greedy_tokens(r, &got);
}
END_TEST

START_TEST(cuda_logits_match_transformers)
{
    static struct npy got;
    const struct reference *r = &REFERENCES[_i];
    size_t type = 0;
    while (strcmp(CUDA_TOLERANCES[type].type, strrchr(r->model, '-')) != 0)
        type++;
    const double tolerance = CUDA_TOLERANCES[type].tolerance;
    run_model(r, TEST_SIMT, "cuda", &got);
    const double worst = worst_difference(r, &got);
    printf("cuda %-26s max |difference| %.2g of max |logit|, bound %.2g\n", r->model, worst,
           tolerance);
    ck_assert_msg(worst <= tolerance, "%s: %g of max |logit|, bound %g", r->model, worst,
                  tolerance);
    if (tolerance <= TOLERANCE) /* a rounding may well turn a close decision */
        same_greedy_tokens(r, &got);
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
    if (access(TEST_SIMT "/mamba-a-f32", X_OK) == 0) {
        TCase *cuda = tcase_create("transformers, CUDA");
        tcase_set_timeout(cuda, 120);
        tcase_add_loop_test(cuda, cuda_logits_match_transformers, 0,
                            (int)(sizeof REFERENCES / sizeof REFERENCES[0]));
        suite_add_tcase(suite, cuda);
    } else {
        printf("skip: the CUDA backend's logits (%s was not built: no CUDA headers)\n",
               TEST_SIMT "/mamba-a-f32");
    }
    return tests_run(suite);
}
