/* models/mamba2-780m/proof.h: made from config/mamba2-780m.ini; edit that, `make models`.
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
AT(struct weights,       layer,        154484736);
AT(struct layer_weights, norm,                 0);
AT(struct layer_weights, in_proj,           6144);
AT(struct layer_weights, conv_taps,     19814400);
AT(struct layer_weights, conv_bias,     19867648);
AT(struct layer_weights, A,             19880960);
AT(struct layer_weights, D,             19881152);
AT(struct layer_weights, dt_bias,       19881344);
AT(struct layer_weights, y_norm,        19881536);
AT(struct layer_weights, out_proj,      19893824);
AT(struct weights,       norm_f,      1562373120);
SIZE(struct weights,     1562379264);

/* Scratch, state and io. */
AT(union decode_scratch,  x,               0);
AT(union decode_scratch,  zxbcdt,       6144);
AT(union prefill_scratch, x,               0);
AT(union prefill_scratch, zxbcdt,    1572864);
AT(union prefill_scratch, xn,        8175616);
SIZE(union scratch,        9748480);
SIZE(struct state,        77414400);
SIZE(struct io,            4792384);

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
