/* How well the model foresaw a text: the information content of each token under it, and how far
 * its distributions are from those of another model. */
#ifndef RUNTIME_MEASURE_SCORE_H
#define RUNTIME_MEASURE_SCORE_H

#include <stdbool.h>

#include "runtime/engine/session.h"

/* bits[i] = -log2 softmax(logits of row first + i)[targets[i]] for rows [first, first + rows) of
 * the last prefill, 1 ..= model.logit_rows of them; targets are below model.vocab. Runs the head,
 * then shares the rows among the threads. Computed in double, relative error about 1e-15 of the
 * largest logit; the same bits for any number of threads and any instruction set. */
void score_rows(struct session *session, u32 first, u32 rows, const u32 *targets, double *bits);

/* The same of rows that lie there: logits[rows][model.vocab_pad]. */
void score_logits(struct session *session, const f32 *logits, u32 rows, const u32 *targets,
                  double *bits);

/* A token under two distributions: q, this model's, and p, that of a base model. */
struct score_pair {
    double bits;        /* -log2 q(target) */
    double base_bits;   /* -log2 p(target) */
    double divergence;  /* Kullback and Leibler's D(p || q) of the whole distributions, in nats */
    double probability; /* q(target) - p(target) */
    bool same_top;      /* the first of the largest logits is the same token */
};

/* pairs[i] from logits[i] as above and the base model's logits of the same place, model.vocab of
 * them at base + i * base_stride bytes, 4-byte aligned. Equal logits give a divergence of exactly
 * 0. Error of a divergence about 1e-15 of the largest logit. */
void score_against(struct session *session, const f32 *logits, const void *base,
                   uint64_t base_stride, u32 rows, const u32 *targets, struct score_pair *pairs);

#endif
