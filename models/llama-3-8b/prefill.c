/* models/llama-3-8b/prefill.c: made from config/llama-3-8b.ini; edit that, `make models`.
 *
 * Up to 256 tokens in, as many hidden rows out: 32 equal layers of 12 operations, 2 operations
 * around them. Streams 14.0 GB of weights per chunk. Then head() turns chosen rows into logits. */
#include "arena.h"
#include "instances.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x4096            (r, PREFILL_NORM,      a->xn,   a->x, w->norm);
    gemm_bf16_256x4096x4096     (r, PREFILL_Q_PROJ,    a->q,    &w->q_proj, a->xn);
    gemm_bf16_256x1024x4096     (r, PREFILL_K_PROJ,    a->k,    &w->k_proj, a->xn);
    gemm_bf16_256x1024x4096     (r, PREFILL_V_PROJ,    a->v,    &w->v_proj, a->xn);
    rope_append_bf16_256x32x128 (r, PREFILL_ROPE,      a->q,    a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x8x128 (r, PREFILL_ATTENTION, a->q,    s->keys, s->values);
    gemm_add_bf16_256x4096x4096 (r, PREFILL_O_PROJ,    a->x,    &w->o_proj, a->q);
    rmsnorm_256x4096            (r, PREFILL_MLP_NORM,  a->xm,   a->x, w->mlp_norm);
    gemm_bf16_256x14336x4096    (r, PREFILL_GATE_PROJ, a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x14336x4096    (r, PREFILL_UP_PROJ,   a->up,   &w->up_proj, a->xm);
    swiglu_256x14336            (r, PREFILL_SWIGLU,    a->gate, a->up);
    gemm_add_bf16_256x4096x14336(r, PREFILL_DOWN_PROJ, a->x,    &w->down_proj, a->gate);
}

void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x128256x4096(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x4096(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x128256x4096(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 1.1 GB */
}
