/* models/mamba-370m/prefill.c: made from config/mamba-370m.ini; edit that, `make models`.
 *
 * Up to 256 tokens in, as many hidden rows out: 48 equal layers of 7 operations, 2 operations
 * around them. Streams 645.2 MB of weights per chunk. Then head() turns chosen rows into logits. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x1024(r, PREFILL_NORM, a->xn, a->x, w->norm);
    gemm_bf16_256x4096x1024(r, PREFILL_IN_PROJ, a->xz, &w->in_proj, a->xn);  /* 8.4 MB */
    conv_silu_256x2048x4(r, PREFILL_CONV, a->xz, s->conv, w->conv_taps, w->conv_bias);
    gemm_bf16_256x96x2048(r, PREFILL_X_PROJ, a->xdb, &w->x_proj, a->xz);
    gemm_softplus_bf16_256x2048x64(r, PREFILL_DT_PROJ, a->dt, &w->dt_proj, w->dt_bias, a->xdb);
    scan_256x2048x16(r, PREFILL_SCAN, a->xz, s->ssm, a->dt, a->xdb, w->A, w->D);
    gemm_add_bf16_256x1024x2048(r, PREFILL_OUT_PROJ, a->x, &w->out_proj, a->xz);  /* 4.2 MB */
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
