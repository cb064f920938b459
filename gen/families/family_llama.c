/* Llama, as transformers computes it: h is the residual stream,
 *   u = RMSNorm(h);  h = h + o_proj(attention(rope(q_proj(u)), rope(k_proj(u)), v_proj(u)));
 *   u = RMSNorm(h);  h = h + down_proj(silu(gate_proj(u)) up_proj(u)).
 *
 * Mixtral is the same with experts in the place of the MLP: of p = softmax(router(u)) the largest
 * are chosen and divided by their sum; h = h + sum over them of p_e down_e(silu(gate_e(u))
 * up_e(u)).
 *
 * DeepSeekMoE has layers of both kinds: the first ones are as Llama's, the later ones have experts,
 * whose p are divided only if the config says so, and beside them an MLP that sees every token. */
#include "gen/families/attention.h"
#include "gen/families/families.h"
#include "gen/families/feed_forward.h"

#define LAYER   "model.layers.%u."
#define MIXTRAL LAYER "block_sparse_moe."
#define ENDS                                                                                       \
    {                                                                                              \
        .embed = "model.embed_tokens.weight", .embed_alias = "", .norm_f = "model.norm.weight"     \
    }

static void mlp(struct build *b, uint32_t x)
{
    const struct feed_forward_sources sources = {
        .norm = LAYER "post_attention_layernorm.weight",
        .gate = LAYER "mlp.gate_proj.weight",
        .up = LAYER "mlp.up_proj.weight",
        .down = LAYER "mlp.down_proj.weight",
        .width = b->cfg->intermediate_size,
    };
    feed_forward_mlp(b, &sources, x);
}

static void mixtral_experts(struct build *b, uint32_t x)
{
    const struct feed_forward_sources sources = {
        .norm = LAYER "post_attention_layernorm.weight",
        .router = MIXTRAL "gate.weight",
        .gate = MIXTRAL "experts.%u.w1.weight",
        .up = MIXTRAL "experts.%u.w3.weight",
        .down = MIXTRAL "experts.%u.w2.weight",
        .width = b->cfg->intermediate_size,
    };
    feed_forward_experts(b, &sources, x);
}

static void deepseek_experts(struct build *b, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const struct feed_forward_sources sources = {
        .norm = LAYER "post_attention_layernorm.weight",
        .router = LAYER "mlp.gate.weight",
        .gate = LAYER "mlp.experts.%u.gate_proj.weight",
        .up = LAYER "mlp.experts.%u.up_proj.weight",
        .down = LAYER "mlp.experts.%u.down_proj.weight",
        .shared_gate = LAYER "mlp.shared_experts.gate_proj.weight",
        .shared_up = LAYER "mlp.shared_experts.up_proj.weight",
        .shared_down = LAYER "mlp.shared_experts.down_proj.weight",
        .width = cfg->moe_intermediate_size,
        .shared_width = cfg->n_shared_experts * cfg->moe_intermediate_size,
    };
    feed_forward_experts(b, &sources, x);
}

static uint32_t deepseek_kind_of(const struct cfg *cfg, uint32_t layer)
{
    return layer >= cfg->first_k_dense_replace && layer % cfg->moe_layer_freq == 0;
}

const struct family family_llama = {"llama", ENDS, {{"llama", {attention_half, mlp}}}, NULL};

const struct family family_mixtral = {
    "mixtral", ENDS, {{"mixtral", {attention_half, mixtral_experts}}}, NULL};

const struct family family_deepseek = {
    "deepseek",
    ENDS,
    {{"dense", {attention_half, mlp}}, {"moe", {attention_half, deepseek_experts}}},
    deepseek_kind_of,
};
