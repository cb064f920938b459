/* models/tinyllama-1.1b/model.h: made from config/tinyllama-1.1b.ini; edit that, `make models`.
 *
 * tinyllama-1.1b: 1,100,048,384 parameters in 2.2 GB of weights, 22 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 32000, /* rows of the embedding table */
    DIM        =  2048, /* width of the residual stream */
    INNER      =  5632, /* elements inside an MLP, or channels inside a Mamba layer */
    LAYERS     =    22, /* layers */
    HEADS      =    32, /* query heads */
    KV_HEADS   =     4, /* heads of keys and values, each shared by equally many query heads */
    HEAD_DIM   =    64, /* width of a head */
    CONTEXT    =  2048, /* most positions of a text */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[32000 * 2048]; } bf16_32000x2048; /* 131.1 MB */
typedef struct { bf16 w[ 2048 * 2048]; } bf16_2048x2048;  /*   8.4 MB */
typedef struct { bf16 w[  256 * 2048]; } bf16_256x2048;   /*   1.0 MB */
typedef struct { bf16 w[ 5632 * 2048]; } bf16_5632x2048;  /*  23.1 MB */
typedef struct { bf16 w[ 2048 * 5632]; } bf16_2048x5632;  /*  23.1 MB */

struct layer_weights {
    alignas(64) f32            norm[2048];     /*  8.2 kB */
    alignas(64) bf16_2048x2048 q_proj;         /*  8.4 MB  32 heads of 64 */
    alignas(64) bf16_256x2048  k_proj;         /*  1.0 MB  4 heads */
    alignas(64) bf16_256x2048  v_proj;         /*  1.0 MB */
    alignas(64) bf16_2048x2048 o_proj;         /*  8.4 MB */
    alignas(64) f32            mlp_norm[2048]; /*  8.2 kB */
    alignas(64) bf16_5632x2048 gate_proj;      /* 23.1 MB */
    alignas(64) bf16_5632x2048 up_proj;        /* 23.1 MB */
    alignas(64) bf16_2048x5632 down_proj;      /* 23.1 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_32000x2048 embed;        /* 131.1 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[2048]; /*   8.2 kB */
    alignas(64) bf16_32000x2048 head;         /* 131.1 MB */
};

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_QKV, DECODE_ATTENTION, DECODE_O_PROJ, DECODE_GATE_UP, DECODE_DOWN_PROJ,
    DECODE_NORM_F, DECODE_HEAD,
    PREFILL_EMBED, PREFILL_NORM, PREFILL_Q_PROJ, PREFILL_K_PROJ, PREFILL_V_PROJ, PREFILL_ROPE,
    PREFILL_ATTENTION, PREFILL_O_PROJ, PREFILL_MLP_NORM, PREFILL_GATE_PROJ, PREFILL_UP_PROJ,
    PREFILL_SWIGLU, PREFILL_DOWN_PROJ, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
