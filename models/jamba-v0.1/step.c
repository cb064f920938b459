/* models/jamba-v0.1/step.c: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * The order of the operations, one call a line. Behind a call stand the bytes of weights that it
 * reads, if all its executions read at least a twentieth of what the step does. Nothing here
 * allocates. */
#include "arena.h"
#include "kernels.h"

/* x += out_proj(scan(conv(in_proj(norm(x)))));  x += down(silu(gate) up)(norm(x)) */
static void decode_mamba_mlp(run *r, const struct mamba_mlp_weights *w, struct mamba_mlp_state *s)
{
    union decode_mamba_mlp_scratch *const a = &r->scratch->decode.mamba_mlp;

    norm_gemv_conv_bf16_16384x4096x4(r, DECODE_MAMBA_MLP_IN_PROJ,  /* 134.4 MB */
        a->xz, a->x, w->norm, &w->in_proj, s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_288x8192(r, DECODE_MAMBA_MLP_X_PROJ,
        a->xdb, &w->x_proj, a->xz);
    norm_dt_scan_bf16_8192x16x256(r, DECODE_MAMBA_MLP_SCAN,
        a->xz, s->ssm, a->xdb, w->dt_norm, w->b_norm, w->c_norm, &w->dt_proj, w->dt_bias, w->A,
        w->D);
    gemv_add_bf16_4096x8192(r, DECODE_MAMBA_MLP_OUT_PROJ,
        a->x, &w->out_proj, a->xz);
    norm_gemv_swiglu_bf16_14336x4096(r, DECODE_MAMBA_MLP_GATE_UP,  /* 234.9 MB */
        a->h, a->x, w->mlp_norm, &w->gate_proj, &w->up_proj);
    gemv_add_bf16_4096x14336(r, DECODE_MAMBA_MLP_DOWN_PROJ,        /* 117.4 MB */
        a->x, &w->down_proj, a->h);
}

/* x += out_proj(scan(conv(in_proj(norm(x)))));  x += experts(norm(x)) */
static void decode_mamba_moe(run *r, const struct mamba_moe_weights *w, struct mamba_moe_state *s)
{
    union decode_mamba_moe_scratch *const a = &r->scratch->decode.mamba_moe;

    norm_gemv_conv_bf16_16384x4096x4(r, DECODE_MAMBA_MOE_IN_PROJ,        /* 134.4 MB */
        a->xz, a->x, w->norm, &w->in_proj, s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_288x8192(r, DECODE_MAMBA_MOE_X_PROJ,
        a->xdb, &w->x_proj, a->xz);
    norm_dt_scan_bf16_8192x16x256(r, DECODE_MAMBA_MOE_SCAN,
        a->xz, s->ssm, a->xdb, w->dt_norm, w->b_norm, w->c_norm, &w->dt_proj, w->dt_bias, w->A,
        w->D);
    gemv_add_bf16_4096x8192(r, DECODE_MAMBA_MOE_OUT_PROJ,
        a->x, &w->out_proj, a->xz);
    norm_experts_swiglu_bf16_16x14336x4096(r, DECODE_MAMBA_MOE_GATE_UP,  /* 469.9 MB */
        a->h, a->route, a->x, w->mlp_norm, &w->router, w->gate_proj, w->up_proj);
    experts_add_bf16_16x4096x14336(r, DECODE_MAMBA_MOE_DOWN_PROJ,        /* 234.9 MB */
        a->x, a->h, a->route, w->down_proj);
}

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void decode_attention_mlp(run *r, const struct attention_mlp_weights *w,
                                 struct attention_mlp_state *s)
{
    union decode_attention_mlp_scratch *const a = &r->scratch->decode.attention_mlp;

    norm_qkv_bf16_6144x4096(r, DECODE_ATTENTION_MLP_QKV,
        a->q, a->x, w->norm, &w->q_proj, &w->k_proj, &w->v_proj, s->keys, s->values);
    attention_bf16_32x8x128(r, DECODE_ATTENTION_MLP_ATTENTION,
        a->q, s->keys, s->values);
    gemv_add_bf16_4096x4096(r, DECODE_ATTENTION_MLP_O_PROJ,
        a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_14336x4096(r, DECODE_ATTENTION_MLP_GATE_UP,
        a->h, a->x, w->mlp_norm, &w->gate_proj, &w->up_proj);
    gemv_add_bf16_4096x14336(r, DECODE_ATTENTION_MLP_DOWN_PROJ,
        a->x, &w->down_proj, a->h);
}

/* One token in, one row of logits out: 32 layers of 3 kinds (12 mamba_mlp of 6 operations, 16
 * mamba_moe of 6, 4 attention_mlp of 5), 3 operations around them. Streams 23.7 GB of weights,
 * updates 17.4 MB of state, reads up to 4.3 GB of keys and values. */
void decode(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union decode_scratch *const a = &r->scratch->decode;

    embed_bf16_65536x4096(r, DECODE_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++) {
        const u32 i = layers[l].index;
        switch (layers[l].kind) {
        case MAMBA_MLP:
            decode_mamba_mlp(r, &w->mamba_mlp[i], &r->state->mamba_mlp[i]);
            break;
        case MAMBA_MOE:
            decode_mamba_moe(r, &w->mamba_moe[i], &r->state->mamba_moe[i]);
            break;
        case ATTENTION_MLP:
            decode_attention_mlp(r, &w->attention_mlp[i], &r->state->attention_mlp[i]);
            break;
        }
    }
    rmsnorm_4096        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_65536x4096(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);
}

/* x += out_proj(scan(conv(in_proj(norm(x)))));  x += down(silu(gate) up)(norm(x)) */
static void prefill_mamba_mlp(run *r, const struct mamba_mlp_weights *w, struct mamba_mlp_state *s)
{
    union prefill_mamba_mlp_scratch *const a = &r->scratch->prefill.mamba_mlp;

    rmsnorm_256x4096(r, PREFILL_MAMBA_MLP_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x16384x4096(r, PREFILL_MAMBA_MLP_IN_PROJ,
        a->xz, &w->in_proj, a->xn);
    conv_silu_256x8192x4(r, PREFILL_MAMBA_MLP_CONV,
        a->xz, s->conv, w->conv_taps, w->conv_bias);
    gemm_bf16_256x288x8192(r, PREFILL_MAMBA_MLP_X_PROJ,
        a->xdb, &w->x_proj, a->xz);
    norm_selection_256x256x16(r, PREFILL_MAMBA_MLP_NORM_DT_B_C,
        a->xdb, w->dt_norm, w->b_norm, w->c_norm);
    gemm_softplus_bf16_256x8192x256(r, PREFILL_MAMBA_MLP_DT_PROJ,
        a->dt, &w->dt_proj, w->dt_bias, a->xdb);
    scan_256x8192x16(r, PREFILL_MAMBA_MLP_SCAN,
        a->xz, s->ssm, a->dt, a->xdb, w->A, w->D);
    gemm_add_bf16_256x4096x8192(r, PREFILL_MAMBA_MLP_OUT_PROJ,
        a->x, &w->out_proj, a->xz);
    rmsnorm_256x4096(r, PREFILL_MAMBA_MLP_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    gemm_bf16_256x14336x4096(r, PREFILL_MAMBA_MLP_GATE_PROJ,
        a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x14336x4096(r, PREFILL_MAMBA_MLP_UP_PROJ,
        a->up, &w->up_proj, a->xm);
    swiglu_256x14336(r, PREFILL_MAMBA_MLP_SWIGLU,
        a->gate, a->up);
    gemm_add_bf16_256x4096x14336(r, PREFILL_MAMBA_MLP_DOWN_PROJ,
        a->x, &w->down_proj, a->gate);
}

/* x += out_proj(scan(conv(in_proj(norm(x)))));  x += experts(norm(x)) */
static void prefill_mamba_moe(run *r, const struct mamba_moe_weights *w, struct mamba_moe_state *s)
{
    union prefill_mamba_moe_scratch *const a = &r->scratch->prefill.mamba_moe;

    rmsnorm_256x4096(r, PREFILL_MAMBA_MOE_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x16384x4096(r, PREFILL_MAMBA_MOE_IN_PROJ,
        a->xz, &w->in_proj, a->xn);
    conv_silu_256x8192x4(r, PREFILL_MAMBA_MOE_CONV,
        a->xz, s->conv, w->conv_taps, w->conv_bias);
    gemm_bf16_256x288x8192(r, PREFILL_MAMBA_MOE_X_PROJ,
        a->xdb, &w->x_proj, a->xz);
    norm_selection_256x256x16(r, PREFILL_MAMBA_MOE_NORM_DT_B_C,
        a->xdb, w->dt_norm, w->b_norm, w->c_norm);
    gemm_softplus_bf16_256x8192x256(r, PREFILL_MAMBA_MOE_DT_PROJ,
        a->dt, &w->dt_proj, w->dt_bias, a->xdb);
    scan_256x8192x16(r, PREFILL_MAMBA_MOE_SCAN,
        a->xz, s->ssm, a->dt, a->xdb, w->A, w->D);
    gemm_add_bf16_256x4096x8192(r, PREFILL_MAMBA_MOE_OUT_PROJ,
        a->x, &w->out_proj, a->xz);
    rmsnorm_256x4096(r, PREFILL_MAMBA_MOE_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    route_bf16_256x16x4096(r, PREFILL_MAMBA_MOE_ROUTE,
        a->route, a->xm, &w->router);
    gather_256x4096(r, PREFILL_MAMBA_MOE_GATHER,
        a->xg, a->xm, a->route);
    experts_swiglu_bf16_256x16x14336x4096(r, PREFILL_MAMBA_MOE_GATE_UP,  /* 3.8 GB */
        a->h, a->xg, a->route, w->gate_proj, w->up_proj);
    experts_add_bf16_256x16x4096x14336(r, PREFILL_MAMBA_MOE_DOWN_PROJ,   /* 1.9 GB */
        a->x, a->h, a->route, w->down_proj);
}

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void prefill_attention_mlp(run *r, const struct attention_mlp_weights *w,
                                  struct attention_mlp_state *s)
{
    union prefill_attention_mlp_scratch *const a = &r->scratch->prefill.attention_mlp;

    rmsnorm_256x4096(r, PREFILL_ATTENTION_MLP_NORM,
        a->xn, a->x, w->norm);
    gemm_bf16_256x4096x4096(r, PREFILL_ATTENTION_MLP_Q_PROJ,
        a->q, &w->q_proj, a->xn);
    gemm_bf16_256x1024x4096(r, PREFILL_ATTENTION_MLP_K_PROJ,
        a->k, &w->k_proj, a->xn);
    gemm_bf16_256x1024x4096(r, PREFILL_ATTENTION_MLP_V_PROJ,
        a->v, &w->v_proj, a->xn);
    rope_append_bf16_256x32x128(r, PREFILL_ATTENTION_MLP_APPEND,
        a->q, a->k, a->v, s->keys, s->values);
    attention_bf16_256x32x8x128(r, PREFILL_ATTENTION_MLP_ATTENTION,
        a->q, s->keys, s->values);
    gemm_add_bf16_256x4096x4096(r, PREFILL_ATTENTION_MLP_O_PROJ,
        a->x, &w->o_proj, a->q);
    rmsnorm_256x4096(r, PREFILL_ATTENTION_MLP_MLP_NORM,
        a->xm, a->x, w->mlp_norm);
    gemm_bf16_256x14336x4096(r, PREFILL_ATTENTION_MLP_GATE_PROJ,
        a->gate, &w->gate_proj, a->xm);
    gemm_bf16_256x14336x4096(r, PREFILL_ATTENTION_MLP_UP_PROJ,
        a->up, &w->up_proj, a->xm);
    swiglu_256x14336(r, PREFILL_ATTENTION_MLP_SWIGLU,
        a->gate, a->up);
    gemm_add_bf16_256x4096x14336(r, PREFILL_ATTENTION_MLP_DOWN_PROJ,
        a->x, &w->down_proj, a->gate);
}

/* Up to 256 tokens in, as many hidden rows out: 32 layers of 3 kinds (12 mamba_mlp of 13
 * operations, 16 mamba_moe of 13, 4 attention_mlp of 12), 2 operations around them. Streams
 * 102.1 GB of weights. */
void prefill(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;
    union prefill_scratch *const a = &r->scratch->prefill;

    embed_bf16_256x65536x4096(r, PREFILL_EMBED, a->x, &w->embed, io->tokens);
    for (int l = 0; l < LAYERS; l++) {
        const u32 i = layers[l].index;
        switch (layers[l].kind) {
        case MAMBA_MLP:
            prefill_mamba_mlp(r, &w->mamba_mlp[i], &r->state->mamba_mlp[i]);
            break;
        case MAMBA_MOE:
            prefill_mamba_moe(r, &w->mamba_moe[i], &r->state->mamba_moe[i]);
            break;
        case ATTENTION_MLP:
            prefill_attention_mlp(r, &w->attention_mlp[i], &r->state->attention_mlp[i]);
            break;
        }
    }
    rmsnorm_256x4096(r, PREFILL_NORM_F, io->hidden, a->x, w->norm_f);
}

/* Up to 16 hidden rows of a prefill in, as many rows of logits out. */
void head(run *r)
{
    const struct weights *const w = r->weights;
    struct io *const io = r->io;

    gemm_bf16_16x65536x4096(r, HEAD_LOGITS, io->logits, &w->head, io->hidden);  /* 536.9 MB */
}
