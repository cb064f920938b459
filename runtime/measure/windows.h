/* How a text is cut into pieces that a model sees, and which tokens of a piece are scored. */
#ifndef RUNTIME_MEASURE_WINDOWS_H
#define RUNTIME_MEASURE_WINDOWS_H

#include <stdint.h>

#include "runtime/base/run.h"

enum windows_kind {
    WINDOWS_NONE,    /* one pass: the whole text is one piece */
    WINDOWS_STRIDED, /* pieces overlap; a token is scored in the first that has it */
    WINDOWS_HALVES   /* pieces lie beside each other, and the second half of each is scored */
};

/* STRIDED: as in "Perplexity of fixed-length models" of Hugging Face's transformers: piece i has
 * the tokens [i stride, i stride + window), and those that no piece before it had are scored. The
 * last piece is the first that reaches the end of the text. The first token of a piece is never
 * scored, as nothing foretells it.
 *
 * HALVES: as llama.cpp's llama-perplexity: piece i has the tokens [i window, (i + 1) window), the
 * tokens from window / 2 + 1 on are scored, and what the text has behind the last whole piece is
 * left out. If the tokenizer puts a token before a text, the first token of every piece is replaced
 * by it. */
struct windows {
    enum windows_kind kind;
    uint64_t window; /* tokens of a piece; 0 of one pass */
    uint64_t stride; /* from piece to piece, at most `window`; 0 of one pass */
};

/* How many tokens of a text of so many are scored. */
uint64_t windows_scored(const struct windows *windows, uint64_t tokens);

/* "one pass", "windows of 1,024 tokens, stride 512", .. */
struct windows_text {
    char text[128];
};
struct windows_text windows_describe(const struct windows *windows);

#endif
