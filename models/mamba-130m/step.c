/* models/mamba-130m/step.c: made from config/mamba-130m.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void decode_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_gemv_conv_bf16_3072x768x4(r, DECODE_IN_PROJ,  /* 4.8 MB */
        a->xz, a->x, w->norm, &w->in_proj, s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_80x1536(r, DECODE_X_PROJ,
        a->xdb, &w->x_proj, a->xz);
    dt_scan_bf16_1536x16x48(r, DECODE_SCAN,
        a->xz, s->ssm, a->xdb, &w->dt_proj, w->dt_bias, w->A, w->D);
    gemv_add_bf16_768x1536(r, DECODE_OUT_PROJ,         /* 2.4 MB */
        a->x, &w->out_proj, a->xz);
}

/* One token in, one row of logits out: 24 equal layers of 4 operations, 3 operations around
 * them. Streams 260.0 MB of weights, updates 2.8 MB of state. */
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

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x768(r, PREFILL_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x3072x768(r, PREFILL_IN_PROJ,       /* 4.7 MB */
        a->xz, &w->in_proj, a->xn);
    conv_silu_256x1536x4(r, PREFILL_CONV,
        a->xz, s->conv, w->conv_taps, w->conv_bias);
    gemm_bf16_256x80x1536(r, PREFILL_X_PROJ,
        a->xdb, &w->x_proj, a->xz);
    gemm_softplus_bf16_256x1536x48(r, PREFILL_DT_PROJ,
        a->dt, &w->dt_proj, w->dt_bias, a->xdb);
    scan_256x1536x16(r, PREFILL_SCAN,
        a->xz, s->ssm, a->dt, a->xdb, w->A, w->D);
    gemm_add_bf16_256x768x1536(r, PREFILL_OUT_PROJ,  /* 2.4 MB */
        a->x, &w->out_proj, a->xz);
}

/* Up to 256 tokens in, as many hidden rows out: 24 equal layers of 7 operations, 2 operations
 * around them. Streams 183.2 MB of weights. */
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
