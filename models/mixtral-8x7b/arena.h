/* models/mixtral-8x7b/arena.h: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 4.0 GiB, scratch 40.0 MiB, io 6.0 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* Keys and values of up to 32768 positions, 128.0 MiB per layer. A position is written before it
 * is read. */
struct layer_state {
    alignas(64) bf16 keys  [8][32768][128]; /* order of a head: cache.h, cache.cuh */
    alignas(64) bf16 values[8][32768][128]; /* the same */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 4 in 128.1 KiB. Lower bound 128.1 KiB, at GATE_UP: this plan is
 * optimal. */
union decode_scratch {                                    /*    end  written  last */
    struct {                      f32 x    [1][ 4096]; }; /*  16384  EMBED    NORM_F */
    struct { char _q[16384];      f32 q    [1][ 4096]; }; /*  32768  QKV      O_PROJ */
    struct { char _h[16384];      f32 h    [2][14336]; }; /* 131072  GATE_UP  DOWN_PROJ */
    struct { char _route[131072]; f32 route[1][   16]; }; /* 131136  GATE_UP  DOWN_PROJ */
};

/* The buffers of prefill: 9 in 40.0 MiB. Lower bound 40.0 MiB, at GATE_UP: this plan is optimal. */
union prefill_scratch {                                       /*      end  written   last */
    struct { char _x[37748736];     f32 x    [256][ 4096]; }; /* 41943040  EMBED     NORM_F */
    struct {                        f32 xn   [256][ 4096]; }; /*  4194304  NORM      V_PROJ */
    struct { char _q[4194304];      f32 q    [256][ 4096]; }; /*  8388608  Q_PROJ    O_PROJ */
    struct { char _k[8388608];      f32 k    [256][ 1024]; }; /*  9437184  K_PROJ    ROPE */
    struct { char _v[9437184];      f32 v    [256][ 1024]; }; /* 10485760  V_PROJ    ROPE */
    struct {                        f32 xm   [256][ 4096]; }; /*  4194304  MLP_NORM  GATHER */
    struct { char _route[41943040]; f32 route[256][   16]; }; /* 41959424  ROUTE     DOWN_PROJ */
    struct { char _xg[29360128];    f32 xg   [512][ 4096]; }; /* 37748736  GATHER    GATE_UP */
    struct {                        f32 h    [512][14336]; }; /* 29360128  GATE_UP   DOWN_PROJ */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 6.0 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][4096];
    alignas(64) f32 logits[16][32000];
};

#endif
