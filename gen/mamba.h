/* What the layers of Mamba and Mamba-2 have in common: how they begin, and the stack around them.
 */
#ifndef GEN_MAMBA_H
#define GEN_MAMBA_H

#include "gen/build.h"

/* The start of the source of what is a layer's own. */
#define MAMBA_MIXER "backbone.layers.%u.mixer."

/* The norm, in_proj, and the convolution of some of its rows; GRAPH_NONE for a bias that the config
 * does not have. */
struct mamba_entrance {
    uint32_t norm, in_proj, in_bias, taps, conv_bias;
    uint32_t conv; /* the state */
};

/* in_proj has `rows` rows in `groups` equal groups, of which the convolution takes `channels`. */
void mamba_entrance_tensors(struct build *b, struct mamba_entrance *e, uint32_t rows,
                            uint32_t groups, uint32_t channels);

/* Adds the operations from the residual stream x to xz, the rows of in_proj. Decode: one. */
void mamba_entrance_decode(struct build *b, const struct mamba_entrance *e, uint32_t xz,
                           uint32_t x);
void mamba_entrance_prefill(struct build *b, const struct mamba_entrance *e, uint32_t xz,
                            uint32_t x);

/* The whole graph: tokens to normalised hidden rows, in decode on to the logits; or the head.
 * `layer` adds the operations of a layer on the residual stream x. */
void mamba_graph(struct build *b, void (*layer)(struct build *b, uint32_t x));

#endif
