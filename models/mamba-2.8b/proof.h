/* models/mamba-2.8b/proof.h: made from config/mamba-2.8b.ini; edit that, `make models`.
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
AT(struct weights,       embed,                0);
AT(struct weights,       layer,        257474560);
AT(struct layer_weights, norm,                 0);
AT(struct layer_weights, in_proj,          10240);
AT(struct layer_weights, conv_taps,     52439040);
AT(struct layer_weights, conv_bias,     52520960);
AT(struct layer_weights, x_proj,        52541440);
AT(struct layer_weights, dt_proj,       54507520);
AT(struct layer_weights, dt_bias,       56145920);
AT(struct layer_weights, A,             56166400);
AT(struct layer_weights, D,             56494080);
AT(struct layer_weights, out_proj,      56514560);
AT(struct weights,       norm_f,      5552128000);
SIZE(struct weights,     5552138240);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                0);
AT(union decode_scratch,  xz,           10240);
AT(union decode_scratch,  xdb,          51200);
AT(union prefill_scratch, x,                0);
AT(union prefill_scratch, xz,         2621440);
AT(union prefill_scratch, xn,        13107200);
AT(union prefill_scratch, xdb,       13107200);
AT(union prefill_scratch, dt,        13303808);
SIZE(union scratch,       18546688);
SIZE(struct state,        24903680);
SIZE(struct io,            5840960);

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
