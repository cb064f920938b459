/* models/mamba-790m/model.h: made from config/mamba-790m.ini; edit that, `make models`.
 *
 * mamba-790m: 793,204,224 parameters in 1.6 GB of weights, 48 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 50280, /* rows of the embedding table */
    DIM        =  1536, /* width of the residual stream */
    INNER      =  3072, /* channels inside a layer */
    STATES     =    16, /* SSM states of a channel */
    LAYERS     =    48, /* layers */
    TAPS       =     4, /* taps of the causal convolution */
    RANK       =    96, /* rank of the time step's projection */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[50288 * 1536]; } bf16_50288x1536; /* 154.5 MB */
typedef struct { bf16 w[ 6144 * 1536]; } bf16_6144x1536;  /*  18.9 MB */
typedef struct { bf16 w[  128 * 3072]; } bf16_128x3072;   /* 786.4 kB */
typedef struct { bf16 w[ 3072 *   96]; } bf16_3072x96;    /* 589.8 kB */
typedef struct { bf16 w[ 1536 * 3072]; } bf16_1536x3072;  /*   9.4 MB */

struct layer_weights {
    alignas(64) f32            norm[1536];         /*   6.1 kB */
    alignas(64) bf16_6144x1536 in_proj;            /*  18.9 MB  x at row 0, z at row 3072 */
    alignas(64) f32            conv_taps[4][3072]; /*  49.2 kB  oldest first */
    alignas(64) f32            conv_bias[3072];    /*  12.3 kB */
    alignas(64) bf16_128x3072  x_proj;             /* 786.4 kB  dt 96, B 16, C 16 */
    alignas(64) bf16_3072x96   dt_proj;            /* 589.8 kB */
    alignas(64) f32            dt_bias[3072];      /*  12.3 kB */
    alignas(64) f32            A[192][16][16];     /* 196.6 kB  -exp(A_log), by lines of channels */
    alignas(64) f32            D[3072];            /*  12.3 kB */
    alignas(64) bf16_1536x3072 out_proj;           /*   9.4 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_50288x1536 embed;        /* 154.5 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[1536]; /*   6.1 kB */
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
