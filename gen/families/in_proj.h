/* How a layer of Mamba or Mamba-2 begins: the norm, in_proj, and a convolution of some of its rows.
 */
#ifndef GEN_FAMILIES_IN_PROJ_H
#define GEN_FAMILIES_IN_PROJ_H

#include "gen/graph/build.h"

/* Where a family keeps the tensors of a layer; NULL: it has none. */
struct in_proj_sources {
    const char *norm, *in_proj, *in_bias, *taps, *conv_bias;
};

/* in_proj has `rows` rows that lie as `row_spread` says, in two or three parts; a convolution of
 * `taps` taps takes the last but one, `channels` rows, which are one group or lie as
 * `channel_spread` says. */
struct in_proj_sizes {
    uint32_t rows;
    struct parts parts;
    struct spread row_spread;
    uint32_t channels, taps;
    struct spread channel_spread;
};

/* Adds the operations from the residual stream x to xz, the rows of in_proj, of which the
 * convolution changes its own in place. Returns the weight in_proj. */
uint32_t in_proj_add(struct build *b, const struct in_proj_sources *from,
                     const struct in_proj_sizes *sizes, uint32_t xz, uint32_t x);

#endif
