/* models/mamba-790m/proof.h: made from config/mamba-790m.ini; edit that, `make models`.
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
AT(struct layer_weights, conv_taps,     18880512);
AT(struct layer_weights, conv_bias,     18929664);
AT(struct layer_weights, x_proj,        18941952);
AT(struct layer_weights, dt_proj,       19728384);
AT(struct layer_weights, dt_bias,       20318208);
AT(struct layer_weights, A,             20330496);
AT(struct layer_weights, D,             20527104);
AT(struct layer_weights, out_proj,      20539392);
AT(struct weights,       norm_f,      1593360384);
SIZE(struct weights,     1593366528);

/* Scratch, state and io. */
AT(union decode_scratch,  x,               0);
AT(union decode_scratch,  xz,           6144);
AT(union decode_scratch,  xdb,         30720);
AT(union prefill_scratch, x,               0);
AT(union prefill_scratch, xz,        1572864);
AT(union prefill_scratch, xn,        7864320);
AT(union prefill_scratch, xdb,       7864320);
AT(union prefill_scratch, dt,        7995392);
SIZE(union scratch,       11141120);
SIZE(struct state,        11206656);
SIZE(struct io,            4792384);

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
