/* How far a model's distributions are from those of a base model, over the tokens of a text: the
 * figures of llama.cpp's llama-perplexity --kl-divergence. */
#ifndef RUNTIME_MEASURE_DIVERGENCE_H
#define RUNTIME_MEASURE_DIVERGENCE_H

#include <stdbool.h>

#include "runtime/measure/batches.h"
#include "runtime/measure/loss.h"
#include "runtime/measure/score.h"

struct divergence {
    struct batches batches; /* columns: enum divergence_column in divergence.c */
    double *nats;           /* [most]: D(base || model) of each token */
    double *change;         /* [most]: model's probability of the token that came - base's */
    uint64_t most;
};

/* Bytes of divergence_begin()'s memory for so many tokens. */
uint64_t divergence_bytes(uint64_t tokens);
void divergence_begin(struct divergence *divergence, uint64_t tokens, void *memory);

/* The next token, at most as many as there is room for. */
void divergence_add(struct divergence *divergence, const struct score_pair *pair);

/* Quantiles by linear interpolation (Hyndman and Fan's type 7). */
struct divergence_quantiles {
    double least, p1, median, p90, p95, p99, p999, most;
};

struct divergence_result {
    uint64_t tokens;
    struct loss_figure nats; /* the mean of the divergences */
    struct divergence_quantiles nats_at;
    struct loss_figure same_top; /* share of tokens whose likeliest token is the same */
    struct loss_figure change;   /* the mean of the changes of probability */
    struct loss_figure change_rms;
    struct divergence_quantiles change_at;
    double base_perplexity;
    struct loss_figure perplexity_ratio; /* of the model's to the base's, token by token */
};

/* Sorts the values: afterwards nothing can be added. Standard errors as loss_summarize() has them,
 * that of same_top, `independent`, by its binomial variance, that of change_rms half of that of the
 * mean square over itself. All NaN without tokens. */
struct divergence_result divergence_summarize(struct divergence *divergence, bool independent);

#endif
