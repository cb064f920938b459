/* models/mamba-130m/proof.h: made from config/mamba-130m.ini; edit that, `make models`.
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
AT(struct weights,       layer,       77242368);
AT(struct layer_weights, norm,               0);
AT(struct layer_weights, in_proj,         3072);
AT(struct layer_weights, conv_taps,    4721664);
AT(struct layer_weights, conv_bias,    4746240);
AT(struct layer_weights, x_proj,       4752384);
AT(struct layer_weights, dt_proj,      4998144);
AT(struct layer_weights, dt_bias,      5145600);
AT(struct layer_weights, A,            5151744);
AT(struct layer_weights, D,            5250048);
AT(struct layer_weights, out_proj,     5256192);
AT(struct weights,       norm_f,     260014080);
SIZE(struct weights,     260017152);

/* Scratch, state and io. */
AT(union decode_scratch,  x,              0);
AT(union decode_scratch,  xz,          3072);
AT(union decode_scratch,  xdb,        15360);
AT(union prefill_scratch, x,              0);
AT(union prefill_scratch, xz,        786432);
AT(union prefill_scratch, xn,       3932160);
AT(union prefill_scratch, xdb,      3932160);
AT(union prefill_scratch, dt,       4014080);
SIZE(union scratch,       5586944);
SIZE(struct state,        2801664);
SIZE(struct io,           4005952);

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
