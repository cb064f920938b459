/* The tiny checkpoints of the families but Mamba against transformers: logits of a prompt, those of
 * a long one around the borders of blocks, and the greedy continuations of its beginnings.
 *
 * Reads tests/data/references/ (its README and tests/references/ say how it was made) and runs the
 * binaries that 'make test' built from tests/data/checkpoints/, with a cache of f32: for the CPU,
 * and for CUDA over the interpreter of tests/simt. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/npy.h"
#include "tests/fixtures/run.h"

/* Relative to the largest logit; see reference_test.c. */
#define TOLERANCE 2e-5

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
    {"mixtral-a-f32", "mixtral-a", "mixtral-a-f32"},
    {"mixtral-a-bf16", "mixtral-a", "mixtral-a-f32"},
    {"deepseek-a-bf16", "deepseek-a", "deepseek-a-f32"},
    {"deepseek-b-f16", "deepseek-b", "deepseek-b-f32"},
    {"mixtral-w-f32", "mixtral-w", "mixtral-w-f32"},
    {"llama-d-f32", "llama-d", "llama-d-f32"},
    {"llama-e-bf16", "llama-e", "llama-e-f32"},
    {"phi-c-f16", "phi-c", "phi-c-f32"},
    {"mixtral-b-bf16", "mixtral-b", "mixtral-b-f32"},
    {"deepseek-c-f32", "deepseek-c", "deepseek-c-f32"},
    {"jamba-c-f16", "jamba-c", "jamba-c-f32"},
    {"jamba-a-bf16", "jamba-a", "jamba-a-f32"},
    {"jamba-b-f16", "jamba-b", "jamba-b-f32"},
    {"mamba2-a-f32", "mamba2-a", "mamba2-a-f32"},
    {"mamba2-a-bf16", "mamba2-a", "mamba2-a-f32"},
    {"mamba2-a-f16", "mamba2-a", "mamba2-a-f32"},
    {"mamba2-b-f32", "mamba2-b", "mamba2-b-f32"},
    {"mamba2-b-bf16", "mamba2-b", "mamba2-b-f32"},
    {"mamba2-b-f16", "mamba2-b", "mamba2-b-f32"},
    {"mamba2-c-bf16", "mamba2-c", "mamba2-c-f32"},
    {"llama-c-mixed", "llama-c", "llama-c-f32"},
    {"mixtral-a-mixed", "mixtral-a", "mixtral-a-f32"},
};

/* On CUDA, as in reference_test.c, every row that a matrix product of prefill reads is rounded to
 * the type of its weights: four times a layer, of which there are at most 3, and the head reads
 * what is rounded once more. With weights in f32 the greedy continuations are the same as well. */
static const struct cuda_case {
    struct family_case of;
    double tolerance;
} CUDA_CASES[] = {
    {{"llama-a-f32", "llama-a", "llama-a-f32"}, TOLERANCE},
    {{"llama-a-bf16", "llama-a", "llama-a-bf16"}, 13 * 0x1p-9},
    {{"llama-a-f16", "llama-a", "llama-a-f16"}, 13 * 0x1p-12},
    {{"llama-b-f32", "llama-b", "llama-b-f32"}, TOLERANCE},
    {{"llama-c-f32", "llama-c", "llama-c-f32"}, TOLERANCE},
    {{"llama-c-mixed", "llama-c", "llama-c-f32"}, 13 * 0x1p-12},
    {{"phi-a-f32", "phi-a", "phi-a-f32"}, TOLERANCE},
    {{"phi-b-f32", "phi-b", "phi-b-f32"}, TOLERANCE},
    {{"phi-b-f16", "phi-b", "phi-b-f32"}, 13 * 0x1p-12},
    {{"mixtral-a-f32", "mixtral-a", "mixtral-a-f32"}, TOLERANCE},
    {{"mixtral-a-bf16", "mixtral-a", "mixtral-a-f32"}, 13 * 0x1p-9},
    {{"mixtral-a-mixed", "mixtral-a", "mixtral-a-f32"}, 13 * 0x1p-9},
    {{"mixtral-w-f32", "mixtral-w", "mixtral-w-f32"}, TOLERANCE},
    {{"llama-e-f32", "llama-e", "llama-e-f32"}, TOLERANCE},
    {{"phi-c-f32", "phi-c", "phi-c-f32"}, TOLERANCE},
    {{"deepseek-c-f32", "deepseek-c", "deepseek-c-f32"}, TOLERANCE},
    {{"deepseek-a-f32", "deepseek-a", "deepseek-a-f32"}, TOLERANCE},
    {{"deepseek-b-f32", "deepseek-b", "deepseek-b-f32"}, TOLERANCE},
    {{"jamba-a-f32", "jamba-a", "jamba-a-f32"}, TOLERANCE},
    {{"jamba-b-f32", "jamba-b", "jamba-b-f32"}, TOLERANCE},
    {{"mamba2-a-f32", "mamba2-a", "mamba2-a-f32"}, TOLERANCE},
    {{"mamba2-b-f32", "mamba2-b", "mamba2-b-f32"}, TOLERANCE},
    {{"mamba2-c-f32", "mamba2-c", "mamba2-c-f32"}, TOLERANCE},
};

/* That holds where a token goes through the same experts. These rows of a prompt do not: rounding
 * turns round the two closest choices of the last layer, where the second and the third expert
 * differ by 1% and 3.4% in f32. */
static const struct close_choice {
    const char *model;
    uint32_t row;
} CUDA_CLOSE[] = {{"mixtral-a-bf16", 10}, {"mixtral-a-bf16", 31}};

/* The rows of the long prompt whose logits are stored. */
static const uint32_t POSITIONS[] = {63, 64, 127, 128, 191, 255, 256, 299};
enum { STORED = sizeof POSITIONS / sizeof POSITIONS[0] };

/* In the place of a row: it is not compared. */
#define SKIPPED UINT32_MAX

static struct npy got, want;

/* Which binaries run, and whose weights. */
struct backend {
    const char *binaries, *name;
};
static const struct backend CPU = {TEST_OUT, "cpu"}, CUDA = {TEST_SIMT, "cuda"};

/* Runs a model over the ids at `path` and `decode` greedy tokens; the logits are in `got`. */
static void run_model(struct backend on, const char *model, const char *ids, uint32_t decode)
{
    char command[1024], result[256];
    snprintf(result, sizeof result, TEST_DIR "/family-%s-%s.npy", model, on.name);
    snprintf(command, sizeof command,
             "%s/%s logits -q -m build/%s/%s.weights --decode %u -o %s --ids %s", on.binaries,
             model, on.name, model, decode, result, ids);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
    npy_read(result, &got);
}

/* Compares stored row i with row rows[i] of `got`. */
static void check_logits(struct backend on, const char *model, const char *what,
                         const uint32_t *rows, double tolerance)
{
    double largest = 0, worst = 0;
    ck_assert_uint_eq(got.cols, want.cols);
    for (uint64_t row = 0; row < want.rows; row++)
        for (uint64_t col = 0; col < want.cols && rows[row] != SKIPPED; col++) {
            const double exact = want.values[row * want.cols + col];
            const uint64_t at = rows[row];
            const double difference = fabs(exact - got.values[at * got.cols + col]);
            largest = fmax(largest, fabs(exact));
            worst = difference <= worst ? worst : difference; /* a NaN becomes the worst */
        }
    printf("%-4s %-14s %-6s max |difference| %.2g of max |logit|\n", on.name, model, what,
           worst / largest);
    ck_assert_msg(worst <= tolerance * largest, "%s, %s: %g of max |logit|, bound %g", model, what,
                  worst / largest, tolerance);
}

static void check_prompt(struct backend on, const struct family_case *c, double tolerance)
{
    uint32_t rows[PROMPT_TOKENS];
    char path[256];
    for (uint32_t i = 0; i < PROMPT_TOKENS; i++)
        rows[i] = i;
    for (size_t i = 0; i < sizeof CUDA_CLOSE / sizeof CUDA_CLOSE[0]; i++)
        if (on.name == CUDA.name && strcmp(c->model, CUDA_CLOSE[i].model) == 0)
            rows[CUDA_CLOSE[i].row] = SKIPPED;
    snprintf(path, sizeof path, "tests/data/references/%s.prompt.txt", c->prompt);
    run_model(on, c->model, path, 0);
    snprintf(path, sizeof path, "tests/data/references/%s.npy", c->logits);
    npy_read(path, &want);
    ck_assert_uint_eq(want.rows, PROMPT_TOKENS);
    ck_assert_uint_eq(got.rows, PROMPT_TOKENS);
    check_logits(on, c->model, "prompt", rows, tolerance);
}

static void check_long_prompt(struct backend on, const struct family_case *c, double tolerance)
{
    char path[256];
    snprintf(path, sizeof path, "tests/data/references/%s.long.txt", c->prompt);
    run_model(on, c->model, path, 0);
    snprintf(path, sizeof path, "tests/data/references/%s.long.npy", c->logits);
    npy_read(path, &want);
    ck_assert_uint_eq(want.rows, STORED);
    ck_assert_uint_eq(got.rows, LONG_TOKENS);
    check_logits(on, c->model, "long", POSITIONS, tolerance);
}

/* Writes `count` ids of the long prompt, from `first` on, into a file of their own. */
static void cut_prompt(const struct family_case *c, uint32_t first, uint32_t count,
                       const char *path)
{
    char whole[256];
    snprintf(whole, sizeof whole, "tests/data/references/%s.long.txt", c->prompt);
    FILE *from = fopen(whole, "r"), *to = fopen(path, "w");
    ck_assert_msg(from != NULL && to != NULL, "%s or %s cannot be opened", whole, path);
    for (uint32_t i = 0; i < first + count; i++) {
        uint32_t id;
        ck_assert_int_eq(fscanf(from, "%" SCNu32, &id), 1);
        if (i >= first)
            fprintf(to, "%u\n", id);
    }
    fclose(from);
    ck_assert_int_eq(fclose(to), 0);
}

/* Each line of the paths: the tokens of the prompt that go in, then the 64 that follow. */
static void check_paths(struct backend on, const struct family_case *c)
{
    char path[256], ids[256];
    snprintf(path, sizeof path, "tests/data/references/%s.paths.txt", c->logits);
    snprintf(ids, sizeof ids, TEST_DIR "/family-%s.ids", c->model);
    FILE *paths = fopen(path, "r");
    ck_assert_msg(paths != NULL, "%s is missing", path);
    uint32_t count, lines = 0;
    for (; fscanf(paths, "%" SCNu32, &count) == 1; lines++) {
        cut_prompt(c, 0, count, ids);
        run_model(on, c->model, ids, GREEDY_TOKENS);
        ck_assert_uint_eq(got.rows, count + GREEDY_TOKENS);
        for (uint32_t i = 0; i < GREEDY_TOKENS; i++) {
            uint32_t id;
            ck_assert_int_eq(fscanf(paths, "%" SCNu32, &id), 1);
            ck_assert_msg(npy_argmax(got.values + (count - 1 + i) * got.cols, got.cols) == id,
                          "%s, %u tokens: another token %u than %u", c->model, count, i, id);
        }
    }
    ck_assert_uint_eq(lines, 7);
    fclose(paths);
}

START_TEST(prompt)
{
    check_prompt(CPU, &CASES[_i], TOLERANCE);
}
END_TEST

START_TEST(long_prompt)
{
    check_long_prompt(CPU, &CASES[_i], TOLERANCE);
}
END_TEST

START_TEST(greedy_paths)
{
    check_paths(CPU, &CASES[_i]);
}
END_TEST

START_TEST(cuda)
{
    const struct cuda_case *c = &CUDA_CASES[_i];
    check_prompt(CUDA, &c->of, c->tolerance);
    check_long_prompt(CUDA, &c->of, c->tolerance);
    if (c->tolerance == TOLERANCE)
        check_paths(CUDA, &c->of);
}
END_TEST

/* A window of 8 in 2 layers: a row depends on its own token and the 14 before. After the ring of
 * 64 positions went round four times, rows are those of a text that begins 60 tokens before its
 * end, where the rotations are others but the distances the same. */
START_TEST(window_forgets)
{
    enum { LAST = 60, DEPENDS = 14 };
    const struct family_case *c = CASES;
    const struct backend on = _i == 0 ? CPU : CUDA;
    const char *const ids = TEST_DIR "/family-window.ids";
    static uint32_t rows[LAST - DEPENDS];
    while (strcmp(c->prompt, "mixtral-w") != 0)
        c++;
    cut_prompt(c, LONG_TOKENS - LAST, LAST, ids);
    run_model(on, c->model, ids, 0);
    want = got;
    want.rows = LAST - DEPENDS;
    memmove(want.values, want.values + DEPENDS * want.cols,
            want.rows * want.cols * sizeof want.values[0]);
    cut_prompt(c, 0, LONG_TOKENS, ids);
    run_model(on, c->model, ids, 0);
    for (uint32_t i = 0; i < want.rows; i++)
        rows[i] = LONG_TOKENS - LAST + DEPENDS + i;
    check_logits(on, c->model, "window", rows, TOLERANCE);
}
END_TEST

/* The long prompt over and over, behind a window: thousands of positions from the first one, angles
 * are rounded as transformers rounds them. Exact angles would differ by 1.4e-5. */
START_TEST(window_turns_far_away)
{
    static const uint32_t FAR[] = {1000, 3000, 5999};
    const char *const once = "tests/data/references/mixtral-w.long.txt";
    const char *const ids = TEST_DIR "/family-far.ids";
    char command[512];
    snprintf(command, sizeof command, "for i in $(seq %u); do cat %s; done >%s",
             (FAR[2] + 1) / LONG_TOKENS, once, ids);
    ck_assert_int_eq(system(command), 0);
    run_model(CPU, "mixtral-w-f32", ids, 0);
    npy_read("tests/data/references/mixtral-w-f32.far.npy", &want);
    ck_assert_uint_eq(want.rows, sizeof FAR / sizeof FAR[0]);
    ck_assert_uint_eq(got.rows, FAR[2] + 1);
    check_logits(CPU, "mixtral-w-f32", "far", FAR, 5e-6);
}
END_TEST

/* These weights are exact in every type: whatever classes of them have which type, no bit of the
 * logits changes, in prefill and token by token. */
START_TEST(types_of_exact_weights_change_nothing)
{
    static const struct {
        const char *mixed, *one, *prompt;
    } PAIRS[] = {{"llama-c-mixed", "llama-c-f16", "llama-c"},
                 {"mixtral-a-mixed", "mixtral-a-f32", "mixtral-a"}};
    char path[256];
    snprintf(path, sizeof path, "tests/data/references/%s.prompt.txt", PAIRS[_i].prompt);
    run_model(CPU, PAIRS[_i].one, path, 16);
    want = got;
    run_model(CPU, PAIRS[_i].mixed, path, 16);
    ck_assert_uint_eq(got.rows, want.rows);
    ck_assert_uint_eq(got.cols, want.cols);
    ck_assert_mem_eq(got.values, want.values, got.rows * got.cols * sizeof got.values[0]);
}
END_TEST

/* A text that is no longer than the window has the bits of the model without one, though its cache
 * is smaller: prefill, and token by token. */
START_TEST(window_that_hides_nothing)
{
    enum { WINDOW = 8 };
    const struct backend on = _i / 2 == 0 ? CPU : CUDA;
    const uint32_t decoded = _i % 2 == 0 ? 0 : WINDOW - 1;
    const char *const ids = TEST_DIR "/family-hidden.ids";
    const struct family_case *c = CASES;
    while (strcmp(c->prompt, "mixtral-w") != 0)
        c++;
    cut_prompt(c, 0, WINDOW - decoded, ids);
    run_model(on, "mixtral-a-f32", ids, decoded);
    want = got;
    run_model(on, "mixtral-w-f32", ids, decoded);
    ck_assert_uint_eq(got.rows, WINDOW);
    ck_assert_msg(memcmp(got.values, want.values, WINDOW * got.cols * sizeof got.values[0]) == 0,
                  "%s: a window of %u changes the bits of %u tokens", on.name, WINDOW, WINDOW);
}
END_TEST

/* llama-a's generation_config.json has two ids that end a text: transformers' generate() makes
 * these tokens, and then the second of them. Its config.json has the other one alone. */
START_TEST(any_end_of_text_ends)
{
    const struct backend on = _i == 0 ? CPU : CUDA;
    char command[1024];
    snprintf(command, sizeof command,
             "%s/llama-a-f32 run -q -m build/%s/llama-a-f32.weights -p 'Hello there' -n 40 "
             "--no-echo | head -c -1 >" TEST_DIR "/family-eos.txt && " TEST_OUT "/llama-a-f32 "
             "tokenize --decode -f " TEST_DIR "/family-eos.ids -m build/cpu/llama-a-f32.weights | "
             "cmp - " TEST_DIR "/family-eos.txt",
             on.binaries, on.name);
    FILE *file = fopen(TEST_DIR "/family-eos.ids", "w");
    ck_assert_ptr_nonnull(file);
    fputs("288 226 504 405 346 353\n", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
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
    tcase_add_loop_test(each, types_of_exact_weights_change_nothing, 0, 2);
    tcase_add_loop_test(each, window_forgets, 0, 1);
    tcase_add_test(each, window_turns_far_away);
    tcase_add_loop_test(each, window_that_hides_nothing, 0, 2);
    tcase_add_loop_test(each, any_end_of_text_ends, 0, 1);
    suite_add_tcase(suite, each);
    if (access(TEST_SIMT "/llama-a-f32", X_OK) == 0) {
        TCase *cuda_each = tcase_create("transformers, CUDA");
        tcase_set_timeout(cuda_each, 300);
        tcase_add_loop_test(cuda_each, cuda, 0, sizeof CUDA_CASES / sizeof CUDA_CASES[0]);
        tcase_add_loop_test(cuda_each, window_forgets, 1, 2);
        tcase_add_loop_test(cuda_each, window_that_hides_nothing, 2, 4);
        tcase_add_loop_test(cuda_each, any_end_of_text_ends, 1, 2);
        suite_add_tcase(suite, cuda_each);
    } else {
        printf("skip: the CUDA backend's logits (%s was not built: no CUDA headers)\n",
               TEST_SIMT "/llama-a-f32");
    }
    return tests_run(suite);
}
