/* models/llama-3-8b/arena.h: made from config/llama-3-8b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 1.0 GiB, scratch 36.0 MiB, io 11.8 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* Keys and values of up to 8192 positions, 32.0 MiB per layer. A position is written before it
 * is read. */
struct layer_state {
    alignas(64) bf16 keys  [8][8192][128]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[8][8192][128]; /* the same */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 72.0 KiB. Lower bound 72.0 KiB, at GATE_UP: this plan is optimal. */
union decode_scratch {                           /*   end  written  last */
    struct {                 f32 x[1][ 4096]; }; /* 16384  EMBED    NORM_F */
    struct { char _q[16384]; f32 q[1][ 4096]; }; /* 32768  QKV      O_PROJ */
    struct { char _h[16384]; f32 h[1][14336]; }; /* 73728  GATE_UP  DOWN_PROJ */
};

/* The buffers of prefill: 8 in 36.0 MiB. Lower bound 36.0 MiB, at UP_PROJ: this plan is optimal. */
union prefill_scratch {                                    /*      end  written    last */
    struct {                      f32 x   [256][ 4096]; }; /*  4194304  EMBED      NORM_F */
    struct { char _xn[8388608];   f32 xn  [256][ 4096]; }; /* 12582912  NORM       V_PROJ */
    struct { char _q[4194304];    f32 q   [256][ 4096]; }; /*  8388608  Q_PROJ     O_PROJ */
    struct { char _k[12582912];   f32 k   [256][ 1024]; }; /* 13631488  K_PROJ     ROPE */
    struct { char _v[13631488];   f32 v   [256][ 1024]; }; /* 14680064  V_PROJ     ROPE */
    struct { char _xm[18874368];  f32 xm  [256][ 4096]; }; /* 23068672  MLP_NORM   UP_PROJ */
    struct { char _gate[4194304]; f32 gate[256][14336]; }; /* 18874368  GATE_PROJ  DOWN_PROJ */
    struct { char _up[23068672];  f32 up  [256][14336]; }; /* 37748736  UP_PROJ    SWIGLU */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 11.8 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][4096];
    alignas(64) f32 logits[16][128256];
};

#endif
