/* models/mamba-2.8b/model.h: made from config/mamba-2.8b.ini; edit that, `make models`.
 *
 * mamba-2.8b: 2,768,345,600 parameters in 5.6 GB of weights, 64 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50280, /* rows of the embedding table */
    DIM        =  2560, /* width of the residual stream */
    INNER      =  5120, /* channels inside a layer */
    STATES     =    16, /* SSM states of a channel */
    LAYERS     =    64, /* layers */
    TAPS       =     4, /* taps of the causal convolution */
    RANK       =   160, /* rank of the time step's projection */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 2560]; } bf16_50288x2560; /* 257.5 MB */
typedef struct { bf16 w[10240 * 2560]; } bf16_10240x2560; /*  52.4 MB */
typedef struct { bf16 w[  192 * 5120]; } bf16_192x5120;   /*   2.0 MB */
typedef struct { bf16 w[ 5120 *  160]; } bf16_5120x160;   /*   1.6 MB */
typedef struct { bf16 w[ 2560 * 5120]; } bf16_2560x5120;  /*  26.2 MB */

struct layer_weights {
    alignas(64) f32             norm[2560];         /*  10.2 kB */
    alignas(64) bf16_10240x2560 in_proj;            /*  52.4 MB  x at row 0, z at row 5120 */
    alignas(64) f32             conv_taps[4][5120]; /*  81.9 kB  oldest first */
    alignas(64) f32             conv_bias[5120];    /*  20.5 kB */
    alignas(64) bf16_192x5120   x_proj;             /*   2.0 MB  dt 160, B 16, C 16 */
    alignas(64) bf16_5120x160   dt_proj;            /*   1.6 MB */
    alignas(64) f32             dt_bias[5120];      /*  20.5 kB */
    /* 327.7 kB -exp(A_log), by lines of channels */
    alignas(64) f32             A[320][16][16];
    alignas(64) f32             D[5120];            /*  20.5 kB */
    alignas(64) bf16_2560x5120  out_proj;           /*  26.2 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x2560 embed;        /* 257.5 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[2560]; /*  10.2 kB */
};

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_IN_PROJ, DECODE_X_PROJ, DECODE_SCAN, DECODE_OUT_PROJ, DECODE_NORM_F,
    DECODE_HEAD,
    PREFILL_EMBED, PREFILL_NORM, PREFILL_IN_PROJ, PREFILL_CONV, PREFILL_X_PROJ, PREFILL_DT_PROJ,
    PREFILL_SCAN, PREFILL_OUT_PROJ, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
