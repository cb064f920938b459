/* models/llama-3-8b/proof.h: made from config/llama-3-8b.ini; edit that, `make models`.
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
AT(struct weights,       layer,         1050673152);
AT(struct layer_weights, norm,                   0);
AT(struct layer_weights, q_proj,             16384);
AT(struct layer_weights, k_proj,          33570816);
AT(struct layer_weights, v_proj,          41959424);
AT(struct layer_weights, o_proj,          50348032);
AT(struct layer_weights, mlp_norm,        83902464);
AT(struct layer_weights, gate_proj,       83918848);
AT(struct layer_weights, up_proj,        201359360);
AT(struct layer_weights, down_proj,      318799872);
AT(struct weights,       norm_f,       15010365440);
AT(struct weights,       head,         15010381824);
SIZE(struct weights,     16061054976);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                  0);
AT(union decode_scratch,  q,              16384);
AT(union decode_scratch,  h,              16384);
AT(union prefill_scratch, x,                  0);
AT(union prefill_scratch, xn,           8388608);
AT(union prefill_scratch, q,            4194304);
AT(union prefill_scratch, k,           12582912);
AT(union prefill_scratch, v,           13631488);
AT(union prefill_scratch, xm,          18874368);
AT(union prefill_scratch, gate,         4194304);
AT(union prefill_scratch, up,          23068672);
SIZE(union scratch,         37748736);
SIZE(struct state,        1073741824);
SIZE(struct io,             12403776);

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
