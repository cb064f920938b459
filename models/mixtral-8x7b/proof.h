/* models/mixtral-8x7b/proof.h: made from config/mixtral-8x7b.ini; edit that, `make models`.
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
AT(struct weights,       embed,                  0);
AT(struct weights,       layer,          262144000);
AT(struct layer_weights, norm,                   0);
AT(struct layer_weights, q_proj,             16384);
AT(struct layer_weights, k_proj,          33570816);
AT(struct layer_weights, v_proj,          41959424);
AT(struct layer_weights, o_proj,          50348032);
AT(struct layer_weights, mlp_norm,        83902464);
AT(struct layer_weights, router,          83918848);
AT(struct layer_weights, gate_proj,       84049920);
AT(struct layer_weights, up_proj,       1023574016);
AT(struct layer_weights, down_proj,     1963098112);
AT(struct weights,       norm_f,       93146054656);
AT(struct weights,       head,         93146071040);
SIZE(struct weights,     93408215040);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                  0);
AT(union decode_scratch,  q,              16384);
AT(union decode_scratch,  h,              16384);
AT(union decode_scratch,  route,         131072);
AT(union prefill_scratch, x,           37748736);
AT(union prefill_scratch, xn,                 0);
AT(union prefill_scratch, q,            4194304);
AT(union prefill_scratch, k,            8388608);
AT(union prefill_scratch, v,            9437184);
AT(union prefill_scratch, xm,                 0);
AT(union prefill_scratch, route,       41943040);
AT(union prefill_scratch, xg,          29360128);
AT(union prefill_scratch, h,                  0);
SIZE(union scratch,         41959424);
SIZE(struct state,        4294967296);
SIZE(struct io,              6243392);

/* Buffers that are alive together do not overlap. */
APART(decode,  x,  q);
APART(decode,  x,  h);
APART(decode,  x,  route);
APART(decode,  h,  route);
APART(prefill, xn, x);
APART(prefill, q,  x);
APART(prefill, xn, q);
APART(prefill, k,  x);
APART(prefill, xn, k);
APART(prefill, q,  k);
APART(prefill, v,  x);
APART(prefill, xn, v);
APART(prefill, q,  v);
APART(prefill, k,  v);
APART(prefill, xm, x);
APART(prefill, x,  route);
APART(prefill, xm, route);
APART(prefill, xg, x);
APART(prefill, xm, xg);
APART(prefill, xg, route);
APART(prefill, h,  x);
APART(prefill, h,  route);
APART(prefill, h,  xg);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
