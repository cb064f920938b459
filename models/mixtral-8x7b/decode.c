/* models/mixtral-8x7b/decode.c: made from config/mixtral-8x7b.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 32 equal layers of 5 operations, 3 operations around
 * them. Streams 25.5 GB of weights, reads up to 4.3 GB of keys and values. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += o_proj(attention(norm(x)));  x += experts(norm(x)) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_6144x4096(r, DECODE_QKV, a->q, a->x, w->norm, NULL, &w->q_proj, NULL, &w->k_proj,
        NULL, &w->v_proj, NULL, s->keys, s->values);
    attention_bf16_32x8x128(r, DECODE_ATTENTION, a->q, s->keys, s->values);
    gemv_add_bf16_4096x4096(r, DECODE_O_PROJ, a->x, &w->o_proj, a->q);
    norm_experts_swiglu_bf16_8x14336x4096(r, DECODE_GATE_UP, a->h, a->route, a->x, w->mlp_norm,
        &w->router, w->gate_proj, w->up_proj);
    experts_add_bf16_8x4096x14336(r, DECODE_DOWN_PROJ, a->x, a->h, a->route, w->down_proj);
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_32000x4096(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_4096        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_32000x4096(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);
}
