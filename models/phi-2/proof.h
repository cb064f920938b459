/* models/phi-2/proof.h: made from config/phi-2.ini; edit that, `make models`.
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
AT(struct weights,       layer,        262144000);
AT(struct layer_weights, norm,                 0);
AT(struct layer_weights, norm_bias,        10240);
AT(struct layer_weights, q_proj,           20480);
AT(struct layer_weights, q_bias,        13127680);
AT(struct layer_weights, k_proj,        13137920);
AT(struct layer_weights, k_bias,        26245120);
AT(struct layer_weights, v_proj,        26255360);
AT(struct layer_weights, v_bias,        39362560);
AT(struct layer_weights, o_proj,        39372800);
AT(struct layer_weights, o_bias,        52480000);
AT(struct layer_weights, fc1,           52490240);
AT(struct layer_weights, fc1_bias,     104919040);
AT(struct layer_weights, fc2,          104960000);
AT(struct layer_weights, fc2_bias,     157388800);
AT(struct weights,       norm_f,      5298913280);
AT(struct weights,       norm_f_bias, 5298923520);
AT(struct weights,       head,        5298933760);
AT(struct weights,       head_bias,   5561077760);
SIZE(struct weights,     5561282560);

/* Scratch, state and io. */
AT(union decode_scratch,  x,                 0);
AT(union decode_scratch,  q,             10240);
AT(union decode_scratch,  h,             20480);
AT(union prefill_scratch, x,                 0);
AT(union prefill_scratch, xn,          2621440);
AT(union prefill_scratch, q,           5242880);
AT(union prefill_scratch, h,           5242880);
AT(union prefill_scratch, k,           7864320);
AT(union prefill_scratch, v,          10485760);
SIZE(union scratch,        15728640);
SIZE(struct state,        671088640);
SIZE(struct io,             5899328);

/* Buffers that are alive together do not overlap. */
APART(decode,  x,  q);
APART(decode,  x,  h);
APART(decode,  q,  h);
APART(prefill, x,  xn);
APART(prefill, x,  q);
APART(prefill, xn, q);
APART(prefill, x,  h);
APART(prefill, xn, h);
APART(prefill, x,  k);
APART(prefill, xn, k);
APART(prefill, q,  k);
APART(prefill, x,  v);
APART(prefill, xn, v);
APART(prefill, q,  v);
APART(prefill, k,  v);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
