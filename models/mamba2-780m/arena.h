/* models/mamba2-780m/arena.h: made from config/mamba2-780m.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 73.8 MiB, scratch 9.3 MiB, io 4.6 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 1.5 MiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][3328];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [48][ 128][64]; /* the states [head][state][channel] */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 2 in 31.2 KiB. Lower bound 31.2 KiB, at IN_PROJ: this plan is optimal. */
union decode_scratch {                                   /*   end  written  last */
    struct {                     f32 x     [1][1536]; }; /*  6144  EMBED    NORM_F */
    struct { char _zxbcdt[6144]; f32 zxbcdt[1][6448]; }; /* 31936  IN_PROJ  OUT_PROJ */
};

/* The buffers of prefill: 3 in 9.3 MiB. Lower bound 9.3 MiB, at IN_PROJ: this plan is optimal. */
union prefill_scratch {                                       /*     end  written  last */
    struct {                        f32 x     [256][1536]; }; /* 1572864  EMBED    NORM_F */
    struct { char _zxbcdt[1572864]; f32 zxbcdt[256][6448]; }; /* 8175616  IN_PROJ  OUT_PROJ */
    struct { char _xn[8175616];     f32 xn    [256][1536]; }; /* 9748480  NORM     IN_PROJ */
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
