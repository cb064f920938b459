/* Jamba, as transformers computes it: h is the residual stream,
 *   u = RMSNorm(h);  h = h + mixer(u);  u = RMSNorm(h);  h = h + feed_forward(u).
 * The mixer of a layer is that of Mamba-1, with an RMSNorm of each of dt, B and C behind x_proj, or
 * attention that knows no positions; its other half is an MLP or experts, whose weights are the
 * probabilities as they are. Two periods say which layer has what. */
#include "gen/families/attention.h"
#include "gen/families/feed_forward.h"
#include "gen/families/mixer.h"

#define LAYER "model.layers.%u."
#define MAMBA LAYER "mamba."

/* The kinds, as graph->kind counts them: those with attention have only caches, and come last. */
enum { WITH_EXPERTS = 1, WITH_ATTENTION = 2 };
const char *const jamba_kind_names[] = {"mamba_mlp", "mamba_moe", "attention_mlp", "attention_moe"};

uint32_t jamba_kind_of(const struct cfg *cfg, uint32_t layer)
{
    const bool attends = layer % cfg->attn_layer_period == cfg->attn_layer_offset;
    const bool experts =
        cfg->num_experts > 1 && layer % cfg->expert_layer_period == cfg->expert_layer_offset;
    return (attends ? WITH_ATTENTION : 0u) + (experts ? WITH_EXPERTS : 0u);
}

static void mamba(struct build *b, struct mixer *m)
{
    const struct cfg *cfg = b->cfg;
    const struct mixer_sources sources = {
        MIXER_SOURCES(MAMBA),
        .entrance.norm = LAYER "input_layernorm.weight",
        .entrance.in_bias = cfg->mamba_proj_bias ? MAMBA "in_proj.bias" : NULL,
        .entrance.conv_bias = cfg->mamba_conv_bias ? MAMBA "conv1d.bias" : NULL,
        .dt_norm = MAMBA "dt_layernorm.weight",
        .b_norm = MAMBA "b_layernorm.weight",
        .c_norm = MAMBA "c_layernorm.weight",
        .out_bias = cfg->mamba_proj_bias ? MAMBA "out_proj.bias" : NULL,
    };
    const struct mixer_sizes sizes = {.inner = cfg->mamba_expand * cfg->hidden_size,
                                      .states = cfg->mamba_d_state,
                                      .taps = cfg->mamba_d_conv,
                                      .rank = cfg->mamba_dt_rank};
    mixer_tensors(b, &sources, sizes, m);
}

static uint32_t attention(struct build *b, struct attention *a)
{
    static const struct attention_sources sources = {
        .q = LAYER "self_attn.q_proj.weight",
        .k = LAYER "self_attn.k_proj.weight",
        .v = LAYER "self_attn.v_proj.weight",
        .o = LAYER "self_attn.o_proj.weight",
    };
    const uint32_t norm = build_weight(b, "norm", LAYER "input_layernorm.weight", PACKING_VECTOR,
                                       b->cfg->hidden_size, 1);
    attention_tensors(b, &sources, a);
    return norm;
}

static void feed_forward(struct build *b, struct feed_forward *f)
{
    const bool experts = b->graph->kind & WITH_EXPERTS;
    const struct feed_forward_sources mlp = {
        .norm = LAYER "pre_ff_layernorm.weight",
        .gate = LAYER "feed_forward.gate_proj.weight",
        .up = LAYER "feed_forward.up_proj.weight",
        .down = LAYER "feed_forward.down_proj.weight",
        .width = b->cfg->intermediate_size,
    };
    const struct feed_forward_sources moe = {
        .norm = LAYER "pre_ff_layernorm.weight",
        .router = LAYER "feed_forward.router.weight",
        .gate = LAYER "feed_forward.experts.%u.gate_proj.weight",
        .up = LAYER "feed_forward.experts.%u.up_proj.weight",
        .down = LAYER "feed_forward.experts.%u.down_proj.weight",
        .width = b->cfg->intermediate_size,
    };
    feed_forward_tensors(b, experts ? &moe : &mlp, f);
}

static void mamba_layer(struct build *b, uint32_t x)
{
    struct mixer m;
    struct feed_forward f;
    mamba(b, &m);
    feed_forward(b, &f);
    if (b->graph->step == STEP_DECODE) {
        mixer_decode(b, &m, x);
        feed_forward_decode(b, &f, build_scratch(b, "h"), x);
    } else {
        mixer_prefill(b, &m, x);
        feed_forward_prefill(b, &f, x);
    }
}

static void attention_layer(struct build *b, uint32_t x)
{
    struct attention a;
    struct feed_forward f;
    const uint32_t norm = attention(b, &a);
    feed_forward(b, &f);
    if (b->graph->step == STEP_DECODE) {
        const uint32_t q = build_scratch(b, "q");
        attention_decode(b, &a, (struct attention_norm){norm, GRAPH_NONE}, q, x);
        attention_output(b, &a, q, x);
        feed_forward_decode(b, &f, build_scratch(b, "h"), x);
    } else {
        const uint32_t xn = build_scratch(b, "xn"), q = build_scratch(b, "q");
        BUILD(b, rmsnorm, "NORM", .y = xn, .x = x, .norm = norm);
        attention_prefill(b, &a, q, xn);
        attention_output(b, &a, q, x);
        feed_forward_prefill(b, &f, x);
    }
}

void family_jamba(const struct cfg *cfg, struct graph *graph)
{
    static const char *const meanings[] = {
        "x += out_proj(scan(conv(in_proj(norm(x)))));  x += down(silu(gate) up)(norm(x))",
        "x += out_proj(scan(conv(in_proj(norm(x)))));  x += experts(norm(x))",
        "x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x))",
        "x += o_proj(attention(norm(x)));  x += experts(norm(x))",
    };
    static const struct build_ends ends = {"model.embed_tokens.weight", "",
                                           "model.final_layernorm.weight"};
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning = meanings[graph->kind];
    build_stack(&b, &ends, graph->kind & WITH_ATTENTION ? attention_layer : mamba_layer);
}
