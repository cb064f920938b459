/* models/jamba-v0.1/proof.h: made from config/jamba-v0.1.ini; edit that, `make models`.
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
AT(struct weights,               embed,                    0);
AT(struct weights,               mamba_mlp,        536870912);
AT(struct mamba_mlp_weights,     norm,                     0);
AT(struct mamba_mlp_weights,     in_proj,              16384);
AT(struct mamba_mlp_weights,     conv_taps,        134234112);
AT(struct mamba_mlp_weights,     conv_bias,        134365184);
AT(struct mamba_mlp_weights,     x_proj,           134397952);
AT(struct mamba_mlp_weights,     dt_norm,          139116544);
AT(struct mamba_mlp_weights,     b_norm,           139117568);
AT(struct mamba_mlp_weights,     c_norm,           139117632);
AT(struct mamba_mlp_weights,     dt_proj,          139117696);
AT(struct mamba_mlp_weights,     dt_bias,          143312000);
AT(struct mamba_mlp_weights,     A,                143344768);
AT(struct mamba_mlp_weights,     D,                143869056);
AT(struct mamba_mlp_weights,     out_proj,         143901824);
AT(struct mamba_mlp_weights,     mlp_norm,         211010688);
AT(struct mamba_mlp_weights,     gate_proj,        211027072);
AT(struct mamba_mlp_weights,     up_proj,          328467584);
AT(struct mamba_mlp_weights,     down_proj,        445908096);
AT(struct weights,               mamba_moe,       7297054208);
AT(struct mamba_moe_weights,     norm,                     0);
AT(struct mamba_moe_weights,     in_proj,              16384);
AT(struct mamba_moe_weights,     conv_taps,        134234112);
AT(struct mamba_moe_weights,     conv_bias,        134365184);
AT(struct mamba_moe_weights,     x_proj,           134397952);
AT(struct mamba_moe_weights,     dt_norm,          139116544);
AT(struct mamba_moe_weights,     b_norm,           139117568);
AT(struct mamba_moe_weights,     c_norm,           139117632);
AT(struct mamba_moe_weights,     dt_proj,          139117696);
AT(struct mamba_moe_weights,     dt_bias,          143312000);
AT(struct mamba_moe_weights,     A,                143344768);
AT(struct mamba_moe_weights,     D,                143869056);
AT(struct mamba_moe_weights,     out_proj,         143901824);
AT(struct mamba_moe_weights,     mlp_norm,         211010688);
AT(struct mamba_moe_weights,     router,           211027072);
AT(struct mamba_moe_weights,     gate_proj,        211158144);
AT(struct mamba_moe_weights,     up_proj,         2090206336);
AT(struct mamba_moe_weights,     down_proj,       3969254528);
AT(struct weights,               attention_mlp, 100869897728);
AT(struct attention_mlp_weights, norm,                     0);
AT(struct attention_mlp_weights, q_proj,               16384);
AT(struct attention_mlp_weights, k_proj,            33570816);
AT(struct attention_mlp_weights, v_proj,            41959424);
AT(struct attention_mlp_weights, o_proj,            50348032);
AT(struct attention_mlp_weights, mlp_norm,          83902464);
AT(struct attention_mlp_weights, gate_proj,         83918848);
AT(struct attention_mlp_weights, up_proj,          201359360);
AT(struct attention_mlp_weights, down_proj,        318799872);
AT(struct weights,               norm_f,        102614859264);
AT(struct weights,               head,          102614875648);
SIZE(struct weights,             103151746560);

/* Scratch, state and io. */
AT(union decode_mamba_mlp_scratch,      x,                  0);
AT(union decode_mamba_mlp_scratch,      xz,             16384);
AT(union decode_mamba_mlp_scratch,      xdb,            81920);
AT(union decode_mamba_mlp_scratch,      h,              16384);
AT(union decode_mamba_moe_scratch,      x,                  0);
AT(union decode_mamba_moe_scratch,      xz,             16384);
AT(union decode_mamba_moe_scratch,      xdb,            81920);
AT(union decode_mamba_moe_scratch,      h,              16384);
AT(union decode_mamba_moe_scratch,      route,         131072);
AT(union decode_attention_mlp_scratch,  x,                  0);
AT(union decode_attention_mlp_scratch,  q,              16384);
AT(union decode_attention_mlp_scratch,  h,              16384);
AT(union prefill_mamba_mlp_scratch,     x,                  0);
AT(union prefill_mamba_mlp_scratch,     xz,           4194304);
AT(union prefill_mamba_mlp_scratch,     xn,          20971520);
AT(union prefill_mamba_mlp_scratch,     xdb,         20971520);
AT(union prefill_mamba_mlp_scratch,     dt,          21266432);
AT(union prefill_mamba_mlp_scratch,     xm,          18874368);
AT(union prefill_mamba_mlp_scratch,     gate,         4194304);
AT(union prefill_mamba_mlp_scratch,     up,          23068672);
AT(union prefill_mamba_moe_scratch,     x,                  0);
AT(union prefill_mamba_moe_scratch,     xz,           4194304);
AT(union prefill_mamba_moe_scratch,     xn,          20971520);
AT(union prefill_mamba_moe_scratch,     xdb,         29360128);
AT(union prefill_mamba_moe_scratch,     dt,          20971520);
AT(union prefill_mamba_moe_scratch,     xm,           4194304);
AT(union prefill_mamba_moe_scratch,     route,       41943040);
AT(union prefill_mamba_moe_scratch,     xg,          33554432);
AT(union prefill_mamba_moe_scratch,     h,            4194304);
AT(union prefill_attention_mlp_scratch, x,                  0);
AT(union prefill_attention_mlp_scratch, xn,           8388608);
AT(union prefill_attention_mlp_scratch, q,            4194304);
AT(union prefill_attention_mlp_scratch, k,           12582912);
AT(union prefill_attention_mlp_scratch, v,           13631488);
AT(union prefill_attention_mlp_scratch, xm,          18874368);
AT(union prefill_attention_mlp_scratch, gate,         4194304);
AT(union prefill_attention_mlp_scratch, up,          23068672);
AT(union decode_scratch,                x,                  0);
AT(union prefill_scratch,               x,                  0);
SIZE(union scratch,                       41959424);
SIZE(struct state,                      4312399872);
SIZE(struct io,                            8389696);

/* Buffers that are alive together do not overlap. */
APART(decode_mamba_mlp,      x,    xz);
APART(decode_mamba_mlp,      x,    xdb);
APART(decode_mamba_mlp,      xz,   xdb);
APART(decode_mamba_mlp,      x,    h);
APART(decode_mamba_moe,      x,    xz);
APART(decode_mamba_moe,      x,    xdb);
APART(decode_mamba_moe,      xz,   xdb);
APART(decode_mamba_moe,      x,    h);
APART(decode_mamba_moe,      x,    route);
APART(decode_mamba_moe,      h,    route);
APART(decode_attention_mlp,  x,    q);
APART(decode_attention_mlp,  x,    h);
APART(prefill_mamba_mlp,     x,    xz);
APART(prefill_mamba_mlp,     x,    xn);
APART(prefill_mamba_mlp,     xz,   xn);
APART(prefill_mamba_mlp,     x,    xdb);
APART(prefill_mamba_mlp,     xz,   xdb);
APART(prefill_mamba_mlp,     x,    dt);
APART(prefill_mamba_mlp,     xz,   dt);
APART(prefill_mamba_mlp,     xdb,  dt);
APART(prefill_mamba_mlp,     x,    xm);
APART(prefill_mamba_mlp,     x,    gate);
APART(prefill_mamba_mlp,     gate, xm);
APART(prefill_mamba_mlp,     x,    up);
APART(prefill_mamba_mlp,     xm,   up);
APART(prefill_mamba_mlp,     gate, up);
APART(prefill_mamba_moe,     x,    xz);
APART(prefill_mamba_moe,     x,    xn);
APART(prefill_mamba_moe,     xz,   xn);
APART(prefill_mamba_moe,     x,    xdb);
APART(prefill_mamba_moe,     xz,   xdb);
APART(prefill_mamba_moe,     x,    dt);
APART(prefill_mamba_moe,     xz,   dt);
APART(prefill_mamba_moe,     dt,   xdb);
APART(prefill_mamba_moe,     x,    xm);
APART(prefill_mamba_moe,     x,    route);
APART(prefill_mamba_moe,     xm,   route);
APART(prefill_mamba_moe,     x,    xg);
APART(prefill_mamba_moe,     xm,   xg);
APART(prefill_mamba_moe,     xg,   route);
APART(prefill_mamba_moe,     x,    h);
APART(prefill_mamba_moe,     h,    route);
APART(prefill_mamba_moe,     h,    xg);
APART(prefill_attention_mlp, x,    xn);
APART(prefill_attention_mlp, x,    q);
APART(prefill_attention_mlp, q,    xn);
APART(prefill_attention_mlp, x,    k);
APART(prefill_attention_mlp, xn,   k);
APART(prefill_attention_mlp, q,    k);
APART(prefill_attention_mlp, x,    v);
APART(prefill_attention_mlp, xn,   v);
APART(prefill_attention_mlp, q,    v);
APART(prefill_attention_mlp, k,    v);
APART(prefill_attention_mlp, x,    xm);
APART(prefill_attention_mlp, x,    gate);
APART(prefill_attention_mlp, gate, xm);
APART(prefill_attention_mlp, x,    up);
APART(prefill_attention_mlp, xm,   up);
APART(prefill_attention_mlp, gate, up);

#undef SIZE
#undef AT
#undef END
#undef APART

#endif
