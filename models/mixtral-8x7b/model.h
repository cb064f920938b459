/* models/mixtral-8x7b/model.h: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * mixtral-8x7b: 46,702,792,704 parameters in 93.4 GB of weights, 32 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 32000, /* rows of the embedding table */
    DIM        =  4096, /* width of the residual stream */
    INNER      = 14336, /* elements inside an MLP, or channels inside a Mamba layer */
    LAYERS     =    32, /* layers */
    HEADS      =    32, /* query heads */
    KV_HEADS   =     8, /* heads of keys and values, each shared by equally many query heads */
    HEAD_DIM   =   128, /* width of a head */
    EXPERTS    =     8, /* experts of a layer */
    CHOSEN     =     2, /* experts that a token goes through */
    CONTEXT    = 32768, /* most positions of a text */
    CHUNK      =   256, /* most tokens of a prefill step */
    LOGIT_ROWS =    16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[32000 *  4096]; } bf16_32000x4096; /* 262.1 MB */
typedef struct { bf16 w[ 4096 *  4096]; } bf16_4096x4096;  /*  33.6 MB */
typedef struct { bf16 w[ 1024 *  4096]; } bf16_1024x4096;  /*   8.4 MB */
typedef struct { bf16 w[   16 *  4096]; } bf16_16x4096;    /* 131.1 kB */
typedef struct { bf16 w[14336 *  4096]; } bf16_14336x4096; /* 117.4 MB */
typedef struct { bf16 w[ 4096 * 14336]; } bf16_4096x14336; /* 117.4 MB */

struct layer_weights {
    alignas(64) f32             norm[4096];     /*  16.4 kB */
    alignas(64) bf16_4096x4096  q_proj;         /*  33.6 MB  32 heads of 128 */
    alignas(64) bf16_1024x4096  k_proj;         /*   8.4 MB  8 heads */
    alignas(64) bf16_1024x4096  v_proj;         /*   8.4 MB */
    alignas(64) bf16_4096x4096  o_proj;         /*  33.6 MB */
    alignas(64) f32             mlp_norm[4096]; /*  16.4 kB */
    alignas(64) bf16_16x4096    router;         /* 131.1 kB */
    alignas(64) bf16_14336x4096 gate_proj[8];   /* 939.5 MB */
    alignas(64) bf16_14336x4096 up_proj[8];     /* 939.5 MB */
    alignas(64) bf16_4096x14336 down_proj[8];   /* 939.5 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_32000x4096 embed;        /* 262.1 MB */
    struct layer_weights        layer[LAYERS];
    alignas(64) f32             norm_f[4096]; /*  16.4 kB */
    alignas(64) bf16_32000x4096 head;         /* 262.1 MB */
};

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_QKV, DECODE_ATTENTION, DECODE_O_PROJ, DECODE_GATE_UP, DECODE_DOWN_PROJ,
    DECODE_NORM_F, DECODE_HEAD,
    PREFILL_EMBED, PREFILL_NORM, PREFILL_Q_PROJ, PREFILL_K_PROJ, PREFILL_V_PROJ, PREFILL_ROPE,
    PREFILL_ATTENTION, PREFILL_O_PROJ, PREFILL_MLP_NORM, PREFILL_ROUTE, PREFILL_GATHER,
    PREFILL_GATE_UP, PREFILL_DOWN_PROJ, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
