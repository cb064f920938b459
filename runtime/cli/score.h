/* How well the model foresaw a text: the information content of each token under it. */
#ifndef RUNTIME_CLI_SCORE_H
#define RUNTIME_CLI_SCORE_H

#include "runtime/engine/session.h"

/* bits[i] = -log2 softmax(logits of row first + i)[targets[i]] for rows [first, first + rows) of
 * the last prefill, 1 ..= model.logit_rows of them; targets are below model.vocab. Runs the head,
 * then shares the rows among the threads. Relative error about 1e-6; the same bits for any number
 * of threads and any instruction set. */
void score_rows(struct session *session, u32 first, u32 rows, const u32 *targets, double *bits);

/* The same of rows that lie there: logits[rows][model.vocab_pad], 64-byte aligned. */
void score_logits(struct session *session, const f32 *logits, u32 rows, const u32 *targets,
                  double *bits);

#endif
