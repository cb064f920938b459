/* What the reference models need: published counts of parameters, bytes of keys and values, what a
 * step moves; `info` of every model, `make table` and the README say the same.
 *
 * $(TESTS)/info/NAME is a reference model without its kernels. */
#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gen/emit/emit.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"

/* Published: all and active parameters, those without the table of an untied embedding, and bytes
 * of keys and values of a position in 16 bits. The constant state of Mamba is layers * channels *
 * (16 states + 3 taps) * 4 bytes, that of Mamba-2 128 states a channel and 3 taps of channels, B
 * and C. Of fable-mamba, which is ours: its checkpoint. */
#define MAMBA2_STATE(layers, inner) ((layers) * ((inner)*128ull + 3 * ((inner) + 256)) * 4)
static const struct published {
    const char *name;
    uint64_t parameters, active, streamed, position, constant;
    uint32_t width; /* of the row that is read of an untied table; 0: tied */
} published[] = {
    {"fable-mamba", 1253600, 1253600, 1253600, 0, 6ull * 320 * 19 * 4, 0},
    {"mamba-130m", 129135360, 129135360, 129135360, 0, 24ull * 1536 * 19 * 4, 0},
    {"mamba-370m", 371516416, 371516416, 371516416, 0, 48ull * 2048 * 19 * 4, 0},
    {"mamba-790m", 793204224, 793204224, 793204224, 0, 48ull * 3072 * 19 * 4, 0},
    {"mamba-1.4b", 1372178432, 1372178432, 1372178432, 0, 48ull * 4096 * 19 * 4, 0},
    {"mamba-2.8b", 2768345600, 2768345600, 2768345600, 0, 64ull * 5120 * 19 * 4, 0},
    {"mamba2-130m", 128989632, 128989632, 128989632, 0, MAMBA2_STATE(24, 1536), 0},
    {"mamba2-370m", 368346624, 368346624, 368346624, 0, MAMBA2_STATE(48, 2048), 0},
    {"mamba2-780m", 780161280, 780161280, 780161280, 0, MAMBA2_STATE(48, 3072), 0},
    {"mamba2-1.3b", 1343757312, 1343757312, 1343757312, 0, MAMBA2_STATE(48, 4096), 0},
    {"mamba2-2.7b", 2702599680, 2702599680, 2702599680, 0, MAMBA2_STATE(64, 5120), 0},
    {"phi-2", 2779683840, 2779683840, 2648611840, 327680, 0, 2560},
    {"llama-3-8b", 8030261248, 8030261248, 7504924672, 131072, 0, 4096},
    {"tinyllama-1.1b", 1100048384, 1100048384, 1034512384, 22528, 0, 2048},
    {"mixtral-8x7b", 46702792704, 12879925248, 12748853248, 131072, 0, 4096},
    {"deepseek-moe-16b", 16375728128, 2828650496, 2618935296, 229376, 0, 2048},
    {"jamba-v0.1", 51570323328, 12110311296, 11841875840, 16384, 28ull * 8192 * 19 * 4, 4096},
};
enum { MODELS = sizeof published / sizeof published[0] };

static struct budget budget_of(const char *name)
{
    static struct program program;
    char path[256];
    struct cfg cfg;
    struct captured captured;
    captured_open(&captured, name);
    snprintf(path, sizeof path, "config/%s.ini", name);
    ck_assert_msg(cfg_load(path, &captured.diagnostics, &cfg), "%s", captured_text(&captured));
    captured_close(&captured);
    program_make(&cfg, &program);
    const struct budget budget = program_budget(&program);
    program_free(&program);
    return budget;
}

START_TEST(counts_are_the_published_ones)
{
    const struct published *p = &published[_i];
    const struct budget budget = budget_of(p->name);
    ck_assert_uint_eq(budget.parameters, p->parameters);
    ck_assert_uint_eq(budget.active, p->active);
    ck_assert_uint_eq(budget.read, p->streamed + p->width);
    ck_assert_uint_eq(budget.position, p->position);
    ck_assert_uint_eq(budget.constant, p->constant);
}
END_TEST

/* The bytes of a step against the parameters that it reads: 16 bits each, except the norms, biases,
 * taps and decays in 32 bits, which are few in every model, and the padding. The row of a tied
 * embedding is read twice: as a row, and in the head. */
START_TEST(a_step_streams_the_parameters_it_reads)
{
    const struct published *p = &published[_i];
    const struct budget budget = budget_of(p->name);
    ck_assert_uint_ge(budget.streamed, 2 * budget.read);
    ck_assert_double_le((double)budget.streamed, 2.08 * (double)budget.read);
    ck_assert_double_le((double)budget.streamed, 1.001 * (double)budget.weights);
}
END_TEST

START_TEST(arithmetic)
{
    const struct budget b = {
        .streamed = 1000, .constant = 30, .position = 7, .context = 64, .trained = 100};
    ck_assert_uint_eq(budget_state(&b, 0), 30);
    ck_assert_uint_eq(budget_state(&b, 10), 100);
    ck_assert_uint_eq(budget_step(&b, 1), 1000 + 60 + 14);
    ck_assert_uint_eq(budget_step(&b, 10), 1000 + 60 + 77);
    const struct budget w = {.constant = 30, .position = 7, .window = 5};
    ck_assert_uint_eq(budget_state(&w, 5), 65);
    ck_assert_uint_eq(budget_state(&w, 6), 65);
    ck_assert_uint_eq(budget_step(&w, 9), 60 + 42);
    ck_assert(!budget_beyond(&b, 100));
    ck_assert(budget_beyond(&b, 101));
    ck_assert(!budget_beyond(&(struct budget){.trained = 0}, UINT64_MAX));
    ck_assert_double_eq(budget_floor(&b, 10, 1137e3), 1e-3);
    ck_assert_double_eq(budget_bandwidth("gb10")->bytes_per_second, 273e9);
    ck_assert_double_eq(budget_bandwidth("h200-measured")->bytes_per_second, 4.3e12);
    ck_assert_ptr_null(budget_bandwidth("GB10"));
}
END_TEST

/* ---- info --------------------------------------------------------------------------------- */

static json_t *info(const char *name, const char *option, const char *value)
{
    char program[256];
    snprintf(program, sizeof program, TEST_DIR "/info/%s", name);
    const struct child *child = CHILD(program, "info", "--json", option, value);
    ck_assert_msg(child->code == 0, "%s: %s", name, child->err);
    json_error_t error;
    json_t *root = json_loads(child->out, 0, &error);
    ck_assert_msg(root != NULL, "%s: line %d: %s", name, error.line, error.text);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "schema")), 1);
    return root;
}

static uint64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "no whole number '%s'", key);
    return (uint64_t)json_integer_value(value);
}

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

START_TEST(info_agrees_with_the_generator)
{
    const char *name = published[_i].name;
    const struct budget b = budget_of(name);
    json_t *root = info(name, "--bandwidth", "gb10");
    const json_t *budget = json_object_get(root, "budget");
    ck_assert_uint_eq(number(root, "parameters"), b.parameters);
    ck_assert_uint_eq(number(budget, "active_parameters"), b.active);
    ck_assert_uint_eq(number(budget, "read_parameters"), b.read);
    ck_assert_uint_eq(number(budget, "streamed_weight_bytes"), b.streamed);
    ck_assert_uint_eq(number(budget, "constant_state_bytes"), b.constant);
    ck_assert_uint_eq(number(budget, "bytes_per_position"), b.position);
    ck_assert_uint_eq(number(json_object_get(root, "memory"), "weights"), b.weights);
    if (b.trained > 0)
        ck_assert_uint_eq(number(budget, "trained_positions"), b.trained);
    else
        ck_assert_ptr_null(json_object_get(budget, "trained_positions"));
    size_t index, built = 0;
    uint64_t before = 0;
    json_t *row;
    json_array_foreach(json_object_get(budget, "tokens"), index, row)
    {
        const uint64_t tokens = number(row, "tokens");
        ck_assert_uint_gt(tokens, before);
        before = tokens;
        ck_assert_uint_eq(number(row, "state_bytes"), budget_state(&b, tokens));
        ck_assert_uint_eq(number(row, "step_bytes"), budget_step(&b, tokens));
        ck_assert(json_is_true(json_object_get(row, "beyond_trained")) ==
                  budget_beyond(&b, tokens));
        const double floor = (double)budget_step(&b, tokens) / 273e9;
        ck_assert(fabs(real(row, "floor_ms") - 1e3 * floor) <= 1e-5 * 1e3 * floor);
        ck_assert(fabs(real(row, "tokens_per_second") - 1 / floor) <= 1e-5 / floor);
        if (json_is_true(json_object_get(row, "built"))) {
            built++;
            ck_assert_uint_eq(tokens, b.context);
        }
    }
    ck_assert_uint_eq(built, b.context > 0);
    ck_assert_uint_ge(index, BUDGET_CONTEXTS);
    json_decref(root);
}
END_TEST

START_TEST(info_of_one_length)
{
    json_t *root = info("mixtral-8x7b", "--at", "33000");
    const json_t *budget = json_object_get(root, "budget");
    const json_t *tokens = json_object_get(budget, "tokens"), *row = json_array_get(tokens, 0);
    ck_assert_uint_eq(json_array_size(tokens), 1);
    ck_assert_uint_eq(number(row, "tokens"), 33000);
    ck_assert_uint_eq(number(row, "state_bytes"), 33000ull * 131072);
    ck_assert(json_is_true(json_object_get(row, "beyond_trained")));
    ck_assert_ptr_null(json_object_get(row, "floor_ms"));
    json_decref(root);
}
END_TEST

START_TEST(info_says_it_in_words)
{
    const struct child *child = CHILD(TEST_DIR "/info/phi-2", "info", "--bandwidth", "232e9");
    ck_assert_int_eq(child->code, 0);
    static const char *const lines[] = {
        "  all            2,779,683,840  of the checkpoint, tied tensors once\n",
        "  read           2,648,614,400  read for one token: of an untied embedding only the one "
        "row\n",
        "  a token leaves 327,680 for good; state of fixed size 0\n",
        "        2,048       671,088,640    5,971,215,360      25.7380         38.9  as built\n"
        "        4,096*    1,342,177,280 ",
        "  floor: that at 232 GB/s (from the command line)\n",
        "  * more than the model was trained on (2,048): sizes only\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(strstr(child->out, lines[i]) != NULL, "not found: %s", lines[i]);
}
END_TEST

/* ---- the table ---------------------------------------------------------------------------- */

START_TEST(readme_has_the_table)
{
    static char readme[1 << 17];
    static const char *arguments[66] = {"table"};
    glob_t configs;
    FILE *file = fopen("README.md", "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(readme, 1, sizeof readme - 1, file);
    fclose(file);
    ck_assert_uint_lt(size, sizeof readme - 1);
    ck_assert_int_eq(glob("config/*.ini", 0, NULL, &configs), 0);
    ck_assert_uint_eq(configs.gl_pathc, MODELS); /* each is published above */
    for (size_t i = 0; i < configs.gl_pathc; i++)
        arguments[i + 1] = configs.gl_pathv[i];
    const struct child *child = child_run(TEST_TOOLS "/gen", arguments, "", 0);
    ck_assert_int_eq(child->code, 0);
    ck_assert_msg(strstr(readme, child->out) != NULL,
                  "README.md does not have what `make table` prints: put that in the place of its "
                  "table and the text below it");
    globfree(&configs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("budget");
    TCase *tests = tcase_create("budget");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, counts_are_the_published_ones, 0, MODELS);
    tcase_add_loop_test(tests, a_step_streams_the_parameters_it_reads, 0, MODELS);
    tcase_add_test(tests, arithmetic);
    tcase_add_loop_test(tests, info_agrees_with_the_generator, 0, MODELS);
    tcase_add_test(tests, info_of_one_length);
    tcase_add_test(tests, info_says_it_in_words);
    tcase_add_test(tests, readme_has_the_table);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
