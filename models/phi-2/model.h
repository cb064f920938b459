/* models/phi-2/model.h: made from config/phi-2.ini; edit that, `make models`.
 *
 * phi-2: 2,779,683,840 parameters in 5.6 GB of weights, 32 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 51200, /* rows of the embedding table */
    DIM        =  2560, /* width of the residual stream */
    INNER      = 10240, /* elements inside an MLP, or channels inside a Mamba layer */
    LAYERS     =    32, /* layers */
    HEADS      =    32, /* query heads */
    KV_HEADS   =    32, /* heads of keys and values, each shared by equally many query heads */
    HEAD_DIM   =    80, /* width of a head */
    CONTEXT    =  2048, /* most positions of a text */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[51200 *  2560]; } bf16_51200x2560; /* 262.1 MB */
typedef struct { bf16 w[ 2560 *  2560]; } bf16_2560x2560;  /*  13.1 MB */
typedef struct { bf16 w[10240 *  2560]; } bf16_10240x2560; /*  52.4 MB */
typedef struct { bf16 w[ 2560 * 10240]; } bf16_2560x10240; /*  52.4 MB */

struct layer_weights {
    alignas(64) f32             norm[2560];      /* 10.2 kB */
    alignas(64) f32             norm_bias[2560]; /* 10.2 kB */
    alignas(64) bf16_2560x2560  q_proj;          /* 13.1 MB  32 heads of 80 */
    alignas(64) f32             q_bias[2560];    /* 10.2 kB */
    alignas(64) bf16_2560x2560  k_proj;          /* 13.1 MB  32 heads */
    alignas(64) f32             k_bias[2560];    /* 10.2 kB */
    alignas(64) bf16_2560x2560  v_proj;          /* 13.1 MB */
    alignas(64) f32             v_bias[2560];    /* 10.2 kB */
    alignas(64) bf16_2560x2560  o_proj;          /* 13.1 MB */
    alignas(64) f32             o_bias[2560];    /* 10.2 kB */
    alignas(64) bf16_10240x2560 fc1;             /* 52.4 MB */
    alignas(64) f32             fc1_bias[10240]; /* 41.0 kB */
    alignas(64) bf16_2560x10240 fc2;             /* 52.4 MB */
    alignas(64) f32             fc2_bias[2560];  /* 10.2 kB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_51200x2560 embed;             /* 262.1 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[2560];      /*  10.2 kB */
    alignas(64) f32             norm_f_bias[2560]; /*  10.2 kB */
    alignas(64) bf16_51200x2560 head;              /* 262.1 MB */
    alignas(64) f32             head_bias[51200];  /* 204.8 kB */
};

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_QKV, DECODE_ATTENTION, DECODE_FC1, DECODE_O_PROJ, DECODE_FC2,
    DECODE_NORM_F, DECODE_HEAD,
    PREFILL_EMBED, PREFILL_NORM, PREFILL_Q_PROJ, PREFILL_K_PROJ, PREFILL_V_PROJ, PREFILL_ROPE,
    PREFILL_ATTENTION, PREFILL_O_PROJ, PREFILL_FC1, PREFILL_FC2, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
