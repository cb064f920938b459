/* models/deepseek-moe-16b/step.c: made from config/deepseek-moe-16b.ini;
 * edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void decode_dense(run *r, const struct dense_weights *w, struct dense_state *s)
{
    union decode_dense_scratch *const a = &r->scratch->decode.dense;

    norm_qkv_bf16_6144x2048(r, DECODE_DENSE_QKV,
        a->q, a->x, w->norm, &w->q_proj, &w->k_proj, &w->v_proj, s->keys, s->values);
    attention_bf16_16x16x128(r, DECODE_DENSE_ATTENTION,
        a->q, s->keys, s->values);
    gemv_add_bf16_2048x2048(r, DECODE_DENSE_O_PROJ,
        a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_10944x2048(r, DECODE_DENSE_GATE_UP,
        a->h, a->x, w->mlp_norm, &w->gate_proj, &w->up_proj);
    gemv_add_bf16_2048x10944(r, DECODE_DENSE_DOWN_PROJ,
        a->x, &w->down_proj, a->h);
}

/* x += o_proj(attention(norm(x)));  x += experts(norm(x)) + shared(norm(x)) */
static void decode_moe(run *r, const struct moe_weights *w, struct moe_state *s)
{
    union decode_moe_scratch *const a = &r->scratch->decode.moe;

    norm_qkv_bf16_6144x2048(r, DECODE_MOE_QKV,                     /* 25.2 MB */
        a->q, a->x, w->norm, &w->q_proj, &w->k_proj, &w->v_proj, s->keys, s->values);
    attention_bf16_16x16x128(r, DECODE_MOE_ATTENTION,
        a->q, s->keys, s->values);
    gemv_add_bf16_2048x2048(r, DECODE_MOE_O_PROJ,
        a->x, &w->o_proj, a->q);
    norm_experts_swiglu_bf16_64x1408x2048(r, DECODE_MOE_GATE_UP,   /* 69.5 MB */
        a->h, a->route, a->x, w->mlp_norm, &w->router, w->gate_proj, w->up_proj);
    norm_gemv_swiglu_bf16_2816x2048(r, DECODE_MOE_SHARED_GATE_UP,  /* 23.1 MB */
        a->hs, a->x, w->mlp_norm, &w->shared_gate, &w->shared_up);
    gemv_add_bf16_2048x2816(r, DECODE_MOE_SHARED_DOWN,             /* 11.5 MB */
        a->x, &w->shared_down, a->hs);
    experts_add_bf16_64x2048x1408(r, DECODE_MOE_DOWN_PROJ,         /* 34.6 MB */
        a->x, a->h, a->route, w->down_proj);
}

/* One token in, one row of logits out: 28 layers of 2 kinds (1 dense of 5 operations, 27 moe of
 * 7), 3 operations around them. Streams 5.2 GB of weights, reads up to 939.5 MB of keys and
 * values. */
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
            decode_dense(r, &w->dense[i], &r->state->dense[i]);
            break;
        case MOE:
            decode_moe(r, &w->moe[i], &r->state->moe[i]);
            break;
        }
    }
    rmsnorm_2048         (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_102400x2048(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);  /* 419.4 MB */
}

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void prefill_dense(run *r, const struct dense_weights *w, struct dense_state *s)
{
    union prefill_dense_scratch *const a = &r->scratch->prefill.dense;

    rmsnorm_256x2048(r, PREFILL_DENSE_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x2048x2048(r, PREFILL_DENSE_Q_PROJ,
        a->q, &w->q_proj, a->xn);
    gemm_bf16_256x2048x2048(r, PREFILL_DENSE_K_PROJ,
        a->k, &w->k_proj, a->xn);
    gemm_bf16_256x2048x2048(r, PREFILL_DENSE_V_PROJ,
        a->v, &w->v_proj, a->xn);
    rope_append_bf16_256x16x128(r, PREFILL_DENSE_ROPE,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x16x16x128(r, PREFILL_DENSE_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bf16_256x2048x2048(r, PREFILL_DENSE_O_PROJ,
        a->x, &w->o_proj, a->q);
    rmsnorm_256x2048(r, PREFILL_DENSE_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    gemm_bf16_256x10944x2048(r, PREFILL_DENSE_GATE_PROJ,
        a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x10944x2048(r, PREFILL_DENSE_UP_PROJ,
        a->up, &w->up_proj, a->xm);
    swiglu_256x10944(r, PREFILL_DENSE_SWIGLU,
        a->gate, a->up);
    gemm_add_bf16_256x2048x10944(r, PREFILL_DENSE_DOWN_PROJ,
        a->x, &w->down_proj, a->gate);
}

/* x += o_proj(attention(norm(x)));  x += experts(norm(x)) + shared(norm(x)) */
static void prefill_moe(run *r, const struct moe_weights *w, struct moe_state *s)
{
    union prefill_moe_scratch *const a = &r->scratch->prefill.moe;

    rmsnorm_256x2048(r, PREFILL_MOE_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x2048x2048(r, PREFILL_MOE_Q_PROJ,
        a->q, &w->q_proj, a->xn);
    gemm_bf16_256x2048x2048(r, PREFILL_MOE_K_PROJ,
        a->k, &w->k_proj, a->xn);
    gemm_bf16_256x2048x2048(r, PREFILL_MOE_V_PROJ,
        a->v, &w->v_proj, a->xn);
    rope_append_bf16_256x16x128(r, PREFILL_MOE_ROPE,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x16x16x128(r, PREFILL_MOE_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bf16_256x2048x2048(r, PREFILL_MOE_O_PROJ,
        a->x, &w->o_proj, a->q);
    rmsnorm_256x2048(r, PREFILL_MOE_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    gemm_bf16_256x2816x2048(r, PREFILL_MOE_SHARED_GATE,
        a->gate, &w->shared_gate, a->xm);
    gemm_bf16_256x2816x2048(r, PREFILL_MOE_SHARED_UP,
        a->up, &w->shared_up, a->xm);
    swiglu_256x2816(r, PREFILL_MOE_SHARED_SWIGLU,
        a->gate, a->up);
    gemm_add_bf16_256x2048x2816(r, PREFILL_MOE_SHARED_DOWN,
        a->x, &w->shared_down, a->gate);
    route_bf16_256x64x2048(r, PREFILL_MOE_ROUTE,
        a->route, a->xm, &w->router);
    gather_256x2048(r, PREFILL_MOE_GATHER,
        a->xg, a->xm, a->route);
    experts_swiglu_bf16_256x64x1408x2048(r, PREFILL_MOE_GATE_UP,  /* 738.2 MB */
        a->h, a->xg, a->route, w->gate_proj, w->up_proj);
    experts_add_bf16_256x64x2048x1408(r, PREFILL_MOE_DOWN_PROJ,   /* 369.1 MB */
        a->x, a->h, a->route, w->down_proj);
}

/* Up to 256 tokens in, as many hidden rows out: 28 layers of 2 kinds (1 dense of 12 operations,
 * 27 moe of 16), 2 operations around them. Streams 31.9 GB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x102400x2048(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++) {
        const u32 i = layers[l].index;
        switch (layers[l].kind) {
        case DENSE:
            prefill_dense(r, &w->dense[i], &r->state->dense[i]);
            break;
        case MOE:
            prefill_moe(r, &w->moe[i], &r->state->moe[i]);
            break;
        }
    }
    rmsnorm_256x2048(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x102400x2048(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 419.4 MB */
}
