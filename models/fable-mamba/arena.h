/* models/fable-mamba/arena.h: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * The arenas beside the weights: state 142.5 KiB, scratch 1.1 MiB, io 225.1 KiB. Every address
 * is an arena's base plus a constant that the compiler sees. */
#ifndef ARENA_H
#define ARENA_H

#include "model.h"

/* What one token leaves for the next, 23.8 KiB per layer. All zero is the start of a text. */
struct layer_state {
    _Alignas(64) f32 conv[ 3][320]; /* the last inputs of conv, oldest first */
    _Alignas(64) f32 ssm [16][320]; /* the states of every channel */
};
struct state {
    struct layer_state layer[LAYERS];
};

/* The buffers of decode: 5 in 4.6 KiB. Lower bound 4.6 KiB, at DT_PROJ: this plan is optimal. */
union decode_scratch {                            /*   at ..  end  written  last */
    struct {                  f32 x  [1][160]; }; /*    0 ..  640  EMBED    NORM_F */
    struct { char _xn[3200];  f32 xn [1][160]; }; /* 3200 .. 3840  NORM     IN_PROJ */
    struct { char _xz[640];   f32 xz [1][640]; }; /*  640 .. 3200  IN_PROJ  OUT_PROJ */
    struct { char _xdb[3200]; f32 xdb[1][ 48]; }; /* 3200 .. 3392  X_PROJ   SCAN */
    struct { char _dt[3392];  f32 dt [1][320]; }; /* 3392 .. 4672  DT_PROJ  SCAN */
};

/* The buffers of prefill: 5 in 1.1 MiB. Lower bound 1.1 MiB, at DT_PROJ: this plan is optimal. */
union prefill_scratch {                               /*     at ..     end  written  last */
    struct {                    f32 x  [256][160]; }; /*      0 ..  163840  EMBED    NORM_F */
    struct { char _xn[819200];  f32 xn [256][160]; }; /* 819200 ..  983040  NORM     IN_PROJ */
    struct { char _xz[163840];  f32 xz [256][640]; }; /* 163840 ..  819200  IN_PROJ  OUT_PROJ */
    struct { char _xdb[819200]; f32 xdb[256][ 48]; }; /* 819200 ..  868352  X_PROJ   SCAN */
    struct { char _dt[868352];  f32 dt [256][320]; }; /* 868352 .. 1196032  DT_PROJ  SCAN */
};

/* Decode and prefill never run at the same time. */
union scratch {
    _Alignas(64) union decode_scratch decode;
    _Alignas(64) union prefill_scratch prefill;
};

/* What the host and the steps hand each other, 225.1 KiB. */
struct io {
    struct step      step;
    _Alignas(64) u32 tokens[256];
    _Alignas(64) f32 hidden[256][160];
    _Alignas(64) f32 logits[16][1024];
};

#endif
