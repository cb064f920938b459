/* models/mamba-370m/proof.h: made from config/mamba-370m.ini; edit that, `make models`.
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
AT(struct layer_weights, conv_taps,    8392704);
AT(struct layer_weights, conv_bias,    8425472);
AT(struct layer_weights, x_proj,       8433664);
AT(struct layer_weights, dt_proj,      8826880);
AT(struct layer_weights, dt_bias,      9089024);
AT(struct layer_weights, A,            9097216);
AT(struct layer_weights, D,            9228288);
AT(struct layer_weights, out_proj,     9236480);
AT(struct weights,       norm_f,     747667456);
SIZE(struct weights,     747671552);

/* Scratch, state and io. */
AT(union decode_scratch,  x,              0);
AT(union decode_scratch,  xz,          4096);
AT(union decode_scratch,  xdb,        20480);
AT(union prefill_scratch, x,              0);
AT(union prefill_scratch, xz,       1048576);
AT(union prefill_scratch, xn,       5242880);
AT(union prefill_scratch, xdb,      5242880);
AT(union prefill_scratch, dt,       5341184);
SIZE(union scratch,       7438336);
SIZE(struct state,        7471104);
SIZE(struct io,           4268096);

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
