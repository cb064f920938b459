/* models/mamba2-2.7b/model.h: made from config/mamba2-2.7b.ini; edit that, `make models`.
 *
 * mamba2-2.7b: 2,702,599,680 parameters in 5.4 GB of weights, 64 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50288, /* rows of the embedding table */
    DIM        =  2560, /* width of the residual stream */
    INNER      =  5120, /* channels inside a layer */
    STATES     =   128, /* SSM states of a channel */
    LAYERS     =    64, /* layers */
    HEADS      =    80, /* heads, each with a time step and a decay */
    HEAD_DIM   =    64, /* width of a head */
    GROUPS     =     1, /* groups of heads that share B, C and a norm */
    TAPS       =     4, /* taps of the causal convolution */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 2560]; } bf16_50288x2560; /* 257.5 MB */
typedef struct { bf16 w[10576 * 2560]; } bf16_10576x2560; /*  54.1 MB */
typedef struct { bf16 w[ 2560 * 5120]; } bf16_2560x5120;  /*  26.2 MB */

struct layer_weights {
    alignas(64) f32             norm[2560];         /* 10.2 kB */
    alignas(64) bf16_10576x2560 in_proj;            /* 54.1 MB  z 5120, x B C 5376, dt 80 */
    alignas(64) f32             conv_taps[4][5376]; /* 86.0 kB  oldest first */
    alignas(64) f32             conv_bias[5376];    /* 21.5 kB */
    alignas(64) f32             A[80];              /*   320 B  -exp(A_log) */
    alignas(64) f32             D[80];              /*   320 B */
    alignas(64) f32             dt_bias[80];        /*   320 B */
    alignas(64) f32             y_norm[5120];       /* 20.5 kB */
    alignas(64) bf16_2560x5120  out_proj;           /* 26.2 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x2560 embed;        /* 257.5 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[2560]; /*  10.2 kB */
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
