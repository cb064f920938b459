/* models/fable-mamba/model.h: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * fable-mamba: 1,253,600 parameters in 2.6 MB of weights, 6 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 1024, /* rows of the embedding table */
    DIM        =  160, /* width of the residual stream */
    INNER      =  320, /* elements inside an MLP, or channels inside a Mamba layer */
    STATES     =   16, /* SSM states of a channel */
    LAYERS     =    6, /* layers */
    TAPS       =    4, /* taps of the causal convolution */
    RANK       =   16, /* rank of the time step's projection */
    CHUNK      =  256, /* most tokens of a prefill step */
    LOGIT_ROWS =   16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[1024 * 160]; } bf16_1024x160; /* 327.7 kB */
typedef struct { bf16 w[ 640 * 160]; } bf16_640x160;  /* 204.8 kB */
typedef struct { bf16 w[  48 * 320]; } bf16_48x320;   /*  30.7 kB */
typedef struct { bf16 w[ 320 *  16]; } bf16_320x16;   /*  10.2 kB */
typedef struct { bf16 w[ 160 * 320]; } bf16_160x320;  /* 102.4 kB */

struct layer_weights {
    alignas(64) f32          norm[160];         /*    640 B */
    alignas(64) bf16_640x160 in_proj;           /* 204.8 kB  x at row 0, z at row 320 */
    alignas(64) f32          conv_taps[4][320]; /*   5.1 kB  oldest first */
    alignas(64) f32          conv_bias[320];    /*   1.3 kB */
    alignas(64) bf16_48x320  x_proj;            /*  30.7 kB  dt 16, B 16, C 16 */
    alignas(64) bf16_320x16  dt_proj;           /*  10.2 kB */
    alignas(64) f32          dt_bias[320];      /*   1.3 kB */
    alignas(64) f32          A[20][16][16];     /*  20.5 kB  -exp(A_log), lines of channels */
    alignas(64) f32          D[320];            /*   1.3 kB */
    alignas(64) bf16_160x320 out_proj;          /* 102.4 kB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_1024x160 embed;       /* 327.7 kB */
    struct layer_weights      layer[LAYERS];
    alignas(64) f32           norm_f[160]; /*    640 B */
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
