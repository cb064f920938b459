/* models/fable-mamba/arena.h: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 142.5 KiB, scratch 1.1 MiB, io 225.1 KiB. Every address
 * is an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 23.8 KiB per layer. All zero is the start of a text. */
struct layer_state {
    alignas(64) f32 conv[ 3][320];     /* the last inputs of conv, oldest first */
    alignas(64) f32 ssm [20][ 16][16]; /* the states, by lines of channels */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 3 in 3.3 KiB. Lower bound 3.3 KiB, at X_PROJ: this plan is optimal. */
union decode_scratch {                            /*  end  written  last */
    struct {                  f32 x  [1][160]; }; /*  640  EMBED    NORM_F */
    struct { char _xz[640];   f32 xz [1][640]; }; /* 3200  IN_PROJ  OUT_PROJ */
    struct { char _xdb[3200]; f32 xdb[1][ 48]; }; /* 3392  X_PROJ   SCAN */
};

/* The buffers of prefill: 5 in 1.1 MiB. Lower bound 1.1 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                               /*     end  written  last */
    struct {                    f32 x  [256][160]; }; /*  163840  EMBED    NORM_F */
    struct { char _xz[163840];  f32 xz [256][640]; }; /*  819200  IN_PROJ  OUT_PROJ */
    struct { char _xn[819200];  f32 xn [256][160]; }; /*  983040  NORM     IN_PROJ */
    struct { char _xdb[819200]; f32 xdb[256][ 48]; }; /*  868352  X_PROJ   SCAN */
    struct { char _dt[868352];  f32 dt [256][320]; }; /* 1196032  DT_PROJ  SCAN */
};

/* Decode and prefill never run at the same time. */
union scratch {
    alignas(64) union decode_scratch decode;
    alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 225.1 KiB. */
struct io {
    struct step     step;
    alignas(64) u32 tokens[256];
    alignas(64) f32 hidden[256][160];
    alignas(64) f32 logits[16][1024];
};

#endif
