/* The import of a config.json beyond the golden cases: the real sizes, and texts cut anywhere. */
#include "gen/front/import.h"
#include "gen/memory/layout.h"
#include "tests/fixtures/run.h"
#include "tests/unit/captured.h"

static struct import_left left; /* of the last import */

static bool import_text(const char *text, size_t size, struct cfg *cfg)
{
    struct captured captured;
    captured_open(&captured, "config.json");
    memset(cfg, 0, sizeof *cfg);
    ck_assert(
        import_choose(&(struct import_choices){.all_types = NULL}, &captured.diagnostics, cfg));
    bool imported = import_parse(text, size, &captured.diagnostics, cfg, &left);
    ck_assert_int_eq(imported, captured.diagnostics.errors == 0);
    captured_close(&captured);
    return imported;
}

/* An original checkpoint's config of each published size gives the published parameter count. */
START_TEST(original_sizes_have_their_parameters)
{
    static const struct {
        int width, layers;
        uint64_t parameters;
    } sizes[] = {{768, 24, 129135360},
                 {1024, 48, 371516416},
                 {1536, 48, 793204224},
                 {2048, 48, 1372178432},
                 {2560, 64, 2768345600}};
    char text[512];
    struct cfg cfg;
    struct layout layout;
    int size = snprintf(text, sizeof text,
                        "{\"d_model\": %d, \"n_layer\": %d, \"vocab_size\": 50277, \"ssm_cfg\": {},"
                        "\"rms_norm\": true, \"residual_in_fp32\": true, \"fused_add_norm\": true,"
                        "\"pad_vocab_size_multiple\": 8}",
                        sizes[_i].width, sizes[_i].layers);
    ck_assert(import_text(text, (size_t)size, &cfg));
    ck_assert_uint_eq(cfg.vocab_size, 50280);
    ck_assert_uint_eq(cfg.time_step_rank, (uint32_t)sizes[_i].width / 16);
    layout_make(&cfg, &layout);
    ck_assert_uint_eq(layout.parameters, sizes[_i].parameters);
    layout_free(&layout);
}
END_TEST

/* What import writes is a config that reads back the same. */
START_TEST(printed_config_reads_back)
{
    static const char text[] = "{\"d_model\": 53, \"n_layer\": 2, \"vocab_size\": 100,"
                               " \"ssm_cfg\": {\"expand\": 1.5, \"bias\": true}}";
    struct cfg cfg, again;
    struct captured captured, printed;
    ck_assert(import_text(text, strlen(text), &cfg));
    ck_assert_uint_eq(cfg.intermediate_size, 79);
    ck_assert_uint_eq(cfg.time_step_rank, 4);
    ck_assert_uint_eq(cfg.vocab_size, 104);
    captured_open(&captured, "x.ini");
    captured_open(&printed, "");
    import_print(&cfg, &left, printed.diagnostics.to);
    captured_text(&printed);
    ck_assert(cfg_parse(printed.text, printed.size, "", &captured.diagnostics, &again));
    ck_assert_mem_eq(&cfg, &again, sizeof cfg);
    captured_close(&captured);
    captured_close(&printed);
}
END_TEST

/* A config.json that says nothing is the default configuration of transformers' class, which
 * transformers itself has written in full. */
START_TEST(defaults_are_those_of_transformers)
{
    static const char *const families[] = {"mamba",   "mamba2", "llama",  "phi",
                                           "mixtral", "jamba",  "mistral"};
    char path[64], text[8192];
    struct cfg said, by_default;
    snprintf(path, sizeof path, "tests/data/defaults/%s.json", families[_i]);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    ck_assert(import_text(text, size, &said));
    const bool mistral = strcmp(families[_i], "mistral") == 0;
    ck_assert_str_eq(said.model_type, mistral ? "llama" : families[_i]);
    ck_assert(!left.by_default[KEY_vocab_size]);
    snprintf(text, sizeof text, "{\"model_type\": \"%s\"}", families[_i]);
    ck_assert(import_text(text, strlen(text), &by_default));
    for (uint32_t i = 0; i < KEYS; i++) {
        const struct phrase expected = cfg_value(&said, &cfg_keys[i]);
        const struct phrase found = cfg_value(&by_default, &cfg_keys[i]);
        const bool ours = strcmp(cfg_keys[i].section, "model") != 0 || i == 0;
        ck_assert_msg(strcmp(found.text, expected.text) == 0, "%s is %s, but %s in transformers",
                      cfg_keys[i].name, found.text, expected.text);
        ck_assert_msg(left.by_default[i] == (!ours && cfg_has(&said, &cfg_keys[i])), "%s",
                      cfg_keys[i].name);
    }
}
END_TEST

/* What a window is, and what is none. */
START_TEST(a_window_counts_where_it_is_used)
{
#define WINDOW "\"sliding_window\": 64, \"num_hidden_layers\": 2"
    static const struct {
        const char *family, *keys;
        int window; /* -1: refused */
    } cases[] = {
        {"llama", WINDOW, 64},
        {"mixtral", WINDOW ", \"use_sliding_window\": true", 64},
        {"mixtral", WINDOW ", \"use_sliding_window\": false", 0},
        {"llama", WINDOW ", \"use_sliding_window\": false, \"max_window_layers\": 1", 0},
        {"llama", WINDOW ", \"use_sliding_window\": null", 64},
        {"llama", WINDOW ", \"use_sliding_window\": 0", -1},
        {"llama", WINDOW ", \"use_sliding_window\": true, \"max_window_layers\": 2", 0},
        {"llama", WINDOW ", \"use_sliding_window\": true, \"max_window_layers\": 1", -1},
        {"llama", WINDOW ", \"use_sliding_window\": true, \"max_window_layers\": 0", 64},
        {"llama", WINDOW ", \"layer_types\": [\"sliding_attention\", \"sliding_attention\"]", 64},
        {"llama", WINDOW ", \"layer_types\": [\"full_attention\", \"sliding_attention\"]", -1},
        {"llama", WINDOW ", \"layer_types\": [\"full_attention\", \"full_attention\"]", 0},
        {"llama", "\"sliding_window\": null, \"use_sliding_window\": true", 0},
        {"mistral", WINDOW, 64},
        {"mistral", "\"sliding_window\": null", 0},
        {"mistral", "\"num_hidden_layers\": 2", 4096},
        {"phi", WINDOW, -1},
        {"phi", WINDOW ", \"use_sliding_window\": false", 0},
        {"jamba", WINDOW, -1},
        {"jamba", WINDOW ", \"use_sliding_window\": false", 0},
        {"deepseek", WINDOW ", \"n_routed_experts\": 8, \"num_experts_per_tok\": 2", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        struct cfg cfg;
        snprintf(text, sizeof text, "{\"model_type\": \"%s\", %s}", cases[i].family, cases[i].keys);
        const bool taken = import_text(text, strlen(text), &cfg);
        ck_assert_msg(taken == (cases[i].window >= 0), "%s", text);
        if (taken)
            ck_assert_msg(cfg.sliding_window == (uint32_t)cases[i].window, "%s", text);
    }
}
END_TEST

/* The type that the checkpoint is stored in, unless another is chosen; what rounds is said. */
START_TEST(weights_keep_their_type)
{
    static const char rounds[] = "will be rounded to bf16", silent[] = "does not say";
    static const struct {
        const char *keys, *projections, *head; /* of the user */
        enum format types[2];                  /* of these */
        const char *note;
    } cases[] = {
        {"\"torch_dtype\": \"float16\"", NULL, NULL, {FORMAT_F16, FORMAT_F16}, NULL},
        {"\"dtype\": \"bfloat16\"", NULL, NULL, {FORMAT_BF16, FORMAT_BF16}, NULL},
        {"\"torch_dtype\": \"torch.float16\"", NULL, NULL, {FORMAT_F16, FORMAT_F16}, NULL},
        {"\"dtype\": \"float16\", \"torch_dtype\": \"float32\"",
         NULL,
         NULL,
         {FORMAT_F16, FORMAT_F16},
         NULL},
        {"\"dtype\": \"float32\"", NULL, NULL, {FORMAT_BF16, FORMAT_BF16}, rounds},
        {"\"dtype\": \"float32\"", "f32", "f32", {FORMAT_F32, FORMAT_F32}, NULL},
        {"\"dtype\": \"float32\"", "f32", NULL, {FORMAT_F32, FORMAT_BF16}, rounds},
        {"\"dtype\": \"float16\"", NULL, "f32", {FORMAT_F16, FORMAT_F32}, NULL},
        {"\"dtype\": null", NULL, NULL, {FORMAT_BF16, FORMAT_BF16}, silent},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct import_choices choices = {.all_types = NULL};
        char text[256];
        struct cfg cfg = {.name = ""};
        struct captured captured;
        choices.of[KEY_projection_type] = cases[i].projections;
        choices.of[KEY_head_type] = cases[i].head;
        captured_open(&captured, "config.json");
        snprintf(text, sizeof text, "{\"model_type\": \"mamba\", %s}", cases[i].keys);
        ck_assert(import_choose(&choices, &captured.diagnostics, &cfg));
        ck_assert(import_parse(text, strlen(text), &captured.diagnostics, &cfg, &left));
        ck_assert(import_types(&choices, &left, &captured.diagnostics, &cfg));
        ck_assert_msg(
            cfg.projection_type == cases[i].types[0] && cfg.head_type == cases[i].types[1],
            "%s: %s, %s", text, format_name(cfg.projection_type), format_name(cfg.head_type));
        ck_assert_int_eq(cfg.embedding_type, cfg.head_type); /* by default they are tied */
        if (cases[i].note == NULL)
            ck_assert_str_eq(captured_text(&captured), "");
        else
            ck_assert_msg(strstr(captured_text(&captured), cases[i].note) != NULL, "%s",
                          captured.text);
        captured_close(&captured);
    }
}
END_TEST

/* One choice for projections, experts and router, also where a family has no experts; what is said
 * of one of them alone counts more. */
START_TEST(linear_type_is_that_of_all_products)
{
    static const char *const texts[] = {"{\"model_type\": \"mixtral\"}",
                                        "{\"model_type\": \"llama\"}"};
    for (size_t i = 0; i < 2; i++) {
        struct import_choices choices = {.linear_type = "f32"};
        struct cfg cfg = {.name = ""};
        struct captured captured;
        choices.of[KEY_expert_type] = i == 0 ? "f16" : NULL;
        captured_open(&captured, "config.json");
        ck_assert(import_choose(&choices, &captured.diagnostics, &cfg));
        ck_assert(import_parse(texts[i], strlen(texts[i]), &captured.diagnostics, &cfg, &left));
        ck_assert_msg(import_types(&choices, &left, &captured.diagnostics, &cfg), "%s",
                      captured_text(&captured));
        ck_assert_int_eq(cfg.projection_type, FORMAT_F32);
        ck_assert_int_eq(cfg.embedding_type, FORMAT_BF16);
        ck_assert(i == 1 || (cfg.router_type == FORMAT_F32 && cfg.expert_type == FORMAT_F16));
        captured_close(&captured);
    }
}
END_TEST

START_TEST(cut_texts_never_pass)
{
    static const char text[] = "{\"d_model\": 64, \"n_layer\": 2, \"vocab_size\": 512,"
                               " \"note\": \"NaN \\\" Infinity\", \"limit\": [-Infinity, NaN]}";
    struct cfg cfg;
    ck_assert(import_text(text, strlen(text), &cfg));
    for (size_t size = 0; size < strlen(text); size++) {
        char *copy = malloc(size + 1); /* of the exact size, for the address sanitizer */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, size);
        ck_assert_msg(!import_text(copy, size, &cfg), "a prefix of %zu bytes", size);
        free(copy);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tests = tcase_create("import");
    tcase_add_loop_test(tests, original_sizes_have_their_parameters, 0, 5);
    tcase_add_test(tests, printed_config_reads_back);
    tcase_add_loop_test(tests, defaults_are_those_of_transformers, 0, 7);
    tcase_add_test(tests, a_window_counts_where_it_is_used);
    tcase_add_test(tests, weights_keep_their_type);
    tcase_add_test(tests, linear_type_is_that_of_all_products);
    tcase_add_test(tests, cut_texts_never_pass);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
