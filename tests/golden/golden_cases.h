/* The stored cases of the generator's command line: tests/golden, *.cases, texts for people.
 *
 *   # a comment
 *   base NAME               a text that cases start from; its lines follow
 *   case NAME               starts a case, which has any of these:
 *   file PATH               a file in the folder that the case runs in
 *   args                    arguments of gen, one per line; without: --stop-after=cfg CASE/in.ini,
 *                           or import CASE/in if there is no in.ini
 *   exit N                  the exit code expected; without: 0
 *   err, out                what gen is expected to print; without: nothing
 *
 * Lines of a text start with '|'. Behind "base", "file", "err" or "out" may stand "of BASE": the
 * text is that base with changes, which are applied from its top down: "-LINE" leaves the next such
 * line out, "=LINE" keeps it and goes on behind it, "+LINE" puts a line in. "\" alone: the last
 * line of the text has no newline. Within a line \xNN is a byte and \\ a backslash.
 * CASE is the folder that the case runs in. */
#ifndef TESTS_GOLDEN_GOLDEN_CASES_H
#define TESTS_GOLDEN_GOLDEN_CASES_H

#include <stddef.h>

enum { GOLDEN_FILES = 4, GOLDEN_NAME = 64 };

struct golden_text {
    char name[GOLDEN_NAME];
    char *text; /* NULL: there is none */
    size_t size;
};

struct golden_case {
    char name[GOLDEN_NAME];
    char at[128]; /* "tests/golden/x.cases:12", for messages */
    struct golden_text file[GOLDEN_FILES], args, out, err;
    int exit;
};

struct golden_cases {
    struct golden_case *cases;
    struct golden_text *bases;
    size_t count, base_count;
};

/* Reads the cases of every file that matches `pattern`. What is not in this format ends the program
 * with a message that names file and line. */
void golden_cases_read(const char *pattern, struct golden_cases *cases);
void golden_cases_free(struct golden_cases *cases);

#endif
