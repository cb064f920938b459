/* Files that are whole or not there, and what of them is removed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/partial.h"
#include "tests/fixtures/child.h"
#include "tests/fixtures/run.h"

/* A process that was there. */
static pid_t gone(void)
{
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_ne(kill(pid, 0), 0);
    return pid;
}

/* Makes PATH.partial.PID with something behind it; its descriptor. */
static int leave(const char *path, pid_t pid, const char *behind, char name[256])
{
    snprintf(name, 256, "%s.partial.%ld%s", path, (long)pid, behind);
    const int file = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    ck_assert_int_ge(file, 0);
    return file;
}

START_TEST(the_name_appears_when_all_is_written)
{
    const char *path = child_scratch("whole");
    struct partial partial;
    for (int again = 0; again < 2; again++) {
        char text[8] = "";
        ck_assert(partial_open(&partial, path));
        ck_assert_int_eq(access(partial.name, F_OK), 0);
        ck_assert_int_eq(write(partial.file, again ? "new" : "old", 3), 3);
        ck_assert_int_eq(access(path, F_OK), again ? 0 : -1);
        ck_assert_ptr_null(partial_commit(&partial));
        ck_assert_int_ne(access(partial.name, F_OK), 0);
        FILE *file = fopen(path, "r");
        ck_assert_ptr_nonnull(file);
        ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
        fclose(file);
        ck_assert_str_eq(text, again ? "new" : "old");
    }
    ck_assert(partial_open(&partial, path));
    partial_abandon(&partial);
    ck_assert_int_ne(access(partial.name, F_OK), 0);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(only_what_nobody_writes_is_removed)
{
    const char *path = child_scratch("weights");
    static char dead[256], locked[256], living[256], backup[256], other[256];
    const pid_t pid = gone();
    close(leave(path, pid, "", dead));
    const int held = leave(path, pid + 1, "", locked); /* as of a process that is not seen here */
    const bool unseen = kill(pid + 1, 0) != 0;
    ck_assert_int_eq(flock(held, LOCK_EX | LOCK_NB), 0);
    close(leave(path, getppid(), "", living));
    close(leave(path, pid, ".bak", backup));
    close(leave(child_scratch("weights2"), pid, "", other));
    struct partial partial;
    ck_assert(partial_open(&partial, path));
    ck_assert_int_ne(access(dead, F_OK), 0);
    ck_assert_int_eq(access(locked, F_OK), 0);
    ck_assert_int_eq(access(living, F_OK), 0);
    ck_assert_int_eq(access(backup, F_OK), 0);
    ck_assert_int_eq(access(other, F_OK), 0);
    partial_abandon(&partial);
    close(held);
    ck_assert(partial_open(&partial, path));
    ck_assert_int_eq(access(locked, F_OK), unseen ? -1 : 0);
    partial_abandon(&partial);
}
END_TEST

START_TEST(what_cannot_be_is_named)
{
    struct partial partial;
    ck_assert(!partial_open(&partial, "/nonexistent/file"));
    ck_assert_int_eq(strncmp(partial.name, "/nonexistent/file.partial.", 26), 0);
    static char path[PARTIAL_PATH_BYTES];
    memset(path, 'a', sizeof path - 20);
    ck_assert(!partial_open(&partial, path));
    const char *folder = child_scratch("folder");
    ck_assert(partial_open(&partial, folder));
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    ck_assert_str_eq(partial_commit(&partial), "rename the partial file");
    ck_assert_int_ne(access(partial.name, F_OK), 0);
    ck_assert(!partial_open(&partial, folder));
    ck_assert_int_eq(errno, EISDIR);
    rmdir(folder);
}
END_TEST

/* A FIFO stands for all that is no file, so that nothing happens to a device if this fails. */
START_TEST(what_is_no_file_stays)
{
    struct partial partial;
    struct stat there;
    const char *fifo = child_scratch("fifo"), *way = child_scratch("way");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(symlink(strrchr(fifo, '/') + 1, way), 0);
    for (int through = 0; through < 2; through++) {
        ck_assert(!partial_open(&partial, through ? way : fifo));
        ck_assert_int_eq(errno, EEXIST);
        ck_assert_str_eq(partial.name, through ? way : fifo);
    }
    ck_assert_int_eq(stat(way, &there), 0);
    ck_assert(S_ISFIFO(there.st_mode));
    unlink(fifo);
    unlink(way);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partial");
    TCase *tests = tcase_create("partial");
    tcase_add_test(tests, the_name_appears_when_all_is_written);
    tcase_add_test(tests, only_what_nobody_writes_is_removed);
    tcase_add_test(tests, what_cannot_be_is_named);
    tcase_add_test(tests, what_is_no_file_stays);
    suite_add_tcase(suite, tests);
    return tests_run(suite);
}
