/* The back: the writer, numbers as text, and that every config within the ranges can be emitted. */
#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/emit/emit.h"
#include "gen/front/number.h"
#include "runtime/base/number_text.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"
#include "tests/unit/configs.h"

static struct writer page;

/* Ends the text begun with writer_open() and compares it. */
static void written(const char *expected)
{
    char *text;
    size_t size;
    writer_close(&page, &text, &size);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(size, strlen(expected));
    free(text);
}

START_TEST(columns_are_aligned)
{
    writer_open(&page, "x");
    writer_row(&page, "a,\v 1,\t b\t /* c */");
    writer_row(&page, "long,\v 1234,\t bcd\t /* c */");
    writer_row(&page, "short row that widens nothing");
    writer_row(&page, "e,\v 5");
    writer_table(&page);
    writer_row(&page, "another\t table");
    written("a,       1, b   /* c */\n"
            "long, 1234, bcd /* c */\n"
            "short row that widens nothing\n"
            "e,        5\n"
            "another table\n");
}
END_TEST

#define NINETY                                                                                     \
    "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789-"

START_TEST(a_comment_that_does_not_fit_moves_up)
{
    writer_open(&page, "x");
    writer_row(&page, "    x;\t%s\t/* short */", NINETY);
    written("    /* short */\n"
            "    x;" NINETY "\n");
}
END_TEST

START_TEST(columns_are_given_up_when_too_wide)
{
    writer_open(&page, "x");
    writer_row(&page, "a(\t%s\t)", NINETY);
    writer_row(&page, "abcdefghijk(\tb\t)");
    written("a(" NINETY ")\n"
            "abcdefghijk(b)\n");
}
END_TEST

START_TEST(comments_are_wrapped)
{
    writer_open(&page, "x");
    writer_comment(&page, "First line.\n\n%s and more than fits.", NINETY);
    written("/* First line.\n"
            " *\n"
            " * " NINETY " and\n"
            " * more than fits. */\n");
}
END_TEST

START_TEST(a_line_too_long_is_a_bug)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    writer_open(&page, "x");
    writer_line(&page, "%s%s", NINETY, "12345678901");
}
END_TEST

START_TEST(the_same_text_is_not_written_again)
{
    bool changed;
    struct stat before, after;
    const char *path = child_scratch("file.h");
    char folder[512];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    ck_assert(writer_store(folder, "file.h", "one\n", 4, &changed) && changed);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert(writer_store(folder, "file.h", "one\n", 4, &changed) && !changed);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert(writer_store(folder, "file.h", "two\n", 4, &changed) && changed);
    ck_assert(writer_holds(path, "two\n", 4));
    ck_assert(!writer_holds(path, "two\n\n", 5) && !writer_holds(path, "two", 3));
    ck_assert(!writer_store(folder, "none/file.h", "one\n", 4, &changed));
}
END_TEST

static void is(struct phrase found, const char *expected)
{
    ck_assert_str_eq(found.text, expected);
}

START_TEST(numbers_read_back)
{
    const struct phrase third = number_double(1.0 / 3), short_third = number_float(1.0f / 3);
    is(number_double(1e-5), "1e-05");
    is(number_double(0.1), "0.1");
    is(number_double(HUGE_VAL), "inf");
    ck_assert_double_eq(strtod(third.text, NULL), 1.0 / 3);
    is(number_float(1e-5f), "1e-05f");
    is(number_float(1.0f), "1.0f");
    ck_assert_float_eq(strtof(short_third.text, NULL), 1.0f / 3);
    is(number_decimal_bytes(999), "999 B");
    is(number_decimal_bytes(4718592), "4.7 MB");
    is(number_decimal_bytes(999990), "1.0 MB");
    is(number_binary_bytes(46080), "45.0 KiB");
    is(number_binary_bytes(1ull << 40), "1.0 TiB");
    const struct number_text none = number_text_grouped(0), many = number_text_grouped(129135360);
    ck_assert_str_eq(none.text, "0");
    ck_assert_str_eq(many.text, "129,135,360");
}
END_TEST

/* Emits every file of a config and returns its bytes; the writer aborts above 100 columns. */
static size_t emit_all(const struct cfg *cfg)
{
    static struct program program;
    size_t bytes = 0;
    program_make(cfg, &program);
    for (uint32_t i = 0; i < emitter_count; i++) {
        char *text;
        size_t size;
        writer_open(&page, emitters[i].file);
        emitters[i].emit(&program, &page);
        writer_close(&page, &text, &size);
        bytes += size;
        free(text);
    }
    program_free(&program);
    return bytes;
}

/* What the rules between keys ask of the numbers at the ends. */
static void reconcile(struct cfg *cfg, bool most)
{
    const bool phi = strcmp(cfg->model_type, "phi") == 0;
    cfg->head_dim = most ? cfg->head_dim : cfg_has(cfg, &cfg_keys[KEY_rope_theta]) ? 2 : 1;
    cfg->partial_rotary_factor = 1;
    strcpy(cfg->hidden_act, phi ? "gelu_new" : "silu");
    if (cfg_has(cfg, &cfg_keys[KEY_num_heads])) {
        cfg->head_dim = most ? 96 : 1;
        cfg->intermediate_size = cfg->num_heads * cfg->head_dim;
    }
    if (most && cfg_experts(cfg) > 0) {
        /* more only cost this test memory */
        cfg->num_local_experts = cfg->n_routed_experts = cfg->num_experts = 64;
        cfg->prefill_chunk = cfg->logit_rows = 512;
        cfg->first_k_dense_replace = 1; /* else no layer has experts */
        cfg->moe_layer_freq = 2;
    }
}

/* All numbers of a family at one end of their range, all flags one way. */
static struct cfg extreme(const char *family, bool most)
{
    struct cfg cfg = plain_cfg;
    struct captured captured;
    char text[CFG_VALUE_MAX + 1];
    captured_open(&captured, "extreme");
    strcpy(cfg.model_type, family);
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        if (!cfg_has(&cfg, key) || strcmp(key->name, "model_type") == 0)
            continue;
        if (key->kind == KEY_ID || key->kind == KEY_IDS)
            snprintf(text, sizeof text, "%s",
                     !most                 ? "none"
                     : key->kind == KEY_ID ? "16777215"
                                           : "16777208 16777209 16777210 16777211 16777212 "
                                             "16777213 16777214 16777215");
        else if (key->kind == KEY_COUNT)
            snprintf(text, sizeof text, "%.0f", most ? key->most : key->least);
        else if (key->kind == KEY_REAL)
            snprintf(text, sizeof text, "%s",
                     key->least < 1e-9 ? "1.2345678901234567e-11"
                     : key->most > 1   ? "1234567.8901234567"
                                       : "0.98765432109876543");
        else if (key->kind == KEY_FLAG)
            snprintf(text, sizeof text,
                     most == (strcmp(key->name, "tie_word_embeddings") != 0) ? "true" : "false");
        else
            snprintf(text, sizeof text, "%.*s", (int)strcspn(key->words, " "), key->words);
        ck_assert(cfg_set(&cfg, key, text, &captured.diagnostics, 1));
    }
    reconcile(&cfg, most);
    ck_assert_msg(cfg_check(&cfg, NULL, &captured.diagnostics), "%s", captured_text(&captured));
    captured_close(&captured);
    if (most)
        memset(cfg.name, 'n', CFG_NAME_MAX);
    return cfg;
}

static const char *const families[] = {"mamba",   "mamba2",   "llama", "phi",
                                       "mixtral", "deepseek", "jamba"};
enum { FAMILIES = sizeof families / sizeof families[0] };

/* Five layers of every kind that the family has, all other numbers at one end. */
static struct cfg mixed(const char *family, bool most)
{
    struct cfg cfg = extreme(family, most);
    cfg.num_hidden_layers = 5;
    cfg.first_k_dense_replace = 1;
    cfg.moe_layer_freq = 2;
    cfg.attn_layer_period = 2;
    cfg.attn_layer_offset = 1;
    cfg.expert_layer_period = 3;
    cfg.expert_layer_offset = 0;
    cfg.num_experts = 2;
    return cfg;
}

START_TEST(every_config_within_the_ranges_is_emitted)
{
    struct cfg most = extreme(families[_i], true), least = extreme(families[_i], false);
    ck_assert_uint_gt(emit_all(&most), 20000);
    ck_assert_uint_gt(emit_all(&least), 10000);
    ck_assert_uint_gt(emit_all(&odd_cfg), 10000);
}
END_TEST

/* A compiler accepts what is emitted and agrees with every assertion of proof.h. */
START_TEST(emitted_tables_compile)
{
    struct cfg cfgs[] = {plain_cfg,
                         odd_cfg,
                         extreme("mamba", false),
                         extreme("mamba", true),
                         extreme("mamba2", false),
                         extreme("mamba2", true),
                         extreme("llama", false),
                         extreme("llama", true),
                         extreme("phi", false),
                         extreme("phi", true),
                         extreme("mixtral", false),
                         extreme("deepseek", false),
                         mixed("deepseek", false),
                         mixed("deepseek", true),
                         extreme("jamba", false),
                         mixed("jamba", false),
                         mixed("jamba", true)};
    static struct program program;
    char source[544], folder[512], include[544];
    snprintf(source, sizeof source, "%s", child_scratch("tables.c"));
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(source, '/') - source), source);
    snprintf(include, sizeof include, "-I%s", folder);
    program_make(&cfgs[_i], &program);
    for (uint32_t i = 0; i < emitter_count; i++) {
        char *text;
        size_t size;
        bool changed;
        writer_open(&page, emitters[i].file);
        emitters[i].emit(&program, &page);
        writer_close(&page, &text, &size);
        ck_assert(writer_store(folder, emitters[i].file, text, size, &changed));
        free(text);
    }
    static const char *const files[] = {"tables.c", "step.c"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(source, sizeof source, "%s/%s", folder, files[i]);
        const struct child *cc =
            CHILD("/usr/bin/env", "cc", "-std=gnu11", "-Wall", "-Wextra", "-Wconversion",
                  "-Wshadow", "-Werror", "-I.", include, "-fsyntax-only", source);
        ck_assert_msg(cc->code == 0, "%s of %s:\n%s", files[i], cfgs[_i].name, cc->err);
    }
    program_free(&program);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("emit");
    TCase *tests = tcase_create("emit");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, columns_are_aligned);
    tcase_add_test(tests, a_comment_that_does_not_fit_moves_up);
    tcase_add_test(tests, columns_are_given_up_when_too_wide);
    tcase_add_test(tests, comments_are_wrapped);
    tcase_add_test_raise_signal(tests, a_line_too_long_is_a_bug, SIGABRT);
    tcase_add_test(tests, the_same_text_is_not_written_again);
    tcase_add_test(tests, numbers_read_back);
    tcase_add_loop_test(tests, every_config_within_the_ranges_is_emitted, 0, FAMILIES);
    tcase_add_loop_test(tests, emitted_tables_compile, 0, 17);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
