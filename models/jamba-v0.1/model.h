/* models/jamba-v0.1/model.h: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * jamba-v0.1: 51,570,323,328 parameters in 103.2 GB of weights, 32 layers of 3 kinds. */
#ifndef MODEL_H
#define MODEL_H

#include "runtime/base/run.h"

enum {
    VOCAB      =  65536, /* rows of the embedding table */
    DIM        =   4096, /* width of the residual stream */
    INNER      =  14336, /* elements inside an MLP, or channels inside a Mamba layer */
    LAYERS     =     32, /* layers */
    HEADS      =     32, /* query heads */
    KV_HEADS   =      8, /* heads of keys and values, each shared by equally many query heads */
    HEAD_DIM   =    128, /* width of a head */
    EXPERTS    =     16, /* experts of a layer that has them */
    CHOSEN     =      2, /* experts that a token goes through */
    STATES     =     16, /* SSM states of a channel */
    TAPS       =      4, /* taps of the causal convolution */
    EXPAND     =      2, /* channels of a Mamba layer, in widths of the stream */
    RANK       =    256, /* rank of the time step's projection */
    CONTEXT    = 262144, /* most positions of a text */
    CHUNK      =    256, /* most tokens of a prefill step */
    LOGIT_ROWS =     16, /* most rows of logits of a head step */
};

/* Packed matrices, in the order of the backend; every shape a type of its own, so that a wrong
 * weight does not compile. */
typedef struct { bf16 w[65536 *  4096]; } bf16_65536x4096; /* 536.9 MB */
typedef struct { bf16 w[16384 *  4096]; } bf16_16384x4096; /* 134.2 MB */
typedef struct { bf16 w[  288 *  8192]; } bf16_288x8192;   /*   4.7 MB */
typedef struct { bf16 w[ 8192 *   256]; } bf16_8192x256;   /*   4.2 MB */
typedef struct { bf16 w[ 4096 *  8192]; } bf16_4096x8192;  /*  67.1 MB */
typedef struct { bf16 w[14336 *  4096]; } bf16_14336x4096; /* 117.4 MB */
typedef struct { bf16 w[ 4096 * 14336]; } bf16_4096x14336; /* 117.4 MB */
typedef struct { bf16 w[   16 *  4096]; } bf16_16x4096;    /* 131.1 kB */
typedef struct { bf16 w[ 4096 *  4096]; } bf16_4096x4096;  /*  33.6 MB */
typedef struct { bf16 w[ 1024 *  4096]; } bf16_1024x4096;  /*   8.4 MB */

struct mamba_mlp_weights {
    alignas(64) f32             norm[4096];         /*  16.4 kB */
    alignas(64) bf16_16384x4096 in_proj;            /* 134.2 MB  x at row 0, z at row 8192 */
    alignas(64) f32             conv_taps[4][8192]; /* 131.1 kB  oldest first */
    alignas(64) f32             conv_bias[8192];    /*  32.8 kB */
    alignas(64) bf16_288x8192   x_proj;             /*   4.7 MB  dt 256, B 16, C 16 */
    alignas(64) f32             dt_norm[256];       /*   1.0 kB */
    alignas(64) f32             b_norm[16];         /*     64 B */
    alignas(64) f32             c_norm[16];         /*     64 B */
    alignas(64) bf16_8192x256   dt_proj;            /*   4.2 MB */
    alignas(64) f32             dt_bias[8192];      /*  32.8 kB */
    alignas(64) f32             A[512][16][16];     /* 524.3 kB  -exp(A_log), lines of channels */
    alignas(64) f32             D[8192];            /*  32.8 kB */
    alignas(64) bf16_4096x8192  out_proj;           /*  67.1 MB */
    alignas(64) f32             mlp_norm[4096];     /*  16.4 kB */
    alignas(64) bf16_14336x4096 gate_proj;          /* 117.4 MB */
    alignas(64) bf16_14336x4096 up_proj;            /* 117.4 MB */
    alignas(64) bf16_4096x14336 down_proj;          /* 117.4 MB */
};

struct mamba_moe_weights {
    alignas(64) f32             norm[4096];         /*  16.4 kB */
    alignas(64) bf16_16384x4096 in_proj;            /* 134.2 MB  x at row 0, z at row 8192 */
    alignas(64) f32             conv_taps[4][8192]; /* 131.1 kB  oldest first */
    alignas(64) f32             conv_bias[8192];    /*  32.8 kB */
    alignas(64) bf16_288x8192   x_proj;             /*   4.7 MB  dt 256, B 16, C 16 */
    alignas(64) f32             dt_norm[256];       /*   1.0 kB */
    alignas(64) f32             b_norm[16];         /*     64 B */
    alignas(64) f32             c_norm[16];         /*     64 B */
    alignas(64) bf16_8192x256   dt_proj;            /*   4.2 MB */
    alignas(64) f32             dt_bias[8192];      /*  32.8 kB */
    alignas(64) f32             A[512][16][16];     /* 524.3 kB  -exp(A_log), lines of channels */
    alignas(64) f32             D[8192];            /*  32.8 kB */
    alignas(64) bf16_4096x8192  out_proj;           /*  67.1 MB */
    alignas(64) f32             mlp_norm[4096];     /*  16.4 kB */
    alignas(64) bf16_16x4096    router;             /* 131.1 kB */
    alignas(64) bf16_14336x4096 gate_proj[16];      /*   1.9 GB */
    alignas(64) bf16_14336x4096 up_proj[16];        /*   1.9 GB */
    alignas(64) bf16_4096x14336 down_proj[16];      /*   1.9 GB */
};

struct attention_mlp_weights {
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
    alignas(64) bf16_65536x4096  embed;        /* 536.9 MB */
    struct mamba_mlp_weights     mamba_mlp[12];
    struct mamba_moe_weights     mamba_moe[16];
    struct attention_mlp_weights attention_mlp[4];
    alignas(64) f32              norm_f[4096]; /*  16.4 kB */
    alignas(64) bf16_65536x4096  head;         /* 536.9 MB */
};

/* The kinds of layers; and every layer in its order, in tables.c. */
enum kind { MAMBA_MLP = 1, MAMBA_MOE, ATTENTION_MLP };
extern const struct model_layer layers[LAYERS];

/* Every operation of every step, by its index in model.ops. */
enum op {
    DECODE_EMBED, DECODE_MAMBA_MLP_IN_PROJ, DECODE_MAMBA_MLP_X_PROJ, DECODE_MAMBA_MLP_SCAN,
    DECODE_MAMBA_MLP_OUT_PROJ, DECODE_MAMBA_MLP_GATE_UP, DECODE_MAMBA_MLP_DOWN_PROJ,
    DECODE_MAMBA_MOE_IN_PROJ, DECODE_MAMBA_MOE_X_PROJ, DECODE_MAMBA_MOE_SCAN,
    DECODE_MAMBA_MOE_OUT_PROJ, DECODE_MAMBA_MOE_GATE_UP, DECODE_MAMBA_MOE_DOWN_PROJ,
    DECODE_ATTENTION_MLP_QKV, DECODE_ATTENTION_MLP_ATTENTION, DECODE_ATTENTION_MLP_O_PROJ,
    DECODE_ATTENTION_MLP_GATE_UP, DECODE_ATTENTION_MLP_DOWN_PROJ, DECODE_NORM_F, DECODE_HEAD,
    PREFILL_EMBED, PREFILL_MAMBA_MLP_NORM, PREFILL_MAMBA_MLP_IN_PROJ, PREFILL_MAMBA_MLP_CONV,
    PREFILL_MAMBA_MLP_X_PROJ, PREFILL_MAMBA_MLP_NORM_DT_B_C, PREFILL_MAMBA_MLP_DT_PROJ,
    PREFILL_MAMBA_MLP_SCAN, PREFILL_MAMBA_MLP_OUT_PROJ, PREFILL_MAMBA_MLP_MLP_NORM,
    PREFILL_MAMBA_MLP_GATE_PROJ, PREFILL_MAMBA_MLP_UP_PROJ, PREFILL_MAMBA_MLP_SWIGLU,
    PREFILL_MAMBA_MLP_DOWN_PROJ, PREFILL_MAMBA_MOE_NORM, PREFILL_MAMBA_MOE_IN_PROJ,
    PREFILL_MAMBA_MOE_CONV, PREFILL_MAMBA_MOE_X_PROJ, PREFILL_MAMBA_MOE_NORM_DT_B_C,
    PREFILL_MAMBA_MOE_DT_PROJ, PREFILL_MAMBA_MOE_SCAN, PREFILL_MAMBA_MOE_OUT_PROJ,
    PREFILL_MAMBA_MOE_MLP_NORM, PREFILL_MAMBA_MOE_ROUTE, PREFILL_MAMBA_MOE_GATHER,
    PREFILL_MAMBA_MOE_GATE_UP, PREFILL_MAMBA_MOE_DOWN_PROJ, PREFILL_ATTENTION_MLP_NORM,
    PREFILL_ATTENTION_MLP_Q_PROJ, PREFILL_ATTENTION_MLP_K_PROJ, PREFILL_ATTENTION_MLP_V_PROJ,
    PREFILL_ATTENTION_MLP_APPEND, PREFILL_ATTENTION_MLP_ATTENTION, PREFILL_ATTENTION_MLP_O_PROJ,
    PREFILL_ATTENTION_MLP_MLP_NORM, PREFILL_ATTENTION_MLP_GATE_PROJ, PREFILL_ATTENTION_MLP_UP_PROJ,
    PREFILL_ATTENTION_MLP_SWIGLU, PREFILL_ATTENTION_MLP_DOWN_PROJ, PREFILL_NORM_F,
    HEAD_LOGITS,
    OPS
};

void decode(run *r);
void prefill(run *r);
void head(run *r);

#endif
