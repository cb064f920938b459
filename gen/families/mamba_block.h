/* The block of Mamba-1, as the families that have one share it. */
#ifndef GEN_FAMILIES_MAMBA_BLOCK_H
#define GEN_FAMILIES_MAMBA_BLOCK_H

#include "gen/families/in_proj.h"

/* Where a family keeps the tensors of a layer; NULL: it has none. */
struct mamba_sources {
    struct in_proj_sources in_proj;
    const char *x_proj, *dt_norm, *b_norm, *c_norm, *dt_proj, *dt_bias, *A, *D;
    const char *out_proj, *out_bias;
};

/* The sources of what every block has, behind its name. */
#define MAMBA_SOURCES(BLOCK)                                                                       \
    .in_proj.in_proj = BLOCK "in_proj.weight", .in_proj.taps = BLOCK "conv1d.weight",              \
    .x_proj = BLOCK "x_proj.weight", .dt_proj = BLOCK "dt_proj.weight",                            \
    .dt_bias = BLOCK "dt_proj.bias", .A = BLOCK "A_log", .D = BLOCK "D",                           \
    .out_proj = BLOCK "out_proj.weight"

struct mamba_sizes {
    uint32_t inner, states, taps, rank; /* channels, SSM states, of the convolution, of dt */
};

/* Adds x = x + out_proj(scan(conv(in_proj(norm(x))))). Convolution and scan work in place on the x
 * half of xz. */
void mamba_block_add(struct build *b, const struct mamba_sources *from, struct mamba_sizes sizes,
                     uint32_t x);

/* Where the checkpoints of Mamba and Mamba-2 keep what both have. */
#define BACKBONE_LAYER "backbone.layers.%u."
#define BACKBONE_NORM  BACKBONE_LAYER "norm.weight"
#define BACKBONE_BLOCK BACKBONE_LAYER "mixer."
#define BACKBONE_ENDS                                                                              \
    .embed = "backbone.embeddings.weight", .embed_alias = "backbone.embedding.weight",             \
    .norm_f = "backbone.norm_f.weight"

#endif
