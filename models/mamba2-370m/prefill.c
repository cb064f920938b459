/* models/mamba2-370m/prefill.c: made from config/mamba2-370m.ini; edit that, `make models`.
 *
 * Up to 256 tokens in, as many hidden rows out: 48 equal layers of 6 operations, 2 operations
 * around them. Streams 635.6 MB of weights per chunk. Then head() turns chosen rows into logits. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(norm(heads(conv(in_proj(norm(x)))))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x1024(r, PREFILL_NORM, a->xn, a->x, w->norm);
    gemm_bf16_256x4384x1024(r, PREFILL_IN_PROJ, a->zxbcdt, &w->in_proj, a->xn);
    conv_silu_256x2304x4(r, PREFILL_CONV, a->zxbcdt, s->conv, w->conv_taps, w->conv_bias);
    ssd_256x32x64x128(r, PREFILL_SSD, a->zxbcdt, s->ssm, w->A, w->D, w->dt_bias);
    rmsnorm_groups_256x2048(r, PREFILL_Y_NORM, a->zxbcdt, w->y_norm);
    gemm_add_bf16_256x1024x2048(r, PREFILL_OUT_PROJ, a->x, &w->out_proj, a->zxbcdt);
}

void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x50288x1024(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x1024(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x50288x1024(r, HEAD_LOGITS, io->logits, &w->embed, io->hidden);  /* 103.0 MB */
}
