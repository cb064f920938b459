/* models/mamba-1.4b/proof.h: made from config/mamba-1.4b.ini; edit that, `make models`.
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
AT(struct layer_weights, conv_taps,     33562624);
AT(struct layer_weights, conv_bias,     33628160);
AT(struct layer_weights, x_proj,        33644544);
AT(struct layer_weights, dt_proj,       34955264);
AT(struct layer_weights, dt_bias,       36003840);
AT(struct layer_weights, A,             36020224);
AT(struct layer_weights, D,             36282368);
AT(struct layer_weights, out_proj,      36298752);
AT(struct weights,       norm_f,      2753626112);
SIZE(struct weights,     2753634304);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                0);
AT(union decode_scratch,  xz,            8192);
AT(union decode_scratch,  xdb,          40960);
AT(union prefill_scratch, x,                0);
AT(union prefill_scratch, xz,         2097152);
AT(union prefill_scratch, xn,        10485760);
AT(union prefill_scratch, xdb,       10485760);
AT(union prefill_scratch, dt,        10649600);
SIZE(union scratch,       14843904);
SIZE(struct state,        14942208);
SIZE(struct io,            5316672);

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
