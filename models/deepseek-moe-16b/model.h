/* models/deepseek-moe-16b/model.h: made from config/deepseek-moe-16b.ini;
 * edit that, `make models`.
 *
 * deepseek-moe-16b: 16,375,728,128 parameters in 32.8 GB of weights, 28 layers of 2 kinds. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB        = 102400, /* rows of the embedding table */
    DIM          =   2048, /* width of the residual stream */
    INNER        =  10944, /* elements inside an MLP, or channels inside a Mamba layer */
    LAYERS       =     28, /* layers */
    HEADS        =     16, /* query heads */
    KV_HEADS     =     16, /* heads of keys and values, each shared by equally many query heads */
    HEAD_DIM     =    128, /* width of a head */
    EXPERTS      =     64, /* experts of a layer that has them */
    /* experts more, which every token goes through: one MLP as wide as all of them */
    SHARED       =      2,
    EXPERT_INNER =   1408, /* elements inside an expert */
    CHOSEN       =      6, /* experts that a token goes through */
    CONTEXT      =   4096, /* most positions of a text */
    CHUNK        =    256, /* most tokens of a prefill step */
    LOGIT_ROWS   =     16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[102400 *  2048]; } bf16_102400x2048; /* 419.4 MB */
typedef struct { bf16 w[  2048 *  2048]; } bf16_2048x2048;   /*   8.4 MB */
typedef struct { bf16 w[ 10944 *  2048]; } bf16_10944x2048;  /*  44.8 MB */
typedef struct { bf16 w[  2048 * 10944]; } bf16_2048x10944;  /*  44.8 MB */
typedef struct { bf16 w[    64 *  2048]; } bf16_64x2048;     /* 262.1 kB */
typedef struct { bf16 w[  1408 *  2048]; } bf16_1408x2048;   /*   5.8 MB */
typedef struct { bf16 w[  2048 *  1408]; } bf16_2048x1408;   /*   5.8 MB */
typedef struct { bf16 w[  2816 *  2048]; } bf16_2816x2048;   /*  11.5 MB */
typedef struct { bf16 w[  2048 *  2816]; } bf16_2048x2816;   /*  11.5 MB */

struct dense_weights {
    alignas(64) f32             norm[2048];     /*  8.2 kB */
    alignas(64) bf16_2048x2048  q_proj;         /*  8.4 MB  16 heads of 128 */
    alignas(64) bf16_2048x2048  k_proj;         /*  8.4 MB  16 heads */
    alignas(64) bf16_2048x2048  v_proj;         /*  8.4 MB */
    alignas(64) bf16_2048x2048  o_proj;         /*  8.4 MB */
    alignas(64) f32             mlp_norm[2048]; /*  8.2 kB */
    alignas(64) bf16_10944x2048 gate_proj;      /* 44.8 MB */
    alignas(64) bf16_10944x2048 up_proj;        /* 44.8 MB */
    alignas(64) bf16_2048x10944 down_proj;      /* 44.8 MB */
};

struct moe_weights {
    alignas(64) f32            norm[2048];     /*   8.2 kB */
    alignas(64) bf16_2048x2048 q_proj;         /*   8.4 MB  16 heads of 128 */
    alignas(64) bf16_2048x2048 k_proj;         /*   8.4 MB  16 heads */
    alignas(64) bf16_2048x2048 v_proj;         /*   8.4 MB */
    alignas(64) bf16_2048x2048 o_proj;         /*   8.4 MB */
    alignas(64) f32            mlp_norm[2048]; /*   8.2 kB */
    alignas(64) bf16_64x2048   router;         /* 262.1 kB */
    alignas(64) bf16_1408x2048 gate_proj[64];  /* 369.1 MB */
    alignas(64) bf16_1408x2048 up_proj[64];    /* 369.1 MB */
    alignas(64) bf16_2048x1408 down_proj[64];  /* 369.1 MB */
    alignas(64) bf16_2816x2048 shared_gate;    /*  11.5 MB */
    alignas(64) bf16_2816x2048 shared_up;      /*  11.5 MB */
    alignas(64) bf16_2048x2816 shared_down;    /*  11.5 MB */
};

/* The image of the weight file. */
struct weights {
    alignas(64) bf16_102400x2048 embed;        /* 419.4 MB */
    struct dense_weights         dense[1];
    struct moe_weights           moe[27];
    alignas(64) f32              norm_f[2048]; /*   8.2 kB */
    alignas(64) bf16_102400x2048 head;         /* 419.4 MB */
};

/* The kinds of layers; and every layer in its order, in tables.c. */
enum kind { DENSE = 1, MOE };
extern const struct model_layer layers[LAYERS];

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_DENSE_QKV, DECODE_DENSE_ATTENTION, DECODE_DENSE_O_PROJ,
    DECODE_DENSE_GATE_UP, DECODE_DENSE_DOWN_PROJ, DECODE_MOE_QKV, DECODE_MOE_ATTENTION,
    DECODE_MOE_O_PROJ, DECODE_MOE_GATE_UP, DECODE_MOE_SHARED_GATE_UP, DECODE_MOE_SHARED_DOWN,
    DECODE_MOE_DOWN_PROJ, DECODE_NORM_F, DECODE_HEAD,
    PREFILL_EMBED, PREFILL_DENSE_NORM, PREFILL_DENSE_Q_PROJ, PREFILL_DENSE_K_PROJ,
    PREFILL_DENSE_V_PROJ, PREFILL_DENSE_ROPE, PREFILL_DENSE_ATTENTION, PREFILL_DENSE_O_PROJ,
    PREFILL_DENSE_MLP_NORM, PREFILL_DENSE_GATE_PROJ, PREFILL_DENSE_UP_PROJ, PREFILL_DENSE_SWIGLU,
    PREFILL_DENSE_DOWN_PROJ, PREFILL_MOE_NORM, PREFILL_MOE_Q_PROJ, PREFILL_MOE_K_PROJ,
    PREFILL_MOE_V_PROJ, PREFILL_MOE_ROPE, PREFILL_MOE_ATTENTION, PREFILL_MOE_O_PROJ,
    PREFILL_MOE_MLP_NORM, PREFILL_MOE_SHARED_GATE, PREFILL_MOE_SHARED_UP, PREFILL_MOE_SHARED_SWIGLU,
    PREFILL_MOE_SHARED_DOWN, PREFILL_MOE_ROUTE, PREFILL_MOE_GATHER, PREFILL_MOE_GATE_UP,
    PREFILL_MOE_DOWN_PROJ, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
