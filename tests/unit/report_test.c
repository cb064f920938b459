/* Reports: both twins from records made by hand, every claim with its rows, and what is refused. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"

static const char program[] = TEST_TOOLS "/report";

/* The path of a record made by hand; the last 32 of them are there. */
static const char *record(const char *name)
{
    static char paths[32][64];
    static unsigned next;
    char *path = paths[next++ % 32];
    snprintf(path, sizeof paths[0], "tests/data/report/%s.json", name);
    return path;
}
#define HERON                                                                                      \
    record("heron.bench.1"), record("heron.bench.2"), record("heron.latency"),                     \
        record("heron.sweep"), record("heron.perplexity")
#define CRANE                                                                                      \
    record("crane.bench.1"), record("crane.bench.2"), record("crane.latency"),                     \
        record("crane.sweep"), record("crane.perplexity")
#define STORK                                                                                      \
    record("stork.bench.1"), record("stork.bench.2"), record("stork.latency"), record("stork.sweep")

/* Where the files of a report go: the folder of child_scratch(). */
static const char *folder(void)
{
    static char path[160];
    snprintf(path, sizeof path, "%s", child_scratch(""));
    path[strlen(path) - 1] = '\0';
    return path;
}

static char *slurp(const char *name)
{
    FILE *file = fopen(child_scratch(name), "r");
    ck_assert_msg(file != NULL, "there is no %s", name);
    char *text = NULL;
    size_t room = 0;
    ck_assert_int_gt(getdelim(&text, &room, '\0', file), 0);
    fclose(file);
    return text;
}

/* Runs report over these arguments and returns the Markdown, to be freed. */
#define MARKDOWN(...) markdown((const char *const[]){"-o", folder(), __VA_ARGS__, NULL})
static char *markdown(const char *const *arguments)
{
    const struct child *child = child_run(program, arguments, "", 0);
    ck_assert_str_eq(child->err, "");
    ck_assert_int_eq(child->code, 0);
    return slurp("report.md");
}

#define REFUSED(exit_code, message, ...)                                                           \
    do {                                                                                           \
        const struct child *child = CHILD(program, "-o", folder(), __VA_ARGS__);                   \
        ck_assert_msg(strstr(child->err, message) != NULL, "%s", child->err);                      \
        ck_assert_int_eq(child->code, exit_code);                                                  \
    } while (0)

static void holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        puts(text); /* too long for Check */
    ck_assert_msg(strstr(text, part) != NULL, "not there: %s", part);
}

static void lacks(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    ck_assert_msg(at == NULL, "there: %.200s", at);
}

/* A copy of a record in which the value at a path such as "canary.0.seconds" is another; NULL: is
 * gone. Returns its path. */
static const char *changed(const char *original, const char *path, json_t *value)
{
    static int copies;
    char name[64], keys[128], *rest = keys;
    json_t *root = json_load_file(original, 0, NULL), *at = root;
    ck_assert_ptr_nonnull(root);
    snprintf(keys, sizeof keys, "%s", path);
    for (char *key; (key = strsep(&rest, ".")) != NULL;) {
        if (rest != NULL)
            at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key))
                                   : json_object_get(at, key);
        else if (value == NULL)
            ck_assert_int_eq(json_object_del(at, key), 0);
        else if (json_is_array(at))
            ck_assert_int_eq(json_array_set_new(at, (size_t)atoi(key), value), 0);
        else
            ck_assert_int_eq(json_object_set_new(at, key, value), 0);
    }
    snprintf(name, sizeof name, "changed-%d.json", copies++);
    const char *copy = child_scratch(name);
    ck_assert_int_eq(json_dump_file(root, copy, 0), 0);
    json_decref(root);
    return copy;
}

/* ---- the page ------------------------------------------------------------------------------- */

START_TEST(claims_follow_from_the_records)
{
    char *text = MARKDOWN(HERON, CRANE, STORK, "--text", "a <text>");
    holds(text, "# ingot: heron, crane, stork\n");
    holds(text, "**heron** [A1](#A1) [M1](#M1), **stork** [A3](#A3) [M3](#M3): any number of "
                "positions, and 0 bytes for each.\n");
    holds(text, "Of their decode speed at position 1,024, these have left at 4,000: a tie of "
                "**heron**, 100% [C1](#C1) [C3](#C3) and **stork**, 99% [C7](#C7) [C9](#C9).\n");
    holds(text, "**heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1); then stork, 17.5 ms [L3](#L3) "
                "[A3](#A3). Not considered: crane (its positions come to an end).\n");
    holds(text, "For 4,096 tokens: **heron**, 3.4 MB [T1](#T1); then crane, 273.0 MB "
                "[T2](#T2); stork, 279.1 MB [T3](#T3).\n");
    holds(text, "For 100,000 tokens: **heron**, 3.4 MB [T1](#T1); then stork, 279.1 MB [T3](#T3); "
                "crane, 2.43 GB [T2](#T2).\n");
    holds(text, "**heron**, 0.1300 bits per byte [Q1](#Q1); then crane, 0.9100 bits per "
                "byte [Q2](#Q2). Not considered: stork (random weights).\n");
    holds(text, "**heron**, 1.19 s [S1](#S1) [S2](#S2); then crane, 21.1 s [S3](#S3) "
                "[S4](#S4); stork, 28.7 s [S5](#S5) [S6](#S6).\n");
    free(text);
}
END_TEST

START_TEST(tables_show_the_records)
{
    char *text = MARKDOWN(HERON, CRANE, STORK, "--text", "a <text>");
    holds(text, "| <a id=\"A2\"></a>A2 | crane | llama | 90,000,000 | 90,000,000 | 12 | "
                "32,000 | 4,096 | 180.0 MB | a file |\n");
    holds(text, "| <a id=\"M2\"></a>M2 | crane | 180.0 MB | 92.3 MB | 400.0 kB | 300.0 kB "
                "| 273.0 MB | 0 bytes | 22.5 kB |\n");
    holds(text, "| 203.8 MB | 273.0 MB | 918.9 MB \xe2\x80\xa0 | 2.43 GB \xe2\x80\xa0 | 22.71 GB "
                "\xe2\x80\xa0 |\n");
    /* Six samples of two records: median, mean and sd by Python's statistics. */
    holds(text, "| crane | tg128 | 109 tokens/s | 109 to 111 | 110 \xc2\xb1 1.36 | 6 | "
                "19.8 | 90% | \xe2\x80\x93 |\n");
    holds(text, "| crane | 4,000 | 420 | 66.0 | 5.71 s | 90.1 MB | 279.1 MB | "
                "\xe2\x80\x93 |\n");
    holds(text, "| stork | 200 | 50.0 ms | 12.5 ms | 13.1 ms | 17.5 ms | 37.5 ms | 5.00 ms | 0 | 0 "
                "|\n");
    holds(text, "| heron | 0.1300 | 0.0020 | 5,000 | 3.90 | 1.42 |  |\n");
    holds(text, "| crane | 4 to 511 | 400 | 3.90 | 1.00 |\n");
    holds(text, "stork: random weights, of which quality says nothing; left out. The text: a "
                "&lt;text&gt;.\n");
    holds(text, "its median changed by 1.5%: speeds of two models");
    holds(text,
          "**What could not be read**: governor (no /sys/devices/system/cpu/cpu0/cpufreq).\n");
    lacks(text, "What is missing");
    free(text);
}
END_TEST

/* The value of the attribute that begins at `at`, up to its quote. */
static const char *attribute(const char *at, char value[64])
{
    snprintf(value, 64, "%.*s", (int)strcspn(at, "\"'"), at);
    return at + strlen(value);
}

static unsigned occurrences(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* Every reference leads to one anchor, and no anchor stands there twice. */
START_TEST(every_reference_has_its_row)
{
    char *text = MARKDOWN(HERON, CRANE, STORK), *html = slurp("report.html"), value[64],
         anchor[160];
    unsigned references = 0, rows = 0;
    for (const char *at = html; (at = strstr(at, "href=\"#")) != NULL; references++) {
        at = attribute(at + strlen("href=\"#"), value);
        snprintf(anchor, sizeof anchor, " id=\"%s\"", value);
        ck_assert_msg(occurrences(html, anchor) == 1, "%s: %u times", anchor,
                      occurrences(html, anchor));
    }
    for (const char *at = html; (at = strstr(at, "<tr id=\"")) != NULL; rows++) {
        at = attribute(at + strlen("<tr id=\""), value);
        snprintf(anchor, sizeof anchor, "<a id=\"%s\"></a>%s |", value, value);
        ck_assert_msg(occurrences(text, anchor) == 1, "%s in the Markdown", anchor);
    }
    for (const char *at = html; (at = strstr(at, " id=\"")) != NULL;) {
        at = attribute(at + strlen(" id=\""), value);
        snprintf(anchor, sizeof anchor, " id=\"%s\"", value);
        ck_assert_msg(occurrences(html, anchor) == 1, "%s stands there twice", anchor);
    }
    ck_assert_uint_gt(references, 60);
    ck_assert_uint_gt(rows, 50);
    ck_assert_uint_eq(rows, occurrences(text, "</a>"));
    free(html);
    free(text);
}
END_TEST

/* Each paragraph that names a model under "Which model for what" names rows behind every model that
 * it puts into an order. */
START_TEST(no_claim_without_a_row)
{
    char *text = MARKDOWN(HERON, CRANE, STORK);
    char *advice = strstr(text, "## Which model for what");
    *strstr(advice, "## What each model is") = '\0';
    unsigned claims = 0;
    for (const char *at = advice; (at = strstr(at, "**")) != NULL; claims++) {
        const char *end = strstr(at + 2, "**");
        const size_t next = strcspn(end + 2, "*;\n");
        char behind[256];
        snprintf(behind, sizeof behind, "%.*s", (int)next, end + 2);
        ck_assert_msg(strstr(behind, "](#") != NULL, "no row behind: %.60s", at);
        at = end + 2;
    }
    ck_assert_uint_eq(claims, 9);
    free(text);
}
END_TEST

/* xmllint's opinion of report.html. */
static void assert_well_formed(void)
{
    if (system("command -v xmllint >/dev/null") != 0) {
        puts("skip: well-formed HTML (there is no xmllint)");
        return;
    }
    const struct child *child =
        CHILD("/usr/bin/env", "xmllint", "--noout", child_scratch("report.html"));
    ck_assert_str_eq(child->err, "");
    ck_assert_int_eq(child->code, 0);
}

START_TEST(html_is_well_formed_and_needs_nothing)
{
    char *text = MARKDOWN(HERON, CRANE, STORK), *html = slurp("report.html");
    assert_well_formed();
    /* The only addresses are names of XML vocabularies. */
    ck_assert_uint_eq(occurrences(html, "http"), occurrences(html, "=\"http://www.w3.org/") +
                                                     occurrences(html, "='http://www.w3.org/"));
    static const char *const foreign[] = {"<script", "<link",   "<img",  "<iframe",
                                          "<object", "@import", " src=", "url(h"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        lacks(html, foreign[i]);
    free(html);
    free(text);
}
END_TEST

START_TEST(the_same_records_give_the_same_bytes)
{
    char *text = MARKDOWN(HERON, STORK), *html = slurp("report.html");
    char *again = MARKDOWN(HERON, STORK), *html_again = slurp("report.html");
    ck_assert_str_eq(text, again);
    ck_assert_str_eq(html, html_again);
    free(text), free(again), free(html), free(html_again);
}
END_TEST

START_TEST(names_cannot_break_the_page)
{
    char *text = MARKDOWN(
        changed(record("heron.latency"), "model.name", json_string("*a*|`b`\n[c](d)<i>\x01&amp;")));
    holds(text, "| \\*a\\*\\|\\`b\\`U+000A\\[c\\](d)&lt;i&gt;U+0001&amp;amp; | mamba |");
    assert_well_formed();
    char *html = slurp("report.html");
    holds(html, "<td>*a*|`b`U+000A[c](d)&lt;i&gt;U+0001&amp;amp;</td>");
    free(html);
    free(text);
}
END_TEST

/* ---- ties, and what is not known ------------------------------------------------------------- */

START_TEST(close_figures_tie)
{
    /* 95% intervals of 0.13 +- 0.004 and 0.136 +- 0.004 overlap; of 0.14 +- 0.004 they do not. */
    char *text =
        MARKDOWN(HERON, record("crane.bench.1"),
                 changed(record("crane.perplexity"), "perplexity.bits_per_byte", json_real(0.136)));
    holds(text, "a tie of **heron**, 0.1300 bits per byte [Q1](#Q1) and **crane**, 0.1360 "
                "bits per byte [Q2](#Q2).");
    free(text);
    text =
        MARKDOWN(HERON, record("crane.bench.1"),
                 changed(record("crane.perplexity"), "perplexity.bits_per_byte", json_real(0.14)));
    holds(text, "**heron**, 0.1300 bits per byte [Q1](#Q1); then crane, 0.1400");
    free(text);
}
END_TEST

START_TEST(overlapping_latencies_tie)
{
    /* 560 us with an interval up to 580 us, beside 600 us with one from 570 us. */
    const char *slower = changed(record("stork.latency"), "latency.each.p99", json_real(0.0006));
    slower = changed(slower, "latency.each.p99_interval", json_pack("[f,f]", 0.00057, 0.00063));
    char *text = MARKDOWN(record("heron.latency"), slower);
    holds(text,
          "a tie of **heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1) and **stork**, 600 \xc2\xb5s");
    free(text);
    slower = changed(slower, "latency.each.p99_interval", json_pack("[f,f]", 0.00059, 0.00063));
    text = MARKDOWN(record("heron.latency"), slower);
    holds(text, "**heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1); then stork, 600 \xc2\xb5s");
    free(text);
}
END_TEST

/* Stork's tokens take 1.5 times as long as heron's, but then the canary did so, too. */
START_TEST(a_machine_that_changed_makes_no_winner)
{
    json_t *canary = json_pack("[{s:s,s:f},{s:s,s:f}]", "when", "before", "seconds", 0.0155, "when",
                               "after", "seconds", 0.0156);
    const char *slower = changed(record("stork.latency"), "latency.each.p99", json_real(0.00084));
    slower = changed(slower, "latency.each.p99_interval", json_pack("[f,f]", 0.0008, 0.0009));
    char *text = MARKDOWN(record("heron.latency"), slower);
    holds(text, "**heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1); then stork, 840 \xc2\xb5s");
    free(text);
    text = MARKDOWN(record("heron.latency"), changed(slower, "canary", canary));
    holds(text,
          "a tie of **heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1) and **stork**, 840 \xc2\xb5s");
    holds(text, "it was slowest, [K2](#K2), and the one where it was fastest, [K1](#K1)");
    free(text);
}
END_TEST

START_TEST(a_disturbed_record_is_marked)
{
    json_t *parts = json_pack("[{s:s}]", "figure", "inter-token");
    char *text =
        MARKDOWN(record("heron.sweep"), changed(record("heron.latency"), "disturbed", parts));
    holds(text, "560 \xc2\xb5s [L1](#L1) [A1](#A1) (disturbed [K2](#K2)).");
    holds(text, "100% [C1](#C1) [C3](#C3).");
    free(text);
    /* Stork's 17.5 ms are 31 times heron's 560 us; heron's canary varies by 40 while disturbed. */
    const char *varies = changed(record("heron.latency"), "canary.0.seconds", json_real(0.4));
    text = MARKDOWN(varies, record("stork.latency"));
    holds(text, "**heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1); then stork");
    free(text);
    parts = json_pack("[{s:s}]", "figure", "inter-token");
    text = MARKDOWN(changed(varies, "disturbed", parts), record("stork.latency"));
    holds(text, "a tie of **heron**, 560 \xc2\xb5s [L1](#L1) [A1](#A1) (disturbed [K1](#K1)) and");
    free(text);
}
END_TEST

/* What bench reads to know the bandwidth is no memory of the model's. */
START_TEST(buffers_of_a_verb_do_not_count)
{
    const char *large = changed(record("heron.bench.1"), "model.arenas.io", json_integer(5000000));
    for (int order = 0; order < 2; order++) {
        char *text = order ? MARKDOWN(large, record("heron.latency"))
                           : MARKDOWN(record("heron.latency"), large);
        holds(text, "| heron | 2.6 MB | 146.0 kB | 400.0 kB | 300.0 kB | 3.4 MB |");
        holds(text, "For 4,096 tokens: **heron**, 3.4 MB [T1](#T1).");
        free(text);
    }
}
END_TEST

START_TEST(a_guess_is_no_quality)
{
    /* log2(1024) = 10 bits for each of 5,000 tokens in 19,500 bytes: 2.564 bits per byte. */
    char *text =
        MARKDOWN(changed(record("heron.perplexity"), "perplexity.bits_per_byte", json_real(2.57)));
    holds(text, "no model has the data for it. Not considered: heron (no better than a guess).");
    holds(text, "| heron | 2.5700 | 0.0020 | 5,000 | 3.90 | 1.42 | no better than a guess |\n");
    free(text);
    text =
        MARKDOWN(changed(record("heron.perplexity"), "perplexity.bits_per_byte", json_real(2.56)));
    holds(text, "**heron**, 2.5600 bits per byte [Q1](#Q1). There is no other to compare it with.");
    free(text);
}
END_TEST

START_TEST(what_is_missing_is_said)
{
    const char *steps = child_scratch("steps.txt");
    FILE *file = fopen(steps, "w");
    fputs("heron\tweights\t0\tcheckpoint a/b\nstork\tweights\t0\trandom 7\n"
          "heron\tlatency\t3\theron: not <enough> memory\nraven\tbuild\t2\t\n",
          file);
    ck_assert_int_eq(fclose(file), 0);
    char *text = MARKDOWN(record("heron.bench.1"), record("stork.sweep"), "--steps", steps,
                          changed(record("stork.latency"), "complete", json_false()));
    holds(text, " Not everything could be measured: [X1](#X1) and on.\n");
    holds(text, "X1 | heron | latency | heron: not &lt;enough&gt; memory (exit code 3) |\n");
    holds(text, "X2 | raven | build | no message (exit code 2) |\n");
    holds(text, "X3 | stork | latency | interrupted; what had been measured is here |\n");
    holds(text, "X4 | heron | sweep | there is no record of it |\n");
    holds(text, "X5 | heron | perplexity | there is no record of it |\n");
    holds(text, "X6 | stork | bench | there is no record of it |\n");
    lacks(text, "X7");
    holds(text, "Not considered: heron (its latency was not measured).");
    holds(text, "| 2.6 MB | checkpoint a/b |\n");
    holds(text, "| 259.0 MB | random 7 |\n");
    holds(text, "Decode speed at two positions: no claim, because no model has the data for it.");
    holds(text, "Not considered: heron (too few samples for an interval); stork (no figures of the "
                "same names).");
    free(text);
}
END_TEST

/* JSON lines that were cut off: head and figures without a tail. */
START_TEST(json_lines_are_read_as_far_as_they_go)
{
    json_t *root = json_load_file(record("heron.bench.1"), 0, NULL), *value;
    json_t *figures = json_incref(json_object_get(root, "figures"));
    const char *lines = child_scratch("lines.jsonl");
    FILE *file = fopen(lines, "w");
    size_t i;
    json_object_del(root, "figures");
    json_object_del(root, "complete");
    json_object_set_new(root, "part", json_string("head"));
    json_dumpf(root, file, JSON_COMPACT);
    json_array_foreach(figures, i, value)
    {
        json_object_set_new(value, "part", json_string("figure"));
        fputc('\n', file);
        json_dumpf(value, file, JSON_COMPACT);
    }
    fputs("\n{\"part\": \"tai", file);
    ck_assert_int_eq(fclose(file), 0);
    json_decref(figures);
    json_decref(root);
    char *text = MARKDOWN(lines, record("heron.bench.2"));
    holds(text, "| heron | tg128 | 2,484 tokens/s | ");
    holds(text, "X1 | heron | bench | interrupted; what had been measured is here |\n");
    free(text);
}
END_TEST

/* A weight file does not say that its numbers are random; the script that had it made does. */
START_TEST(random_weights_have_no_quality)
{
    const char *steps = child_scratch("steps.txt");
    FILE *file = fopen(steps, "w");
    fputs("heron\tweights\t0\trandom 7\n", file);
    ck_assert_int_eq(fclose(file), 0);
    char *text = MARKDOWN(record("heron.perplexity"), "--steps", steps);
    holds(
        text,
        "No claim, because no model has the data for it. Not considered: heron (random weights).");
    holds(text, "heron: random weights, of which quality says nothing; left out.");
    lacks(text, "0.1300");
    free(text);
}
END_TEST

START_TEST(without_gnuplot_there_are_no_pictures)
{
    const struct child *child =
        CHILD("/usr/bin/env", "PATH=/nowhere", program, "-o", folder(), HERON);
    ck_assert_int_eq(child->code, 0);
    char *text = slurp("report.md");
    holds(text, "No picture: ");
    lacks(text, ".svg");
    free(text);
}
END_TEST

/* ---- refusals ---------------------------------------------------------------------------- */

START_TEST(records_that_do_not_fit_are_refused)
{
    REFUSED(4, "heron.latency.json: a second record of 'latency' of heron, beside ",
            record("heron.latency"), record("heron.latency"));
    REFUSED(4,
            ": the processor is \"B\", in tests/data/report/heron.latency.json it is "
            "\"A Processor 3000 & sons\"; ",
            record("heron.latency"),
            changed(record("stork.latency"), "machine.processor", json_string("B")));
    REFUSED(4, ": the number of threads is 4, in ", record("heron.latency"),
            changed(record("stork.latency"), "run.threads", json_integer(4)));
    REFUSED(4, ": the backend is \"cuda\", in ", record("heron.latency"),
            changed(record("stork.latency"), "build.backend", json_string("cuda")));
    REFUSED(4, ": the weights' digest is \"0\", in ", record("heron.latency"),
            changed(record("heron.sweep"), "model.weights_digest", json_string("0")));
    REFUSED(4, ": the config's digest is \"0\", in ", record("heron.latency"),
            changed(record("heron.sweep"), "model.config_digest", json_string("0")));
}
END_TEST

START_TEST(damaged_records_are_refused)
{
    REFUSED(4, "/nowhere.json", "/nowhere.json");
    REFUSED(4, "Makefile", "Makefile");
    REFUSED(4, "schema", changed(record("heron.latency"), "schema", json_integer(1)));
    REFUSED(4, "schema", changed(record("heron.latency"), "schema", json_integer(3)));
    REFUSED(4, "\"model\" has no \"name\"", changed(record("heron.latency"), "model.name", NULL));
    REFUSED(4, "a record of 'dance'; expected one of bench, latency, sweep, perplexity",
            changed(record("heron.latency"), "verb", json_string("dance")));
    REFUSED(4, "sample",
            changed(record("heron.bench.1"), "figures.0.samples.1", json_string("fast")));
    REFUSED(4, "figure", changed(record("heron.bench.1"), "figures.0.name", NULL));
    const char *steps = child_scratch("steps.txt");
    FILE *file = fopen(steps, "w");
    fputs("heron latency 3\n", file);
    ck_assert_int_eq(fclose(file), 0);
    REFUSED(4, "steps.txt:1: expected model, verb, exit code and message", record("heron.latency"),
            "--steps", steps);
}
END_TEST

START_TEST(usage_and_places_that_cannot_be_written)
{
    const struct child *child = CHILD(program, record("heron.latency"));
    ck_assert_int_eq(child->code, 2);
    holds(child->err, "expected -o DIR");
    child = CHILD(program, "-o", "x");
    ck_assert_int_eq(child->code, 2);
    holds(child->err, "expected a RECORD");
    child = CHILD(program, "-o", "/proc/nowhere", record("heron.latency"));
    ck_assert_int_eq(child->code, 1);
    holds(child->err, "/proc/nowhere: ");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *page = tcase_create("page");
    tcase_set_timeout(page, 120);
    tcase_add_test(page, claims_follow_from_the_records);
    tcase_add_test(page, tables_show_the_records);
    tcase_add_test(page, every_reference_has_its_row);
    tcase_add_test(page, no_claim_without_a_row);
    tcase_add_test(page, html_is_well_formed_and_needs_nothing);
    tcase_add_test(page, the_same_records_give_the_same_bytes);
    tcase_add_test(page, names_cannot_break_the_page);
    tcase_add_test(page, close_figures_tie);
    tcase_add_test(page, overlapping_latencies_tie);
    tcase_add_test(page, a_machine_that_changed_makes_no_winner);
    tcase_add_test(page, a_disturbed_record_is_marked);
    tcase_add_test(page, buffers_of_a_verb_do_not_count);
    tcase_add_test(page, a_guess_is_no_quality);
    tcase_add_test(page, what_is_missing_is_said);
    tcase_add_test(page, json_lines_are_read_as_far_as_they_go);
    tcase_add_test(page, random_weights_have_no_quality);
    tcase_add_test(page, without_gnuplot_there_are_no_pictures);
    suite_add_tcase(suite, page);
    TCase *refusals = tcase_create("refusals");
    tcase_set_timeout(refusals, 120);
    tcase_add_test(refusals, records_that_do_not_fit_are_refused);
    tcase_add_test(refusals, damaged_records_are_refused);
    tcase_add_test(refusals, usage_and_places_that_cannot_be_written);
    suite_add_tcase(suite, refusals);
    return tests_run(suite);
}
