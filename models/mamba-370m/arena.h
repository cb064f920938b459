/* models/mamba-370m/arena.h: made from config/mamba-370m.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 7.1 MiB, scratch 7.1 MiB, io 4.1 MiB. Every address is an
 * arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 152.0 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[  3][2048];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [128][  16][16]; /* the states, by lines of channels */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 20.4 KiB. Lower bound 20.4 KiB, at X_PROJ: this plan is optimal. */
union decode_scratch {                              /*   end  written  last */
    struct {                   f32 x  [1][1024]; }; /*  4096  EMBED    NORM_F */
    struct { char _xz[4096];   f32 xz [1][4096]; }; /* 20480  IN_PROJ  OUT_PROJ */
    struct { char _xdb[20480]; f32 xdb[1][  96]; }; /* 20864  X_PROJ   SCAN */
};

/* The buffers of prefill: 5 in 7.1 MiB. Lower bound 7.1 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                                 /*     end  written  last */
    struct {                     f32 x  [256][1024]; }; /* 1048576  EMBED    NORM_F */
    struct { char _xz[1048576];  f32 xz [256][4096]; }; /* 5242880  IN_PROJ  OUT_PROJ */
    struct { char _xn[5242880];  f32 xn [256][1024]; }; /* 6291456  NORM     IN_PROJ */
    struct { char _xdb[5242880]; f32 xdb[256][  96]; }; /* 5341184  X_PROJ   SCAN */
    struct { char _dt[5341184];  f32 dt [256][2048]; }; /* 7438336  DT_PROJ  SCAN */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 4.1 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][1024];
    alignas(64) f32 logits[16][50288];
};

#endif
