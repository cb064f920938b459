/* models/deepseek-moe-16b/arena.h: made from config/deepseek-moe-16b.ini;
 * edit that, `make models`.
 *
 * The arenas beside the weights: state 896.0 MiB, scratch 25.4 MiB, io 8.3 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* Keys and values of up to 4096 positions, 32.0 MiB per layer. A position is written before it
 * is read. */
struct dense_state {
    alignas(64) bf16 keys  [16][4096][128]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[16][4096][128]; /* the same */
};

/* Keys and values of up to 4096 positions, 32.0 MiB per layer. A position is written before it
 * is read. */
struct moe_state {
    alignas(64) bf16 keys  [16][4096][128]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[16][4096][128]; /* the same */
};

struct state {
    struct dense_state dense[1];
    struct moe_state   moe[27];
};

/* The buffers of decode in a layer of kind dense: 3 in 50.8 KiB. Lower bound 50.8 KiB, at
 * GATE_UP: this plan is optimal. */
union decode_dense_scratch {                     /*   end  written  last */
    struct {                 f32 x[1][ 2048]; }; /*  8192  EMBED    NORM_F */
    struct { char _q[8192];  f32 q[1][ 2048]; }; /* 16384  QKV      O_PROJ */
    struct { char _h[8192];  f32 h[1][10944]; }; /* 51968  GATE_UP  DOWN_PROJ */
};

/* The buffers of decode in a layer of kind moe: 5 in 52.1 KiB. Lower bound 52.1 KiB, at
 * SHARED_GATE_UP: this plan is optimal. */
union decode_moe_scratch {                              /*   end  written         last */
    struct {                     f32 x    [1][2048]; }; /*  8192  EMBED           NORM_F */
    struct { char _q[8192];      f32 q    [1][2048]; }; /* 16384  QKV             O_PROJ */
    struct { char _h[8192];      f32 h    [6][1408]; }; /* 41984  GATE_UP         DOWN_PROJ */
    struct { char _route[41984]; f32 route[1][  16]; }; /* 42048  GATE_UP         DOWN_PROJ */
    struct { char _hs[42048];    f32 hs   [1][2816]; }; /* 53312  SHARED_GATE_UP  SHARED_DOWN */
};

/* Every kind of layer has its own plan, but x in the same place. */
union decode_scratch {
    f32 x[1][2048];
    union decode_dense_scratch dense;
    union decode_moe_scratch   moe;
};

/* The buffers of prefill in a layer of kind dense: 8 in 25.4 MiB. Lower bound 25.4 MiB, at
 * UP_PROJ: this plan is optimal. */
union prefill_dense_scratch {                              /*      end  written    last */
    struct {                      f32 x   [256][ 2048]; }; /*  2097152  EMBED      NORM_F */
    struct { char _xn[4194304];   f32 xn  [256][ 2048]; }; /*  6291456  NORM       V_PROJ */
    struct { char _q[2097152];    f32 q   [256][ 2048]; }; /*  4194304  Q_PROJ     O_PROJ */
    struct { char _k[6291456];    f32 k   [256][ 2048]; }; /*  8388608  K_PROJ     ROPE */
    struct { char _v[8388608];    f32 v   [256][ 2048]; }; /* 10485760  V_PROJ     ROPE */
    struct { char _xm[13303808];  f32 xm  [256][ 2048]; }; /* 15400960  MLP_NORM   UP_PROJ */
    struct { char _gate[2097152]; f32 gate[256][10944]; }; /* 13303808  GATE_PROJ  DOWN_PROJ */
    struct { char _up[15400960];  f32 up  [256][10944]; }; /* 26607616  UP_PROJ    SWIGLU */
};

/* The buffers of prefill in a layer of kind moe: 11 in 22.3 MiB. Lower bound 22.3 MiB, at
 * GATE_UP: this plan is optimal. */
union prefill_moe_scratch {                                   /*      end  written      last */
    struct {                        f32 x    [ 256][2048]; }; /*  2097152  EMBED        NORM_F */
    struct { char _xn[2097152];     f32 xn   [ 256][2048]; }; /*  4194304  NORM         V_PROJ */
    struct { char _q[4194304];      f32 q    [ 256][2048]; }; /*  6291456  Q_PROJ       O_PROJ */
    struct { char _k[6291456];      f32 k    [ 256][2048]; }; /*  8388608  K_PROJ       ROPE */
    struct { char _v[8388608];      f32 v    [ 256][2048]; }; /* 10485760  V_PROJ       ROPE */
    struct { char _xm[14680064];    f32 xm   [ 256][2048]; }; /* 16777216  MLP_NORM     GATHER */
    /* 4980736 SHARED_GATE SHARED_DOWN */
    struct { char _gate[2097152];   f32 gate [ 256][2816]; };
    /* 7864320 SHARED_UP SHARED_SWIGLU */
    struct { char _up[4980736];     f32 up   [ 256][2816]; };
    struct { char _route[23330816]; f32 route[ 256][  16]; }; /* 23347200  ROUTE        DOWN_PROJ */
    struct { char _xg[2097152];     f32 xg   [1536][2048]; }; /* 14680064  GATHER       GATE_UP */
    struct { char _h[14680064];     f32 h    [1536][1408]; }; /* 23330816  GATE_UP      DOWN_PROJ */
};

/* Every kind of layer has its own plan, but x in the same place. */
union prefill_scratch {
    f32 x[256][2048];
    union prefill_dense_scratch dense;
    union prefill_moe_scratch   moe;
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 8.3 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][2048];
    alignas(64) f32 logits[16][102400];
};

#endif
