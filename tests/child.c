#include "tests/child.h"

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATHS = 8, MOST_ARGUMENTS = 32 };

pid_t child_start(const char *program, const char *const *arguments, int in, int out, int err)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    for (int file = STDERR_FILENO + 1; file < 64; file++)
        close(file);
    char *list[MOST_ARGUMENTS + 2] = {(char *)(size_t)program};
    for (int i = 0; arguments[i] && i < MOST_ARGUMENTS; i++)
        list[i + 1] = (char *)(size_t)arguments[i];
    execv(program, list);
    _exit(127);
}

int child_wait(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static size_t read_back(FILE *file, char *text)
{
    rewind(file);
    size_t bytes = fread(text, 1, CHILD_OUTPUT_BYTES, file);
    text[bytes] = '\0';
    fclose(file);
    return bytes;
}

static struct child child;

struct child *child_run(const char *program, const char *const *arguments, const char *input,
                        size_t input_bytes)
{
    FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
    ck_assert(in && out && err);
    ck_assert_uint_eq(fwrite(input, 1, input_bytes, in), input_bytes);
    rewind(in);
    child.code = child_wait(child_start(program, arguments, fileno(in), fileno(out), fileno(err)));
    fclose(in);
    child.out_bytes = read_back(out, child.out);
    child.err_bytes = read_back(err, child.err);
    return &child;
}

struct child *child_call(void (*function)(void))
{
    FILE *out = tmpfile(), *err = tmpfile();
    ck_assert(out && err);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        function();
        exit(0);
    }
    child.code = child_wait(pid);
    child.out_bytes = read_back(out, child.out);
    child.err_bytes = read_back(err, child.err);
    return &child;
}

const char *child_beside(const char *name)
{
    static char path[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length <= 0)
        abort();
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash + 1, 64, "%s", name);
    return path;
}

static char folder[64];
static pid_t owner;

static void remove_folder(void)
{
    if (getpid() != owner)
        return;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char path[sizeof folder + 256 + 2];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (entries)
        closedir(entries);
    rmdir(folder);
}

const char *child_scratch(const char *name)
{
    static char paths[PATHS][160];
    static int next;
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "/tmp/ingot-test-XXXXXX");
        if (!mkdtemp(folder))
            abort();
        owner = getpid();
        atexit(remove_folder);
    }
    char *path = paths[next++ % PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}
