/* models/llama-3-8b/step.c: made from config/llama-3-8b.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line; behind those that matter, the bytes of weights
 * that they read. Nothing here allocates. */
#include "arena.h"
#include "kernels.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void decode_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_6144x4096(r, DECODE_QKV,               /* 50.3 MB */
        a->q, a->x, w->norm, NULL, &w->q_proj, NULL, &w->k_proj, NULL, &w->v_proj, NULL, s->keys,
        s->values);
    attention_bf16_32x8x128(r, DECODE_ATTENTION,
        a->q, s->keys, s->values);
    gemv_add_bf16_4096x4096(r, DECODE_O_PROJ,            /* 33.6 MB */
        a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_14336x4096(r, DECODE_GATE_UP,  /* 234.9 MB */
        a->h, a->x, w->mlp_norm, &w->gate_proj, &w->up_proj);
    gemv_add_bf16_4096x14336(r, DECODE_DOWN_PROJ,        /* 117.4 MB */
        a->x, &w->down_proj, a->h);
}

/* One token in, one row of logits out: 32 equal layers of 5 operations, 3 operations around
 * them. Streams 15.0 GB of weights, reads up to 1.1 GB of keys and values. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_128256x4096(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        decode_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_4096         (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_128256x4096(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);  /* 1.1 GB */
}

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x4096(r, PREFILL_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x4096x4096(r, PREFILL_Q_PROJ,          /* 33.6 MB */
        a->q, &w->q_proj, a->xn);
    gemm_bf16_256x1024x4096(r, PREFILL_K_PROJ,
        a->k, &w->k_proj, a->xn);
    gemm_bf16_256x1024x4096(r, PREFILL_V_PROJ,
        a->v, &w->v_proj, a->xn);
    rope_append_bf16_256x32x128(r, PREFILL_ROPE,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x8x128(r, PREFILL_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bf16_256x4096x4096(r, PREFILL_O_PROJ,      /* 33.6 MB */
        a->x, &w->o_proj, a->q);
    rmsnorm_256x4096(r, PREFILL_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    gemm_bf16_256x14336x4096(r, PREFILL_GATE_PROJ,      /* 117.4 MB */
        a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x14336x4096(r, PREFILL_UP_PROJ,        /* 117.4 MB */
        a->up, &w->up_proj, a->xm);
    swiglu_256x14336(r, PREFILL_SWIGLU,
        a->gate, a->up);
    gemm_add_bf16_256x4096x14336(r, PREFILL_DOWN_PROJ,  /* 117.4 MB */
        a->x, &w->down_proj, a->gate);
}

/* Up to 256 tokens in, as many hidden rows out: 32 equal layers of 12 operations, 2 operations
 * around them. Streams 14.0 GB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x128256x4096(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        prefill_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x4096(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x128256x4096(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 1.1 GB */
}
