/* Pictures: well-formed, the same bytes every time, readable on light and on dark, whatever the
 * names and the numbers. */
#include "tools/measure/picture.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/fixtures/run.h"
#include "tools/measure/picture_axis.h"

static const double depths[] = {1000, 10000, 100000, 1000000};
static const double speeds[] = {900, 450, 100, NAN};
static const double lows[] = {890, 400, 90, 10};
static const double highs[] = {910, 500, 110, 20};
#define NASTY "a<b> & 'c' \"d\" _{e} \\n %s $x é\x01\n]]>"

static const struct picture_series series[] = {
    {.name = NASTY, .style = PICTURE_LINE, .count = 4, .x = depths, .y = speeds},
    {.style = PICTURE_BAND, .count = 4, .x = depths, .low = lows, .high = highs},
    {.name = "bars",
     .style = PICTURE_BARS,
     .colour = 9,
     .count = 3,
     .x = depths,
     .y = speeds,
     .low = lows,
     .high = highs,
     .width = 10},
};
static const struct picture_tick ticks[] = {{1000, NASTY}, {10000, "tg128 @ d4096"}};
static const struct picture_panel panels[] = {
    {.title = NASTY, .x_label = NASTY, .x_log = true, .y_log = true, .series = series, .count = 2},
    {.title = "of <names>",
     .sideways = true,
     .ticks = ticks,
     .tick_count = 2,
     .series = series + 2,
     .count = 1},
    {.title = "empty", .y_unit = "B"},
};
static const struct picture picture = {"nasty", NASTY, panels, 3};

static char *draw(size_t *bytes)
{
    char *svg, error[PICTURE_ERROR];
    ck_assert_msg(picture_svg(&picture, &svg, bytes, error), "%s", error);
    ck_assert_uint_eq(strlen(svg), *bytes);
    return svg;
}

START_TEST(the_same_picture_has_the_same_bytes)
{
    size_t bytes, again_bytes;
    char *svg = draw(&bytes);
    ck_assert_int_eq(setenv("LC_ALL", "de_DE.UTF-8", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/nowhere", 1), 0);
    char *again = draw(&again_bytes);
    ck_assert_uint_eq(bytes, again_bytes);
    ck_assert_mem_eq(svg, again, bytes);
    ck_assert_ptr_null(strstr(svg, "GNUPLOT"));
    free(svg);
    free(again);
}
END_TEST

/* Runs xmllint over the text; its exit code. */
static int lint(const char *svg)
{
    FILE *xmllint = popen("xmllint --noout -", "w");
    ck_assert_ptr_nonnull(xmllint);
    fputs(svg, xmllint);
    const int status = pclose(xmllint);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(it_is_well_formed_whatever_the_names)
{
    size_t bytes;
    char *svg = draw(&bytes);
    ck_assert_int_eq(strncmp(svg, "<svg ", 5), 0);
    ck_assert_ptr_nonnull(strstr(svg, "<title>a&#60;b&#62; &#38; 'c'"));
    ck_assert_ptr_nonnull(
        strstr(svg, ">a&lt;b&gt; &amp; 'c' \"d\" _{e} \\n %s $x éU+0001U+000A]]"));
    ck_assert_ptr_nonnull(strstr(svg, "of &lt;names&gt;"));
    ck_assert_ptr_nonnull(strstr(svg, "nothing was measured"));
    if (lint("<a/>") == 0)
        ck_assert_int_eq(lint(svg), 0);
    else
        puts("skip: well-formed XML (there is no xmllint)");
    free(svg);
}
END_TEST

/* Every id begins with the picture's name, and stands there once. */
START_TEST(pictures_share_a_page)
{
    size_t bytes;
    unsigned ids = 0;
    char *svg = draw(&bytes);
    for (char *at = svg; (at = strstr(at, " id=")); at++, ids++) {
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)strcspn(at + 5, "'\"") + 6, at);
        ck_assert_msg(strncmp(id + 5, "nasty-", 6) == 0, "%s", id);
        ck_assert_msg(!strstr(at + 1, id), "%s stands there twice", id);
    }
    ck_assert_uint_gt(ids, 10);
    for (char *at = svg; (at = strstr(at, "href='#")); at++)
        ck_assert_int_eq(strncmp(at + 7, "nasty-", 6), 0);
    free(svg);
}
END_TEST

/* Relative luminance, of WCAG 2.1. */
static double luminance(const int rgb[3])
{
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const double value = rgb[i] / 255.0;
        sum += weights[i] * (value <= 0.03928 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(const int one[3], const int other[3])
{
    const double a = luminance(one), b = luminance(other);
    return (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
}

START_TEST(colours_read_on_light_and_on_dark)
{
    static const int light[] = {255, 255, 255}, dark[] = {13, 17, 23}, grid[] = {160, 160, 160};
    struct picture_series all[8];
    for (unsigned i = 0; i < 8; i++)
        all[i] = (struct picture_series){.colour = i, .count = 3, .x = depths, .y = speeds};
    const struct picture_panel panel = {.title = "all", .series = all, .count = 8};
    const struct picture every = {"all", "all", &panel, 1};
    char *svg, error[PICTURE_ERROR];
    size_t bytes;
    unsigned seen = 0;
    ck_assert_msg(picture_svg(&every, &svg, &bytes, error), "%s", error);
    for (char *at = svg; (at = strstr(at, "rgb(")); at++) {
        int rgb[3];
        ck_assert_int_eq(sscanf(at, "rgb(%d, %d, %d)", &rgb[0], &rgb[1], &rgb[2]), 3);
        if (memcmp(rgb, grid, sizeof grid) == 0)
            continue;
        ck_assert_msg(contrast(rgb, light) >= 3 && contrast(rgb, dark) >= 3, "%.20s", at);
        seen++;
    }
    ck_assert_uint_gt(seen, 16);
    ck_assert_ptr_nonnull(strstr(svg, "prefers-color-scheme: dark"));
    ck_assert_ptr_null(strstr(svg, "url("));
    free(svg);
}
END_TEST

START_TEST(without_gnuplot_the_package_is_named)
{
    char *svg, error[PICTURE_ERROR];
    size_t bytes;
    ck_assert_int_eq(setenv("PATH", "/nowhere", 1), 0);
    ck_assert(!picture_svg(&picture, &svg, &bytes, error));
    ck_assert_ptr_null(svg);
    ck_assert_str_eq(error, "gnuplot is not installed: it draws the pictures; install the package "
                            "'gnuplot-nox' ('make deps-measure')");
}
END_TEST

static const struct {
    double low, high;
    bool log, wide;
    const char *unit, *shown; /* the range, then the ticks */
} axes[] = {
    {0, 934, false, true, NULL, "0 1k: 0 200 400 600 800 1k"},
    {0.25, 0.27, false, true, NULL, "0.25 0.27: 0.25 0.255 0.26 0.265 0.27"},
    {3e-4, 3.4e-4, false, false, "s", "300 µs 340 µs: 300 µs 310 µs 320 µs 330 µs 340 µs"},
    {7, 7, false, true, "B", "6 B 8 B: 6 B 6.5 B 7 B 7.5 B 8 B"},
    {0, 0, false, true, NULL, "0 1: 0 0.2 0.4 0.6 0.8 1"},
    {1024, 1e6, true, true, NULL, "1k 1M: 1k 10k 100k 1M"},
    {2500, 2500, true, true, NULL, "2k 5k: 2k 5k"},
    {2000, 2000, true, true, NULL, "2k 5k: 2k 5k"},
    {146000, 5.4e8, true, true, "B", "100 kB 1 GB: 100 kB 1 MB 10 MB 100 MB 1 GB"},
};

START_TEST(ticks_are_round_numbers)
{
    char shown[256], number[PICTURE_TICK_BYTES];
    const struct picture_axis axis =
        picture_axis(axes[_i].low, axes[_i].high, axes[_i].log, axes[_i].wide);
    picture_number(number, axis.low, axes[_i].unit);
    int length = snprintf(shown, sizeof shown, "%s ", number);
    picture_number(number, axis.high, axes[_i].unit);
    length += snprintf(shown + length, sizeof shown - (size_t)length, "%s:", number);
    for (size_t i = 0; i < axis.count; i++) {
        picture_number(number, axis.at[i], axes[_i].unit);
        length += snprintf(shown + length, sizeof shown - (size_t)length, " %s", number);
    }
    ck_assert_str_eq(shown, axes[_i].shown);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *tests = tcase_create("picture");
    tcase_add_loop_test(tests, ticks_are_round_numbers, 0, sizeof axes / sizeof *axes);
    tcase_add_test(tests, without_gnuplot_the_package_is_named);
    if (system("command -v gnuplot >/dev/null") == 0) {
        tcase_add_test(tests, the_same_picture_has_the_same_bytes);
        tcase_add_test(tests, it_is_well_formed_whatever_the_names);
        tcase_add_test(tests, pictures_share_a_page);
        tcase_add_test(tests, colours_read_on_light_and_on_dark);
    } else {
        puts("skip: pictures (there is no gnuplot)");
    }
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
