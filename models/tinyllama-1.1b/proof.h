/* models/tinyllama-1.1b/proof.h: made from config/tinyllama-1.1b.ini; edit that, `make models`.
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
AT(struct weights,       layer,        131072000);
AT(struct layer_weights, norm,                 0);
AT(struct layer_weights, q_proj,            8192);
AT(struct layer_weights, k_proj,         8396800);
AT(struct layer_weights, v_proj,         9445376);
AT(struct layer_weights, o_proj,        10493952);
AT(struct layer_weights, mlp_norm,      18882560);
AT(struct layer_weights, gate_proj,     18890752);
AT(struct layer_weights, up_proj,       41959424);
AT(struct layer_weights, down_proj,     65028096);
AT(struct weights,       norm_f,      2069200896);
AT(struct weights,       head,        2069209088);
SIZE(struct weights,     2200281088);

/* Scratch, state and io. */
AT(union decode_scratch,  x,               0);
AT(union decode_scratch,  q,            8192);
AT(union decode_scratch,  h,            8192);
AT(union prefill_scratch, x,               0);
AT(union prefill_scratch, xn,        4194304);
AT(union prefill_scratch, q,         2097152);
AT(union prefill_scratch, k,         6291456);
AT(union prefill_scratch, v,         6553600);
AT(union prefill_scratch, xm,        7864320);
AT(union prefill_scratch, gate,      2097152);
AT(union prefill_scratch, up,        9961472);
SIZE(union scratch,       15728640);
SIZE(struct state,        46137344);
SIZE(struct io,            4146240);

/* Buffers that are alive together do not overlap. */
APART(decode,  x,    q);
APART(decode,  x,    h);
APART(prefill, x,    xn);
APART(prefill, x,    q);
APART(prefill, q,    xn);
APART(prefill, x,    k);
APART(prefill, xn,   k);
APART(prefill, q,    k);
APART(prefill, x,    v);
APART(prefill, xn,   v);
APART(prefill, q,    v);
APART(prefill, k,    v);
APART(prefill, x,    xm);
APART(prefill, x,    gate);
APART(prefill, gate, xm);
APART(prefill, x,    up);
APART(prefill, xm,   up);
APART(prefill, gate, up);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
