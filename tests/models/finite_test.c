/* Values that are not finite end every verb: alone, and in binaries of a tiny Llama with weights in
 * f32 of which a few were changed so that they lead out of its range, on the CPU and, over the
 * interpreter of tests/simt, on CUDA. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engine/finite.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"

#define MODEL  "llama-a-f32"
#define SOURCE "tests/data/checkpoints/llama-a"

/* ---- alone ---------------------------------------------------------------------------------- */

START_TEST(the_first_that_is_not_finite_is_found)
{
    enum { MOST = 9001 };
    static _Alignas(64) f32 values[MOST];
    static const f32 bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    static const f32 good[] = {0x1.fffffep127f, -0x1.fffffep127f, 0x1p-149f, -0.0f};
    for (u32 i = 0; i < MOST; i++)
        values[i] = good[i % 4];
    for (u32 count = 0; count < 100; count++)
        ck_assert_uint_eq(finite_prefix(values, count), count);
    ck_assert_uint_eq(finite_prefix(values, MOST), MOST);
    for (u32 at = 0; at < MOST; at += at < 200 || at > 8900 ? 1 : 97) {
        const f32 held = values[at];
        values[at] = bad[at % 4];
        ck_assert_uint_eq(finite_prefix(values, MOST), at);
        ck_assert_uint_eq(finite_prefix(values, at), at);
        ck_assert_uint_eq(finite_prefix(values, at + 1), at);
        values[MOST - 1] = NAN; /* a later one does not matter */
        ck_assert_uint_eq(finite_prefix(values, MOST), at);
        values[MOST - 1] = good[(MOST - 1) % 4];
        values[at] = held;
    }
}
END_TEST

/* ---- in a model ----------------------------------------------------------------------------- */

struct change {
    const char *tensor;
    u32 at;
    f32 value;
};

static void change_weights(const char *path, const struct change *change)
{
    static char text[8192];
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    uint64_t header, at;
    ck_assert_uint_eq(fread(&header, sizeof header, 1, file), 1);
    ck_assert_uint_lt(header, sizeof text);
    ck_assert_uint_eq(fread(text, 1, header, file), header);
    const char *tensor = strstr(text, change->tensor);
    ck_assert_ptr_nonnull(tensor);
    const char *offsets = strstr(tensor, "\"data_offsets\":[");
    ck_assert_ptr_nonnull(offsets);
    at = 8 + header + strtoul(offsets + 16, NULL, 10) + change->at * sizeof change->value;
    ck_assert_int_eq(fseek(file, (long)at, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(&change->value, sizeof change->value, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
}

/* Weights of the tiny Llama with these changes, for both backends: paths in weights[]. */
static char weights[2][64];
static void make_weights(const char *name, const struct change *changes, size_t count)
{
    static const char *const backends[] = {"cpu", "cuda"};
    char command[512], path[128];
    snprintf(command, sizeof command, "rm -rf " TEST_DIR "/%s && cp -rL " SOURCE " " TEST_DIR "/%s",
             name, name);
    ck_assert_int_eq(system(command), 0);
    snprintf(path, sizeof path, TEST_DIR "/%s/model.safetensors", name);
    for (size_t i = 0; i < count; i++)
        change_weights(path, &changes[i]);
    for (int b = 0; b < 2; b++) {
        snprintf(weights[b], sizeof weights[b], TEST_DIR "/%s.%s", name, backends[b]);
        snprintf(command, sizeof command,
                 TEST_TOOLS "/pack --backend %s build/tests/config/" MODEL ".ini " TEST_DIR
                            "/%s -o %s >/dev/null 2>&1",
                 backends[b], name, weights[b]);
        ck_assert_int_eq(system(command), 0);
    }
}

static bool has_cuda(void)
{
    return access(TEST_SIMT "/" MODEL, X_OK) == 0;
}

static void assert_refused(const struct child *child, const char *words)
{
    ck_assert_msg(child->code == 1, "code %d: %s", child->code, child->err);
    ck_assert_msg(strstr(child->err, words) != NULL, "'%s' is not in: %s", words, child->err);
}

/* Runs the verb on every backend; the input is ids for `logits`, a text for `stream`. */
#define REFUSED(words, ...)                                                                        \
    for (int b = 0; b < 1 + has_cuda(); b++)                                                       \
    assert_refused(child_run(b == 0 ? TEST_OUT "/" MODEL : TEST_SIMT "/" MODEL,                    \
                             (const char *const[]){__VA_ARGS__, "-m", weights[b], NULL}, "5 7 9",  \
                             5),                                                                   \
                   words)

/* Two channels of an MLP whose gates have opposite signs: one of them lets 1e50 through, times the
 * square of what comes. */
static const struct change in_layer[] = {
    {"model.layers.1.mlp.gate_proj.weight", 5 * 64, 1e25f},
    {"model.layers.1.mlp.up_proj.weight", 5 * 64, 1e25f},
    {"model.layers.1.mlp.gate_proj.weight", 6 * 64, -1e25f},
    {"model.layers.1.mlp.up_proj.weight", 6 * 64, 1e25f},
};

START_TEST(every_verb_ends_and_names_the_position)
{
    make_weights("finite-layer", in_layer, 4);
    REFUSED("logits at position 5 are not finite: ", "run", "-q", "-p", "Hello there");
    REFUSED("logits at position 0 are not finite: ", "run", "-q", "--temp", "1");
    REFUSED("logits at position 0 are not finite: ", "stream", "-q");
    REFUSED("logits at position 0 are not finite: ", "logits", "-q", "--ids", "-");
    REFUSED("logits at position 0 are not finite: ", "selftest", "-q");
    REFUSED("logits at position 0 are not finite: ", "bench", "-q", "-n", "2", "-p", "0");
    REFUSED("logits at position 31 are not finite: ", "profile", "-q", "--capture", "decode:0..1");
    REFUSED("logits at position 31 are not finite: ", "profile", "-q", "--capture", "prefill:0..1");
}
END_TEST

START_TEST(a_check_names_the_operation)
{
    make_weights("finite-check", in_layer, 4);
    REFUSED("operation SWIGLU of prefill, layer 1, at positions 0 to 5: value ", "run", "-q", "-p",
            "Hello there", "--check");
    REFUSED("of 'gate' is ", "run", "-q", "-p", "Hello there", "--check");
    REFUSED("operation GATE_UP of decode, layer 1, at position 0: value ", "run", "-q", "--check");
    REFUSED("operation GATE_UP of decode, layer 1, at position 0: value ", "selftest", "-q",
            "--check");
}
END_TEST

/* A token that is chosen as soon as the first channel is positive at the end of a text, and whose
 * own first channel drowns all others: the step that consumes it gives an infinite logit. On CUDA
 * the device finds it by itself. */
static const struct change in_head[] = {
    {"model.embed_tokens.weight", 300 * 64, 1e15f},
    {"lm_head.weight", 300 * 64, 6e37f},
};

START_TEST(a_token_in_a_text_ends_it)
{
    static const char *const temperatures[] = {"0", "0.8"}, *const modes[] = {"--no-graph",
                                                                              "--graph", "--loop",
                                                                              "--check"};
    make_weights("finite-head", in_head, 2);
    for (int mode = -1; mode < (has_cuda() ? 4 : 0); mode++) { /* -1: the CPU */
        const struct child *child =
            CHILD(mode < 0 ? TEST_OUT "/" MODEL : TEST_SIMT "/" MODEL, "run", "-p", "Hello there",
                  "-n", "200", "--ignore-eos", "--temp", temperatures[_i], "-m", weights[mode >= 0],
                  mode < 0 ? "-q" : modes[mode]);
        if (mode < 3)
            assert_refused(child, _i == 0 ? "logits at position 8 are " : "logits at position 7 ");
        else
            assert_refused(child, _i == 0 ? "HEAD of decode, at position 8: value 300 of 'logits' "
                                          : "HEAD of decode, at position 7: value 300 of ");
        ck_assert_str_ne(child->out, "Hello there"); /* what was made before is out */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("finite");
    TCase *tests = tcase_create("finite");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_first_that_is_not_finite_is_found);
    tcase_add_test(tests, every_verb_ends_and_names_the_position);
    tcase_add_test(tests, a_check_names_the_operation);
    tcase_add_loop_test(tests, a_token_in_a_text_ends_it, 0, 2);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
