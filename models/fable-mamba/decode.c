/* models/fable-mamba/decode.c: made from config/fable-mamba.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 6 equal layers of 4 operations, 3 operations around them.
 * Streams 2.6 MB of weights, updates 145.9 kB of state. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_gemv_conv_bf16_640x160x4(r, DECODE_IN_PROJ, a->xz, a->x, w->norm, &w->in_proj, NULL,
        s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_48x320(r, DECODE_X_PROJ, a->xdb, &w->x_proj, a->xz);
    dt_scan_bf16_320x16x16(r, DECODE_SCAN, a->xz, s->ssm, a->xdb, &w->dt_proj, w->dt_bias, w->A,
        w->D);
    gemv_add_bf16_160x320(r, DECODE_OUT_PROJ, a->x, &w->out_proj, a->xz);
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_1024x160(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_160       (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_1024x160(r, DECODE_HEAD,   io->logits, &w->embed, io->hidden);  /* 327.7 kB */
}
