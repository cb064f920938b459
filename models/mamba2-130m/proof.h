/* models/mamba2-130m/proof.h: made from config/mamba2-130m.ini; edit that, `make models`.
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
AT(struct layer_weights, conv_taps,    5164032);
AT(struct layer_weights, conv_bias,    5192704);
AT(struct layer_weights, A,            5199872);
AT(struct layer_weights, D,            5200000);
AT(struct layer_weights, dt_bias,      5200128);
AT(struct layer_weights, y_norm,       5200256);
AT(struct layer_weights, out_proj,     5206400);
AT(struct weights,       norm_f,     258819072);
SIZE(struct weights,     258822144);

/* Scratch, state and io. */
AT(union decode_scratch,  x,               0);
AT(union decode_scratch,  zxbcdt,       3072);
AT(union prefill_scratch, x,               0);
AT(union prefill_scratch, zxbcdt,     786432);
AT(union prefill_scratch, xn,        4227072);
SIZE(union scratch,        5013504);
SIZE(struct state,        19390464);
SIZE(struct io,            4005952);

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
