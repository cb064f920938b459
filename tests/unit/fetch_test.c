/* tools/fetch against a server of our own: what comes, what is taken up again, and what is said
 * when the network or the server fails. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixtures/run.h"
#include "tests/unit/fetch_site.h"

START_TEST(a_checkpoint_comes_and_is_not_fetched_again)
{
    site_start();
    const struct child *child = site_fetch();
    site_done(child);
    ck_assert_ptr_nonnull(
        strstr(child->err, "fetch: " REPO " at main, commit " COMMIT ", into " TARGET "\n"));
    ck_assert_ptr_nonnull(
        strstr(child->err, "fetch:   model.safetensors                  300.0 kB  to download\n"));
    ck_assert_ptr_nonnull(strstr(child->err, "fetch: 300.0 kB to come, "));
    ck_assert_ptr_null(strchr(child->err, '\r')); /* progress is for terminals */
    ck_assert_uint_eq(*site_hub.count, 4);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_ptr_null(strstr(site_hub.log->request[i], "Authorization"));
    ck_assert_int_eq(access(TARGET "/README.md", F_OK), -1);
    child = site_fetch();
    site_done(child);
    ck_assert_uint_eq(*site_hub.count, 5);
    ck_assert_ptr_nonnull(
        strstr(child->err, "fetch:   model.safetensors                  300.0 kB  there\n"));
    site_write(TARGET "/config.json", "{\"model_type\": \"mambo\"}\n", CONFIG_BYTES);
    site_done(site_fetch());
    ck_assert_uint_eq(*site_hub.count, 7);
}
END_TEST

/* Which tokens end a text stands there and nowhere else. */
START_TEST(a_generation_config_comes_along)
{
    static const char generation[] = "{\"eos_token_id\": [0, 7]}\n";
    static const char with_one[] =
        LIST(CONFIG_ENTRY ", " SMALL("generation_config.json", "25",
                                     "76c504c8285bdde4fb7c46e5d691d478ea7e7b88") ", " MODEL_ENTRY);
    site_routes[ROUTE_LISTING].body = with_one;
    site_routes[ROUTE_LISTING].bytes = sizeof with_one - 1;
    site_routes[ROUTE_OTHER] = (struct http_route){.path = FILES "/generation_config.json",
                                                   .body = generation,
                                                   .bytes = sizeof generation - 1};
    site_start();
    ck_assert_int_eq(site_fetch()->code, 0);
    ck_assert(site_holds(TARGET "/generation_config.json", generation, sizeof generation - 1));
}
END_TEST

START_TEST(a_cut_connection_is_taken_up)
{
    PLAYS(ROUTE_MODEL, {.cut = 100000}, {.cut = 50000}, {0});
    site_start();
    struct child *child = site_fetch();
    site_said(child, 1,
              "http://127.0.0.1:%u" FILES "/" MODEL
              ": closed the connection early; gave up after 2 attempts",
              site_hub.port);
    char noted[256];
    snprintf(noted, sizeof noted,
             "fetch: http://127.0.0.1:%u" FILES "/" MODEL
             ": closed the connection early; next attempt in 0.001 s\n",
             site_hub.port);
    ck_assert_ptr_nonnull(strstr(child->err, noted));
    ck_assert_ptr_nonnull(strstr(site_request(FILES "/" MODEL), "\r\nRange: bytes=100000-\r\n"));
    ck_assert(site_holds(TARGET "/" MODEL_PART, site_model, 150000));
    ck_assert(!site_has(TARGET "/" MODEL));
    child = site_fetch();
    site_done(child);
    ck_assert_ptr_nonnull(strstr(child->err, "300.0 kB  to download, 150.0 kB of it are there\n"));
    ck_assert_ptr_nonnull(strstr(child->err, "fetch: 150.0 kB to come, "));
    ck_assert_ptr_nonnull(strstr(site_request(FILES "/" MODEL), "\r\nRange: bytes=150000-\r\n"));
}
END_TEST

/* Each attempt brings more than a megabyte: none of them counts as a failure of the two. */
START_TEST(a_large_file_may_be_cut_often)
{
    enum { ZEROS = 3670016, CUT = 1100000 };
    static const char zeros_listing[] = LIST(CONFIG_ENTRY ", " LARGE(
        MODEL, "3670016", "4d9cbaf3aa0935a8c113f139691b3daf9c94c8d6c278aedc8eec66a4b9f6c8ae"));
    static char zeros[ZEROS];
    site_routes[ROUTE_LISTING].body = zeros_listing;
    site_routes[ROUTE_LISTING].bytes = sizeof zeros_listing - 1;
    site_routes[ROUTE_MODEL].body = zeros;
    site_routes[ROUTE_MODEL].bytes = ZEROS;
    PLAYS(ROUTE_MODEL, {.cut = CUT}, {.cut = CUT}, {.cut = CUT}, {0});
    site_start();
    ck_assert_int_eq(site_fetch()->code, 0);
    ck_assert_uint_eq(*site_hub.count, 6);
    ck_assert_ptr_nonnull(strstr(site_request(FILES "/" MODEL), "\r\nRange: bytes=3300000-\r\n"));
}
END_TEST

START_TEST(a_server_without_ranges_starts_over)
{
    PLAYS(ROUTE_MODEL, {.cut = 100000}, {.whole = true});
    site_start();
    site_done(site_fetch());
    ck_assert_ptr_nonnull(strstr(site_request(FILES "/" MODEL), "\r\nRange: bytes=100000-\r\n"));
}
END_TEST

START_TEST(a_wrong_range_is_no_progress)
{
    PLAYS(ROUTE_MODEL, {.cut = 100000},
          {.status = 206, .headers = "Content-Range: bytes 5-9/300000\r\n", .cut = 5});
    site_start();
    site_said(site_fetch(), 1,
              "http://127.0.0.1:%u" FILES "/" MODEL
              ": answered with another range than was asked for; gave up after 2 attempts",
              site_hub.port);
    ck_assert(site_holds(TARGET "/" MODEL_PART, site_model, 100000));
}
END_TEST

START_TEST(a_busy_server_is_asked_again)
{
    PLAYS(ROUTE_LISTING, {.status = 503}, {0});
    PLAYS(ROUTE_MODEL, {.status = 429, .headers = "Retry-After: 1\r\n"}, {0});
    site_start();
    const struct child *child = site_fetch();
    site_done(child);
    char noted[256];
    snprintf(noted, sizeof noted,
             "fetch: http://127.0.0.1:%u" FILES "/" MODEL ": answered 429; next attempt in 1.000 "
             "s\n",
             site_hub.port);
    ck_assert_ptr_nonnull(strstr(child->err, noted));
    snprintf(noted, sizeof noted,
             "fetch: http://127.0.0.1:%u" LISTING ": answered 503; next attempt in 0.001 s\n",
             site_hub.port);
    ck_assert_ptr_nonnull(strstr(child->err, noted));
}
END_TEST

/* ---- failures ------------------------------------------------------------------------------- */

START_TEST(failures_end_in_words)
{
    static const struct {
        uint32_t route;
        struct http_play play;
        const char *path, *message;
    } cases[] = {
        {ROUTE_LISTING, {.status = 500}, LISTING, "answered 500; gave up after 2 attempts"},
        {ROUTE_MODEL, {.status = 504}, FILES "/" MODEL, "answered 504; gave up after 2 attempts"},
        {ROUTE_MODEL, {.status = 418}, FILES "/" MODEL, "answered 418"},
        {ROUTE_LISTING,
         {.status = 429, .headers = "Retry-After: 9999\r\n"},
         LISTING,
         "answered 429, and asks to wait 9999 s: try again then"},
        {ROUTE_LISTING,
         {.status = 404},
         LISTING,
         "answered 404: there is no " REPO " at revision main; correct [hub] in "
         "config/mamba-130m.ini"},
        {ROUTE_MODEL,
         {.stall = true, .cut = 1000},
         FILES "/" MODEL,
         "sent nothing for 1 s; gave up after 2 attempts"},
        {ROUTE_LISTING, {.status = 302}, LISTING, "answered 302 without an address"},
        {ROUTE_LISTING,
         {.status = 302, .headers = "Location: ftp://127.0.0.1/x\r\n"},
         LISTING,
         "redirects to 'ftp://127.0.0.1/x', expected an address of http or https"},
        {ROUTE_LISTING,
         {.status = 302, .headers = "Location: file:///etc/passwd\r\n"},
         LISTING,
         "redirects to 'file:///etc/passwd', expected an address of http or https"},
        {ROUTE_MODEL,
         {.status = 307, .headers = "Location: " FILES "/" MODEL "\r\n"},
         FILES "/" MODEL,
         "redirects more than 5 times"},
    };
    site_routes[cases[_i].route].play[0] = cases[_i].play;
    site_routes[cases[_i].route].plays = 1;
    if (cases[_i].play.stall)
        site_timeout = "1";
    site_start();
    site_said(site_fetch(), 1, "http://127.0.0.1:%u%s: %s", site_hub.port, cases[_i].path,
              cases[_i].message);
    ck_assert_uint_le(*site_hub.count, 3 + 12);
}
END_TEST
enum { FAILURES = 10 };

START_TEST(nobody_listens)
{
    site_start();
    http_server_stop(&site_hub);
    const struct child *child = site_fetch();
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, "; gave up after 2 attempts\n"));
}
END_TEST

START_TEST(gated_models_name_the_licence)
{
    PLAYS(ROUTE_LISTING, {.status = 401}, {.status = 403});
    site_start();
    site_said(site_fetch(), 1,
              "http://127.0.0.1:%u" LISTING ": answered 401: " REPO
              " is gated, private or not there: accept its licence at http://127.0.0.1:%u/" REPO
              " and set HF_TOKEN to a token of yours",
              site_hub.port, site_hub.port);
    setenv("HF_TOKEN", "hf_secret", 1);
    const struct child *child = site_fetch();
    site_said(child, 1,
              "http://127.0.0.1:%u" LISTING
              ": answered 403: the token of HF_TOKEN does not open " REPO
              ": accept its licence at http://127.0.0.1:%u/" REPO ", or use another token",
              site_hub.port, site_hub.port);
    ck_assert_ptr_null(strstr(child->err, "hf_secret"));
    ck_assert_ptr_nonnull(strstr(site_request(LISTING), "\r\nAuthorization: Bearer hf_secret\r\n"));
}
END_TEST

START_TEST(the_token_stays_with_the_endpoint)
{
    struct http_server other;
    static char away[128], around[] = "Location: /elsewhere\r\n";
    const struct http_route elsewhere[] = {{.path = "/blob",
                                            .body = site_model,
                                            .bytes = MODEL_BYTES,
                                            .plays = 2,
                                            .play = {{.cut = 9}, {0}}},
                                           {0}};
    http_server_start(&other, elsewhere);
    snprintf(away, sizeof away, "Location: http://127.0.0.1:%u/blob\r\n", other.port);
    PLAYS(ROUTE_MODEL, {.status = 302, .headers = away});
    PLAYS(ROUTE_CONFIG, {.status = 307, .headers = around});
    site_routes[ROUTE_OTHER] = site_routes[ROUTE_CONFIG];
    site_routes[ROUTE_OTHER].path = "/elsewhere";
    site_routes[ROUTE_OTHER].plays = 0;
    site_write("home/token", "hf_from_file\n", 13);
    site_start();
    site_done(site_fetch());
    ck_assert_uint_eq(*other.count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_ptr_null(strstr(other.log->request[i], "hf_from_file"));
        ck_assert_ptr_null(strstr(other.log->request[i], "uthorization"));
    }
    ck_assert_ptr_nonnull(strstr(other.log->request[1], "\r\nRange: bytes=9-\r\n"));
    for (uint32_t i = 0; i < *site_hub.count; i++)
        ck_assert_ptr_nonnull(
            strstr(site_hub.log->request[i], "\r\nAuthorization: Bearer hf_from_file\r\n"));
    ck_assert_ptr_nonnull(site_request("/elsewhere"));
}
END_TEST

/* ---- the command line ------------------------------------------------------------------------ */

START_TEST(an_interrupt_leaves_the_beginning)
{
    static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
    PLAYS(ROUTE_MODEL, {.stall = true, .cut = 120000}, {0});
    site_start();
    FILE *err = tmpfile();
    const pid_t pid =
        child_start(TOOL, (const char *const[]){CONFIG, "-o", TARGET, NULL}, 0, 1, fileno(err));
    for (int i = 0; i < 3000 && !site_holds(TARGET "/" MODEL_PART, site_model, 120000); i++)
        usleep(10000);
    ck_assert_int_eq(kill(pid, ending_signals[_i]), 0);
    ck_assert_int_eq(child_wait(pid), 130);
    char text[4096];
    rewind(err);
    text[fread(text, 1, sizeof text - 1, err)] = '\0';
    fclose(err);
    ck_assert_ptr_nonnull(
        strstr(text, "fetch: interrupted: the same command goes on where this one stopped\n"));
    site_done(site_fetch());
    ck_assert_ptr_nonnull(strstr(site_request(FILES "/" MODEL), "\r\nRange: bytes=120000-\r\n"));
}
END_TEST

START_TEST(usage)
{
    char fable[PATH_MAX + 32];
    snprintf(fable, sizeof fable, "%s/config/fable-mamba.ini", site_root);
    site_said(CHILD(TOOL, fable), 4,
              "%s: does not say where its checkpoint is published: add a "
              "section [hub] with 'repository = OWNER/NAME' and 'revision = main'",
              fable);
    site_said(CHILD(TOOL, CONFIG, "--attempts", "0"), 2,
              "--attempts: '0' is not a whole number from 1 to 1000");
    site_said(CHILD(TOOL, CONFIG, "--timeout", "soon"), 2,
              "--timeout: 'soon' is not a whole number from 1 to 3600");
    setenv("HF_ENDPOINT", "ftp://example.org", 1);
    site_said(CHILD(TOOL, CONFIG), 2,
              "HF_ENDPOINT: 'ftp://example.org' is not http:// or https:// with a host");
    setenv("HF_ENDPOINT", "https://me:secret@example.org", 1);
    ck_assert_int_eq(CHILD(TOOL, CONFIG)->code, 2);
    setenv("HF_TOKEN", "two\x01words", 1);
    site_said(CHILD(TOOL, CONFIG), 2, "HF_TOKEN: the token holds a byte that is no visible ASCII");
    ck_assert_int_eq(CHILD(TOOL, "/nowhere.ini")->code, 4);
    ck_assert_int_eq(CHILD(TOOL, NULL)->code, 2);
    ck_assert_int_eq(CHILD(TOOL, CONFIG, "more")->code, 2);
    ck_assert_int_eq(CHILD(TOOL, "--help")->code, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch");
    TCase *tests = tcase_create("fetch");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, site_set_up, NULL);
    tcase_add_test(tests, a_checkpoint_comes_and_is_not_fetched_again);
    tcase_add_test(tests, a_generation_config_comes_along);
    tcase_add_test(tests, a_cut_connection_is_taken_up);
    tcase_add_test(tests, a_large_file_may_be_cut_often);
    tcase_add_test(tests, a_server_without_ranges_starts_over);
    tcase_add_test(tests, a_wrong_range_is_no_progress);
    tcase_add_test(tests, a_busy_server_is_asked_again);
    tcase_add_loop_test(tests, failures_end_in_words, 0, FAILURES);
    tcase_add_test(tests, nobody_listens);
    tcase_add_test(tests, gated_models_name_the_licence);
    tcase_add_test(tests, the_token_stays_with_the_endpoint);
    tcase_add_loop_test(tests, an_interrupt_leaves_the_beginning, 0, 3);
    tcase_add_test(tests, usage);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
