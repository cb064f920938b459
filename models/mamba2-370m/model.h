/* models/mamba2-370m/model.h: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * mamba2-370m: 368,346,624 parameters in 738.1 MB of weights, 48 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50288, /* rows of the embedding table */
    DIM        =  1024, /* width of the residual stream */
    INNER      =  2048, /* channels inside a layer */
    STATES     =   128, /* SSM states of a channel */
    LAYERS     =    48, /* layers */
    HEADS      =    32, /* heads, each with a time step and a decay */
    HEAD_DIM   =    64, /* width of a head */
    GROUPS     =     1, /* groups of heads that share B, C and a norm */
    TAPS       =     4, /* taps of the causal convolution */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 1024]; } bf16_50288x1024; /* 103.0 MB */
typedef struct { bf16 w[ 4384 * 1024]; } bf16_4384x1024;  /*   9.0 MB */
typedef struct { bf16 w[ 1024 * 2048]; } bf16_1024x2048;  /*   4.2 MB */

struct layer_weights {
    alignas(64) f32            norm[1024];         /*  4.1 kB */
    alignas(64) bf16_4384x1024 in_proj;            /*  9.0 MB  z 2048, x B C 2304, dt 32 */
    alignas(64) f32            conv_taps[4][2304]; /* 36.9 kB  oldest first */
    alignas(64) f32            conv_bias[2304];    /*  9.2 kB */
    alignas(64) f32            A[32];              /*   128 B  -exp(A_log) */
    alignas(64) f32            D[32];              /*   128 B */
    alignas(64) f32            dt_bias[32];        /*   128 B */
    alignas(64) f32            y_norm[2048];       /*  8.2 kB */
    alignas(64) bf16_1024x2048 out_proj;           /*  4.2 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x1024 embed;        /* 103.0 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[1024]; /*   4.1 kB */
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
