/* models/mamba2-780m/decode.c: made from config/mamba2-780m.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 48 equal layers of 3 operations, 3 operations around
 * them. Streams 1.6 GB of weights, updates 77.4 MB of state. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(norm(heads(conv(in_proj(norm(x)))))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_gemv_conv_bf16_6448x1536x4(r, DECODE_IN_PROJ, a->zxbcdt, a->x, w->norm, &w->in_proj, NULL,
        s->conv, w->conv_taps, w->conv_bias);
    ssd_48x64x128(r, DECODE_SSD, a->zxbcdt, s->ssm, w->A, w->D, w->dt_bias);
    norm_gemv_add_bf16_1536x3072(r, DECODE_OUT_PROJ, a->x, a->zxbcdt, w->y_norm, &w->out_proj,
        NULL);
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_50288x1536(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_1536        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_50288x1536(r, DECODE_HEAD,   io->logits, &w->embed, io->hidden);  /* 154.5 MB */
}
