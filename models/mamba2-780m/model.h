/* models/mamba2-780m/model.h: made from config/mamba2-780m.ini; edit that, `make models`.
 *
 * mamba2-780m: 780,161,280 parameters in 1.6 GB of weights, 48 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50288, /* rows of the embedding table */
    DIM        =  1536, /* width of the residual stream */
    INNER      =  3072, /* channels inside a layer */
    STATES     =   128, /* SSM states of a channel */
    LAYERS     =    48, /* layers */
    HEADS      =    48, /* heads, each with a time step and a decay */
    HEAD_DIM   =    64, /* width of a head */
    GROUPS     =     1, /* groups of heads that share B, C and a norm */
    TAPS       =     4, /* taps of the causal convolution */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 1536]; } bf16_50288x1536; /* 154.5 MB */
typedef struct { bf16 w[ 6448 * 1536]; } bf16_6448x1536;  /*  19.8 MB */
typedef struct { bf16 w[ 1536 * 3072]; } bf16_1536x3072;  /*   9.4 MB */

struct layer_weights {
    alignas(64) f32            norm[1536];         /*  6.1 kB */
    alignas(64) bf16_6448x1536 in_proj;            /* 19.8 MB  z 3072, x B C 3328, dt 48 */
    alignas(64) f32            conv_taps[4][3328]; /* 53.2 kB  oldest first */
    alignas(64) f32            conv_bias[3328];    /* 13.3 kB */
    alignas(64) f32            A[48];              /*   192 B  -exp(A_log) */
    alignas(64) f32            D[48];              /*   192 B */
    alignas(64) f32            dt_bias[48];        /*   192 B */
    alignas(64) f32            y_norm[3072];       /* 12.3 kB */
    alignas(64) bf16_1536x3072 out_proj;           /*  9.4 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x1536 embed;        /* 154.5 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[1536]; /*   6.1 kB */
};

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_IN_PROJ, DECODE_SSD, DECODE_OUT_PROJ, DECODE_NORM_F, DECODE_HEAD,
    PREFILL_EMBED, PREFILL_NORM, PREFILL_IN_PROJ, PREFILL_CONV, PREFILL_SSD, PREFILL_Y_NORM,
    PREFILL_OUT_PROJ, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
