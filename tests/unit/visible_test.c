/* What a message shows of a text that is not all visible. */
#include "runtime/base/visible.h"

#include <check.h>
#include <string.h>

#include "gen/front/diagnostics.h"
#include "tests/fixtures/run.h"

static const struct {
    const char *text, *shown;
} cases[] = {
    {"", ""},
    {"a b~", "a b~"},
    {"\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80", "\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80"},
    {"\xEF\xBB\xBF{", "U+FEFF{"},                               /* byte order mark */
    {"a\nb\t\x7F", "aU+000AbU+0009U+007F"},                     /* control characters */
    {"\xC2\xA0\xE3\x80\x80\xE2\x80\x8B", "U+00A0U+3000U+200B"}, /* spaces, none of width */
    {"\xC2\xAD\xE2\x80\xAE\xE2\x80\xA8", "U+00ADU+202EU+2028"}, /* hyphen, override, line */
    {"x\xEF\xB8\x8F\xE3\x85\xA4\xE2\xA0\x80", "xU+FE0FU+3164U+2800"},
    {"\xF3\xA0\x84\x80\xEE\x80\x80\xEF\xB7\x90", "U+E0100U+E000U+FDD0"},
    {"e\xCC\x81\xE2\x96\x81\xC4\xA0", "e\xCC\x81\xE2\x96\x81\xC4\xA0"},
    {"\xFF"
     "a\xC3(\xE2\x82\xF0\x9F\x98",
     "\\xFFa\\xC3(\\xE2\\x82\\xF0\\x9F\\x98"},
    {"\xED\xA0\x80\xC0\xAF", "\\xED\\xA0\\x80\\xC0\\xAF"}, /* half a pair, an overlong '/' */
};

START_TEST(what_is_not_seen_is_spelled_out)
{
    char out[64];
    const size_t bytes = strlen(cases[_i].text);
    ck_assert_uint_eq(visible_copy(out, sizeof out, cases[_i].text, bytes), bytes);
    ck_assert_str_eq(out, cases[_i].shown);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_from_a_whole_character_on)
{
    static const struct {
        size_t room, bytes;
        const char *shown;
    } cuts[] = {{1, 0, ""},          {2, 1, "a"},         {3, 1, "a"},
                {4, 3, "a\xC3\xA9"}, {9, 3, "a\xC3\xA9"}, {10, 6, "a\xC3\xA9U+FEFF"}};
    char out[16];
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        memset(out, 'x', sizeof out);
        ck_assert_uint_eq(visible_copy(out, cuts[i].room, "a\xC3\xA9\xEF\xBB\xBF", 6),
                          cuts[i].bytes);
        ck_assert_str_eq(out, cuts[i].shown);
        ck_assert_int_eq(out[cuts[i].room], 'x');
    }
}
END_TEST

START_TEST(reports_show_what_they_quote)
{
    char text[128] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    struct diagnostics diagnostics = {.to = to, .file = "config.json"};
    diagnostics_error(&diagnostics, 3, "found '%s'", "\xEF\xBB\xBFllama\n");
    fclose(to);
    ck_assert_str_eq(text, "config.json:3: found 'U+FEFFllamaU+000A'\n");
    ck_assert_uint_eq(diagnostics.errors, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("visible");
    TCase *tests = tcase_create("visible");
    tcase_add_loop_test(tests, what_is_not_seen_is_spelled_out, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, what_does_not_fit_is_left_out_from_a_whole_character_on);
    tcase_add_test(tests, reports_show_what_they_quote);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
