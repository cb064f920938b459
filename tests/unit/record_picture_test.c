/* Records become pictures: of each verb, of several records, of one that was cut short; and what
 * cannot become one is refused by name. The numbers of the records are found again in the SVG. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"
#include "tools/measure/record_picture.h"
#include "tools/measure/record_read.h"

#define PLOT       TEST_TOOLS "/plot"
#define DATA(name) ("tests/data/report/" name)

static char *draw(const char *text, char error[PICTURE_ERROR])
{
    static char wrong[RECORD_READ_ERROR];
    struct record_read record;
    size_t bytes;
    char *svg;
    ck_assert_msg(record_read_text(&record, "a.json", text, strlen(text), wrong), "%s", wrong);
    const struct pictured_record pictured = {"a.json", record.root};
    if (!record_picture(&pictured, 1, "p", &svg, &bytes, error))
        svg = NULL;
    record_read_free(&record);
    return svg;
}

static const struct {
    const char *files[3];
    const char *titles[6]; /* of the panels, in order */
} pictures[] = {
    {{DATA("crane.sweep.json"), DATA("heron.sweep.json"), DATA("stork.sweep.json")},
     {"decode, tokens/s", "prefill, tokens/s", "time to the first token of a short prompt",
      "state, keys and values in use"}},
    {{DATA("crane.latency.json")}, {"seconds of each token, in order", "tokens by seconds"}},
    {{DATA("crane.latency.json"), DATA("heron.latency.json")},
     {"crane: seconds of each token, in order", "crane: tokens by seconds",
      "heron: seconds of each token, in order", "heron: tokens by seconds"}},
    {{DATA("crane.perplexity.json"), DATA("heron.perplexity.json")}, {"bits/byte by position"}},
    {{DATA("crane.bench.1.json"), DATA("heron.bench.1.json")},
     {"prefill, tokens/s", "decode, tokens/s"}},
};

static char *read_text(const char *path)
{
    size_t room = 1 << 22;
    char *text = malloc(room);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
    return text;
}

START_TEST(each_verb_has_its_picture)
{
    char *drawn[2];
    const char *path = child_scratch("picture.svg"), *const *files = pictures[_i].files;
    for (int i = 0; i < 2; i++) {
        const char *arguments[] = {"-o", path, files[0], files[1], files[1] ? files[2] : NULL,
                                   NULL};
        const struct child *child = child_run(PLOT, arguments, "", 0);
        ck_assert_msg(child->code == 0, "%s", child->err);
        ck_assert_str_eq(child->err, "");
        drawn[i] = read_text(path);
    }
    ck_assert(strcmp(drawn[0], drawn[1]) == 0);
    const char *at = drawn[0];
    for (int i = 0; pictures[_i].titles[i]; i++) {
        char title[128];
        snprintf(title, sizeof title, "<text>%s", pictures[_i].titles[i]);
        at = strstr(at, title);
        ck_assert_msg(at != NULL, "no panel %s", title);
    }
    if (system("command -v xmllint >/dev/null") == 0) {
        ck_assert_int_eq(CHILD("/usr/bin/env", "xmllint", "--noout", path)->code, 0);
    }
    free(drawn[0]);
    free(drawn[1]);
}
END_TEST

#define HEAD "\"schema\": 2, \"verb\": \"sweep\", \"model\": {\"name\": \"tiny\"}, \"run\": {}"
#define AT(from, to, pp, tg)                                                                       \
    "{\"part\": \"figure\", \"name\": \"pp @ d" from "\", \"kind\": \"prefill\", \"unit\": "       \
    "\"tokens/s\", \"better\": \"higher\", \"samples\": [" pp "], \"median\": " pp                 \
    ", \"position\": " to ", \"state_bytes\": 64, \"cache_bytes\": " to                            \
    ", \"bits_per_byte\": null}\n{\"part\": \"figure\", \"name\": \"tg @ d" to                     \
    "\", \"kind\": \"decode\", \"unit\": \"tokens/s\", \"better\": \"higher\", \"samples\": "      \
    "[" tg "], \"median\": " tg "}\n"
#define ROW(to, pp, tg)                                                                            \
    "{\"position\": " to ", \"prefill_tokens_per_second\": " pp                                    \
    ", \"decode_tokens_per_second\": " tg                                                          \
    ", \"first_token_seconds\": null, \"state_bytes\": 64, \"cache_bytes\": " to                   \
    ", \"bits_per_byte\": null}"

START_TEST(a_sweep_that_was_cut_off_is_drawn_from_its_figures)
{
    static const char cut[] = "{\"part\": \"head\", " HEAD "}\n" AT("0", "100", "9000", "500")
        AT("100", "1000", "8000", "250");
    static const char whole[] = "{" HEAD ", \"complete\": true, \"figures\": [], \"sweep\": [" ROW(
        "100", "9000", "500") ", " ROW("1000", "8000", "250") "]}";
    char error[PICTURE_ERROR];
    char *from_figures = draw(cut, error), *from_rows = draw(whole, error);
    ck_assert_ptr_nonnull(from_figures);
    ck_assert_ptr_nonnull(from_rows);
    ck_assert(strcmp(from_figures, from_rows) == 0);
    ck_assert_ptr_nonnull(strstr(from_rows, "state, keys and values in use"));
    ck_assert_ptr_null(strstr(from_rows, "first token"));
    free(from_figures);
    free(from_rows);
}
END_TEST

/* A line without points is left out, and gnuplot says nothing about it. */
START_TEST(records_may_lack_what_others_have)
{
    static const char bare[] = "{" HEAD ", \"complete\": true, \"figures\": [], \"sweep\": ["
                               "{\"position\": 100, \"decode_tokens_per_second\": 50}]}";
    const char *file = child_scratch("bare.json"), *path = child_scratch("picture.svg");
    FILE *to = fopen(file, "w");
    ck_assert_ptr_nonnull(to);
    fputs(bare, to);
    fclose(to);
    const struct child *child = CHILD(PLOT, "-o", path, file, DATA("crane.sweep.json"));
    ck_assert_int_eq(child->code, 0);
    ck_assert_str_eq(child->err, "");
}
END_TEST

/* The y of each point of the first line that is drawn in the colour of series 0. */
static unsigned points_of(const char *svg, double *y, unsigned most)
{
    unsigned count = 0;
    const char *at = strstr(svg, "stroke='rgb( 59, 125, 216)'");
    at = at ? strstr(at, " d='M") : NULL;
    for (at = at ? at + 5 : NULL; at && *at != '\'' && count < most; count++) {
        double x;
        int used = 0;
        if (sscanf(at, "%lf,%lf%n", &x, &y[count], &used) != 2)
            break;
        at += used;
        at += strspn(at, " L\t\n");
    }
    return count;
}

/* On a logarithmic axis equal ratios are equal distances: 1000 : 500 = 500 : 250. */
START_TEST(a_point_is_where_its_number_says)
{
    static const char text[] = "{" HEAD ", \"complete\": true, \"figures\": [], \"sweep\": [" ROW(
        "100", "9000", "1000") ", " ROW("1000", "8000", "500") ", " ROW("10000", "8000",
                                                                        "250") "]}";
    char error[PICTURE_ERROR];
    double y[4];
    char *svg = draw(text, error);
    ck_assert_ptr_nonnull(svg);
    ck_assert_uint_eq(points_of(svg, y, 4), 3);
    ck_assert_double_gt(y[1], y[0] + 10); /* down the page */
    ck_assert_double_eq_tol(y[1] - y[0], y[2] - y[1], 0.05);
    free(svg);
}
END_TEST

START_TEST(what_makes_no_picture_is_refused)
{
    static const struct {
        const char *files[2];
        int code;
        const char *message;
    } cases[] = {
        {{DATA("crane.sweep.json"), DATA("crane.latency.json")},
         4,
         "crane.latency.json is of the verb 'latency', but tests/data/report/crane.sweep.json of "
         "'sweep': records of one verb fit into one picture"},
        {{"/nowhere.json"}, 4, "/nowhere.json"},
        {{"README.md"}, 4, "README.md"},
    };
    const char *path = child_scratch("none.svg");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct child *child = CHILD(PLOT, "-o", path, cases[i].files[0], cases[i].files[1]);
        ck_assert_int_eq(child->code, cases[i].code);
        ck_assert_msg(strstr(child->err, cases[i].message) != NULL, "%s", child->err);
        ck_assert_int_ne(access(path, F_OK), 0);
    }
    ck_assert_int_eq(CHILD(PLOT, "-o", path)->code, 2);
    ck_assert_int_eq(CHILD(PLOT, DATA("crane.sweep.json"))->code, 2);
    const struct child *child = CHILD(PLOT, DATA("crane.sweep.json"), "-o", "/nowhere/x.svg");
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, "/nowhere/x.svg"));
    char error[PICTURE_ERROR];
    ck_assert_ptr_null(draw("{\"schema\": 2, \"verb\": \"sweep\", \"model\": {\"name\": \"t\"}, "
                            "\"figures\": [], \"complete\": false}",
                            error));
    ck_assert_str_eq(error, "a.json has no rows of a sweep");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record_picture");
    TCase *tests = tcase_create("record_picture");
    if (system("command -v gnuplot >/dev/null") != 0) {
        puts("skip: pictures of records (there is no gnuplot)");
        return EXIT_SUCCESS;
    }
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_verb_has_its_picture, 0, sizeof pictures / sizeof *pictures);
    tcase_add_test(tests, a_sweep_that_was_cut_off_is_drawn_from_its_figures);
    tcase_add_test(tests, records_may_lack_what_others_have);
    tcase_add_test(tests, a_point_is_where_its_number_says);
    tcase_add_test(tests, what_makes_no_picture_is_refused);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
