/* models/deepseek-moe-16b/proof.h: made from config/deepseek-moe-16b.ini;
 * edit that, `make models`.
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
AT(struct weights,       dense,          419430400);
AT(struct dense_weights, norm,                   0);
AT(struct dense_weights, q_proj,              8192);
AT(struct dense_weights, k_proj,           8396800);
AT(struct dense_weights, v_proj,          16785408);
AT(struct dense_weights, o_proj,          25174016);
AT(struct dense_weights, mlp_norm,        33562624);
AT(struct dense_weights, gate_proj,       33570816);
AT(struct dense_weights, up_proj,         78397440);
AT(struct dense_weights, down_proj,      123224064);
AT(struct weights,       moe,            587481088);
AT(struct moe_weights,   norm,                   0);
AT(struct moe_weights,   q_proj,              8192);
AT(struct moe_weights,   k_proj,           8396800);
AT(struct moe_weights,   v_proj,          16785408);
AT(struct moe_weights,   o_proj,          25174016);
AT(struct moe_weights,   mlp_norm,        33562624);
AT(struct moe_weights,   router,          33570816);
AT(struct moe_weights,   gate_proj,       33832960);
AT(struct moe_weights,   up_proj,        402931712);
AT(struct moe_weights,   down_proj,      772030464);
AT(struct moe_weights,   shared_gate,   1141129216);
AT(struct moe_weights,   shared_up,     1152663552);
AT(struct moe_weights,   shared_down,   1164197888);
AT(struct weights,       norm_f,       32332251136);
AT(struct weights,       head,         32332259328);
SIZE(struct weights,     32751689728);

/* Scratch, state and io. */
AT(union decode_dense_scratch,  x,                 0);
AT(union decode_dense_scratch,  q,              8192);
AT(union decode_dense_scratch,  h,              8192);
AT(union decode_moe_scratch,    x,                 0);
AT(union decode_moe_scratch,    q,              8192);
AT(union decode_moe_scratch,    h,              8192);
AT(union decode_moe_scratch,    route,         41984);
AT(union decode_moe_scratch,    hs,            42048);
AT(union prefill_dense_scratch, x,                 0);
AT(union prefill_dense_scratch, xn,          4194304);
AT(union prefill_dense_scratch, q,           2097152);
AT(union prefill_dense_scratch, k,           6291456);
AT(union prefill_dense_scratch, v,           8388608);
AT(union prefill_dense_scratch, xm,         13303808);
AT(union prefill_dense_scratch, gate,        2097152);
AT(union prefill_dense_scratch, up,         15400960);
AT(union prefill_moe_scratch,   x,                 0);
AT(union prefill_moe_scratch,   xn,          2097152);
AT(union prefill_moe_scratch,   q,           4194304);
AT(union prefill_moe_scratch,   k,           6291456);
AT(union prefill_moe_scratch,   v,           8388608);
AT(union prefill_moe_scratch,   xm,         14680064);
AT(union prefill_moe_scratch,   gate,        2097152);
AT(union prefill_moe_scratch,   up,          4980736);
AT(union prefill_moe_scratch,   route,      23330816);
AT(union prefill_moe_scratch,   xg,          2097152);
AT(union prefill_moe_scratch,   h,          14680064);
AT(union decode_scratch,        x,                 0);
AT(union prefill_scratch,       x,                 0);
SIZE(union scratch,              26607616);
SIZE(struct state,              939524096);
SIZE(struct io,                   8651840);

/* Buffers that are alive together do not overlap. */
APART(decode_dense,  x,     q);
APART(decode_dense,  x,     h);
APART(decode_moe,    x,     q);
APART(decode_moe,    x,     h);
APART(decode_moe,    x,     route);
APART(decode_moe,    h,     route);
APART(decode_moe,    x,     hs);
APART(decode_moe,    h,     hs);
APART(decode_moe,    route, hs);
APART(prefill_dense, x,     xn);
APART(prefill_dense, x,     q);
APART(prefill_dense, q,     xn);
APART(prefill_dense, x,     k);
APART(prefill_dense, xn,    k);
APART(prefill_dense, q,     k);
APART(prefill_dense, x,     v);
APART(prefill_dense, xn,    v);
APART(prefill_dense, q,     v);
APART(prefill_dense, k,     v);
APART(prefill_dense, x,     xm);
APART(prefill_dense, x,     gate);
APART(prefill_dense, gate,  xm);
APART(prefill_dense, x,     up);
APART(prefill_dense, xm,    up);
APART(prefill_dense, gate,  up);
APART(prefill_moe,   x,     xn);
APART(prefill_moe,   x,     q);
APART(prefill_moe,   xn,    q);
APART(prefill_moe,   x,     k);
APART(prefill_moe,   xn,    k);
APART(prefill_moe,   q,     k);
APART(prefill_moe,   x,     v);
APART(prefill_moe,   xn,    v);
APART(prefill_moe,   q,     v);
APART(prefill_moe,   k,     v);
APART(prefill_moe,   x,     xm);
APART(prefill_moe,   x,     gate);
APART(prefill_moe,   gate,  xm);
APART(prefill_moe,   x,     up);
APART(prefill_moe,   up,    xm);
APART(prefill_moe,   gate,  up);
APART(prefill_moe,   x,     route);
APART(prefill_moe,   xm,    route);
APART(prefill_moe,   x,     xg);
APART(prefill_moe,   xg,    xm);
APART(prefill_moe,   xg,    route);
APART(prefill_moe,   x,     h);
APART(prefill_moe,   h,     route);
APART(prefill_moe,   xg,    h);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
