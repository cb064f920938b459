/* models/llama-3-8b/model.h: made from config/llama-3-8b.ini; edit that, `make models`.
 *
 * llama-3-8b: 8,030,261,248 parameters in 16.1 GB of weights, 32 layers of one kind. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      = 128256, /* rows of the embedding table */
    DIM        =   4096, /* width of the residual stream */
    INNER      =  14336, /* channels inside a layer */
    LAYERS     =     32, /* layers */
    HEADS      =     32, /* query heads */
    KV_HEADS   =      8, /* heads of keys and values, each shared by equally many query heads */
    HEAD_DIM   =    128, /* width of a head */
    CONTEXT    =   8192, /* most positions of a text */
    CHUNK      =    256, /* most tokens of a prefill step */
    LOGIT_ROWS =     16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[128256 *  4096]; } bf16_128256x4096; /*   1.1 GB */
typedef struct { bf16 w[  4096 *  4096]; } bf16_4096x4096;   /*  33.6 MB */
typedef struct { bf16 w[  1024 *  4096]; } bf16_1024x4096;   /*   8.4 MB */
typedef struct { bf16 w[ 14336 *  4096]; } bf16_14336x4096;  /* 117.4 MB */
typedef struct { bf16 w[  4096 * 14336]; } bf16_4096x14336;  /* 117.4 MB */

struct layer_weights {
    alignas(64) f32             norm[4096];     /*  16.4 kB */
    alignas(64) bf16_4096x4096  q_proj;         /*  33.6 MB  32 heads of 128 */
    alignas(64) bf16_1024x4096  k_proj;         /*   8.4 MB  8 heads */
    alignas(64) bf16_1024x4096  v_proj;         /*   8.4 MB */
    alignas(64) bf16_4096x4096  o_proj;         /*  33.6 MB */
    alignas(64) f32             mlp_norm[4096]; /*  16.4 kB */
    alignas(64) bf16_14336x4096 gate_proj;      /* 117.4 MB */
    alignas(64) bf16_14336x4096 up_proj;        /* 117.4 MB */
    alignas(64) bf16_4096x14336 down_proj;      /* 117.4 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_128256x4096 embed;        /*  1.1 GB */
    struct layer_weights         layer[LAYERS];
    alignas(64) f32              norm_f[4096]; /* 16.4 kB */
    alignas(64) bf16_128256x4096 head;         /*  1.1 GB */
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
