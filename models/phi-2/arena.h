/* models/phi-2/arena.h: made from config/phi-2.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 640.0 MiB, scratch 15.0 MiB, io 5.6 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* Keys and values of up to 2048 positions, 20.0 MiB per layer. A position is written before it
 * is read. */
struct layer_state {
    alignas(64) bf16 keys  [32][2048][80]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[32][2048][80]; /* the same */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 60.0 KiB. Lower bound 60.0 KiB, at FC1: this plan is optimal. */
union decode_scratch {                           /*   end  written  last */
    struct {                 f32 x[1][ 2560]; }; /* 10240  EMBED    NORM_F */
    struct { char _q[10240]; f32 q[1][ 2560]; }; /* 20480  QKV      O_PROJ */
    struct { char _h[20480]; f32 h[1][10240]; }; /* 61440  FC1      FC2 */
};

/* The buffers of prefill: 6 in 15.0 MiB. Lower bound 15.0 MiB, at FC1: this plan is optimal. */
union prefill_scratch {                                /*      end  written  last */
    struct {                    f32 x [256][ 2560]; }; /*  2621440  EMBED    NORM_F */
    struct { char _xn[2621440]; f32 xn[256][ 2560]; }; /*  5242880  NORM     FC1 */
    struct { char _q[5242880];  f32 q [256][ 2560]; }; /*  7864320  Q_PROJ   O_PROJ */
    struct { char _h[5242880];  f32 h [256][10240]; }; /* 15728640  FC1      FC2 */
    struct { char _k[7864320];  f32 k [256][ 2560]; }; /* 10485760  K_PROJ   ROPE */
    struct { char _v[10485760]; f32 v [256][ 2560]; }; /* 13107200  V_PROJ   ROPE */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 5.6 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][2560];
    alignas(64) f32 logits[16][51200];
};

#endif
