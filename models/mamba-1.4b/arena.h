/* models/mamba-1.4b/arena.h: made from config/mamba-1.4b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 14.2 MiB, scratch 14.2 MiB, io 5.1 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 304.0 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[  3][4096];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [256][  16][16]; /* the states, by lines of channels */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 40.6 KiB. Lower bound 40.6 KiB, at X_PROJ: this plan is optimal. */
union decode_scratch {                              /*   end  written  last */
    struct {                   f32 x  [1][2048]; }; /*  8192  EMBED    NORM_F */
    struct { char _xz[8192];   f32 xz [1][8192]; }; /* 40960  IN_PROJ  OUT_PROJ */
    struct { char _xdb[40960]; f32 xdb[1][ 160]; }; /* 41600  X_PROJ   SCAN */
};

/* The buffers of prefill: 5 in 14.2 MiB. Lower bound 14.2 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                                  /*      end  written  last */
    struct {                      f32 x  [256][2048]; }; /*  2097152  EMBED    NORM_F */
    struct { char _xz[2097152];   f32 xz [256][8192]; }; /* 10485760  IN_PROJ  OUT_PROJ */
    struct { char _xn[10485760];  f32 xn [256][2048]; }; /* 12582912  NORM     IN_PROJ */
    struct { char _xdb[10485760]; f32 xdb[256][ 160]; }; /* 10649600  X_PROJ   SCAN */
    struct { char _dt[10649600];  f32 dt [256][4096]; }; /* 14843904  DT_PROJ  SCAN */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 5.1 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][2048];
    alignas(64) f32 logits[16][50288];
};

#endif
