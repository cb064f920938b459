/* models/mamba-370m/decode.c: made from config/mamba-370m.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 48 equal layers of 7 operations, 3 operations around
 * them. Streams 747.7 MB of weights, updates 7.5 MB of state. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    rmsnorm_1024              (r, DECODE_NORM,     a->xn,  a->x, w->norm);
    gemv_bf16_4096x1024       (r, DECODE_IN_PROJ,  a->xz,  &w->in_proj, a->xn);   /* 8.4 MB */
    conv_silu_2048x4          (r, DECODE_CONV,     a->xz,  s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_96x2048         (r, DECODE_X_PROJ,   a->xdb, &w->x_proj, a->xz);
    gemv_softplus_bf16_2048x64(r, DECODE_DT_PROJ,  a->dt,  &w->dt_proj, w->dt_bias, a->xdb);
    scan_2048x16              (r, DECODE_SCAN,     a->xz,  s->ssm, a->dt, a->xdb, w->A, w->D);
    gemv_add_bf16_1024x2048   (r, DECODE_OUT_PROJ, a->x,   &w->out_proj, a->xz);  /* 4.2 MB */
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_50288x1024(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_1024        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_50288x1024(r, DECODE_HEAD,   io->logits, &w->embed, io->hidden);  /* 103.0 MB */
}
