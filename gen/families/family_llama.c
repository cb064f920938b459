/* Llama, as transformers computes it: h is the residual stream,
 *   u = RMSNorm(h);  h = h + o_proj(attention(rope(q_proj(u)), rope(k_proj(u)), v_proj(u)));
 *   u = RMSNorm(h);  h = h + down_proj(silu(gate_proj(u)) up_proj(u)).
 * In decode each half begins with one operation: its norm, its products and what follows them.
 *
 * Mixtral is the same with experts in the place of the MLP: of p = softmax(router(u)) the largest
 * are chosen and divided by their sum; h = h + sum over them of p_e down_e(silu(gate_e(u))
 * up_e(u)).
 *
 * DeepSeekMoE has layers of both kinds: the first ones are as Llama's, the later ones have experts,
 * whose p are divided only if the config says so, and beside them an MLP that sees every token. */
#include "gen/families/attention.h"
#include "gen/families/feed_forward.h"

#define LAYER "model.layers.%u."

/* The kinds of DeepSeekMoE, as graph->kind counts them. */
enum { KIND_DENSE, KIND_MOE };
const char *const deepseek_kind_names[] = {"dense", "moe"};

uint32_t deepseek_kind_of(const struct cfg *cfg, uint32_t layer)
{
    return layer >= cfg->first_k_dense_replace && layer % cfg->moe_layer_freq == 0 ? KIND_MOE
                                                                                   : KIND_DENSE;
}

static struct feed_forward_sources mlp_sources(const struct cfg *cfg)
{
    return (struct feed_forward_sources){
        .norm = LAYER "post_attention_layernorm.weight",
        .gate = LAYER "mlp.gate_proj.weight",
        .up = LAYER "mlp.up_proj.weight",
        .down = LAYER "mlp.down_proj.weight",
        .width = cfg->intermediate_size,
    };
}

#define MIXTRAL LAYER "block_sparse_moe."

static struct feed_forward_sources mixtral_sources(const struct cfg *cfg)
{
    return (struct feed_forward_sources){
        .norm = LAYER "post_attention_layernorm.weight",
        .router = MIXTRAL "gate.weight",
        .gate = MIXTRAL "experts.%u.w1.weight",
        .up = MIXTRAL "experts.%u.w3.weight",
        .down = MIXTRAL "experts.%u.w2.weight",
        .width = cfg->intermediate_size,
    };
}

static struct feed_forward_sources deepseek_sources(const struct cfg *cfg)
{
    return (struct feed_forward_sources){
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
}

static void layer(struct build *b, const struct feed_forward_sources *from, uint32_t x)
{
    static const struct attention_sources sources = {
        .q = LAYER "self_attn.q_proj.weight",
        .k = LAYER "self_attn.k_proj.weight",
        .v = LAYER "self_attn.v_proj.weight",
        .o = LAYER "self_attn.o_proj.weight",
    };
    const uint32_t norm = build_weight(b, "norm", LAYER "input_layernorm.weight", PACKING_VECTOR,
                                       b->cfg->hidden_size, 1);
    struct attention attention;
    struct feed_forward f;
    attention_tensors(b, &sources, &attention);
    feed_forward_tensors(b, from, &f);
    if (b->graph->step == STEP_DECODE) {
        const uint32_t q = build_scratch(b, "q"), h = build_scratch(b, "h");
        attention_decode(b, &attention, (struct attention_norm){norm, GRAPH_NONE}, q, x);
        attention_output(b, &attention, q, x);
        feed_forward_decode(b, &f, h, x);
    } else {
        const uint32_t xn = build_scratch(b, "xn"), q = build_scratch(b, "q");
        BUILD(b, rmsnorm, "NORM", .y = xn, .x = x, .norm = norm);
        attention_prefill(b, &attention, q, xn);
        attention_output(b, &attention, q, x);
        feed_forward_prefill(b, &f, x);
    }
}

static const struct build_ends ends = {"model.embed_tokens.weight", "", "model.norm.weight"};

static void llama_layer(struct build *b, uint32_t x)
{
    const struct feed_forward_sources from = mlp_sources(b->cfg);
    layer(b, &from, x);
}

void family_llama(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning = "x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x))";
    build_stack(&b, &ends, llama_layer);
}

static void mixtral_layer(struct build *b, uint32_t x)
{
    const struct feed_forward_sources from = mixtral_sources(b->cfg);
    layer(b, &from, x);
}

void family_mixtral(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning = "x += o_proj(attention(norm(x)));  x += experts(norm(x))";
    build_stack(&b, &ends, mixtral_layer);
}

static void deepseek_layer(struct build *b, uint32_t x)
{
    const struct feed_forward_sources from =
        b->graph->kind == KIND_MOE ? deepseek_sources(b->cfg) : mlp_sources(b->cfg);
    layer(b, &from, x);
}

void family_deepseek(const struct cfg *cfg, struct graph *graph)
{
    struct build b = {.cfg = cfg, .graph = graph};
    graph->layer_meaning =
        graph->kind == KIND_DENSE
            ? "x += o_proj(attention(norm(x)));  x += down(silu(gate) up)(norm(x))"
        : cfg->n_shared_experts == 0
            ? "x += o_proj(attention(norm(x)));  x += experts(norm(x))"
            : "x += o_proj(attention(norm(x)));  x += experts(norm(x)) + shared(norm(x))";
    build_stack(&b, &ends, deepseek_layer);
}
