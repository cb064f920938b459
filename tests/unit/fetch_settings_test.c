/* The environment as the hub's own client reads it: tests/data/hub_settings.txt has what
 * huggingface_hub made of each case (tests/references/make_hub_settings.py). */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixtures/run.h"
#include "tools/fetch/fetch_hub.h"

/* Every variable that the client looks at. */
static void clean_environment(void)
{
    clearenv();
    ck_assert_int_eq(setenv("HOME", "/home/u", 1), 0);
}

/* NAME=VALUE, with 0x1f between two. */
static void set_environment(char *names)
{
    for (char *at = names, *next; at != NULL && *at != '\0'; at = next) {
        next = strchr(at, 0x1f);
        if (next != NULL)
            *next++ = '\0';
        char *value = strchr(at, '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        ck_assert_int_eq(setenv(at, value, 1), 0);
    }
}

/* A part of a line, up to the next tab or its end. */
static char *part(char **rest)
{
    char *first = strsep(rest, "\t\n");
    ck_assert_ptr_nonnull(first);
    return first;
}

START_TEST(settings_are_those_of_the_client)
{
    static struct hub hub;
    char line[1024], shown[1024];
    uint32_t cases = 0;
    FILE *file = fopen("tests/data/hub_settings.txt", "r");
    ck_assert_ptr_nonnull(file);
    for (; fgets(line, sizeof line, file) != NULL; cases++) {
        char *rest = line, *names = part(&rest), *cache = part(&rest), *path = part(&rest),
             *token = part(&rest), *offline = part(&rest);
        snprintf(shown, sizeof shown, "%s", names);
        clean_environment();
        set_environment(names);
        hub_settings(&hub);
        ck_assert_msg(strcmp(hub.cache, cache) == 0, "%s: %s, not %s", shown, hub.cache, cache);
        ck_assert_msg(strcmp(hub.token, strcmp(token, "-") == 0 ? "" : token) == 0,
                      "%s: token %s, not %s", shown, hub.token, token);
        ck_assert_msg((hub.offline != NULL) == (strcmp(offline, "1") == 0), "%s: offline %s", shown,
                      offline);
        if (hub.token[0] == '\0' && strstr(shown, "IMPLICIT") == NULL)
            ck_assert_msg(strcmp(hub.token_source, path) == 0, "%s: %s, not %s", shown,
                          hub.token_source, path);
    }
    fclose(file);
    ck_assert_uint_eq(cases, 51);
}
END_TEST

/* Where a user's home is differs from machine to machine, so this case is not stored. */
START_TEST(the_home_of_another_user_is_asked_for)
{
    static struct hub hub;
    char expected[1024];
    const struct passwd *root = getpwnam("root");
    ck_assert_ptr_nonnull(root);
    snprintf(expected, sizeof expected, "%s/h/hub", root->pw_dir);
    clean_environment();
    ck_assert_int_eq(setenv("HF_HOME", "~root/h", 1), 0);
    hub_settings(&hub);
    ck_assert_str_eq(hub.cache, expected);
}
END_TEST

START_TEST(set_to_nothing_is_not_set)
{
    static struct hub hub;
    static const char *const names[] = {"HF_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE",
                                        "HF_TOKEN_PATH", "HF_ENDPOINT"};
    clean_environment();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], "", 1);
    hub_settings(&hub);
    ck_assert_str_eq(hub.cache, "/home/u/.cache/huggingface/hub");
    ck_assert_str_eq(hub.token_source, "/home/u/.cache/huggingface/token");
    ck_assert_str_eq(hub.endpoint, "https://huggingface.co");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch settings");
    TCase *tests = tcase_create("fetch settings");
    tcase_add_test(tests, settings_are_those_of_the_client);
    tcase_add_test(tests, the_home_of_another_user_is_asked_for);
    tcase_add_test(tests, set_to_nothing_is_not_set);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
