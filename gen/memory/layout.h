/* The weights arena: which tensors, in which order, packed how, at which offset.
 *
 * The image that tools/pack writes is exactly struct weights of the generated model.h, and proof.h
 * asserts at build time that the compiler agrees with every offset given here. */
#ifndef GEN_MEMORY_LAYOUT_H
#define GEN_MEMORY_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/front/cfg.h"
#include "gen/graph/packing.h"
#include "runtime/base/spread.h"

/* One tensor of the arena; layers are listed one by one. */
struct layout_weight {
    char name[64];    /* "embed", "layer 3 in_proj": model_weight.name of the generated table */
    char member[24];  /* of struct weights or a layer's: "in_proj", "gate_proj" */
    uint32_t experts; /* matrices of this member, each a weight of its own; 0: it is no array */
    uint32_t expert;  /* which of them */
    int32_t layer;    /* which one; -1: outside the layers */
    uint32_t kind;    /* of the layer, as in struct steps */
    uint32_t index;   /* of the layer among those of its kind */
    char source[96];  /* Hugging Face's name, "backbone.layers.3.mixer.in_proj.weight" */
    char alias[96];   /* the original state-spaces name where it differs, else "" */

    uint32_t rank, shape[3]; /* as the checkpoint stores it, row-major: [2I][d], [I][1][K], [I] */
    uint32_t rows, cols;     /* as a matrix; a vector has cols == 1 */
    struct spread row_spread, col_spread;
    uint32_t padded_rows;           /* of row_spread */
    uint32_t stored_cols;           /* cols; of a MATRIX: of col_spread */
    enum format type;               /* of the packed elements */
    enum weight_class matrix_class; /* of a MATRIX */
    enum packing packing;
    uint64_t at;           /* offset in the arena, a multiple of 64; ascending */
    uint64_t packed_bytes; /* format_bytes(type, padded_rows, stored_cols) */
    uint64_t bytes;        /* up to the next tensor: packed_bytes and zeros; digests cover it */
};

struct layout {
    struct cfg cfg;
    uint64_t config_digest[2]; /* XXH3-128, low and high: must match the weight file's header */
    uint64_t weights_bytes;    /* of the whole arena: the end of the last tensor */
    uint64_t parameters;       /* elements of the checkpoint, tied tensors once */
    uint64_t active;           /* of these, in the computation of a token: of experts the chosen */
    uint64_t read;             /* of these, read for a token: of an untied embedding one row */
    char tied_copy[96];        /* a checkpoint may also hold this tensor: the same values as
                                * weight[0], not stored again; "" when embeddings are not tied */
    uint32_t count;
    struct layout_weight *weight; /* [count], in arena order */
};

/* Lays out the model of a config file. False: the reasons were reported (exit 4 for a tool). The
 * caller frees with layout_free(). */
MUST_USE bool layout_load(const char *config_path, struct diagnostics *diagnostics,
                          struct layout *layout);

/* The same for a config that is already checked. */
void layout_make(const struct cfg *cfg, struct layout *layout);

void layout_free(struct layout *layout);

#endif
