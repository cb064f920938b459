/* models/mamba2-1.3b/model.h: made from config/mamba2-1.3b.ini; edit that, `make models`.
 *
 * mamba2-1.3b: 1,343,757,312 parameters in 2.7 GB of weights, 48 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50288, /* rows of the embedding table */
    DIM        =  2048, /* width of the residual stream */
    INNER      =  4096, /* channels inside a layer */
    STATES     =   128, /* SSM states of a channel */
    LAYERS     =    48, /* layers */
    HEADS      =    64, /* heads, each with a time step and a decay */
    HEAD_DIM   =    64, /* width of a head */
    GROUPS     =     1, /* groups of heads that share B, C and a norm */
    TAPS       =     4, /* taps of the causal convolution */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 2048]; } bf16_50288x2048; /* 206.0 MB */
typedef struct { bf16 w[ 8512 * 2048]; } bf16_8512x2048;  /*  34.9 MB */
typedef struct { bf16 w[ 2048 * 4096]; } bf16_2048x4096;  /*  16.8 MB */

struct layer_weights {
    alignas(64) f32            norm[2048];         /*  8.2 kB */
    alignas(64) bf16_8512x2048 in_proj;            /* 34.9 MB  z 4096, x B C 4352, dt 64 */
    alignas(64) f32            conv_taps[4][4352]; /* 69.6 kB  oldest first */
    alignas(64) f32            conv_bias[4352];    /* 17.4 kB */
    alignas(64) f32            A[64];              /*   256 B  -exp(A_log) */
    alignas(64) f32            D[64];              /*   256 B */
    alignas(64) f32            dt_bias[64];        /*   256 B */
    alignas(64) f32            y_norm[4096];       /* 16.4 kB */
    alignas(64) bf16_2048x4096 out_proj;           /* 16.8 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x2048 embed;        /* 206.0 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[2048]; /*   8.2 kB */
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
