/* Fatal errors: one message on stderr, one exit code. */
#ifndef RUNTIME_BASE_DIE_H
#define RUNTIME_BASE_DIE_H

/* What the exit codes of a model's binary mean. EXIT_SUCCESS is stdlib's. */
enum exit_code {
    EXIT_FAILED = 1,        /* failure at run time: reading, writing, threads */
    EXIT_USAGE = 2,         /* the command line is wrong */
    EXIT_MEMORY = 3,        /* the plan does not fit in what the machine has left */
    EXIT_MISMATCH = 4,      /* a file is damaged, of another kind, or fits another binary */
    EXIT_WRONG = 5,         /* the self-test found different numbers */
    EXIT_PROCESSOR = 6,     /* the binary needs another processor */
    EXIT_INTERRUPTED = 130, /* Ctrl-C, SIGTERM or SIGHUP */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Prints "PROGRAM: message" and a newline on stderr with one write, and exits with `code`.
 * Neither allocates nor depends on NDEBUG; a message longer than 2 KiB is cut. */
void die(enum exit_code code, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Prints a message like die() and goes on: reports and summaries. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#endif
