/* The config reader beyond the golden cases: limits, memory safety, values, names, digest. */
#include <math.h>

#include "gen/front/cfg.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"

static const char good[] =
    "[model]\n"
    "model_type = mamba\nvocab_size = 512\nhidden_size = 64\n"
    "intermediate_size = 128\nstate_size = 16\nnum_hidden_layers = 3\n"
    "conv_kernel = 4\ntime_step_rank = 4\nuse_bias = true\n"
    "use_conv_bias = false\nhidden_act = silu\nlayer_norm_epsilon = 1e-5\n"
    "residual_in_fp32 = true\ntie_word_embeddings = false\n"
    "bos_token_id = 1\neos_token_id = 2\npad_token_id = 3\n"
    "[build]\nembedding_type = f16\nhead_type = f16\nprojection_type = bf16\n"
    "prefill_chunk = 32\nlogit_rows = 8\n"
    "weights_memory = auto\nstate_memory = auto\nscratch_memory = auto\n"
    "io_memory = auto\n";

/* `good` with the first `from` replaced by `to`. */
static char *changed(const char *from, const char *to)
{
    static char text[4096];
    const char *at = strstr(good, from);
    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return text;
}

static bool parse(const char *text, struct cfg *cfg)
{
    struct captured captured;
    captured_open(&captured, "x.ini");
    bool parsed = cfg_parse(text, strlen(text), "x", &captured.diagnostics, cfg);
    ck_assert_int_eq(parsed, captured.diagnostics.errors == 0);
    captured_close(&captured);
    return parsed;
}

START_TEST(values_arrive)
{
    struct cfg cfg;
    ck_assert(parse(good, &cfg));
    ck_assert_str_eq(cfg.name, "x");
    ck_assert_str_eq(cfg.model_type, "mamba");
    ck_assert_uint_eq(cfg.vocab_size, 512);
    ck_assert_uint_eq(cfg.hidden_size, 64);
    ck_assert_uint_eq(cfg.intermediate_size, 128);
    ck_assert_uint_eq(cfg.state_size, 16);
    ck_assert_uint_eq(cfg.num_hidden_layers, 3);
    ck_assert_uint_eq(cfg.conv_kernel, 4);
    ck_assert_uint_eq(cfg.time_step_rank, 4);
    ck_assert(cfg.use_bias && !cfg.use_conv_bias);
    ck_assert_str_eq(cfg.hidden_act, "silu");
    ck_assert_double_eq(cfg.layer_norm_epsilon, 1e-5);
    ck_assert(cfg.residual_in_fp32 && !cfg.tie_word_embeddings);
    ck_assert_uint_eq(cfg.bos_token_id, 1);
    ck_assert_uint_eq(cfg.eos_token_id.count, 1);
    ck_assert_uint_eq(cfg.eos_token_id.id[0], 2);
    ck_assert_uint_eq(cfg.pad_token_id, 3);
    ck_assert_int_eq(cfg.embedding_type, FORMAT_F16);
    ck_assert_int_eq(cfg.head_type, FORMAT_F16);
    ck_assert_int_eq(cfg.projection_type, FORMAT_BF16);
    ck_assert_uint_eq(cfg.prefill_chunk, 32);
    ck_assert_uint_eq(cfg.logit_rows, 8);
}
END_TEST

/* Every key of the table: its least and most value pass, one step beyond does not. */
START_TEST(ranges_end_where_they_say)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct key *key = &cfg_keys[i];
        if (key->kind != KEY_COUNT)
            continue;
        struct captured captured;
        struct cfg cfg = {.name = "x"};
        char text[32];
        captured_open(&captured, "x.ini");
        snprintf(text, sizeof text, "%.0f", key->least);
        ck_assert(cfg_set(&cfg, key, text, &captured.diagnostics, 1));
        snprintf(text, sizeof text, "%.0f", key->most);
        ck_assert(cfg_set(&cfg, key, text, &captured.diagnostics, 1));
        snprintf(text, sizeof text, "%.0f", key->most + 1);
        ck_assert(!cfg_set(&cfg, key, text, &captured.diagnostics, 1));
        snprintf(text, sizeof text, "%.0f", key->least - 1);
        ck_assert(!cfg_set(&cfg, key, text, &captured.diagnostics, 1));
        ck_assert_uint_eq(captured.diagnostics.errors, 2);
        captured_close(&captured);
    }
}
END_TEST

/* Printing all values and reading them back gives the same config. */
START_TEST(values_survive_a_round_trip)
{
    struct cfg cfg, again;
    char text[4096];
    size_t used = 0;
    const char *section = "";
    ck_assert(parse(changed("1e-5", "0.00001234567890123"), &cfg));
    for (uint32_t i = 0; i < KEYS; i++) {
        if (!cfg_has(&cfg, &cfg_keys[i]))
            continue;
        const struct phrase value = cfg_value(&cfg, &cfg_keys[i]);
        if (strcmp(section, cfg_keys[i].section) != 0)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "[%s]\n", cfg_keys[i].section);
        section = cfg_keys[i].section;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s=%s\n", cfg_keys[i].name,
                                 value.text);
    }
    ck_assert(parse(text, &again));
    ck_assert_mem_eq(&cfg, &again, sizeof cfg);
}
END_TEST

START_TEST(digest_is_of_what_a_weight_file_holds)
{
    struct cfg cfg;
    uint64_t plain[2], other[2];
    ck_assert(parse(good, &cfg));
    cfg_digest(&cfg, plain);
    ck_assert(parse(changed("prefill_chunk = 32", "prefill_chunk = 64 # other text"), &cfg));
    cfg_digest(&cfg, other);
    ck_assert_mem_eq(plain, other, sizeof plain);
    ck_assert(parse(changed("1e-5", "0.00001"), &cfg));
    cfg_digest(&cfg, other);
    ck_assert_mem_eq(plain, other, sizeof plain);
    ck_assert(parse(changed("projection_type = bf16", "projection_type = f16"), &cfg));
    cfg_digest(&cfg, other);
    ck_assert_mem_ne(plain, other, sizeof plain);
    ck_assert(parse(changed("state_size = 16", "state_size = 17"), &cfg));
    cfg_digest(&cfg, other);
    ck_assert_mem_ne(plain, other, sizeof plain);
}
END_TEST

START_TEST(text_too_large_is_refused)
{
    struct captured captured;
    struct cfg cfg;
    size_t size = CFG_TEXT_MAX + 1;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, '\n', size);
    memcpy(text, good, sizeof good - 1);
    captured_open(&captured, "x.ini");
    ck_assert(!cfg_parse(text, size, "x", &captured.diagnostics, &cfg));
    ck_assert_str_eq(captured_text(&captured), "x.ini: more than 65536 bytes: this is no config\n");
    ck_assert(cfg_parse(text, size - 1, "x", &captured.diagnostics, &cfg));
    captured_close(&captured);
    free(text);
}
END_TEST

/* Every prefix of a good config is refused or, from its last key on, accepted. */
START_TEST(cut_texts_never_pass)
{
    struct cfg cfg;
    char text[sizeof good];
    size_t last_value =
        (size_t)(strstr(good, "io_memory = ") + strlen("io_memory = auto") - 1 - good);
    for (size_t size = 0; size < sizeof good - 1; size++) {
        memcpy(text, good, size);
        text[size] = '\0';
        ck_assert_msg(parse(text, &cfg) == (size > last_value), "a prefix of %zu bytes", size);
    }
}
END_TEST

START_TEST(names_come_from_paths)
{
    char name[CFG_NAME_MAX + 1];
    ck_assert(cfg_name("config/mamba-2.8b.ini", name));
    ck_assert_str_eq(name, "mamba-2.8b");
    ck_assert(cfg_name("plain", name));
    ck_assert_str_eq(name, "plain");
    ck_assert(!cfg_name("config/", name));
    ck_assert(!cfg_name("config/.ini", name));
    ck_assert(!cfg_name("config/a b.ini", name));
    ck_assert(!cfg_name("config/../.hidden.ini", name));
    ck_assert(!cfg_name("quote\".ini", name));
    ck_assert(!cfg_name("a-name-of-more-than-sixty-three-letters-is-too-long-for-a-weight-file.ini",
                        name));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cfg");
    TCase *tests = tcase_create("cfg");
    tcase_add_test(tests, values_arrive);
    tcase_add_test(tests, ranges_end_where_they_say);
    tcase_add_test(tests, values_survive_a_round_trip);
    tcase_add_test(tests, digest_is_of_what_a_weight_file_holds);
    tcase_add_test(tests, text_too_large_is_refused);
    tcase_add_test(tests, cut_texts_never_pass);
    tcase_add_test(tests, names_come_from_paths);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
