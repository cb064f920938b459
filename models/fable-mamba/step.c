/* models/fable-mamba/step.c: made from config/fable-mamba.ini; edit that, `make models`.
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

    norm_gemv_conv_bf16_640x160x4(r, DECODE_IN_PROJ,  /* 211.8 kB */
        a->xz, a->x, w->norm, &w->in_proj, s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_48x320(r, DECODE_X_PROJ,                /* 30.7 kB */
        a->xdb, &w->x_proj, a->xz);
    dt_scan_bf16_320x16x16(r, DECODE_SCAN,            /* 33.3 kB */
        a->xz, s->ssm, a->xdb, &w->dt_proj, w->dt_bias, w->A, w->D);
    gemv_add_bf16_160x320(r, DECODE_OUT_PROJ,         /* 102.4 kB */
        a->x, &w->out_proj, a->xz);
}

/* One token in, one row of logits out: 6 equal layers of 4 operations, 3 operations around them.
 * Streams 2.6 MB of weights, updates 145.9 kB of state. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_1024x160(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        decode_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_160       (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_1024x160(r, DECODE_HEAD,   io->logits, &w->embed, io->hidden);  /* 327.7 kB */
}

/* x += out_proj(scan(conv(in_proj(norm(x))))) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x160(r, PREFILL_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x640x160(r, PREFILL_IN_PROJ,       /* 204.8 kB */
        a->xz, &w->in_proj, a->xn);
    conv_silu_256x320x4(r, PREFILL_CONV,
        a->xz, s->conv, w->conv_taps, w->conv_bias);
    gemm_bf16_256x48x320(r, PREFILL_X_PROJ,         /* 30.7 kB */
        a->xdb, &w->x_proj, a->xz);
    gemm_softplus_bf16_256x320x16(r, PREFILL_DT_PROJ,
        a->dt, &w->dt_proj, w->dt_bias, a->xdb);
    scan_256x320x16(r, PREFILL_SCAN,                /* 21.8 kB */
        a->xz, s->ssm, a->dt, a->xdb, w->A, w->D);
    gemm_add_bf16_256x160x320(r, PREFILL_OUT_PROJ,  /* 102.4 kB */
        a->x, &w->out_proj, a->xz);
}

/* Up to 256 tokens in, as many hidden rows out: 6 equal layers of 7 operations, 2 operations
 * around them. Streams 2.4 MB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x1024x160(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        prefill_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x160(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x1024x160(r, HEAD_LOGITS, io->logits, &w->embed, io->hidden);  /* 327.7 kB */
}
