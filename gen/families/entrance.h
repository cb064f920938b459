/* How a layer of Mamba or Mamba-2 begins: the norm, in_proj, and a convolution of some of its rows.
 */
#ifndef GEN_ENTRANCE_H
#define GEN_ENTRANCE_H

#include "gen/graph/build.h"

/* Where a family keeps the tensors of a layer; NULL: it has none. */
struct entrance_sources {
    const char *norm, *in_proj, *in_bias, *taps, *conv_bias;
};

/* in_proj has `rows` rows that lie as `row_spread` says, of which a convolution of `taps` taps
 * takes `channels`; these are one group, or lie as `channel_spread` says. */
struct entrance_sizes {
    uint32_t rows;
    struct spread row_spread;
    uint32_t channels;
    struct spread channel_spread;
    uint32_t taps;
};

/* The tensors of one layer; GRAPH_NONE for a bias that the family does not have. */
struct entrance {
    uint32_t norm, in_proj, in_bias, taps, conv_bias;
    uint32_t conv; /* the state */
};

void entrance_tensors(struct build *b, const struct entrance_sources *from,
                      struct entrance_sizes sizes, struct entrance *e);

/* Adds the operations from the residual stream x to xz, the rows of in_proj, of which the
 * convolution changes its own. Decode: one. */
void entrance_decode(struct build *b, const struct entrance *e, uint32_t xz, uint32_t x);
void entrance_prefill(struct build *b, const struct entrance *e, uint32_t xz, uint32_t x);

#endif
