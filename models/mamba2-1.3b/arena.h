/* models/mamba2-1.3b/arena.h: made from config/mamba2-1.3b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 98.4 MiB, scratch 12.3 MiB, io 5.1 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 2.0 MiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][4352];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [64][ 128][64]; /* the states [head][state][channel] */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 2 in 41.2 KiB. Lower bound 41.2 KiB, at IN_PROJ: this plan is optimal. */
union decode_scratch {                                   /*   end  written  last */
    struct {                     f32 x     [1][2048]; }; /*  8192  EMBED    NORM_F */
    struct { char _zxbcdt[8192]; f32 zxbcdt[1][8512]; }; /* 42240  IN_PROJ  OUT_PROJ */
};

/* The buffers of prefill: 3 in 12.3 MiB. Lower bound 12.3 MiB, at IN_PROJ: this plan is optimal. */
union prefill_scratch {                                       /*      end  written  last */
    struct {                        f32 x     [256][2048]; }; /*  2097152  EMBED    NORM_F */
    struct { char _zxbcdt[2097152]; f32 zxbcdt[256][8512]; }; /* 10813440  IN_PROJ  OUT_PROJ */
    struct { char _xn[10813440];    f32 xn    [256][2048]; }; /* 12910592  NORM     IN_PROJ */
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
