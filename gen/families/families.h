/* The families of models: what their layers are made of, and what lies around these. */
#ifndef GEN_FAMILIES_FAMILIES_H
#define GEN_FAMILIES_FAMILIES_H

#include "gen/graph/build.h"

/* A kind of layer, which is what it adds to the residual stream: by Mamba or attention, then by a
 * feed-forward half. Nothing else lives from one half to the next. */
struct family_layer {
    const char *name; /* "mamba_mlp", a C name; of no consequence in a family of one kind */
    build_half *half[2];
};

struct family {
    const char *model_type;
    struct build_ends ends;
    struct family_layer layers[GRAPH_KINDS]; /* those with only caches as their state last */
    /* The kind of a layer, as an index of layers; NULL: all are of the first. */
    uint32_t (*kind_of)(const struct cfg *cfg, uint32_t layer);
};
extern const struct family family_mamba, family_mamba2, family_llama, family_mixtral, family_phi,
    family_deepseek, family_jamba;

#endif
