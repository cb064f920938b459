/* models/fable-mamba/proof.h: made from config/fable-mamba.ini; edit that, `make models`.
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
AT(struct weights,       embed,           0);
AT(struct weights,       layer,      327680);
AT(struct layer_weights, norm,            0);
AT(struct layer_weights, in_proj,       640);
AT(struct layer_weights, conv_taps,  205440);
AT(struct layer_weights, conv_bias,  210560);
AT(struct layer_weights, x_proj,     211840);
AT(struct layer_weights, dt_proj,    242560);
AT(struct layer_weights, dt_bias,    252800);
AT(struct layer_weights, A,          254080);
AT(struct layer_weights, D,          274560);
AT(struct layer_weights, out_proj,   275840);
AT(struct weights,       norm_f,    2597120);
SIZE(struct weights,      2597760);

/* Scratch, state and io. */
AT(union decode_scratch,  x,             0);
AT(union decode_scratch,  xz,          640);
AT(union decode_scratch,  xdb,        3200);
AT(union prefill_scratch, x,             0);
AT(union prefill_scratch, xz,       163840);
AT(union prefill_scratch, xn,       819200);
AT(union prefill_scratch, xdb,      819200);
AT(union prefill_scratch, dt,       868352);
SIZE(union scratch,       1196032);
SIZE(struct state,         145920);
SIZE(struct io,            230464);

/* Buffers that are alive together do not overlap. */
APART(decode,  x,   xz);
APART(decode,  x,   xdb);
APART(decode,  xz,  xdb);
APART(prefill, x,   xz);
APART(prefill, x,   xn);
APART(prefill, xz,  xn);
APART(prefill, x,   xdb);
APART(prefill, xz,  xdb);
APART(prefill, x,   dt);
APART(prefill, xz,  dt);
APART(prefill, xdb, dt);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
