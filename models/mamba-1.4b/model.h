/* models/mamba-1.4b/model.h: made from config/mamba-1.4b.ini; edit that, `make models`.
 *
 * mamba-1.4b: 1,372,178,432 parameters in 2.8 GB of weights, 48 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50280, /* rows of the embedding table */
    DIM        =  2048, /* width of the residual stream */
    INNER      =  4096, /* channels inside a layer */
    STATES     =    16, /* SSM states of a channel */
    LAYERS     =    48, /* layers */
    TAPS       =     4, /* taps of the causal convolution */
    RANK       =   128, /* rank of the time step's projection */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 2048]; } bf16_50288x2048; /* 206.0 MB */
typedef struct { bf16 w[ 8192 * 2048]; } bf16_8192x2048;  /*  33.6 MB */
typedef struct { bf16 w[  160 * 4096]; } bf16_160x4096;   /*   1.3 MB */
typedef struct { bf16 w[ 4096 *  128]; } bf16_4096x128;   /*   1.0 MB */
typedef struct { bf16 w[ 2048 * 4096]; } bf16_2048x4096;  /*  16.8 MB */

struct layer_weights {
    alignas(64) f32            norm[2048];         /*   8.2 kB */
    alignas(64) bf16_8192x2048 in_proj;            /*  33.6 MB  x at row 0, z at row 4096 */
    alignas(64) f32            conv_taps[4][4096]; /*  65.5 kB  oldest first */
    alignas(64) f32            conv_bias[4096];    /*  16.4 kB */
    alignas(64) bf16_160x4096  x_proj;             /*   1.3 MB  dt 128, B 16, C 16 */
    alignas(64) bf16_4096x128  dt_proj;            /*   1.0 MB */
    alignas(64) f32            dt_bias[4096];      /*  16.4 kB */
    alignas(64) f32            A[256][16][16];     /* 262.1 kB  -exp(A_log), by lines of channels */
    alignas(64) f32            D[4096];            /*  16.4 kB */
    alignas(64) bf16_2048x4096 out_proj;           /*  16.8 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x2048 embed;        /* 206.0 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[2048]; /*   8.2 kB */
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
