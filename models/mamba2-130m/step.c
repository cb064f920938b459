/* models/mamba2-130m/step.c: made from config/mamba2-130m.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += out_proj(norm(heads(conv(in_proj(norm(x)))))) */
static void decode_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_gemv_conv_bf16_3360x768x4(r, DECODE_IN_PROJ,  /* 5.2 MB */
        a->zxbcdt, a->x, w->norm, &w->in_proj, s->conv, w->conv_taps, w->conv_bias);
    ssd_24x64x128(r, DECODE_SSD,
        a->zxbcdt, s->ssm, w->A, w->D, w->dt_bias);
    norm_gemv_add_bf16_768x1536(r, DECODE_OUT_PROJ,    /* 2.4 MB */
        a->x, a->zxbcdt, w->y_norm, &w->out_proj);
}

/* One token in, one row of logits out: 24 equal layers of 3 operations, 3 operations around
 * them. Streams 258.8 MB of weights, updates 19.4 MB of state. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_50288x768(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        decode_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_768        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_50288x768(r, DECODE_HEAD,   io->logits, &w->embed, io->hidden);  /* 77.2 MB */
}

/* x += out_proj(norm(heads(conv(in_proj(norm(x)))))) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x768(r, PREFILL_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x3360x768(r, PREFILL_IN_PROJ,       /* 5.2 MB */
        a->zxbcdt, &w->in_proj, a->xn);
    conv_silu_256x1792x4(r, PREFILL_CONV,
        a->zxbcdt, s->conv, w->conv_taps, w->conv_bias);
    ssd_256x24x64x128(r, PREFILL_SSD,
        a->zxbcdt, s->ssm, w->A, w->D, w->dt_bias);
    rmsnorm_groups_256x1536(r, PREFILL_Y_NORM,
        a->zxbcdt, w->y_norm);
    gemm_add_bf16_256x768x1536(r, PREFILL_OUT_PROJ,  /* 2.4 MB */
        a->x, &w->out_proj, a->zxbcdt);
}

/* Up to 256 tokens in, as many hidden rows out: 24 equal layers of 6 operations, 2 operations
 * around them. Streams 182.0 MB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x50288x768(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        prefill_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x768(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x50288x768(r, HEAD_LOGITS, io->logits, &w->embed, io->hidden);  /* 77.2 MB */
}
