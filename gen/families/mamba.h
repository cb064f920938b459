/* Where the checkpoints of Mamba and Mamba-2 keep what both have. */
#ifndef GEN_MAMBA_H
#define GEN_MAMBA_H

#include "gen/graph/build.h"

#define MAMBA_LAYER "backbone.layers.%u."
#define MAMBA_NORM  MAMBA_LAYER "norm.weight"
#define MAMBA_MIXER MAMBA_LAYER "mixer."

extern const struct build_ends mamba_ends;

#endif
