/* models/phi-2/prefill.c: made from config/phi-2.ini; edit that, `make models`.
 *
 * Up to 256 tokens in, as many hidden rows out: 32 equal layers of 9 operations, 2 operations
 * around them. Streams 5.0 GB of weights per chunk. Then head() turns chosen rows into logits. */
#include "arena.h"
#include "instances.h"

/* x += dense(attention(norm(x))) + fc2(gelu(fc1(norm(x)))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    layernorm_256x2560               (r, PREFILL_NORM,      a->xn, a->x, w->norm, w->norm_bias);
    gemm_bias_bf16_256x2560x2560     (r, PREFILL_Q_PROJ,    a->q,  &w->q_proj, w->q_bias, a->xn);
    gemm_bias_bf16_256x2560x2560     (r, PREFILL_K_PROJ,    a->k,  &w->k_proj, w->k_bias, a->xn);
    gemm_bias_bf16_256x2560x2560     (r, PREFILL_V_PROJ,    a->v,  &w->v_proj, w->v_bias, a->xn);
    rope_append_bf16_256x32x80       (r, PREFILL_ROPE,      a->q,  a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x32x80      (r, PREFILL_ATTENTION, a->q,  s->keys, s->values);
    gemm_add_bias_bf16_256x2560x2560 (r, PREFILL_O_PROJ,    a->x,  &w->o_proj, w->o_bias, a->q);
    gemm_gelu_bf16_256x10240x2560    (r, PREFILL_FC1,       a->h,  &w->fc1, w->fc1_bias, a->xn);
    gemm_add_bias_bf16_256x2560x10240(r, PREFILL_FC2,       a->x,  &w->fc2, w->fc2_bias, a->h);
}

void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x51200x2560(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    layernorm_256x2560(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f, w->norm_f_bias);
}

void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bias_bf16_16x51200x2560(r, HEAD_LOGITS, io->logits, &w->head, w->head_bias, io->hidden);
}
