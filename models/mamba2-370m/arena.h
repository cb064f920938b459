/* models/mamba2-370m/arena.h: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 49.3 MiB, scratch 6.3 MiB, io 4.1 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 1.0 MiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][2304];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [32][ 128][64]; /* the states [head][state][channel] */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 2 in 21.1 KiB. Lower bound 21.1 KiB, at IN_PROJ: this plan is optimal. */
union decode_scratch {                                   /*   end  written  last */
    struct {                     f32 x     [1][1024]; }; /*  4096  EMBED    NORM_F */
    struct { char _zxbcdt[4096]; f32 zxbcdt[1][4384]; }; /* 21632  IN_PROJ  OUT_PROJ */
};

/* The buffers of prefill: 3 in 6.3 MiB. Lower bound 6.3 MiB, at IN_PROJ: this plan is optimal. */
union prefill_scratch {                                       /*     end  written  last */
    struct {                        f32 x     [256][1024]; }; /* 1048576  EMBED    NORM_F */
    struct { char _zxbcdt[1048576]; f32 zxbcdt[256][4384]; }; /* 5537792  IN_PROJ  OUT_PROJ */
    struct { char _xn[5537792];     f32 xn    [256][1024]; }; /* 6586368  NORM     IN_PROJ */
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
