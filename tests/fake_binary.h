/* The binary of the fake model, built beside the test programs as `fake` with the allocation guard
 * inside, and weight files for it. */
#ifndef TESTS_FAKE_BINARY_H
#define TESTS_FAKE_BINARY_H

#include <stdint.h>

#include "tests/child.h"
#include "tests/run.h"

extern char fake[];        /* path of the binary */
extern char sound[];       /* path of a weight file with the tokenizer of mamba-a */
extern char llama[];       /* path of one whose tokenizer puts an id, 1, before a text */
extern char wordless[];    /* path of one without a tokenizer */
extern uint8_t *fake_file; /* the bytes of `sound` */
extern uint64_t fake_file_bytes;

/* Makes all of them; to be called once, before any test. The files go when the process ends. */
void fake_binary_make(void);

/* The child ended with this code, printed this message and nothing on its standard output. */
void assert_refused(struct child *child, int code, const char *message);

/* A new test case of the suite, with time for a busy machine. */
TCase *add_case(Suite *suite, const char *name);

#endif
