/* models/mamba-370m/model.h: made from config/mamba-370m.ini; edit that, `make models`.
 *
 * mamba-370m: 371,516,416 parameters in 747.7 MB of weights, 48 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50280, /* rows of the embedding table */
    DIM        =  1024, /* width of the residual stream */
    INNER      =  2048, /* channels inside a layer */
    STATES     =    16, /* SSM states of a channel */
    LAYERS     =    48, /* layers */
    TAPS       =     4, /* taps of the causal convolution */
    RANK       =    64, /* rank of the time step's projection */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 1024]; } bf16_50288x1024; /* 103.0 MB */
typedef struct { bf16 w[ 4096 * 1024]; } bf16_4096x1024;  /*   8.4 MB */
typedef struct { bf16 w[   96 * 2048]; } bf16_96x2048;    /* 393.2 kB */
typedef struct { bf16 w[ 2048 *   64]; } bf16_2048x64;    /* 262.1 kB */
typedef struct { bf16 w[ 1024 * 2048]; } bf16_1024x2048;  /*   4.2 MB */

struct layer_weights {
    alignas(64) f32            norm[1024];         /*   4.1 kB */
    alignas(64) bf16_4096x1024 in_proj;            /*   8.4 MB  x at row 0, z at row 2048 */
    alignas(64) f32            conv_taps[4][2048]; /*  32.8 kB  oldest first */
    alignas(64) f32            conv_bias[2048];    /*   8.2 kB */
    alignas(64) bf16_96x2048   x_proj;             /* 393.2 kB  dt 64, B 16, C 16 */
    alignas(64) bf16_2048x64   dt_proj;            /* 262.1 kB */
    alignas(64) f32            dt_bias[2048];      /*   8.2 kB */
    alignas(64) f32            A[128][16][16];     /* 131.1 kB  -exp(A_log), by lines of channels */
    alignas(64) f32            D[2048];            /*   8.2 kB */
    alignas(64) bf16_1024x2048 out_proj;           /*   4.2 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x1024 embed;        /* 103.0 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[1024]; /*   4.1 kB */
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
