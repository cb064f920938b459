/* models/phi-2/decode.c: made from config/phi-2.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 32 equal layers of 5 operations, 3 operations around
 * them. Streams 5.3 GB of weights, reads up to 671.1 MB of keys and values. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += dense(attention(norm(x))) + fc2(gelu(fc1(norm(x)))) */
static void layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_7680x2560(r, DECODE_QKV, a->q, a->x, w->norm, w->norm_bias, &w->q_proj, w->q_bias,
        &w->k_proj, w->k_bias, &w->v_proj, w->v_bias, s->keys, s->values);
    attention_bf16_32x32x80(r, DECODE_ATTENTION, a->q, s->keys, s->values);
    norm_gemv_gelu_bf16_10240x2560(r, DECODE_FC1, a->h, a->x, w->norm, w->norm_bias, &w->fc1,
        w->fc1_bias);
    gemv_add_bias_bf16_2560x2560(r, DECODE_O_PROJ, a->x, &w->o_proj, w->o_bias, a->q);
    gemv_add_bias_bf16_2560x10240(r, DECODE_FC2, a->x, &w->fc2, w->fc2_bias, a->h);
}

void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_51200x2560(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        layer(r, &w->layer[l], &r->state->layer[l]);
    layernorm_2560           (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f, w->norm_f_bias);
    gemv_bias_bf16_51200x2560(r, DECODE_HEAD,   io->logits, &w->head, w->head_bias, io->hidden);
}
