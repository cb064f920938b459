/* Choosing the next token from a row of logits.
 *
 * Temperature 0, the default, is greedy: the largest logit, the lowest id on a tie. Otherwise the
 * filters apply in llama.cpp's order, each to what the one before left:
 *   top-k        the k most likely tokens
 *   top-p        the most likely tokens up to and including the one that brings their total
 *                probability to p
 *   min-p        tokens at least p times as likely as the most likely one
 *   temperature  divides the logits of what is left
 * and one token is drawn from the softmax of the rest. "Most likely" breaks ties by the lower id.
 *
 * The draw depends on the logits, the options, the seed and the position only (philox.h). Sums are
 * in double, from the most to the least likely token, and exp is our own: the same token on every
 * machine and thread count. */
#ifndef RUNTIME_ENGINE_SAMPLE_H
#define RUNTIME_ENGINE_SAMPLE_H

#include <stdint.h>

#include "runtime/base/run.h"

struct sample_options {
    double temperature; /* 0: greedy */
    u32 top_k;          /* 0: all */
    double top_p;       /* 1: all */
    double min_p;       /* 0: all */
    uint64_t seed;
};

struct candidate {
    u32 rank_bits; /* descending logits as ascending integers */
    u32 id;
};

struct sampler {
    struct sample_options options;
    u32 vocab;
    struct candidate *candidates; /* [2][vocab] */
    double *weights;              /* [vocab] */
};

/* Bytes that sample_open() takes for a vocabulary of this size. */
uint64_t sample_bytes(u32 vocab);

/* `scratch` is 64-byte aligned, sample_bytes(vocab) long, and stays the sampler's. */
void sample_open(struct sampler *sampler, const struct sample_options *options, u32 vocab,
                 void *scratch);

/* The id of the largest of logits[vocab], the lowest on a tie. NaN never wins, unless all are. */
u32 sample_greedy(const f32 *logits, u32 vocab);

/* The next token after `position` consumed tokens, by the sampler's options. Costs four passes of a
 * radix sort over the vocabulary unless greedy. */
u32 sample_next(struct sampler *sampler, const f32 *logits, uint64_t position);

#endif
