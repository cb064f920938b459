#include "tools/measure/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The environment with LC_ALL=C in front: the first of a name counts. NULL: no memory. */
static char **plain_environment(void)
{
    static char locale[] = "LC_ALL=C";
    size_t count = 0;
    while (environ[count])
        count++;
    char **plain = calloc(count + 2, sizeof *plain);
    if (!plain)
        return NULL;
    size_t used = 0;
    plain[used++] = locale;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            plain[used++] = environ[i];
    return plain;
}

/* Starts it, reading from `input` and writing to `output`. Returns 0 or an errno. */
static int start(pid_t *child, int input, int output)
{
    char *arguments[] = {"gnuplot", "-d", NULL};
    char **plain = plain_environment();
    posix_spawn_file_actions_t actions;
    if (!plain)
        return ENOMEM;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed == 0) {
        failed = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        if (failed == 0)
            failed = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (failed == 0)
            failed = posix_spawnp(child, arguments[0], &actions, NULL, arguments, plain);
        posix_spawn_file_actions_destroy(&actions);
    }
    free(plain);
    return failed;
}

/* All of a file. NULL: errno says why. */
static char *read_all(FILE *file, size_t *bytes)
{
    if (fseek(file, 0, SEEK_END) != 0)
        return NULL;
    const long size = ftell(file);
    if (size < 0)
        return NULL;
    rewind(file);
    char *text = malloc((size_t)size + 1);
    if (!text)
        return NULL;
    *bytes = fread(text, 1, (size_t)size, file);
    text[*bytes] = '\0';
    return text;
}

/* Both ends are files, so neither waits for the other. */
static bool run(FILE *script, FILE *printed, char *error, size_t room)
{
    pid_t child;
    int status;
    if (fflush(script) != 0 || lseek(fileno(script), 0, SEEK_SET) != 0) {
        snprintf(error, room, "the script for gnuplot cannot be written: %s", strerror(errno));
        return false;
    }
    const int failed = start(&child, fileno(script), fileno(printed));
    if (failed == ENOENT) {
        snprintf(error, room,
                 "gnuplot is not installed: it draws the pictures; install the package "
                 "'gnuplot-nox' ('make deps-measure')");
        return false;
    }
    if (failed != 0) {
        snprintf(error, room, "gnuplot cannot be started: %s", strerror(failed));
        return false;
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) {
            snprintf(error, room, "gnuplot: %s", strerror(errno));
            return false;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    snprintf(error, room, "gnuplot failed (%s %d)", WIFEXITED(status) ? "exit code" : "signal",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return false;
}

bool gnuplot_run(FILE *script, char **text, size_t *bytes, char *error, size_t room)
{
    FILE *printed = tmpfile();
    *text = NULL;
    if (!printed) {
        snprintf(error, room, "no temporary file for gnuplot: %s", strerror(errno));
        return false;
    }
    const bool done = run(script, printed, error, room);
    if (done) {
        *text = read_all(printed, bytes);
        if (!*text)
            snprintf(error, room, "what gnuplot drew cannot be read: %s", strerror(errno));
    }
    fclose(printed);
    return done && *text;
}
