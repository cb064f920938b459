/* models/tinyllama-1.1b/arena.h: made from config/tinyllama-1.1b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 44.0 MiB, scratch 15.0 MiB, io 4.0 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* Keys and values of up to 2048 positions, 2.0 MiB per layer. A position is written before it is
 * read. */
struct layer_state {
    alignas(64) bf16 keys  [4][2048][64]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[4][2048][64]; /* the same */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 30.0 KiB. Lower bound 30.0 KiB, at GATE_UP: this plan is optimal. */
union decode_scratch {                         /*   end  written  last */
    struct {                f32 x[1][2048]; }; /*  8192  EMBED    NORM_F */
    struct { char _q[8192]; f32 q[1][2048]; }; /* 16384  QKV      O_PROJ */
    struct { char _h[8192]; f32 h[1][5632]; }; /* 30720  GATE_UP  DOWN_PROJ */
};

/* The buffers of prefill: 8 in 15.0 MiB. Lower bound 15.0 MiB, at UP_PROJ: this plan is optimal. */
union prefill_scratch {                                   /*      end  written    last */
    struct {                      f32 x   [256][2048]; }; /*  2097152  EMBED      NORM_F */
    struct { char _xn[4194304];   f32 xn  [256][2048]; }; /*  6291456  NORM       V_PROJ */
    struct { char _q[2097152];    f32 q   [256][2048]; }; /*  4194304  Q_PROJ     O_PROJ */
    struct { char _k[6291456];    f32 k   [256][ 256]; }; /*  6553600  K_PROJ     ROPE */
    struct { char _v[6553600];    f32 v   [256][ 256]; }; /*  6815744  V_PROJ     ROPE */
    struct { char _xm[7864320];   f32 xm  [256][2048]; }; /*  9961472  MLP_NORM   UP_PROJ */
    struct { char _gate[2097152]; f32 gate[256][5632]; }; /*  7864320  GATE_PROJ  DOWN_PROJ */
    struct { char _up[9961472];   f32 up  [256][5632]; }; /* 15728640  UP_PROJ    SWIGLU */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 4.0 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][2048];
    alignas(64) f32 logits[16][32000];
};

#endif
