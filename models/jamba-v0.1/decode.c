/* models/jamba-v0.1/decode.c: made from config/jamba-v0.1.ini; edit that, `make models`.
 *
 * One token in, one row of logits out: 32 layers of 3 kinds (12 mamba_mlp of 6 operations, 16
 * mamba_moe of 6, 4 attention_mlp of 5), 3 operations around them. Streams 23.7 GB of weights,
 * updates 17.4 MB of state, reads up to 4.3 GB of keys and values. Allocates nothing. */
#include "arena.h"
#include "instances.h"

/* x += out_proj(scan(conv(in_proj(norm(x)))));  x += down(silu(gate) up)(norm(x)) */
static void layer_mamba_mlp(run *r, const struct mamba_mlp_weights *w, struct mamba_mlp_state *s)
{
    union decode_mamba_mlp_scratch *const a = &r->scratch->decode.mamba_mlp;

    norm_gemv_conv_bf16_16384x4096x4(r, DECODE_MAMBA_MLP_IN_PROJ, a->xz, a->x, w->norm, &w->in_proj,
        NULL, s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_288x8192(r, DECODE_MAMBA_MLP_X_PROJ, a->xdb, &w->x_proj, a->xz);
    norm_dt_scan_bf16_8192x16x256(r, DECODE_MAMBA_MLP_SCAN, a->xz, s->ssm, a->xdb, w->dt_norm,
        w->b_norm, w->c_norm, &w->dt_proj, w->dt_bias, w->A, w->D);
    gemv_add_bf16_4096x8192(r, DECODE_MAMBA_MLP_OUT_PROJ, a->x, &w->out_proj, a->xz);
    norm_gemv_swiglu_bf16_14336x4096(r, DECODE_MAMBA_MLP_GATE_UP, a->h, a->x, w->mlp_norm,
        &w->gate_proj, &w->up_proj);
    gemv_add_bf16_4096x14336(r, DECODE_MAMBA_MLP_DOWN_PROJ, a->x, &w->down_proj, a->h);
}

/* x += out_proj(scan(conv(in_proj(norm(x)))));  x += experts(norm(x)) */
static void layer_mamba_moe(run *r, const struct mamba_moe_weights *w, struct mamba_moe_state *s)
{
    union decode_mamba_moe_scratch *const a = &r->scratch->decode.mamba_moe;

    norm_gemv_conv_bf16_16384x4096x4(r, DECODE_MAMBA_MOE_IN_PROJ, a->xz, a->x, w->norm, &w->in_proj,
        NULL, s->conv, w->conv_taps, w->conv_bias);
    gemv_bf16_288x8192(r, DECODE_MAMBA_MOE_X_PROJ, a->xdb, &w->x_proj, a->xz);
    norm_dt_scan_bf16_8192x16x256(r, DECODE_MAMBA_MOE_SCAN, a->xz, s->ssm, a->xdb, w->dt_norm,
        w->b_norm, w->c_norm, &w->dt_proj, w->dt_bias, w->A, w->D);
    gemv_add_bf16_4096x8192(r, DECODE_MAMBA_MOE_OUT_PROJ, a->x, &w->out_proj, a->xz);
    norm_experts_swiglu_bf16_16x14336x4096(r, DECODE_MAMBA_MOE_GATE_UP, a->h, a->route, a->x,
        w->mlp_norm, &w->router, w->gate_proj, w->up_proj);
    experts_add_bf16_16x4096x14336(r, DECODE_MAMBA_MOE_DOWN_PROJ, a->x, a->h, a->route,
        w->down_proj);
}

/* x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x)) */
static void layer_attention_mlp(run *r, const struct attention_mlp_weights *w,
                                struct attention_mlp_state *s)
{
    union decode_attention_mlp_scratch *const a = &r->scratch->decode.attention_mlp;

    norm_qkv_bf16_6144x4096(r, DECODE_ATTENTION_MLP_QKV, a->q, a->x, w->norm, NULL, &w->q_proj,
        NULL, &w->k_proj, NULL, &w->v_proj, NULL, s->keys, s->values);
    attention_bf16_32x8x128(r, DECODE_ATTENTION_MLP_ATTENTION, a->q, s->keys, s->values);
    gemv_add_bf16_4096x4096(r, DECODE_ATTENTION_MLP_O_PROJ, a->x, &w->o_proj, a->q);
    norm_gemv_swiglu_bf16_14336x4096(r, DECODE_ATTENTION_MLP_GATE_UP, a->h, a->x, w->mlp_norm,
        &w->gate_proj, &w->up_proj);
    gemv_add_bf16_4096x14336(r, DECODE_ATTENTION_MLP_DOWN_PROJ, a->x, &w->down_proj, a->h);
}

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
            layer_mamba_mlp(r, &w->mamba_mlp[i], &r->state->mamba_mlp[i]);
            break;
        case MAMBA_MOE:
            layer_mamba_moe(r, &w->mamba_moe[i], &r->state->mamba_moe[i]);
            break;
        case ATTENTION_MLP:
            layer_attention_mlp(r, &w->attention_mlp[i], &r->state->attention_mlp[i]);
            break;
        }
    }
    rmsnorm_4096        (r, DECODE_NORM_F, io->hidden, a->x, w->norm_f);
    gemv_bf16_65536x4096(r, DECODE_HEAD,   io->logits, &w->head, io->hidden);
}
