/* models/mamba2-1.3b/proof.h: made from config/mamba2-1.3b.ini; edit that, `make models`.
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
AT(struct weights,       layer,        205979648);
AT(struct layer_weights, norm,                 0);
AT(struct layer_weights, in_proj,           8192);
AT(struct layer_weights, conv_taps,     34873344);
AT(struct layer_weights, conv_bias,     34942976);
AT(struct layer_weights, A,             34960384);
AT(struct layer_weights, D,             34960640);
AT(struct layer_weights, dt_bias,       34960896);
AT(struct layer_weights, y_norm,        34961152);
AT(struct layer_weights, out_proj,      34977536);
AT(struct weights,       norm_f,      2690207744);
SIZE(struct weights,     2690215936);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                 0);
AT(union decode_scratch,  zxbcdt,         8192);
AT(union prefill_scratch, x,                 0);
AT(union prefill_scratch, zxbcdt,      2097152);
AT(union prefill_scratch, xn,         10813440);
SIZE(union scratch,        12910592);
SIZE(struct state,        103170048);
SIZE(struct io,             5316672);

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
