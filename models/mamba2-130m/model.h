/* models/mamba2-130m/model.h: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * mamba2-130m: 128,989,632 parameters in 258.8 MB of weights, 24 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50288, /* rows of the embedding table */
    DIM        =   768, /* width of the residual stream */
    INNER      =  1536, /* elements inside an MLP, or channels inside a Mamba layer */
    STATES     =   128, /* SSM states of a channel */
    LAYERS     =    24, /* layers */
    HEADS      =    24, /* heads, each with a time step and a decay */
    HEAD_DIM   =    64, /* width of a head */
    GROUPS     =     1, /* groups of heads that share B, C and a norm */
    TAPS       =     4, /* taps of the causal convolution */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 *  768]; } bf16_50288x768; /* 77.2 MB */
typedef struct { bf16 w[ 3360 *  768]; } bf16_3360x768;  /*  5.2 MB */
typedef struct { bf16 w[  768 * 1536]; } bf16_768x1536;  /*  2.4 MB */

struct layer_weights {
    alignas(64) f32           norm[768];          /*  3.1 kB */
    alignas(64) bf16_3360x768 in_proj;            /*  5.2 MB  z 1536, x B C 1792, dt 24 */
    alignas(64) f32           conv_taps[4][1792]; /* 28.7 kB  oldest first */
    alignas(64) f32           conv_bias[1792];    /*  7.2 kB */
    alignas(64) f32           A[32];              /*   128 B  -exp(A_log) */
    alignas(64) f32           D[32];              /*   128 B */
    alignas(64) f32           dt_bias[32];        /*   128 B */
    alignas(64) f32           y_norm[1536];       /*  6.1 kB */
    alignas(64) bf16_768x1536 out_proj;           /*  2.4 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x768 embed;       /* 77.2 MB */
    struct layer_weights       layer[LAYERS];
    alignas(64) f32            norm_f[768]; /*  3.1 kB */
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
