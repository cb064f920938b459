/* Text of any length turned into tokens in fixed memory: bytes are read when tokens are asked for.
 * The ids that the tokenizer puts around a text (BOS, EOS) come with it, unless told otherwise.
 *
 *   open, (count,) begin, tokens until none come, close */
#ifndef RUNTIME_CLI_TEXT_H
#define RUNTIME_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/die.h"
#include "runtime/base/out.h"
#include "runtime/base/run.h"
#include "runtime/measure/words.h"
#include "runtime/tokenizer/tokenizer.h"

enum { TEXT_BLOCK = 64 * 1024 };

struct text {
    struct tokenizer *tokenizer;
    const char *name;     /* for messages: "--prompt", a path, "standard input" */
    enum exit_code fault; /* how to exit if the text is not valid UTF-8 */
    const char *memory;   /* of a text in memory */
    size_t memory_bytes;
    int file;              /* -1: the text lies in memory */
    int64_t start;         /* offset in a file that can be read again, */
    bool again;            /* if it can */
    bool drop_newline;     /* one newline at the end of a file does not belong to the text */
    struct out *echo;      /* receives every byte as it is consumed; NULL: nobody */
    struct words *counted; /* counts them; NULL: nobody */

    const uint8_t *next; /* bytes not yet given to the tokenizer, `left` of them */
    size_t left;
    bool held;        /* a newline follows them, unless the file ends here */
    bool read_all;    /* nothing follows `next` */
    bool finished;    /* the tokenizer knows */
    bool interrupted; /* Ctrl-C came while reading: the text ends here */
    uint8_t block[1 + TEXT_BLOCK];
};

/* The text of a command line argument. Invalid UTF-8 in it will exit with EXIT_USAGE. `bytes` must
 * outlive the text. */
void text_open_memory(struct text *text, const char *bytes, size_t size, const char *name);

/* The text of a file; "-" is standard input. Exits with EXIT_FAILED if it cannot be opened; invalid
 * UTF-8 in it will exit with EXIT_MISMATCH. */
void text_open_file(struct text *text, const char *path);

/* Begins to give tokens; `around`: with those that the tokenizer puts around a text. */
void text_begin(struct text *text, struct tokenizer *tokenizer, bool around);

/* Begins anew, without the ids around a text, where a text that can be read `again` has ended. */
void text_again(struct text *text, struct tokenizer *tokenizer);

/* How many tokens the text has, or more than `most` if it has more. Of memory, or of a file that
 * can be read `again`; afterwards the text can begin anew. Costs a pass over the text. */
uint64_t text_count(struct text *text, struct tokenizer *tokenizer, bool around, uint64_t most);

/* The next ids[count] of the text: fewer than `capacity` only at its end, or when interrupted.
 * Invalid UTF-8 ends the program with a message that gives the byte offset. Allocates nothing. */
u32 text_tokens(struct text *text, u32 *ids, u32 capacity);

#endif
