/* models/mamba-130m/arena.h: made from config/mamba-130m.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 2.7 MiB, scratch 5.3 MiB, io 3.8 MiB. Every address is an
 * arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 114.0 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][1536];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [96][  16][16]; /* the states, by lines of channels */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 15.3 KiB. Lower bound 15.3 KiB, at X_PROJ: this plan is optimal. */
union decode_scratch {                              /*   end  written  last */
    struct {                   f32 x  [1][ 768]; }; /*  3072  EMBED    NORM_F */
    struct { char _xz[3072];   f32 xz [1][3072]; }; /* 15360  IN_PROJ  OUT_PROJ */
    struct { char _xdb[15360]; f32 xdb[1][  80]; }; /* 15680  X_PROJ   SCAN */
};

/* The buffers of prefill: 5 in 5.3 MiB. Lower bound 5.3 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                                 /*     end  written  last */
    struct {                     f32 x  [256][ 768]; }; /*  786432  EMBED    NORM_F */
    struct { char _xz[786432];   f32 xz [256][3072]; }; /* 3932160  IN_PROJ  OUT_PROJ */
    struct { char _xn[3932160];  f32 xn [256][ 768]; }; /* 4718592  NORM     IN_PROJ */
    struct { char _xdb[3932160]; f32 xdb[256][  80]; }; /* 4014080  X_PROJ   SCAN */
    struct { char _dt[4014080];  f32 dt [256][1536]; }; /* 5586944  DT_PROJ  SCAN */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 3.8 MiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][768];
    alignas(64) f32 logits[16][50288];
};

#endif
