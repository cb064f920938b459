/* models/mamba2-2.7b/proof.h: made from config/mamba2-2.7b.ini; edit that, `make models`.
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
AT(struct layer_weights, conv_taps,     54159360);
AT(struct layer_weights, conv_bias,     54245376);
AT(struct layer_weights, A,             54266880);
AT(struct layer_weights, D,             54267200);
AT(struct layer_weights, dt_bias,       54267520);
AT(struct layer_weights, y_norm,        54267840);
AT(struct layer_weights, out_proj,      54288320);
AT(struct weights,       norm_f,      5409648640);
SIZE(struct weights,     5409658880);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                 0);
AT(union decode_scratch,  zxbcdt,        10240);
AT(union prefill_scratch, x,                 0);
AT(union prefill_scratch, zxbcdt,      2621440);
AT(union prefill_scratch, xn,         13451264);
SIZE(union scratch,        16072704);
SIZE(struct state,        171900928);
SIZE(struct io,             5840960);

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
