/* Jamba, as transformers computes it: h is the residual stream,
 *   u = RMSNorm(h);  h = h + first(u);  u = RMSNorm(h);  h = h + feed_forward(u).
 * The first half of a layer is the block of Mamba-1, with an RMSNorm of each of dt, B and C after
 * x_proj, or attention that knows no positions; the other is an MLP or experts, whose weights are
 * the probabilities as they are. Two periods say which layer has what. */
#include "gen/families/attention.h"
#include "gen/families/families.h"
#include "gen/families/feed_forward.h"
#include "gen/families/mamba_block.h"

#define LAYER        "model.layers.%u."
#define MAMBA        LAYER "mamba."
#define FEED_FORWARD LAYER "feed_forward."

static void mamba(struct build *b, uint32_t x)
{
    const struct cfg *cfg = b->cfg;
    const struct mamba_sources sources = {
        MAMBA_SOURCES(MAMBA),
        .in_proj.norm = LAYER "input_layernorm.weight",
        .in_proj.in_bias = cfg->mamba_proj_bias ? MAMBA "in_proj.bias" : NULL,
        .in_proj.conv_bias = cfg->mamba_conv_bias ? MAMBA "conv1d.bias" : NULL,
        .dt_norm = MAMBA "dt_layernorm.weight",
        .b_norm = MAMBA "b_layernorm.weight",
        .c_norm = MAMBA "c_layernorm.weight",
        .out_bias = cfg->mamba_proj_bias ? MAMBA "out_proj.bias" : NULL,
    };
    const struct mamba_sizes sizes = {.inner = cfg->mamba_expand * cfg->hidden_size,
                                      .states = cfg->mamba_d_state,
                                      .taps = cfg->mamba_d_conv,
                                      .rank = cfg->mamba_dt_rank};
    mamba_block_add(b, &sources, sizes, x);
}

static void mlp(struct build *b, uint32_t x)
{
    const struct feed_forward_sources sources = {
        .norm = LAYER "pre_ff_layernorm.weight",
        .gate = FEED_FORWARD "gate_proj.weight",
        .up = FEED_FORWARD "up_proj.weight",
        .down = FEED_FORWARD "down_proj.weight",
        .width = b->cfg->intermediate_size,
    };
    feed_forward_mlp(b, &sources, x);
}

static void moe(struct build *b, uint32_t x)
{
    const struct feed_forward_sources sources = {
        .norm = LAYER "pre_ff_layernorm.weight",
        .router = FEED_FORWARD "router.weight",
        .gate = FEED_FORWARD "experts.%u.gate_proj.weight",
        .up = FEED_FORWARD "experts.%u.up_proj.weight",
        .down = FEED_FORWARD "experts.%u.down_proj.weight",
        .width = b->cfg->intermediate_size,
    };
    feed_forward_experts(b, &sources, x);
}

static uint32_t kind_of(const struct cfg *cfg, uint32_t layer)
{
    const bool attends = layer % cfg->attn_layer_period == cfg->attn_layer_offset;
    const bool experts =
        cfg->num_experts > 1 && layer % cfg->expert_layer_period == cfg->expert_layer_offset;
    return (attends ? 2u : 0u) + (experts ? 1u : 0u);
}

const struct family family_jamba = {
    "jamba",
    {.embed = "model.embed_tokens.weight",
     .embed_alias = "",
     .norm_f = "model.final_layernorm.weight"},
    {{"mamba_mlp", {mamba, mlp}},
     {"mamba_moe", {mamba, moe}},
     {"attention_mlp", {attention_half, mlp}},
     {"attention_moe", {attention_half, moe}}},
    kind_of,
};
