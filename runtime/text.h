/* Text of any length turned into tokens in fixed memory: bytes are read when tokens are asked for.
 * The ids that the tokenizer puts around a text (BOS, EOS) come with it. */
#ifndef RUNTIME_TEXT_H
#define RUNTIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/die.h"
#include "runtime/out.h"
#include "runtime/run.h"
#include "runtime/tokenizer.h"

enum { TEXT_BLOCK = 64 * 1024 };

struct text {
    struct tokenizer *tokenizer;
    const char *name;     /* for messages: "--prompt", a path, "standard input" */
    int file;             /* -1: the text lies in memory */
    enum exit_code fault; /* how to exit if the text is not valid UTF-8 */
    struct out *echo;     /* receives every byte as it is consumed; NULL: nobody */
    const uint8_t *next;  /* bytes not yet given to the tokenizer, `left` of them */
    size_t left;
    bool read_all;    /* nothing follows `next` */
    bool finished;    /* the tokenizer knows */
    bool interrupted; /* Ctrl-C came while reading: the text ends here */
    uint8_t block[TEXT_BLOCK];
};

/* The text of a command line argument. Invalid UTF-8 in it will exit with EXIT_USAGE. */
void text_open_memory(struct text *text, struct tokenizer *tokenizer, const char *bytes,
                      const char *name);

/* The text of a file; "-" is standard input. Exits with EXIT_FAILED if it cannot be opened; invalid
 * UTF-8 in it will exit with EXIT_MISMATCH. */
void text_open_file(struct text *text, struct tokenizer *tokenizer, const char *path);

/* Directly after opening: the text comes without the ids that the tokenizer puts around it. */
void text_leave_bos_out(struct text *text);

/* The next ids[count] of the text: fewer than `capacity` only at its end, or when interrupted.
 * Invalid UTF-8 ends the program with a message that gives the byte offset. Allocates nothing. */
u32 text_tokens(struct text *text, u32 *ids, u32 capacity);

void text_close(struct text *text);

#endif
