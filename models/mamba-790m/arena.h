/* models/mamba-790m/arena.h: made from config/mamba-790m.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 10.7 MiB, scratch 10.6 MiB, io 4.6 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 228.0 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[  3][3072];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [192][  16][16]; /* the states, by lines of channels */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 30.5 KiB. Lower bound 30.5 KiB, at X_PROJ: this plan is optimal. */
union decode_scratch {                              /*   end  written  last */
    struct {                   f32 x  [1][1536]; }; /*  6144  EMBED    NORM_F */
    struct { char _xz[6144];   f32 xz [1][6144]; }; /* 30720  IN_PROJ  OUT_PROJ */
    struct { char _xdb[30720]; f32 xdb[1][ 128]; }; /* 31232  X_PROJ   SCAN */
};

/* The buffers of prefill: 5 in 10.6 MiB. Lower bound 10.6 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                                 /*      end  written  last */
    struct {                     f32 x  [256][1536]; }; /*  1572864  EMBED    NORM_F */
    struct { char _xz[1572864];  f32 xz [256][6144]; }; /*  7864320  IN_PROJ  OUT_PROJ */
    struct { char _xn[7864320];  f32 xn [256][1536]; }; /*  9437184  NORM     IN_PROJ */
    struct { char _xdb[7864320]; f32 xdb[256][ 128]; }; /*  7995392  X_PROJ   SCAN */
    struct { char _dt[7995392];  f32 dt [256][3072]; }; /* 11141120  DT_PROJ  SCAN */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 4.6 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][1536];
    alignas(64) f32 logits[16][50288];
};

#endif
