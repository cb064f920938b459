/* models/mamba2-370m/proof.h: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * The plan, proved again by the compiler in every build: one assertion per pair of buffers that
 * are alive together, and the size and offsets of every arena. */
#ifndef PROOF_H
#define PROOF_H

#include <stddef.h>

#include "arena.h"

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has the planned size")
#define AT(type, member, at) _Static_assert(offsetof(type, member) == (at), #type "." #member)
#define END(type, member) (offsetof(type, member) + sizeof((type *)0)->member)
#define APART(step, low, high)                                                         \
    _Static_assert(END(union step##_scratch, low) <= offsetof(union step##_scratch, high), \
                   #step ": " #low " and " #high " are alive together")

/* Weights: tools/pack and the compiler agree on every offset. */
AT(struct weights,       embed,              0);
AT(struct weights,       layer,      102989824);
AT(struct layer_weights, norm,               0);
AT(struct layer_weights, in_proj,         4096);
AT(struct layer_weights, conv_taps,    8982528);
AT(struct layer_weights, conv_bias,    9019392);
AT(struct layer_weights, A,            9028608);
AT(struct layer_weights, D,            9028736);
AT(struct layer_weights, dt_bias,      9028864);
AT(struct layer_weights, y_norm,       9028992);
AT(struct layer_weights, out_proj,     9037184);
AT(struct weights,       norm_f,     738101248);
SIZE(struct weights,     738105344);

/* Scratch, state and io. */
AT(union decode_scratch,  x,               0);
AT(union decode_scratch,  zxbcdt,       4096);
AT(union prefill_scratch, x,               0);
AT(union prefill_scratch, zxbcdt,    1048576);
AT(union prefill_scratch, xn,        5537792);
SIZE(union scratch,        6586368);
SIZE(struct state,        51658752);
SIZE(struct io,            4268096);

/* Buffers that are alive together do not overlap. */
APART(decode,  x,      zxbcdt);
APART(prefill, x,      zxbcdt);
APART(prefill, x,      xn);
APART(prefill, zxbcdt, xn);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
