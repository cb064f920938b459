/* What a model's loss on a text comes to: perplexities, bits per byte, their standard errors, and
 * the loss by position. In fixed memory, whatever the length of the text. */
#ifndef RUNTIME_MEASURE_LOSS_H
#define RUNTIME_MEASURE_LOSS_H

#include <stdbool.h>

#include "runtime/measure/batches.h"
#include "runtime/measure/words.h"

enum { LOSS_POSITIONS = 127 };

/* Scored tokens that had about so many tokens in front of them in their piece of the text. */
struct loss_position {
    uint64_t tokens, bytes;
    double bits;
};

struct loss {
    struct words text;   /* of the bytes that the tokenizer was given */
    struct words tokens; /* of what the tokens print, one after another */
    uint64_t seen;       /* tokens, scored or not */
    uint64_t unscored;   /* bytes and runs of white space of those that are not scored */
    uint64_t unscored_runs;
    struct batches scored; /* columns: enum loss_column in loss.c */
    struct loss_position positions[LOSS_POSITIONS];
};

void loss_begin(struct loss *loss);

/* The next token of the text, which prints text[bytes] (0 bytes: one that the tokenizer put before
 * the text) and is not scored. */
void loss_pass(struct loss *loss, const uint8_t *text, uint64_t bytes);

/* The next token, which cost `bits` with `position` tokens in front of it, 1 or more. */
void loss_add(struct loss *loss, const uint8_t *text, uint64_t bytes, double bits,
              uint64_t position);

/* A figure and its standard error, which is NaN where there is too little to tell. */
struct loss_figure {
    double value, error;
};

struct loss_result {
    uint64_t tokens;       /* of the text */
    uint64_t scored;       /* of these */
    uint64_t bytes, words; /* of the text, without those of the tokens that are not scored */
    struct loss_figure token_bits;
    struct loss_figure token_perplexity, word_perplexity, byte_perplexity;
    struct loss_figure bits_per_byte;
};

/* `complete`: the whole text was seen, and loss->text has counted it. Then bytes and words are
 * those of the text itself, as lm-evaluation-harness counts them, without what the tokens that are
 * not scored print; else those that the scored tokens print.
 *
 * Standard errors are those of batch means (batches.h) or, `independent`, llama.cpp's. That of a
 * perplexity 2^x is 2^x ln 2 times that of x. */
struct loss_result loss_summarize(const struct loss *loss, bool complete, bool independent);

/* The positions that loss->positions[index] is about, from ..= to: two ranges for each doubling. */
void loss_position_range(u32 index, uint64_t *from, uint64_t *to);

#endif
