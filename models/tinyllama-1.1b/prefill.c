/* models/tinyllama-1.1b/prefill.c: made from config/tinyllama-1.1b.ini; edit that, `make
 * models`.
 *
 * Up to 256 tokens in, as many hidden rows out: 22 equal layers of 12 operations, 2 operations
 * around them. Streams 1.9 GB of weights per chunk. Then head() turns chosen rows into logits. */
#include "arena.h"
#include "instances.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x2048           (r, PREFILL_NORM,      a->xn,   a->x, w->norm);
    gemm_bf16_256x2048x2048    (r, PREFILL_Q_PROJ,    a->q,    &w->q_proj, a->xn);
    gemm_bf16_256x256x2048     (r, PREFILL_K_PROJ,    a->k,    &w->k_proj, a->xn);
    gemm_bf16_256x256x2048     (r, PREFILL_V_PROJ,    a->v,    &w->v_proj, a->xn);
    rope_append_bf16_256x32x64 (r, PREFILL_ROPE,      a->q,    a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x4x64 (r, PREFILL_ATTENTION, a->q,    s->keys, s->values);
    gemm_add_bf16_256x2048x2048(r, PREFILL_O_PROJ,    a->x,    &w->o_proj, a->q);
    rmsnorm_256x2048           (r, PREFILL_MLP_NORM,  a->xm,   a->x, w->mlp_norm);
    gemm_bf16_256x5632x2048    (r, PREFILL_GATE_PROJ, a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x5632x2048    (r, PREFILL_UP_PROJ,   a->up,   &w->up_proj, a->xm);
    swiglu_256x5632            (r, PREFILL_SWIGLU,    a->gate, a->up);
    gemm_add_bf16_256x2048x5632(r, PREFILL_DOWN_PROJ, a->x,    &w->down_proj, a->gate);
}

void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x32000x2048(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x2048(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x32000x2048(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 131.1 MB */
}
