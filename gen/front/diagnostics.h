/* Where a stage of the generator says what is wrong with its input.
 *
 * Every message names the place, what was found, what was expected and what to do. A stage reports
 * all it can find and then fails; it never repairs input and never exits. */
#ifndef GEN_FRONT_DIAGNOSTICS_H
#define GEN_FRONT_DIAGNOSTICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/base/attributes.h"

struct diagnostics {
    FILE *to;         /* stderr, or memory in tests */
    const char *file; /* the name that messages start with */
    uint32_t errors;  /* reported so far */
};

/* Prints "FILE:LINE: MESSAGE" (line 0: "FILE: MESSAGE") and counts it. Characters of the message
 * that are not seen when printed are spelled out (runtime/base/visible.h), as it may quote a file.
 * Returns false, with which a check that has failed can end. */
PRINTF(3, 4)
bool diagnostics_error(struct diagnostics *diagnostics, uint32_t line, const char *message, ...);

/* The generator itself is at fault, not its input: prints "gen: WHAT: MESSAGE" to stderr and
 * aborts. WHAT is a model or a file; the message names the limit or rule that is broken, and where
 * it stands. */
PRINTF(2, 3) NORETURN void diagnostics_fault(const char *what, const char *message, ...);

/* Prints "gen: no memory" to stderr and aborts. */
NORETURN void diagnostics_no_memory(void);

/* Prints "FILE: note: MESSAGE": something to know that is no error. */
PRINTF(2, 3) void diagnostics_note(const struct diagnostics *diagnostics, const char *message, ...);

/* Complaints of one kind: all are counted, the first DIAGNOSTICS_LIST printed. */
enum { DIAGNOSTICS_LIST = 8 };
struct diagnostics_list {
    struct diagnostics *diagnostics;
    uint32_t count;
};

#define diagnostics_item(LIST, ...)                                                                \
    ((LIST)->count++ < DIAGNOSTICS_LIST                                                            \
         ? (void)diagnostics_error((LIST)->diagnostics, 0, __VA_ARGS__)                            \
         : (void)(LIST)->diagnostics->errors++)

/* Ends the list: "FILE: and 283 more WHAT", if there are more than were printed. */
void diagnostics_rest(const struct diagnostics_list *list, const char *what);

#endif
