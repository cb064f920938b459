/* models/tinyllama-1.1b/decode.c: made from config/tinyllama-1.1b.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 22 equal layers of 5 operations, 3 operations around
 * them. Streams 2.1 GB of weights, reads up to 46.1 MB of keys and values. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_2560x2048(r, DECODE_QKV, a->q, a->x, w->norm, NULL, &w->q_proj, NULL, &w->k_proj,
        NULL, &w->v_proj, NULL, s->keys, s->values);
    attention_bf16_32x4x64(r, DECODE_ATTENTION, a->q, s->keys, s->values);
    gemv_add_bf16_2048x2048(r, DECODE_O_PROJ, a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_5632x2048(r, DECODE_GATE_UP, a->h, a->x, w->mlp_norm, &w->gate_proj,
        &w->up_proj);
    gemv_add_bf16_2048x5632(r, DECODE_DOWN_PROJ, a->x, &w->down_proj, a->h);
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_32000x2048(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_2048        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_32000x2048(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);  /* 131.1 MB */
}
