/* The import of a config.json beyond the golden cases: the real sizes, and texts cut anywhere. */
#include "gen/import.h"
#include "gen/layout.h"
#include "tests/heard.h"
#include "tests/run.h"

static bool import_text(const char *text, size_t size, struct cfg *cfg)
{
    struct heard heard;
    heard_open(&heard, "config.json");
    memset(cfg, 0, sizeof *cfg);
    ck_assert(import_choose(&import_defaults, &heard.report, cfg));
    bool imported = import_parse(text, size, &heard.report, cfg);
    ck_assert_int_eq(imported, heard.report.errors == 0);
    heard_close(&heard);
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
    struct heard heard, printed;
    ck_assert(import_text(text, strlen(text), &cfg));
    ck_assert_uint_eq(cfg.intermediate_size, 79);
    ck_assert_uint_eq(cfg.time_step_rank, 4);
    ck_assert_uint_eq(cfg.vocab_size, 104);
    heard_open(&heard, "x.ini");
    heard_open(&printed, "");
    import_print(&cfg, printed.report.to);
    heard_text(&printed);
    ck_assert(cfg_parse(printed.text, printed.size, "", &heard.report, &again));
    ck_assert_mem_eq(&cfg, &again, sizeof cfg);
    heard_close(&heard);
    heard_close(&printed);
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
    tcase_add_test(tests, cut_texts_never_pass);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
