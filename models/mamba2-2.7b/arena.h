/* models/mamba2-2.7b/arena.h: made from config/mamba2-2.7b.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 163.9 MiB, scratch 15.3 MiB, io 5.6 MiB. Every address is
 * an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 2.6 MiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][5376];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [80][ 128][64]; /* the states [head][state][channel] */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 2 in 51.3 KiB. Lower bound 51.3 KiB, at IN_PROJ: this plan is optimal. */
union decode_scratch {                                     /*   end  written  last */
    struct {                      f32 x     [1][ 2560]; }; /* 10240  EMBED    NORM_F */
    struct { char _zxbcdt[10240]; f32 zxbcdt[1][10576]; }; /* 52544  IN_PROJ  OUT_PROJ */
};

/* The buffers of prefill: 3 in 15.3 MiB. Lower bound 15.3 MiB, at IN_PROJ: this plan is optimal. */
union prefill_scratch {                                        /*      end  written  last */
    struct {                        f32 x     [256][ 2560]; }; /*  2621440  EMBED    NORM_F */
    struct { char _zxbcdt[2621440]; f32 zxbcdt[256][10576]; }; /* 13451264  IN_PROJ  OUT_PROJ */
    struct { char _xn[13451264];    f32 xn    [256][ 2560]; }; /* 16072704  NORM     IN_PROJ */
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
