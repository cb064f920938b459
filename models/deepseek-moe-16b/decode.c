/* models/deepseek-moe-16b/decode.c: made from config/deepseek-moe-16b.ini; edit that, `make
 * models`.
 *
 * One token in, one row of logits out: 28 layers of 2 kinds (1 dense of 5 operations, 27 moe of
 * 7), 3 operations around them. Streams 5.2 GB of weights, reads up to 939.5 MB of keys and
 * values. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void layer_dense(run *r, const struct dense_weights *w, struct dense_state *s)
{
    union decode_dense_scratch *const a = &r->scratch->decode.dense;

    norm_qkv_bf16_6144x2048(r, DECODE_DENSE_QKV, a->q, a->x, w->norm, NULL, &w->q_proj, NULL,
        &w->k_proj, NULL, &w->v_proj, NULL, s->keys, s->values);
    attention_bf16_16x16x128(r, DECODE_DENSE_ATTENTION, a->q, s->keys, s->values);
    gemv_add_bf16_2048x2048(r, DECODE_DENSE_O_PROJ, a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_10944x2048(r, DECODE_DENSE_GATE_UP, a->h, a->x, w->mlp_norm,
        &w->gate_proj, &w->up_proj);
    gemv_add_bf16_2048x10944(r, DECODE_DENSE_DOWN_PROJ, a->x, &w->down_proj, a->h);
}

/* x += o_proj(attention(norm(x)));  x += experts(norm(x)) + shared(norm(x)) */
static void layer_moe(run *r, const struct moe_weights *w, struct moe_state *s)
{
    union decode_moe_scratch *const a = &r->scratch->decode.moe;

    norm_qkv_bf16_6144x2048(r, DECODE_MOE_QKV, a->q, a->x, w->norm, NULL, &w->q_proj, NULL,
        &w->k_proj, NULL, &w->v_proj, NULL, s->keys, s->values);
    attention_bf16_16x16x128(r, DECODE_MOE_ATTENTION, a->q, s->keys, s->values);
    gemv_add_bf16_2048x2048(r, DECODE_MOE_O_PROJ, a->x, &w->o_proj, a->q);
    norm_experts_swiglu_bf16_64x1408x2048(r, DECODE_MOE_GATE_UP, a->h, a->route, a->x, w->mlp_norm,
        &w->router, w->gate_proj, w->up_proj);
    norm_gemv_swiglu_bf16_2816x2048(r, DECODE_MOE_SHARED_GATE_UP, a->hs, a->x, w->mlp_norm,
        &w->shared_gate, &w->shared_up);
    gemv_add_bf16_2048x2816(r, DECODE_MOE_SHARED_DOWN, a->x, &w->shared_down, a->hs);
    experts_add_bf16_64x2048x1408(r, DECODE_MOE_DOWN_PROJ, a->x, a->h, a->route, w->down_proj);
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_102400x2048(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++) {
        const u32 i = layers[l].index;
        switch (layers[l].kind) {
        case DENSE:
            layer_dense(r, &w->dense[i], &r->state->dense[i]);
            break;
        case MOE:
            layer_moe(r, &w->moe[i], &r->state->moe[i]);
            break;
        }
    }
    rmsnorm_2048         (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_102400x2048(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);  /* 419.4 MB */
}
