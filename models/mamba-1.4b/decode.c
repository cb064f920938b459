/* models/mamba-1.4b/decode.c: made from config/mamba-1.4b.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 48 equal layers of 7 operations, 3 operations around
 * them. Streams 2.8 GB of weights, updates 14.9 MB of state. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    rmsnorm_2048               (r, DECODE_NORM,     a->xn,  a->x, w->norm);
    gemv_bf16_8192x2048        (r, DECODE_IN_PROJ,  a->xz,  &w->in_proj, a->xn);   /* 33.6 MB */
    conv_silu_4096x4           (r, DECODE_CONV,     a->xz,  s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_160x4096         (r, DECODE_X_PROJ,   a->xdb, &w->x_proj, a->xz);
    gemv_softplus_bf16_4096x128(r, DECODE_DT_PROJ,  a->dt,  &w->dt_proj, w->dt_bias, a->xdb);
    scan_4096x16               (r, DECODE_SCAN,     a->xz,  s->ssm, a->dt, a->xdb, w->A, w->D);
    gemv_add_bf16_2048x4096    (r, DECODE_OUT_PROJ, a->x,   &w->out_proj, a->xz);  /* 16.8 MB */
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_50288x2048(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_2048        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_50288x2048(r, DECODE_HEAD,   io->logits, &w->embed, io->hidden);  /* 206.0 MB */
}
