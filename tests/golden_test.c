/* The generator's command line against stored cases: every folder of tests/golden is one.
 *
 *   in.ini             a config: gen --stop-after=cfg in.ini
 *   in/config.json     a checkpoint: gen import in
 *   args               anything else, one argument per line, CASE standing for the folder
 *   expected_out, expected_err, expected_exit */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/child.h"
#include "tests/run.h"

enum { CASE_ARGUMENTS = 8, CASE_TEXT = 16384 };

static glob_t cases;

/* The file NAME of a case; false if it has none. */
static bool read_text(const char *folder, const char *name, char text[CASE_TEXT])
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t size = fread(text, 1, CASE_TEXT - 1, file);
    ck_assert_msg(size < CASE_TEXT - 1, "%s is longer than this test reads", path);
    fclose(file);
    text[size] = '\0';
    return true;
}

/* Splits `text` into lines and puts the folder in the place of CASE. */
static void read_arguments(const char *folder, char *text, char store[CASE_ARGUMENTS][256],
                           const char *arguments[CASE_ARGUMENTS + 1])
{
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        ck_assert_uint_lt(count, CASE_ARGUMENTS);
        const char *mark = strstr(line, "CASE");
        if (mark == NULL)
            snprintf(store[count], 256, "%s", line);
        else
            snprintf(store[count], 256, "%.*s%s%s", (int)(mark - line), line, folder, mark + 4);
        arguments[count] = store[count];
        count++;
    }
    arguments[count] = NULL;
}

static void find_arguments(const char *folder, char text[CASE_TEXT])
{
    char config[256];
    snprintf(config, sizeof config, "%s/in.ini", folder);
    if (read_text(folder, "args", text))
        return;
    snprintf(text, CASE_TEXT, "%s",
             access(config, R_OK) == 0 ? "--stop-after=cfg\nCASE/in.ini" : "import\nCASE/in");
}

START_TEST(stored_case)
{
    const char *folder = cases.gl_pathv[_i];
    static char text[CASE_TEXT], out[CASE_TEXT], err[CASE_TEXT], code[CASE_TEXT];
    static char store[CASE_ARGUMENTS][256];
    const char *arguments[CASE_ARGUMENTS + 1];
    find_arguments(folder, text);
    read_arguments(folder, text, store, arguments);
    ck_assert_msg(read_text(folder, "expected_out", out), "%s lacks expected_out", folder);
    ck_assert_msg(read_text(folder, "expected_err", err), "%s lacks expected_err", folder);
    ck_assert_msg(read_text(folder, "expected_exit", code), "%s lacks expected_exit", folder);
    const struct child *gen = child_run(TEST_TOOLS "/gen", arguments, "", 0);
    ck_assert_msg(strcmp(gen->err, err) == 0, "%s: stderr is\n%s\nexpected\n%s", folder, gen->err,
                  err);
    ck_assert_msg(strcmp(gen->out, out) == 0, "%s: stdout is\n%s\nexpected\n%s", folder, gen->out,
                  out);
    ck_assert_msg(gen->code == atoi(code), "%s: exit code %d, expected %s", folder, gen->code,
                  code);
}
END_TEST

START_TEST(cases_are_found)
{
    ck_assert_uint_ge(cases.gl_pathc, 100);
}
END_TEST

int main(void)
{
    if (glob("tests/golden/*", 0, NULL, &cases) != 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("golden");
    TCase *stored = tcase_create("stored");
    tcase_add_test(stored, cases_are_found);
    tcase_add_loop_test(stored, stored_case, 0, (int)cases.gl_pathc);
    tcase_set_timeout(stored, 20);
    suite_add_tcase(suite, stored);
    int code = tests_run(suite);
    globfree(&cases);
    return code;
}
