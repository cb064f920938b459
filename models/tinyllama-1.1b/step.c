/* models/tinyllama-1.1b/step.c: made from config/tinyllama-1.1b.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void decode_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union decode_scratch *const a = &r->scratch->decode;

    norm_qkv_bf16_2560x2048(r, DECODE_QKV,              /* 10.5 MB */
        a->q, a->x, w->norm, &w->q_proj, &w->k_proj, &w->v_proj, s->keys, s->values);
    attention_bf16_32x4x64(r, DECODE_ATTENTION,
        a->q, s->keys, s->values);
    gemv_add_bf16_2048x2048(r, DECODE_O_PROJ,           /* 8.4 MB */
        a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_5632x2048(r, DECODE_GATE_UP,  /* 46.1 MB */
        a->h, a->x, w->mlp_norm, &w->gate_proj, &w->up_proj);
    gemv_add_bf16_2048x5632(r, DECODE_DOWN_PROJ,        /* 23.1 MB */
        a->x, &w->down_proj, a->h);
}

/* One token in, one row of logits out: 22 equal layers of 5 operations, 3 operations around
 * them. Streams 2.1 GB of weights, reads up to 46.1 MB of keys and values. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_32000x2048(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        decode_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_2048        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_32000x2048(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);  /* 131.1 MB */
}

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void prefill_layer(run *r, const struct layer_weights *w, struct layer_state *s)
{
    union prefill_scratch *const a = &r->scratch->prefill;

    rmsnorm_256x2048(r, PREFILL_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x2048x2048(r, PREFILL_Q_PROJ,         /* 8.4 MB */
        a->q, &w->q_proj, a->xn);
    gemm_bf16_256x256x2048(r, PREFILL_K_PROJ,
        a->k, &w->k_proj, a->xn);
    gemm_bf16_256x256x2048(r, PREFILL_V_PROJ,
        a->v, &w->v_proj, a->xn);
    rope_append_bf16_256x32x64(r, PREFILL_ROPE,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x4x64(r, PREFILL_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bf16_256x2048x2048(r, PREFILL_O_PROJ,     /* 8.4 MB */
        a->x, &w->o_proj, a->q);
    rmsnorm_256x2048(r, PREFILL_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    gemm_bf16_256x5632x2048(r, PREFILL_GATE_PROJ,      /* 23.1 MB */
        a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x5632x2048(r, PREFILL_UP_PROJ,        /* 23.1 MB */
        a->up, &w->up_proj, a->xm);
    swiglu_256x5632(r, PREFILL_SWIGLU,
        a->gate, a->up);
    gemm_add_bf16_256x2048x5632(r, PREFILL_DOWN_PROJ,  /* 23.1 MB */
        a->x, &w->down_proj, a->gate);
}

/* Up to 256 tokens in, as many hidden rows out: 22 equal layers of 12 operations, 2 operations
 * around them. Streams 1.9 GB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x32000x2048(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++)
        prefill_layer(r, &w->layer[l], &r->state->layer[l]);
    rmsnorm_256x2048(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x32000x2048(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 131.1 MB */
}
