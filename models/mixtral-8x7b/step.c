/* models/mixtral-8x7b/step.c: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += o_proj(attention(norm(x)));  x += experts(norm(x)) */
static void decode_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_6144x4096(r, DECODE_QKV,                    /* 50.3 MB */
        a->q, a->x, w->norm, &w->q_proj, &w->k_proj, &w->v_proj, s->keys, s->values);
    attention_bf16_32x8x128(r, DECODE_ATTENTION,
        a->q, s->keys, s->values);
    gemv_add_bf16_4096x4096(r, DECODE_O_PROJ,
        a->x, &w->o_proj, a->q);
    norm_experts_swiglu_bf16_8x14336x4096(r, DECODE_GATE_UP,  /* 469.9 MB */
        a->h, a->route, a->x, w->mlp_norm, &w->router, w->gate_proj, w->up_proj);
    experts_add_bf16_8x4096x14336(r, DECODE_DOWN_PROJ,        /* 234.9 MB */
        a->x, a->h, a->route, w->down_proj);
}

/* One token in, one row of logits out: 32 equal layers of 5 operations, 3 operations around
 * them. Streams 25.5 GB of weights, reads up to 4.3 GB of keys and values. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_32000x4096(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        decode_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_4096        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_32000x4096(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);
}

/* x += o_proj(attention(norm(x)));  x += experts(norm(x)) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x4096(r, PREFILL_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x4096x4096(r, PREFILL_Q_PROJ,
        a->q, &w->q_proj, a->xn);
    gemm_bf16_256x1024x4096(r, PREFILL_K_PROJ,
        a->k, &w->k_proj, a->xn);
    gemm_bf16_256x1024x4096(r, PREFILL_V_PROJ,
        a->v, &w->v_proj, a->xn);
    rope_append_bf16_256x32x128(r, PREFILL_ROPE,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x8x128(r, PREFILL_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bf16_256x4096x4096(r, PREFILL_O_PROJ,
        a->x, &w->o_proj, a->q);
    rmsnorm_256x4096(r, PREFILL_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    route_bf16_256x8x4096(r, PREFILL_ROUTE,
        a->route, a->xm, &w->router);
    gather_256x4096(r, PREFILL_GATHER,
        a->xg, a->xm, a->route);
    experts_swiglu_bf16_256x8x14336x4096(r, PREFILL_GATE_UP,  /* 1.9 GB */
        a->h, a->xg, a->route, w->gate_proj, w->up_proj);
    experts_add_bf16_256x8x4096x14336(r, PREFILL_DOWN_PROJ,   /* 939.5 MB */
        a->x, a->h, a->route, w->down_proj);
}

/* Up to 256 tokens in, as many hidden rows out: 32 equal layers of 12 operations, 2 operations
 * around them. Streams 92.9 GB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x32000x4096(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        prefill_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x4096(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x32000x4096(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 262.1 MB */
}
