/* models/mamba2-130m/arena.h: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 18.5 MiB, scratch 4.8 MiB, io 3.8 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 789.0 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][1792];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [24][ 128][64]; /* the states [head][state][channel] */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 2 in 16.1 KiB. Lower bound 16.1 KiB, at IN_PROJ: this plan is optimal. */
union decode_scratch {                                   /*   end  written  last */
    struct {                     f32 x     [1][ 768]; }; /*  3072  EMBED    NORM_F */
    struct { char _zxbcdt[3072]; f32 zxbcdt[1][3360]; }; /* 16512  IN_PROJ  OUT_PROJ */
};

/* The buffers of prefill: 3 in 4.8 MiB. Lower bound 4.8 MiB, at IN_PROJ: this plan is optimal. */
union prefill_scratch {                                      /*     end  written  last */
    struct {                       f32 x     [256][ 768]; }; /*  786432  EMBED    NORM_F */
    struct { char _zxbcdt[786432]; f32 zxbcdt[256][3360]; }; /* 4227072  IN_PROJ  OUT_PROJ */
    struct { char _xn[4227072];    f32 xn    [256][ 768]; }; /* 5013504  NORM     IN_PROJ */
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
