/* Programs run as subprocesses, for tests of command lines. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_OUTPUT_BYTES = 1 << 20 };

struct child {
    int code; /* exit status; 128 + number if a signal killed it */
    size_t out_bytes, err_bytes;
    char out[CHILD_OUTPUT_BYTES + 1]; /* what it wrote, cut there, and a NUL */
    char err[CHILD_OUTPUT_BYTES + 1];
};

/* Runs `program` with arguments (NULL-terminated, without argv[0]) and this text on its standard
 * input, to its end. The result is one static struct, overwritten by the next call. */
struct child *child_run(const char *program, const char *const *arguments, const char *input,
                        size_t input_bytes);

/* Like child_run() with nothing on the standard input. */
#define CHILD(program, ...) child_run(program, (const char *const[]){__VA_ARGS__, NULL}, "", 0)

/* The same for a function in a forked copy of this process; returning from it is exit code 0. */
struct child *child_call(void (*function)(void));

/* Starts it with these descriptors as its standard input, output and error. */
pid_t child_start(const char *program, const char *const *arguments, int in, int out, int err);

/* Waits for it; the code as above. */
int child_wait(pid_t pid);

/* These two work outside of tests as well.
 *
 * "NAME" in the folder that holds the running test program: fixtures are built beside it. */
const char *child_beside(const char *name);

/* A path for `name` in a folder that is removed, with the files in it, when the process ends. */
const char *child_scratch(const char *name);

#endif
