/* The generator's command line against the stored cases of tests/golden (golden_cases.h). Each runs
 * in a folder of its own, build/tests/golden/NAME, which is left for a look at what failed. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"
#include "tests/golden/golden_cases.h"

enum { CASE_ARGUMENTS = 8, PATH_BYTES = 256 };

static const char folders[] = TEST_DIR "/golden";
static struct golden_cases stored;

/* In new memory: the text with the case's folder in the place of CASE. */
static char *with_folder(const char *text, const char *folder)
{
    char *made = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&made, &size);
    ck_assert_ptr_nonnull(to);
    for (const char *mark; (mark = strstr(text, "CASE")) != NULL; text = mark + 4)
        fprintf(to, "%.*s%s", (int)(mark - text), text, folder);
    fputs(text, to);
    ck_assert_int_eq(fclose(to), 0);
    return made;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static void make_folder(const char *path)
{
    ck_assert_msg(mkdir(path, 0777) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
}

/* Writes a file of a case, and the folder that it lies in. */
static void write_file(const char *folder, const struct golden_text *file)
{
    char path[PATH_BYTES + GOLDEN_NAME];
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    make_folder(path);
    *slash = '/';
    FILE *to = fopen(path, "wb");
    ck_assert_msg(to != NULL, "%s: %s", path, strerror(errno));
    ck_assert_uint_eq(fwrite(file->text, 1, file->size, to), file->size);
    ck_assert_int_eq(fclose(to), 0);
}

/* What stands in the case, or what a case with its files runs. In new memory. */
static char *arguments_text(const struct golden_case *c, const char *folder)
{
    if (c->args.text != NULL)
        return with_folder(c->args.text, folder);
    const bool config = c->file[0].text != NULL && strcmp(c->file[0].name, "in.ini") == 0;
    return with_folder(config ? "--stop-after=cfg\nCASE/in.ini" : "import\nCASE/in", folder);
}

static void split_arguments(char *text, const char *arguments[CASE_ARGUMENTS + 1])
{
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        ck_assert_uint_lt(count, CASE_ARGUMENTS);
        arguments[count++] = line;
    }
    arguments[count] = NULL;
}

/* Check takes no message of more than 4 KiB: of a long text it gets what follows the line before
 * the first difference. */
static void compare(const struct golden_case *c, const char *folder, const char *what,
                    const char *found, const struct golden_text *wanted)
{
    enum { SHOWN = 1500 };
    char *expected = with_folder(wanted->text != NULL ? wanted->text : "", folder);
    size_t same = 0;
    while (found[same] != '\0' && found[same] == expected[same])
        same++;
    for (int lines = 0; same > 0 && (found[same - 1] != '\n' || lines++ < 1);)
        same--;
    ck_assert_msg(strcmp(found, expected) == 0, "%s: %s: %s is\n%.*s\nexpected\n%.*s", c->at,
                  c->name, what, SHOWN, found + same, SHOWN, expected + same);
    free(expected);
}

START_TEST(stored_case)
{
    const struct golden_case *c = &stored.cases[_i];
    const char *arguments[CASE_ARGUMENTS + 1];
    char folder[PATH_BYTES];
    snprintf(folder, sizeof folder, "%s/%s", folders, c->name);
    make_folder(folder);
    for (size_t i = 0; i < GOLDEN_FILES && c->file[i].text != NULL; i++)
        write_file(folder, &c->file[i]);
    char *text = arguments_text(c, folder);
    split_arguments(text, arguments);
    const struct child *gen = child_run(TEST_TOOLS "/gen", arguments, "", 0);
    compare(c, folder, "stderr", gen->err, &c->err);
    compare(c, folder, "stdout", gen->out, &c->out);
    ck_assert_msg(gen->code == c->exit, "%s: %s: exit code %d, expected %d", c->at, c->name,
                  gen->code, c->exit);
    free(text);
}
END_TEST

START_TEST(cases_are_found)
{
    ck_assert_uint_ge(stored.count, 180);
}
END_TEST

int main(void)
{
    golden_cases_read("tests/golden/*.cases", &stored);
    nftw(folders, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (mkdir(folders, 0777) != 0) {
        perror(folders);
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("golden");
    TCase *tests = tcase_create("stored");
    tcase_add_test(tests, cases_are_found);
    tcase_add_loop_test(tests, stored_case, 0, (int)stored.count);
    tcase_set_timeout(tests, 20);
    suite_add_tcase(suite, tests);
    int code = tests_run(suite);
    golden_cases_free(&stored);
    return code;
}
