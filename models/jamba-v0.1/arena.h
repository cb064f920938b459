/* models/jamba-v0.1/arena.h: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 4.0 GiB, scratch 40.0 MiB, io 8.0 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 608.0 KiB per layer. All zero is the start of a text. */
struct mamba_mlp_state {
    alignas(64) f32 conv[  3][8192];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [512][  16][16]; /* the states, by lines of channels */
};

/* What one token leaves for the next, 608.0 KiB per layer. All zero is the start of a text. */
struct mamba_moe_state {
    alignas(64) f32 conv[  3][8192];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [512][  16][16]; /* the states, by lines of channels */
};

/* Keys and values of up to 262144 positions, 1.0 GiB per layer. A position is written before it
 * is read. */
struct attention_mlp_state {
    alignas(64) bf16 keys  [8][262144][128]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[8][262144][128]; /* the same */
};

struct state {
    struct mamba_mlp_state     mamba_mlp[12];
    struct mamba_moe_state     mamba_moe[16];
    struct attention_mlp_state attention_mlp[4];
};

/* The buffers of decode in a layer of kind mamba_mlp: 4 in 81.1 KiB. Lower bound 81.1 KiB, at
 * X_PROJ: this plan is optimal. */
union decode_mamba_mlp_scratch {                       /*   end  written  last */
    struct {                     f32 x  [1][ 4096]; }; /* 16384  EMBED    NORM_F */
    struct { char _xz[16384];    f32 xz [1][16384]; }; /* 81920  IN_PROJ  OUT_PROJ */
    struct { char _xdb[81920];   f32 xdb[1][  288]; }; /* 83072  X_PROJ   SCAN */
    struct { char _h[16384];     f32 h  [1][14336]; }; /* 73728  GATE_UP  DOWN_PROJ */
};

/* The buffers of decode in a layer of kind mamba_moe: 5 in 128.1 KiB. Lower bound 128.1 KiB, at
 * GATE_UP: this plan is optimal. */
union decode_mamba_moe_scratch {                          /*    end  written  last */
    struct {                      f32 x    [1][ 4096]; }; /*  16384  EMBED    NORM_F */
    struct { char _xz[16384];     f32 xz   [1][16384]; }; /*  81920  IN_PROJ  OUT_PROJ */
    struct { char _xdb[81920];    f32 xdb  [1][  288]; }; /*  83072  X_PROJ   SCAN */
    struct { char _h[16384];      f32 h    [2][14336]; }; /* 131072  GATE_UP  DOWN_PROJ */
    struct { char _route[131072]; f32 route[1][   16]; }; /* 131136  GATE_UP  DOWN_PROJ */
};

/* The buffers of decode in a layer of kind attention_mlp: 3 in 72.0 KiB. Lower bound 72.0 KiB,
 * at GATE_UP: this plan is optimal. */
union decode_attention_mlp_scratch {                     /*   end  written  last */
    struct {                         f32 x[1][ 4096]; }; /* 16384  EMBED    NORM_F */
    struct { char _q[16384];         f32 q[1][ 4096]; }; /* 32768  QKV      O_PROJ */
    struct { char _h[16384];         f32 h[1][14336]; }; /* 73728  GATE_UP  DOWN_PROJ */
};

/* Every kind of layer has its own plan, but x in the same place. */
union decode_scratch {
    f32 x[1][4096];
    union decode_mamba_mlp_scratch     mamba_mlp;
    union decode_mamba_moe_scratch     mamba_moe;
    union decode_attention_mlp_scratch attention_mlp;
};

/* The buffers of prefill in a layer of kind mamba_mlp: 8 in 36.0 MiB. Lower bound 36.0 MiB, at
 * UP_PROJ: this plan is optimal. */
union prefill_mamba_mlp_scratch {                          /*      end  written    last */
    struct {                      f32 x   [256][ 4096]; }; /*  4194304  EMBED      NORM_F */
    struct { char _xz[4194304];   f32 xz  [256][16384]; }; /* 20971520  IN_PROJ    OUT_PROJ */
    struct { char _xn[20971520];  f32 xn  [256][ 4096]; }; /* 25165824  NORM       IN_PROJ */
    struct { char _xdb[20971520]; f32 xdb [256][  288]; }; /* 21266432  X_PROJ     SCAN */
    struct { char _dt[21266432];  f32 dt  [256][ 8192]; }; /* 29655040  DT_PROJ    SCAN */
    struct { char _xm[18874368];  f32 xm  [256][ 4096]; }; /* 23068672  MLP_NORM   UP_PROJ */
    struct { char _gate[4194304]; f32 gate[256][14336]; }; /* 18874368  GATE_PROJ  DOWN_PROJ */
    struct { char _up[23068672];  f32 up  [256][14336]; }; /* 37748736  UP_PROJ    SWIGLU */
};

/* The buffers of prefill in a layer of kind mamba_moe: 9 in 40.0 MiB. Lower bound 40.0 MiB, at
 * GATE_UP: this plan is optimal. */
union prefill_mamba_moe_scratch {                             /*      end  written   last */
    struct {                        f32 x    [256][ 4096]; }; /*  4194304  EMBED     NORM_F */
    struct { char _xz[4194304];     f32 xz   [256][16384]; }; /* 20971520  IN_PROJ   OUT_PROJ */
    struct { char _xn[20971520];    f32 xn   [256][ 4096]; }; /* 25165824  NORM      IN_PROJ */
    struct { char _xdb[29360128];   f32 xdb  [256][  288]; }; /* 29655040  X_PROJ    SCAN */
    struct { char _dt[20971520];    f32 dt   [256][ 8192]; }; /* 29360128  DT_PROJ   SCAN */
    struct { char _xm[4194304];     f32 xm   [256][ 4096]; }; /*  8388608  MLP_NORM  GATHER */
    struct { char _route[41943040]; f32 route[256][   16]; }; /* 41959424  ROUTE     DOWN_PROJ */
    struct { char _xg[33554432];    f32 xg   [512][ 4096]; }; /* 41943040  GATHER    GATE_UP */
    struct { char _h[4194304];      f32 h    [512][14336]; }; /* 33554432  GATE_UP   DOWN_PROJ */
};

/* The buffers of prefill in a layer of kind attention_mlp: 8 in 36.0 MiB. Lower bound 36.0 MiB,
 * at UP_PROJ: this plan is optimal. */
union prefill_attention_mlp_scratch {                          /*      end  written    last */
    struct {                          f32 x   [256][ 4096]; }; /*  4194304  EMBED      NORM_F */
    struct { char _xn[8388608];       f32 xn  [256][ 4096]; }; /* 12582912  NORM       V_PROJ */
    struct { char _q[4194304];        f32 q   [256][ 4096]; }; /*  8388608  Q_PROJ     O_PROJ */
    struct { char _k[12582912];       f32 k   [256][ 1024]; }; /* 13631488  K_PROJ     APPEND */
    struct { char _v[13631488];       f32 v   [256][ 1024]; }; /* 14680064  V_PROJ     APPEND */
    struct { char _xm[18874368];      f32 xm  [256][ 4096]; }; /* 23068672  MLP_NORM   UP_PROJ */
    struct { char _gate[4194304];     f32 gate[256][14336]; }; /* 18874368  GATE_PROJ  DOWN_PROJ */
    struct { char _up[23068672];      f32 up  [256][14336]; }; /* 37748736  UP_PROJ    SWIGLU */
};

/* Every kind of layer has its own plan, but x in the same place. */
union prefill_scratch {
    f32 x[256][4096];
    union prefill_mamba_mlp_scratch     mamba_mlp;
    union prefill_mamba_moe_scratch     mamba_moe;
    union prefill_attention_mlp_scratch attention_mlp;
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 8.0 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][4096];
    alignas(64) f32 logits[16][65536];
};

#endif
