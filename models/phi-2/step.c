/* models/phi-2/step.c: made from config/phi-2.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += dense(attention(norm(x))) + fc2(gelu(fc1(norm(x)))) */
static void decode_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_7680x2560(r, DECODE_QKV,          /* 39.4 MB */
        a->q, a->x, w->norm, w->norm_bias, &w->q_proj, w->q_bias, &w->k_proj, w->k_bias, &w->v_proj,
        w->v_bias, s->keys, s->values);
    attention_bf16_32x32x80(r, DECODE_ATTENTION,
        a->q, s->keys, s->values);
    norm_gemv_gelu_bf16_10240x2560(r, DECODE_FC1,   /* 52.5 MB */
        a->h, a->x, w->norm, w->norm_bias, &w->fc1, w->fc1_bias);
    gemv_add_bias_bf16_2560x2560(r, DECODE_O_PROJ,  /* 13.1 MB */
        a->x, &w->o_proj, w->o_bias, a->q);
    gemv_add_bias_bf16_2560x10240(r, DECODE_FC2,    /* 52.4 MB */
        a->x, &w->fc2, w->fc2_bias, a->h);
}

/* One token in, one row of logits out: 32 equal layers of 5 operations, 3 operations around
 * them. Streams 5.3 GB of weights, reads up to 671.1 MB of keys and values. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_51200x2560(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        decode_layer(r, &w->layer[l], &r->state->layer[l]);
    layernorm_2560           (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f, w->norm_f_bias);
    gemv_bias_bf16_51200x2560(r, DECODE_HEAD,   io->logits, &w->head, w->head_bias, io->hidden);
}

/* x += dense(attention(norm(x))) + fc2(gelu(fc1(norm(x)))) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    layernorm_256x2560(r, PREFILL_NORM,
        a->xn, a->x, w->norm, w->norm_bias);
    gemm_bias_bf16_256x2560x2560(r, PREFILL_Q_PROJ,      /* 13.1 MB */
        a->q, &w->q_proj, w->q_bias, a->xn);
    gemm_bias_bf16_256x2560x2560(r, PREFILL_K_PROJ,      /* 13.1 MB */
        a->k, &w->k_proj, w->k_bias, a->xn);
    gemm_bias_bf16_256x2560x2560(r, PREFILL_V_PROJ,      /* 13.1 MB */
        a->v, &w->v_proj, w->v_bias, a->xn);
    rope_append_bf16_256x32x80(r, PREFILL_ROPE,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x32x80(r, PREFILL_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bias_bf16_256x2560x2560(r, PREFILL_O_PROJ,  /* 13.1 MB */
        a->x, &w->o_proj, w->o_bias, a->q);
    gemm_gelu_bf16_256x10240x2560(r, PREFILL_FC1,        /* 52.5 MB */
        a->h, &w->fc1, w->fc1_bias, a->xn);
    gemm_add_bias_bf16_256x2560x10240(r, PREFILL_FC2,    /* 52.4 MB */
        a->x, &w->fc2, w->fc2_bias, a->h);
}

/* Up to 256 tokens in, as many hidden rows out: 32 equal layers of 9 operations, 2 operations
 * around them. Streams 5.0 GB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x51200x2560(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        prefill_layer(r, &w->layer[l], &r->state->layer[l]);
    layernorm_256x2560(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f, w->norm_f_bias);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bias_bf16_16x51200x2560(r, HEAD_LOGITS,  /* 262.3 MB */
        io->logits, &w->head, w->head_bias, io->hidden);
}
