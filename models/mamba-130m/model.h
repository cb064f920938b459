/* models/mamba-130m/model.h: made from config/mamba-130m.ini; edit that, `make models`.
 *
 * mamba-130m: 129,135,360 parameters in 260.0 MB of weights, 24 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50280, /* rows of the embedding table */
    DIM        =   768, /* width of the residual stream */
    INNER      =  1536, /* elements inside an MLP, or channels inside a Mamba layer */
    STATES     =    16, /* SSM states of a channel */
    LAYERS     =    24, /* layers */
    TAPS       =     4, /* taps of the causal convolution */
    RANK       =    48, /* rank of the time step's projection */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 *  768]; } bf16_50288x768; /*  77.2 MB */
typedef struct { bf16 w[ 3072 *  768]; } bf16_3072x768;  /*   4.7 MB */
typedef struct { bf16 w[   80 * 1536]; } bf16_80x1536;   /* 245.8 kB */
typedef struct { bf16 w[ 1536 *   48]; } bf16_1536x48;   /* 147.5 kB */
typedef struct { bf16 w[  768 * 1536]; } bf16_768x1536;  /*   2.4 MB */

struct layer_weights {
    alignas(64) f32           norm[768];          /*   3.1 kB */
    alignas(64) bf16_3072x768 in_proj;            /*   4.7 MB  x at row 0, z at row 1536 */
    alignas(64) f32           conv_taps[4][1536]; /*  24.6 kB  oldest first */
    alignas(64) f32           conv_bias[1536];    /*   6.1 kB */
    alignas(64) bf16_80x1536  x_proj;             /* 245.8 kB  dt 48, B 16, C 16 */
    alignas(64) bf16_1536x48  dt_proj;            /* 147.5 kB */
    alignas(64) f32           dt_bias[1536];      /*   6.1 kB */
    alignas(64) f32           A[96][16][16];      /*  98.3 kB  -exp(A_log), lines of channels */
    alignas(64) f32           D[1536];            /*   6.1 kB */
    alignas(64) bf16_768x1536 out_proj;           /*   2.4 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x768 embed;       /* 77.2 MB */
    struct layer_weights       layer[LAYERS];
    alignas(64) f32            norm_f[768]; /*  3.1 kB */
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
