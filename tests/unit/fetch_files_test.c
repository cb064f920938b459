/* tools/fetch and what it trusts: listings, lengths and digests, the cache of other programs, and
 * the disk. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixtures/run.h"
#include "tests/unit/fetch_site.h"

START_TEST(wrong_bytes_are_thrown_away)
{
    static char wrong[MODEL_BYTES];
    memcpy(wrong, site_model, sizeof wrong);
    wrong[MODEL_BYTES / 2] ^= 1;
    site_routes[ROUTE_MODEL].body = wrong;
    site_start();
    const struct child *child = site_fetch();
    ck_assert_int_eq(child->code, 4);
    const char *end = strstr(child->err, ", the hub lists ");
    ck_assert_ptr_nonnull(end);
    char expected[256];
    snprintf(expected, sizeof expected, ", the hub lists %s: removed; run the same command again\n",
             MODEL_SHA);
    ck_assert_str_eq(end, expected);
    ck_assert_ptr_nonnull(strstr(child->err, "/" MODEL ": SHA-256 of what came is "));
    ck_assert(!site_has(TARGET "/" MODEL) && !site_has(TARGET "/" MODEL_PART));
}
END_TEST

START_TEST(small_files_have_digests_of_git)
{
    site_routes[ROUTE_CONFIG].body = "{\"model_type\": \"mambo\"}\n";
    site_start();
    site_said(site_fetch(), 4,
              "http://127.0.0.1:%u" FILES "/config.json: git's SHA-1 of what came is "
              "740cd4f1a724717245153958f821abf844680e45, the hub lists %s: removed; run the same "
              "command again",
              site_hub.port, CONFIG_SHA);
}
END_TEST

START_TEST(the_next_command_can_be_typed)
{
    site_start();
    const struct child *child = CHILD(TOOL, CONFIG, "-o", "it's (mine)");
    ck_assert_int_eq(child->code, 0);
    ck_assert_ptr_nonnull(strstr(child->err,
                                 "it's (mine) is complete; next:  make MODEL=mamba-130m "
                                 "CHECKPOINT='it'\\''s (mine)'\n"));
    ck_assert(site_has("it's (mine)/" MODEL));
}
END_TEST

START_TEST(wrong_lengths_are_refused)
{
    site_routes[ROUTE_MODEL].bytes = MODEL_BYTES - 1;
    PLAYS(ROUTE_TOKENIZER, {0});
    site_start();
    struct child *child = site_fetch();
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, ": ended after 299999 of 300000 bytes; next attempt"));
    http_server_stop(&site_hub);
    static char longer[MODEL_BYTES + 1];
    memcpy(longer, site_model, MODEL_BYTES);
    site_routes[ROUTE_MODEL].body = longer;
    site_routes[ROUTE_MODEL].bytes = sizeof longer;
    ck_assert_int_eq(unlink(TARGET "/" MODEL_PART), 0);
    site_start();
    site_said(site_fetch(), 4,
              "http://127.0.0.1:%u" FILES "/" MODEL
              ": sent more than the 300000 bytes that the hub lists",
              site_hub.port);
    ck_assert(!site_has(TARGET "/" MODEL_PART));
}
END_TEST

#define INDEX_ENTRY  SMALL("model.safetensors.index.json", "19", TOKENIZER_SHA)
#define SECOND_ENTRY LARGE("model-00002-of-00002.safetensors", "300000", MODEL_SHA)
#define HALF_A_ROW   "no complete row of model-#####-of-#####.safetensors beside its index"

START_TEST(listings_are_checked)
{
#define NO_MODEL  "this is not how the hub describes a model: "
#define LEADS_OUT NO_MODEL "the name of a file leads out of its folder, or cannot be shown"
#define ONLY                                                                                       \
    "the repository has no model.safetensors and no model.safetensors.index.json: only "           \
    "safetensors can be packed"
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"<html>", NO_MODEL "no JSON at byte 1: '[' or '{' expected near '<'"},
        {"{}", NO_MODEL "'sha' is no commit of 40 hex digits"},
        {"{\"sha\": \"../../../../../../../../../../../../../etc\", \"siblings\": []}",
         NO_MODEL "'sha' is no commit of 40 hex digits"},
        {"{\"sha\": \"" COMMIT "\"}", NO_MODEL "'siblings' is no list"},
        {"{\"sha\": \"" COMMIT "\", \"sha\": \"main\"}",
         NO_MODEL "'sha' is no commit of 40 hex digits"},
        {LIST("5"), NO_MODEL "a file without 'rfilename'"},
        {LIST(SMALL("../config.json", "24", COMMIT)), LEADS_OUT},
        {LIST(SMALL("/etc/config.json", "24", COMMIT)), LEADS_OUT},
        {LIST(SMALL("a/../../config.json", "24", COMMIT)), LEADS_OUT},
        {LIST(SMALL("a//b", "24", COMMIT)), LEADS_OUT},
        {LIST(SMALL("..\\\\config.json", "24", COMMIT)), LEADS_OUT},
        {LIST(SMALL("config\\n.json", "24", COMMIT)), LEADS_OUT},
        {LIST(SMALL("", "24", COMMIT)), LEADS_OUT},
        {LIST("{\"rfilename\": \"config.json\"}"),
         "'config.json' comes without its size and digest"},
        {LIST(SMALL("config.json", "-1", COMMIT)),
         "'config.json' comes without its size and digest"},
        {LIST(SMALL("config.json", "1", "xyz")), "'config.json' comes without its size and digest"},
        {LIST(LARGE(MODEL, "1", COMMIT)), "'" MODEL "' comes without its size and digest"},
        {LIST(CONFIG_ENTRY ", " CONFIG_ENTRY), "'config.json' is listed twice"},
        {LIST(CONFIG_ENTRY), ONLY},
        {LIST(CONFIG_ENTRY ", " SMALL("pytorch_model-00001-of-00002.bin", "1", COMMIT)),
         ONLY "; it has pytorch_model*.bin: take the folder from the hub with its own client, and "
              "'pack' says how to convert it"},
        {LIST(SMALL("adapter_config.json", "1", COMMIT)),
         ONLY "; it is an adapter: merge it into its model first (PEFT's merge_and_unload)"},
        {LIST(MODEL_ENTRY), "the repository has no config.json"},
        {LIST(CONFIG_ENTRY ", " INDEX_ENTRY), "the repository has " HALF_A_ROW},
        {LIST(CONFIG_ENTRY ", " INDEX_ENTRY ", " SECOND_ENTRY), "the repository has " HALF_A_ROW},
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    for (int i = 0; i < CASES; i++) {
        site_routes[ROUTE_LISTING].body = cases[i].text;
        site_routes[ROUTE_LISTING].bytes = strlen(cases[i].text);
        site_start();
        site_said(site_fetch(), 4, "http://127.0.0.1:%u" LISTING ": %s", site_hub.port,
                  cases[i].message);
        http_server_stop(&site_hub);
        ck_assert(!site_has(TARGET));
    }
}
END_TEST

START_TEST(a_listing_without_end_is_cut)
{
    enum { BYTES = 17 << 20 };
    char *spaces = malloc(BYTES);
    memset(spaces, ' ', BYTES);
    site_routes[ROUTE_LISTING].body = spaces;
    site_routes[ROUTE_LISTING].bytes = BYTES;
    site_start();
    site_said(site_fetch(), 4, "http://127.0.0.1:%u" LISTING ": answered more than 16777216 bytes",
              site_hub.port);
    free(spaces);
}
END_TEST

START_TEST(shards_come_with_their_index)
{
    static const char *const entries[] = {
        CONFIG_ENTRY,
        INDEX_ENTRY,
        LARGE("model-00001-of-00002.safetensors", "300000", MODEL_SHA),
        SECOND_ENTRY,
        LARGE("model-1-of-2.safetensors", "300000", MODEL_SHA),
        LARGE("consolidated.safetensors", "300000", MODEL_SHA),
    };
    char shards[2048] = "{\"sha\": \"" COMMIT "\", \"siblings\": [";
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        snprintf(shards + strlen(shards), sizeof shards - strlen(shards), "%s%s",
                 i == 0 ? "" : ", ", entries[i]);
    strcat(shards, "]}");
    site_routes[ROUTE_LISTING].body = shards;
    site_routes[ROUTE_LISTING].bytes = strlen(shards);
    site_routes[ROUTE_TOKENIZER].path = FILES "/model.safetensors.index.json";
    site_routes[ROUTE_OTHER] = site_routes[ROUTE_MODEL];
    site_routes[ROUTE_MODEL].path = FILES "/model-00001-of-00002.safetensors";
    site_routes[ROUTE_OTHER].path = FILES "/model-00002-of-00002.safetensors";
    site_start();
    ck_assert_int_eq(site_fetch()->code, 0);
    ck_assert_uint_eq(*site_hub.count, 5);
    ck_assert(site_holds(TARGET "/model-00002-of-00002.safetensors", site_model, MODEL_BYTES));
    ck_assert(site_holds(TARGET "/model.safetensors.index.json", site_tokenizer, 19));
}
END_TEST

/* tokenizer.model comes where there is no tokenizer.json, and only there. */
START_TEST(one_tokenizer_comes)
{
    static const char *const listings[] = {
        LIST(CONFIG_ENTRY ", " SMALL("tokenizer.model", "19", TOKENIZER_SHA) ", " MODEL_ENTRY),
        LIST(SMALL("tokenizer.model", "19", TOKENIZER_SHA) ", " CONFIG_ENTRY ", " SMALL(
            "tokenizer.json", "19", TOKENIZER_SHA) ", " MODEL_ENTRY)};
    site_routes[ROUTE_LISTING].body = listings[_i];
    site_routes[ROUTE_LISTING].bytes = strlen(listings[_i]);
    if (_i == 0)
        site_routes[ROUTE_TOKENIZER].path = FILES "/tokenizer.model";
    site_start();
    ck_assert_int_eq(site_fetch()->code, 0);
    ck_assert_uint_eq(*site_hub.count, 4);
    ck_assert(site_holds(_i == 0 ? TARGET "/tokenizer.model" : TARGET "/tokenizer.json",
                         site_tokenizer, TOKENIZER_BYTES));
    ck_assert(!site_has(_i == 0 ? TARGET "/tokenizer.json" : TARGET "/tokenizer.model"));
}
END_TEST

/* ---- the cache ------------------------------------------------------------------------------ */

/* The cache as the hub's own client keeps it: links into blobs/. */
static void fill_cache(void)
{
    ck_assert_int_eq(
        system("mkdir -p " SNAPSHOT "/blobs " SNAPSHOT "/refs " SNAPSHOT "/snapshots/" COMMIT), 0);
    const struct {
        const char *name, *digest, *bytes;
        size_t count;
    } files[] = {{"config.json", CONFIG_SHA, site_config, CONFIG_BYTES},
                 {"tokenizer.json", TOKENIZER_SHA, site_tokenizer, TOKENIZER_BYTES},
                 {MODEL, MODEL_SHA, site_model, MODEL_BYTES}};
    for (size_t i = 0; i < 3; i++) {
        char path[512], target[256];
        snprintf(path, sizeof path, SNAPSHOT "/blobs/%s", files[i].digest);
        site_write(path, files[i].bytes, files[i].count);
        snprintf(path, sizeof path, SNAPSHOT "/snapshots/" COMMIT "/%s", files[i].name);
        snprintf(target, sizeof target, "../../blobs/%s", files[i].digest);
        ck_assert_int_eq(symlink(target, path), 0);
    }
    site_write(SNAPSHOT "/refs/main", COMMIT, strlen(COMMIT));
}

START_TEST(what_the_cache_has_is_linked)
{
    fill_cache();
    site_write(SNAPSHOT "/blobs/4532635ef03de03d1dc15392655238cbab934f5c", "damaged", 7);
    site_start();
    const struct child *child = site_fetch();
    site_done(child);
    ck_assert_ptr_nonnull(
        strstr(child->err, "fetch:   model.safetensors                  300.0 kB  in the cache\n"));
    ck_assert_uint_eq(*site_hub.count, 2); /* the listing, and what is damaged in the cache */
    struct stat facts;
    ck_assert_int_eq(lstat(TARGET "/" MODEL, &facts), 0);
    ck_assert(S_ISLNK(facts.st_mode));
    ck_assert_int_eq(lstat(TARGET "/config.json", &facts), 0);
    ck_assert(S_ISREG(facts.st_mode));
    site_done(site_fetch());
}
END_TEST

START_TEST(without_the_network_the_cache_serves)
{
    fill_cache();
    site_start();
    setenv("HF_HUB_OFFLINE", "1", 1);
    site_done(site_fetch());
    ck_assert_uint_eq(*site_hub.count, 0);
    ck_assert_int_eq(system("rm -rf " TARGET), 0);
    site_write(SNAPSHOT "/blobs/4532635ef03de03d1dc15392655238cbab934f5c", "damaged", 7);
    site_said(site_fetch(), 4,
              SNAPSHOT "/snapshots/" COMMIT "/config.json: its bytes are not those of its name in "
                       "blobs/: remove it there");
}
END_TEST

START_TEST(without_the_network_and_the_cache)
{
    site_start();
    setenv("HF_HUB_OFFLINE", "1", 1);
    site_said(site_fetch(), 1,
              "HF_HUB_OFFLINE is set, and neither " TARGET " nor home/hub has " REPO
              " at revision main: unset it, or copy config.json, tokenizer.json and the "
              "safetensors to the former");
    ck_assert_int_eq(mkdir(TARGET, 0777), 0);
    site_write(TARGET "/config.json", "{}", 2);
    ck_assert_int_eq(site_fetch()->code, 1);
    site_write(TARGET "/" MODEL, "x", 1);
    site_said(site_fetch(), 0,
              TARGET " is left as it is, for HF_HUB_OFFLINE is set; next:  make MODEL=mamba-130m "
                     "CHECKPOINT=" TARGET);
    ck_assert_uint_eq(*site_hub.count, 0);
    setenv("TRANSFORMERS_OFFLINE", "yes", 1);
    setenv("HF_HUB_OFFLINE", "", 1);
    site_said(site_fetch(), 0,
              TARGET " is left as it is, for TRANSFORMERS_OFFLINE is set; next:  make "
                     "MODEL=mamba-130m CHECKPOINT=" TARGET);
    ck_assert_uint_eq(*site_hub.count, 0);
    setenv("HF_HUB_OFFLINE", "0", 1);
    site_done(site_fetch());
}
END_TEST

/* ---- the disk ------------------------------------------------------------------------------- */

START_TEST(folders_and_files_that_cannot_be_made)
{
    site_start();
    site_write("plain", "", 0);
    site_said(CHILD(TOOL, CONFIG, "-o", "plain/out"), 1,
              "plain/out: cannot be made: Not a directory");
    site_said(CHILD(TOOL, CONFIG, "-o", "plain"), 1, "plain: is no directory");
    ck_assert_int_eq(system("mkdir -p " TARGET "/" MODEL_PART), 0);
    site_said(site_fetch(), 1, TARGET "/" MODEL_PART ": cannot be opened: Is a directory");
    ck_assert_int_eq(rmdir(TARGET "/" MODEL_PART), 0);
    ck_assert_int_eq(symlink("/dev/null", TARGET "/" MODEL_PART), 0);
    site_said(site_fetch(), 1,
              TARGET "/" MODEL_PART ": cannot be opened: Too many levels of symbolic links");
}
END_TEST

START_TEST(a_disk_that_takes_no_more)
{
    const struct rlimit before = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    const struct rlimit little = {.rlim_cur = 200000, .rlim_max = RLIM_INFINITY};
    site_start();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
    const struct child *child = site_fetch();
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    site_said(child, 1,
              TARGET "/" MODEL_PART ": cannot be written: File too large; the same command goes "
                     "on where this one stopped");
    ck_assert(site_holds(TARGET "/" MODEL_PART, site_model, 200000));
    site_done(site_fetch());
    ck_assert_ptr_nonnull(strstr(site_request(FILES "/" MODEL), "\r\nRange: bytes=200000-\r\n"));
}
END_TEST

START_TEST(more_than_the_disk_has)
{
    static const char huge[] =
        LIST(CONFIG_ENTRY ", " LARGE(MODEL, "4611686018427387904", MODEL_SHA));
    site_routes[ROUTE_LISTING].body = huge;
    site_routes[ROUTE_LISTING].bytes = sizeof huge - 1;
    site_start();
    const struct child *child = site_fetch();
    ck_assert_int_eq(child->code, 1);
    ck_assert_ptr_nonnull(strstr(child->err, "fetch: " TARGET
                                             ": 4611686018427387928 bytes (4611686.0 TB) are to "
                                             "come, and the disk has "));
    ck_assert_ptr_nonnull(strstr(child->err, " free: make room, or give another directory\n"));
    ck_assert_uint_eq(*site_hub.count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch_files");
    TCase *tests = tcase_create("fetch_files");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, site_set_up, NULL);
    tcase_add_test(tests, wrong_bytes_are_thrown_away);
    tcase_add_test(tests, small_files_have_digests_of_git);
    tcase_add_test(tests, the_next_command_can_be_typed);
    tcase_add_test(tests, wrong_lengths_are_refused);
    tcase_add_test(tests, listings_are_checked);
    tcase_add_test(tests, a_listing_without_end_is_cut);
    tcase_add_test(tests, shards_come_with_their_index);
    tcase_add_loop_test(tests, one_tokenizer_comes, 0, 2);
    tcase_add_test(tests, what_the_cache_has_is_linked);
    tcase_add_test(tests, without_the_network_the_cache_serves);
    tcase_add_test(tests, without_the_network_and_the_cache);
    tcase_add_test(tests, folders_and_files_that_cannot_be_made);
    tcase_add_test(tests, a_disk_that_takes_no_more);
    tcase_add_test(tests, more_than_the_disk_has);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
