/* models/mamba-2.8b/arena.h: made from config/mamba-2.8b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 23.8 MiB, scratch 17.7 MiB, io 5.6 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 380.0 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[  3][5120];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [320][  16][16]; /* the states, by lines of channels */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 50.8 KiB. Lower bound 50.8 KiB, at X_PROJ: this plan is optimal. */
union decode_scratch {                               /*   end  written  last */
    struct {                   f32 x  [1][ 2560]; }; /* 10240  EMBED    NORM_F */
    struct { char _xz[10240];  f32 xz [1][10240]; }; /* 51200  IN_PROJ  OUT_PROJ */
    struct { char _xdb[51200]; f32 xdb[1][  192]; }; /* 51968  X_PROJ   SCAN */
};

/* The buffers of prefill: 5 in 17.7 MiB. Lower bound 17.7 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                                   /*      end  written  last */
    struct {                      f32 x  [256][ 2560]; }; /*  2621440  EMBED    NORM_F */
    struct { char _xz[2621440];   f32 xz [256][10240]; }; /* 13107200  IN_PROJ  OUT_PROJ */
    struct { char _xn[13107200];  f32 xn [256][ 2560]; }; /* 15728640  NORM     IN_PROJ */
    struct { char _xdb[13107200]; f32 xdb[256][  192]; }; /* 13303808  X_PROJ   SCAN */
    struct { char _dt[13303808];  f32 dt [256][ 5120]; }; /* 18546688  DT_PROJ  SCAN */
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
    alignas(64) f32 logits[16][50288];
};

#endif
